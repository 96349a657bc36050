"""Records of every file, kept or fresh -> tables: interned, sorted and resolved.

Two runs that are given the same files end in the same tables, whichever of them were kept from a graph before. Kept records are
copied as slices and renumbered; what they lead to is resolved again only where it may have become something else.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final, NamedTuple

from diffscope.graph.build.invalidation import invalid_references
from diffscope.graph.model import NodeKind
from diffscope.graph.resolve import Resolver, read_reference
from diffscope.graph.tables import Record, Reference, ReferenceKind, Tables

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
