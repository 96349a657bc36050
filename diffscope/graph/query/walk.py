"""Walks over the graph by index: breadth-first search over neighbours of chosen layers (links.py).

Plain lists and loops, on purpose: the graph has some thousands of nodes, one walk takes a millisecond or two, and importing
networkx would take a quarter of a second. networkx serves only what is asked for rarely (structure.py, export.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from diffscope.graph.model.model import IMPORT_LAYERS, EdgeLayer
from diffscope.graph.model.records import LAYER_CODES

NAMING_CODES: Final = frozenset(
    LAYER_CODES[layer] for layer in (*IMPORT_LAYERS, EdgeLayer.STRING, EdgeLayer.REGISTRY)
)
"""What a test does by one of these is a test edge."""
_TEST_CODE: Final = LAYER_CODES[EdgeLayer.TEST]


class Neighbouring(Protocol):
    """Node -> its neighbours, sorted."""

    def __getitem__(self, node: int, /) -> Sequence[int]: ...


class Search(NamedTuple):
    """The outcome of a breadth-first search: node -> steps and node -> node before it (itself at a start)."""

    steps: dict[int, int]
    before: dict[int, int]


def stored_codes(layers: Collection[EdgeLayer], *, is_test: bool) -> frozenset[int]:
    """Return the stored layer codes that stand for these layers: what a test imports or names, in whatever way, is a test edge."""
    codes = {LAYER_CODES[layer] for layer in layers}
    if is_test:
        codes -= NAMING_CODES
        if _TEST_CODE in codes:
            codes |= NAMING_CODES
    return frozenset(codes)


def search(
    neighbours: Neighbouring,
    starts: Iterable[int],
    *,
    first: Neighbouring | None = None,
    depth: int | None = None,
    goal: int | None = None,
) -> Search:
    """Walk breadth first. Of two equally short ways the one from the earlier start, by the smaller names, is kept.

    ``first`` adds neighbours that count at the starts only. The walk ends at ``depth`` steps, or when ``goal`` is met.
    """
    queue = list(dict.fromkeys(starts))
    steps = dict.fromkeys(queue, 0)
    before = {node: node for node in queue}
    for node in queue:
        step = steps[node]
        if step == depth or node == goal:
            break
        reached = neighbours[node]
        if first is not None and step == 0:
            reached = [*reached, *first[node]]
        for each in reached:
            if each not in steps:
                steps[each] = step + 1
                before[each] = node
                queue.append(each)
    return Search(steps, before)


def trail(found: Search, end: int) -> list[int]:
    """Return the nodes from a start to ``end``, both included."""
    nodes = [end]
    while found.before[nodes[-1]] != nodes[-1]:
        nodes.append(found.before[nodes[-1]])
    nodes.reverse()
    return nodes
