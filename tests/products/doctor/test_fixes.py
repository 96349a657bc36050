from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from diffscope.products.doctor.findings import Edit, make_finding
from diffscope.products.doctor.render import make_fixes
from diffscope.source.model import RepoPath
from tests.project_builders import ci_files, files_of, findings_of, report_of

PATH = RepoPath(".buildkite/test_areas/a.yaml")
STEPS = """
- label: S
  source_file_dependencies:
  - vllm/
  - tests/test_a  # the tests
  - vllm/v1/b.py
  - "vllm/"
  - tests/test_b
  - tests/test_b.py
"""
FILES = ci_files(STEPS) | {
    "vllm/v1/b.py": "",
    "tests/test_a.py": "",
    "tests/test_b.py": "",
    "docs/x.md": "",
    "csrc/a.cu": "",
    ".github/mergify.yml": "pull_request_rules:\n- name: r\n  conditions:\n  - or:\n    - files=^docs/\n    - files~=^\\\\.github/\n  actions: {}\n",
}


def _patch(files: dict[str, str]) -> str:
    return make_fixes(report_of(files).findings, files_of(files).contents)


def _apply(folder: Path, files: dict[str, bytes], patch: str) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    for options in (["--check"], []):
        subprocess.run(
            ["git", "apply", *options, "-"], cwd=folder, input=patch.encode(), check=True, capture_output=True
        )


def test_the_patch_applies_and_leaves_nothing_to_fix(tmp_path: Path) -> None:
    """git apply takes it; what it leaves is what a second run finds nothing safe in."""
    data = files_of(FILES).contents
    _apply(tmp_path, {str(path): each for path, each in data.items()}, _patch(FILES))
    fixed = {path: (tmp_path / path).read_text() for path in data}
    assert fixed[PATH].splitlines()[3:] == [
        "  source_file_dependencies:",
        "  - vllm/",
        "  - tests/test_a.py  # the tests",
        "  - tests/test_b.py",
    ]
    assert fixed[RepoPath(".github/mergify.yml")].splitlines()[4:6] == [
        "    - files~=^docs/",
        "    - files~=^\\.github/",
    ]
    after = FILES | {str(path): each for path, each in fixed.items()}
    assert _patch(after) == ""
    assert [
        each for each in findings_of(after) if each[0] in {"DR202", "DR203", "DR301", "DR302", "DR303"}
    ] == []


def test_there_is_no_patch_where_nothing_is_safe() -> None:
    """A path that moved may have moved for good; nobody but its owner knows."""
    assert _patch(ci_files("\n- label: S\n  source_file_dependencies: [gone/]\n") | {"vllm/gone/a": ""}) == ""


NEWLINES = [
    pytest.param(b"- a\n- b\n- c\n", b"- a\n- b\n", id="the last line goes"),
    pytest.param(b"- a\n- b\n- c", b"- a\n- b\n", id="the last line goes, and had no line feed"),
    pytest.param(b"- c\n- a", b"- a", id="the line before one without a line feed goes"),
    pytest.param(b"- a\r\n- c\r\n- b\r\n", b"- a\r\n- b\r\n", id="lines of Windows"),
]


@pytest.mark.parametrize(("before", "after"), NEWLINES)
def test_line_ends_survive(before: bytes, after: bytes, tmp_path: Path) -> None:
    line = before.split(b"\n").index(next(each for each in before.split(b"\n") if each.strip() == b"- c")) + 1
    finding = make_finding("DR302", RepoPath("a.yaml"), line, "x", edit=Edit(line=line, old="c"))
    _apply(tmp_path, {"a.yaml": before}, make_fixes([finding], {RepoPath("a.yaml"): before}))
    assert (tmp_path / "a.yaml").read_bytes() == after


UNSAFE = [
    pytest.param(
        b"x: [c, a]\n", Edit(line=1, old="c"), id="an entry of a flow list does not take its line along"
    ),
    pytest.param(b"- c\nx: 1\n", Edit(line=1, old="c"), id="a list does not lose its only entry"),
    pytest.param(
        b"- c c\n- a\n", Edit(line=1, old="c", new="d"), id="a text that stands twice in a line is left"
    ),
    pytest.param(b"- a\n", Edit(line=1, old="c", new="d"), id="a text that is not there is left"),
    pytest.param(b"- a\n", Edit(line=9, old="a", new="d"), id="a line that is not there is left"),
    pytest.param(b"- a\xff\n- b\n", Edit(line=1, old="a", new="d"), id="a file that is no text is left"),
]


@pytest.mark.parametrize(("data", "edit"), UNSAFE)
def test_what_is_not_safe_is_left_alone(data: bytes, edit: Edit) -> None:
    finding = make_finding("DR302", RepoPath("a.yaml"), edit.line, "x", edit=edit)
    assert make_fixes([finding], {RepoPath("a.yaml"): data}) == ""


def test_two_different_edits_of_a_line_are_left_and_the_same_one_is_made_once() -> None:
    """Which of two is meant cannot be told."""
    data = {RepoPath("a.yaml"): b"- a b\n"}
    first = make_finding("DR301", RepoPath("a.yaml"), 1, "x", edit=Edit(line=1, old="a", new="c"))
    second = make_finding("DR301", RepoPath("a.yaml"), 1, "y", edit=Edit(line=1, old="b", new="d"))
    assert make_fixes([first, second], data) == ""
    assert make_fixes([first, first], data).count("+- c b") == 1
