"""The data about one pinned commit of vLLM that ships with diffscope: graph, identifiers of tests, outlines of native sources.

In a wheel it is package data (``diffscope/_bundled/recorded``); an editable install reads the checkout's ``fixtures/recorded``. Each part
is unpacked when it is asked for.
"""

from __future__ import annotations

import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from diffscope.errors import InputError
from diffscope.graph.tables import FORMAT
from diffscope.graph.words import WordIndex, expand_words
from diffscope.source.model import CommitId
from diffscope.syntax.outline.outline import EXTRACTOR_VERSION

FILE_NAME: Final = "graph.snapshot"
MAKE: Final = "python -m diffscope.adapters.graphs.snapshot CLONE"
"""The command that makes it anew."""

_VERSION: Final = f"2-{FORMAT}-{EXTRACTOR_VERSION}"
_FILTERS: Final = [{"id": lzma.FILTER_LZMA2, "preset": 9}]


class Packaged(msgspec.Struct, array_like=True, frozen=True):
    """The file, its parts still packed."""

    version: str
    commit: CommitId
    committed_at: int
    packed_graph: bytes
    packed_words: bytes
    packed_natives: bytes

    def graph(self) -> bytes:
        """Return the graph as ``ModuleGraph.to_bytes`` wrote it."""
        return _unpack(self.packed_graph)

    def words(self) -> WordIndex:
        """Return the index of the words of tests."""
        return expand_words(_unpack(self.packed_words))

    def natives(self) -> dict[str, bytes]:
        """Return the outlines of native sources and build files, by the names that the cache keeps them under, encoded."""
        return msgspec.msgpack.decode(_unpack(self.packed_natives), type=dict[str, bytes])


class Parts(NamedTuple):
    """The parts as they are before they are packed."""

    graph: bytes
    words: bytes
    """As ``shrink_words`` made them."""
    natives: Mapping[str, bytes]


def bundled_path() -> Path:
    """Return where the file is."""
    package = Path(__file__).resolve().parents[2]
    bundled = package / "_bundled" / "recorded"
    return (bundled if bundled.is_dir() else package.parent / "fixtures" / "recorded") / FILE_NAME


def pack(commit: CommitId, committed_at: int, parts: Parts) -> bytes:
    """Return the bytes of the file: the same on any machine."""
    natives = msgspec.msgpack.encode(dict(sorted(parts.natives.items())))
    found = Packaged(_VERSION, commit, committed_at, _pack(parts.graph), _pack(parts.words), _pack(natives))
    return msgspec.msgpack.encode(found)


def unpack(data: bytes) -> Packaged:
    """Return what ``pack`` made. Raises ``InputError`` for anything else, and for what another version of diffscope made."""
    try:
        found = msgspec.msgpack.decode(data, type=Packaged)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a stored snapshot of a graph: {error}", hint=MAKE) from None
    if found.version != _VERSION:
        raise InputError("the snapshot of the graph was made by another version of diffscope", hint=MAKE)
    return found


def _pack(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_RAW, filters=_FILTERS)


def _unpack(data: bytes) -> bytes:
    try:
        return lzma.decompress(data, format=lzma.FORMAT_RAW, filters=_FILTERS)
    except lzma.LZMAError as error:
        raise InputError(f"the snapshot of the graph is damaged: {error}", hint=MAKE) from None
