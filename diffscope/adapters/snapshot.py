"""The graph of one pinned commit, shipped with diffscope for changes that come without a clone.

In a wheel it is package data (``diffscope/_bundled/recorded``); an editable install reads the checkout's ``fixtures/recorded``. To refresh it:
``python -m diffscope.adapters.snapshot CLONE [REVISION]``.
"""

from __future__ import annotations

import lzma
import sys
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from diffscope.adapters.cache import open_cache
from diffscope.adapters.git import GitRepository
from diffscope.adapters.graphs import bundled_serving, graph_at
from diffscope.adapters.test_words import index_of
from diffscope.errors import ConfigurationError, InputError
from diffscope.graph.model import ModuleGraph
from diffscope.graph.words import TestWords, decode_words, encode_words
from diffscope.source.values import CommitId

FILE_NAME: Final = "graph.snapshot"
MOST_BYTES: Final = 1_000_000
"""What the snapshot may add to the wheel."""

_HINT: Final = "python -m diffscope.adapters.snapshot CLONE"
_FILTERS: Final = [{"id": lzma.FILTER_LZMA2, "preset": 9}]


class Snapshot(NamedTuple):
    """A graph, and the commit that it is of. Class queries have nothing to read; words of tests are there."""

    commit: CommitId
    committed_at: int
    graph: ModuleGraph


class _Stored(msgspec.Struct, array_like=True):
    commit: str
    committed_at: int
    graph: bytes
    words: bytes


def bundled_snapshot() -> Snapshot:
    """Return the snapshot that comes with diffscope.

    Raises:
        ConfigurationError: it is missing, or of another version than the code that reads it.
    """
    path = bundled_path()
    try:
        return decode_snapshot(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"the snapshot of the graph cannot be read: {error.strerror}", at=str(path), hint=_HINT
        ) from None
    except InputError as error:
        raise ConfigurationError(error.message, at=str(path), hint=_HINT) from None


def bundled_path() -> Path:
    """Return where the snapshot is."""
    package = Path(__file__).resolve().parent.parent
    bundled = package / "_bundled" / "recorded"
    return (bundled if bundled.is_dir() else package.parent / "fixtures" / "recorded") / FILE_NAME


def take_snapshot(repository: GitRepository, revision: str) -> bytes:
    """Return the snapshot of a commit as bytes: the same on any machine."""
    commit = repository.resolve(revision)
    with open_cache(is_enabled=False) as none:
        graph = graph_at(repository, commit, cache=none)
        words = index_of(repository, commit)
    stored = _Stored(
        commit, repository.commit(commit).committed_at, _pack(graph.to_bytes()), _pack(encode_words(words))
    )
    return msgspec.msgpack.encode(stored)


def decode_snapshot(data: bytes) -> Snapshot:
    """Return what ``take_snapshot`` made. Raises ``InputError`` for anything else."""
    try:
        stored = msgspec.msgpack.decode(data, type=_Stored)
        graph = ModuleGraph.from_bytes(_unpack(stored.graph))
    except (msgspec.DecodeError, UnicodeDecodeError, lzma.LZMAError) as error:
        raise InputError(f"these bytes hold no snapshot of a graph: {error}", hint=_HINT) from None

    def words() -> TestWords:
        return TestWords(decode_words(_unpack(stored.words)))

    whole = graph.attach(serving=bundled_serving(), test_words=words)
    return Snapshot(CommitId(stored.commit), stored.committed_at, whole)


def _pack(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_RAW, filters=_FILTERS)


def _unpack(data: bytes) -> bytes:
    return lzma.decompress(data, format=lzma.FORMAT_RAW, filters=_FILTERS)


def _refresh(clone: str, revision: str = "HEAD") -> None:
    with GitRepository(clone) as repository:
        data = take_snapshot(repository, revision)
    bundled_path().write_bytes(data)
    found = decode_snapshot(data)
    sys.stdout.write(f"{bundled_path()}: {len(data):,} bytes, {len(found.graph):,} nodes, {found.commit}\n")


if __name__ == "__main__":
    _refresh(*sys.argv[1:])
