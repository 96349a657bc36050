"""Patch text between two trees, also where some of their blobs are missing, and the files of a commit with their counts of lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from diffscope.adapters.git.process import GitAccess, run, unreadable
from diffscope.diff.model import Diff, FileDiff, FileKind, FileStatus
from diffscope.diff.names import decode_name, quote
from diffscope.messages.model import message
from diffscope.source.model import Gap, RepoPath

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
    for cell in cells:
        if cell.startswith(b":"):
            old_mode, new_mode, _, _, status = cell.decode("ascii").removeprefix(":").split(" ")
            first = RepoPath(decode_name(next(cells)))
            kind = _STATUSES.get(status[0], FileStatus.MODIFIED)
            is_pair = kind in {FileStatus.RENAMED, FileStatus.COPIED}
            mode = old_mode if kind is FileStatus.DELETED else new_mode
            file = FileDiff(
                path=RepoPath(decode_name(next(cells))) if is_pair else first,
                old_path=first if is_pair else None,
                status=kind,
                kind={_SUBMODULE: FileKind.SUBMODULE, _LINK: FileKind.SYMLINK}.get(mode, FileKind.TEXT),
                additions=0,
                deletions=0,
                hunks=(),
            )
            files[file.path] = file
        else:
            added, removed, name = cell.split(b"\t", 2)
            if not name:
                next(cells)
                name = next(cells)
            path = RepoPath(decode_name(name))
            if path in files:
                files[path] = replace(files[path], additions=_number(added), deletions=_number(removed))
    return Diff(files=tuple(files[path] for path in sorted(files)))


def files_defining(access: GitAccess, old: str, new: str, names: Iterable[str]) -> frozenset[str]:
    """Return the Python files between whose sides a definition of one of the names came or went; none where git cannot tell."""
    any_name = "|".join(sorted(map(re.escape, names)))
    line = rf"^[[:space:]]*(async[[:space:]]+def|def|class)[[:space:]]+({any_name})[^A-Za-z0-9_]|^({any_name})[[:space:]]*[:=]"
    options = ("-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--name-only", f"-G{line}")
    found = run(access, "diff-tree", *options, old, new)
    listed = found.out.split(b"\0")[:-1] if found.code == 0 else []
    return frozenset(decode_name(name) for name in listed if name.endswith(b".py"))


def _number(cell: bytes) -> int:
    return int(cell) if cell.isdigit() else 0


OPTIONS = (
    "-r", "-p", "-M", "-l1000", "-U3", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color",
    "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip


def make_patch(access: GitAccess, old: str, new: str, *, at: Path) -> tuple[str, tuple[Gap, ...]]:
    """Return the patch between two trees, and a gap for each file whose blob is missing.

    Such a file stands in the patch with its modes and blob ids, as a binary one: it changed, and nobody here can
    say how.
    """
    found = run(access, "diff-tree", *OPTIONS, old, new)
    if found.code == 0:
        return decode_patch(found.out), ()
    raw = run(access, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", old, new)
    if raw.code != 0:
        raise unreadable(at, raw)
    lost = find_missing_sides(access, raw.out)
    if not lost:
        raise unreadable(at, found)
    without = excluding(each.name for each in lost)
    found = run(access, "--no-literal-pathspecs", "diff-tree", *OPTIONS, old, new, "--", *without)
    if found.code != 0:
        raise unreadable(at, found)
    rest = decode_patch(found.out)
    return rest + "".join(map(placeholder_section, lost)), tuple(each.gap for each in lost)


class MissingSide(NamedTuple):
    """A changed file of which the clone misses a side: its row of ``git diff --raw``, and its name as git gives it."""

    row: list[str]
    name: bytes

    @property
    def gap(self) -> Gap:
        """What is said of it."""
        return Gap(what="blob", message=message("gap.blob-missing"), path=RepoPath(decode_name(self.name)))


def find_missing_sides(access: GitAccess, raw: bytes) -> list[MissingSide]:
    """Return the files with a missing blob among the rows of ``git diff --raw -z --no-renames --no-abbrev``, by name."""
    cells = raw.split(b"\0")
    rows = [
        MissingSide(cells[at].decode().removeprefix(":").split(" "), cells[at + 1])
        for at in range(0, len(cells) - 1, 2)
    ]
    missing = _missing(access, {blob for each in rows for blob in each.row[2:4] if blob.strip("0")})
    lost = [each for each in rows if missing & set(each.row[2:4]) and "160000" not in each.row[:2]]
    return sorted(lost, key=lambda each: each.name)


def excluding(names: Iterable[bytes]) -> list[str]:
    """Return the pathspecs that leave files out; they need ``--no-literal-pathspecs``."""
    return [f":(exclude,literal,top){name.decode('utf-8', 'surrogateescape')}" for name in names]


def decode_patch(out: bytes) -> str:
    """Return the text of what ``git diff-tree -p`` prints; bytes that are no UTF-8 are written as escapes."""
    return out.decode("utf-8", "backslashreplace")


def _missing(access: GitAccess, blobs: set[str]) -> set[str]:
    given = "".join(f"{blob}\n" for blob in sorted(blobs)).encode()
    # One blob a process only where a batch dies: git before 2.45 stops at a promised object that it may not fetch.
    found = run(access, "cat-file", "--batch-check=%(objectname) %(objecttype)", given=given)
    rows = dict(line.split(" ", 1) for line in found.out.decode().split("\n") if line)
    unanswered = blobs - rows.keys()
    alone = {blob for blob in unanswered if run(access, "cat-file", "-e", blob).code != 0}
    return alone | {blob for blob, kind in rows.items() if kind == "missing"}


def placeholder_section(lost: MissingSide) -> str:
    """Return the section of a patch that says that a file changed, and not how."""
    (old_mode, new_mode, old_blob, new_blob, status), name = lost
    old, new = quote(b"a/" + name), quote(b"b/" + name)
    modes = {"A": f"new file mode {new_mode}\n", "D": f"deleted file mode {old_mode}\n"}.get(status)
    if modes is None and old_mode != new_mode:
        modes = f"old mode {old_mode}\nnew mode {new_mode}\n"
    tail = f" {old_mode}" if modes is None else ""
    return f"diff --git {old} {new}\n{modes or ''}index {old_blob}..{new_blob}{tail}\nBinary files {old} and {new} differ\n"
