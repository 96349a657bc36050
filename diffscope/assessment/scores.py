"""Importance and insight of a change, each between 0 and 10, as sums of explained parts; where to look first, by later fixes of such places. docs/scores.md has the formulas.

``judge_fix_risk`` gives the chance that a change is followed by a fix to its own lines: a sum of few measures, by coefficients that
``rules/fix_risk.yml`` holds.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from msgspec import UNSET

from diffscope.assessment.document import FixRisk, ReadingPlace, Score, ScorePart
from diffscope.assessment.files import is_hosted
from diffscope.assessment.signals import Signals, doubling
from diffscope.facts.classify.change_shape import PRODUCT
from diffscope.facts.model import ChangeFacts, FileFact, FixMeasures, Located, NativeFact, SymbolFact
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Message, message
from diffscope.messages.say import sentence
from diffscope.taxonomy.consequence import FixRiskTable, Measure
from diffscope.taxonomy.tables import ImportanceNumbers, InsightNumbers, PlaceNumbers, ScoreTable

_Weighed = tuple[str, float, Message]


_HIGHEST = 10.0
_FULL_LOGIC = 6
"""Doublings of logic lines (63 lines) from which a central area counts in full."""


_Numbers = ImportanceNumbers | InsightNumbers


def score_importance(signals: Signals, scores: ScoreTable) -> Score:
    """Return what a lead would call important: how much changed, what others build on, what users see."""
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
    yield _part("kind", _start(signals.kind, scores)[0], message("score.kind", kind=signals.kind))
    yield _doubled("size", "score.size", signals.size, numbers)
    surfaces, moved, bases = signals.surfaces, signals.dependencies, signals.foundations
    yield _doubled("surfaces", "score.surfaces", len(surfaces), numbers, surfaces)
    gone, came = signals.classes_gone, signals.classes_new
    value = numbers.merged if gone and came else 0.0
    yield _part("merged", value, message("score.merged", removed=gone, added=came))
    yield _doubled("adopters", "score.adopters", len(signals.adopters), numbers, signals.adopters)
    yield _doubled("steps", "score.steps", signals.steps, numbers)
    yield _doubled("numerics", "score.numerics", signals.numerics, numbers)
    yield _doubled("option", "score.option", len(signals.options), numbers, signals.options)
    value = numbers.platform if signals.platforms else 0.0
    yield _part("platform", value, message("score.platform", platforms=signals.platforms))
    yield _doubled("breadth", "score.folders", signals.folders - 1, numbers)
    value = numbers.grave if signals.grave else 0.0
    yield _part("grave", value, message("score.faults", faults=tuple(signals.grave[:3])))
    yield _doubled("dependency", "score.dependency", len(moved), numbers, moved)
    yield _doubled("foundation", "score.foundation", len(bases), numbers, bases)
    yield _doubled("tests", "score.tests", signals.tests, numbers)
    if not signals.logic:
        yield _doubled("infrastructure", "score.infrastructure", signals.infrastructure, numbers)
    yield _part("minor", -numbers.minor if signals.minor else 0.0, message("score.minor"))


def _insight(signals: Signals, scores: ScoreTable) -> Iterator[_Part]:
    numbers = scores.insight
    yield _part("kind", _start(signals.kind, scores)[1], message("score.kind", kind=signals.kind))
    size = doubling(signals.logic)
    lines = min(numbers.logic * size, numbers.logic_most)
    yield _part("logic", lines, message("score.logic", lines=round(signals.logic)))
    centre = numbers.centre * signals.centre * min(size / _FULL_LOGIC, 1)
    yield _part("centre", centre, message("score.centre", share=signals.centre))
    yield _capped("branches", "score.branches", signals.branches, numbers)
    yield _capped("symbols", "score.symbols", signals.symbols, numbers)
    modules = min(numbers.modules * signals.modules, numbers.modules_most)
    yield _part("modules", modules, message("score.modules", count=signals.modules))
    yield _capped("breadth", "score.breadth", len(signals.areas) - 1, numbers)
    surfaces = signals.surfaces
    yield _capped("surfaces", "score.surfaces", len(surfaces), numbers, surfaces)
    yield _capped("tests", "score.tests", signals.tests, numbers)
    gone, come = signals.removed, signals.written
    value = numbers.rework * _rework(signals)
    yield _part("rework", value, message("score.rework", removed=gone, added=come))
    yield _capped("body", "score.description", signals.words / 30 - 1, numbers)


def _said(part: _Part) -> ScorePart:
    return ScorePart(name=part.name, value=part.value, why=sentence(part.why))


def _part(name: str, value: float, why: Message) -> _Part:
    return _Part(name, round(value, 2), why)


def _doubled(
    name: str, code: MessageCode, count: float, numbers: _Numbers, names: tuple[str, ...] = ()
) -> _Part:
    """Return the part of that name: its number for each doubling of the count."""
    each: float = getattr(numbers, name)
    shown = round(max(count, 0))
    why = message(code, count=shown, names=names[:4]) if names else message(code, count=shown)
    return _part(name, each * doubling(count), why)


def _capped(
    name: str, code: MessageCode, count: float, numbers: InsightNumbers, names: tuple[str, ...] = ()
) -> _Part:
    """Return the same, at most what the table allows."""
    part = _doubled(name, code, count, numbers, names)
    most: float = getattr(numbers, f"{name}_most")
    return part._replace(value=min(part.value, most))


def _start(kind: str, scores: ScoreTable) -> tuple[float, float]:
    start = scores.kinds.get(kind)
    return (start.importance, start.insight) if start else (0.0, 0.0)


def _rework(signals: Signals) -> float:
    """Return how evenly lines were written and removed, between 0 and 1, small changes discounted."""
    smaller, larger = sorted((signals.written, signals.removed))
    return smaller / larger * min(doubling(smaller) / _FULL_LOGIC, 1) if larger else 0.0


_MOST_REASONS: Final = 3
_LEAST: Final = 0.05
"""Of the log of the odds: what moves them less is no reason."""


def judge_fix_risk(facts: ChangeFacts, table: FixRiskTable) -> FixRisk | None:
    """Return the chance of a later fix; ``None`` where nothing can be fixed, the past is not known, or the coefficients are another repository's."""
    measures = facts.fix_measures
    if measures is UNSET or measures is None or facts.pull.repository != table.repository:
        return None
    parts = parts_of(measures, table)
    odds = table.intercept + math.fsum(parts.values())
    ranked = sorted(parts.items(), key=lambda part: (-abs(part[1]), part[0]))
    telling = [part for part in ranked if abs(part[1]) >= _LEAST][:_MOST_REASONS]
    chance = probability(odds)
    return FixRisk(
        probability=round(chance, 4),
        base_rate=table.base_rate,
        interval=_interval(chance, table),
        reasons=tuple(sentence(_with_side(_reason(name, measures, table), value)) for name, value in telling),
        formula=f"fix-risk/{table.version}",
    )


def parts_of(measures: FixMeasures, table: FixRiskTable) -> dict[Measure, float]:
    """Return what each measure adds to the log of the odds, against a usual change."""
    return {
        one.measure: one.coefficient * (measured(measures, one.measure) - one.usual) for one in table.measures
    }


def measured(measures: FixMeasures, name: Measure) -> float:
    """Return a measure as the coefficients take it: the logarithm of one more than it."""
    return math.log1p(getattr(measures, name))


def probability(odds: float) -> float:
    """Return the chance of the log of its odds."""
    return 1 / (1 + math.exp(-odds)) if odds >= 0 else math.exp(odds) / (1 + math.exp(odds))


def _interval(chance: float, table: FixRiskTable) -> tuple[float, float]:
    """Return Wilson's 95% interval of what was fixed among the unseen changes of about this chance, widened to hold it."""
    row = next(row for row in table.calibration if chance <= row.upto)
    rate, square = row.fixed / row.changes, 1.959964**2
    middle = rate + square / (2 * row.changes)
    reach = 1.959964 * math.sqrt(rate * (1 - rate) / row.changes + square / (4 * row.changes**2))
    low, high = ((middle + side * reach) / (1 + square / row.changes) for side in (-1, 1))
    return round(max(0.0, min(low, chance)), 4), round(min(1.0, max(high, chance)), 4)


def _with_side(reason: Message, value: float) -> Message:
    return reason if value > 0 else message("fix-risk.lowers", reason=reason)


def _reason(measure: Measure, measures: FixMeasures, table: FixRiskTable) -> Message:
    match measure:
        case "added":
            return message("fix-risk.added", count=measures.added)
        case "moved":
            return message("fix-risk.moved", share=f"{measures.moved:.0%}")
        case "new":
            return message("fix-risk.new", share=f"{measures.new:.0%}")
        case "branches":
            return message("fix-risk.branches", count=measures.branches)
        case "unfinished":
            return message("fix-risk.unfinished", count=measures.unfinished)
        case "fixes":
            return message("fix-risk.fixes", count=measures.fix_commits, days=table.history_days)


MOST: Final = 10
"""Places of a document: nobody reads the eleventh first."""
_MOVED_INTO = 3
"""Of so many lines of a new symbol one that is counted as new: the others came from elsewhere."""
_PROSE: Final = frozenset({"docs", "data", "other"})
_CONSTRUCTORS: Final = frozenset({"__init__", "__post_init__", "__new__"})
_Key = tuple[str, str | None]


def look_first(facts: ChangeFacts, scores: ScoreTable) -> tuple[ReadingPlace, ...]:
    """Return at most ten changed places, the one to read first at the head; ties by path and line.

    Product code stands before tools and tests. A place is a changed function, method, class or variable, or a file in which none is known. Prose and data are none.
    """
    seen = _Seen(facts)
    symbols = [_of_symbol(one, seen, scores) for one in facts.symbol if one.logic and one.kind != "module"]
    natives = [
        _of_native(one, seen, scores) for one in facts.native if not is_hosted(one) and not one.in_tests
    ]
    known = {one.path for one in (*symbols, *natives)}
    modules = {one.path for one in facts.symbol if one.kind == "module" and "body" in one.aspects}
    files = [
        _of_file(one, scores)
        for one in facts.file
        # Of Python without an edited symbol or statement only imports changed.
        if one.path not in known
        and one.logic is not False
        and (not one.path.endswith(".py") or one.path in modules)
    ]
    found = (one for one in (*symbols, *natives, *files) if seen.category(one.path) not in _PROSE)
    return tuple(
        sorted(
            found,
            key=lambda one: (
                seen.category(one.path) not in PRODUCT,
                -one.score,
                one.path,
                one.line,
                one.symbol or "",
            ),
        )
    )[:MOST]


class _Seen:
    """What else the facts say of a symbol, by its path and name."""

    def __init__(self, facts: ChangeFacts) -> None:
        self._categories = {file.path: file.category for file in facts.file}
        # Moved conditions are not new to a reader.
        self.conditions = Counter(
            _key(one) for one in facts.condition if one.change != "moved" and one.direction != "gone"
        )
        self.numerics = Counter(_key(one) for one in facts.numeric if one.change != "moved")
        self.calls = Counter(map(_key, facts.call))
        self._lines: dict[_Key, list[Located]] = defaultdict(list)
        for one in (*facts.condition, *facts.numeric, *facts.call):
            self._lines[_key(one)].append(one)

    def category(self, path: str) -> str:
        return self._categories.get(path, "other")

    def line_of(self, symbol: Located) -> Located:
        """Return the first telling place within an edited symbol, or the symbol itself."""
        return next((one for one in self._lines[_key(symbol)] if one.line and one.side == "new"), symbol)


def _key(fact: Located) -> _Key:
    return fact.path, fact.symbol


def _of_symbol(symbol: SymbolFact, seen: _Seen, scores: ScoreTable) -> ReadingPlace:
    aspects, weigh = frozenset(symbol.aspects), _Weighing(scores.place)
    resigned = not aspects.isdisjoint(("signature", "default"))
    parts = (
        *_size(symbol.code_added, symbol.code_removed, weigh),
        weigh("branches", (branches := _own_branches(symbol)), message("place.branches", count=branches)),
        *_told(symbol, seen, weigh),
        weigh("public", symbol.public, message("place.public")),
        weigh("variable", symbol.kind == "variable", message("place.variable")),
        weigh("constructor", _is_constructor(symbol), message("place.constructor")),
        weigh("signature", resigned, message("place.signature")),
        *_common(symbol, scores),
    )
    at = symbol if "added" in aspects else seen.line_of(symbol)
    return _place(at, symbol.symbol, parts)


def _own_branches(symbol: SymbolFact) -> int:
    """Return the branches that are new in a symbol: of a new one into which most lines were moved, none is known to be."""
    length = symbol.end_line - symbol.line + 1
    is_moved_into = "added" in symbol.aspects and symbol.code_added * _MOVED_INTO < length
    return 0 if is_moved_into else symbol.branches_added


def _of_native(native: NativeFact, seen: _Seen, scores: ScoreTable) -> ReadingPlace:
    weigh = _Weighing(scores.place)
    parts = (
        *_size(native.code_added, native.code_removed, weigh),
        *_told(native, seen, weigh),
        weigh("signature", native.change == "signature", message("place.signature")),
        *_common(native, scores),
    )
    return _place(native, native.symbol, parts)


def _of_file(file: FileFact, scores: ScoreTable) -> ReadingPlace:
    added = file.code_added or file.additions
    removed = file.code_removed or file.deletions
    return _place(file, None, (*_size(added, removed, _Weighing(scores.place)), *_common(file, scores)))


class _Weighing:
    """A count, or whether something is so, times the number of that name."""

    def __init__(self, numbers: PlaceNumbers) -> None:
        self._numbers = numbers

    def __call__(self, name: str, count: float, why: Message) -> _Weighed:
        each: float = getattr(self._numbers, name)
        return name, each * doubling(count), why


def _size(added: int, removed: int, weigh: _Weighing) -> Iterator[_Weighed]:
    yield weigh("added", added, message("place.added", count=added))
    yield weigh("untouched", not added, message("place.untouched", count=removed))


def _told(symbol: Located, seen: _Seen, weigh: _Weighing) -> Iterator[_Weighed]:
    key = _key(symbol)
    yield weigh("conditions", seen.conditions[key], message("place.conditions", count=seen.conditions[key]))
    yield weigh("numerics", seen.numerics[key], message("place.numerics", count=seen.numerics[key]))
    yield weigh("calls", seen.calls[key], message("place.calls", count=seen.calls[key]))


def _common(place: Located, scores: ScoreTable) -> Iterator[_Weighed]:
    weigh, less = _Weighing(scores.place), 1 - scores.categories.get(place.category, 0.0)
    yield weigh("tuning", place.effect == "tuning", message("place.tuning"))
    yield weigh("opt_in", place.reached == "opt_in", message("place.opt-in"))
    yield "category", scores.place.category * less, message("place.category", category=place.category)


def _is_constructor(symbol: SymbolFact) -> bool:
    return (symbol.symbol or "").rpartition(".")[2] in _CONSTRUCTORS


def _place(at: Located, symbol: str | None, parts: Iterable[_Weighed]) -> ReadingPlace:
    line, side = (at.changed_line, at.changed_side) if at.changed_line else (at.line, at.side)
    kept = [(name, round(value, 2), why) for name, value, why in parts if round(value, 2)]
    ranked = sorted(kept, key=lambda part: (-part[1], part[0]))
    return ReadingPlace(
        path=at.path,
        line=line,
        side=side,
        symbol=symbol,
        score=round(sum(value for _, value, _ in kept), 2),
        parts=tuple(ScorePart(name=name, value=value, why=sentence(why)) for name, value, why in ranked),
    )


class _Part(NamedTuple):
    """A part of a score before it is put into words: one of no value says nothing."""

    name: str
    value: float
    why: Message
