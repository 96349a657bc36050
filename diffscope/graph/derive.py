"""Outlines of a tree -> records of its files -> ``ModuleGraph``; a graph and what changed -> the next graph.

There is one way to make a graph, ``derive_graph``; building from scratch is deriving from nothing. What is kept of the graph
before are the records of files that did not change (assemble.py).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cached_property
from typing import Final

from msgspec.structs import replace

from diffscope.graph.build.assemble import Files, assemble
from diffscope.graph.build.native import NativeFile, describe_natives
from diffscope.graph.model import EdgeLayer, ModuleName
from diffscope.graph.query.graph import ModuleGraph, OutlineReader
from diffscope.graph.resolve import absolute_module, is_native, name_nodes, node_kind, node_name, read_records
from diffscope.graph.tables import (
    ABSENT,
    LAYER_CODES,
    FileRecords,
    Record,
    Reference,
    ReferenceKind,
    Tables,
    empty_tables,
)
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.source.profile import places
from diffscope.syntax.model import (
    BuildOutline,
    DefinitionKind,
    Import,
    ImportLayer,
    NativeOutline,
    Outline,
    RegistryRow,
    RowShape,
)

_IMPORT_CODES: Final = {layer: LAYER_CODES[EdgeLayer(layer.value)] for layer in ImportLayer}
_REGISTRY: Final = LAYER_CODES[EdgeLayer.REGISTRY]
_STRING: Final = LAYER_CODES[EdgeLayer.STRING]
_OP: Final = LAYER_CODES[EdgeLayer.OP]
_SHADOWS: Final = frozenset({DefinitionKind.CLASS, DefinitionKind.FUNCTION})
_MODULE: Final = lazy_regex(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_CLASS: Final = lazy_regex(r"(?=\w*[A-Z])_*[A-Za-z]\w*")
_CUSTOM_OP: Final = lazy_regex(r"(?:.*\.)?(?:\w*register\w*_op|custom_op)")
_IR_OP: Final = lazy_regex(r"(?:.*\.)?register_op")
_IR_IMPLEMENTATION: Final = lazy_regex(r"(?:.*\.)?ops\.(\w+)\.register_impl")


def describe_file(path: RepoPath, outline: Outline | None) -> FileRecords:
    """Return what the graph takes from a Python file with such an outline (``None``: its bytes are missing)."""
    if outline is None:
        return ABSENT
    name = node_name(path)
    if name is None:
        return FileRecords()
    file = _PythonFile(outline, name, is_package=path.endswith("/__init__.py"))
    unparsed = outline.problems[0].line if outline.problems else 0
    return FileRecords(records=tuple(sorted(set(file.records()))), unparsed=unparsed)


def star_names(outline: Outline) -> tuple[str, ...]:
    """Return the names that ``from module import *`` takes from a module with such an outline, sorted."""
    if outline.exports is not None:
        return tuple(sorted(set(outline.exports)))
    top = {each.name for each in outline.definitions if "." not in each.name}
    imported = {
        each.alias or each.name or each.module
        for each in outline.imports
        if each.layer is ImportLayer.EAGER and each.name != "*"
    }
    return tuple(sorted(name for name in top | imported if not name.startswith("_") and "." not in name))


class _PythonFile:
    def __init__(self, outline: Outline, name: ModuleName, *, is_package: bool) -> None:
        self._outline = outline
        self._name = name
        self._package = name if is_package else name.rpartition(".")[0]
        self._is_package = is_package
        self._defined = {each.name for each in outline.definitions if each.kind in _SHADOWS}

    def records(self) -> Iterator[Record]:
        outline = self._outline
        for each in outline.imports:
            yield from self._import(each)
        rows = [record for row in outline.rows for record in self._row(row)]
        yield from rows
        named = {record.reference.head for record in rows if record.reference.kind == ReferenceKind.DOTTED}
        for string in outline.strings:
            if _is_rooted(string.text) and string.text not in named:
                yield Record(string.line, _STRING, Reference(ReferenceKind.DOTTED, string.text))
        for call in outline.operators:
            yield Record(call.line, _OP, Reference(ReferenceKind.OPERATOR, call.namespace, call.name))
        yield from self._decorated()

    def _import(self, each: Import) -> Iterator[Record]:
        module = self._absolute(each)
        if module is None or not _is_rooted(module):
            return
        bound = ""
        if each.layer is not ImportLayer.LAZY and each.name != "*":
            # ``import a.b`` binds ``a``, which says nothing of ``b``; only an alias does.
            bound = each.alias or each.name or ""
            if bound in self._defined:
                bound = ""
        reference = Reference(ReferenceKind.IMPORT, module, each.name or "")
        yield Record(each.line, _IMPORT_CODES[each.layer], reference, each.guard or "", bound)

    def _absolute(self, each: Import) -> str | None:
        return absolute_module(each.module, each.level, importer=self._name, is_package=self._is_package)

    def _decorated(self) -> Iterator[Record]:
        """Yield the operators that ``@register_op`` makes of functions under their own names."""
        for each in self._outline.definitions:
            for written in each.decorators:
                name, _, arguments = written.removeprefix("@").partition("(")
                if _IR_OP.fullmatch(name) and "name=" not in arguments:
                    provided = Reference(ReferenceKind.PROVIDES, places().register_op, each.name)
                    yield Record(each.line, _OP, provided)

    def _provided(self, row: RegistryRow) -> Reference | None:
        """Return the operator that a row registers, or implements, if it does."""
        if row.shape not in (RowShape.CALL, RowShape.DECORATOR):
            return None
        if implemented := _IR_IMPLEMENTATION.fullmatch(row.table):
            return Reference(ReferenceKind.PROVIDES, places().register_op, implemented[1])
        if not _CUSTOM_OP.fullmatch(row.table):
            return None
        namespace, _, operator = row.key.rpartition("::")
        name = operator.partition(".")[0]
        if not name.isidentifier():
            return None
        if not namespace:
            namespace = places().register_op if _IR_OP.fullmatch(row.table) else self._namespace(name)
        return Reference(ReferenceKind.PROVIDES, namespace, name)

    def _namespace(self, operator: str) -> str:
        """Return the namespace of an operator that is registered without one: the one that this file calls it by, else the usual one.

        Calls of the same name in a namespace of native code say nothing: wrappers are named like what they wrap.
        """
        usual = places().namespace
        called = {call.namespace for call in self._outline.operators if call.name == operator}
        own = sorted(name for name in called if name.startswith(usual))
        return own[0] if own else usual

    def _row(self, row: RegistryRow) -> Iterator[Record]:
        provided = self._provided(row)
        if provided is not None:
            yield Record(row.line, _OP, provided)
            return
        named = map(self._named, row.values) if row.is_names else (self._qualified(row),)
        for reference in named:
            if reference is not None:
                yield Record(row.line, _REGISTRY, reference, bound=f"{row.table}:{row.key}")

    def _qualified(self, row: RegistryRow) -> Reference | None:
        """Return what a row of strings names: one qualified path, or a module and a class."""
        first, *rest = row.values
        if not rest:
            return Reference(ReferenceKind.DOTTED, first) if _is_rooted(first) and "." in first else None
        if not _MODULE.fullmatch(first) or not _CLASS.fullmatch(rest[0]):
            return None
        # A relative module of a table stands beside the table: ``("llama", "LlamaForCausalLM")`` in models/registry.py.
        module = first if _is_rooted(first) and "." in first else f"{self._package}.{first}"
        return Reference(ReferenceKind.ROW, module, rest[0])

    def _named(self, value: str) -> Reference | None:
        """Return what a name in a row means in this file, imports inside of functions included."""
        first, _, rest = value.partition(".")
        if first in self._defined:
            return Reference(ReferenceKind.ROW, self._name, first)
        found = self._imported.get(first)
        if found is None or not _is_rooted(found.head):
            return None
        if rest and not found.tail:
            return Reference(ReferenceKind.ROW, found.head, rest.partition(".")[0])
        return found

    @cached_property
    def _imported(self) -> Mapping[str, Reference]:
        imported: dict[str, Reference] = {}
        for each in self._outline.imports:
            module = self._absolute(each)
            if module is not None and each.name != "*":
                bound = each.alias or each.name or module
                imported[bound] = Reference(ReferenceKind.ROW, module, each.name or "")
        return imported


def _is_rooted(text: str) -> bool:
    return text.partition(".")[0] in places().own


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
