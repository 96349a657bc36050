"""Which files a commit changes, by how many lines: what git can list without giving out a patch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from diffscope.adapters.git.environment import GitAccess
from diffscope.adapters.git.process import run
from diffscope.diff.model import Diff, FileDiff, FileKind, FileStatus
from diffscope.diff.names import decode_name
from diffscope.source.model import RepoPath

_OPTIONS: Final = ("-r", "-z", "-M", "-l1000", "--no-ext-diff", "--no-textconv", "--no-abbrev", "--raw")
_STATUSES: Final = {
    "A": FileStatus.ADDED,
    "D": FileStatus.DELETED,
    "R": FileStatus.RENAMED,
    "C": FileStatus.COPIED,
}
_SUBMODULE, _LINK = "160000", "120000"


def list_files(access: GitAccess, old: str, new: str) -> Diff:
    """Return the files that differ between two trees, without their hunks, sorted; empty where git cannot tell.

    Where a blob is missing nobody can count lines: the files are then listed without.
    """
    found = run(access, "diff-tree", *_OPTIONS, "--numstat", old, new)
    if found.code != 0:
        found = run(access, "diff-tree", *_OPTIONS, "--no-renames", old, new)
    cells = iter(found.out.split(b"\0")[:-1] if found.code == 0 else ())
    files: dict[RepoPath, FileDiff] = {}
    counts: dict[RepoPath, tuple[int, int]] = {}
    for cell in cells:
        if cell.startswith(b":"):
            file = _file(cell.decode("ascii").removeprefix(":").split(" "), cells)
            files[file.path] = file
        else:
            path, lines = _counted(cell, cells)
            counts[path] = lines
    return Diff(files=tuple(_with(files[path], counts.get(path)) for path in sorted(files)))


def _file(row: list[str], cells: Iterator[bytes]) -> FileDiff:
    old_mode, new_mode, _, _, status = row
    first = RepoPath(decode_name(next(cells)))
    kind = _STATUSES.get(status[0], FileStatus.MODIFIED)
    is_pair = kind in {FileStatus.RENAMED, FileStatus.COPIED}
    mode = old_mode if kind is FileStatus.DELETED else new_mode
    return FileDiff(
        path=RepoPath(decode_name(next(cells))) if is_pair else first,
        old_path=first if is_pair else None,
        status=kind,
        kind={_SUBMODULE: FileKind.SUBMODULE, _LINK: FileKind.SYMLINK}.get(mode, FileKind.TEXT),
        additions=0,
        deletions=0,
        hunks=(),
    )


def _counted(cell: bytes, cells: Iterator[bytes]) -> tuple[RepoPath, tuple[int, int]]:
    added, removed, name = cell.split(b"\t", 2)
    if not name:
        next(cells)
        name = next(cells)
    return RepoPath(decode_name(name)), (_number(added), _number(removed))


def _number(cell: bytes) -> int:
    return int(cell) if cell.isdigit() else 0


def _with(file: FileDiff, lines: tuple[int, int] | None) -> FileDiff:
    added, removed = lines or (0, 0)
    return FileDiff(
        path=file.path,
        old_path=file.old_path,
        status=file.status,
        kind=file.kind,
        additions=added,
        deletions=removed,
        hunks=(),
    )
