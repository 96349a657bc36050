"""Patch text -> ``Diff``, within size limits. The only module that imports unidiff."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace
from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk as LibraryHunk
from unidiff.patch import Line as LibraryLine
from unidiff.patch import PatchSet

from diffscope.diff.headers import MOVED, Folders, Header, find_folders, read_header
from diffscope.diff.model import Diff, FileDiff, FileStatus, Hunk, Line, Salvage, as_path, shown, unsafe
from diffscope.diff.reconstruct import blob_id
from diffscope.diff.sections import LEFT_OUT, NOT_HELD, Section, cut, cut_hunks
from diffscope.errors import DiffError
from diffscope.messages.model import Message, message
from diffscope.patterns import lazy_regex
from diffscope.source.model import BlobId, Gap, Value

if TYPE_CHECKING:
    from diffscope.diff.compose_patches import Edit
    from diffscope.diff.line_origins import ReadBase


class Limits(Value, frozen=True, kw_only=True):
    """The largest patch that is read: some four times vLLM's largest commit.

    That one (all files reformatted) has 16 MB, 1,508 files and 383,563 lines of patch.
    """

    patch_bytes: int = 64 * 1024 * 1024
    """Characters of patch text, which are bytes for the ASCII that patches mostly are."""
    files: int = 20_000
    lines: int = 2_000_000
    line_length: int = 4 * 1024 * 1024
    path_length: int = 4096
    """PATH_MAX of Linux: git cannot check out a longer name there."""


DEFAULT_LIMITS = Limits()

_HINT = "split the change, or hand in the files that matter: git diff BASE...HEAD -- FOLDER"


def _check(found: int, allowed: int, what: str) -> None:
    if found > allowed:
        raise DiffError(f"the patch has {found:,} {what}; {allowed:,} are allowed", hint=_HINT)


def _longest_line(patch: str) -> int:
    longest = start = 0
    while (end := patch.find("\n", start)) != -1:
        longest = max(longest, end - start)
        start = end + 1
    return max(longest, len(patch) - start)


_WORD_DIFF = lazy_regex(r"\[-[^\n]*-\]|\{\+[^\n]*\+\}")
_MAKE_ONE = "git diff --full-index -M BASE...HEAD > change.patch"


def parse_diff(patch: str, *, limits: Limits = DEFAULT_LIMITS) -> Diff:
    """Return what ``patch`` says.

    Takes ``git diff``, ``git show``, ``git format-patch`` (one mail or a series), and ``diff -u`` of others. Raises ``DiffError``
    where the patch is empty, holds no diff, is a combined diff, is damaged (naming file and line), names a
    path outside the repository, or is larger than ``limits``.
    """
    salvage = salvage_diff(patch, limits=limits)
    for first in (gap for gap in salvage.gaps if not _only_leaves_out(gap)):
        raise DiffError(first.reason, at=first.path and shown(first.path), hint=f"make it again: {_MAKE_ONE}")
    return salvage.diff


def salvage_diff(
    patch: str, *, limits: Limits = DEFAULT_LIMITS, read_base: ReadBase = lambda *_: None
) -> Salvage:
    """Return the whole files of ``patch`` and a ``Gap`` for each part that is damaged or unsafe.

    A series (the mails of ``git format-patch``, the commits of ``git log -p``) is composed to the one change that it makes;
    ``read_base`` is asked where only the files of its base could tell. Raises ``DiffError`` only where nothing can be kept: an empty
    patch, no diff in it, a combined diff, one patch that changes a file twice, a patch larger than ``limits``.
    """
    if not patch.strip():
        raise DiffError("the patch is empty", hint=f"if the change is not, {_MAKE_ONE}")
    # Counted without splitting the text.
    _check(len(patch), limits.patch_bytes, "characters")
    _check(patch.count("\n"), limits.lines, "lines")
    _check(patch.count("\ndiff --git "), limits.files, "files")
    if len(patch) > limits.line_length:
        _check(_longest_line(patch), limits.line_length, "characters in one line")
    sections = cut(patch)
    if not sections:
        raise DiffError(
            "no diff in the input", hint=f"a patch starts with 'diff --git' or '---': {_MAKE_ONE}"
        )
    folders = find_folders(sections)
    found = [each for section in sections if (each := _read(section, folders, limits)) is not None]
    if len({section.part for section in sections}) > 1:
        files, gaps = _compose(found, read_base)
        if not files and not gaps:
            raise DiffError("the patches of the series cancel one another out: they change nothing")
    else:
        gaps = [each.gap for each in found if each.gap]
        files = list(_sorted(_file(each.header, each.hunks) for each in found if each.header is not None))
    # Of a word diff nothing is left but files without lines: pictures, renames.
    is_word_diff = bool(gaps) and not any(file.hunks for file in files) and _WORD_DIFF.search(patch)
    if not files or is_word_diff:
        raise DiffError(gaps[0].reason, at=gaps[0].path and shown(gaps[0].path), hint=_hint(patch, gaps[0]))
    return Salvage(diff=Diff(files=tuple(files)), gaps=tuple(gaps))


def _hint(patch: str, gap: Gap) -> str:
    if gap.message == NOT_HELD:
        return f"name the commit that they were made against: --base REF, in a clone; or hand in one diff: {_MAKE_ONE}"
    if _WORD_DIFF.search(patch):
        return f"it looks like a word diff: make it without --word-diff: {_MAKE_ONE}"
    return f"make it again: {_MAKE_ONE}"


class _Found(NamedTuple):
    """A section as it was read. Without a header nothing is kept of it and ``gap`` says why; with one, ``gap`` says what is left out."""

    section: Section
    header: Header | None = None
    hunks: tuple[LibraryHunk, ...] = ()
    gap: Gap | None = None


def _read(section: Section, folders: Folders | None, limits: Limits) -> _Found | None:
    """Return what a section says; ``None`` where it is of no file."""
    header = read_header(section, folders)
    name = None if header is None else header.new or header.old
    if header is None or name is None:
        return _Found(section, gap=_lost(section, message("patch.no-file-named"), None))
    if name == "." and header.says_change:
        return None  # Subversion's, of a property of the folder itself
    for path in (header.old, header.new):
        if path is not None and (why := unsafe(path, longest=limits.path_length)):
            refused = message("gap.path-refused", why=why)
            return _Found(section, gap=Gap(what="diff-path", message=refused, path=as_path(shown(path))))
    hunks: tuple[LibraryHunk, ...] = ()
    fault = section.fault
    if fault is None:
        try:
            hunks = _read_hunks(section)
        except UnidiffParseError as error:
            fault = message("patch.hunks-unreadable", error=str(error))
    if fault is None and not hunks and _needs_hunks(header):
        if header.status is FileStatus.DELETED and header.old_blob is not None:
            return _Found(section, header, gap=_lost(section, LEFT_OUT, name))
        fault = message("patch.no-change")
    if fault is not None:
        return _Found(section, gap=_lost(section, fault, name))
    return _Found(section, header, hunks)


def _compose(found: list[_Found], read_base: ReadBase) -> tuple[list[FileDiff], list[Gap]]:
    """Return what the patches of a series make together, in the one order in which they follow on one another."""
    parts: defaultdict[int, list[_Found]] = defaultdict(list)
    for each in found:
        parts[each.section.part].append(each)
    patches = list(parts.values())
    if not all(each.section.of_commit for each in found):
        return _compose_ordered(patches, read_base)
    # git log has the newest first, git log --reverse and git show of several the oldest: the wrong order does not fit.
    newest_first, oldest_first = (_compose_ordered(order, read_base) for order in (patches[::-1], patches))
    return newest_first if len(newest_first[1]) <= len(oldest_first[1]) else oldest_first


def _compose_ordered(patches: list[list[_Found]], read_base: ReadBase) -> tuple[list[FileDiff], list[Gap]]:
    from diffscope.diff.compose_patches import Edit, compose  # noqa: PLC0415 - a series of patches is rare

    edits: list[list[Edit]] = []
    damaged: list[tuple[int, str]] = []
    gaps: list[Gap] = []
    for number, patch in enumerate(patches, start=1):
        kept = [(each.header, each.section) for each in patch if each.header is not None]
        edits.append([Edit(header, cut_hunks(section.hunks), number) for header, section in kept])
        for gap in (each.gap for each in patch if each.header is None):
            if gap is not None:
                gaps.append(gap)
                damaged += [] if gap.path is None else [(number, gap.path)]
    files, open_ends = compose(edits, read_base, damaged=damaged)
    told = {gap.path for gap in gaps}
    return files, [*gaps, *(gap for gap in open_ends if gap.path not in told)]


def _needs_hunks(header: Header) -> bool:
    """Say whether a header alone tells half: its hunks were cut off, or left out by what wrote the patch."""
    if header.is_binary or header.is_submodule or header.is_whole:
        return False
    if not header.says_change or header.similarity not in {None, 100}:
        return True
    if header.status in {FileStatus.ADDED, FileStatus.DELETED}:
        return not (header.new_blob or header.old_blob or "?").startswith(_EMPTY)
    return header.old_blob != header.new_blob


_EMPTY = (blob_id(b"")[:7], blob_id(b"", length=64)[:7])


def _lost(section: Section, fault: Message, name: str | None) -> Gap:
    line = section.fault_line or section.start
    path = None if name is None else as_path(name)
    return Gap(what="diff-truncated", message=message("gap.patch-damaged", fault=fault, line=line), path=path)


def _only_leaves_out(gap: Gap) -> bool:
    return LEFT_OUT in (gap.message, gap.message.arguments.get("fault"))


def _read_hunks(section: Section) -> tuple[LibraryHunk, ...]:
    # The names are stand-ins: unidiff neither unquotes names nor knows where one with spaces ends.
    if not section.hunks:
        return ()
    lines = (f"{line}\n" for line in ("--- a/file", "+++ b/file", *section.hunks))
    return tuple(PatchSet(lines)[0])


def _file(header: Header, library_hunks: Sequence[LibraryHunk]) -> FileDiff:
    hunks = tuple(_hunk(hunk) for hunk in library_hunks)
    old_open, new_open = _open_ends(library_hunks)
    status = header.status
    return FileDiff(
        path=as_path(header.new or header.old or ""),
        old_path=as_path(header.old) if status in MOVED and header.old else None,
        status=status,
        kind=header.kind,
        additions=sum(len(hunk.added) for hunk in hunks),
        deletions=sum(len(hunk.removed) for hunk in hunks),
        hunks=hunks,
        old_mode=header.old_mode,
        new_mode=header.new_mode,
        old_blob=BlobId(header.old_blob) if header.old_blob is not None else None,
        new_blob=BlobId(header.new_blob) if header.new_blob is not None else None,
        no_newline_at_end=old_open if status is FileStatus.DELETED else new_open,
        old_no_newline_at_end=old_open,
        similarity=header.similarity,
    )


def _hunk(hunk: LibraryHunk) -> Hunk:
    return Hunk(
        old_start=hunk.source_start,
        old_length=hunk.source_length,
        new_start=hunk.target_start,
        new_length=hunk.target_length,
        section=hunk.section_header.rstrip("\r"),
        removed=tuple(_line(line) for line in hunk if line.line_type == "-"),
        added=tuple(_line(line) for line in hunk if line.line_type == "+"),
    )


def _line(line: LibraryLine) -> Line:
    number = line.source_line_no if line.line_type == "-" else line.target_line_no
    return Line(number=number or 0, text=line.value.removesuffix("\n"))


def _open_ends(hunks: Sequence[LibraryHunk]) -> tuple[bool, bool]:
    """Say of the old and the new side whether they end without a line feed: the mark follows a line of theirs."""
    old_open = new_open = False
    for hunk in hunks[-1:]:
        for line, mark in pairwise(hunk):
            if mark.line_type == "\\":
                old_open |= line.line_type != "+"
                new_open |= line.line_type != "-"
    return old_open, new_open


def _sorted(files: Iterable[FileDiff]) -> tuple[FileDiff, ...]:
    by_path: dict[str, FileDiff] = {}
    for file in files:
        earlier = by_path.get(file.path)
        by_path[file.path] = file if earlier is None else _join(earlier, file)
    return tuple(by_path[path] for path in sorted(by_path))


def _join(first: FileDiff, second: FileDiff) -> FileDiff:
    """Make one of the two entries that git writes when a file becomes a link, a submodule or the reverse."""
    statuses = {first.status, second.status}
    if statuses != {FileStatus.DELETED, FileStatus.ADDED}:
        raise DiffError(
            "the patch changes this file twice: it is a series of patches",
            at=shown(first.path),
            hint=f"hand in one diff of the whole: {_MAKE_ONE}",
        )
    old, new = (first, second) if first.status is FileStatus.DELETED else (second, first)
    is_other_type = (old.old_mode or "")[:3] != (new.new_mode or "")[:3]
    removed = tuple(line for hunk in old.hunks for line in hunk.removed)
    added = tuple(line for hunk in new.hunks for line in hunk.added)
    hunk = Hunk(
        old_start=min(1, len(removed)),
        old_length=len(removed),
        new_start=min(1, len(added)),
        new_length=len(added),
        section="",
        removed=removed,
        added=added,
    )
    return replace(
        new,
        status=FileStatus.TYPE_CHANGED if is_other_type else FileStatus.MODIFIED,
        deletions=old.deletions,
        hunks=(hunk,) if removed or added else (),
        old_mode=old.old_mode,
        old_blob=old.old_blob,
        old_no_newline_at_end=old.old_no_newline_at_end,
    )
