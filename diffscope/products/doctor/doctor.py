"""A project and its tree -> a report of mistakes in its declarations: runs every check, sorts, counts. The checks of commands are here: files and tests that do not exist, tests that no step runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from diffscope.errors import InputError
from diffscope.patterns import compile_glob
from diffscope.products.doctor.findings import (
    KINDS,
    Finding,
    RuleGlob,
    check_labels,
    check_owners,
    make_finding,
)
from diffscope.products.doctor.pipelines import check_dependencies, check_mirrors, check_pipelines
from diffscope.project import labels as mergify
from diffscope.project import tree as owners
from diffscope.project.answers import Collecting, TestCoverage
from diffscope.project.ci.collection import (
    StepCalls,
    collect_tests,
    cover_tests,
    is_test_file,
    own_calls,
    step_calls,
    step_tests,
)
from diffscope.project.ci.pytest_call import MarkReader, PytestCall, expand, named_files, pytest_calls
from diffscope.project.labels import conditions_of
from diffscope.project.model import Listed, Project, ProjectFiles
from diffscope.project.read import read_project
from diffscope.project.shell_words import Call, resolve
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath, TreeEntry, Value
from diffscope.source.profile import places


class KindCount(Value, frozen=True, kw_only=True):
    """How many findings a kind has."""

    code: str
    name: str
    title: str
    count: int


class DoctorReport(Value, frozen=True, kw_only=True):
    """All that the doctor looked at and found."""

    schema: str = "diffscope.doctor/1"
    revision: str | None
    looked_at: dict[str, int]
    """What was there to be judged, by kind: files of the tree, owner lines, conditions, steps, entries, tests."""
    counts: tuple[KindCount, ...]
    findings: tuple[Finding, ...]


def wanted_tests(entries: Iterable[TreeEntry]) -> tuple[TreeEntry, ...]:
    """Return the files whose text ``examine`` reads for marks and names of tests."""
    return tuple(each for each in entries if places().is_test(each.path) and each.path.endswith(".py"))


def examine(
    files: ProjectFiles,
    tests: Mapping[RepoPath, bytes],
    *,
    globs: Iterable[RuleGlob] = (),
    revision: str | None = None,
) -> DoctorReport:
    """Return the report on one tree; ``tests`` are the bytes of ``wanted_tests``, as far as they are available.

    Findings are sorted by path, line, code and message.
    """
    project = read_project(files)
    tree = TreeIndex(entry.path for entry in files.entries)
    globs = tuple(globs)
    findings = sorted(set(_all_findings(project, tree, tests, globs)), key=_order)
    return DoctorReport(
        revision=revision,
        looked_at=_looked_at(project, tree, globs),
        counts=_counts(findings),
        findings=tuple(findings),
    )


def only(report: DoctorReport, codes: tuple[str, ...]) -> DoctorReport:
    """Return the report with those findings alone whose code starts with one of the texts, case ignored."""
    wanted = tuple(code.upper() for code in codes)
    findings = tuple(each for each in report.findings if each.code.startswith(wanted))
    return msgspec.structs.replace(report, counts=_counts(findings), findings=findings)


def _counts(findings: Iterable[Finding]) -> tuple[KindCount, ...]:
    totals = Counter(each.code for each in findings)
    return tuple(
        KindCount(code=code, name=kind.name, title=kind.title, count=totals[code])
        for code, kind in KINDS.items()
        if totals[code]
    )


def _all_findings(
    project: Project, tree: TreeIndex, tests: Mapping[RepoPath, bytes], globs: tuple[RuleGlob, ...]
) -> Iterable[Finding]:
    yield from check_files(project)
    yield from check_owners(project, tree)
    yield from check_labels(project, tree)
    yield from check_dependencies(project, tree)
    yield from check_pipelines(project, tree)
    yield from check_mirrors(project)
    steps = step_calls(project)
    marks = MarkReader(tests, helpers=sorted(path for path in tests if not is_test_file(path)))
    yield from check_commands(steps, tree, tests)
    if steps:
        yield from check_tests(steps, tree, collect_tests(step_tests(steps), tree, marks), marks)
    yield from check_globs(globs, tree)


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return finding.path, finding.line, finding.code, finding.message


def _looked_at(project: Project, tree: TreeIndex, globs: tuple[RuleGlob, ...]) -> dict[str, int]:
    steps = {(step.file, step.line): step for pipeline in project.pipelines for step in pipeline.steps}
    conditions = [each for rule in project.mergify.rules for each in conditions_of(rule.conditions)]
    lists = [step.dependencies or () for step in steps.values()]
    lists += [mirror.dependencies or () for step in steps.values() for mirror in step.mirrors]
    return {
        "files": len(tree.paths),
        "owner-lines": len(project.codeowners.rules),
        "label-rules": len(project.mergify.rules),
        "files-conditions": sum(each.attribute == "files" for each in conditions),
        "pipelines": len(project.pipelines),
        "steps": len(steps),
        "mirrors": sum(mirror.name == "amd" for step in steps.values() for mirror in step.mirrors),
        "dependencies": sum(map(len, lists)),
        "commands": sum(len(step.commands) for step in steps.values()),
        "test-files": sum(map(is_test_file, tree.paths)),
        "rule-globs": len(globs),
    }


def check_tests(
    steps: tuple[StepCalls, ...],
    tree: TreeIndex,
    collected: Mapping[RepoPath, tuple[Collecting, ...]],
    marks: MarkReader,
) -> Iterator[Finding]:
    """Yield the test files that CI does not run unasked; a file without tests in it is no finding."""
    ignored = _ignored(steps)
    for cover in cover_tests(tree.below("tests"), collected):
        if cover.state == "collected" or not marks.has_tests(cover.path):
            continue
        yield _not_collected(cover, ignored) if cover.state == "not-collected" else _optional_only(cover)


def _not_collected(cover: TestCoverage, ignored: dict[str, tuple[str, ...]]) -> Finding:
    folders = cover.path.split("/")
    above = ["/".join(folders[:at]) for at in range(len(folders), 0, -1)]
    left_out = next((ignored[path] for path in above if path in ignored), ())
    reason = "; commands that name its folder leave it out" if left_out else ""
    return make_finding(
        "DR305", cover.path, 0, f"no command of any step collects this file{reason}", evidence=left_out
    )


def _optional_only(cover: TestCoverage) -> Finding:
    names = sorted({f"{each.step.file}:{each.step.line} {each.step.label}" for each in cover.steps})
    optional = any(each.step.optional for each in cover.steps)
    kind = "optional steps collect" if optional else "steps that run when everything does collect"
    return make_finding("DR306", cover.path, 0, f"only {kind} this file", evidence=tuple(names[:10]))


def _ignored(steps: tuple[StepCalls, ...]) -> dict[str, tuple[str, ...]]:
    """Paths that some command ignores, with the places that do."""
    found: dict[str, set[str]] = {}
    for step in steps:
        for command, calls, _ in step.commands:
            for call in pytest_calls(calls):
                for word in call.ignores:
                    for path in expand(call, word):
                        found.setdefault(path, set()).add(f"{step.step.file}:{command.line} --ignore={word}")
    return {path: tuple(sorted(places)[:5]) for path, places in found.items()}


_BUILT = ("src/", "/", "dist/", "build/", "artifacts/")
"""Folders that exist in CI's containers and not in the repository."""


class _Where(NamedTuple):
    step: StepCalls
    command: Listed


def check_commands(
    steps: tuple[StepCalls, ...], tree: TreeIndex, texts: Mapping[RepoPath, bytes]
) -> Iterator[Finding]:
    """Yield the names in commands that no file or test of the tree has; once for each place in a file."""
    seen: set[tuple[str, int, str]] = set()
    for step in steps:
        for command, calls in own_calls(step):
            where = _Where(step, command)
            for found in (*_missing_files(where, calls, tree), *_missing_tests(where, calls, tree, texts)):
                key = (found.path, found.line, found.message)
                if key not in seen:
                    seen.add(key)
                    yield found


def _missing_files(where: _Where, calls: tuple[Call, ...], tree: TreeIndex) -> Iterator[Finding]:
    ignored = {word for call in pytest_calls(calls) for word in call.ignores}
    deselected = {word.partition("::")[0] for call in pytest_calls(calls) for word in call.deselects}
    for call, word in named_files(calls):
        paths = _candidates(call, word, tree)
        if paths and word in deselected:
            # Node ids are relative to the root of pytest, which is the root of the repository.
            paths = (*paths, word)
        if not paths or any(tree.exists(path) or path.startswith(_BUILT) for path in paths):
            continue
        label = where.step.step.label
        nearest = tree.nearest(paths[0])
        is_left_out = word in ignored or word in deselected
        verb = "leaves out" if is_left_out else "names"
        message = f"a command of '{label}' {verb} '{word}', which does not exist"
        if tree.exists(word):
            message = (
                f"{message} in the folder where it runs ({call.folders[0] or 'the root'}), only at the root"
            )
        yield _finding(
            "DR309" if is_left_out else "DR307", where, message, None if tree.exists(word) else nearest
        )


def _candidates(call: Call, word: str, tree: TreeIndex) -> tuple[str, ...]:
    """The paths that a word may mean; empty where any of them may lie outside the repository."""
    paths = [resolve(folder, word) for folder in call.folders]
    if None in paths:
        return ()
    found = [path for path in paths if path]
    for target in call.words:
        # Lists of configurations are looked up beside the test that takes them, too.
        script = target.partition("::")[0]
        if script.endswith(".py"):
            found += [
                joined
                for folder in call.folders
                if (path := resolve(folder, script)) is not None and tree.is_file(path)
                if (joined := resolve(path.rpartition("/")[0], word)) is not None
            ]
    return tuple(dict.fromkeys(found))


def _missing_tests(
    where: _Where, calls: tuple[Call, ...], tree: TreeIndex, texts: Mapping[RepoPath, bytes]
) -> Iterator[Finding]:
    for call in pytest_calls(calls):
        wanted = [(target.word, target.node, "names") for target in call.targets if target.node]
        for each in call.deselects:
            word, _, node = each.partition("::")
            wanted.append((word, node, "leaves out"))
        for word, node, verb in wanted:
            missing = _missing_name(call, word, node, tree, texts)
            if missing is not None:
                path, name = missing
                message = f"a command of '{where.step.step.label}' {verb} '{word}::{node}', but {path} has no '{name}'"
                yield _finding("DR308" if verb == "names" else "DR309", where, message, None)


def _missing_name(
    call: PytestCall, word: str, node: str, tree: TreeIndex, texts: Mapping[RepoPath, bytes]
) -> tuple[RepoPath, str] | None:
    files = [RepoPath(path) for path in expand(call, word) if tree.is_file(path)]
    if len(files) != 1 or files[0] not in texts or "$" in node:
        return None
    for part in node.split("::"):
        name = part.partition("[")[0]
        if name.isidentifier() and not re.search(rf"\b{name}\b".encode(), texts[files[0]]):
            return files[0], name
    return None


def _finding(code: str, where: _Where, message: str, nearest: str | None) -> Finding:
    line = " ".join(where.command.text.split())
    return make_finding(
        code,
        where.step.step.file,
        where.command.line,
        message,
        suggestion=nearest,
        evidence=(line if len(line) <= 240 else f"{line[:239]}…",),
    )


def check_globs(globs: Iterable[RuleGlob], tree: TreeIndex) -> Iterator[Finding]:
    """Yield the globs that match no file; ``path`` of these findings is a file of diffscope, not of the tree."""
    for each in globs:
        try:
            glob = compile_glob(each.text)
        except InputError as error:
            yield make_finding("DR401", each.path, each.line, error.message, suggestion=error.hint)
            continue
        if not any(map(glob.matches, tree.starting_with(glob.prefix))):
            folder = glob.prefix.rpartition("/")[0]
            nearest = (
                tree.nearest(glob.literal or folder) if glob.literal or not tree.is_folder(folder) else None
            )
            message = f"the glob '{each.text}' matches no file of this tree"
            yield make_finding("DR401", each.path, each.line, message, suggestion=nearest)


_CODES = {"duplicate-key": "DR002", "shape": "DR004"}


def check_files(project: Project) -> Iterator[Finding]:
    """Yield what readers reported, and which declarations a tree does not have."""
    for problem in project.problems:
        code = _CODES.get(problem.kind, "DR001")
        yield make_finding(code, problem.path, problem.line, problem.message)
    if project.codeowners.path is None:
        yield _missing(owners.PLACES, "CODEOWNERS", "no path has an owner")
    if project.mergify.path is None:
        yield _missing(mergify.PLACES, "mergify configuration", "no label is set by rule")
    if not project.pipelines:
        place = RepoPath(".buildkite/ci_config.yaml")
        yield make_finding("DR003", place, 0, "there is no Buildkite configuration, so that no step is known")


def _missing(places: tuple[RepoPath, ...], what: str, so: str) -> Finding:
    message = f"there is no {what} ({', '.join(places)}), so that {so}"
    return make_finding("DR003", places[0], 0, message)
