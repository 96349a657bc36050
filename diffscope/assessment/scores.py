"""Importance and insight of a change, each between 0 and 10, as sums of explained parts. docs/scores.md has the formulas."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from diffscope.assessment.document import Score, ScorePart
from diffscope.assessment.signals import Signals, doubling
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Message, message
from diffscope.messages.say import sentence
from diffscope.rules.model import Severity
from diffscope.taxonomy.tables import ImportanceNumbers, InsightNumbers, ScoreTable

_HIGHEST = 10.0
_FULL_LOGIC = 6
"""Doublings of logic lines (63 lines) from which a central area counts in full."""


class _Part(NamedTuple):
    """A part of a score before it is put into words: one of no value says nothing."""

    name: str
    value: float
    why: Message


def score_importance(signals: Signals, scores: ScoreTable) -> Score:
    """Return how much of the product, and how central a part of it, the change alters."""
    return _score("importance", _importance(signals, scores), scores, scores.importance.bend)


def score_insight(signals: Signals, scores: ScoreTable) -> Score:
    """Return how much there is to learn from reading the change: design written anew, in central places, with reasons and tests."""
    return _score("insight", _insight(signals, scores), scores, scores.insight.bend)


def _score(name: str, parts: Iterable[_Part], scores: ScoreTable, bend: float) -> Score:
    kept = [part for part in parts if part.value]
    total = round(sum(part.value for part in kept), 2)
    value = max(round(_bent(total, bend), 2), 0.0)
    rest = round(value - total, 2)
    if rest:
        kept.append(_part("bend", rest, message("score.bend", bend=bend)))
    return Score(value=value, formula=f"{name}/{scores.version}", parts=tuple(map(_said, kept)))


def _bent(total: float, bend: float) -> float:
    """Return a score that goes on rising beyond ``bend``, slower and slower, and never reaches the highest: no two large changes are alike."""
    room = _HIGHEST - bend
    return total if total <= bend else bend + room * (1 - math.exp((bend - total) / room))


def _importance(signals: Signals, scores: ScoreTable) -> Iterator[_Part]:
    numbers = scores.importance
    yield _part(
        "kind",
        _start(signals.kind, scores)[0],
        message("score.kind", kind=signals.kind),
    )
    size = numbers.size * doubling(signals.size / numbers.size_lines)
    yield _part(
        "size",
        min(size, numbers.size_most),
        message("score.size", lines=round(signals.size)),
    )
    yield from _logic(signals, numbers, edge=0.0)
    yield from _structure(signals, numbers)
    yield _option(signals, numbers)
    yield _counted("native", "score.native", signals.native, numbers)
    yield _part(
        "grave",
        numbers.grave if signals.grave else 0.0,
        message("score.faults", faults=tuple(signals.grave[:3])),
    )
    yield _platform(signals, numbers)
    moved, bases = signals.dependencies, signals.foundations
    yield _counted("dependency", "score.dependency", len(moved), numbers, moved)
    yield _counted("foundation", "score.foundation", len(bases), numbers, bases)
    if not signals.logic:
        yield _counted("infrastructure", "score.infrastructure", signals.infrastructure, numbers)
    codes = tuple(flag.code for flag in signals.flags)
    yield _part("flags", _flags(signals, numbers), message("score.flags", rules=codes))
    yield _part("models", -numbers.models if signals.only_models else 0.0, message("score.models"))
    yield _part(
        "minor",
        -numbers.minor if signals.minor else 0.0,
        message("score.minor"),
    )


def _insight(signals: Signals, scores: ScoreTable) -> Iterator[_Part]:
    numbers = scores.insight
    yield _part(
        "kind",
        _start(signals.kind, scores)[1],
        message("score.kind", kind=signals.kind),
    )
    yield from _logic(signals, numbers, edge=1)
    yield from _structure(signals, numbers)
    gone, come = signals.removed, signals.written
    value = numbers.rework * _rework(signals)
    yield _part("rework", value, message("score.rework", removed=gone, added=come))
    yield _counted("body", "score.description", signals.words / 30 - 1, numbers)


def _logic(signals: Signals, numbers: ImportanceNumbers | InsightNumbers, *, edge: float) -> Iterator[_Part]:
    size = doubling(signals.logic)
    lines = min(numbers.logic * size, numbers.logic_most) * (edge + (1 - edge) * signals.centre)
    yield _part("logic", lines, message("score.logic", lines=round(signals.logic)))
    centre = numbers.centre * signals.centre * min(size / _FULL_LOGIC, 1)
    yield _part("centre", centre, message("score.centre", share=signals.centre))


def _structure(signals: Signals, numbers: ImportanceNumbers | InsightNumbers) -> Iterator[_Part]:
    yield _counted("branches", "score.branches", signals.branches, numbers)
    yield _counted("symbols", "score.symbols", signals.symbols, numbers)
    modules = min(numbers.modules * signals.modules, numbers.modules_most)
    yield _part("modules", modules, message("score.modules", count=signals.modules))
    yield _counted("breadth", "score.breadth", len(signals.areas) - 1, numbers)
    surfaces = signals.surfaces
    yield _counted("surfaces", "score.surfaces", len(surfaces), numbers, surfaces)
    yield _counted("tests", "score.tests", signals.tests, numbers)


def _said(part: _Part) -> ScorePart:
    return ScorePart(name=part.name, value=part.value, why=sentence(part.why))


def _part(name: str, value: float, why: Message) -> _Part:
    return _Part(name, round(value, 2), why)


def _counted(
    name: str,
    code: MessageCode,
    count: float,
    numbers: ImportanceNumbers | InsightNumbers,
    names: tuple[str, ...] = (),
) -> _Part:
    """Return the part of that name: its number for each doubling of the count, at most what the table allows."""
    each: float = getattr(numbers, name)
    most: float = getattr(numbers, f"{name}_most")
    shown = round(max(count, 0))
    why = message(code, count=shown, names=names[:4]) if names else message(code, count=shown)
    return _part(name, min(each * doubling(count), most), why)


def _start(kind: str, scores: ScoreTable) -> tuple[float, float]:
    start = scores.kinds.get(kind)
    return (start.importance, start.insight) if start else (0.0, 0.0)


def _flags(signals: Signals, numbers: ImportanceNumbers) -> float:
    worth = {
        Severity.INFO: 0.0,
        Severity.LOW: numbers.flag_low,
        Severity.MEDIUM: numbers.flag_medium,
        Severity.HIGH: numbers.flag_high,
        Severity.CRITICAL: numbers.flag_critical,
    }
    return min(sum(worth[flag.severity] for flag in signals.flags), numbers.flags_most)


def _option(signals: Signals, numbers: ImportanceNumbers) -> _Part:
    value = numbers.option if signals.options else 0.0
    why = message("score.option", count=signals.options)
    if signals.new_options:
        value += numbers.new_option
        why = message("score.option-new", count=signals.options, new=signals.new_options)
    return _part("option", value, why)


def _platform(signals: Signals, numbers: ImportanceNumbers) -> _Part:
    value = numbers.platform if signals.platforms else 0.0
    why = message("score.platform", platforms=signals.platforms)
    if signals.for_platform:
        value += numbers.for_platform
        why = (
            message("score.platform-titled", platforms=signals.platforms)
            if signals.platforms
            else message("score.platform-title-only")
        )
    return _part("platform", value, why)


def _rework(signals: Signals) -> float:
    """Return how evenly lines were written and removed, between 0 and 1, small changes discounted."""
    smaller, larger = sorted((signals.written, signals.removed))
    return smaller / larger * min(doubling(smaller) / _FULL_LOGIC, 1) if larger else 0.0
