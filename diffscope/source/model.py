"""The values that name a change, a revision and a file of the target repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final, Literal, NewType, Protocol

import msgspec

from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Language, Message
from diffscope.messages.say import say_message

RepoPath = NewType("RepoPath", str)
"""A POSIX path relative to the root of the target repository. Bytes that are not UTF-8 are written as ``\\xNN``."""

BlobId = NewType("BlobId", str)
"""The full hexadecimal object id of a git blob."""

CommitId = NewType("CommitId", str)
"""The full hexadecimal object id of a git commit."""


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Base of every value that crosses a border between stages."""


class SourceKind(Enum):
    """Where a change came from; the value is the wire word."""

    CLONE = "clone"
    RANGE = "range"
    WORKTREE = "worktree"
    PATCH = "patch"
    GITHUB = "github"
    RECORDED = "recorded"


class PullRequest(Value, frozen=True, kw_only=True):
    """What is known of a change besides its diff. ``None`` means: the source does not tell."""

    repository: str
    source: SourceKind
    title: str
    number: int | None = None
    body: str | None = None
    author: str | None = None
    author_login: str | None = None
    labels: tuple[str, ...] | None = None
    merged_at: str | None = None
    """ISO 8601, UTC, seconds: ``2026-03-29T05:08:03Z``."""
    base: CommitId | None = None
    head: CommitId | None = None
    url: str | None = None


class TreeEntry(Value, frozen=True, kw_only=True):
    """One file of a tree: what ``git ls-tree -r`` tells of it."""

    path: RepoPath
    blob: BlobId
    mode: str


GapKind = Literal[
    "base-tree", "blame", "blob", "change", "closed-issues", "closed-pulls", "comments", "declarations",
    "diff-path", "diff-truncated", "files", "fix", "graph", "history", "internal", "metadata", "new-issues",
    "new-pulls", "not-text", "parse", "registry", "repository", "window",
]  # fmt: skip
"""What is missing."""

INTERNAL_CODES: Final = frozenset({
    "gap.internal-error", "gap.change-failed", "gap.worker-ended", "gap.worker-ended-with",
    "gap.worker-called-off", "gap.worker-not-started", "gap.worker-timed-out",
})  # fmt: skip
"""Why something was not judged where diffscope itself is to blame."""


class Gap(Value, frozen=True, kw_only=True):
    """Something that was not had or not judged, and why. Gaps travel into ``completeness``."""

    what: GapKind
    message: Message
    """Why, as a code of the catalogue."""
    path: RepoPath | None = None

    @property
    def code(self) -> MessageCode:
        """The code of the message."""
        return self.message.code

    @property
    def reason(self) -> str:
        """The message in English, for notes and errors, which are English only."""
        return say_message(self.message, Language.ENGLISH)


class Change(Value, frozen=True, kw_only=True):
    """A change as a source hands it in: metadata, patch text, and what the source could not give."""

    pull: PullRequest
    patch: str
    gaps: tuple[Gap, ...] = ()


class MergedPull(Value, frozen=True, kw_only=True):
    """A pull request as the squash commit shows it that it was merged with."""

    number: int
    commit: CommitId
    subject: str
    author: str
    merged_at: str
    """ISO 8601, UTC, seconds: the committer date."""


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
