"""Why rules could not be judged: each reason once, with its places and its rules."""

from __future__ import annotations

import pytest

from diffscope.assessment.not_judged import group_unknown
from diffscope.messages.model import message
from diffscope.messages.say import sentence
from diffscope.rules.engine.missing import missing_family, missing_field
from diffscope.rules.model import Missing, RuleCode, UnknownRule
from diffscope.source.model import CommitId, PullRequest, SourceKind

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
                unknown(
                    "CC701",
                    missing_family("call", UNPARSED, "vllm/a.py"),
                    missing_family("guard", UNPARSED, "vllm/a.py"),
                ),
                unknown("CF501", missing_family("option", UNPARSED, "vllm/a.py")),
            ),
            ["vllm/a.py:12 does not parse; not judged for it: CC701, CF501"],
            ["vllm/a.py:12 无法解析；因此未判定：CC701、CF501"],
            id="a file that does not parse is said once, whatever families it leaves unknown",
        ),
        pytest.param(
            CLONE,
            (
                unknown(
                    "CC701",
                    missing_family("call", UNPARSED, "vllm/a.py"),
                    missing_family("call", UNPARSED, "vllm/b.py"),
                ),
            ),
            ["vllm/a.py:12, vllm/b.py do not parse; not judged for it: CC701"],
            ["vllm/a.py:12、vllm/b.py 无法解析；因此未判定：CC701"],
            id="two files share a reason",
        ),
        pytest.param(
            PATCH,
            (
                unknown("HI901", NO_HISTORY),
                unknown("CC701", missing_family("call", UNREAD, "vllm/a.py")),
            ),
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
            [
                "没有基准的历史；因此未判定：HI901、HI902",
                "未计算 symbol.distance（vllm/a.py 及另外 3 个）；因此未判定：GS821",
            ],
            id="the reason of the most rules comes first",
        ),
    ],
)
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
