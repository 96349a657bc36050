"""Importance and insight of a change, between 0 and 10, as sums of parts that a reader can check. The formulas stand in docs/scores.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.assessment.signals import Signals, doubling
from diffscope.assessment.values import Score, ScorePart
from diffscope.rules.values import Severity
from diffscope.taxonomy.values import ImportanceNumbers, InsightNumbers, ScoreTable

_HIGHEST = 10.0
_FULL_LOGIC = 6
"""Doublings of logic lines (63 lines) from which a central area counts in full."""


def score_importance(signals: Signals, scores: ScoreTable) -> Score:
    """Return how much of the product, and how central a part of it, the change alters."""
    return _score("importance", _importance(signals, scores), scores)


def score_insight(signals: Signals, scores: ScoreTable) -> Score:
    """Return how much there is to learn from reading the change: design written anew, in central places, with reasons and tests."""
    return _score("insight", _insight(signals, scores), scores)


def _score(name: str, parts: Iterable[ScorePart], scores: ScoreTable) -> Score:
    kept = tuple(part for part in parts if part.value)
    total = round(sum(part.value for part in kept), 2)
    return Score(value=min(max(total, 0.0), _HIGHEST), formula=f"{name}/{scores.version}", parts=kept)


def _importance(signals: Signals, scores: ScoreTable) -> Iterator[ScorePart]:
    numbers = scores.importance
    yield _part("kind", _start(signals.kind, scores)[0], f"a change of kind {signals.kind}")
    lines = f"{signals.size:.0f} lines added to product files"
    size = numbers.size * doubling(signals.size / numbers.size_lines)
    yield _part("size", min(size, numbers.size_most), lines)
    yield from _logic(signals, numbers, edge=0.0)
    yield from _structure(signals, numbers)
    yield _option(signals, numbers)
    yield _counted("native", signals.native, numbers, "native lines written")
    faults = ", ".join(signals.grave[:3])
    yield _part("grave", numbers.grave if signals.grave else 0.0, f"the title tells of {faults}")
    yield _platform(signals, numbers)
    yield _counted(
        "dependency", len(signals.dependencies), numbers, "core dependencies moved", signals.dependencies
    )
    yield _counted(
        "foundation", len(signals.foundations), numbers, "of them foundations", signals.foundations
    )
    if not signals.logic:
        yield _counted("infrastructure", signals.infrastructure, numbers, "lines of build and CI")
    yield _part("flags", _flags(signals, numbers), ", ".join(flag.code for flag in signals.flags))
    yield _part("models", -numbers.models if signals.only_models else 0.0, "single models alone")
    yield _part("minor", -numbers.minor if signals.minor else 0.0, "the title's tag calls it minor")


def _insight(signals: Signals, scores: ScoreTable) -> Iterator[ScorePart]:
    numbers = scores.insight
    yield _part("kind", _start(signals.kind, scores)[1], f"a change of kind {signals.kind}")
    yield from _logic(signals, numbers, edge=1)
    yield from _structure(signals, numbers)
    rework = f"{signals.removed} lines gave way to {signals.written}"
    yield _part("rework", numbers.rework * _rework(signals), rework)
    yield _counted("body", signals.words / 30 - 1, numbers, "times thirty words of description")


def _logic(
    signals: Signals, numbers: ImportanceNumbers | InsightNumbers, *, edge: float
) -> Iterator[ScorePart]:
    size = doubling(signals.logic)
    lines = min(numbers.logic * size, numbers.logic_most) * (edge + (1 - edge) * signals.centre)
    yield _part("logic", lines, f"{signals.logic:.0f} lines of logic, moves and removals discounted")
    centre = numbers.centre * signals.centre * min(size / _FULL_LOGIC, 1)
    yield _part("centre", centre, f"centrality {signals.centre:.2f} of the areas that it changes")


def _structure(signals: Signals, numbers: ImportanceNumbers | InsightNumbers) -> Iterator[ScorePart]:
    yield _counted("branches", signals.branches, numbers, "branches added")
    yield _counted("symbols", signals.symbols, numbers, "public symbols added")
    modules = min(numbers.modules * signals.modules, numbers.modules_most)
    yield _part("modules", modules, f"{signals.modules} modules added")
    yield _counted("breadth", len(signals.areas) - 1, numbers, "further areas with logic")
    yield _counted("surfaces", len(signals.surfaces), numbers, "public surfaces", signals.surfaces)
    yield _counted("tests", signals.tests, numbers, "test lines added")


def _part(name: str, value: float, why: str) -> ScorePart:
    return ScorePart(name=name, value=round(value, 2), why=why)


def _counted(
    name: str,
    count: float,
    numbers: ImportanceNumbers | InsightNumbers,
    what: str,
    names: tuple[str, ...] = (),
) -> ScorePart:
    """Return the part of that name: its number for each doubling of the count, at most what the table allows."""
    each: float = getattr(numbers, name)
    most: float = getattr(numbers, f"{name}_most")
    listed = f": {', '.join(names[:4])}" if names else ""
    return _part(name, min(each * doubling(count), most), f"{max(count, 0):.0f} {what}{listed}")


def _start(kind: str, scores: ScoreTable) -> tuple[float, float]:
    return next(
        ((importance, insight) for name, importance, insight in scores.kinds if name == kind), (0.0, 0.0)
    )


def _flags(signals: Signals, numbers: ImportanceNumbers) -> float:
    worth = {
        Severity.INFO: 0.0,
        Severity.LOW: numbers.flag_low,
        Severity.MEDIUM: numbers.flag_medium,
        Severity.HIGH: numbers.flag_high,
        Severity.CRITICAL: numbers.flag_critical,
    }
    return min(sum(worth[flag.severity] for flag in signals.flags), numbers.flags_most)


def _option(signals: Signals, numbers: ImportanceNumbers) -> ScorePart:
    value = numbers.option if signals.options else 0.0
    if signals.new_options:
        return _part(
            "option",
            value + numbers.new_option,
            f"{signals.options} settings changed, {signals.new_options} new",
        )
    return _part("option", value, f"{signals.options} settings changed")


def _platform(signals: Signals, numbers: ImportanceNumbers) -> ScorePart:
    value = numbers.platform if signals.platforms else 0.0
    why = f"logic of {', '.join(signals.platforms)}" if signals.platforms else "logic"
    if signals.for_platform:
        return _part("platform", value + numbers.for_platform, f"{why}, and the title names a platform")
    return _part("platform", value, why)


def _rework(signals: Signals) -> float:
    """Return how evenly lines were written and removed, between 0 and 1, small changes discounted."""
    smaller, larger = sorted((signals.written, signals.removed))
    return smaller / larger * min(doubling(smaller) / _FULL_LOGIC, 1) if larger else 0.0
