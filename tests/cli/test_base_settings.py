"""Settings of a change are those of its base, wherever the command is run from; and names of a clone are changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import Commit, git, git_repository
from tests.cli.conftest import MakeProject

TAKE = "import threading\n\n\ndef take():\n    return 1\n"
LOCKED = "import threading\n\n\ndef take():\n    with threading.Lock():\n        return 1\n"
CODE = {"vllm/__init__.py": "", "vllm/a.py": TAKE, "vllm/b.py": TAKE}
IGNORE = "rules: {ignore: [CC701]}\nfail-on: low\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    steps = [
        Commit("Lock (#1)", {"vllm/a.py": LOCKED}),
        Commit("Settings (#2)", {"diffscope.yml": IGNORE}),
        Commit("Lock twice (#3)", {"vllm/b.py": LOCKED, "diffscope.yml": "fail-on: none\n"}),
    ]
    return git_repository(tmp_path / "clone", CODE, steps)


TARGETS = [
    pytest.param("#1", {}, {"CC701"}, id="the base has none, and the change brings none"),
    pytest.param("#3", {}, set(), id="the base's, not what the change makes of it"),
    pytest.param("#3", {"diffscope.yml": "rules: {ignore: [TC201]}\n"}, set(), id="not those of the current folder"),
    pytest.param("HEAD~2", {}, {"CC701"}, id="a commit"),
    pytest.param("work", {}, {"CC701"}, id="a branch from where it left main"),
]  # fmt: skip


@pytest.mark.parametrize(("target", "files", "expected"), TARGETS)
def test_settings_are_those_of_the_base(
    project: MakeProject, clone: Path, target: str, files: dict[str, str], expected: set[str]
) -> None:
    git(clone, "branch", "work", "HEAD~2")
    git(clone, "checkout", "--quiet", "--detach", "HEAD")
    git(clone, "branch", "-f", "main", "HEAD" if target.startswith("#") else "HEAD~3")
    done = project(files).run("classify", target, "--repo", str(clone), "--format", "json")
    assert {flag["code"] for flag in json.loads(done.out)["flags"]} & {"CC701"} == expected


def test_a_file_that_is_named_counts(project: MakeProject, clone: Path) -> None:
    here = project({"mine.yml": "lang: en\n"})
    done = here.run("--config", "mine.yml", "classify", "3", "--repo", str(clone), "--format", "json")
    assert "CC701" in {flag["code"] for flag in json.loads(done.out)["flags"]}


def test_a_name_that_the_clone_does_not_have_says_so(project: MakeProject, clone: Path) -> None:
    done = project().run("classify", "nowhere", "--repo", str(clone))
    assert done.exit_code == 2
    assert "or a branch or commit of the clone: 'nowhere' is none" in done.err
