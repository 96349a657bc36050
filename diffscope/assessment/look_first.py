"""Where to look first: the changed places of a change in the order in which later fixes touched such places. docs/scores.md has the formula."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from diffscope.assessment.document import ReadingPlace, ScorePart
from diffscope.assessment.files import is_hosted
from diffscope.assessment.signals import doubling
from diffscope.facts.classify.change_shape import PRODUCT
from diffscope.facts.model import ChangeFacts, FileFact, Located, NativeFact, SymbolFact
from diffscope.messages.model import Message, message
from diffscope.messages.say import sentence
from diffscope.taxonomy.tables import PlaceNumbers, ScoreTable

MOST: Final = 10
"""Places of a document: nobody reads the eleventh first."""
_PROSE: Final = frozenset({"docs", "data", "other"})
_CONSTRUCTORS: Final = frozenset({"__init__", "__post_init__", "__new__"})
_Key = tuple[str, str | None]
_Part = tuple[str, float, Message]


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
        self.conditions = Counter(map(_key, facts.condition))
        self.numerics = Counter(map(_key, facts.numeric))
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
        weigh("branches", symbol.branches_added, message("place.branches", count=symbol.branches_added)),
        *_told(symbol, seen, weigh),
        weigh("public", symbol.public, message("place.public")),
        weigh("variable", symbol.kind == "variable", message("place.variable")),
        weigh("constructor", _is_constructor(symbol), message("place.constructor")),
        weigh("signature", resigned, message("place.signature")),
        *_common(symbol, scores),
    )
    at = symbol if "added" in aspects else seen.line_of(symbol)
    return _place(at, symbol.symbol, parts)


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

    def __call__(self, name: str, count: float, why: Message) -> _Part:
        each: float = getattr(self._numbers, name)
        return name, each * doubling(count), why


def _size(added: int, removed: int, weigh: _Weighing) -> Iterator[_Part]:
    yield weigh("added", added, message("place.added", count=added))
    yield weigh("untouched", not added, message("place.untouched", count=removed))


def _told(symbol: Located, seen: _Seen, weigh: _Weighing) -> Iterator[_Part]:
    key = _key(symbol)
    yield weigh("conditions", seen.conditions[key], message("place.conditions", count=seen.conditions[key]))
    yield weigh("numerics", seen.numerics[key], message("place.numerics", count=seen.numerics[key]))
    yield weigh("calls", seen.calls[key], message("place.calls", count=seen.calls[key]))


def _common(place: Located, scores: ScoreTable) -> Iterator[_Part]:
    weigh, less = _Weighing(scores.place), 1 - scores.categories.get(place.category, 0.0)
    yield weigh("tuning", place.effect == "tuning", message("place.tuning"))
    yield weigh("opt_in", place.reached == "opt_in", message("place.opt-in"))
    yield "category", scores.place.category * less, message("place.category", category=place.category)


def _is_constructor(symbol: SymbolFact) -> bool:
    return (symbol.symbol or "").rpartition(".")[2] in _CONSTRUCTORS


def _place(at: Located, symbol: str | None, parts: Iterable[_Part]) -> ReadingPlace:
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
