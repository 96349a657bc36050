"""Pairs what left one symbol with what came to another: equal facts, names, code lines, and tests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final, NamedTuple, TypeVar

import msgspec

from diffscope.facts.change.changed_file import Placed, is_still_defined, source_comparison
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import CallFact, GuardFact, TestFact, WriteFact
from diffscope.patterns import lazy_regex
from diffscope.source.pairing import pair_equal
from diffscope.source.text import LineCount, Lines, Region
from diffscope.syntax.compare.matching import REWRITTEN, similarity
from diffscope.syntax.model import Aspect, DefinitionKind
from diffscope.taxonomy.declared_words import tokens_of

_FEWEST_WORDS: Final = 2
"""Words that two names must share to be told as one in the place of the other."""
_Fact = TypeVar("_Fact", CallFact, GuardFact, WriteFact)


def pair_moved(
    facts: Iterable[tuple[_Fact, bool]],
    key: Callable[[_Fact], Hashable],
    tells: Callable[[_Fact], bool] = lambda fact: False,
    joined: Callable[[_Fact, _Fact], _Fact] = lambda _, new: new,
) -> list[_Fact]:
    """Return the facts, where one that came and one that left under the same key are one that is ``moved``, told at its new place.

    With each fact stands whether its whole symbol is gone: such a fact is read for what came of it and not told by itself, since
    the symbol's own fact tells it; but for those that ``tells`` names. ``joined`` gives one fact for where it was and where it is.
    """
    listed = list(facts)
    sides = {side: [fact for fact, _ in listed if fact.change == side] for side in ("removed", "added")}
    pairs = pair_equal(sides["removed"], sides["added"], key=key).pairs
    left, arrived = {id(old) for old, _ in pairs}, {id(new): old for old, new in pairs}
    settled = []
    for fact, is_gone in listed:
        if id(fact) in arrived:
            settled.append(msgspec.structs.replace(joined(arrived[id(fact)], fact), change="moved"))
        elif id(fact) not in left and (not is_gone or tells(fact)):
            settled.append(fact)
    return settled


def successor(name: str, came: Iterable[str]) -> str | None:
    """Return which of the names that came has all words of this one and more, or fewer of them; ``None`` for none, and for several."""
    words = _words(name)
    found = {
        each
        for each in came
        if len(words & _words(each)) >= max(_FEWEST_WORDS, min(len(words), len(_words(each))))
    }
    return found.pop() if len(found) == 1 else None


def _words(name: str) -> set[str]:
    return set(tokens_of(name))


_SHORTEST = 4
"""Lines below which bodies are alike by chance."""


class _Body(NamedTuple):
    name: str
    lines: Counter[str]


def without_replaced(facts: Iterable[TestFact], placed: Iterable[Placed]) -> tuple[TestFact, ...]:
    """Return the facts without ``removed`` for tests that another test of the change stands for."""
    listed = tuple(facts)
    if not {"added", "removed"} <= {fact.change for fact in listed}:
        return listed
    files = {one.fact.path: one for one in placed}
    everywhere = {_last(fact.symbol or "") for fact in listed if fact.change == "added"}
    return tuple(
        fact
        for fact in listed
        if fact.change != "removed"
        or not (_last(fact.symbol or "") in everywhere or _is_rewritten(files[fact.path], fact.symbol or ""))
    )


def _is_rewritten(placed: Placed, name: str) -> bool:
    old = next(_bodies(placed, Aspect.REMOVED, name), None)
    return old is not None and any(_is_same(old, new) for new in _bodies(placed, Aspect.ADDED))


def _is_same(old: _Body, new: _Body) -> bool:
    first, second = _last(old.name), _last(new.name)
    if first.startswith(second) or second.startswith(first):
        return True
    if min(old.lines.total(), new.lines.total()) < _SHORTEST:
        return False
    return similarity(old.lines, new.lines, least=REWRITTEN) >= REWRITTEN


def _bodies(placed: Placed, aspect: Aspect, name: str | None = None) -> Iterator[_Body]:
    """Yield the tests of a file that came or went; with a name, that one alone."""
    for change in placed.symbols:
        is_asked = change.name == name if name else _last(change.name).startswith("test")
        if is_asked and change.region is not None and aspect in change.aspects:
            body = (line.strip() for line in change.region.lines[1:])
            yield _Body(change.name, Counter(line for line in body if line and not line.startswith("#")))


def _last(name: str) -> str:
    return name.rpartition(".")[2]


_OWN = lazy_regex(r"\b(?:self|cls)\.(?=\w)")
_TELLING = lazy_regex(r"\w+\W+\w+\W+\w")
"""What tells a line from others: fewer than three words stand in any function."""
_FEWEST = 5
"""Telling lines below which two symbols share what they share by chance."""
_MOST_PLACES = 8
"""Symbols above which a line is one that every function has."""


class Home(NamedTuple):
    """One changed symbol by where it is told."""

    path: str
    name: str
    line: int

    @classmethod
    def of(cls, path: str, change: ChangedSymbol) -> Home:
        """Return the home of a change of a symbol that is told under a path."""
        return cls(path, change.name, change.region.start if change.region is not None else 0)


class _Side(NamedTuple):
    """Symbols with the code lines that they lost or gained."""

    lines: dict[Home, Counter[str]]
    counted: dict[Home, bool]
    """Whether its lines are still counted as its own: of a symbol that is known to have moved they are not."""


class MovedLines(NamedTuple):
    """How many of the lines that symbols gained came from another one, and how many that they lost went to another one."""

    gained: dict[Home, LineCount]
    lost: dict[Home, LineCount]


def find_moved_lines(placed: Iterable[Placed]) -> MovedLines:
    """Return what symbols of source files gave to each other."""
    sources = [one for one in placed if source_comparison(one) is not None]
    lost, gained = _Side({}, {}), _Side({}, {})
    for one in sources:
        for change in _changes(one):
            if change.removed is not None and change.code_removed >= _FEWEST:
                _keep(lost, Home.of(one.fact.path, change), _texts(change.removed), is_own=True)
    for one in sources if lost.lines else ():
        _read_gained(one, gained)
    moved = MovedLines({}, {})
    for old, new, lines in _taken(lost, gained):
        moved.lost[old] = LineCount(moved.lost.get(old, 0) + lines)
        if gained.counted[new]:
            moved.gained[new] = LineCount(moved.gained.get(new, 0) + lines)
    return moved


def _read_gained(placed: Placed, gained: _Side) -> None:
    for change in _changes(placed):
        is_arrived = Aspect.MOVED in change.aspects and change.after is not None
        texts = list(_texts(change.region if is_arrived else change.added))
        if len(texts) >= _FEWEST:
            _keep(gained, Home.of(placed.fact.path, change), texts, is_own=not is_arrived)


def _changes(placed: Placed) -> Iterator[ChangedSymbol]:
    comparison = source_comparison(placed)
    for change in comparison.symbols if comparison else ():
        if comparison and not (change.kind is DefinitionKind.CLASS or is_still_defined(change, comparison)):
            yield change


def _texts(lines: Lines | Region | None) -> Iterator[str]:
    if isinstance(lines, Region):
        yield from lines.lines
    elif lines is not None:
        yield from (line.lines[0] for line in lines.regions)


def _keep(side: _Side, home: Home, texts: Iterable[str], *, is_own: bool) -> None:
    side.lines[home] = Counter(_OWN.sub("", text.strip()) for text in texts)
    side.counted[home] = is_own


def _taken(lost: _Side, gained: _Side) -> Iterator[tuple[Home, Home, int]]:
    """Yield the pairs that share lines, those that share most first; a line is taken once."""
    shared = _shared(lost, gained)
    for (old, new), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        both = lost.lines[old] & gained.lines[new]
        if sum(count for text, count in both.items() if _TELLING.search(text)) < _FEWEST:
            continue
        lost.lines[old] -= both
        gained.lines[new] -= both
        yield old, new, both.total()


def _shared(lost: _Side, gained: _Side) -> Counter[tuple[Home, Home]]:
    """Return how many telling lines each pair of symbols shares, where that is enough."""
    sources: dict[str, list[Home]] = defaultdict(list)
    for home, lines in lost.lines.items():
        for text in lines:
            if _TELLING.search(text):
                sources[text].append(home)
    shared: Counter[tuple[Home, Home]] = Counter()
    for home, lines in gained.lines.items() if sources else ():
        for text in lines:
            homes = sources.get(text, ())
            if len(homes) <= _MOST_PLACES:
                shared.update((old, home) for old in homes if old[:2] != home[:2])
    return Counter({pair: count for pair, count in shared.items() if count >= _FEWEST})
