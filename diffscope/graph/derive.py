"""Outlines of a tree -> ``ModuleGraph``; a graph and what changed -> the next graph.

There is one way to make a graph, ``derive_graph``; building from scratch is deriving from nothing. What is kept of the graph
before are the records of files that did not change (assemble.py).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Set

from msgspec.structs import replace

from diffscope.graph.build.assemble import Files, assemble, describe_file, star_names
from diffscope.graph.build.native import NativeFile, describe_natives
from diffscope.graph.query.graph import ModuleGraph, OutlineReader
from diffscope.graph.resolve import is_native, name_nodes, node_kind, node_name, read_records
from diffscope.graph.tables import FileRecords, Tables, empty_tables
from diffscope.source.model import RepoPath
from diffscope.syntax.model import BuildOutline, NativeOutline, Outline

FileOutline = Outline | NativeOutline | BuildOutline | None
"""What is known of a file that exists; ``None``: its bytes are missing."""


def build_graph(outlines: Mapping[RepoPath, FileOutline]) -> ModuleGraph:
    """Return the graph of a whole tree. Files that are no node (see names.py) are left aside."""
    python = {path: each for path, each in outlines.items() if each is None or isinstance(each, Outline)}
    files = describe_natives({path: _native(each) for path, each in outlines.items() if is_native(path)})
    files.update({path: describe_file(path, each) for path, each in python.items() if not is_native(path)})
    return derive_graph(ModuleGraph(empty_tables()), files, outline_of=python.get)


def _native(outline: FileOutline) -> NativeFile:
    return None if isinstance(outline, Outline) else outline


def derive_graph(
    before: ModuleGraph, changed: Mapping[RepoPath, FileRecords | None], *, outline_of: OutlineReader
) -> ModuleGraph:
    """Return the graph after a change of files, equal to the one built from scratch.

    ``changed`` holds every path that was added or modified, with its records, and every path that was deleted, with ``None``. When a native
    source or build file is among them, all that there are after the change have to be (see native.py).
    ``outline_of`` is asked only for modules that have become the source of an ``import *``, and for those that a deleted
    package had hidden.
    """
    tables = before.tables
    shifted = _shifted(tables, changed)
    if shifted is not None:
        return before.followed_by(shifted, ())
    named, shadowed = _files_after(tables, changed)
    old = dict(zip(tables.names, tables.paths, strict=True))
    fresh = {
        name: changed.get(path) or describe_file(path, outline_of(path))
        for name, path in named.items()
        if path in changed or old.get(name) != path
    }
    kept = {path for name, path in named.items() if name not in fresh}
    files = Files(
        paths=named,
        kinds={name: node_kind(named[name]) for name in fresh},
        fresh={name: each.records for name, each in fresh.items()},
        stars=_stars(tables, named, fresh, outline_of),
        unparsed=_unparsed(tables, kept, {named[name]: each for name, each in fresh.items()}),
        absent=_absent(tables, kept, {named[name]: each for name, each in fresh.items()}),
        shadowed=shadowed,
    )
    after, redirected = assemble(tables, files)
    return before.followed_by(after, _changed_nodes(after, fresh, redirected))


def _shifted(tables: Tables, changed: Mapping[RepoPath, FileRecords | None]) -> Tables | None:
    """Return the tables after a change by which files mention the same as before in the same order, on other lines; ``None`` for any other.

    That is what most changes do.
    """
    lines = tables.record_line[:]
    for path, new in changed.items():
        name = node_name(path)
        if new is None or name is None or name in tables.stars or tables.shadowed:
            return None
        node = bisect_left(tables.names, name)
        is_known = node < len(tables.names) and tables.paths[node] == path
        if (
            not is_known
            or new.is_absent
            or path in tables.absent
            or new.unparsed != tables.unparsed.get(path, 0)
        ):
            return None
        old = read_records(tables, node)
        if [each[1:] for each in old] != [each[1:] for each in new.records]:
            return None
        first, last = tables.start[node], tables.start[node + 1]
        lines[first:last] = array("i", [each.line for each in new.records])
    return replace(tables, record_line=lines)


def _changed_nodes(tables: Tables, fresh: Iterable[str], redirected: Set[int]) -> set[int]:
    """Return the nodes whose records, or what these lead to, are not as they were."""
    changed = {bisect_left(tables.names, name) for name in fresh}
    if redirected:
        records = enumerate(tables.record_reference)
        changed.update(bisect_right(tables.start, at) - 1 for at, each in records if each in redirected)
    return changed


def _files_after(
    tables: Tables, changed: Mapping[RepoPath, FileRecords | None]
) -> tuple[dict[str, RepoPath], tuple[str, ...]]:
    """Return name -> path of the new tree, sorted by name, and the paths that a package hides."""
    known = {RepoPath(path) for path in tables.paths if path}
    if not tables.shadowed and all(
        records is not None and path in known for path, records in changed.items()
    ):
        pairs = zip(tables.names, tables.paths, strict=True)
        return {name: RepoPath(path) for name, path in pairs if path}, ()
    paths = known.union(RepoPath(path) for path in tables.shadowed)
    for path, records in changed.items():
        if records is None:
            paths.discard(path)
        elif node_name(path) is not None:
            paths.add(path)
    named = name_nodes(paths)
    return named, tuple(sorted(paths.difference(named.values())))


def _stars(
    tables: Tables, named: Mapping[str, RepoPath], fresh: Mapping[str, FileRecords], outline_of: OutlineReader
) -> dict[str, tuple[str, ...]]:
    """Return what each module hands out that is imported by ``*`` somewhere in the new tree."""
    stars: dict[str, tuple[str, ...]] = {}
    for source in sorted(_star_sources(tables, named, fresh)):
        if source not in named:
            continue
        if source not in fresh and source in tables.stars:
            stars[source] = tables.stars[source]
            continue
        outline = outline_of(named[source])
        stars[source] = () if outline is None else star_names(outline)
    return stars


def _star_sources(
    tables: Tables, named: Mapping[str, RepoPath], fresh: Mapping[str, FileRecords]
) -> set[str]:
    sources = {
        record.reference.head
        for each in fresh.values()
        for record in each.records
        if record.reference.tail == "*"
    }
    star = tables.strings.index("*") if "*" in tables.strings else -1
    starred = {each for each, tail in enumerate(tables.reference_tail) if tail == star}
    if not starred:
        return sources
    for at, reference in enumerate(tables.record_reference):
        if reference in starred:
            name = tables.names[bisect_right(tables.start, at) - 1]
            if name not in fresh and name in named:
                sources.add(tables.strings[tables.reference_head[reference]])
    return sources


def _unparsed(tables: Tables, kept: set[RepoPath], fresh: Mapping[RepoPath, FileRecords]) -> dict[str, int]:
    unparsed = {path: line for path, line in tables.unparsed.items() if path in kept}
    unparsed.update({path: each.unparsed for path, each in fresh.items() if each.unparsed})
    return dict(sorted(unparsed.items()))


def _absent(tables: Tables, kept: set[RepoPath], fresh: Mapping[RepoPath, FileRecords]) -> tuple[str, ...]:
    gone = {path for path, each in fresh.items() if each.is_absent}
    return tuple(sorted(gone.union(path for path in tables.absent if path in kept)))
