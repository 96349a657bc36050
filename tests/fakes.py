"""Stands in for the outside world: answers from memory what adapters answer from a clone or GitHub.

A fake honours the contract of its port in ``diffscope/source/model.py``; it records nothing and asserts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from diffscope.diff.reconstruct import blob_id
from diffscope.source.model import BlobId, RepoPath, TreeEntry
from tests.builders import Files, as_bytes


class FakeClone:
    """Trees from strings: ``FakeClone(base={...}, head={...})`` is read as revisions ``base`` and ``head``.

    ``missing`` names paths whose blobs the clone does not have, as in a partial clone.
    """

    def __init__(self, *, missing: Iterable[str] = (), **revisions: Files) -> None:
        self._trees = {name: as_bytes(files) for name, files in revisions.items()}
        self._missing = frozenset(missing)

    def entries(self, revision: str) -> tuple[TreeEntry, ...]:
        """Return every file of the tree, sorted by path."""
        tree = self._trees.get(revision, {})
        return tuple(
            TreeEntry(path=RepoPath(path), blob=BlobId(blob_id(tree[path])), mode="100644")
            for path in sorted(tree)
        )

    def read_blobs(self, blobs: Iterable[BlobId]) -> Mapping[BlobId, bytes | None]:
        """Return the bytes of each blob, abbreviated ids too; ``None`` where no tree has it."""
        known = {
            blob_id(data): data
            for tree in self._trees.values()
            for path, data in tree.items()
            if path not in self._missing
        }
        return {
            wanted: next((data for name, data in known.items() if name.startswith(wanted)), None)
            for wanted in blobs
        }

    def read(self, revision: str, path: RepoPath) -> bytes | None:
        """Return one file of one tree; ``None`` where it is absent or missing."""
        return None if path in self._missing else self._trees.get(revision, {}).get(path)
