"""Both sides of every changed file, from blobs or by applying the patch; and the commit that a bare patch was made against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec

from diffscope.adapters.git.log import main_tip
from diffscope.adapters.git.repository import GitRepository
from diffscope.diff.model import Diff, FileDiff, FileKind, FileSides, FileStatus, Sides
from diffscope.diff.reconstruct import apply_hunks, has_id
from diffscope.errors import NotFoundError
from diffscope.messages.model import Message, message
from diffscope.source.model import BlobId, BlobReader, Change, CommitId, Gap, RepoPath

if TYPE_CHECKING:
    from diffscope.diff.line_origins import ReadBase


def with_base(change: Change, diff: Diff, repository: GitRepository) -> Change:
    """Return ``change`` with the base that its patch fits, or as it is with a gap that says that none was found.

    Tried are the parent of the commit that the patch names, HEAD and the main branch. Every changed file must be
    there with the blob that the patch names, or, in a patch without blob ids, the hunks must apply.
    """
    if change.pull.base is not None:
        return change
    for commit in _candidates(repository, change.pull.head):
        if _fits(diff, repository, commit):
            return msgspec.structs.replace(change, pull=msgspec.structs.replace(change.pull, base=commit))
    gap = Gap(what="base-tree", message=message("gap.base-unknown"))
    return msgspec.structs.replace(change, gaps=(*change.gaps, gap))


def _candidates(repository: GitRepository, head: CommitId | None) -> Iterator[CommitId]:
    seen: set[str | None] = {None}
    for name in (head and f"{head}^1", "HEAD", main_tip(repository)):
        try:
            commit = None if name is None else repository.resolve(name)
        except NotFoundError:
            continue
        if commit is not None and commit not in seen:
            seen.add(commit)
            yield commit


def _fits(diff: Diff, repository: GitRepository, commit: CommitId) -> bool:
    tree = {entry.path: entry.blob for entry in repository.entries(commit)}
    told = [_agrees(file, tree.get(file.old_path or file.path)) for file in diff.files]
    if False in told:
        return False
    open_files = [file for file, answer in zip(diff.files, told, strict=True) if answer is None]
    blobs = {file.path: tree[file.old_path or file.path] for file in open_files}
    contents = repository.read_blobs(blobs.values())
    return all(_applies(file, contents[blobs[file.path]]) for file in open_files)


def _agrees(file: FileDiff, blob: BlobId | None) -> bool | None:
    """Say whether the tree has the old side of ``file``; ``None`` where only its content can tell."""
    if file.status is FileStatus.ADDED:
        return blob is None
    if blob is None:
        return False
    if file.old_blob is not None:
        return blob.startswith(file.old_blob)
    return None if file.hunks and file.kind is not FileKind.BINARY else True


def _applies(file: FileDiff, before: bytes | None) -> bool:
    if before is None:
        return False
    # A deleted file has no new side to make: its lines must be those that are taken away.
    if file.status is FileStatus.DELETED:
        return apply_hunks(msgspec.structs.replace(file, status=FileStatus.MODIFIED), before) == b""
    return apply_hunks(file, before) is not None


class Clone(BlobReader, Protocol):
    """What is asked of a clone: blobs by id, and files by revision and path."""

    def read(self, revision: str, path: RepoPath) -> bytes | None:
        """Return one file of one tree; ``None`` where it is absent or its blob is missing."""


def read_sides(change: Change, diff: Diff, clone: Clone | None = None) -> Sides:
    """Return both sides of each file of ``diff``, which is the diff of ``change``.

    A side is looked up by the blob id that the patch names, then by path at the change's base or head; a new side
    that is nowhere (a patch, uncommitted work) is the old side with the hunks applied, checked against the blob id.
    Without a clone only added files have a side. Binary files and submodules are not read.
    """
    lost = {gap.path for gap in change.gaps if gap.what == "blob"}
    blobs = _blobs(diff, clone)
    files: list[FileSides] = []
    gaps: list[Gap] = []
    for file in diff.files:
        if file.kind in {FileKind.BINARY, FileKind.SUBMODULE}:
            files.append(FileSides(path=file.path, is_read=file.path not in lost))
            continue
        before, after = _before(file, blobs, clone, change.pull.base), None
        if file.status is not FileStatus.DELETED:
            after = _after(file, before, blobs, clone, change.pull.head)
        needs_before = file.status is not FileStatus.ADDED
        needs_after = file.status is not FileStatus.DELETED
        is_read = (before is not None or not needs_before) and (after is not None or not needs_after)
        files.append(FileSides(path=file.path, before=before, after=after, is_read=is_read))
        if not is_read and clone is not None:
            gaps.append(Gap(what="blob", message=_reason(before), path=file.path))
    if clone is None and not all(file.is_read for file in files):
        gaps.append(Gap(what="base-tree", message=message("gap.no-clone")))
    return Sides(files=tuple(files), gaps=tuple(gaps))


def base_reader(clone: Clone | None, base: CommitId | None) -> ReadBase:
    """Return what reads the files that a series of patches starts from: by blob id, or by path at ``base``; nothing without a clone."""

    def read(path: str, blob: str | None) -> bytes | None:
        if clone is None:
            return None
        found = clone.read_blobs([BlobId(blob)]).get(BlobId(blob)) if blob else None
        if found is None and base is not None:
            found = clone.read(base, RepoPath(path))
        return found if found is None or has_id(found, blob or "") else None

    return read


def _blobs(diff: Diff, clone: Clone | None) -> Mapping[BlobId, bytes | None]:
    if clone is None:
        return {}
    text = [file for file in diff.files if file.kind in {FileKind.TEXT, FileKind.SYMLINK}]
    return clone.read_blobs(
        blob for file in text for blob in (file.old_blob, file.new_blob) if blob is not None
    )


def _before(
    file: FileDiff, blobs: Mapping[BlobId, bytes | None], clone: Clone | None, base: CommitId | None
) -> bytes | None:
    if file.status is FileStatus.ADDED:
        return None
    found = None if file.old_blob is None else blobs.get(file.old_blob)
    if found is None and clone is not None and base is not None:
        found = clone.read(base, file.old_path or file.path)
        if found is not None and not has_id(found, file.old_blob or ""):
            return None
    return found


def _after(
    file: FileDiff,
    before: bytes | None,
    blobs: Mapping[BlobId, bytes | None],
    clone: Clone | None,
    head: CommitId | None,
) -> bytes | None:
    found = None if file.new_blob is None else blobs.get(file.new_blob)
    if found is None and clone is not None and head is not None:
        found = clone.read(head, file.path)
    if found is None and (before is not None or file.status is FileStatus.ADDED):
        found = apply_hunks(file, before or b"")
    return found


def _reason(before: bytes | None) -> Message:
    return message("gap.old-side-missing" if before is None else "gap.new-side-missing")
