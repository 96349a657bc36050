"""The graph by areas: how closely the modules of each are coupled, with which other areas, and how two graphs differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from statistics import median_low

from diffscope.graph.model import Cycle, EdgeLayer, ModuleName, NodeKind
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.query.structure import cycles_closed, find_communities
from diffscope.source.model import RepoPath, Value

_Pair = tuple[ModuleName, ModuleName]


class GraphComparison(Value, frozen=True, kw_only=True):
    """What has become different, sorted. An import is a pair: who imports, what is imported."""

    nodes_gained: tuple[ModuleName, ...]
    nodes_lost: tuple[ModuleName, ...]
    imports_gained: tuple[_Pair, ...]
    imports_lost: tuple[_Pair, ...]
    cycles_closed: tuple[Cycle, ...]
    cycles_opened: tuple[Cycle, ...]


def compare_graphs(before: ModuleGraph, after: ModuleGraph) -> GraphComparison:
    """Return what has become different from one graph to another."""
    old, new = set(before.modules), set(after.modules)
    old_pairs, new_pairs = _pairs(before, before.modules), _pairs(after, after.modules)
    return GraphComparison(
        nodes_gained=tuple(sorted(new - old)),
        nodes_lost=tuple(sorted(old - new)),
        imports_gained=tuple(sorted(new_pairs - old_pairs)),
        imports_lost=tuple(sorted(old_pairs - new_pairs)),
        cycles_closed=cycles_closed(before, after),
        cycles_opened=cycles_closed(after, before),
    )


def _pairs(graph: ModuleGraph, modules: Iterable[ModuleName]) -> set[_Pair]:
    return {
        (edge.source, edge.target)
        for module in modules
        for edge in graph.dependencies(module, _EAGER)
        if not edge.is_transit
    }


_EAGER = frozenset({EdgeLayer.EAGER})
_MOST_NAMED = 3


class AreaFigures(Value, frozen=True, kw_only=True):
    """One area. Edges are pairs of modules of the product, one of which imports the other eagerly."""

    area: str
    modules: int
    inside: int
    """Edges between modules of the area."""
    outgoing: int
    """Edges to modules of other areas."""
    incoming: int
    """Edges from modules of other areas."""
    uses: tuple[str, ...]
    """The areas that it imports most, most first."""
    served: int
    """Modules that the serving path reaches."""
    steps: int | None
    """Eager imports from the serving path to those, the lower median."""


def measure_areas(graph: ModuleGraph, area_of: Callable[[RepoPath], str]) -> tuple[AreaFigures, ...]:
    """Return the figures of every area that has a Python module of the product, by name."""
    members = _members(graph, area_of)
    areas = {module: area for area, modules in members.items() for module in modules}
    pairs = Counter(
        (areas[source], areas[target])
        for source, target in sorted(_pairs(graph, areas))
        if source in areas and target in areas
    )
    return tuple(_figures(graph, area, modules, pairs) for area, modules in sorted(members.items()))


def area_communities(
    graph: ModuleGraph, area: str, area_of: Callable[[RepoPath], str]
) -> tuple[tuple[ModuleName, ...], ...]:
    """Return the groups of modules of an area that import one another more than the rest of it, largest first."""
    return find_communities(graph, _members(graph, area_of).get(area, []))


def _members(graph: ModuleGraph, area_of: Callable[[RepoPath], str]) -> dict[str, list[ModuleName]]:
    members: dict[str, list[ModuleName]] = {}
    for node in graph.nodes():
        if node.kind in (NodeKind.MODULE, NodeKind.PACKAGE) and node.path:
            members.setdefault(area_of(node.path), []).append(node.name)
    return members


def _figures(
    graph: ModuleGraph, area: str, modules: list[ModuleName], pairs: Counter[tuple[str, str]]
) -> AreaFigures:
    used = {target: count for (source, target), count in pairs.items() if source == area != target}
    incoming = sum(count for (source, target), count in pairs.items() if target == area != source)
    distances = [near.steps for module in modules if (near := graph.serving_distance(module))]
    return AreaFigures(
        area=area,
        modules=len(modules),
        inside=pairs[area, area],
        outgoing=sum(used.values()),
        incoming=incoming,
        uses=tuple(sorted(used, key=lambda each: (-used[each], each))[:_MOST_NAMED]),
        served=len(distances),
        steps=median_low(distances) if distances else None,
    )
