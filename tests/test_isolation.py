"""What fails inside costs nothing but itself: each collector, rule and part of an assessment is made to fail in turn.

The parts are those that a run goes through, so a new one is tried without being named here.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import msgspec
import pytest

from diffscope.adapters.config.rule_files import load_rules
from diffscope.assessment.document import Assessment, RiskLevel
from diffscope.facts.collectors import COLLECTORS, Collector
from diffscope.facts.model import ChangeFacts
from diffscope.facts.vocabulary import families, records
from diffscope.pipeline import judge
from diffscope.rules.language.catalogue import Catalogue
from diffscope.rules.model import Flag, every_flag
from diffscope.source.attempts import INTERNAL_ERROR
from tests.examples import one_in
from tests.fact_builders import facts, knowledge
from tests.faults import TOLD, fault, watched

CORE, ROCM, KERNEL = "vllm/v1/engine/core.py", "vllm/platforms/rocm.py", "csrc/attention/a.cu"
BEFORE = {
    CORE: "import os\n\n\nclass EngineCore:\n    size: int = 1\n\n    def step(self, n=1):\n        if n > 2:\n            return os.environ.get('VLLM_A', '1')\n        return self.run(n)\n",
    ROCM: "def device_name():\n    return 'a'\n",
    KERNEL: "__global__ void k(int n) {\n  n += 1;\n}\n",
    "requirements/common.txt": "torch==2.9.0\n",
    "tests/v1/test_core.py": "def test_step():\n    assert 1\n",
    "docs/a.md": "a\n",
}
AFTER = {
    CORE: "import sys\n\n\nclass EngineCore:\n    size: int = 2\n\n    def step(self, n=2):\n        if n > 3 and current_platform.is_rocm():\n            return sys.path\n        return self.run(n, 1e-5)\n",
    ROCM: "def device_name():\n    return 'b'\n",
    KERNEL: "__global__ void k(int n) {\n  if (n > 3) { n += 2; }\n}\n",
    "requirements/common.txt": "torch==2.10.0\n",
    "tests/v1/test_core.py": "def test_step():\n    assert 2\n",
    "docs/a.md": "b\n",
}
CALM = (RiskLevel.NONE, RiskLevel.LOW)
FEEDING = {"module", "symbol", "guard", "build", "imports", "dependency", "edit"}
"""Collectors on whose answer others rely."""


@cache
def catalogue() -> Catalogue:
    return load_rules()


def collected() -> ChangeFacts:
    return facts(BEFORE, AFTER, title="[Core] Change the step")


def assessed(found: ChangeFacts) -> Assessment:
    return judge(found, catalogue=catalogue(), taxonomy=knowledge().taxonomy)


@cache
def sound() -> tuple[ChangeFacts, Assessment, tuple[str, ...]]:
    """Return what a run without faults gives, and the parts that it goes through."""
    with watched() as parts:
        found = collected()
        document = assessed(found)
    assert not document.completeness.gaps
    return found, document, tuple(parts)


def told(document: Assessment, part: str, *paths: str | None) -> None:
    """The document tells that the part failed, and of which files, and is not called safe."""
    failed = [gap for gap in document.completeness.gaps if gap.code == "gap.internal-error"]
    reason = f"internal error in {part} ({TOLD}); to report it, run again with --debug"
    assert [(gap.reason.en, gap.path) for gap in failed] == [(reason, path) for path in paths]
    assert not document.completeness.complete
    assert document.risk.level not in CALM
    if document.risk.level is RiskLevel.UNKNOWN:
        assert any(reason in each.en for each in document.risk.because)
    assert document.importance.value > 0
    assert document.change.additions == sound()[1].change.additions


def lost_rules(family: str) -> set[str]:
    """Return the rules that fired without the fault and show records of a family."""
    fired = {flag.code for flag in sound()[1].flags}
    return {rule.code for rule in catalogue().rules if rule.code in fired and rule.evidence.fact == family}


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda one: one.name)
def test_a_collector_that_fails_loses_its_family_and_nothing_else(collector: Collector) -> None:
    part = f"facts.{collector.name}"
    with fault(part):
        found = collected()
    document = assessed(found)
    told(document, part, None)
    lost = (collector.name,) if collector.families is None else collector.families
    unknown = {each.family for each in found.unknown if each.reason == INTERNAL_ERROR}
    assert unknown == set(lost)
    silent = {rule.code for rule in document.unknown}
    for family in lost:
        if family != "change":
            assert records(found, family) == ()
            assert lost_rules(family) <= silent
    if collector.name not in FEEDING:
        kept = [name for name in families() if name not in (*lost, "change")]
        assert [records(found, name) for name in kept] == [records(sound()[0], name) for name in kept]


def test_a_collector_that_fails_on_one_file_keeps_the_others() -> None:
    """Facts of the rest are told; rules that ask for more know which file is missing."""
    whole = sound()[0].symbol
    with fault("facts.symbol", path=CORE):
        found = collected()
    assert found.symbol == tuple(each for each in whole if each.path != CORE)
    assert len(found.symbol) < len(whole)
    told(assessed(found), "facts.symbol", CORE)
    assert {(each.family, each.path) for each in found.unknown if each.reason == INTERNAL_ERROR} == {
        ("symbol", CORE)
    }


@pytest.mark.parametrize(
    "part",
    [
        "facts.moves",
        "facts.file",
        "facts.lookup",
        "facts.settings",
        "facts.places",
        "facts.callers",
        "facts.row-tests",
        "facts.reach",
        "facts.tests-running",
        "facts.consequence",
        "facts.causes",
    ],
)
def test_a_step_around_the_collectors_that_fails_is_told(part: str) -> None:
    with fault(part):
        found = collected()
    document = assessed(found)
    assert TOLD in {gap.reason.en.partition("(")[2].partition(")")[0] for gap in document.completeness.gaps}
    assert document.risk.level not in CALM
    assert [file.path for file in found.file] == sorted(BEFORE)


def test_every_step_of_the_facts_is_tried() -> None:
    """A part that this file does not know would show up here."""
    tried = {f"facts.{one.name}" for one in COLLECTORS}
    parts = {part for part in sound()[2] if part.startswith("facts.")}
    assert parts - tried == {
        "facts.moves",
        "facts.file",
        "facts.lookup",
        "facts.settings",
        "facts.places",
        "facts.callers",
        "facts.row-tests",
        "facts.reach",
        "facts.tests-running",
        "facts.consequence",
        "facts.causes",
    }


def test_every_collector_is_in_the_table() -> None:
    """None is called beside it, where nothing would keep its failure from the others."""
    package = Path(__file__).parents[1] / "diffscope" / "facts"
    called = {
        node.func.id
        for node in ast.walk(ast.parse((package / "collect.py").read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert {name for name in called if name.startswith("collect_")} == {"collect_files"}
    assert {one.name for one in COLLECTORS} | {"pull", "file", "step", "ci", "gaps", "unknown", "cause"} == {
        *ChangeFacts.__struct_fields__,
        "steps",
    }


@pytest.mark.parametrize("path", [CORE, KERNEL, "docs/a.md"])
def test_a_file_whose_sides_cannot_be_compared_is_known_by_its_diff(path: str) -> None:
    with fault("comparison", path=path):
        found = collected()
    told(assessed(found), "comparison", path)
    (file,) = (each for each in found.file if each.path == path)
    (whole,) = (each for each in sound()[0].file if each.path == path)
    assert (file.area, file.additions, file.deletions) == (whole.area, whole.additions, whole.deletions)
    others = [each for each in found.symbol if each.path != path]
    assert others == [each for each in sound()[0].symbol if each.path != path]
    assert not [each for each in found.symbol if each.path == path]


def fired(document: Assessment) -> list[Flag]:
    """Return every flag, each by itself."""
    return [msgspec.structs.replace(flag, covers=(), covered_as=None) for flag in every_flag(document.flags)]


def test_each_rule_that_fails_is_unknown_and_the_others_are_judged() -> None:
    """One after the other; what fires without it fires. A rule is a row of a catalogue, and all fail alike."""
    found, document, parts = sound()
    rules = [part for part in parts if part.startswith("rule.")]
    assert len(rules) > 40
    for part in one_in(6, rules):
        code = part.removeprefix("rule.")
        with fault(part):
            broken = assessed(found)
        told(broken, part, None)
        # Without their head, covered flags stand for themselves.
        assert [flag for flag in fired(document) if flag.code != code] == fired(broken)
        assert {rule.code: [each.en for each in rule.missing] for rule in broken.unknown}[code] == [
            "internal error"
        ]
        assert {rule for rule in broken.unknown if rule.code != code} == {
            rule for rule in document.unknown if rule.code != code
        }


def test_each_part_of_the_assessment_that_fails_costs_itself() -> None:
    found, document, parts = sound()
    parts = tuple(part for part in parts if part.startswith("assessment."))
    assert len(parts) >= 12
    expected = {
        "signals": {"importance", "insight"},
        "tags": {"tag_reasons"},
        "waivers": set[str](),
        "folding": {"flags"},
    }
    for part in parts:
        with fault(part):
            broken = assessed(found)
        name = part.removeprefix("assessment.").replace("-", "_")
        told_of_risk = broken.risk.level if name == "risk" else document.risk.level
        assert broken.risk.level in (told_of_risk, RiskLevel.UNKNOWN)
        assert any(gap.reason.en.startswith(f"internal error in {part} ") for gap in broken.completeness.gaps)
        differing = {
            field
            for field in Assessment.__struct_fields__
            if getattr(broken, field) != getattr(document, field)
        }
        assert differing <= {"risk", "completeness", *expected.get(name, {name})}, part
        assert broken.importance.value > 0
        assert {file.path for file in broken.files} == set(BEFORE)


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep")], ids=["memory", "recursion"])
def test_memory_and_recursion_are_isolated(error: Exception) -> None:
    with fault("facts.call", error=error):
        found = collected()
    assert {each.family for each in found.unknown if each.reason == INTERNAL_ERROR} == {"call"}


def test_an_interrupt_stays_an_interrupt() -> None:
    with fault("facts.call", error=KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        collected()


def test_what_failed_is_told_in_the_json() -> None:
    """A reader finds it by its code, whatever the sentence."""
    with fault("rule.CP101"):
        text = msgspec.json.encode(assessed(sound()[0]))
    assert msgspec.json.decode(text)["completeness"]["gaps"] == [
        {
            "what": "internal",
            "path": None,
            "reason": {
                "en": f"internal error in rule.CP101 ({TOLD}); to report it, run again with --debug",
                "zh": f"rule.CP101 发生内部错误（{TOLD}）；请加 --debug 重新运行并报告",
                "code": "gap.internal-error",
                "arguments": {"part": "rule.CP101", "error": TOLD},
            },
        }
    ]
