"""``diffscope explain``: conditions with their truth, hits and near misses, what is missing."""

from __future__ import annotations

import json

from tests.cli.conftest import MakeProject

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
    outcome = project().run("explain", "38450", "CP102", "--source", "recorded")
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
    assert lines[-1].startswith("        vllm/v1/attention/backends/rocm_attn.py:")


def test_recorded_change_that_stays_silent(project: MakeProject) -> None:
    """Silence is explained the same way."""
    outcome = project().run("explain", "38450", "engine-step-path", "--source", "recorded")
    assert outcome.out.splitlines()[0] == "CP101 engine-step-path: silent"
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
    assert any(line.startswith("  missing: symbol: ") and "scheduler.py" in line for line in lines)


def test_rule_that_is_ignored_says_that_it_is_off(project: MakeProject) -> None:
    """diffscope.yml is heard; the rule is explained all the same."""
    built = project({"diffscope.yml": "rules: {ignore: [CP102]}\n"})
    outcome = built.run("explain", "38450", "CP102", "--source", "recorded")
    assert (
        outcome.out.splitlines()[1] == "  (off: it runs only where --select or diffscope.yml names its code)"
    )


def test_unknown_rule(project: MakeProject) -> None:
    """A code that does not exist is an error with the nearest."""
    outcome = project().run("explain", "38450", "CP999", "--source", "recorded")
    assert (outcome.exit_code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: there is no rule 'CP999'\nhint: did you mean 'CP")
