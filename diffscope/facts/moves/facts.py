"""Pairs facts removed from one function with equal facts added to another."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

import msgspec

from diffscope.facts.model import CallFact, GuardFact, WriteFact
from diffscope.source.pairing import pair_equal

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
