"""The protocols that adapters implement for the core, and tests implement with fakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from diffscope.source.model import BlobId, RepoPath, TreeEntry


class BlobReader(Protocol):
    """Reads blobs by id, many at once."""

    def read_blobs(self, blobs: Iterable[BlobId]) -> Mapping[BlobId, bytes | None]:
        """Return the bytes of each blob; ``None`` where the repository does not have it."""


class TreeReader(Protocol):
    """One tree (base or head) of the target repository."""

    def entries(self) -> tuple[TreeEntry, ...]:
        """Return every file of the tree, sorted by path."""

    def read(self, path: RepoPath) -> bytes | None:
        """Return the bytes of a file; ``None`` where it is absent or its blob is missing."""
