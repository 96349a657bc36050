"""Pairs facts removed from one function with equal facts added to another, names that went with those that came in their place, and tests removed and added again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final, NamedTuple, TypeVar

import msgspec

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import CallFact, GuardFact, TestFact, WriteFact
from diffscope.source.pairing import pair_equal
from diffscope.source.text import Region
from diffscope.syntax.model import Aspect
from diffscope.syntax.text.similarity import REWRITTEN, similarity
from diffscope.taxonomy.words import tokens_of

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
    comparison = placed.material.python
    for change in comparison.symbols if comparison is not None else ():
        is_asked = change.name == name if name else _last(change.name).startswith("test")
        if is_asked and change.region is not None and aspect in change.aspects:
            yield _Body(change.name, _code(change.region))


def _code(place: Region) -> Counter[str]:
    body = (line.strip() for line in place.lines[1:])
    return Counter(line for line in body if line and not line.startswith("#"))


def _last(name: str) -> str:
    return name.rpartition(".")[2]
