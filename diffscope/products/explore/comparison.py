"""Two graphs side by side: nodes and eager imports gained and lost, rings closed and opened."""

from __future__ import annotations

from diffscope.graph.model.model import Cycle, EdgeLayer, ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.query.structure import cycles_closed, cycles_opened
from diffscope.source.model import Value

_EAGER = frozenset({EdgeLayer.EAGER})
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
    old_pairs, new_pairs = _pairs(before), _pairs(after)
    return GraphComparison(
        nodes_gained=tuple(sorted(new - old)),
        nodes_lost=tuple(sorted(old - new)),
        imports_gained=tuple(sorted(new_pairs - old_pairs)),
        imports_lost=tuple(sorted(old_pairs - new_pairs)),
        cycles_closed=cycles_closed(before, after),
        cycles_opened=cycles_opened(before, after),
    )


def _pairs(graph: ModuleGraph) -> set[_Pair]:
    return {
        (edge.source, edge.target)
        for module in graph.modules
        for edge in graph.dependencies(module, _EAGER)
        if not edge.is_transit
    }
