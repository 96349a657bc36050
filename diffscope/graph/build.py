"""Outlines of a tree -> ``ModuleGraph``; a graph and what changed -> the next graph.

There is one way to make a graph, ``derive_graph``; building from scratch is deriving from nothing. What is kept of the graph
before are the records of files that did not change (assemble.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diffscope.graph.assemble import Files, assemble
from diffscope.graph.model import ModuleGraph
from diffscope.graph.names import name_nodes, node_kind, node_name
from diffscope.graph.records import Record, python_records, star_names
from diffscope.graph.tables import Tables, empty_tables
from diffscope.graph.values import Absent, ModuleName
from diffscope.source.values import RepoPath
from diffscope.syntax.values import Outline

FileOutline = Outline | Absent
"""What is known of a file that exists: its outline, or that its bytes are missing from the repository."""

OutlineReader = Callable[[RepoPath], FileOutline | None]
"""Returns the outline of a file of the new tree; ``None`` where there is no such file."""


def build_graph(outlines: Mapping[RepoPath, FileOutline]) -> ModuleGraph:
    """Return the graph of a whole tree. Files that are no node (see names.py) are left aside."""
    return derive_graph(ModuleGraph(empty_tables()), outlines, outline_of=outlines.get)


def derive_graph(
    before: ModuleGraph,
    changed: Mapping[RepoPath, FileOutline | None],
    *,
    outline_of: OutlineReader,
) -> ModuleGraph:
    """Return the graph after a change of files, equal to the one built from scratch.

    ``changed`` holds every path that was added or modified, with its outline, and every path that was deleted, with ``None``.
    ``outline_of`` answers for the others; it is asked only for a module that has become the source of an ``import *``, and
    for one that a deleted package had hidden.
    """
    tables = before.tables
    paths = _paths_after(tables, changed)
    named = name_nodes(paths)
    old = dict(zip(tables.names, tables.paths, strict=True))
    outlines: dict[str, FileOutline] = {}
    for name, path in named.items():
        if path in changed or old.get(name) != path:
            outlines[name] = changed.get(path) or outline_of(path) or Absent()
    fresh = {name: _records(name, named[name], outline) for name, outline in outlines.items()}
    files = Files(
        paths=named,
        kinds={name: node_kind(named[name]) for name in outlines},
        fresh=fresh,
        stars=_stars(tables, named, outlines, fresh, outline_of),
        unparsed=_unparsed(tables, named, outlines),
        absent=_absent(tables, named, outlines),
        shadowed=tuple(sorted(set(paths).difference(named.values()))),
    )
    return ModuleGraph(assemble(tables, files))


def _paths_after(tables: Tables, changed: Mapping[RepoPath, FileOutline | None]) -> set[RepoPath]:
    paths = {RepoPath(path) for path in tables.paths if path}
    paths.update(RepoPath(path) for path in tables.shadowed)
    for path, outline in changed.items():
        if outline is None:
            paths.discard(path)
        elif node_name(path) is not None:
            paths.add(path)
    return paths


def _records(name: str, path: RepoPath, outline: FileOutline) -> list[Record]:
    if isinstance(outline, Outline):
        return python_records(outline, name=ModuleName(name), is_package=path.endswith("/__init__.py"))
    return []


def _stars(
    tables: Tables,
    named: Mapping[str, RepoPath],
    outlines: Mapping[str, FileOutline],
    fresh: Mapping[str, list[Record]],
    outline_of: OutlineReader,
) -> dict[str, tuple[str, ...]]:
    """Return what each module hands out that is imported by ``*`` somewhere in the new tree."""
    sources = _star_sources(tables, named, fresh)
    stars: dict[str, tuple[str, ...]] = {}
    for source in sorted(sources):
        name = source
        if name not in named:
            continue
        if name not in outlines and source in tables.stars:
            stars[source] = tables.stars[source]
            continue
        outline = outlines.get(name) or outline_of(named[name])
        stars[source] = star_names(outline) if isinstance(outline, Outline) else ()
    return stars


def _star_sources(
    tables: Tables, named: Mapping[str, RepoPath], fresh: Mapping[ModuleName, list[Record]]
) -> set[str]:
    sources = {
        record.reference.head
        for records in fresh.values()
        for record in records
        if record.reference.tail == "*"
    }
    star = tables.strings.index("*") if "*" in tables.strings else -1
    starred = {each for each, tail in enumerate(tables.reference_tail) if tail == star}
    if not starred:
        return sources
    for node, name in enumerate(tables.names):
        if name in fresh or name not in named:
            continue
        for reference in tables.record_reference[tables.start[node] : tables.start[node + 1]]:
            if reference in starred:
                sources.add(tables.strings[tables.reference_head[reference]])
    return sources


def _unparsed(
    tables: Tables, named: Mapping[str, RepoPath], outlines: Mapping[ModuleName, FileOutline]
) -> dict[str, int]:
    paths = set(named.values()).difference(named[name] for name in outlines)
    unparsed = {path: line for path, line in tables.unparsed.items() if path in paths}
    for name, outline in outlines.items():
        if isinstance(outline, Outline) and outline.problems:
            unparsed[named[name]] = outline.problems[0].line
    return dict(sorted(unparsed.items()))


def _absent(
    tables: Tables, named: Mapping[str, RepoPath], outlines: Mapping[ModuleName, FileOutline]
) -> tuple[str, ...]:
    paths = set(named.values()).difference(named[name] for name in outlines)
    gone = {named[name] for name, outline in outlines.items() if isinstance(outline, Absent)}
    return tuple(sorted(gone.union(path for path in tables.absent if path in paths)))
