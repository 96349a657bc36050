"""Records of every file, kept or fresh -> tables: interned, sorted and resolved.

Two runs that are given the same files end in the same tables, whichever of them were kept from a graph before.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final, NamedTuple

from diffscope.graph.records import Record, Reference, ReferenceKind
from diffscope.graph.resolve import Resolver
from diffscope.graph.tables import Tables
from diffscope.graph.values import NodeKind

_KINDS: Final = {kind: code for code, kind in enumerate(NodeKind)}
_OPERATOR: Final = int(ReferenceKind.OPERATOR)


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


def assemble(before: Tables, files: Files) -> Tables:
    """Return the tables of a tree."""
    return _Assembly(before, files).run()


class _Assembly:
    def __init__(self, before: Tables, files: Files) -> None:
        self.before = before
        self.files = files
        self.old = {name: index for index, name in enumerate(before.names)}
        self.fresh = sorted(set(chain.from_iterable(files.fresh.values())))

    def run(self) -> Tables:
        runs = list(self._runs())
        references, reference_map = self._references(runs)
        strings, string_map = self._strings(runs, references)
        code = {text: index for index, text in enumerate(strings)}
        names = self._names(references)
        index = {name: number for number, name in enumerate(names)}
        tables = self._frame(names, strings)
        tables.reference_kind = bytes(each[0] for each in references)
        tables.reference_head = array("i", [code[each[1]] for each in references])
        tables.reference_tail = array("i", [code[each[2]] for each in references])
        number = {reference: place for place, reference in enumerate(references)}
        self._copy_records(tables, (reference_map, string_map), number, code)
        self._resolve(tables, references, reference_map, index)
        return tables

    def _runs(self) -> Iterator[tuple[int, int]]:
        """Yield ranges of old records that are kept, in the order of the new graph."""
        start = self.before.start
        first = last = -1
        for name in self.files.paths:
            if name in self.files.fresh:
                continue
            node = self.old[name]
            if start[node] == last:
                last = start[node + 1]
                continue
            if first < last:
                yield first, last
            first, last = start[node], start[node + 1]
        if first < last:
            yield first, last

    def _references(self, runs: list[tuple[int, int]]) -> tuple[list[Reference], list[int]]:
        """Return all references of the new graph, sorted, and old index -> new index."""
        before = self.before
        used: set[int] = set()
        for first, last in runs:
            used.update(before.record_reference[first:last])
        text = before.strings.__getitem__
        kept = {
            Reference(
                before.reference_kind[each],
                text(before.reference_head[each]),
                text(before.reference_tail[each]),
            ): each
            for each in sorted(used)
        }
        added = {record.reference for record in self.fresh}.difference(kept)
        references = sorted([*kept, *added]) if added else list(kept)
        mapping = [-1] * len(before.reference_kind)
        for place, reference in enumerate(references):
            each = kept.get(reference)
            if each is not None:
                mapping[each] = place
        return references, mapping

    def _strings(
        self, runs: list[tuple[int, int]], references: list[Reference]
    ) -> tuple[list[str], list[int]]:
        """Return all strings of the new graph, sorted, and old index -> new index."""
        before = self.before
        codes: set[int] = set()
        for first, last in runs:
            codes.update(before.record_guard[first:last])
            codes.update(before.record_bound[first:last])
        texts = {before.strings[code] for code in codes}
        texts.add("")
        for _, head, tail in references:
            texts.add(head)
            texts.add(tail)
        for record in self.fresh:
            texts.add(record.guard)
            texts.add(record.bound)
        strings = sorted(texts)
        place = {text: number for number, text in enumerate(strings)}
        return strings, [place.get(text, -1) for text in before.strings]

    def _names(self, references: list[Reference]) -> list[str]:
        operators = [f"torch.ops.{head}.{tail}" for kind, head, tail in references if kind == _OPERATOR]
        return sorted([*self.files.paths, *operators])

    def _frame(self, names: list[str], strings: list[str]) -> Tables:
        """Return tables with their nodes, and no records yet."""
        before, files, operator = self.before, self.files, _KINDS[NodeKind.OPERATOR]
        kinds = bytearray()
        for name in names:
            if name in files.kinds:
                kinds.append(_KINDS[files.kinds[name]])
            else:
                kinds.append(before.kinds[self.old[name]] if name in files.paths else operator)
        return Tables(
            names=names,
            paths=[files.paths.get(name, "") for name in names],
            kinds=bytes(kinds),
            strings=strings,
            stars=files.stars,
            unparsed=files.unparsed,
            absent=files.absent,
            shadowed=files.shadowed,
        )

    def _copy_records(
        self,
        tables: Tables,
        maps: tuple[list[int], list[int]],
        number: Mapping[Reference, int],
        code: Mapping[str, int],
    ) -> None:
        reference_map, string_map = maps
        before, fresh = self.before, self.files.fresh
        layers = bytearray()
        for name in tables.names:
            if name in fresh:
                for record in fresh[name]:
                    tables.record_line.append(record.line)
                    layers.append(record.layer)
                    tables.record_reference.append(number[record.reference])
                    tables.record_guard.append(code[record.guard])
                    tables.record_bound.append(code[record.bound])
            elif name in self.files.paths:
                node = self.old[name]
                kept = slice(before.start[node], before.start[node + 1])
                tables.record_line.extend(before.record_line[kept])
                layers += before.record_layer[kept]
                tables.record_reference.extend(map(reference_map.__getitem__, before.record_reference[kept]))
                tables.record_guard.extend(map(string_map.__getitem__, before.record_guard[kept]))
                tables.record_bound.extend(map(string_map.__getitem__, before.record_bound[kept]))
            tables.start.append(len(layers))
        tables.record_layer = bytes(layers)

    def _resolve(
        self, tables: Tables, references: list[Reference], reference_map: list[int], index: Mapping[str, int]
    ) -> None:
        resolver = Resolver(index, lambda node: read_records(tables, node, references), tables.stars)
        resolved = [resolver.resolve(reference) for reference in references]
        tables.reference_target = array("i", [each[0] for each in resolved])
        tables.reference_final = array("i", [each[1] for each in resolved])


def read_records(tables: Tables, node: int, references: list[Reference]) -> list[Record]:
    """Return the records of one node."""
    strings = tables.strings
    return [
        Record(
            tables.record_line[at],
            tables.record_layer[at],
            references[tables.record_reference[at]],
            strings[tables.record_guard[at]],
            strings[tables.record_bound[at]],
        )
        for at in range(tables.start[node], tables.start[node + 1])
    ]
