"""What the core asks of the outside world. Adapters answer; tests answer with fakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from diffscope.source.values import BlobId, Change, RepoPath, TreeEntry


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


class PullSource(Protocol):
    """Hands in pull requests by number: a clone, GitHub, the recorded ones."""

    def pull(self, number: int) -> Change:
        """Return the pull request as a change. Raises ``SourceError``: ``NotFoundError`` where there is none."""
