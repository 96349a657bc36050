"""Both sides of every changed file, with as few reads as the patch allows."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from diffscope.adapters.github.trees import GitHubBlobs, GitHubTree
from diffscope.diff.apply import apply_hunks
from diffscope.diff.model import Diff, FileDiff, FileKind, FileSides, FileStatus, Hunk, Sides
from diffscope.source.model import BlobId, Gap, RepoPath

_FULL_ID = 40


def read_sides(
    diff: Diff, *, base: GitHubTree | None, heads: Mapping[RepoPath, BlobId], blobs: GitHubBlobs
) -> Sides:
    """Return both sides of every file of ``diff``.

    The base side is read, the head side made from it by the patch and believed only where it has the blob id that
    GitHub names (``heads``, by path); an added or deleted file needs no read at all. What cannot be made is read.
    Binary files and submodules are not read: nothing of theirs is judged.
    """
    files = {file.path: _identified(file, base, heads) for file in diff.files}
    edited = [file.old_path or file.path for file in files.values() if _needs_base(file)]
    befores = base.read_many(edited) if base else {}
    made = {path: _make(file, befores.get(file.old_path or file.path)) for path, file in files.items()}
    unmade = {path: blob for path, file in files.items() if (blob := _missing_head(file, made[path]))}
    read = blobs.read_blobs(unmade.values())
    found = tuple(
        _complete(files[path], made[path], read.get(unmade.get(path, BlobId("")))) for path in sorted(files)
    )
    why = blobs.problem.message if blobs.problem else "GitHub does not give this file's content"
    gaps = tuple(Gap(what="blob", reason=why, path=side.path) for side in found if not side.is_read)
    return Sides(files=found, gaps=gaps)


def _identified(file: FileDiff, base: GitHubTree | None, heads: Mapping[RepoPath, BlobId]) -> FileDiff:
    """Return ``file`` with the full ids of its blobs, where they are known: a patch abbreviates them."""
    old = None if base is None or file.status is FileStatus.ADDED else base.blob(file.old_path or file.path)
    new = None if file.status is FileStatus.DELETED else heads.get(file.path)
    return msgspec.structs.replace(file, old_blob=old or file.old_blob, new_blob=new or file.new_blob)


def _is_text(file: FileDiff) -> bool:
    return file.kind in {FileKind.TEXT, FileKind.SYMLINK}


def _needs_base(file: FileDiff) -> bool:
    return _is_text(file) and file.status not in {FileStatus.ADDED, FileStatus.DELETED}


def _make(file: FileDiff, before: bytes | None) -> FileSides:
    if not _is_text(file):
        return FileSides(path=file.path)  # nothing of it is judged, so nothing is missing
    if file.status is FileStatus.DELETED:
        deleted = apply_hunks(_reversed(file), b"")
        return FileSides(path=file.path, before=deleted, is_read=deleted is not None)
    if file.status is FileStatus.ADDED:
        before = b""
    after = None if before is None else apply_hunks(file, before)
    kept = None if file.status is FileStatus.ADDED else before
    return FileSides(path=file.path, before=kept, after=after, is_read=after is not None)


def _missing_head(file: FileDiff, sides: FileSides) -> BlobId | None:
    blob = file.old_blob if file.status is FileStatus.DELETED else file.new_blob
    is_missing = _is_text(file) and not sides.is_read and blob is not None and len(blob) >= _FULL_ID
    return blob if is_missing else None


def _complete(file: FileDiff, sides: FileSides, read: bytes | None) -> FileSides:
    if read is None or sides.is_read:
        return sides
    if file.status is FileStatus.DELETED:
        return msgspec.structs.replace(sides, before=read, is_read=True)
    if file.status is FileStatus.ADDED:
        return msgspec.structs.replace(sides, after=read, is_read=True)
    # Without a tree of the base the patch, backwards, leads there from the head.
    before = apply_hunks(_reversed(file), read) if sides.before is None else sides.before
    return msgspec.structs.replace(sides, before=before, after=read, is_read=before is not None)


def _reversed(file: FileDiff) -> FileDiff:
    """Return what undoes ``file``: the addition of a file that it deletes, the edit back of one that it edits."""
    hunks = tuple(
        Hunk(
            old_start=hunk.new_start,
            old_length=hunk.new_length,
            new_start=hunk.old_start,
            new_length=hunk.old_length,
            section=hunk.section,
            removed=hunk.added,
            added=hunk.removed,
        )
        for hunk in file.hunks
    )
    is_deletion = file.status is FileStatus.DELETED
    return msgspec.structs.replace(
        file,
        status=FileStatus.ADDED if is_deletion else FileStatus.MODIFIED,
        hunks=hunks,
        old_blob=None if is_deletion else file.new_blob,
        new_blob=file.old_blob,
        old_no_newline_at_end=False if is_deletion else file.no_newline_at_end,
        no_newline_at_end=file.old_no_newline_at_end,
    )
