"""What deserves follow-up, drawn from the flags of a window and from nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from diffscope.assessment.document import Assessment
from diffscope.products.report.counts import number_of
from diffscope.products.report.model import FamilyRisk, RiskSection, Suggestion, Target
from diffscope.rules.values import Bilingual, Flag, Severity

_MOST = 8
_TARGETS = 4


class _Flagged(NamedTuple):
    assessment: Assessment
    flag: Flag


def suggestions(section: RiskSection, assessments: Iterable[Assessment]) -> tuple[Suggestion, ...]:
    """Return at most eight suggestions: one a family, worded by its most frequent rule's advice, then what could not be judged."""
    flagged = _by_rule(assessments)
    found = [_for_family(family, flagged) for family in section.families if family.count]
    return (*(one for one in found if one is not None), *_for_unknown(section))[:_MOST]


def _by_rule(assessments: Iterable[Assessment]) -> dict[str, dict[str, list[_Flagged]]]:
    """Return family -> code -> what was flagged, at medium severity and above."""
    found: dict[str, dict[str, list[_Flagged]]] = defaultdict(lambda: defaultdict(list))
    for one in assessments:
        for flag in one.flags:
            if flag.severity.rank >= Severity.MEDIUM.rank:
                found[flag.family][flag.code].append(_Flagged(one, flag))
    return found


def _for_family(family: FamilyRisk, flagged: dict[str, dict[str, list[_Flagged]]]) -> Suggestion | None:
    rules = flagged.get(family.family, {})
    if not rules:
        return None
    code = min(rules, key=lambda each: (-len(rules[each]), each))
    ranked = sorted(rules[code], key=_urgency)
    return Suggestion(
        key=code,
        family=family.family,
        count=len(ranked),
        text=ranked[0].flag.advice,
        pulls=tuple(number_of(each.assessment) for each in ranked),
        targets=tuple(_targets(ranked))[:_TARGETS],
    )


def _urgency(each: _Flagged) -> tuple[int, float, int]:
    return (-each.flag.severity.rank, -each.assessment.importance.value, number_of(each.assessment))


def _targets(ranked: Iterable[_Flagged]) -> Iterator[Target]:
    for each in ranked:
        first = each.flag.evidence[0] if each.flag.evidence else None
        name = first and (first.symbol or first.path)
        if name:
            yield Target(number=number_of(each.assessment), name=name)


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
