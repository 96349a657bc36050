"""``diffscope init`` in a repository: a first profile, the workflows of CI; and trials at home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from diffscope.adapters.config.profiles import read_profile
from tests.builders import Commit, git, git_repository
from tests.cli.conftest import MakeProject

FILES = {
    "src/pool/core/a.py": "x = 1\n",
    "src/pool/core/b.py": "x = 1\n",
    "src/pool/env.py": "import os\n",
    "tests/test_a.py": "",
    ".github/workflows/test.yml": "on: push\n",
}
PIN = f"acme/diffscope@{'a' * 40}"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = git_repository(
        tmp_path / "clone", FILES, [Commit("Edit (#4)", {"src/pool/core/a.py": "x = 2\n"})]
    )
    git(folder, "remote", "add", "origin", "https://github.com/acme/pool.git")
    return folder


def test_a_first_profile_holds_what_the_tree_tells_and_is_taken_at_once(
    project: MakeProject, clone: Path
) -> None:
    here = project()
    assert here.run("init", str(clone)).exit_code == 0
    names = read_profile(clone / ".diffscope")
    assert (names.name, names.repository, names.packages, names.source_roots, names.tests, names.ci) == (
        "pool", "acme/pool", ("src/pool",), ("src",), ("tests",), "github",
    )  # fmt: skip
    assert names.environment is not None
    assert (names.environment.file, names.environment.prefix) == ("src/pool/env.py", "POOL_")
    areas = yaml.safe_load((clone / ".diffscope" / "areas.yml").read_text("utf-8"))["areas"]
    assert areas["core"]["own"] == ["src/pool/core/**"]
    check = ("rules", "validate", "--repo", str(clone), "--profile")
    assert here.run(*check, str(clone / ".diffscope")).exit_code == 0
    text = (clone / ".diffscope" / "profile.yml").read_text("utf-8")
    row = 'packages: ["src/pool"]'
    wrong = here.folder / "wrong"
    wrong.mkdir()
    (wrong / "profile.yml").write_text(text.replace(row, 'packages: ["src/pol"]'), encoding="utf-8")
    told = (
        f":{text.splitlines().index(row) + 1}: 'src/pol' is not in {clone} at HEAD (did you mean 'src/pool'?)"
    )
    assert told in here.run(*check, str(wrong)).out
    git(clone, "add", "-A")
    git(clone, "commit", "--quiet", "-m", "Settings")
    (clone / "src/pool/core/b.py").write_text("x = 3\n", encoding="utf-8")
    done = here.run("classify", "--worktree", "--repo", str(clone), "--format", "json")
    found = json.loads(done.out)
    assert (found["change"]["pull"]["repository"], [each["area"] for each in found["areas"]]) == (
        "acme/pool",
        ["core"],
    )


def test_the_workflows_are_pinned_to_a_real_commit(project: MakeProject) -> None:
    here = project()
    done = here.run("init", "--ci", "github", "--action", PIN)
    assert done.exit_code == 0
    assert "commit both to the default branch" in done.err
    for name in ("diffscope.yml", "diffscope-post.yml"):
        text = (here.folder / ".github" / "workflows" / name).read_text("utf-8")
        assert f"uses: {PIN} # v" in text
        assert "put a release here" not in text


def test_the_step_of_buildkite_brings_its_install(project: MakeProject) -> None:
    here = project()
    assert here.run("init", "--ci", "buildkite", "--action", PIN).exit_code == 0
    steps = yaml.safe_load((here.folder / ".buildkite" / "diffscope.yml").read_text("utf-8"))["steps"]
    assert f"git+https://github.com/{PIN}" in steps[0]["commands"][1]


def test_a_reference_that_is_no_commit_is_refused(project: MakeProject) -> None:
    done = project().run("init", "--ci", "github", "--action", "acme/diffscope@v1")
    assert (done.exit_code, "names no commit" in done.err) == (2, True)


def test_a_saved_event_is_tried_at_home_and_nothing_is_posted(project: MakeProject, clone: Path) -> None:
    base, head = git(clone, "rev-parse", "HEAD~1").strip(), git(clone, "rev-parse", "HEAD").strip()
    pull = {"number": 4, "title": "Edit", "base": {"sha": base}, "head": {"sha": head}}
    event = json.dumps({"repository": {"full_name": "acme/pool"}, "pull_request": pull})
    here = project({"event.json": event})
    command = ("ci", "--event", "event.json", "--source", "clone", "--output-dir", "out")
    done = here.run(*command, environ={"DIFFSCOPE_REPO": str(clone)})
    assert done.exit_code == 0
    stored = json.loads((here.folder / "out" / "assessment.json").read_text("utf-8"))
    assert (stored["change"]["pull"]["repository"], stored["change"]["pull"]["number"]) == ("acme/pool", 4)


def test_a_bare_patch_of_a_repository_that_nothing_tells_of_is_of_none(
    project: MakeProject, clone: Path
) -> None:
    patch = git(clone, "diff", "HEAD~1", "HEAD")
    done = project({"a.patch": patch}).run("classify", "--diff", "a.patch", "--format", "json")
    found = json.loads(done.out)
    assert found["change"]["pull"]["repository"] == "unknown"
    assert not any("dependents" in module for module in found["modules"])
    assert "graph" in {gap["what"] for gap in found["completeness"]["gaps"]}
