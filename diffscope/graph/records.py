"""One file's outline -> its records: every mention of something else, on its line, not yet resolved.

A record depends on the outline and the file's own path only, so that the records of an unchanged file stay as they are
from commit to commit; what they lead to is resolved apart (resolve.py).
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import msgspec

from diffscope.graph.names import PYTHON_ROOTS, absolute_module, node_name
from diffscope.graph.values import EdgeLayer, ModuleName
from diffscope.source.values import RepoPath
from diffscope.syntax.values import DefinitionKind, Import, ImportLayer, Outline


class ReferenceKind(IntEnum):
    """How the two texts of a reference are to be read."""

    IMPORT = 0
    """``head`` is an absolute module, ``tail`` the imported name, ``*``, or empty for ``import head``."""
    DOTTED = 1
    """``head`` is a qualified path in a string: module, then maybe class and attribute."""
    ROW = 2
    """``head`` is the module of a registry row, ``tail`` the class (or empty)."""
    OPERATOR = 3
    """``head`` is a namespace of ``torch.ops``, ``tail`` the operator."""
    INCLUDE = 4
    """``head`` is the path as written, ``tail`` the folder of the file that includes it."""
    FUNCTION = 5
    """``head`` is a native function that a binding names, ``tail`` the operator: ``namespace::name``."""
    DEFINES = 6
    """``head`` is a native function that the file itself defines."""
    SOURCE = 7
    """``head`` is the path of a source that a build file lists, ``tail`` the folder of that build file."""


class Reference(NamedTuple):
    """What is mentioned. Equal mentions anywhere in the tree are one reference and are resolved once."""

    kind: int
    head: str
    tail: str = ""


class Record(NamedTuple):
    """One mention of a reference."""

    line: int
    layer: int
    reference: Reference
    guard: str = ""
    bound: str = ""
    """The name that an import binds in its module; empty for one that binds none there (lazy, star, shadowed)."""


LAYERS = tuple(EdgeLayer)
LAYER_CODES = {layer: code for code, layer in enumerate(LAYERS)}
_IMPORT_CODES = {layer: LAYER_CODES[EdgeLayer(layer.value)] for layer in ImportLayer}
_STRING = LAYER_CODES[EdgeLayer.STRING]
_OP = LAYER_CODES[EdgeLayer.OP]
_SHADOWS = frozenset({DefinitionKind.CLASS, DefinitionKind.FUNCTION})


class FileRecords(msgspec.Struct, frozen=True, array_like=True):
    """What the graph takes from one file."""

    records: tuple[Record, ...] = ()
    """Sorted and without doubles."""
    unparsed: int = 0
    """The first line that does not parse; 0 when all does."""
    is_absent: bool = False
    """The repository does not have the bytes of the file."""


ABSENT = FileRecords(is_absent=True)


def describe_file(path: RepoPath, outline: Outline | None) -> FileRecords:
    """Return what the graph takes from a file with such an outline (``None``: its bytes are missing)."""
    if outline is None:
        return ABSENT
    name = node_name(path)
    if name is None:
        return FileRecords()
    records = python_records(outline, name=name, is_package=path.endswith("/__init__.py"))
    unparsed = outline.problems[0].line if outline.problems else 0
    return FileRecords(records=tuple(records), unparsed=unparsed)


def python_records(outline: Outline, *, name: ModuleName, is_package: bool) -> list[Record]:
    """Return the records of a Python file, sorted and without doubles."""
    shadowed = {each.name for each in outline.definitions if each.kind in _SHADOWS}
    records: set[Record] = set()
    for each in outline.imports:
        record = _import_record(each, name=name, is_package=is_package, shadowed=shadowed)
        if record is not None:
            records.add(record)
    for string in outline.strings:
        if string.text.partition(".")[0] in PYTHON_ROOTS:
            records.add(Record(string.line, _STRING, Reference(ReferenceKind.DOTTED, string.text)))
    for call in outline.operators:
        mention = Reference(ReferenceKind.OPERATOR, call.namespace, call.name)
        records.add(Record(call.line, _OP, mention))
    return sorted(records)


def star_names(outline: Outline) -> tuple[str, ...]:
    """Return the names that ``from module import *`` takes from a module with such an outline, sorted."""
    if outline.exports is not None:
        return tuple(sorted(set(outline.exports)))
    top = {each.name for each in outline.definitions if "." not in each.name}
    imported = {
        each.alias or each.name or each.module
        for each in outline.imports
        if each.layer is ImportLayer.EAGER and (each.name != "*")
    }
    return tuple(sorted(name for name in top | imported if not name.startswith("_") and "." not in name))


def _import_record(each: Import, *, name: ModuleName, is_package: bool, shadowed: set[str]) -> Record | None:
    module = absolute_module(each.module, each.level, importer=name, is_package=is_package)
    if module is None or module.partition(".")[0] not in PYTHON_ROOTS:
        return None
    bound = ""
    if each.layer is not ImportLayer.LAZY and each.name != "*":
        # ``import a.b`` binds ``a``, which says nothing of ``b``; only an alias does.
        bound = each.alias or each.name or ""
        if bound in shadowed:
            bound = ""
    reference = Reference(ReferenceKind.IMPORT, module, each.name or "")
    return Record(each.line, _IMPORT_CODES[each.layer], reference, each.guard or "", bound)
