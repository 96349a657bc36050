"""The commit that a bare patch was made against: one whose files are what the patch says they were."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from diffscope.adapters.git.log import main_tip
from diffscope.adapters.git.repository import GitRepository
from diffscope.diff.apply import apply_hunks
from diffscope.diff.model import Diff, FileDiff, FileKind, FileStatus
from diffscope.errors import NotFoundError
from diffscope.source.model import BlobId, Change, CommitId, Gap


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
    gap = Gap(what="base-tree", reason="the patch fits neither HEAD nor the main branch of the clone")
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
