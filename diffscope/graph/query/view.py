"""The tables by name: nodes, edges and neighbours as values, for the queries."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, TypeVar

from diffscope.graph.model import IMPORT_LAYERS, Chain, Edge, EdgeLayer, Importer, ModuleName, Node, NodeKind
from diffscope.graph.query.adjacency import Adjacency, Links, adjacency, layer_bits, link_tables, stored_codes
from diffscope.graph.tables import LAYER_CODES, LAYERS, ReferenceKind, Tables
from diffscope.source.model import RepoPath

_Read = TypeVar("_Read")
_KINDS = tuple(NodeKind)
_NAMING = IMPORT_LAYERS | {EdgeLayer.STRING, EdgeLayer.REGISTRY}
_BINDINGS = frozenset({int(ReferenceKind.PROVIDES), int(ReferenceKind.DECLARES)})
_REGISTRY = LAYER_CODES[EdgeLayer.REGISTRY]
_ROW_CODES = frozenset({_REGISTRY, LAYER_CODES[EdgeLayer.LAZY]})
_OP = LAYER_CODES[EdgeLayer.OP]
_LAYER_BITS = tuple((layer, layer_bits((layer,))) for layer in EdgeLayer)
_IMPORTED = IMPORT_LAYERS | {EdgeLayer.TEST}
_IMPORT_CODES = frozenset(LAYER_CODES[layer] for layer in IMPORT_LAYERS)


class ImportRecord(NamedTuple):
    """An import: the node that makes it, and its place among the records."""

    source: int
    at: int


class View:
    """Reads one graph's tables; what is worked out is kept."""

    def __init__(self, tables: Tables, links: Links | None = None) -> None:
        self.tables = tables
        self._given_links = links
        self._adjacencies: dict[frozenset[EdgeLayer], Adjacency] = {}
        self._imports: dict[int, dict[int, list[ImportRecord]]] = {}

    @cached_property
    def index(self) -> dict[str, int]:
        """Name -> node."""
        return {name: index for index, name in enumerate(self.tables.names)}

    @cached_property
    def paths(self) -> dict[str, int]:
        """Path -> node."""
        return {path: index for index, path in enumerate(self.tables.paths) if path}

    def adjacency(self, layers: Collection[EdgeLayer]) -> Adjacency:
        """Return who uses whom by edges of these layers."""
        key = frozenset(layers)
        if key not in self._adjacencies:
            self._adjacencies[key] = adjacency(self.links, key)
        return self._adjacencies[key]

    @cached_property
    def links(self) -> Links:
        """Who uses whom, by any layer."""
        return self._given_links or link_tables(self.tables)

    def users(self, index: int) -> dict[EdgeLayer, list[int]]:
        """Return for each layer the nodes that use this one directly, or a name that it passes on; layers that none uses are left out."""
        found: dict[EdgeLayer, set[int]] = {}
        for user, bits in self.links.user_layers(index):
            for layer, bit in _LAYER_BITS:
                if bits & bit:
                    found.setdefault(layer, set()).add(user)
        return {layer: sorted(found[layer]) for layer in EdgeLayer if layer in found}

    def name(self, index: int) -> ModuleName:
        """Return the name of a node."""
        return ModuleName(self.tables.names[index])

    def named(self, indexes: Iterable[int]) -> tuple[ModuleName, ...]:
        """Return the names of nodes."""
        return tuple(map(self.name, indexes))

    def kind(self, index: int) -> NodeKind:
        """Return what a node is."""
        return _KINDS[self.tables.kinds[index]]

    def node(self, index: int) -> Node:
        """Return a node as a value."""
        path = self.tables.paths[index]
        return Node(name=self.name(index), kind=self.kind(index), path=RepoPath(path) if path else None)

    def read(self, read: Callable[[RepoPath], _Read | None] | None, module: ModuleName) -> _Read | None:
        """Return the outline or text of a module; ``None`` where it is not available."""
        # Not of the graph: one that held itself would stay in memory, with its clone, long after its change is judged.
        index = self.index.get(module)
        path = None if index is None else self.node(index).path
        return read(path) if read and path else None

    def edges(self, source: int, layers: Collection[EdgeLayer]) -> Iterator[Edge]:
        """Yield the edges that leave a node, in the order of its lines."""
        tables = self.tables
        if self.kind(source) is NodeKind.OPERATOR:
            if EdgeLayer.OP in layers:
                yield from self._providers.get(source, ())
            return
        codes = stored_codes(layers, is_test=self.kind(source) is NodeKind.TEST)
        for at in range(tables.start[source], tables.start[source + 1]):
            reference = tables.record_reference[at]
            if tables.record_layer[at] not in codes or tables.reference_kind[reference] in _BINDINGS:
                continue
            target, final = tables.reference_target[reference], tables.reference_final[reference]
            if target >= 0 and target != source:
                yield self._edge(source, at, target, is_transit=final >= 0)
            if final >= 0 and final != source:
                yield self._edge(source, at, final, through=target)

    @cached_property
    def rows(self) -> tuple[tuple[Edge, ModuleName | None], ...]:
        """Registry rows and lazy imports of everything but tests, with the module that each leads to.

        An edge that leads nowhere, or back to its own module, has that module as its target here.
        """
        return tuple(self._read_rows())

    def _read_rows(self) -> Iterator[tuple[Edge, ModuleName | None]]:
        tables = self.tables
        for source in range(len(tables.names)):
            if self.kind(source) is NodeKind.TEST:
                continue
            first, last = tables.start[source], tables.start[source + 1]
            for at, layer in enumerate(tables.record_layer[first:last], first):
                if layer in _ROW_CODES:
                    reference = tables.record_reference[at]
                    final, named = tables.reference_final[reference], tables.reference_target[reference]
                    target = named if final < 0 else final
                    edge = self._edge(source, at, source if target < 0 else target)
                    yield edge, self.name(target) if target >= 0 else None

    def chain(self, nodes: Sequence[int], layers: Collection[EdgeLayer]) -> Chain:
        """Return the chain along neighbouring nodes, by the first line of each that leads on."""
        edges = tuple(self._first_edge(source, target, layers) for source, target in pairwise(nodes))
        return Chain(source=self.name(nodes[0]), target=self.name(nodes[-1]), edges=edges)

    def _first_edge(self, source: int, target: int, layers: Collection[EdgeLayer]) -> Edge:
        end = self.name(target)
        for edge in self.edges(source, layers):
            if edge.target == end and not edge.is_transit:
                return edge
        return Edge(source=self.name(source), target=end, layer=EdgeLayer.EAGER, line=0)

    def package_of(self, index: int) -> int | None:
        """Return the package that a module lies in: importing the module runs it first."""
        return self.index.get(self.tables.names[index].rpartition(".")[0])

    def imports_of(self, index: int) -> dict[int, list[ImportRecord]]:
        """Return the imports that lead to a module, by itself or through one that passes a name on: reference -> who imports by it, in order.

        Who imports a module asks mostly for one of a few names: what holds of a reference needs to be worked out once for all of them.
        """
        if index not in self._imports:
            tables, near = self.tables, self.adjacency(_IMPORTED)
            found = self._imports[index] = dict[int, list[ImportRecord]]()
            target, final = tables.reference_target, tables.reference_final
            for source in sorted({*near.reverse[index], *near.reverse_transit[index]}):
                first, last = tables.start[source], tables.start[source + 1]
                for at, reference in enumerate(tables.record_reference[first:last], first):
                    leads = target[reference] == index or final[reference] == index
                    if leads and tables.record_layer[at] in _IMPORT_CODES:
                        found.setdefault(reference, []).append(ImportRecord(source, at))
        return self._imports[index]

    def importer(self, record: ImportRecord, module: int) -> Importer:
        """Return an import of a module as a value."""
        tables = self.tables
        target = tables.reference_target[tables.record_reference[record.at]]
        return Importer(
            module=self.name(record.source),
            line=tables.record_line[record.at],
            layer=self.layer(record),
            guard=tables.strings[tables.record_guard[record.at]] or None,
            through=None if target in (module, -1) else self.name(target),
        )

    def layer(self, record: ImportRecord) -> EdgeLayer:
        """Return how an import is made."""
        return self._layer(record.source, record.at)

    @cached_property
    def _providers(self) -> dict[int, list[Edge]]:
        """Operator -> edges to the files that implement it or declare its schema, by file and line."""
        tables = self.tables
        found: dict[int, list[Edge]] = {}
        for at, layer in enumerate(tables.record_layer):
            reference = tables.record_reference[at] if layer == _OP else -1
            if layer != _OP or tables.reference_kind[reference] not in _BINDINGS:
                continue
            operator, file = tables.reference_final[reference], bisect_right(tables.start, at) - 1
            binder = tables.strings[tables.record_bound[at]]
            edge = Edge(
                source=self.name(operator),
                target=self.name(file),
                layer=EdgeLayer.OP,
                line=tables.record_line[at],
                guard=tables.strings[tables.record_guard[at]] or None,
                through=ModuleName(binder) if binder else None,
                is_transit=tables.reference_kind[reference] == ReferenceKind.DECLARES,
            )
            found.setdefault(operator, []).append(edge)
        return found

    def _layer(self, source: int, at: int) -> EdgeLayer:
        layer = LAYERS[self.tables.record_layer[at]]
        return EdgeLayer.TEST if layer in _NAMING and self.kind(source) is NodeKind.TEST else layer

    def _edge(
        self, source: int, at: int, target: int, *, through: int = -1, is_transit: bool = False
    ) -> Edge:
        tables = self.tables
        is_row = self.tables.record_layer[at] == _REGISTRY
        return Edge(
            source=self.name(source),
            target=self.name(target),
            layer=self._layer(source, at),
            line=tables.record_line[at],
            guard=tables.strings[tables.record_guard[at]] or None,
            detail=self._detail(tables.record_reference[at]),
            through=self.name(through) if through >= 0 else None,
            is_transit=is_transit,
            row=self.tables.strings[self.tables.record_bound[at]] if is_row else None,
        )

    def _detail(self, reference: int) -> str | None:
        tables = self.tables
        if tables.reference_kind[reference] != ReferenceKind.DOTTED:
            return tables.strings[tables.reference_tail[reference]] or None
        text = tables.strings[tables.reference_head[reference]]
        if tables.reference_target[reference] < 0:
            return text
        return text[len(tables.names[tables.reference_target[reference]]) + 1 :] or None


class RunOnImport:
    """Node -> what importing it runs: what it imports eagerly, and its package."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._imported = view.adjacency(frozenset({EdgeLayer.EAGER})).forward

    def __getitem__(self, node: int) -> list[int]:
        package = self._view.package_of(node)
        imported = self._imported[node]
        return imported if package is None else [*imported, package]
