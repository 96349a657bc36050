"""The risk section: families by count, each with the pull requests and the evidence, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import UNSET

from diffscope.assessment.document import Assessment, RiskLevel
from diffscope.products.report.counts import count, number_of
from diffscope.products.report.model import FamilyRisk, RiskItem, RiskSection, UnknownItem, WaivedItem
from diffscope.rules.model import FAMILIES, Flag, Severity, every_flag, family_title

COUNTED_FROM = Severity.MEDIUM
"""Published reports count what deserves a second look; smaller touches are noted apart."""

_LEVELS = tuple(level.value for level in RiskLevel)


def risk_section(assessments: tuple[Assessment, ...], before: tuple[Assessment, ...] | None) -> RiskSection:
    """Return the risk section of a window; ``before`` gives each family's count in the window before."""
    earlier = None if before is None else Counter(family for one in before for family in families_of(one))
    families = (_family(name, assessments, earlier) for name in FAMILIES)
    order = list(FAMILIES)
    kept = sorted(
        (family for family in families if family.count or family.minor),
        key=lambda family: (-family.count, -len(family.minor), order.index(family.family)),
    )
    levels = count(assessments, lambda one: (one.risk.level.value,))
    return RiskSection(
        families=tuple(kept),
        levels=tuple(sorted(levels, key=lambda one: _LEVELS.index(one.name))),
        waived=_waived(assessments),
        unknown=_unknown(assessments),
    )


def families_of(assessment: Assessment) -> frozenset[str]:
    """Return the families that a pull request is counted under: those of its flags of medium severity and above."""
    return frozenset(
        flag.family for flag in every_flag(assessment.flags) if flag.severity.rank >= COUNTED_FROM.rank
    )


def items_of(assessment: Assessment) -> tuple[RiskItem, ...]:
    """Return every flag of a pull request as an item, worst first, then by code."""
    return tuple(_item(assessment, flag) for flag in every_flag(assessment.flags))


def _family(name: str, assessments: tuple[Assessment, ...], earlier: Counter[str] | None) -> FamilyRisk:
    worst = [item for one in assessments if (item := _worst(one, name)) is not None]
    counted = [item for item in worst if item.severity.rank >= COUNTED_FROM.rank]
    minor = [item for item in worst if item.severity.rank < COUNTED_FROM.rank]
    importance = {number_of(one): one.importance.value for one in assessments}
    return FamilyRisk(
        family=name,
        title=family_title(name),
        count=len(counted),
        pulls=tuple(sorted(item.number for item in counted)),
        minor=tuple(sorted(item.number for item in minor)),
        items=tuple(
            sorted(
                worst,
                key=lambda item: (-item.severity.rank, -importance[item.number], item.number, item.code),
            )
        ),
        before=UNSET if earlier is None else earlier[name],
    )


def _worst(assessment: Assessment, family: str) -> RiskItem | None:
    flags = [flag for flag in every_flag(assessment.flags) if flag.family == family]
    if not flags:
        return None
    return _item(assessment, min(flags, key=lambda flag: (-flag.severity.rank, flag.code)))


def _item(assessment: Assessment, flag: Flag) -> RiskItem:
    first = flag.evidence[0] if flag.evidence else None
    return RiskItem(
        number=number_of(assessment),
        title=assessment.change.pull.title,
        code=flag.code,
        severity=flag.severity,
        message=flag.message,
        path=first.path if first else None,
        line=first.line if first else 0,
        symbol=first.symbol if first else None,
    )


def _waived(assessments: Iterable[Assessment]) -> tuple[WaivedItem, ...]:
    found = (
        WaivedItem(number=number_of(one), code=waived.flag.code, reason=waived.reason)
        for one in assessments
        for waived in one.waived
    )
    return tuple(sorted(found, key=lambda item: (item.number, item.code)))


def _unknown(assessments: Iterable[Assessment]) -> tuple[UnknownItem, ...]:
    found = (
        UnknownItem(
            number=number_of(one),
            codes=tuple(sorted(rule.code for rule in one.unknown)),
            missing=tuple(
                sorted({each for rule in one.unknown for each in rule.missing}, key=lambda each: each.en)
            ),
        )
        for one in assessments
        if one.unknown
    )
    return tuple(sorted(found, key=lambda item: item.number))
