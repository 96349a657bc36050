"""The values of a parsed patch: files, hunks, lines, and file names as patches spell them."""

from __future__ import annotations

import re
from enum import Enum

from diffscope.messages.model import Message, message
from diffscope.patterns import lazy_regex
from diffscope.source.model import BlobId, Gap, RepoPath, Value
from diffscope.source.text import decode_whole


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


_ESCAPE = lazy_regex(rb'\\([0-7]{1,3}|[abtnvfr"\\])')
_LETTERS = {
    b"a": b"\a",
    b"b": b"\b",
    b"t": b"\t",
    b"n": b"\n",
    b"v": b"\v",
    b"f": b"\f",
    b"r": b"\r",
    b'"': b'"',
    b"\\": b"\\",
}
_QUOTED = lazy_regex(r'"(?:[^"\\]|\\.)*"')


def unquote(name: str) -> str:
    """Return ``name`` without git's C-style quotes, if it has them.

    As git's ``quote.c``: octal bytes (of UTF-8, as a rule), the letters of C, the quote and the backslash.
    """
    if len(name) < 2 or name[0] != '"' or name[-1] != '"':
        return name
    return decode_whole(_ESCAPE.sub(_unescape, name[1:-1].encode("utf-8", "backslashreplace")))


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match.group(1)
    return _LETTERS.get(code) or bytes([int(code, 8) & 0xFF])


def quote(name: bytes) -> str:
    """Return a name as git writes it in a patch: in quotes, with octal escapes, where it needs them."""
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in name):
        return name.decode()
    escaped = (chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in name)
    return f'"{"".join(escaped)}"'


def split_git_names(rest: str) -> tuple[str, str] | None:
    """Split what follows ``diff --git`` into both names, prefixes kept.

    Names with spaces are not quoted, so the place to cut is the one that leaves the same name twice, as git
    itself decides; ``None`` where there is none, which for a rename is as it should be: it says both names
    again below.
    """
    if '"' in rest and (names := _split_quoted(rest)):
        return names
    middle = len(rest) // 2
    if len(rest) % 2 and rest[middle] == " " and _is_same(rest[:middle], rest[middle + 1 :]):
        return rest[:middle], rest[middle + 1 :]
    cuts = [match.start() for match in re.finditer(" ", rest)]
    if len(cuts) == 1:
        return rest[: cuts[0]], rest[cuts[0] + 1 :]
    return next(
        ((rest[:cut], rest[cut + 1 :]) for cut in cuts[:_MOST_CUTS] if _is_same(rest[:cut], rest[cut + 1 :])),
        None,
    )


_MOST_CUTS = 200
"""A name of thousands of spaces would make the search quadratic."""


def _split_quoted(rest: str) -> tuple[str, str] | None:
    if first := _QUOTED.match(rest):
        return unquote(first.group()), unquote(rest[first.end() :].removeprefix(" "))
    if rest.endswith('"') and (cut := rest.find(' "')) != -1:
        return rest[:cut], unquote(rest[cut + 1 :])
    return None


def _is_same(old: str, new: str) -> bool:
    return old == new or (old.partition("/")[2] == new.partition("/")[2] != "")


def strip_prefixes(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Take ``a/`` and ``b/`` (or any other pair of prefixes) off both names; ``None`` is ``/dev/null``.

    Equal names have no prefix (``diff.noprefix``). With one side absent only the prefixes that git is known
    to write are taken off.
    """
    if old is not None and new is not None:
        if old == new:
            return old, new
        old_head, _, old_rest = old.partition("/")
        new_head, _, new_rest = new.partition("/")
        if old_rest and new_rest and (old_rest == new_rest or (old_head, new_head) in _PAIRS):
            return old_rest, new_rest
        if old == new_rest or new == old_rest:
            # One of the two prefixes is empty.
            return min(old, new, key=len), min(old, new, key=len)
        return old, new
    return _strip_known(old), _strip_known(new)


_PAIRS = {("a", "b"), ("i", "w"), ("c", "i"), ("c", "w"), ("o", "w"), ("1", "2"), ("b", "a"), ("w", "i")}


def _strip_known(name: str | None) -> str | None:
    return name[2:] if name is not None and re.match(r"[abciow12]/.", name) else name


def unsafe(path: str, *, longest: int) -> Message | None:
    """Say why ``path`` is refused, or ``None``. git itself refuses all of these in a tree."""
    parts = path.split("/")
    reasons = {
        message("patch.path-empty"): not path,
        message("patch.path-too-long", bytes=longest): len(path.encode("utf-8", "surrogatepass")) > longest,
        message("patch.path-nul"): "\0" in path,
        message("patch.path-absolute"): path.startswith("/") or _DRIVE.match(path) is not None,
        message("patch.path-leaves"): ".." in parts,
        message("patch.path-dot"): bool(path) and not {"", "."}.isdisjoint(parts),
        message("patch.path-git"): any(part.lower() == ".git" for part in parts),
    }
    return next((why for why, applies in reasons.items() if applies), None)


_DRIVE = lazy_regex(r"[A-Za-z]:[\\/]")


def shown(path: str) -> str:
    """Return ``path`` for a message: short, and without control characters."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)
    return text if len(text) <= 120 else text[:100] + "..."


def as_path(name: str) -> RepoPath:
    """Name what has been checked."""
    return RepoPath(name)
