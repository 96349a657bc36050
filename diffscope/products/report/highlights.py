"""Highlights and suggestions of a window, each drawn from facts and flags of its pull requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from diffscope.assessment.document import Assessment
from diffscope.messages.model import Text
from diffscope.messages.say import text_of
from diffscope.products.report.counts import number_of
from diffscope.products.report.model import FamilyRisk, Highlight, RiskSection, Suggestion, Target
from diffscope.render.change_summary import summarize_change
from diffscope.rules.model import Flag, Severity, every_flag

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
        for flag in every_flag(one.flags):
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
            text=text_of("report.look-by-hand"),
            pulls=pulls,
        )


_MOST = 8
_MOST_FACTS = 2
_FAR = 20
"""Modules. Fewer are no reach worth a word."""


def highlights(assessments: Iterable[Assessment], *, most: int) -> tuple[Highlight, ...]:
    """Return the most important pull requests, most important first; ties by insight, then by number."""
    ranked = sorted(assessments, key=lambda one: (-one.importance.value, -one.insight.value, number_of(one)))
    return tuple(_highlight(one) for one in ranked[:most])


def _highlight(assessment: Assessment) -> Highlight:
    return Highlight(
        number=number_of(assessment),
        title=assessment.change.pull.title,
        url=assessment.change.pull.url,
        kind=assessment.kind,
        level=assessment.risk.level.value,
        importance=assessment.importance.value,
        insight=assessment.insight.value,
        areas=tuple(share.area for share in assessment.areas[:3]),
        platforms=assessment.platforms,
        facts=tuple(_facts(assessment)),
    )


def _facts(assessment: Assessment) -> Iterator[Text]:
    """Yield clauses that the facts carry: what it does, how far it reaches, how large it is, which tests came along."""
    yield from summarize_change(assessment)[:_MOST_FACTS]
    yield from _reach(assessment)
    yield _size(assessment)


def _reach(assessment: Assessment) -> Iterator[Text]:
    reached = [
        (module.reach, module.module)
        for module in assessment.modules
        if isinstance(module.reach, int) and module.reach >= _FAR
    ]
    if reached:
        reach, module = max(reached)
        yield text_of("clause.reach", count=reach, module=module)


def _size(assessment: Assessment) -> Text:
    change, tests = assessment.change, len(assessment.tests.changed)
    if not tests:
        return text_of(
            "clause.size-untested",
            files=change.files,
            additions=change.additions,
            deletions=change.deletions,
        )
    return text_of(
        "clause.size",
        files=change.files,
        additions=change.additions,
        deletions=change.deletions,
        tests=tests,
    )
