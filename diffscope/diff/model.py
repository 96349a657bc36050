"""The values of a parsed patch: files, hunks, lines."""

from __future__ import annotations

from enum import Enum

from diffscope.source.model import BlobId, Gap, RepoPath, Value


class FileStatus(Enum):
    """What happened to a file as a whole."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"
    TYPE_CHANGED = "type-changed"
    """It became a link, a submodule or a file that it was not: all of the old side went, all of the new one came."""


class FileKind(Enum):
    """What a file is made of, as far as the patch tells."""

    TEXT = "text"
    BINARY = "binary"
    SUBMODULE = "submodule"
    SYMLINK = "symlink"


class Line(Value, frozen=True, kw_only=True):
    r"""One added or removed line. ``number`` counts from 1 on its own side.

    ``text`` has no line feed. A carriage return before it belongs to the file and stays. Bytes that are not
    UTF-8 are written as ``\xNN``.
    """

    number: int
    text: str


class Hunk(Value, frozen=True, kw_only=True):
    """One hunk: where it starts on each side, and the lines that differ (context is not kept)."""

    old_start: int
    old_length: int
    new_start: int
    new_length: int
    section: str
    removed: tuple[Line, ...]
    added: tuple[Line, ...]


class FileDiff(Value, frozen=True, kw_only=True):
    """The change of one file. ``path`` is the new name (the old one for a deletion)."""

    path: RepoPath
    old_path: RepoPath | None
    """Set for renames and copies only."""
    status: FileStatus
    kind: FileKind
    additions: int
    deletions: int
    hunks: tuple[Hunk, ...]
    old_mode: str | None = None
    new_mode: str | None = None
    old_blob: BlobId | None = None
    """Full or abbreviated id from the patch's ``index`` line; ``None`` where the patch has none or the side is absent."""
    new_blob: BlobId | None = None
    no_newline_at_end: bool = False
    """The new side (the old one for a deletion) ends without a line feed."""
    old_no_newline_at_end: bool = False
    similarity: int | None = None
    """Percent, as git counts it, for renames and copies; ``None`` where the patch does not say."""


class Diff(Value, frozen=True, kw_only=True):
    """A whole patch, files sorted by path; no path stands twice."""

    files: tuple[FileDiff, ...]


class Salvage(Value, frozen=True, kw_only=True):
    """What could be read of a damaged patch: the whole files, and a gap for each part that was lost."""

    diff: Diff
    gaps: tuple[Gap, ...] = ()


class FileSides(Value, frozen=True, kw_only=True):
    """Both sides of one changed file as bytes. A side is ``None`` when it does not exist or could not be read."""

    path: RepoPath
    before: bytes | None = None
    after: bytes | None = None
    is_read: bool = True
    """Every side that exists was had."""


class Sides(Value, frozen=True, kw_only=True):
    """Both sides of every file of a ``Diff``, in its order, and a gap for each side that could not be read."""

    files: tuple[FileSides, ...]
    gaps: tuple[Gap, ...] = ()
