"""What deserves follow-up, drawn from the flags of a window and from nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from diffscope.assessment.values import Assessment
from diffscope.report.counts import number_of
from diffscope.report.values import FamilyRisk, RiskSection, Suggestion
from diffscope.rules.values import Bilingual, Severity

_MOST = 8


def suggestions(section: RiskSection, assessments: Iterable[Assessment]) -> tuple[Suggestion, ...]:
    """Return at most eight suggestions: one a family, worded by its most frequent rule's advice, then what could not be judged."""
    advice = _advice(assessments)
    found = [_for_family(family, advice) for family in section.families if family.count]
    return (*(one for one in found if one is not None), *_for_unknown(section))[:_MOST]


def _advice(assessments: Iterable[Assessment]) -> dict[str, dict[str, tuple[Bilingual, list[int]]]]:
    found: dict[str, dict[str, tuple[Bilingual, list[int]]]] = defaultdict(dict)
    for one in assessments:
        for flag in one.flags:
            if flag.severity.rank >= Severity.MEDIUM.rank:
                _, pulls = found[flag.family].setdefault(flag.code, (flag.advice, []))
                pulls.append(number_of(one))
    return found


def _for_family(
    family: FamilyRisk, advice: dict[str, dict[str, tuple[Bilingual, list[int]]]]
) -> Suggestion | None:
    rules = advice.get(family.family, {})
    if not rules:
        return None
    counts = Counter({code: len(pulls) for code, (_, pulls) in rules.items()})
    code = min(counts, key=lambda each: (-counts[each], each))
    text, pulls = rules[code]
    return Suggestion(
        key=code,
        family=family.family,
        count=len(pulls),
        text=text,
        pulls=tuple(sorted(pulls)),
    )


def _for_unknown(section: RiskSection) -> Iterator[Suggestion]:
    if section.unknown:
        pulls = tuple(item.number for item in section.unknown)
        yield Suggestion(
            key="unknown",
            family="unknown",
            count=len(pulls),
            text=Bilingual(
                en="Look by hand at what some rule could not judge.", zh="人工查看有规则未能判定的变更。"
            ),
            pulls=pulls,
        )
