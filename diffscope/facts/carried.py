"""Code lines that leave one symbol and arrive in another: of neither an edit."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from diffscope.facts.material import Placed, source_comparison, stands
from diffscope.syntax.values import Aspect, DefinitionKind, SymbolChange

_OWN = re.compile(r"\b(?:self|cls)\.(?=\w)")
_TELLING = re.compile(r"\w+\W+\w+\W+\w")
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


class _Side(NamedTuple):
    """Symbols with the code lines that they lost or gained."""

    lines: dict[Home, Counter[str]]
    counted: dict[Home, bool]
    """Whether its lines are still counted as its own: of a symbol that is known to have moved they are not."""


class Carried(NamedTuple):
    """How many of the lines that symbols gained came from another one, and how many that they lost went to another one."""

    gained: dict[Home, int]
    lost: dict[Home, int]


def lines_carried(placed: Iterable[Placed]) -> Carried:
    """Return what symbols of source files gave to each other."""
    sources = [one for one in placed if source_comparison(one) is not None]
    lost, gained = _Side({}, {}), _Side({}, {})
    for one in sources:
        _read_lost(one, lost)
    for one in sources if lost.lines else ():
        _read_gained(one, gained)
    carried = Carried({}, {})
    for old, new, lines in _taken(lost, gained):
        carried.lost[old] = carried.lost.get(old, 0) + lines
        if gained.counted[new]:
            carried.gained[new] = carried.gained.get(new, 0) + lines
    return carried


def _read_lost(placed: Placed, lost: _Side) -> None:
    long = [change for change in _changes(placed) if len(change.removed_lines) >= _FEWEST]
    texts = _texts(placed.material.before) if long else []
    for change in long:
        _keep(lost, _home(placed, change), texts, change.removed_lines, is_own=True)


def _read_gained(placed: Placed, gained: _Side) -> None:
    texts = _texts(placed.material.after)
    for change in _changes(placed):
        is_arrived = Aspect.MOVED in change.aspects and change.after is not None
        numbers = range(change.line, change.end + 1) if is_arrived else change.added_lines
        if len(numbers) >= _FEWEST:
            _keep(gained, _home(placed, change), texts, numbers, is_own=not is_arrived)


def _changes(placed: Placed) -> Iterator[SymbolChange]:
    comparison = source_comparison(placed)
    for change in comparison.symbols if comparison else ():
        if comparison and change.kind is not DefinitionKind.CLASS and not stands(change, comparison):
            yield change


def _home(placed: Placed, change: SymbolChange) -> Home:
    return Home(placed.fact.path, change.name, change.line)


def _texts(side: bytes | None) -> list[str]:
    return side.decode("utf-8", "replace").splitlines() if side else []


def _keep(side: _Side, home: Home, texts: list[str], numbers: Iterable[int], *, is_own: bool) -> None:
    side.lines[home] = Counter(
        _OWN.sub("", texts[number - 1].strip()) for number in numbers if number <= len(texts)
    )
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
