"""What left one function of a change and came to another has only moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

import msgspec

from diffscope.facts.values import CallFact, GuardFact, WriteFact

_Fact = TypeVar("_Fact", CallFact, GuardFact, WriteFact)


def settle_moves(
    facts: Iterable[tuple[_Fact, bool]],
    key: Callable[[_Fact], Hashable],
    tells: Callable[[_Fact], bool] = lambda fact: False,
) -> list[_Fact]:
    """Return the facts, where one that came and one that left under the same key are one that is ``moved``, told at its new place.

    With each fact stands whether its whole symbol is gone: such a fact is read for what came of it and not told by itself, since
    the symbol's own fact tells it; but for those that ``tells`` names.
    """
    listed = list(facts)
    counts = {
        side: Counter(key(fact) for fact, _ in listed if fact.change == side) for side in ("added", "removed")
    }
    pairs = counts["added"] & counts["removed"]
    left = {"added": Counter(pairs), "removed": Counter(pairs)}
    settled = []
    for fact, is_gone in listed:
        open_pairs = left.get(fact.change)
        is_moved = open_pairs is not None and open_pairs[key(fact)] > 0
        if open_pairs is not None and is_moved:
            open_pairs[key(fact)] -= 1
        if is_moved and fact.change == "added":
            settled.append(msgspec.structs.replace(fact, change="moved"))
        elif not is_moved and (not is_gone or tells(fact)):
            settled.append(fact)
    return settled
