"""The graph of one pinned commit, shipped with diffscope for changes that come without a clone, and for the first graph in a clone.

To refresh it: ``python -m diffscope.adapters.graphs.snapshot CLONE [REVISION]``.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Final, NamedTuple

from diffscope.adapters.cache.cache import open_cache
from diffscope.adapters.config.profiles import default_profile
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.graphs import (
    MAKE,
    Packaged,
    Parts,
    bundled_path,
    bundled_serving,
    graph_at,
    pack,
    unpack,
)
from diffscope.adapters.graphs.outlines import index_of, outline_name, plain_outline, read_outline
from diffscope.adapters.output import write_file
from diffscope.errors import ConfigurationError, InputError
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.resolve import is_native
from diffscope.graph.word_index import TestWords, shrink_words
from diffscope.source.model import CommitId
from diffscope.source.profile import in_force

MOST_BYTES: Final = 1_000_000
"""What the snapshot may add to the wheel."""

_REGULAR: Final = ("100644", "100755")


class Snapshot(NamedTuple):
    """A graph, and the commit that it is of. Class queries have nothing to read; words of tests are there."""

    commit: CommitId
    committed_at: int
    graph: ModuleGraph


def bundled_snapshot() -> Snapshot:
    """Return the snapshot that comes with diffscope.

    Raises:
        ConfigurationError: it is missing, or of another version than the code that reads it.
    """
    path = bundled_path()
    try:
        return _decode_once(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"the snapshot of the graph cannot be read: {error.strerror}", at=str(path), hint=MAKE
        ) from None
    except InputError as error:
        raise ConfigurationError(error.message, at=str(path), hint=MAKE) from None


@lru_cache(maxsize=1)
def _decode_once(data: bytes) -> Snapshot:
    """Return the snapshot of these bytes: immutable, and asked for by every change of a process that has no clone."""
    return decode_snapshot(data)


def take_snapshot(repository: GitRepository, revision: str) -> bytes:
    """Return the snapshot of a commit as bytes: the same on any machine."""
    commit = repository.resolve(revision)
    with open_cache(is_enabled=False) as none:
        graph = graph_at(repository, commit, cache=none)
    parts = Parts(graph.to_bytes(), shrink_words(index_of(repository, commit)), _natives(repository, commit))
    return pack(commit, repository.commit(commit).committed_at, parts)


def decode_snapshot(data: bytes) -> Snapshot:
    """Return what ``take_snapshot`` made. Raises ``InputError`` for anything else."""
    packaged: Packaged = unpack(data)
    graph = ModuleGraph.from_bytes(packaged.graph())
    whole = graph.attach(serving=bundled_serving(), test_words=lambda: TestWords(packaged.words()))
    return Snapshot(packaged.commit, packaged.committed_at, whole)


def _natives(repository: GitRepository, commit: CommitId) -> dict[str, bytes]:
    entries = [
        entry for entry in repository.entries(commit) if is_native(entry.path) and entry.mode in _REGULAR
    ]
    data = repository.read_blobs(entry.blob for entry in entries)
    found = {}
    for entry in entries:
        content = data.get(entry.blob)
        if content is not None:
            outline = read_outline(entry.path, content)
            found[outline_name(entry.path, entry.blob)] = plain_outline(outline)
    return found


def _refresh(clone: str, revision: str = "HEAD") -> None:
    with in_force(default_profile().names()), GitRepository(clone) as repository:
        data = take_snapshot(repository, revision)
    write_file(bundled_path(), data, what="the snapshot")
    found = decode_snapshot(data)
    sys.stdout.write(f"{bundled_path()}: {len(data):,} bytes, {len(found.graph):,} nodes, {found.commit}\n")


if __name__ == "__main__":
    _refresh(*sys.argv[1:])
