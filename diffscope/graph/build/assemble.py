"""Outlines -> records of every file, kept or fresh -> tables: interned, sorted and resolved.

Two runs that are given the same files end in the same tables, whichever of them were kept from a graph before. Kept records are
copied as slices and renumbered; what they lead to is resolved again only where it may have become something else.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Final, NamedTuple

from diffscope.graph.build.invalidation import invalid_references
from diffscope.graph.model import EdgeLayer, ModuleName, NodeKind
from diffscope.graph.resolve import Resolver, absolute_module, node_name, read_reference
from diffscope.graph.tables import ABSENT, LAYER_CODES, FileRecords, Record, Reference, ReferenceKind, Tables
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.source.profile import places
from diffscope.syntax.model import DefinitionKind, Import, ImportLayer, Outline, RegistryRow, RowShape

_KINDS: Final = {kind: code for code, kind in enumerate(NodeKind)}
_OPERATORS: Final = (ReferenceKind.OPERATOR, ReferenceKind.PROVIDES, ReferenceKind.DECLARES)
_BITS: Final = 24
_MASK: Final = (1 << _BITS) - 1


class Files(NamedTuple):
    """The files of the new tree."""

    paths: Mapping[str, str]
    """Name -> path of every file that is a node, sorted by name."""
    kinds: Mapping[str, NodeKind]
    """Of the fresh files at least."""
    fresh: Mapping[str, tuple[Record, ...]]
    """Records of the files that are new or changed, each sorted; those of all others are kept from before."""
    stars: dict[str, tuple[str, ...]]
    unparsed: dict[str, int]
    absent: tuple[str, ...]
    shadowed: tuple[str, ...]


class Assembled(NamedTuple):
    """The tables of a tree, and which references (by number) lead elsewhere than before, in whatever file they stand."""

    tables: Tables
    redirected: frozenset[int]


def assemble(before: Tables, files: Files) -> Assembled:
    """Return the tables of a tree."""
    assembly = _Assembly(before, files)
    return Assembled(assembly.run(), frozenset(assembly.redirected))


class _Segment(NamedTuple):
    """A part of the new records: a range of old ones, or the fresh ones of one file."""

    first: int = 0
    last: int = 0
    fresh: tuple[Record, ...] = ()


class _Numbering(NamedTuple):
    """Old number -> new number, ``-1`` for what is gone; ``None`` when all is as it was."""

    renumbered: list[int] | None

    def apply(self, numbers: Iterable[int]) -> Iterable[int]:
        return numbers if self.renumbered is None else map(self.renumbered.__getitem__, numbers)


class _Assembly:
    def __init__(self, before: Tables, files: Files) -> None:
        self.before = before
        self.files = files
        self.old = {name: index for index, name in enumerate(before.names)}
        self.segments = list(self._segments())
        self.redirected: set[int] = set()
        self.fresh = set(chain.from_iterable(files.fresh.values()))
        self.tables = Tables(
            names=[],
            paths=[],
            kinds=b"",
            strings=[],
            stars=files.stars,
            unparsed=files.unparsed,
            absent=files.absent,
            shadowed=files.shadowed,
        )

    def run(self) -> Tables:
        kept = self._kept(self.before.record_reference)
        strings = self._fill_strings(kept)
        code = {text: number for number, text in enumerate(self.tables.strings)}
        references = self._fill_references(kept, strings, code)
        self._fill_nodes()
        before, tables, same = self.before, self.tables, _Numbering(None)

        def column(old: array[int], numbering: _Numbering, value: Callable[[Record], int]) -> array[int]:
            new = array("i")
            for segment in self.segments:
                new.extend(numbering.apply(old[segment.first : segment.last]))
                new.extend(map(value, segment.fresh))
            return new

        tables.record_line = column(before.record_line, same, lambda record: record.line)
        tables.record_reference = column(
            before.record_reference, references, lambda record: self.place[_key(record.reference, code)]
        )
        tables.record_guard = column(before.record_guard, strings, lambda record: code[record.guard])
        tables.record_bound = column(before.record_bound, strings, lambda record: code[record.bound])
        tables.record_layer = b"".join(
            before.record_layer[segment.first : segment.last]
            + bytes(record.layer for record in segment.fresh)
            for segment in self.segments
        )
        self._resolve(references)
        return self.tables

    def _segments(self) -> Iterator[_Segment]:
        """Yield the new records in order, ranges as long as they can be."""
        start, fresh = self.before.start, self.files.fresh
        first = last = 0
        for name in self.files.paths:
            if name not in fresh and start[self.old[name]] == last and first < last:
                last = start[self.old[name] + 1]
                continue
            if first < last:
                yield _Segment(first, last)
            first = last = 0
            if name in fresh:
                yield _Segment(fresh=fresh[name])
            else:
                first, last = start[self.old[name]], start[self.old[name] + 1]
        if first < last:
            yield _Segment(first, last)

    def _kept(self, column: array[int]) -> set[int]:
        found: set[int] = set()
        for segment in self.segments:
            found.update(column[segment.first : segment.last])
        return found

    def _fill_strings(self, kept: set[int]) -> _Numbering:
        before = self.before
        used = self._kept(before.record_guard) | self._kept(before.record_bound)
        used.update(map(before.reference_head.__getitem__, kept))
        used.update(map(before.reference_tail.__getitem__, kept))
        texts = {before.strings[number] for number in used}
        added = {""}
        for record in self.fresh:
            added.update(record.reference[1:])
            added.add(record.guard)
            added.add(record.bound)
        added -= texts
        if not added and len(used) == len(before.strings):
            self.tables.strings = before.strings
            return _Numbering(None)
        self.tables.strings = sorted(texts | added)
        place = {text: number for number, text in enumerate(self.tables.strings)}
        return _Numbering([place.get(text, -1) for text in before.strings])

    def _fill_references(self, kept: set[int], strings: _Numbering, code: Mapping[str, int]) -> _Numbering:
        """References are compared and sorted as single numbers: kind, head and tail side by side."""
        before, tables = self.before, self.tables
        heads, tails = strings.apply(before.reference_head), strings.apply(before.reference_tail)
        triples = zip(before.reference_kind, heads, tails, strict=True)
        old = [kind << 2 * _BITS | head << _BITS | tail for kind, head, tail in triples]
        keys = {old[number] for number in kept}
        keys.update(_key(record.reference, code) for record in self.fresh)
        ordered = sorted(keys)
        tables.reference_kind = bytes(key >> 2 * _BITS for key in ordered)
        tables.reference_head = array("i", [key >> _BITS & _MASK for key in ordered])
        tables.reference_tail = array("i", [key & _MASK for key in ordered])
        self.place = {key: number for number, key in enumerate(ordered)}
        if ordered == old:
            return _Numbering(None)
        return _Numbering([self.place.get(key, -1) for key in old])

    def _fill_nodes(self) -> None:
        before, files, tables = self.before, self.files, self.tables
        operators = {
            f"torch.ops.{each.head}.{each.tail}"
            for kind in _OPERATORS
            for each in _references_of_kind(tables, kind)
        }
        tables.names = sorted([*files.paths, *operators])
        tables.paths = [files.paths.get(name, "") for name in tables.names]
        kinds = bytearray()
        start, at = tables.start, 0
        for name in tables.names:
            if name in files.fresh:
                kinds.append(_KINDS[files.kinds[name]])
                at += len(files.fresh[name])
            elif name in files.paths:
                node = self.old[name]
                kinds.append(before.kinds[node])
                at += before.start[node + 1] - before.start[node]
            else:
                kinds.append(_KINDS[NodeKind.OPERATOR])
            start.append(at)
        tables.kinds = bytes(kinds)

    def _resolve(self, references: _Numbering) -> None:
        """Resolve what is new and what may lead elsewhere than before; take the rest over, renumbering nodes."""
        before, tables = self.before, self.tables
        count = len(tables.reference_kind)
        index = {name: number for number, name in enumerate(tables.names)}
        moved = [index.get(name, -1) for name in before.names]
        target, final = array("i", [-2]) * count, array("i", [-1]) * count
        for old, new in enumerate(references.apply(range(len(before.reference_kind)))):
            if new >= 0:
                was, through = before.reference_target[old], before.reference_final[old]
                target[new] = -1 if was < 0 else moved[was]
                final[new] = -1 if through < 0 else moved[through]
        resolver = Resolver(tables, index)
        for number in invalid_references(before, tables, self.files.fresh):
            if target[number] != -2 and (target[number], final[number]) != resolver.resolve(number):
                self.redirected.add(number)
                target[number] = -2
        for number in range(count):
            if target[number] == -2:
                target[number], final[number] = resolver.resolve(number)
        tables.reference_target, tables.reference_final = target, final


def _references_of_kind(tables: Tables, kind: ReferenceKind) -> Iterator[Reference]:
    first, last = tables.reference_kind.find(kind), tables.reference_kind.rfind(kind)
    return (read_reference(tables, number) for number in range(first, last + 1) if first >= 0)


def _key(reference: Reference, code: Mapping[str, int]) -> int:
    return reference.kind << 2 * _BITS | code[reference.head] << _BITS | code[reference.tail]


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
