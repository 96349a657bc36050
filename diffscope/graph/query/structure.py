"""The shape of a graph as a whole: rings of imports, communities, figures, and the rows of its registries (``rules/registries.yml``).

The one place, with ``products/explore/export.py``, that needs networkx; it is imported when a question is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from msgspec import field

from diffscope.graph.model import Cycle, Edge, EdgeLayer, GraphStatistics, LayerCount, ModuleName, NodeKind
from diffscope.graph.query.graph import ModuleGraph
from diffscope.messages.model import message
from diffscope.patterns import compile_glob
from diffscope.source.model import Gap, Value
from diffscope.taxonomy.tables import PathGlob
from diffscope.yaml.typed import read_file

if TYPE_CHECKING:
    import networkx as nx

_EAGER = frozenset({EdgeLayer.EAGER})
_SHARES = (10, 25, 50, 75, 90, 95, 99, 100)


def find_cycles(graph: ModuleGraph, layers: Collection[EdgeLayer] = _EAGER) -> tuple[Cycle, ...]:
    """Return the groups of modules that import one another in a ring, largest first, each with one shortest ring as evidence."""
    import networkx as nx  # noqa: PLC0415 - see the module's docstring

    groups = (sorted(group) for group in nx.strongly_connected_components(to_networkx(graph, layers)))
    cycles = [_cycle(graph, group, layers) for group in groups if len(group) > 1]
    return tuple(sorted(cycles, key=lambda cycle: (-len(cycle.modules), cycle.modules)))


def cycles_closed(before: ModuleGraph, after: ModuleGraph) -> tuple[Cycle, ...]:
    """Return the rings of ``after`` that bring modules together which were in no ring together before."""
    together = {module: cycle.modules[0] for cycle in find_cycles(before) for module in cycle.modules}
    return tuple(
        cycle
        for cycle in find_cycles(after)
        if len({together.get(module, module) for module in cycle.modules}) > 1
    )


def find_groups(weights: Mapping[tuple[int, int], float]) -> tuple[tuple[int, ...], ...]:
    """Return groups of numbers that weigh more to one another than to others, largest first (Louvain, fixed seed); each pair stands once."""
    import networkx as nx  # noqa: PLC0415 - see the module's docstring

    graph = nx.Graph()
    graph.add_weighted_edges_from((one, other, weight) for (one, other), weight in sorted(weights.items()))
    found = nx.community.louvain_communities(graph, weight="weight", seed=0)
    return tuple(sorted((tuple(sorted(group)) for group in found), key=lambda group: (-len(group), group)))


def find_communities(graph: ModuleGraph, modules: Iterable[ModuleName]) -> tuple[tuple[ModuleName, ...], ...]:
    """Return groups of modules that import one another more than others, largest first (Louvain, fixed seed)."""
    import networkx as nx  # noqa: PLC0415 - see the module's docstring

    chosen = sorted(set(modules))
    whole = to_networkx(graph, _EAGER)
    undirected = nx.Graph()
    undirected.add_nodes_from(chosen)
    undirected.add_edges_from(sorted(whole.subgraph(chosen).edges))
    found = nx.community.louvain_communities(undirected, seed=0)
    groups = [tuple(sorted(group)) for group in found]
    return tuple(sorted(groups, key=lambda group: (-len(group), group)))


def measure(graph: ModuleGraph, depth: int = 2) -> GraphStatistics:
    """Return the figures of a graph; reach is counted over eager edges between Python modules of the product."""
    kinds = Counter(node.kind for node in graph.nodes())
    layers = Counter(edge.layer for module in graph.modules for edge in graph.dependencies(module))
    product = [node.name for node in graph.nodes() if node.kind in (NodeKind.MODULE, NodeKind.PACKAGE)]
    reaches = sorted(len(graph.reach(module, depth)) for module in product)
    cycles = find_cycles(graph)
    return GraphStatistics(
        nodes={kind.value: kinds[kind] for kind in NodeKind if kinds[kind]},
        layers=tuple(LayerCount(layer=layer, edges=layers[layer]) for layer in EdgeLayer if layers[layer]),
        depth=depth,
        reach_median=reaches[len(reaches) // 2] if reaches else 0,
        reach_ninth=reaches[len(reaches) * 9 // 10] if reaches else 0,
        reach_most=reaches[-1] if reaches else 0,
        reach_quantiles={
            f"{share}%": reaches[min(len(reaches) * share // 100, len(reaches) - 1)]
            for share in _SHARES
            if reaches
        },
        cycles=len(cycles),
        cycle_most=max((len(cycle.modules) for cycle in cycles), default=0),
        serving=sum(1 for module in product if graph.serving_distance(module) is not None),
    )


def to_networkx(graph: ModuleGraph, layers: Collection[EdgeLayer]) -> nx.DiGraph:
    """Return the graph for networkx, edges of these layers only; never handed out of this stage."""
    import networkx as nx  # noqa: PLC0415 - see the module's docstring

    found = nx.DiGraph()
    found.add_nodes_from(graph.modules)
    for module in graph.modules:
        edges = graph.dependencies(module, layers)
        found.add_edges_from((edge.source, edge.target) for edge in edges if not edge.is_transit)
    return found


def _cycle(graph: ModuleGraph, group: list[ModuleName], layers: Collection[EdgeLayer]) -> Cycle:
    """Find a shortest ring through the first module that has one of the smallest length in its group."""
    members = frozenset(group)
    best = None
    for module in group:
        for edge in graph.dependencies(module, layers):
            if edge.target not in members or edge.is_transit:
                continue
            back = graph.path(edge.target, module, layers)
            if back is not None and (best is None or len(back.edges) + 1 < len(best)):
                best = (edge, *back.edges)
        if best is not None and len(best) == 2:
            break
    if best is None:
        raise ValueError("modules of one component have no ring")
    return Cycle(modules=tuple(group), ring=best)


class Registry(Value, frozen=True, kw_only=True):
    """One registry, known by the shape of its rows and never by its file.

    ``tables`` are globs of names: of the variable, enum, function or method that holds or takes the rows. ``guards`` are globs of
    conditions under which classes are imported, for registries that are a chain of ``if``.
    """

    name: str = field(name="registry")
    tables: tuple[PathGlob, ...] = ()
    guards: tuple[PathGlob, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a registry that nothing could be a row of."""
        if not self.tables and not self.guards:
            raise ValueError("needs 'tables' or 'guards'")

    def has(self, edge: Edge) -> bool:
        """Say whether an edge is a row of the registry."""
        if edge.row is not None:
            table = edge.row.partition(":")[0]
            return any(compile_glob(text).matches(table) for text in self.tables)
        guard = edge.guard or ""
        return edge.layer is EdgeLayer.LAZY and any(compile_glob(text).matches(guard) for text in self.guards)


REGISTRIES: Final = tuple[Registry, ...]


class RegistryEntry(Value, frozen=True, kw_only=True):
    """One row: ``key`` in ``module``, line ``line``, stands for ``name`` in ``target`` (``None``: nothing of the tree)."""

    registry: str
    key: str
    module: ModuleName
    line: int
    target: ModuleName | None
    name: str | None
    reason: str | None = None
    """Why the row leads nowhere; ``None`` where it leads to a module that has the name."""


class RegistryReport(Value, frozen=True, kw_only=True):
    """All rows of one registry, by module and line."""

    registry: str
    entries: tuple[RegistryEntry, ...]

    @property
    def resolved(self) -> int:
        """How many rows lead to a module that defines, or imports, what they name."""
        return sum(1 for entry in self.entries if entry.reason is None)


def load_registries(text: str, *, at: str) -> tuple[Registry, ...]:
    """Return the registries of a ``registries.yml``: a list of ``{registry: name, tables: [glob], guards: [glob]}``.

    Raises:
        RuleError: the file is wrong; the message lists every mistake.
    """
    registries: tuple[Registry, ...] = read_file(REGISTRIES, text, at=at)
    return registries


def report_registries(graph: ModuleGraph, registries: tuple[Registry, ...]) -> tuple[RegistryReport, ...]:
    """Return the rows of each registry, in the order of the registries.

    Whether a module has a name is seen from its outline; where that is not available, it is taken to have it.
    """
    rows = tuple(graph.rows())
    names: dict[ModuleName, frozenset[str] | None] = {}

    def reason_of(edge: Edge, target: ModuleName | None) -> str | None:
        if target is None:
            return "no module of the tree has this name"
        if not edge.detail or target.endswith(f".{edge.detail}"):
            return None
        if target not in names:
            names[target] = _names_of(graph, target)
        known, first = names[target], edge.detail.partition(".")[0]
        return None if known is None or first in known else f"{target} has no {first}"

    return tuple(
        RegistryReport(
            registry=each.name,
            entries=tuple(
                _entry(each.name, edge, target, reason_of(edge, target))
                for edge, target in rows
                if each.has(edge)
            ),
        )
        for each in registries
    )


def registry_gaps(reports: tuple[RegistryReport, ...]) -> tuple[Gap, ...]:
    """Return a gap for each registry that yields nothing: it has moved out of the shapes that are read."""
    return tuple(
        Gap(what="registry", message=message("gap.registry-empty", registry=report.registry))
        for report in reports
        if not report.resolved
    )


def _names_of(graph: ModuleGraph, module: ModuleName) -> frozenset[str] | None:
    """Return the names at the top of a module; ``None`` where they cannot be known."""
    outline = graph.outline_of(module)
    if outline is None or outline.has_module_getattr:
        return None
    if any(each.name == "*" for each in outline.imports):
        return None
    imported = {(each.alias or each.name or each.module).partition(".")[0] for each in outline.imports}
    return frozenset(imported.union(each.name.partition(".")[0] for each in outline.definitions))


def _entry(registry: str, edge: Edge, target: ModuleName | None, reason: str | None) -> RegistryEntry:
    key = edge.row.partition(":")[2] if edge.row is not None else edge.guard or ""
    return RegistryEntry(
        registry=registry,
        key=key,
        module=edge.source,
        line=edge.line,
        target=target,
        name=edge.detail,
        reason=reason,
    )
