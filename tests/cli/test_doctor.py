"""``diffscope doctor`` on repositories made of strings."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import msgspec
import pytest

from diffscope.products.doctor.doctor import DoctorReport
from tests.builders import Commit, git_repository, text
from tests.cli.conftest import MakeProject
from tests.cli.harness import OTHER_SEED, ROOT, Outcome
from tests.project_builders import ci_files

STEPS = """
- label: Core
  key: core
  source_file_dependencies:
  - vllm/
  - tests/test_core
  - vllm/v1/
  commands: [pytest tests/test_core.py]
"""
FILES = ci_files(STEPS) | {
    **dict.fromkeys(("docker/Dockerfile", "docker/Dockerfile.cpu", "csrc/a.cu", "csrc/cpu/b.cpp"), ""),
    "vllm/__init__.py": "",
    "vllm/v1/core.py": "",
    "tests/test_core.py": "def test_core(): ...\n",
    "tests/test_lost.py": "def test_lost(): ...\n",
    ".github/CODEOWNERS": "/vllm/core.py @ada\n",
    ".github/mergify.yml": "pull_request_rules:\n- name: r\n  conditions: ['files=^vllm/']\n  actions: {label: {add: [x]}}\n",
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    fixed = Commit("Fix", {"tests/test_lost.py": None})
    return git_repository(tmp_path / "clone", FILES, [fixed])


def _doctor(project: MakeProject, clone: Path, *arguments: str) -> Outcome:
    return project().run(
        "doctor", "--repo", str(clone), "--only", "DR1", "--only", "DR2", "--only", "dr3", *arguments
    )


def test_text_shows_findings_by_file(clone: Path, project: MakeProject) -> None:
    """The table of kinds, what was looked at, then each finding with its line and what would be right."""
    outcome = _doctor(project, clone, "--at", "HEAD~1")
    head = subprocess.run(
        ["git", "rev-parse", "HEAD~1"], cwd=clone, capture_output=True, text=True, check=True
    ).stdout[:12]
    assert (outcome.exit_code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0] == f"5 findings at {head}"
    assert lines[1].startswith(
        "looked at 12 files, 1 owner line, 1 label rule, 1 files condition, 1 pipeline, 1 step, 3"
    )
    assert outcome.out[outcome.out.index("\n\n") + 1 :] == text("""

      DR101     1  A CODEOWNERS pattern matches no file
      DR202     1  A regex is compared with =
      DR301     1  A step watches a path that does not exist
      DR303     1  A step lists a path that another entry covers
      DR305     1  No step collects a test file

    .buildkite/test_areas/a.yaml
        7  DR301 'tests/test_core' in 'Core' matches no file: the name lacks '.py'
                 try tests/test_core.py
        8  DR303 'vllm/v1/' in 'Core' adds nothing to 'vllm/' on line 6

    .github/CODEOWNERS
        1  DR101 '/vllm/core.py' matches no file; @ada will not be asked
                 try /vllm/v1/core.py

    .github/mergify.yml
        3  DR202 'files=^vllm/' in the rule 'r' compares a regex with '=', so that it matches no file;
                 under '~=' it would match 2
                 try files~=^vllm/

    tests/test_lost.py
        -  DR305 no command of any step collects this file
    """)


def test_json_is_the_report(clone: Path, project: MakeProject) -> None:
    """It decodes to the value it was made from; the finding of a deleted file is gone at HEAD."""
    report = msgspec.json.decode(_doctor(project, clone, "--format", "json").out, type=DoctorReport)
    assert report.schema == "diffscope.doctor/1"
    assert [each.code for each in report.findings] == ["DR301", "DR303", "DR101", "DR202"]
    assert [(each.code, each.count) for each in report.counts] == [
        ("DR101", 1),
        ("DR202", 1),
        ("DR301", 1),
        ("DR303", 1),
    ]


def test_sarif_meets_the_schema(clone: Path, project: MakeProject) -> None:
    """By the schema of OASIS; the weightiest first, places relative to the root, fingerprints without lines."""
    log = json.loads(_doctor(project, clone, "--format", "sarif", "--at", "HEAD~1").out)
    schema = json.loads((ROOT / "fixtures" / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    run = log["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "DR101",
        "DR202",
        "DR301",
        "DR303",
        "DR305",
    ]
    assert [result["level"] for result in run["results"]] == ["warning"] * 4 + ["note"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": ".buildkite/test_areas/a.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7},
    }
    moved = git_repository(clone.parent / "moved", FILES | {".github/CODEOWNERS": "\n\n/vllm/core.py @ada\n"})
    again = json.loads(_doctor(project, moved, "--format", "sarif").out)["runs"][0]
    prints = {result["ruleId"]: result["partialFingerprints"] for result in run["results"]}
    assert {result["ruleId"]: result["partialFingerprints"] for result in again["results"]} == prints


def test_fix_prints_a_patch_that_applies_and_writes_nothing(clone: Path, project: MakeProject) -> None:
    """stdout is the patch and nothing else; the work tree is as it was."""
    outcome = _doctor(project, clone, "--fix")
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert not subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone, capture_output=True, check=True
    ).stdout
    subprocess.run(["git", "apply", "--check", "-"], cwd=clone, input=outcome.out.encode(), check=True)
    added = [
        line
        for line in outcome.out.splitlines()
        if line.startswith(("+", "-")) and not line.startswith(("+++", "---"))
    ]
    assert added == [
        "-  - tests/test_core",
        "-  - vllm/v1/",
        "+  - tests/test_core.py",
        "-  conditions: ['files=^vllm/']",
        "+  conditions: ['files~=^vllm/']",
    ]


LEVELS = [
    pytest.param("none", (), 0, id="none never fails"),
    pytest.param("info", (), 1, id="info fails on anything"),
    pytest.param("medium", (), 1, id="medium fails on a medium finding"),
    pytest.param("high", (), 0, id="high does not"),
    pytest.param("medium", ("--only", "DR303"), 0, id="what is not asked for does not count"),
    pytest.param("info", ("--only", "DR999"), 0, id="no finding never fails"),
]


@pytest.mark.parametrize(("level", "more", "code"), LEVELS)
def test_exit_code(level: str, more: tuple[str, ...], code: int, clone: Path, project: MakeProject) -> None:
    outcome = project().run(
        "doctor", "--repo", str(clone), "--fail-on", level, *(more or ("--only", "DR2", "--only", "DR3"))
    )
    assert (outcome.exit_code, outcome.err) == (code, "")


def test_a_file_takes_the_result(clone: Path, project: MakeProject) -> None:
    """--output writes the same bytes; a file that cannot be written is an error with a hint."""
    here = project()
    expected = here.run("doctor", "--repo", str(clone), "--format", "json").out
    assert here.run("doctor", "--repo", str(clone), "--format", "json", "--output", "out.json") == Outcome(
        0, "", ""
    )
    assert (here.folder / "out.json").read_text(encoding="utf-8") == expected
    failed = here.run("doctor", "--repo", str(clone), "--output", "none/out.json")
    assert failed == Outcome(
        2,
        "",
        "error: none/out.json: cannot write the result: No such file or directory\nhint: make the folder first, or name another file\n",
    )


def test_errors_are_two_lines(clone: Path, project: MakeProject, tmp_path: Path) -> None:
    """No clone, a folder that is none, a revision that is not there."""
    here = project()
    assert here.run("doctor") == Outcome(
        2, "", "error: there is no clone to look at\nhint: name one: diffscope doctor --repo PATH\n"
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    for arguments in (
        ("--repo", str(empty)),
        ("--repo", str(clone), "--at", "nowhere"),
        ("--repo", str(clone), "--at", "--evil"),
    ):
        outcome = here.run("doctor", *arguments)
        assert (outcome.exit_code, outcome.out) == (2, "")
        assert outcome.err.startswith("error: ")
        assert "Traceback" not in outcome.err


def test_the_same_tree_gives_the_same_bytes(clone: Path, project: MakeProject) -> None:
    """Under two hash seeds, here and in a process of its own."""
    here = project()
    command = ("doctor", "--repo", str(clone), "--format", "json")
    there = here.start(*command, environ={"PYTHONHASHSEED": OTHER_SEED})
    assert there.exit_code == 0
    assert here.run(*command) == there


def test_hostile_names_come_out_visible(tmp_path: Path, project: MakeProject) -> None:
    """A label that would colour a terminal or give orders to a CI log is shown for what it is."""
    steps = '\n- label: "a\\e[31m\\n::error::x\\u202e"\n  source_file_dependencies: [gone]\n'
    clone = git_repository(tmp_path / "clone", ci_files(steps))
    for form in ("text", "json", "sarif"):
        out = project().run("doctor", "--repo", str(clone), "--format", form).out
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert not any(line.lstrip().startswith("::") for line in out.splitlines())


def test_help_names_the_options(project: MakeProject) -> None:
    outcome = project().run("doctor", "--help")
    assert outcome.exit_code == 0
    for option in ("--repo", "--at", "--format", "--output", "--only", "--fix", "--fail-on"):
        assert option in outcome.out


def test_our_own_rules_are_tried_on_the_tree_when_asked(clone: Path, project: MakeProject) -> None:
    """They are no business of who keeps the tree."""
    here = project()
    plain = here.run("doctor", "--repo", str(clone), "--format", "json")
    assert "DR401" not in plain.out
    asked = here.run("doctor", "--repo", str(clone), "--format", "json", "--only", "DR4", "--own-rules")
    assert {each["code"] for each in json.loads(asked.out)["findings"]} == {"DR401"}
