"""Records: what a file mentions of something else, on its line, not yet resolved.

The records of a Python file depend on its outline and its path only, so that they stay as they are from commit to commit while the file
does; what they lead to is resolved apart (resolve.py).
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import msgspec

from diffscope.graph.model.model import EdgeLayer


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
