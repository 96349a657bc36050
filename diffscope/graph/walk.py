"""Walks over the graph by index: adjacency of chosen layers, and breadth-first search.

Plain lists and loops, on purpose: the graph has some thousands of nodes, one walk takes a millisecond or two, and importing
networkx would take a quarter of a second. networkx serves only what is asked for rarely (structure.py, export.py).
"""

from __future__ import annotations

from array import array
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
_BITS = tuple(1 << code for code in range(len(LAYER_CODES)))
_TEST_CODE = LAYER_CODES[EdgeLayer.TEST]
_TEST_BITS = tuple(1 << (_TEST_CODE if code in _NAMING_CODES else code) for code in range(len(LAYER_CODES)))


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


class Pairs(NamedTuple):
    """Every pair of neighbours once, side by side, with the layers that join them as a bit set (bit: code of the layer)."""

    sources: array[int]
    targets: array[int]
    layers: array[int]
    is_transit: bytearray


def read_pairs(tables: Tables) -> Pairs:
    """Return who uses whom, by whatever layers; what a test imports or names, in whatever way, is a test edge."""
    pairs = Pairs(array("i"), array("i"), array("i"), bytearray())
    target, final, kind = tables.reference_target, tables.reference_final, tables.reference_kind
    for node in range(len(tables.names)):
        first, last = tables.start[node], tables.start[node + 1]
        if first == last:
            continue
        bits = _TEST_BITS if tables.kinds[node] == _TEST else _BITS
        solid: dict[int, int] = {}
        passed: dict[int, int] = {}
        turned: dict[int, int] = {}
        declared: dict[int, int] = {}
        mentions = set(zip(tables.record_reference[first:last], tables.record_layer[first:last], strict=True))
        for reference, layer in mentions:
            bit, near, far = bits[layer], target[reference], final[reference]
            if far < 0:
                solid[near] = solid.get(near, 0) | bit
            elif kind[reference] == _PROVIDES:
                turned[far] = turned.get(far, 0) | bit
            elif kind[reference] == _DECLARES:
                declared[far] = declared.get(far, 0) | bit
            else:
                solid[far] = solid.get(far, 0) | bit
                passed[near] = passed.get(near, 0) | bit
        _add_pairs(pairs, node, solid, passed)
        for operator in sorted(turned.keys() | declared.keys()):
            is_declared = operator not in turned
            _add_pair(
                pairs, operator, node, (declared if is_declared else turned)[operator], is_transit=is_declared
            )
    return pairs


def _add_pairs(pairs: Pairs, node: int, solid: dict[int, int], passed: dict[int, int]) -> None:
    for each in sorted(solid):
        if each not in (-1, node):
            _add_pair(pairs, node, each, solid[each], is_transit=False)
    for each in sorted(passed):
        # A layer that also leads there in earnest is no transit.
        left = passed[each] & ~solid.get(each, 0)
        if left and each not in (-1, node):
            _add_pair(pairs, node, each, left, is_transit=True)


def _add_pair(pairs: Pairs, source: int, target: int, layers: int, *, is_transit: bool) -> None:
    pairs.sources.append(source)
    pairs.targets.append(target)
    pairs.layers.append(layers)
    pairs.is_transit.append(is_transit)


def adjacency(pairs: Pairs, count: int, layers: Collection[EdgeLayer]) -> Adjacency:
    """Return who uses whom by edges of these layers, among ``count`` nodes."""
    forward: list[list[int]] = [[] for _ in range(count)]
    reverse: list[list[int]] = [[] for _ in range(count)]
    transit: list[list[int]] = [[] for _ in range(count)]
    wanted = 0
    for layer in layers:
        wanted |= 1 << LAYER_CODES[layer]
    for source, target, mask, is_transit in zip(*pairs, strict=True):
        if mask & wanted:
            if is_transit:
                transit[target].append(source)
            else:
                forward[source].append(target)
                reverse[target].append(source)
    for lists in (forward, reverse, transit):
        for each in lists:
            each.sort()
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
