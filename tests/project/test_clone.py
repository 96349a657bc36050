"""The real vLLM: the figures that are known of it, and two evaluations that share no code with ours."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest
import yaml

from diffscope.adapters.declarations import collect_project_files, read_entries
from diffscope.adapters.git.repository import GitRepository
from diffscope.products.doctor.doctor import DoctorReport, examine, wanted_tests
from diffscope.project.answers import AmdState, MergifyChange
from diffscope.project.ci.buildkite import amd_states
from diffscope.project.ci.selection import select_steps
from diffscope.project.labels import labels_for, parse_mergify
from diffscope.project.matching import visible_paths
from diffscope.project.model import Verdict
from diffscope.project.read import read_project
from diffscope.source.model import RepoPath

pytestmark = [pytest.mark.clone, pytest.mark.timeout(600)]

MAY = "9aaf83ef502fc37bc647f6e474314d48ba36cd1c"
FIRST, LAST = "2026-03-22T16:00:00Z", "2026-03-29T15:59:59Z"
"""Monday 2026-03-23, 00:00, to Sunday, UTC+8."""


class Merged(NamedTuple):
    """A squash commit, its parent, and the paths that it changes: as they are, and as ``git diff`` prints them."""

    number: int
    base: str
    title: str
    paths: list[str]
    printed: list[str]


@pytest.fixture(scope="module")
def clone() -> Iterator[GitRepository]:
    named = os.environ.get("DIFFSCOPE_REPO")
    if not named:
        pytest.skip("DIFFSCOPE_REPO names no clone of vLLM")
    with GitRepository(named) as repository:
        yield repository


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", os.environ["DIFFSCOPE_REPO"], *arguments], capture_output=True, check=True
    )
    return done.stdout.decode("utf-8", "replace")


@cache
def _week() -> list[Merged]:
    rows = _git(
        "log", f"--since={FIRST}", f"--until={LAST}", "--reverse", "--format=%H%x00%P%x00%s", "HEAD"
    ).splitlines()
    merged = []
    for commit, base, subject in (row.split("\0") for row in rows):
        found = re.search(r" \(#(\d+)\)$", subject)
        if found:
            names = ["diff", "--name-only", "--diff-filter=ACMDR", base, commit]
            paths = _git(*names[:1], "-z", *names[1:]).split("\0")[:-1]
            merged.append(
                Merged(int(found[1]), base, subject[: found.start()], paths, _git(*names).splitlines())
            )
    return merged


@pytest.fixture(scope="module")
def may(clone: GitRepository) -> DoctorReport:
    if not clone.has_commit(clone.resolve(MAY)):
        pytest.skip(f"the clone lacks {MAY}")
    entries = clone.entries(MAY)
    return examine(collect_project_files(entries, clone), read_entries(wanted_tests(entries), clone))


def test_the_rot_of_may_2026(may: DoctorReport) -> None:
    """What is known of that tree, counted by others: 5 owner lines of 156, 15 files conditions of 132."""
    count = {each.code: each.count for each in may.counts}
    assert (count["DR101"], may.looked_at["owner-lines"]) == (5, 156)
    assert (count["DR201"] + count["DR202"] + count["DR203"], may.looked_at["files-conditions"]) == (15, 132)


def test_the_dead_dependencies_of_may_2026(may: DoctorReport) -> None:
    """37 entries, 23 distinct, in 22 steps of the generator's pipelines; 11 distinct ones lack only .py.

    Seven of the entries lie under a run_all pattern, which makes no finding of them: 30, 20 distinct, in 18 steps are left.
    """
    dead = [each for each in may.findings if each.code == "DR301" and not each.path.endswith("test-amd.yaml")]
    entries = [each.message.split("'")[1] for each in dead]
    steps = {(each.path, each.message.split("' in '")[1].split("'")[0]) for each in dead}
    lacking = {entry for entry, each in zip(entries, dead, strict=True) if "lacks '.py'" in each.message}
    assert (len(entries), len(set(entries)), len(steps), len(lacking)) == (30, 20, 18, 11)


def test_a_dead_path_is_dead_for_git_too(may: DoctorReport) -> None:
    """An oracle: git knows no such path; a template's entry is no beginning of one."""
    names = _git("ls-tree", "-r", "-t", "--name-only", MAY).splitlines()
    for each in may.findings:
        if each.code == "DR301":
            entry = each.message.split("'")[1].lstrip("!")
            if each.path.endswith("test-amd.yaml"):
                assert not any(name.startswith(entry) for name in names)
            else:
                assert entry.rstrip("/") not in names


def test_suggestions_exist(may: DoctorReport) -> None:
    """A suggestion that is a path is a path of the tree."""
    names = set(_git("ls-tree", "-r", "-t", "--name-only", MAY).splitlines())
    for each in may.findings:
        if each.code in {"DR101", "DR201", "DR301", "DR307", "DR312"} and each.suggestion:
            assert each.suggestion.lstrip("!/").rstrip("/") in names, each


def test_labels_of_a_week_agree_with_an_independent_evaluation(clone: GitRepository) -> None:
    """Plain Python over the parsed file, with Python's own regexes: the same labels for every pull request."""
    week = _week()
    assert 190 <= len(week) <= 200
    for merged in week:
        text = clone.read(merged.base, RepoPath(".github/mergify.yml"))
        assert text is not None
        change = MergifyChange(paths=tuple(map(RepoPath, merged.paths)), title=merged.title)
        effects = labels_for(parse_mergify(text, RepoPath(".github/mergify.yml"))[0], change)
        ours = {(each.action, each.label) for each in effects if each.verdict is Verdict.YES}
        assert ours == set(_labels(_plain(text), merged)), merged


@cache
def _plain(text: bytes) -> Any:
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _labels(config: dict[str, Any], merged: Merged) -> Iterator[tuple[str, str]]:
    for rule in config["pull_request_rules"]:
        label = rule["actions"].get("label", {})
        if all(_holds(condition, merged) for condition in rule["conditions"]):
            yield from (("add", name) for name in label.get("add", []))
            yield from (("remove", name) for name in label.get("remove", []))


def _holds(condition: Any, merged: Merged) -> bool:
    """A pull request that was just opened: no labels, no conflict, no checks."""
    if isinstance(condition, dict):
        ((word, inner),) = condition.items()
        answers = [_holds(each, merged) for each in inner]
        return {"or": any, "and": all}[word](answers)
    if condition in {"label != stale", "-closed", "-conflict"}:
        return True
    wanted = not condition.startswith("-")
    name, _, pattern = condition.lstrip("-").partition("~=")
    if pattern and name in {"files", "title"}:
        texts = merged.paths if name == "files" else [merged.title]
        return any(re.search(pattern, text) for text in texts) is wanted
    name, _, value = condition.lstrip("-").partition("=")
    return ((value in merged.paths) is wanted) if name == "files" else False


def test_steps_of_thirty_pull_requests_agree_with_an_independent_evaluation(clone: GitRepository) -> None:
    """The generator's order of decision written down once more, over plain dictionaries: the same steps run."""
    compared = 0
    for merged in _week()[::6][:30]:
        entries = clone.entries(merged.base)
        project = read_project(collect_project_files(entries, clone))
        decisions = select_steps(project.pipelines, visible_paths(map(RepoPath, merged.paths))).decisions
        files = {
            path: _plain(clone.read(merged.base, RepoPath(path)) or b"")
            for path in sorted(entry.path for entry in entries)
            if re.match(
                r"\.buildkite/(ci_config|test_areas|hardware_tests|image_build|intel_jobs).*\.yaml$", path
            )
        }
        for path, config in files.items():
            if re.fullmatch(r"\.buildkite/ci_config[^/]*\.yaml", path):
                ours = [
                    (each.label, each.mirror, each.timeout and each.timeout * each.parallelism)
                    for each in decisions
                    if each.pipeline == config["name"] and each.selected
                ]
                theirs = [
                    (label, mirror, limit) for label, mirror, limit, _ in _runs(config, files, merged.printed)
                ]
                assert sorted(map(str, ours)) == sorted(map(str, theirs)), merged
                compared += 1
    assert compared >= 30


def test_every_step_with_a_mirror_has_a_state_on_amd_hardware(clone: GitRepository) -> None:
    """And the state is whether that mirror runs for the change, by the same evaluation."""
    seen: Counter[str] = Counter()
    for merged in _week()[::12]:
        entries = clone.entries(merged.base)
        pipelines = read_project(collect_project_files(entries, clone)).pipelines
        decisions = select_steps(pipelines, visible_paths(map(RepoPath, merged.paths))).decisions
        states = amd_states(pipelines, decisions)
        files = {
            path: _plain(clone.read(merged.base, RepoPath(path)) or b"")
            for path in sorted(entry.path for entry in entries)
            if re.match(r"\.buildkite/(ci_config|test_areas|hardware_tests|image_build).*\.yaml$", path)
        }
        config = files[".buildkite/ci_config.yaml"]
        theirs = list(_runs(config, files, merged.printed))
        mirrors = {label for label, mirror, *_ in theirs if mirror}
        of = {
            each.label: states.get((each.file, each.line))
            for each in decisions
            if each.pipeline == config["name"] and not each.mirror
        }
        for label, mirror, _, has_mirror in theirs:
            if mirror is None and has_mirror:
                state = of[label]
                assert state is not None, (merged, label)
                assert (state in {AmdState.PRESENT, AmdState.SOFT_FAIL}) is (label in mirrors), (
                    merged,
                    label,
                )
                seen[state.value] += 1
    assert seen["present"] > 100


def _runs(
    config: dict[str, Any], files: dict[str, Any], diff: list[str]
) -> Iterator[tuple[str, str | None, int | None, bool]]:
    """Label, mirror, minutes times jobs, and whether the step has a mirror, of all that runs."""
    run_all = any(
        any(re.match(each, path) for each in config["run_all_patterns"])
        and not any(re.match(each, path) for each in config["run_all_exclude_patterns"])
        for path in diff
    )
    if not run_all and all(
        path.startswith("docs/") or path.endswith(".md") or path == "mkdocs.yaml" for path in diff
    ):
        return
    for path, data in files.items():
        if not any(path.startswith(f"{folder}/") for folder in config["job_dirs"]):
            continue
        for step in data.get("steps", []):
            watched = list(step.get("source_file_dependencies") or []) + (
                [path] if data.get("depends_on") else []
            )
            key, is_optional = step.get("key") or "", step.get("optional")
            is_built = key.startswith("image-build") or key in {"ensure-ci-base-amd", "refresh-rocm-base-amd"}
            amd, jobs = (step.get("mirror") or {}).get("amd"), step.get("parallelism") or 1
            if is_built or (not is_optional and (run_all or _touched(watched, diff))):
                limit = _limit(step)
                yield step["label"], None, limit and limit * jobs, bool(amd)
            if amd:
                united = watched + list(amd.get("source_file_dependencies") or [])
                wanted = not amd.get("optional", is_optional) and (run_all or _touched(united, diff))
                if wanted or "docker/Dockerfile.rocm_base" in diff:
                    yield step["label"], "amd", min(amd.get("timeout_in_minutes", 180), 180) * jobs, True


def _limit(step: dict[str, Any]) -> int | None:
    limit: int | None = step.get("timeout_in_minutes")
    if (step.get("device") or "").startswith(("mi2", "mi3", "amd_cpu")):
        most = 540 if step.get("key") == "refresh-rocm-base-amd" else 180
        return most if limit is None else min(limit, most)
    return limit


def _touched(watched: list[str], diff: list[str]) -> bool:
    def lies_in(path: str, entry: str) -> bool:
        parts = [part for part in entry.split("/") if part]
        return bool(parts) and path.split("/")[: len(parts)] == parts

    excluded = [entry[1:] for entry in watched if entry.startswith("!")]
    included = [entry for entry in watched if not entry.startswith("!")]
    return any(
        any(lies_in(path, entry) for entry in included)
        and not any(lies_in(path, entry) for entry in excluded)
        for path in diff
    )


def test_the_patch_of_safe_fixes_applies_to_the_real_tree(clone: GitRepository, tmp_path: Any) -> None:
    """git apply --check, on the declarations as they are at HEAD, and nothing safe is left after it."""
    from diffscope.products.doctor.render import make_fixes  # noqa: PLC0415 - this test alone needs it

    entries = clone.entries("HEAD")
    files = collect_project_files(entries, clone)
    patch = make_fixes(examine(files, {}).findings, files.contents)
    for path, data in files.contents.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    for options in (["--check"], []):
        subprocess.run(["git", "apply", *options, "-"], cwd=tmp_path, input=patch.encode(), check=True)
    fixed = {path: (tmp_path / path).read_bytes() for path in files.contents}
    again = files.__class__(entries=entries, contents=fixed)
    assert make_fixes(examine(again, {}).findings, fixed) == ""
