"""``diffscope explain``: conditions with their truth, hits and near misses, what is missing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.builders import Commit, git_repository
from tests.cli.conftest import MakeProject
from tests.project_builders import ci_files

PATCH = b"""\
diff --git a/vllm/v1/core/sched/scheduler.py b/vllm/v1/core/sched/scheduler.py
index 1111111..2222222 100644
--- a/vllm/v1/core/sched/scheduler.py
+++ b/vllm/v1/core/sched/scheduler.py
@@ -1,2 +1,2 @@
 def schedule():
-    return 1
+    return 2
"""


def test_recorded_change_that_fires(project: MakeProject) -> None:
    """The verdict, the flag, the evidence with its near misses, the conditions over it."""
    outcome = project().run("explain", "38450", "CP102", "--source", "recorded", "--all")
    assert (outcome.exit_code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0] == "CP102 attention-backend: fires"
    assert lines[1].startswith(
        "  medium: AiterFlashAttentionBackend.supports_attn_type (body, docstring; +0 -2 code lines)"
    )
    assert lines[2] == "evidence"
    assert lines[3].startswith("  + symbol where category is source and logic is true and area is attention")
    assert (
        "      near: vllm/platforms/rocm.py:417 RocmPlatform.get_attn_backend_cls (area=platform); fails area is attention"
        in lines
    )
    assert "    + not change where kind is revert  [0 of 1]" in lines
    assert any(line.startswith("            vllm/v1/attention/backends/rocm_attn.py:") for line in lines)
    assert "severity medium when" in lines


def test_only_what_decided_is_shown(project: MakeProject) -> None:
    """Without --all: conditions that hold where any suffices, and of the severity the one line that decided."""
    lines = project().run("explain", "38450", "CP102", "--source", "recorded").out.splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert re.fullmatch(r"severity medium: condition \d+ of \d+ is the first that holds", heads.pop(3))
    assert heads == [
        "CP102 attention-backend: fires",
        "evidence",
        "when",
        "(--all shows all conditions; diffscope rules show CP102 describes the rule)",
    ]
    assert not any(line.lstrip().startswith(("- ", "? ")) for line in lines)
    assert max(map(len, lines)) <= 200


def test_recorded_change_that_stays_silent(project: MakeProject) -> None:
    """Silence is explained the same way."""
    outcome = project().run("explain", "38450", "engine-step-path", "--source", "recorded")
    assert outcome.out.splitlines()[0] == "CP101 engine-step-path: does not fire"
    assert "  - symbol where " in outcome.out


def test_chinese_flag(project: MakeProject) -> None:
    """The flag's own words follow --lang."""
    outcome = project().run("explain", "38450", "CP102", "--source", "recorded", "--lang", "zh")
    assert "AiterFlashAttentionBackend.supports_attn_type（函数体、文档字符串；代码 +0 -2 行）" in outcome.out


def test_json_holds_the_whole_tree(project: MakeProject) -> None:
    """The same for programs."""
    outcome = project().run("explain", "38450", "CP102", "--source", "recorded", "--format", "json")
    found = json.loads(outcome.out)
    assert (found["code"], found["verdict"], found["is_on"]) == ("CP102", "fires", True)
    assert [part["truth"] for part in found["when"]["parts"]] == ["true", "true"]
    assert found["evidence"]["held"] == 2


def test_patch_without_a_tree_cannot_be_judged(project: MakeProject) -> None:
    """What a lone patch does not tell is named, and the rule answers unknown."""
    outcome = project().run("explain", "-", "CP101", stdin=PATCH)
    assert outcome.exit_code == 0
    lines = outcome.out.splitlines()
    assert lines[0] == "CP101 engine-step-path: unknown"
    assert (
        "  missing: symbol: its text before or after the change could not be read (vllm/v1/core/sched/scheduler.py)"
        in lines
    )


def test_rule_that_is_ignored_says_that_it_is_off(project: MakeProject) -> None:
    """diffscope.yml is heard; the rule is explained all the same."""
    built = project({"diffscope.yml": "rules: {ignore: [CP102]}\n"})
    outcome = built.run("explain", "38450", "CP102", "--source", "recorded")
    assert outcome.out.splitlines()[1] == "  (off: it runs only if --select or diffscope.yml names its code)"


def test_unknown_rule(project: MakeProject) -> None:
    """A code that does not exist is an error with the nearest."""
    outcome = project().run("explain", "38450", "CP999", "--source", "recorded")
    assert (outcome.exit_code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: there is no rule 'CP999'\nhint: did you mean 'CP")


STEPS = """
- label: Core %N
  key: core
  timeout_in_minutes: 30
  parallelism: 2
  source_file_dependencies: [vllm/, "!vllm/v1/"]
  mirror: {amd: {device: mi300_1, source_file_dependencies: [tests/]}}
- label: Late
  optional: true
  source_file_dependencies: [vllm/a.py]
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose pull request 7 changes two sources."""
    tree = ci_files(STEPS) | {"vllm/__init__.py": "", "vllm/a.py": "A = 1\n", "vllm/v1/b.py": "B = 1\n"}
    change = Commit("Change them (#7)", {"vllm/a.py": "A = 2\n", "vllm/v1/b.py": "B = 2\n"})
    return git_repository(tmp_path / "clone", tree, [change])


def test_a_step_is_explained_pattern_by_pattern(project: MakeProject, clone: Path) -> None:
    """Where it is declared and runs, what decided, then each pattern with what it matches; the mirror by its own key."""
    outcome = project().run("explain", "7", "--step", "CORE", "--repo", str(clone))
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert outcome.out == (
        "core (Core %N): runs\n"
        "  .buildkite/test_areas/a.yaml:3  vllm_ci, default-gpu, 30 min, 2 jobs\n"
        "  dependency: an entry of its list matches a changed path (vllm/ matches vllm/a.py)\n"
        "  on AMD: present\n"
        "  run_all patterns of the pipeline\n"
        "    - docker/Dockerfile [line 3]\n"
        "    - csrc/ [line 3]\n"
        "    - docker/Dockerfile. (takes out) [line 4]\n"
        "    - csrc/cpu/ (takes out) [line 4]\n"
        "  entries of the step\n"
        "    + vllm/ [line 7]: vllm/a.py and 1 more\n"
        "    ! !vllm/v1/ [line 7]: vllm/v1/b.py\n"
        "\n"
        "judged by the declarations at the base of the change\n"
    )
    mirror = project().run("explain", "7", "--step", "amd-core", "--repo", str(clone)).out
    assert mirror.startswith("amd-core (Core %N, AMD mirror): runs\n")
    assert "    - tests/ [line 8]\n    + vllm/ [line 7]: vllm/a.py and 1 more\n" in mirror


def test_a_step_that_waits_says_so(project: MakeProject, clone: Path) -> None:
    """The same for programs."""
    outcome = project().run("explain", "7", "--step", "late", "--repo", str(clone), "--format", "json")
    found = json.loads(outcome.out)
    assert (found["tree"], found["problem"]) == ("base", None)
    (step,) = found["steps"]
    assert (step["decision"]["selected"], step["decision"]["reason"], step["amd"]) == (
        False,
        "optional",
        "missing",
    )
    assert step["entries"] == [
        {"kind": "entry", "pattern": "vllm/a.py", "line": 11, "path": "vllm/a.py", "others": 0}
    ]


def test_all_steps_are_listed_those_that_run_first(project: MakeProject, clone: Path) -> None:
    outcome = project().run("explain", "7", "--steps", "--repo", str(clone))
    assert outcome.out == (
        "+ core  vllm_ci, default-gpu, 30 min, 2 jobs  dependency: vllm/ matches vllm/a.py\n"
        "+ amd-core  vllm_ci, mi300_1, 180 min, 2 jobs  dependency: vllm/ matches vllm/a.py\n"
        "- Late  vllm_ci, default-gpu, no time limit  optional: vllm/a.py matches vllm/a.py\n"
        "judged by the declarations at the base of the change\n"
    )


REFUSED = [
    pytest.param(
        ("7", "--step", "cor"), "no step has the key or label 'cor'", "did you mean core", id="a name like it"
    ),
    pytest.param(("7",), "one thing at a time", "--step KEY", id="nothing is asked for"),
    pytest.param(("7", "CP101", "--steps"), "one thing at a time", "--step KEY", id="two things"),
    pytest.param(
        ("38450", "--step", "core", "--source", "recorded"),
        "CI steps cannot be explained from recorded facts",
        "--source clone",
        id="a recorded change",
    ),
]


@pytest.mark.parametrize(("arguments", "message", "hint"), REFUSED)
def test_steps_that_cannot_be_explained(
    project: MakeProject, clone: Path, arguments: tuple[str, ...], message: str, hint: str
) -> None:
    outcome = project().run("explain", *arguments, "--repo", str(clone))
    assert (outcome.exit_code, outcome.out) == (2, "")
    error, advice = outcome.err.splitlines()[:2]
    assert message in error
    assert hint in advice
