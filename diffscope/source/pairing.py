"""Pairs equal things on two sides: paired ones stayed or moved, the rest was added or removed."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, NamedTuple, TypeVar

Thing = TypeVar("Thing")


class Paired(NamedTuple, Generic[Thing]):
    """Everything of both sides exactly once, in its order."""

    pairs: list[tuple[Thing, Thing]]
    """What both sides have, in the order of the new side."""
    gone: list[Thing]
    come: list[Thing]


def pair_equal(
    old: Iterable[Thing], new: Iterable[Thing], *, key: Callable[[Thing], Hashable]
) -> Paired[Thing]:
    """Pair each thing of the new side with one of the old side under the same key, first come first; no thing is paired twice."""
    listed = list(old)
    waiting: dict[Hashable, deque[int]] = defaultdict(deque)
    for at, thing in enumerate(listed):
        waiting[key(thing)].append(at)
    pairs: list[tuple[Thing, Thing]] = []
    come: list[Thing] = []
    taken: set[int] = set()
    for thing in new:
        same = waiting.get(key(thing))
        if same:
            at = same.popleft()
            taken.add(at)
            pairs.append((listed[at], thing))
        else:
            come.append(thing)
    return Paired(pairs, [thing for at, thing in enumerate(listed) if at not in taken], come)
