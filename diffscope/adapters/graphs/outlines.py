"""Bytes of a file -> its outline, and outlines as the cache keeps them."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import msgspec

from diffscope.errors import InputError
from diffscope.graph.model.resolve import is_build_file, is_native
from diffscope.source.model import RepoPath
from diffscope.syntax.model import BuildOutline, NativeOutline, Outline
from diffscope.syntax.outline.outline import EXTRACTOR_VERSION

if TYPE_CHECKING:
    from diffscope.graph.derive import FileOutline

OUTLINE_SPACE: Final = f"outline-{EXTRACTOR_VERSION}"
"""The space of the cache; a new extractor makes a new one, and the old one dies out by not being used."""

_LEVEL: Final = 1
_TEXT: Final = (".md", ".txt", ".gitignore")
"""Files of ``csrc/`` that are nodes and declare nothing."""
_ENCODER: Final = msgspec.msgpack.Encoder()
_PYTHON: Final = msgspec.msgpack.Decoder(Outline)
_NATIVE: Final = msgspec.msgpack.Decoder(NativeOutline)
_BUILD: Final = msgspec.msgpack.Decoder(BuildOutline)


def read_outline(path: RepoPath, data: bytes) -> Outline | NativeOutline | BuildOutline:
    """Return the outline of a file that is a node of the graph."""
    # A run that parses nothing, or no native code, should not load what it takes.
    if not is_native(path):
        from diffscope.syntax.outline.outline import outline_python  # noqa: PLC0415

        return outline_python(data)
    if is_build_file(path):
        from diffscope.syntax.build import outline_build  # noqa: PLC0415

        return outline_build(path.rpartition("/")[2], data)
    if path.endswith(_TEXT):
        return NativeOutline()
    from diffscope.syntax.native.native import outline_native  # noqa: PLC0415

    return outline_native(data)


def encode_outline(outline: Outline | NativeOutline | BuildOutline) -> bytes:
    """Return an outline as the cache keeps it."""
    return keep_outline(plain_outline(outline))


def plain_outline(outline: Outline | NativeOutline | BuildOutline) -> bytes:
    """Return an outline as bytes that are not packed."""
    return _ENCODER.encode(outline)


def keep_outline(plain: bytes) -> bytes:
    """Return the bytes of ``plain_outline`` as the cache keeps them."""
    return zlib.compress(plain, _LEVEL)


def decode_outline(path: RepoPath, data: bytes) -> FileOutline:
    """Return what ``encode_outline`` was given for a file of that path. Raises ``InputError`` for anything else."""
    try:
        plain = zlib.decompress(data)
        if not is_native(path):
            return _PYTHON.decode(plain)
        return _BUILD.decode(plain) if is_build_file(path) else _NATIVE.decode(plain)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a stored outline: {error}", hint="diffscope cache clear") from None


def outline_name(path: RepoPath, blob: str) -> str:
    """Return the name that an outline is kept under: how bytes are read depends on what file they are."""
    if not is_native(path):
        return blob
    return f"{blob} {path.rpartition('/')[2] if is_build_file(path) else 'native'}"
