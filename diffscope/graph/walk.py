"""Walks over the graph by index: adjacency of chosen layers, and breadth-first search.

Plain lists and loops, on purpose: the graph has some thousands of nodes, one walk takes a millisecond or two, and importing
networkx would take a quarter of a second. networkx serves only what is asked for rarely (structure.py, export.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from diffscope.graph.records import LAYER_CODES, ReferenceKind
from diffscope.graph.tables import Tables
from diffscope.graph.values import IMPORT_LAYERS, EdgeLayer, NodeKind

_TEST = tuple(NodeKind).index(NodeKind.TEST)
_IMPORT_CODES = frozenset(LAYER_CODES[layer] for layer in IMPORT_LAYERS)
_NAMING_CODES = _IMPORT_CODES | {LAYER_CODES[EdgeLayer.STRING], LAYER_CODES[EdgeLayer.REGISTRY]}
_PROVIDES = int(ReferenceKind.PROVIDES)
_DECLARES = int(ReferenceKind.DECLARES)
_TEST_CODE = LAYER_CODES[EdgeLayer.TEST]


class Adjacency(NamedTuple):
    """Neighbours by index, each list sorted.

    An edge to a module that only passes a name on is a *transit* edge. What is behind it does not depend on the other names
    that this module passes on, so a walk takes a transit edge as its first step only.
    """

    forward: Sequence[Sequence[int]]
    reverse: Sequence[Sequence[int]]
    reverse_transit: Sequence[Sequence[int]]


class Search(NamedTuple):
    """The outcome of a breadth-first search: node -> steps and node -> node before it (itself at a start)."""

    steps: dict[int, int]
    before: dict[int, int]


def adjacency(tables: Tables, layers: Collection[EdgeLayer]) -> Adjacency:
    """Return who uses whom by edges of these layers."""
    count = len(tables.names)
    forward: list[list[int]] = [[] for _ in range(count)]
    reverse: list[list[int]] = [[] for _ in range(count)]
    transit: list[list[int]] = [[] for _ in range(count)]
    plain_codes = frozenset(LAYER_CODES[layer] for layer in layers)
    test_codes = stored_codes(layers, is_test=True)
    target, final = tables.reference_target, tables.reference_final
    for node in range(count):
        first, last = tables.start[node], tables.start[node + 1]
        codes = test_codes if tables.kinds[node] == _TEST else plain_codes
        if first == last or not codes:
            continue
        pairs = zip(tables.record_reference[first:last], tables.record_layer[first:last], strict=True)
        references = {reference for reference, layer in pairs if layer in codes}
        provided = {final[each] for each in references if tables.reference_kind[each] == _PROVIDES}
        declared = {final[each] for each in references if tables.reference_kind[each] == _DECLARES}
        passed = {target[each] for each in references if final[each] >= 0}
        solid = {target[each] if final[each] < 0 else final[each] for each in references}
        solid -= {-1, node} | provided | declared
        passed -= solid | {-1, node}
        forward[node].extend(solid)
        for each in solid:
            reverse[each].append(node)
        for each in passed:
            transit[each].append(node)
        transit[node].extend(sorted(declared - provided))
        for each in provided:
            forward[each].append(node)
            reverse[node].append(each)
    for lists in (forward, reverse, transit):
        for each_list in lists:
            each_list.sort()
    return Adjacency(forward, reverse, transit)


def stored_codes(layers: Collection[EdgeLayer], *, is_test: bool) -> frozenset[int]:
    """Return the stored layer codes that stand for these layers: what a test imports or names, in whatever way, is a test edge."""
    codes = {LAYER_CODES[layer] for layer in layers}
    if is_test:
        codes -= _NAMING_CODES
        if _TEST_CODE in codes:
            codes |= _NAMING_CODES
    return frozenset(codes)


def search(
    neighbours: Sequence[Sequence[int]],
    starts: Iterable[int],
    *,
    first: Sequence[Sequence[int]] | None = None,
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
