"""The risk level of a change: that of its worst standing flag, or unknown where too much was not judged to call it safe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import UNSET

from diffscope.assessment.values import Risk, RiskLevel
from diffscope.facts.shapes import PRODUCT
from diffscope.facts.values import ChangeFacts
from diffscope.rules.catalogue import Catalogue
from diffscope.rules.values import Flag, Severity, UnknownRule
from diffscope.taxonomy.values import RiskNumbers

_LEVELS = {
    Severity.INFO: RiskLevel.LOW,
    Severity.LOW: RiskLevel.LOW,
    Severity.MEDIUM: RiskLevel.MEDIUM,
    Severity.HIGH: RiskLevel.HIGH,
    Severity.CRITICAL: RiskLevel.CRITICAL,
}
_CALM = (RiskLevel.NONE, RiskLevel.LOW)
_MOST_REASONS = 8


def judge_risk(
    flags: Iterable[Flag],
    unknown: Iterable[UnknownRule],
    facts: ChangeFacts,
    *,
    catalogue: Catalogue,
    numbers: RiskNumbers,
) -> Risk:
    """Return the level and what decided it. A change is never called low or none for what was not judged."""
    standing = sorted(flags, key=lambda flag: (-flag.severity.rank, flag.code))
    level = _LEVELS[standing[0].severity] if standing else RiskLevel.NONE
    reasons = [
        f"{flag.code} {flag.name} ({flag.severity.value})"
        for flag in standing
        if flag.severity is standing[0].severity
    ]
    if level not in _CALM:
        return Risk(level=level, because=tuple(reasons[:_MOST_REASONS]))
    missing = tuple(_not_judged(tuple(unknown), facts, catalogue=catalogue, numbers=numbers))
    if missing:
        return Risk(level=RiskLevel.UNKNOWN, because=(*missing, *reasons)[:_MOST_REASONS])
    return Risk(level=level, because=tuple(reasons[:_MOST_REASONS]) or ("no rule fired",))


def _not_judged(
    unknown: tuple[UnknownRule, ...], facts: ChangeFacts, *, catalogue: Catalogue, numbers: RiskNumbers
) -> Iterator[str]:
    blind = [file.path for file in facts.file if file.category in PRODUCT and file.logic is UNSET]
    if blind:
        more = f" and {len(blind) - 1} more" if len(blind) > 1 else ""
        yield f"not judged: whether the logic of {blind[0]}{more} changed"
    for gap in facts.gaps:
        if gap.what == "diff-truncated":
            yield f"not judged: {gap.reason}"
    open_rules = [each for each in unknown if _could_matter(each, catalogue)]
    if len(open_rules) >= numbers.unknown_rules:
        wanting = sorted({missing for each in open_rules for missing in each.missing})
        codes = ", ".join(each.code for each in open_rules[:6])
        yield f"not judged: {codes} for want of {', '.join(wanting[:4]) or 'facts'}"


def _could_matter(unknown: UnknownRule, catalogue: Catalogue) -> bool:
    rule = catalogue.rule(unknown.code)
    return (
        rule is None
        or rule.severity.rank >= Severity.MEDIUM.rank
        or any(step.to.rank >= Severity.MEDIUM.rank for step in rule.escalate)
    )
