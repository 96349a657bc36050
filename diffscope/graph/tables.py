"""The graph as arrays: what is stored, decoded in a moment, and walked by the queries.

Nodes, strings and references are sorted, and everything else points at them by index, so that equal graphs have equal bytes.
The records of node ``i`` are ``start[i]`` to ``start[i + 1]``.
"""

from __future__ import annotations

from array import array
from enum import IntEnum
from typing import Final, NamedTuple

import msgspec

from diffscope.errors import InputError
from diffscope.graph.model import EdgeLayer, NodeKind


class ReferenceKind(IntEnum):
    """How the two texts of a reference are to be read."""

    IMPORT = 0
    """``head`` is an absolute module, ``tail`` the imported name, ``*``, or empty for ``import head``."""
    DOTTED = 1
    """``head`` is a qualified path in a string: module, then maybe class and attribute."""
    ROW = 2
    """``head`` is the module of a registry row, ``tail`` the class (or empty)."""
    OPERATOR = 3
    """``head`` is a namespace of ``torch.ops``, ``tail`` the operator that is used."""
    PROVIDES = 4
    """Likewise, of the operator that the file itself implements: the edge leads from the operator to the file."""
    DECLARES = 5
    """Likewise, of an operator whose schema the file declares: a transit edge, for a file declares many."""
    NODE = 6
    """``head`` is the name of a node, ``tail`` what of it is used."""
    EXTENSION = 7
    """``head`` is an extension module that a build file makes, ``tail`` the path of the source that its import leads to."""


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
    """Of an import: the name that it binds in its module, empty when it binds none there (lazy, star, shadowed). Of a registry row:
    ``table:key``. Of an operator that the file implements: the file that binds it, where that is another one."""


LAYERS = tuple(EdgeLayer)
LAYER_CODES = {layer: code for code, layer in enumerate(LAYERS)}


class FileRecords(msgspec.Struct, frozen=True, array_like=True):
    """What the graph takes from one file."""

    records: tuple[Record, ...] = ()
    """Sorted and without doubles."""
    unparsed: int = 0
    """The first line that does not parse; 0 when all does."""
    is_absent: bool = False
    """The repository does not have the bytes of the file."""


ABSENT = FileRecords(is_absent=True)


_IS_LITTLE_ENDIAN: Final = array("H", [1]).tobytes()[0] == 1
FORMAT: Final = 3
"""Raise on any change of what is stored, or of how it is resolved."""


def _column() -> array[int]:
    return array("i")


class Tables(msgspec.Struct, kw_only=True):
    """All that a graph holds. ``-1`` means no node."""

    names: list[str]
    """Names of the nodes, sorted."""
    paths: list[str]
    """Their paths; empty for operators."""
    kinds: bytes
    """Index into ``tuple(NodeKind)``."""
    strings: list[str]
    """Sorted; the first is the empty one."""
    stars: dict[str, tuple[str, ...]]
    """For each module that is imported by ``*``: the names it hands out."""
    unparsed: dict[str, int]
    """Path -> first line that does not parse."""
    absent: tuple[str, ...]
    """Paths whose bytes the repository does not have, sorted."""
    shadowed: tuple[str, ...]
    """Paths hidden by a package of the same name (``a.py`` beside ``a/__init__.py``), sorted."""
    start: array[int] = msgspec.field(default_factory=lambda: array("i", [0]))
    record_line: array[int] = msgspec.field(default_factory=_column)
    record_layer: bytes = b""
    record_reference: array[int] = msgspec.field(default_factory=_column)
    record_guard: array[int] = msgspec.field(default_factory=_column)
    record_bound: array[int] = msgspec.field(default_factory=_column)
    reference_kind: bytes = b""
    reference_head: array[int] = msgspec.field(default_factory=_column)
    reference_tail: array[int] = msgspec.field(default_factory=_column)
    reference_target: array[int] = msgspec.field(default_factory=_column)
    """The node that the reference names."""
    reference_final: array[int] = msgspec.field(default_factory=_column)
    """The node that defines the name, where the target only passes it on."""


class _Stored(msgspec.Struct, kw_only=True, array_like=True):
    format: int
    names: list[str]
    paths: list[str]
    kinds: bytes
    strings: list[str]
    columns: list[bytes]
    record_layer: bytes
    reference_kind: bytes
    stars: dict[str, tuple[str, ...]]
    unparsed: dict[str, int]
    absent: tuple[str, ...]
    shadowed: tuple[str, ...]


_COLUMNS: Final = (
    "start", "record_line", "record_reference", "record_guard", "record_bound", "reference_head",
    "reference_tail", "reference_target", "reference_final",
)  # fmt: skip


def empty_tables() -> Tables:
    """Return the tables of a graph of nothing."""
    return Tables(names=[], paths=[], kinds=b"", strings=[""], stars={}, unparsed={}, absent=(), shadowed=())


def encode_tables(tables: Tables) -> bytes:
    """Return the bytes of a graph: the same for the same graph, on any machine."""
    stored = _Stored(
        format=FORMAT,
        names=tables.names,
        paths=tables.paths,
        kinds=tables.kinds,
        strings=tables.strings,
        columns=[write_numbers(getattr(tables, name)) for name in _COLUMNS],
        record_layer=tables.record_layer,
        reference_kind=tables.reference_kind,
        stars=dict(sorted(tables.stars.items())),
        unparsed=dict(sorted(tables.unparsed.items())),
        absent=tables.absent,
        shadowed=tables.shadowed,
    )
    return msgspec.msgpack.encode(stored)


def decode_tables(data: bytes, *, is_checked: bool = False) -> Tables:
    """Return the graph of such bytes; ``is_checked`` says that a checksum has already told that they are as they were written.

    Raises:
        InputError: the bytes are not those of a graph, or of another format.
    """
    try:
        stored = msgspec.msgpack.decode(data, type=_Stored)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a stored graph: {error}", hint="rebuild it: diffscope cache clear") from None
    if stored.format != FORMAT or len(stored.columns) != len(_COLUMNS):
        raise InputError("the graph was written by another version", hint="rebuild it: diffscope cache clear")
    columns = {name: read_numbers(raw) for name, raw in zip(_COLUMNS, stored.columns, strict=True)}
    tables = Tables(
        names=stored.names,
        paths=stored.paths,
        kinds=stored.kinds,
        strings=stored.strings,
        record_layer=stored.record_layer,
        reference_kind=stored.reference_kind,
        stars=stored.stars,
        unparsed=stored.unparsed,
        absent=stored.absent,
        shadowed=stored.shadowed,
        **columns,
    )
    nodes, records, references = len(tables.names), len(tables.record_layer), len(tables.reference_kind)
    lengths = (
        (tables.paths, nodes),
        (tables.kinds, nodes),
        (tables.start, nodes + 1),
        (tables.record_line, records),
        (tables.record_reference, records),
        (tables.record_guard, records),
        (tables.record_bound, records),
        (tables.reference_head, references),
        (tables.reference_tail, references),
        (tables.reference_target, references),
        (tables.reference_final, references),
    )
    if any(len(column) != length for column, length in lengths):
        raise InputError("the graph is inconsistent", hint="rebuild it: diffscope cache clear")
    if not is_checked:
        _check_bounds(tables)
    return tables


def write_numbers(numbers: array[int]) -> bytes:
    """Return numbers as 32-bit little-endian bytes."""
    return _little_endian(numbers).tobytes()


def read_numbers(data: bytes) -> array[int]:
    """Return what ``write_numbers`` was given. Raises ``InputError`` when it is cut off."""
    if len(data) % 4:
        raise InputError("a column of numbers is cut off", hint="rebuild it: diffscope cache clear")
    numbers = array("i")
    numbers.frombytes(data)
    return _little_endian(numbers)


def _little_endian(numbers: array[int]) -> array[int]:
    if _IS_LITTLE_ENDIAN:
        return numbers
    turned = array("i", numbers)
    turned.byteswap()
    return turned


def _check_bounds(tables: Tables) -> None:
    """Refuse tables that would lead a query out of bounds."""
    nodes, records, references = len(tables.names), len(tables.record_layer), len(tables.reference_kind)
    bounds = (
        (tables.start, 0, records + 1),
        (tables.record_reference, 0, references),
        (tables.record_guard, 0, len(tables.strings)),
        (tables.record_bound, 0, len(tables.strings)),
        (tables.reference_head, 0, len(tables.strings)),
        (tables.reference_tail, 0, len(tables.strings)),
        (tables.reference_target, -1, nodes),
        (tables.reference_final, -1, nodes),
    )
    codes = (
        (tables.kinds, len(NodeKind)),
        (tables.record_layer, len(EdgeLayer)),
        (tables.reference_kind, len(ReferenceKind)),
    )
    sound = all(not column or (min(column) >= low and max(column) < high) for column, low, high in bounds)
    sound = sound and all(not column or max(column) < count for column, count in codes)
    if not sound or list(tables.start) != sorted(tables.start):
        raise InputError("the graph is inconsistent", hint="rebuild it: diffscope cache clear")
