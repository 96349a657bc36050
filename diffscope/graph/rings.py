"""Rings of eager imports that a change closes or opens, found from its own new imports alone: no component of the graph is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from diffscope.graph.build import derive_graph
from diffscope.graph.describe import describe_file
from diffscope.graph.model import ModuleGraph
from diffscope.graph.names import is_native
from diffscope.graph.values import Cycle, Edge, EdgeLayer, ModuleName
from diffscope.source.values import RepoPath
from diffscope.syntax.values import Outline

_EAGER = frozenset({EdgeLayer.EAGER})


def graph_after(before: ModuleGraph, changed: Mapping[RepoPath, Outline | None]) -> ModuleGraph:
    """Return the graph after a change of Python files: their new outlines, ``None`` for those that are deleted.

    Native files stay as they were before: how they hang together takes all of them (``graph_at`` reads them).
    """
    files = {
        path: None if outline is None else describe_file(path, outline)
        for path, outline in changed.items()
        if not is_native(path)
    }
    return derive_graph(before, files, outline_of=lambda path: changed.get(path) or before.outline_at(path))


def rings_closed(before: ModuleGraph, after: ModuleGraph, modules: Iterable[ModuleName]) -> tuple[Cycle, ...]:
    """Return the shortest ring through each eager import that ``modules`` gained, where both ends were in no ring together before.

    With ``before`` and ``after`` swapped: the rings that the change opens.
    """
    found: dict[tuple[ModuleName, ...], Cycle] = {}
    for module in sorted(set(modules)):
        known = {edge.target for edge in before.dependencies(module, _EAGER)}
        for edge in after.dependencies(module, _EAGER):
            if edge.target not in known and not edge.is_transit and not _in_one_ring(before, edge):
                back = after.path(edge.target, module)
                if back is not None:
                    ring = (edge, *back.edges)
                    members = tuple(sorted(each.source for each in ring))
                    found.setdefault(members, Cycle(modules=members, ring=ring))
    return tuple(found[members] for members in sorted(found))


def _in_one_ring(graph: ModuleGraph, edge: Edge) -> bool:
    there = graph.path(edge.source, edge.target)
    return there is not None and graph.path(edge.target, edge.source) is not None
