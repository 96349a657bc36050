"""Nesting of any depth and separators that end no line, through the whole command: a clear error or a gap, never a traceback."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from diffscope.errors import shell_line
from tests.builders import Commit, git_repository
from tests.cli.conftest import MakeProject
from tests.cli.harness import Outcome
from tests.examples import one_in
from tests.project_builders import ci_files

DEPTH = 5000
CORE = {"vllm/__init__.py": "", "vllm/v1/core.py": "def step():\n    return 1\n"}
EDITED = {"vllm/v1/core.py": "def step():\n    return 2\n"}
STEPS = "\n- label: Core\n  source_file_dependencies: [vllm/]\n  commands: [pytest tests/test_core.py]\n"
SEPARATORS = ("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r")
ODD = [pytest.param(each, id=f"U+{ord(each):04X}") for each in one_in(3, SEPARATORS)]


def assessed(project: MakeProject, clone: Path, *arguments: str) -> dict[str, Any]:
    """Return the assessment of the last commit; nothing failed inside."""
    outcome = project().run(
        "classify", "--repo", str(clone), "--base", "HEAD~1", "--format", "json", *arguments
    )
    assert outcome.exit_code == 0, outcome.err
    assert "internal error" not in outcome.out + outcome.err
    found: dict[str, Any] = json.loads(outcome.out)
    return found


DEEP = {
    "a chain of elif": {"vllm/v1/core.py": "def step(x):\n    if x:\n        a()\n" + "    elif x:\n        b()\n" * 1100 + "    return 2\n"},
    "blocks in blocks": {"vllm/v1/core.py": "".join(" " * at + "if x:\n" for at in range(220)) + " " * 220 + "x = 2\n"},
    "brackets in native code": {"csrc/a.cu": "void f() { int x = " + "(" * DEPTH + "1" + ")" * DEPTH + "; }\n"},
    "conditions of the preprocessor": {"csrc/a.cu": "#if A\n" * 500 + "int x;\n" + "#endif\n" * 500},
    "a continued instruction": {"docker/Dockerfile": "RUN a \\\n" + "  && b \\\n" * 15_000 + "  && pip install c==1\n"},
    "a script of many lines": {"docker/Dockerfile": "RUN <<EOF\n" + "(" * DEPTH + "\n" + "a $(b\n" * DEPTH + "EOF\n"},
    "brackets of CMake": {"CMakeLists.txt": "set(A " + "(" * DEPTH + "a.cu" + ")" * DEPTH + ")\n"},
    "tables in tables of TOML": {"pyproject.toml": "a = " + "[" * DEPTH + "]" * DEPTH + "\n"},
    "lists in lists of a requirements file": {"requirements/common.txt": "a[" + "[" * DEPTH + "] ; " + "(" * DEPTH + "\n"},
    "flow of YAML in a pipeline": {".buildkite/test_areas/core.yaml": "steps: " + "[" * DEPTH + "]" * DEPTH + "\n"},
    "blocks of YAML in a pipeline": {".buildkite/test_areas/core.yaml": "".join(" " * at + "a:\n" for at in range(DEPTH // 5))},
    "boolean conditions of labels": {".github/mergify.yml": "pull_request_rules:\n- name: r\n  conditions:\n  - " + "{and: [" * DEPTH + "]}" * DEPTH + "\n  actions: {}\n"},
    "groups in a condition of labels": {".github/mergify.yml": "pull_request_rules:\n- name: r\n  conditions: ['files~=" + "(" * DEPTH + ")" * DEPTH + "']\n  actions: {label: {add: [x]}}\n"},
    "folders of an owner line": {".github/CODEOWNERS": "/" + "a/**/" * DEPTH + " @ada\n"},
    "braces of an owner line": {".github/CODEOWNERS": "/" + "{" * DEPTH + " @ada\n" + "[" * DEPTH + " @ada\n"},
}  # fmt: skip


@pytest.mark.parametrize("files", one_in(4, DEEP.values()), ids=one_in(4, DEEP))
def test_change_that_brings_deep_nesting_is_judged(
    files: dict[str, str], tmp_path: Path, project: MakeProject
) -> None:
    """Of its own declarations and of the tree that a later change rests on; doctor reads them too."""
    clone = git_repository(tmp_path / "clone", ci_files(STEPS) | CORE, [Commit("Deep (#1)", files)])
    brought = assessed(project, clone)
    assert {file["path"] for file in brought["files"]} == set(files)
    git_repository_more(clone, EDITED | ({} if "vllm/v1/core.py" not in files else {"vllm/a.py": "x = 1\n"}))
    assert assessed(project, clone)["files"]
    doctor = project().run("doctor", "--repo", str(clone), "--fail-on", "none")
    assert doctor.exit_code == 0, doctor.err
    assert "internal error" not in doctor.out + doctor.err


def test_a_declaration_of_the_base_that_cannot_be_read_is_a_gap(tmp_path: Path, project: MakeProject) -> None:
    """Neither its steps nor its owners and labels are left out in silence."""
    broken = {
        ".buildkite/test_areas/other.yaml": "steps:\n\t- label: Other\n",
        ".github/mergify.yml": "\tpull_request_rules: []\n",
        ".github/CODEOWNERS": "* @a\0\n",
    }
    clone = git_repository(tmp_path / "clone", ci_files(STEPS) | CORE | broken, [Commit("A (#1)", EDITED)])
    gaps = assessed(project, clone)["completeness"]["gaps"]
    assert {gap["path"] for gap in gaps if gap["what"] == "declarations"} == set(broken)


def git_repository_more(clone: Path, files: dict[str, str]) -> None:
    """Add a commit."""
    from tests.builders import record, write_files  # noqa: PLC0415

    write_files(clone, files)
    record(clone, Commit("More (#2)", files))


OWN = {
    "settings": (("classify", "-"), {"diffscope.yml": "rules: " + "[" * DEPTH + "]" * DEPTH}, "diffscope.yml:1:"),
    "a rule of boolean conditions": (("rules", "validate", "mine"), {"mine/XX101-a-rule/rule.yml": "when: " + "{not: " * DEPTH + "{}" + "}" * DEPTH}, "mine/XX101-a-rule/rule.yml:1:"),
    "cases of a rule": (("rules", "validate", "mine"), {"mine/XX101-a-rule/rule.yml": "title: x", "mine/XX101-a-rule/cases.yml": "a_b: " + "[" * DEPTH}, "mine/XX101-a-rule/cases.yml:1:"),
    "a table": (("rules", "validate", "mine"), {"mine/XX101-a-rule/rule.yml": "title: x", "mine/roles.yml": "a: " + "[" * DEPTH}, "mine/roles.yml:1:"),
    "saved events": (("report", "--since", "2026-01-01", "--until", "2026-01-02", "--layout", "dynamics", "--events", "e.json"), {"e.json": "[" * 100_000}, "e.json"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "files", "place"), OWN.values(), ids=OWN.keys())
def test_deep_nesting_in_files_of_ours_is_an_error_with_its_place(
    arguments: tuple[str, ...], files: dict[str, str], place: str, project: MakeProject
) -> None:
    outcome = project(files).run(*arguments)
    said = outcome.out + outcome.err
    assert outcome.exit_code in (1, 2), said
    assert place in said
    assert "internal error" not in said
    assert "Traceback" not in said


def test_deep_nesting_in_a_record_is_an_error(tmp_path: Path) -> None:
    from diffscope.adapters.changes.files import RecordedSource  # noqa: PLC0415
    from diffscope.errors import InputError  # noqa: PLC0415

    (tmp_path / "7.json").write_text('{"more": ' + "[" * 100_000, "utf-8")
    with pytest.raises(InputError, match="not a record: "):
        RecordedSource(tmp_path).facts(7)


def shown_raw(outcome: Outcome | str, mark: str) -> list[str]:
    """Return the lines in which a separator stands as itself."""
    said = outcome if isinstance(outcome, str) else outcome.out + outcome.err
    return [line for line in said.split("\n") if mark in line]


FORMATS = ("text", "markdown", "html", "github", "concise", "rdjson", "sarif", "json")


@pytest.mark.parametrize("mark", ODD)
def test_separators_end_no_line_and_reach_no_sink(mark: str, tmp_path: Path, project: MakeProject) -> None:
    """In a folder's name, a subject, an owner line, a requirement, a Dockerfile: one line each, shown escaped."""
    odd = f"vllm/o{mark}dd/a.py"
    files = {
        odd: "def step():\n    return 2\n",
        "vllm/v1/core.py": "def step():\n    return 2\n",
        ".github/CODEOWNERS": f"/vllm/v1/ @a{mark}/vllm/ @eve\n",
        "requirements/common.txt": f"torch==2.1 # x{mark}evil==1.0\n",
        "docker/Dockerfile": f"FROM base:2 # x{mark}FROM evil:1\n",
    }
    before = CORE | {
        odd: "def step():\n    return 1\n",
        ".github/CODEOWNERS": "/vllm/v1/ @a\n",
        "requirements/common.txt": "torch==2.0\n",
        "docker/Dockerfile": "FROM base:1\n",
    }
    clone = git_repository(
        tmp_path / "clone", ci_files(STEPS) | before, [Commit(f"Fix o{mark}dd (#1)", files)]
    )
    here = project()
    written = [part for form in FORMATS for part in ("--format", f"{form}:change.{form}")]
    outcome = here.run("classify", "--repo", str(clone), "--base", "HEAD~1", "--format", "text", *written)
    assert (outcome.exit_code, shown_raw(outcome, mark)) == (0, [])
    for form in FORMATS:
        assert shown_raw((here.folder / f"change.{form}").read_bytes().decode(), mark) == [], form
    found = json.loads((here.folder / "change.json").read_bytes())
    assert {file["path"] for file in found["files"]} >= {"vllm/v1/core.py", "docker/Dockerfile"}


QUOTED = [
    pytest.param("a b", id="a blank"),
    pytest.param("$(touch x)", id="a substitution"),
    pytest.param("it's;ls", id="a quote and a separator"),
    pytest.param("*", id="a pattern"),
]


@pytest.mark.parametrize("name", QUOTED)
def test_commands_in_hints_are_one_command(name: str, tmp_path: Path, project: MakeProject) -> None:
    """What is printed to be pasted names the folder as one word, whatever it is called."""
    clone = git_repository(tmp_path / name, CORE)
    outcome = project().run("classify", "99999", "--repo", str(clone), "--source", "clone")
    hint = next(line for line in outcome.err.split("\n") if line.startswith("hint: fetch it: "))
    assert shlex.split(hint.removeprefix("hint: fetch it: "))[:4] == ["git", "-C", str(clone), "fetch"]
    new = project().run("rules", "new", "XX101", "a-rule", "--into", name)
    last = new.out.split("\n")[-2]
    assert shlex.split(last.removeprefix("next: ")) == ["diffscope", "rules", "test", f"{name}/XX101-a-rule"]


def test_shell_line_is_read_back_as_its_words() -> None:
    words = ("git", "-C", "a b", "fetch", "$(x)", "it's", "~", "", "*")
    assert tuple(shlex.split(shell_line(*words))) == words
