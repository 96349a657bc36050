"""The values that name a change, a revision and a file of the target repository."""

from __future__ import annotations

from enum import Enum
from typing import Literal, NewType

import msgspec

RepoPath = NewType("RepoPath", str)
"""A POSIX path relative to the root of the target repository. Bytes that are not UTF-8 stand as ``\\xNN``."""

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


GapCode = Literal[
    "unspecified",
    "internal-error",
    "change-empty",
    "change-unavailable",
    "several-commits",
    "no-base-tree",
    "no-graph",
    "no-declarations",
    "not-vllm",
    "blob-missing",
    "file-unread",
    "file-unparsed",
    "registry-empty",
    "history-cut-off",
    "history-too-young",
    "clone-too-old",
]
"""Why something is missing, in words that do not change. ``unspecified``: ``what`` and ``reason`` are all that is told."""


class Gap(Value, frozen=True, kw_only=True):
    """Something that was not had or not judged, and why. Gaps travel into ``completeness``."""

    what: str
    """A stable word: ``base-tree``, ``head-tree``, ``blob``, ``parse``, ``diff-truncated``, ``graph``, ``metadata`` ..."""
    reason: str
    path: RepoPath | None = None
    code: GapCode = "unspecified"


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
