"""The list of changed files, as GitHub's files API gives it, turned back into a patch."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from diffscope.adapters.github.answers import FileEntry
from diffscope.diff.make import make_patch
from diffscope.diff.names import quote
from diffscope.source.model import Gap, RepoPath, TreeEntry, Value

MOST_FILES = 3000
"""GitHub lists no more."""
_LARGEST_SIDE = 400_000
"""Bytes of a side up to which a hunk that GitHub left out is worked out here: difflib is slow on more."""
_EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
_ABSENT = "0" * 40
_FLIPPED = {"100644": "100755", "100755": "100644"}

ReadSides = Callable[[FileEntry], tuple[bytes, bytes] | None]
"""Takes an entry, gives its old and new content (empty for a side that does not exist), or ``None``."""

FindBase = Callable[[RepoPath], TreeEntry | None]
"""Gives the entry of the base tree at a path, as far as it is known."""


class ListedPatch(Value, frozen=True, kw_only=True):
    """A patch made from a list of files, and what the list did not tell."""

    patch: str
    gaps: tuple[Gap, ...]


def patch_from_files(
    entries: Iterable[FileEntry], *, is_cut: bool, find_base: FindBase, read_sides: ReadSides
) -> ListedPatch:
    """Return the patch that ``entries`` describe.

    The list knows no file modes, the base tree does. Where GitHub left the hunks out (binary, or too large for it)
    both sides are read and compared here; a file whose sides cannot be had stands in the patch as a binary one,
    with a gap.
    """
    parts: list[str] = []
    gaps: list[Gap] = []
    for entry in sorted(entries, key=lambda entry: entry.filename):
        part, gap = _part(entry, find_base(RepoPath(entry.previous_filename or entry.filename)), read_sides)
        parts.append(part)
        gaps += [gap] if gap else []
    if is_cut:
        gaps.append(
            Gap(
                what="diff-truncated",
                reason=f"GitHub lists {MOST_FILES:,} files of a pull request and no more",
            )
        )
    return ListedPatch(patch="".join(parts), gaps=tuple(gaps))


def _part(entry: FileEntry, base: TreeEntry | None, read_sides: ReadSides) -> tuple[str, Gap | None]:
    header = _header(entry, base)
    if entry.patch:
        end = "" if entry.patch.endswith("\n") else "\n"
        return f"{header}--- {_old(entry)}\n+++ {_new(entry)}\n{entry.patch}{end}", None
    if _is_same_content(entry, base):
        return header, None
    sides = read_sides(entry)
    if sides is not None and max(map(len, sides)) <= _LARGEST_SIDE:
        return _compared(entry, *sides), None
    stand_in = f"{header}Binary files {_old(entry)} and {_new(entry)} differ\n"
    if not entry.changes:
        return stand_in, None  # GitHub counts no lines of a binary file
    reason = "GitHub leaves out the hunks of this file, and its content could not be had or is too large to compare"
    return stand_in, Gap(what="diff-truncated", reason=reason, path=RepoPath(entry.filename))


def _is_same_content(entry: FileEntry, base: TreeEntry | None) -> bool:
    """Say whether there is nothing to compare: a pure move, a change of mode, an empty file."""
    if entry.changes:
        return False
    return (
        entry.sha == (base.blob if base and entry.status != "added" else _EMPTY_BLOB)
        or entry.status == "unchanged"
    )


def _compared(entry: FileEntry, before: bytes, after: bytes) -> str:
    old_path = entry.previous_filename or entry.filename
    old = {} if entry.status == "added" else {old_path: before}
    new = {} if entry.status == "removed" else {entry.filename: after}
    renames = {old_path: entry.filename} if entry.status == "renamed" else None
    return make_patch(old, new, renames=renames)


def _header(entry: FileEntry, base: TreeEntry | None) -> str:
    old, new = _both(entry)
    names = " ".join((quote(f"a/{old}".encode()), quote(f"b/{new}".encode())))
    return "".join(
        f"{line}\n"
        for line in (f"diff --git {names}", *_modes(entry, base), *_move(entry), *_index(entry, base))
    )


def _modes(entry: FileEntry, base: TreeEntry | None) -> Iterable[str]:
    if entry.status == "added":
        yield "new file mode 100644"
    elif entry.status == "removed":
        yield f"deleted file mode {base.mode if base else '100644'}"
    elif base and entry.sha == base.blob and entry.status in {"modified", "changed"}:
        # The same content in a changed file: only its mode can differ, and a regular file has two.
        yield f"old mode {base.mode}"
        yield f"new mode {_FLIPPED.get(base.mode, base.mode)}"


def _move(entry: FileEntry) -> Iterable[str]:
    if entry.status in {"renamed", "copied"}:
        verb = "rename" if entry.status == "renamed" else "copy"
        if not entry.changes:
            yield "similarity index 100%"
        for way, name in zip(("from", "to"), _both(entry), strict=True):
            yield f"{verb} {way} {quote(name.encode())}"


def _index(entry: FileEntry, base: TreeEntry | None) -> Iterable[str]:
    if entry.status == "added" and entry.sha:
        yield f"index {_ABSENT}..{entry.sha}"
    elif entry.status == "removed" and base:
        yield f"index {base.blob}..{_ABSENT}"
    elif base and entry.sha and entry.sha != base.blob:
        yield f"index {base.blob}..{entry.sha} {base.mode}"


def _old(entry: FileEntry) -> str:
    return "/dev/null" if entry.status == "added" else quote(f"a/{_both(entry)[0]}".encode())


def _new(entry: FileEntry) -> str:
    return "/dev/null" if entry.status == "removed" else quote(f"b/{entry.filename}".encode())


def _both(entry: FileEntry) -> tuple[str, str]:
    return entry.previous_filename or entry.filename, entry.filename
