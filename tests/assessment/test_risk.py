"""The risk level: that of the worst standing flag, and never a calm word for what was not judged."""

from __future__ import annotations

import re

import pytest
from msgspec import UNSET

from diffscope.assessment.document import Risk, RiskLevel
from diffscope.assessment.risk import group_unknown, judge_risk
from diffscope.facts.model import ChangeFacts
from diffscope.messages.model import message
from diffscope.messages.say import sentence
from diffscope.rules.engine.missing import missing_family, missing_field
from diffscope.rules.model import Missing, RuleCode, Severity, UnknownRule
from diffscope.source.model import CommitId, PullRequest, SourceKind
from tests.assessment.test_scores import CORE, facts_of
from tests.assessments import a_flag
from tests.rule_builders import rule_text, rules
from tests.said import a_gap, stated
from tests.taxonomies import a_file, bundled

CATALOGUE = rules(
    **{f"XX10{n}": rule_text() for n in range(5)},
    XX200=rule_text(severity="info"),
)
NUMBERS = bundled().tables.scores.risk
CODE = facts_of("Fix x", a_file(CORE))


def english(found: Risk) -> tuple[str, ...]:
    return tuple(each.en for each in found.because)


def risk(*severities: Severity, unknown: tuple[str, ...] = (), facts: ChangeFacts = CODE) -> Risk:
    """Return the risk of a change with flags of these severities and unknown rules of these codes."""
    flags = [a_flag(f"CP10{at}", severity=severity) for at, severity in enumerate(severities)]
    rest = [
        UnknownRule(code=RuleCode(code), missing=(missing_family("module", stated("missing graph")),))
        for code in unknown
    ]
    return judge_risk(flags, rest, facts, catalogue=CATALOGUE, numbers=NUMBERS)


@pytest.mark.parametrize(
    ("severities", "level"),
    [
        pytest.param((), RiskLevel.NONE, id="no flag"),
        pytest.param((Severity.INFO,), RiskLevel.LOW, id="a hint alone is low"),
        pytest.param((Severity.LOW, Severity.INFO), RiskLevel.LOW, id="the worst decides: low"),
        pytest.param((Severity.LOW, Severity.MEDIUM), RiskLevel.MEDIUM, id="the worst decides: medium"),
        pytest.param((Severity.HIGH, Severity.MEDIUM), RiskLevel.HIGH, id="the worst decides: high"),
        pytest.param((Severity.CRITICAL,), RiskLevel.CRITICAL, id="the worst decides: critical"),
    ],
)
def test_level_is_that_of_the_worst_flag(severities: tuple[Severity, ...], level: RiskLevel) -> None:
    assert risk(*severities).level is level


def test_reasons_name_the_worst_flags_only() -> None:
    assert english(risk(Severity.HIGH, Severity.LOW)) == ("CP100 attention-backend (high)",)


@pytest.mark.parametrize(
    ("severities", "unknown"),
    [
        pytest.param((), (), id="nothing fired"),
        pytest.param((Severity.HIGH, Severity.HIGH), (), id="two flags"),
        pytest.param((Severity.LOW,), ("XX100", "XX101", "XX102"), id="rules that were not judged"),
    ],
)
def test_every_reason_is_said_in_chinese_too(
    severities: tuple[Severity, ...], unknown: tuple[str, ...]
) -> None:
    """One for one, and in words: a Chinese report quotes them."""
    found = risk(*severities, unknown=unknown)
    assert all(re.search(r"[\u4e00-\u9fff]", reason.zh) for reason in found.because)


MANY = ("XX100", "XX101", "XX102")


def test_calm_levels_need_judged_rules() -> None:
    """Three rules that could have fired at medium were not judged: that is not nothing."""
    found = risk(unknown=MANY)
    assert found.level is RiskLevel.UNKNOWN
    assert english(found) == ("nothing fired; missing graph; not judged for it: XX100, XX101, XX102",)
    assert risk(Severity.LOW, unknown=MANY).level is RiskLevel.UNKNOWN


def test_a_flag_at_medium_stands_whatever_is_unknown() -> None:
    """The level is at least that."""
    assert risk(Severity.MEDIUM, unknown=MANY).level is RiskLevel.MEDIUM


def test_few_unknown_rules_and_mere_hints_leave_the_level() -> None:
    assert risk(unknown=MANY[:2]).level is RiskLevel.NONE
    assert risk(unknown=("XX100", "XX101", "XX200")).level is RiskLevel.NONE


def test_product_file_that_could_not_be_read_makes_it_unknown() -> None:
    found = risk(
        facts=facts_of("Fix x", a_file(CORE, logic=UNSET), a_file("vllm/v1/request.py", logic=UNSET))
    )
    assert found.level is RiskLevel.UNKNOWN
    assert english(found) == (f"nothing fired; not judged: whether the logic of {CORE} and 1 more changed",)


def test_truncated_diff_makes_it_unknown() -> None:
    gap = a_gap("diff-truncated", "the diff was cut after 300 files")
    found = risk(facts=facts_of("Fix x", a_file(CORE), gaps=(gap,)))
    assert (found.level, english(found)) == (
        RiskLevel.UNKNOWN,
        ("nothing fired; not judged: the diff was cut after 300 files",),
    )


def test_test_file_that_could_not_be_read_does_not() -> None:
    """A fixture in an odd encoding is no risk to the product."""
    assert risk(facts=facts_of("x", a_file("tests/test_x.py", logic=UNSET))).level is RiskLevel.NONE


CLONE = PullRequest(repository="vllm-project/vllm", source=SourceKind.CLONE, title="Fix x")
PATCH = PullRequest(repository="vllm-project/vllm", source=SourceKind.PATCH, title="")
BASED = PullRequest(
    repository="vllm-project/vllm", source=SourceKind.PATCH, title="", base=CommitId("a" * 40)
)
LINES = {"vllm/a.py": 12}
UNPARSED, UNREAD = message("gap.file-unparsed"), message("gap.file-unread")
NO_HISTORY = missing_family("history", message("gap.no-history"))


def unknown(code: str, *missing: Missing) -> UnknownRule:
    return UnknownRule(code=RuleCode(code), missing=missing)


@pytest.mark.parametrize(
    ("pull", "rules", "english", "chinese"),
    [
        pytest.param(
            CLONE,
            (
                unknown("CC701", missing_family("call", UNPARSED, "vllm/a.py"), missing_family("guard", UNPARSED, "vllm/a.py")),
                unknown("CF501", missing_family("option", UNPARSED, "vllm/a.py")),
            ),
            ["vllm/a.py:12 does not parse; not judged for it: CC701, CF501"],
            ["vllm/a.py:12 无法解析；因此未判定：CC701、CF501"],
            id="a file that does not parse is said once, whatever families it leaves unknown",
        ),
        pytest.param(
            CLONE,
            (unknown("CC701", missing_family("call", UNPARSED, "vllm/a.py"), missing_family("call", UNPARSED, "vllm/b.py")),),
            ["vllm/a.py:12, vllm/b.py do not parse; not judged for it: CC701"],
            ["vllm/a.py:12、vllm/b.py 无法解析；因此未判定：CC701"],
            id="two files share a reason",
        ),
        pytest.param(
            PATCH,
            (unknown("HI901", NO_HISTORY), unknown("CC701", missing_family("call", UNREAD, "vllm/a.py"))),
            ["2 rules need the tree of the base, which a bare patch does not have: CC701, HI901"],
            ["2 条规则需要基准的目录树，而单独的补丁没有：CC701、HI901"],
            id="what a bare patch lacks has one reason",
        ),
        pytest.param(
            BASED,
            (unknown("HI901", NO_HISTORY),),
            ["no history of the base; not judged for it: HI901"],
            ["没有基准的历史；因此未判定：HI901"],
            id="a patch whose base is known lacks one thing by its name",
        ),
        pytest.param(
            CLONE,
            (
                unknown("GS821", missing_field("symbol", "distance", [f"vllm/{name}.py" for name in "abcd"])),
                unknown("HI901", NO_HISTORY),
                unknown("HI902", NO_HISTORY),
            ),
            [
                "no history of the base; not judged for it: HI901, HI902",
                "symbol.distance not computed (vllm/a.py and 3 more); not judged for it: GS821",
            ],
            ["没有基准的历史；因此未判定：HI901、HI902", "未计算 symbol.distance（vllm/a.py 及另外 3 个）；因此未判定：GS821"],
            id="the reason of the most rules comes first",
        ),
    ],
)  # fmt: skip
def test_each_reason_stands_once(
    pull: PullRequest, rules: tuple[UnknownRule, ...], english: list[str], chinese: list[str]
) -> None:
    sentences = [sentence(group.message()) for group in group_unknown(rules, lines=LINES, pull=pull)]
    assert [each.en for each in sentences] == english
    assert [each.zh for each in sentences] == chinese


def test_many_rules_are_cut() -> None:
    """The first ones by code, and how many more."""
    rules = [unknown(f"XX10{number}", NO_HISTORY) for number in range(5)]
    (group,) = group_unknown(rules, lines={}, pull=CLONE)
    cut = sentence(group.message(most=2))
    assert cut.en == "no history of the base; not judged for it: XX100, XX101 and 3 more"
    assert cut.zh == "没有基准的历史；因此未判定：XX100、XX101 及另外 3 个"
