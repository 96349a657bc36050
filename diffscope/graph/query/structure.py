"""The shape of a graph as a whole: rings of imports, communities, figures. The one place, with ``products/explore/export.py``, that needs networkx.

networkx takes a quarter of a second to import, so it is imported when one of these is asked for and not before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from diffscope.graph.model import Cycle, EdgeLayer, GraphStatistics, LayerCount, ModuleName, NodeKind
from diffscope.graph.query.graph import ModuleGraph

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
