"""``ModuleGraph``: the nodes and edges of one tree, and the questions one asks of them.

Answers are values by name, sorted by name, and carry their evidence (the line of each edge). A module that the graph does not
know gives an empty answer, never an error: ask ``module_of`` first when the difference matters.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property

from diffscope.graph.records import LAYER_CODES, LAYERS, ReferenceKind
from diffscope.graph.tables import Tables, decode_tables, encode_tables
from diffscope.graph.values import (
    IMPORT_LAYERS,
    Chain,
    Edge,
    EdgeLayer,
    Importer,
    ModuleName,
    Node,
    NodeKind,
    ServingDistance,
)
from diffscope.graph.walk import Adjacency, Search, adjacency, search, stored_codes, trail
from diffscope.source.values import Gap, RepoPath
from diffscope.syntax.values import Outline

OutlineReader = Callable[[RepoPath], Outline | None]
"""Returns the outline of a file of the tree; ``None`` where the repository does not have its bytes."""

_KINDS = tuple(NodeKind)
_EAGER = frozenset({EdgeLayer.EAGER})
_ALL = frozenset(EdgeLayer)
_IMPORTS = frozenset(LAYER_CODES[layer] for layer in IMPORT_LAYERS)


class ModuleGraph:
    """The graph of one tree; made by build.py, or from its bytes."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._outline_of: OutlineReader | None = None
        self._adjacencies: dict[frozenset[EdgeLayer], Adjacency] = {}
        self._serving: dict[tuple[ModuleName, ...], Search] = {}

    @classmethod
    def from_bytes(cls, data: bytes) -> ModuleGraph:
        """Return the graph that ``to_bytes`` wrote. Raises ``InputError`` for anything else."""
        return cls(decode_tables(data))

    def to_bytes(self) -> bytes:
        """Return the graph as bytes, the same for the same tree whichever way the graph was made."""
        return encode_tables(self.tables)

    def with_outlines(self, outline_of: OutlineReader) -> ModuleGraph:
        """Return the same graph, able to answer for classes: it reads the outlines that it needs when it is asked."""
        graph = ModuleGraph(self.tables)
        graph._outline_of = outline_of
        return graph

    def __len__(self) -> int:
        return len(self.tables.names)

    def __contains__(self, module: object) -> bool:
        return module in self._index

    @property
    def modules(self) -> Sequence[ModuleName]:
        """The names of all nodes, sorted."""
        return self.tables.names  # type: ignore[return-value]

    def nodes(self) -> Iterator[Node]:
        """Yield all nodes, sorted by name."""
        for index in range(len(self)):
            yield self._node(index)

    def node(self, module: ModuleName) -> Node | None:
        """Return a node by name."""
        index = self._index.get(module)
        return None if index is None else self._node(index)

    def module_of(self, path: RepoPath) -> ModuleName | None:
        """Return the node of a file; ``None`` when the tree has no such file, or it is no node."""
        index = self._paths.get(path)
        return None if index is None else ModuleName(self.tables.names[index])

    def path_of(self, module: ModuleName) -> RepoPath | None:
        """Return the file of a node; ``None`` for an operator and for what the graph does not know."""
        index = self._index.get(module)
        return (
            None
            if index is None
            else RepoPath(self.tables.paths[index])
            if self.tables.paths[index]
            else None
        )

    def gaps(self) -> tuple[Gap, ...]:
        """Return what could not be read: files that do not parse (their other edges are there), bytes that are missing."""
        unparsed = (
            Gap(what="parse", reason=f"line {line} does not parse", path=RepoPath(path))
            for path, line in self.tables.unparsed.items()
        )
        absent = (
            Gap(what="blob", reason="the repository does not have its bytes", path=RepoPath(path))
            for path in self.tables.absent
        )
        return (*unparsed, *absent)

    def edges_from(self, module: ModuleName, layers: Collection[EdgeLayer] = _ALL) -> tuple[Edge, ...]:
        """Return what a module uses, in the order of its lines."""
        source = self._index.get(module)
        return () if source is None else tuple(self._edges(source, layers))

    def edges_to(self, module: ModuleName, layers: Collection[EdgeLayer] = _ALL) -> tuple[Edge, ...]:
        """Return what uses a module, by source and line."""
        near = self._adjacency(layers)
        index = self._index.get(module)
        if index is None:
            return ()
        sources = sorted({*near.reverse[index], *near.reverse_transit[index]})
        return tuple(
            edge for source in sources for edge in self._edges(source, layers) if edge.target == module
        )

    def dependents(
        self, module: ModuleName, layers: Collection[EdgeLayer] = IMPORT_LAYERS
    ) -> tuple[ModuleName, ...]:
        """Return the modules that use this one directly; those that import a name it passes on are among them."""
        return self.reach(module, depth=1, layers=layers)

    def reach(
        self, module: ModuleName, depth: int | None = 2, layers: Collection[EdgeLayer] = _EAGER
    ) -> tuple[ModuleName, ...]:
        """Return the modules that use this one within ``depth`` steps (``None``: at any depth), itself left out."""
        index = self._index.get(module)
        if index is None:
            return ()
        near = self._adjacency(layers)
        found = search(near.reverse, [index], first=near.reverse_transit, depth=depth)
        return self._named(sorted(found.steps.keys() - {index}))

    def fan_in(self, module: ModuleName) -> dict[EdgeLayer, int]:
        """Return for each layer how many nodes use this one directly; layers that none uses are left out."""
        counts = ((layer, len(self.dependents(module, {layer}))) for layer in EdgeLayer)
        return {layer: count for layer, count in counts if count}

    def path(
        self, start: ModuleName, end: ModuleName, layers: Collection[EdgeLayer] = _EAGER
    ) -> Chain | None:
        """Return a shortest chain of edges from one module to another; ``None`` when there is none."""
        first, last = self._index.get(start), self._index.get(end)
        if first is None or last is None:
            return None
        found = search(self._adjacency(layers).forward, [first], goal=last)
        return self._chain(trail(found, last), layers) if last in found.steps else None

    def serving_distance(self, module: ModuleName, serving: Iterable[ModuleName]) -> ServingDistance | None:
        """Return how few eager imports lead from the serving path to a module; ``None`` when none does.

        ``serving`` names the modules of the serving path, outermost first (``serving_modules`` finds them). Of equally near
        ones the outermost is the entry.
        """
        end = self._index.get(module)
        entries = tuple(serving)
        if entries not in self._serving:
            starts = [self._index[each] for each in entries if each in self._index]
            self._serving[entries] = search(self._adjacency(_EAGER).forward, starts)
        found = self._serving[entries]
        if end is None or end not in found.steps:
            return None
        chain = self._chain(trail(found, end), _EAGER)
        return ServingDistance(steps=found.steps[end], entry=chain.source, chain=chain)

    def importers_of_symbol(self, module: ModuleName, name: str) -> tuple[Importer, ...]:
        """Return who imports a name from a module, directly or through modules that pass it on, by module and line."""
        index, tables = self._index.get(module), self.tables
        if index is None:
            return ()
        wanted = {
            each
            for each in self._references_to(index)
            if tables.reference_kind[each] == ReferenceKind.IMPORT
            and tables.strings[tables.reference_tail[each]] == name
        }
        found = (
            self._importer(at)
            for at, reference in enumerate(tables.record_reference)
            if reference in wanted and tables.record_layer[at] in _IMPORTS
        )
        return tuple(dict.fromkeys(each for each in found if each.module != module))

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.tables.names)}

    @cached_property
    def _paths(self) -> dict[str, int]:
        return {path: index for index, path in enumerate(self.tables.paths) if path}

    def _adjacency(self, layers: Collection[EdgeLayer]) -> Adjacency:
        key = frozenset(layers)
        if key not in self._adjacencies:
            self._adjacencies[key] = adjacency(self.tables, key)
        return self._adjacencies[key]

    def _node(self, index: int) -> Node:
        path = self.tables.paths[index]
        return Node(
            name=ModuleName(self.tables.names[index]),
            kind=_KINDS[self.tables.kinds[index]],
            path=RepoPath(path) if path else None,
        )

    def _named(self, indexes: Iterable[int]) -> tuple[ModuleName, ...]:
        return tuple(ModuleName(self.tables.names[index]) for index in indexes)

    def _references_to(self, index: int) -> list[int]:
        targets, finals = self.tables.reference_target, self.tables.reference_final
        return [each for each, target in enumerate(targets) if target == index or finals[each] == index]

    def _importer(self, at: int) -> Importer:
        source = bisect_right(self.tables.start, at) - 1
        return Importer(
            module=ModuleName(self.tables.names[source]),
            line=self.tables.record_line[at],
            layer=self._layer(source, at),
            guard=self.tables.strings[self.tables.record_guard[at]] or None,
        )

    def _layer(self, source: int, at: int) -> EdgeLayer:
        layer = LAYERS[self.tables.record_layer[at]]
        is_test = _KINDS[self.tables.kinds[source]] is NodeKind.TEST
        return EdgeLayer.TEST if is_test and layer in IMPORT_LAYERS else layer

    def _edges(self, source: int, layers: Collection[EdgeLayer]) -> Iterator[Edge]:
        tables = self.tables
        is_test = _KINDS[tables.kinds[source]] is NodeKind.TEST
        codes = stored_codes(layers, is_test=is_test)
        for at in range(tables.start[source], tables.start[source + 1]):
            if tables.record_layer[at] not in codes:
                continue
            reference = tables.record_reference[at]
            target, final = tables.reference_target[reference], tables.reference_final[reference]
            if target >= 0 and target != source:
                yield self._edge(source, at, target, is_transit=final >= 0)
            if final >= 0 and final != source:
                yield self._edge(source, at, final, through=target)

    def _edge(
        self, source: int, at: int, target: int, *, through: int = -1, is_transit: bool = False
    ) -> Edge:
        tables = self.tables
        return Edge(
            source=ModuleName(tables.names[source]),
            target=ModuleName(tables.names[target]),
            layer=self._layer(source, at),
            line=tables.record_line[at],
            guard=tables.strings[tables.record_guard[at]] or None,
            detail=self._detail(at),
            through=ModuleName(tables.names[through]) if through >= 0 else None,
            is_transit=is_transit,
        )

    def _detail(self, at: int) -> str | None:
        tables = self.tables
        reference = tables.record_reference[at]
        tail = tables.strings[tables.reference_tail[reference]]
        if tables.reference_kind[reference] != ReferenceKind.DOTTED:
            return tail or None
        text = tables.strings[tables.reference_head[reference]]
        named = tables.names[tables.reference_target[reference]]
        return text[len(named) + 1 :] or None

    def _chain(self, nodes: Sequence[int], layers: Collection[EdgeLayer]) -> Chain:
        edges = []
        for source, target in itertools.pairwise(nodes):
            name = self.tables.names[target]
            edges.append(
                next(e for e in self._edges(source, layers) if e.target == name and not e.is_transit)
            )
        first, last = self.tables.names[nodes[0]], self.tables.names[nodes[-1]]
        return Chain(source=ModuleName(first), target=ModuleName(last), edges=tuple(edges))
