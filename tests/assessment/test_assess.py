"""The whole document: what facts and flags become."""

from __future__ import annotations

import random
import re

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from diffscope.assessment.assess import assess, explain_tags
from diffscope.assessment.document import Assessment, RiskLevel
from diffscope.facts.model import ChangeFacts, FileFact, GraphFacts, ModuleFact, UnknownFamily
from diffscope.rules.engine.evaluate import Evaluation
from diffscope.rules.model import Flag, RuleCode, Severity, UnknownRule
from tests.assessment.test_scores import CORE, facts_of
from tests.assessments import a_flag
from tests.rule_builders import rule_text, rules
from tests.said import a_gap, sentences, stated
from tests.taxonomies import a_file, a_symbol, bundled

CATALOGUE = rules(rule_text(), CP102=rule_text(family=None))


def assessed(facts: ChangeFacts, *flags: Flag) -> Assessment:
    """Return the assessment of facts with these flags."""
    return assess(facts, Evaluation(flags=flags), taxonomy=bundled(), catalogue=CATALOGUE)


def test_document_holds_the_change() -> None:
    found = assessed(facts_of("[Bugfix] Fix x", a_file(CORE, 30), a_file("tests/v1/engine/test_x.py", 9)))
    assert (found.kind, found.change.files, found.change.additions) == ("bugfix", 2, 39)
    assert "bugfix" in found.tags
    assert [share.area for share in found.areas] == ["engine"]
    assert found.tests.changed == ("tests/v1/engine/test_x.py",)
    assert found.risk.level is RiskLevel.NONE
    assert found.completeness.complete
    assert found.tool.graph_hash is None


def test_a_rule_that_was_not_judged_makes_it_incomplete() -> None:
    """``complete`` and ``unknown`` never contradict each other."""
    unknown = (UnknownRule(code=RuleCode("CP102"), missing=()),)
    facts = facts_of("Fix x", a_file(CORE, 30))
    found = assess(facts, Evaluation(flags=(), unknown=unknown), taxonomy=bundled(), catalogue=CATALOGUE)
    assert not found.completeness.complete


def test_document_survives_json() -> None:
    """What is written can be read back, unknown fields left out."""
    facts = facts_of("Fix x", a_file(CORE), symbols=(a_symbol(CORE, "EngineCore.step"),))
    found = assessed(facts, a_flag())
    assert msgspec.json.decode(msgspec.json.encode(found), type=Assessment) == found
    assert b'"nearest"' not in msgspec.json.encode(found)


def test_waived_flag_is_reported_and_weighs_nothing() -> None:
    flag = a_flag(severity=Severity.HIGH)
    body = "diffscope: waive CP102 because the backend is experimental"
    plain = assessed(facts_of("Fix x", a_file(CORE)), flag)
    waived = assessed(facts_of("Fix x", a_file(CORE), body=body), flag)
    assert plain.risk.level is RiskLevel.HIGH
    assert (waived.risk.level, waived.flags) == (RiskLevel.NONE, ())
    assert [(each.flag.code, each.reason) for each in waived.waived] == [
        ("CP102", "the backend is experimental")
    ]
    assert waived.importance == plain.importance


def test_unused_and_refused_waivers_are_told() -> None:
    body = (
        "diffscope: waive XX101 because it is fine\ndiffscope: waive CP102\ndiffscope: waive ZZ999 because no"
    )
    notes = " ".join(
        note.en for note in assessed(facts_of("Fix x", a_file(CORE), body=body)).completeness.notes
    )
    assert "XX101 does not fire" in notes
    assert "CP102 waived without a reason" in notes
    assert "there is no rule ZZ999" in notes


def test_unplaced_files_are_listed() -> None:
    """Never a guess in silence."""
    assert assessed(facts_of("x", a_file("some.pl"), a_file(CORE))).completeness.unplaced == ("some.pl",)


def test_gaps_and_unknown_families_make_it_incomplete() -> None:
    facts = facts_of(
        "x",
        a_file(CORE),
        gaps=(
            a_gap("parse", "line 3", "b.py"),
            a_gap("blob", "missing", "a.py"),
        ),
        unknown=(UnknownFamily(family="module", reason=stated("no graph")),),
    )
    found = assessed(facts).completeness
    assert not found.complete
    assert [gap.what for gap in found.gaps] == ["blob", "parse"]
    assert [note.en for note in found.notes] == ["module: no graph"]


def test_public_symbols_that_no_test_names_are_listed() -> None:
    symbols = (
        a_symbol(CORE, "seen", tests_naming=2, line=1),
        a_symbol(CORE, "seen_by_this_change", tests_naming=0, changed_tests_naming=1, line=2),
        a_symbol(CORE, "unseen", tests_naming=0, changed_tests_naming=0, line=3),
        a_symbol(CORE, "gone", "removed", tests_naming=0, line=4),
        a_symbol(CORE, "_private", tests_naming=0, line=5),
        a_symbol(CORE, "words", "docstring", logic=False, tests_naming=0, line=6),
        a_symbol("tests/test_x.py", "test_it", tests_naming=0, line=7),
    )
    assert assessed(facts_of("x", a_file(CORE), symbols=symbols)).tests.unnamed_symbols == ("unseen",)


def test_names_in_tests_may_be_unknown() -> None:
    """Without a graph nobody looked; an empty list would claim that all are tested."""
    facts = facts_of("x", a_file(CORE), symbols=(a_symbol(CORE, "f"),))
    assert assessed(facts).tests.unnamed_symbols is UNSET
    assert assessed(facts_of("x", a_file("docs/x.md"))).tests.unnamed_symbols == ()


def test_modules_and_graph_are_shown() -> None:
    module = ModuleFact(
        path=CORE, module="vllm.v1.engine.core", distance=1, chain="a -> b", fan_in=7, reach=20, lazy_fan_in=2
    )
    graph = GraphFacts(commit="c" * 40, digest="d" * 16, modules=1700, exact=True)
    found = assessed(facts_of("x", a_file(CORE), module=(module,), graph=graph))
    (reach,) = found.modules
    assert (reach.distance, reach.chain, reach.dependents, reach.reach, reach.lazy) == (1, "a -> b", 7, 20, 2)
    assert reach.registry is UNSET
    assert (found.graph, found.tool.graph_hash) == (graph, "d" * 16)


def test_hash_names_rules_and_tables() -> None:
    """Another catalogue, another hash."""
    facts = facts_of("x", a_file(CORE))
    one = assessed(facts).tool.rules_hash
    other = assess(
        facts, Evaluation(flags=()), taxonomy=bundled(), catalogue=rules(rule_text())
    ).tool.rules_hash
    assert len(one) == 16
    assert one != other


FILES = st.lists(
    st.builds(
        a_file,
        st.sampled_from((CORE, "vllm/lora/request.py", "tests/test_x.py", "docs/x.md", "csrc/x.cu")),
        st.integers(0, 300),
        st.integers(0, 300),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda file: file.path,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FILES, st.randoms(use_true_random=False))
@example(
    [a_file("vllm/lora/request.py", 147, 21), a_file("csrc/x.cu", 300, 197), a_file(CORE, 59, 237)],
    random.Random(1),
)
def test_order_of_facts_changes_nothing(files: list[FileFact], chance: random.Random) -> None:
    """Same facts, same bytes; and area weights sum to one in what is written."""
    symbols = [
        a_symbol(file.path, f"f{at}", line=at) for at, file in enumerate(files) if file.path.endswith(".py")
    ]
    plain = assessed(facts_of("Fix x", *files, symbols=tuple(symbols)))
    mixed, shuffled = list(files), list(symbols)
    chance.shuffle(mixed)
    chance.shuffle(shuffled)
    assert msgspec.json.encode(
        assessed(facts_of("Fix x", *mixed, symbols=tuple(shuffled)))
    ) == msgspec.json.encode(plain)
    assert sum(round(share.weight * 1000) for share in plain.areas) == 1000


@given(FILES)
def test_change_without_logic_is_cosmetic_and_calm(files: list[FileFact]) -> None:
    """Comments and prose: no logic counts, whatever was edited."""
    quiet = [msgspec.structs.replace(file, logic=False, code_added=0, code_removed=0) for file in files]
    facts = facts_of("x", *quiet)
    assert facts.change.cosmetic
    names = {part.name for part in assessed(facts).importance.parts}
    assert names <= {"kind", "infrastructure"}


ROCM = "vllm/v1/attention/backends/rocm_attn.py"


def reasons(title: str, *files: FileFact) -> dict[str, str]:
    """Return the reason of each tag of a change."""
    return {one.tag: sentences(one.reasons) for one in explain_tags(facts_of(title, *files), bundled())}


@pytest.mark.parametrize(
    ("title", "file", "tag", "reason"),
    [
        pytest.param("[Bugfix] Fix x", a_file(CORE), "bugfix", "the kind is bugfix", id="by the kind"),
        pytest.param("Fix x", a_file(ROCM, platforms=("rocm",)), "rocm", "it concerns rocm", id="by the platform of a file"),
        pytest.param("Fix x", a_file("vllm/model_executor/layers/quantization/fp8.py", 40), "quantization", "% of it lies in quantization", id="by the area"),
        pytest.param("Fix x", a_file(CORE), "v1", f"{CORE} changed", id="by the path"),
    ],
)  # fmt: skip
def test_reason_of_a_tag(title: str, file: FileFact, tag: str, reason: str) -> None:
    assert reason in reasons(title, file)[tag]


@given(
    title=st.sampled_from(["[Bugfix] Fix x", "[ROCm] Support FP8", "Zzz", "[Doc] x", "[New Model] Add y", "Speculative decoding with LoRA"]),
    paths=st.lists(st.sampled_from([CORE, ROCM, "docs/x.md", "tests/lora/test_x.py", "csrc/moe/x.cu", ".buildkite/x.yaml"]), max_size=4, unique=True),
)  # fmt: skip
def test_every_tag_has_a_reason_in_both_languages(title: str, paths: list[str]) -> None:
    """The conditions that gave a tag are found again, in the same order."""
    facts = facts_of(title, *(a_file(path) for path in paths))
    found = explain_tags(facts, bundled())
    assert tuple(one.tag for one in found) == facts.change.tags
    assert all(re.search(r"[\u4e00-\u9fff]", each.zh) for one in found for each in one.reasons)
