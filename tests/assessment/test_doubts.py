"""Why rules could not be judged: each reason once, with its places and its rules."""

from __future__ import annotations

import pytest

from diffscope.assessment.doubts import gather_doubts
from diffscope.rules.values import RuleCode, UnknownRule
from diffscope.source.model import CommitId, Gap, PullRequest, SourceKind

CLONE = PullRequest(repository="vllm-project/vllm", source=SourceKind.CLONE, title="Fix x")
PATCH = PullRequest(repository="vllm-project/vllm", source=SourceKind.PATCH, title="")
BASED = PullRequest(
    repository="vllm-project/vllm", source=SourceKind.PATCH, title="", base=CommitId("a" * 40)
)
GAP = Gap(what="parse", path="vllm/a.py", reason="it does not parse, first at line 12")
UNREAD = "its text before or after the change could not be read"


def unknown(code: str, *missing: str) -> UnknownRule:
    return UnknownRule(code=RuleCode(code), missing=missing)


@pytest.mark.parametrize(
    ("pull", "rules", "english", "chinese"),
    [
        pytest.param(
            CLONE,
            (
                unknown(
                    "CC701", "call: it does not parse (vllm/a.py)", "guard: it does not parse (vllm/a.py)"
                ),
                unknown("CF501", "option: it does not parse (vllm/a.py)"),
            ),
            ["vllm/a.py:12 does not parse; not judged for it: CC701, CF501"],
            ["vllm/a.py:12 无法解析；因此未判定：CC701、CF501"],
            id="a file that does not parse is said once, whatever families it leaves unknown",
        ),
        pytest.param(
            CLONE,
            (unknown("CC701", "call: it does not parse (vllm/a.py)", "call: it does not parse (vllm/b.py)"),),
            ["vllm/a.py:12, vllm/b.py do not parse; not judged for it: CC701"],
            ["vllm/a.py:12、vllm/b.py 无法解析；因此未判定：CC701"],
            id="two files share a reason",
        ),
        pytest.param(
            PATCH,
            (
                unknown("HI901", "history: no history of the base"),
                unknown("CC701", f"call: {UNREAD} (vllm/a.py)"),
            ),
            ["2 rules need the tree of the base, which a bare patch does not have: CC701, HI901"],
            ["2 条规则需要基准的目录树，而单独的补丁没有：CC701、HI901"],
            id="what a bare patch lacks has one reason",
        ),
        pytest.param(
            BASED,
            (unknown("HI901", "history: no history of the base"),),
            ["no history of the base; not judged for it: HI901"],
            ["没有基准的历史；因此未判定：HI901"],
            id="a patch whose base is known lacks one thing by its name",
        ),
        pytest.param(
            CLONE,
            (
                unknown("GS821", "symbol.distance: not computed for vllm/a.py and 3 more"),
                unknown("HI901", "history: no history of the base"),
                unknown("HI902", "history: no history of the base"),
            ),
            [
                "no history of the base; not judged for it: HI901, HI902",
                "symbol.distance not computed (vllm/a.py and 3 more); not judged for it: GS821",
            ],
            [
                "没有基准的历史；因此未判定：HI901、HI902",
                "未计算 symbol.distance（vllm/a.py 等 4 个）；因此未判定：GS821",
            ],
            id="the reason of the most rules comes first",
        ),
    ],
)
def test_each_reason_stands_once(
    pull: PullRequest, rules: tuple[UnknownRule, ...], english: list[str], chinese: list[str]
) -> None:
    sentences = [doubt.sentence() for doubt in gather_doubts(rules, gaps=(GAP,), pull=pull)]
    assert [sentence.en for sentence in sentences] == english
    assert [sentence.zh for sentence in sentences] == chinese


def test_many_rules_are_cut() -> None:
    """The first ones by code, and how many more."""
    rules = [unknown(f"XX10{number}", "history: no history of the base") for number in range(5)]
    (doubt,) = gather_doubts(rules, gaps=(), pull=CLONE)
    assert doubt.sentence(most=2).en == "no history of the base; not judged for it: XX100, XX101 and 3 more"
    assert doubt.sentence(most=2).zh == "没有基准的历史；因此未判定：XX100、XX101 等 5 条"
