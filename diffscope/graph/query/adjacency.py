"""Who uses whom: every pair of neighbours of a graph as numbers, and breadth-first walks over them by layer.

The graph is asked about a handful of nodes, so neighbours of chosen layers are picked out node by node when a walk gets there;
nothing is turned round for the whole graph, and what is stored is taken over as it is.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from diffscope.errors import InputError
from diffscope.graph.model import IMPORT_LAYERS, EdgeLayer, NodeKind
from diffscope.graph.tables import LAYER_CODES, ReferenceKind, Tables, read_numbers, write_numbers

NAMING_CODES: Final = frozenset(
    LAYER_CODES[layer] for layer in (*IMPORT_LAYERS, EdgeLayer.STRING, EdgeLayer.REGISTRY)
)
"""What a test does by one of these is a test edge."""


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


def path_to(found: Search, end: int) -> list[int]:
    """Return the nodes from a start to ``end``, both included."""
    nodes = [end]
    while found.before[nodes[-1]] != nodes[-1]:
        nodes.append(found.before[nodes[-1]])
    nodes.reverse()
    return nodes


_TEST: Final = tuple(NodeKind).index(NodeKind.TEST)
_TEST_CODE: Final = LAYER_CODES[EdgeLayer.TEST]
_BITS: Final = tuple(1 << code for code in range(len(LAYER_CODES)))
_TEST_BITS: Final = tuple(
    1 << (_TEST_CODE if code in NAMING_CODES else code) for code in range(len(LAYER_CODES))
)
_DECLARES: Final = int(ReferenceKind.DECLARES)
_TURNED: Final = frozenset({int(ReferenceKind.PROVIDES), _DECLARES})
_TRANSIT: Final = 1 << len(LAYER_CODES)
_LAYERS: Final = _TRANSIT - 1
_SHIFT: Final = len(LAYER_CODES) + 1


class Links(NamedTuple):
    """The neighbours of node ``i`` are ``uses[uses_start[i]:uses_start[i + 1]]``, and in the same way its users.

    A neighbour is a number: the other node, then a bit that says whether the link is a *transit* one (the module only passes a name
    on), then a bit for each layer that joins the two. A pair has at most one link of either sort; each range is sorted.
    """

    uses_start: array[int]
    uses: array[int]
    users_start: array[int]
    users: array[int]

    def uses_of(self, node: int) -> array[int]:
        """Return the links that leave a node."""
        return self.uses[self.uses_start[node] : self.uses_start[node + 1]]

    def users_of(self, node: int) -> array[int]:
        """Return the links that lead to a node."""
        return self.users[self.users_start[node] : self.users_start[node + 1]]

    def user_layers(self, node: int) -> Iterable[tuple[int, int]]:
        """Yield each user of a node, by whatever link, with the bits of its layers."""
        for link in self.users_of(node):
            yield link >> _SHIFT, link & _LAYERS


class Neighbours:
    """Node -> its neighbours by links of chosen layers, sorted; each picked out when it is first asked for."""

    __slots__ = ("_known", "_links", "_sort", "_start", "_wanted")

    def __init__(self, start: array[int], links: array[int], *, wanted: int, is_transit: bool) -> None:
        self._start = start
        self._links = links
        self._wanted = wanted
        self._sort = _TRANSIT if is_transit else 0
        self._known: dict[int, list[int]] = {}

    def __getitem__(self, node: int) -> list[int]:
        known = self._known.get(node)
        if known is None:
            wanted, sort = self._wanted, self._sort
            known = self._known[node] = [
                link >> _SHIFT
                for link in self._links[self._start[node] : self._start[node + 1]]
                if link & wanted and link & _TRANSIT == sort
            ]
        return known


class Adjacency(NamedTuple):
    """Neighbours by links of some layers.

    What is behind a module that only passes a name on does not depend on the other names that it passes on, so a walk takes a
    transit link as its first step only.
    """

    forward: Neighbours
    reverse: Neighbours
    reverse_transit: Neighbours


def adjacency(links: Links, layers: Collection[EdgeLayer]) -> Adjacency:
    """Return who uses whom by links of these layers."""
    wanted = layer_bits(layers)
    return Adjacency(
        forward=Neighbours(links.uses_start, links.uses, wanted=wanted, is_transit=False),
        reverse=Neighbours(links.users_start, links.users, wanted=wanted, is_transit=False),
        reverse_transit=Neighbours(links.users_start, links.users, wanted=wanted, is_transit=True),
    )


def layer_bits(layers: Iterable[EdgeLayer]) -> int:
    """Return the bits of some layers."""
    bits = 0
    for layer in layers:
        bits |= 1 << LAYER_CODES[layer]
    return bits


def link_tables(tables: Tables) -> Links:
    """Return the links of a graph; what a test imports or names, in whatever way, is a test edge."""
    uses: list[list[int]] = [[] for _ in tables.names]
    for node in range(len(tables.names)):
        own, turned = _links_of(tables, node)
        uses[node].extend(own)
        for operator, link in turned:
            uses[operator].append(link)
    joined = [_join(each) for each in uses]
    users: list[list[int]] = [[] for _ in joined]
    for node, links in enumerate(joined):
        for link in links:
            users[link >> _SHIFT].append(_turn(node, link))
    return Links(*_flatten(joined), *_flatten(users))


def update_links(before: Tables, links: Links, after: Tables, changed: Iterable[int]) -> Links | None:
    """Return the links of a graph from those of the one before, which has the same nodes; ``None`` where that takes all records.

    ``changed`` are the nodes whose records, or what these lead to, are not as they were.
    """
    uses: dict[int, list[int]] = {}
    users: dict[int, set[int]] = {}
    for node in sorted(set(changed)):
        own, turned = _links_of(after, node)
        if turned or _links_of(before, node)[1]:
            return None
        old, new = set(links.uses_of(node)), _join(own)
        if old == set(new):
            continue
        uses[node] = new
        for link in old.symmetric_difference(new):
            known = users.setdefault(link >> _SHIFT, set(links.users_of(link >> _SHIFT)))
            known.symmetric_difference_update((_turn(node, link),))
    if not uses:
        return links
    return Links(
        *_splice(links.uses_start, links.uses, uses),
        *_splice(links.users_start, links.users, {node: sorted(found) for node, found in users.items()}),
    )


def _links_of(tables: Tables, node: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the links that leave a node, and those of operators that it implements or declares: these use it, not it them."""
    first, last = tables.start[node], tables.start[node + 1]
    if first == last:
        return [], []
    target, final, kind = tables.reference_target, tables.reference_final, tables.reference_kind
    bits = _TEST_BITS if tables.kinds[node] == _TEST else _BITS
    solid: dict[int, int] = {}
    passed: dict[int, int] = {}
    turned: list[tuple[int, int]] = []
    mentions = set(zip(tables.record_reference[first:last], tables.record_layer[first:last], strict=True))
    for reference, layer in mentions:
        bit, near, far = bits[layer], target[reference], final[reference]
        if far < 0:
            solid[near] = solid.get(near, 0) | bit
        elif kind[reference] in _TURNED:
            transit = _TRANSIT if kind[reference] == _DECLARES else 0
            turned.append((far, node << _SHIFT | transit | bit))
        else:
            solid[far] = solid.get(far, 0) | bit
            passed[near] = passed.get(near, 0) | bit
    own = [other << _SHIFT | bits for other, bits in solid.items() if other not in (-1, node)]
    own += [other << _SHIFT | _TRANSIT | bits for other, bits in passed.items() if other not in (-1, node)]
    return own, turned


def _turn(node: int, link: int) -> int:
    """Return the link of a node as the other one sees it."""
    return node << _SHIFT | link & (_TRANSIT | _LAYERS)


def _join(links: list[int]) -> list[int]:
    """Sort the links of a node and join those of one sort to one other; a layer that leads there in earnest is no transit."""
    links.sort()
    joined: list[int] = []
    for link in links:
        last = joined[-1] if joined else -1
        if last >> _SHIFT != link >> _SHIFT:
            joined.append(link)
        elif last & _TRANSIT == link & _TRANSIT:
            joined[-1] |= link
        elif link & ~last & _LAYERS:
            joined.append(link & ~(last & _LAYERS))
    return joined


def _flatten(lists: list[list[int]]) -> tuple[array[int], array[int]]:
    start, flat = array("i", [0]), array("i")
    for each in lists:
        flat.extend(each)
        start.append(len(flat))
    return start, flat


def _splice(
    start: array[int], flat: array[int], replaced: Mapping[int, list[int]]
) -> tuple[array[int], array[int]]:
    """Return start and links with those of some nodes replaced."""
    new_start, new_flat = array("i"), array("i")
    at = shift = 0
    for node in sorted(replaced):
        new_start.extend([each + shift for each in start[at : node + 1]] if shift else start[at : node + 1])
        new_flat.extend(flat[start[at] : start[node]])
        new_flat.extend(replaced[node])
        at = node + 1
        shift = len(new_flat) - start[at]
    new_start.extend([each + shift for each in start[at:]])
    new_flat.extend(flat[start[at] :])
    return new_start, new_flat


FORMAT: Final = 2
"""Raise on any change of what is stored, or of how it is worked out."""


class QueryCache(NamedTuple):
    """Of one graph and one serving path."""

    digest: str
    links: Links
    served: Search


class KnownParts(NamedTuple):
    """As much of them as is known of a graph that has just been made."""

    digest: str | None = None
    links: Links | None = None
    served: Search | None = None


class _Stored(msgspec.Struct, kw_only=True, array_like=True):
    format: int
    digest: str
    links: list[bytes]
    reached: bytes
    steps: bytes
    before: bytes


def encode_query_cache(query_cache: QueryCache) -> bytes:
    """Return a query cache as bytes."""
    served = query_cache.served
    stored = _Stored(
        format=FORMAT,
        digest=query_cache.digest,
        links=[write_numbers(column) for column in query_cache.links],
        reached=write_numbers(array("i", served.steps)),
        steps=write_numbers(array("i", served.steps.values())),
        before=write_numbers(array("i", [served.before[node] for node in served.steps])),
    )
    return msgspec.msgpack.encode(stored)


def decode_query_cache(data: bytes, *, count: int) -> QueryCache:
    """Return what ``encode_query_cache`` was given, for a graph of ``count`` nodes. Raises ``InputError`` for anything else."""
    try:
        stored = msgspec.msgpack.decode(data, type=_Stored)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a stored query cache: {error}", hint="diffscope cache clear") from None
    if stored.format != FORMAT or len(stored.links) != len(Links._fields):
        raise InputError("the query cache was written by another version", hint="diffscope cache clear")
    links = Links(*map(read_numbers, stored.links))
    ranges = ((links.uses_start, links.uses), (links.users_start, links.users))
    if any(len(start) != count + 1 or start[0] or start[-1] != len(flat) for start, flat in ranges):
        raise InputError("the links do not fit the graph", hint="rebuild it: diffscope cache clear")
    reached, steps, before = map(read_numbers, (stored.reached, stored.steps, stored.before))
    if not len(reached) == len(steps) == len(before):
        raise InputError("the query cache is inconsistent", hint="diffscope cache clear")
    served = Search(dict(zip(reached, steps, strict=True)), dict(zip(reached, before, strict=True)))
    return QueryCache(stored.digest, links, served)
