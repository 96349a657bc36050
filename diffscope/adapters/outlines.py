"""Bytes of a file -> its outline, and outlines as the cache keeps them."""

from __future__ import annotations

import zlib
from typing import Final

import msgspec

from diffscope.errors import InputError
from diffscope.source.values import RepoPath
from diffscope.syntax.outline import EXTRACTOR_VERSION, outline_python
from diffscope.syntax.values import Outline

OUTLINE_SPACE: Final = f"outline-{EXTRACTOR_VERSION}"
"""The space of the cache; a new extractor makes a new one, and the old one dies out by not being used."""

_NOTHING: Final = Outline(imports=(), definitions=())
_LEVEL: Final = 1
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Outline)


def read_outline(path: RepoPath, data: bytes | None) -> Outline | None:
    """Return the outline of a file; ``None`` where there are no bytes."""
    if data is None:
        return None
    return outline_python(data) if path.endswith(".py") else _NOTHING


def encode_outline(outline: Outline) -> bytes:
    """Return an outline as the cache keeps it."""
    return zlib.compress(_ENCODER.encode(outline), _LEVEL)


def decode_outline(data: bytes) -> Outline:
    """Return what ``encode_outline`` was given. Raises ``InputError`` for anything else."""
    try:
        return _DECODER.decode(zlib.decompress(data))
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"these bytes hold no outline: {error}", hint="diffscope cache clear") from None
