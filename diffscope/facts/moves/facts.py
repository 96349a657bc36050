"""Pairs facts removed from one function with equal facts added to another, and names that went with those that came in their place."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Final, TypeVar

import msgspec

from diffscope.facts.model import CallFact, GuardFact, WriteFact
from diffscope.source.pairing import pair_equal
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
