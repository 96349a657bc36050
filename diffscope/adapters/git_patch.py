"""Patch text between two trees, also where some of their blobs are missing."""

from __future__ import annotations

from pathlib import Path

from diffscope.adapters.git_process import Outcome, run
from diffscope.diff.names import decode_name, quote
from diffscope.errors import RepositoryError
from diffscope.source.values import Gap, RepoPath

OPTIONS = (
    "-r",
    "-p",
    "-M",
    "-l1000",
    "-U3",
    "--full-index",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)


def make_patch(folder: Path, old: str, new: str) -> tuple[str, tuple[Gap, ...]]:
    """Return the patch between two trees, and a gap for each file whose blob is missing.

    Such a file stands in the patch with its modes and blob ids, as a binary one: it changed, and nobody here can
    say how.
    """
    found = run(folder, "diff-tree", *OPTIONS, old, new)
    if found.code == 0:
        return _text(found.out), ()
    raw = run(folder, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", old, new)
    if raw.code != 0:
        raise _unreadable(folder, raw)
    cells = raw.out.split(b"\0")
    rows = [
        (cells[at].decode().removeprefix(":").split(" "), cells[at + 1]) for at in range(0, len(cells) - 1, 2)
    ]
    missing = _missing(folder, {blob for meta, _ in rows for blob in meta[2:4] if blob.strip("0")})
    lost = [(meta, name) for meta, name in rows if missing & set(meta[2:4]) and "160000" not in meta[:2]]
    if not lost:
        raise _unreadable(folder, found)
    rest = _patch_without(folder, old, new, [name for _, name in lost])
    stand_ins = "".join(_stand_in(meta, name) for meta, name in lost)
    gaps = tuple(
        Gap(
            what="blob",
            reason="the clone does not have this file's content",
            path=RepoPath(decode_name(name)),
        )
        for _, name in sorted(lost, key=lambda row: row[1])
    )
    return rest + stand_ins, gaps


def _text(out: bytes) -> str:
    return out.decode("utf-8", "backslashreplace")


def _missing(folder: Path, blobs: set[str]) -> set[str]:
    given = "".join(f"{blob}\n" for blob in sorted(blobs)).encode()
    # One blob a process only where a batch dies: git before 2.45 stops at a promised object that it may not fetch.
    found = run(folder, "cat-file", "--batch-check=%(objectname) %(objecttype)", given=given)
    rows = dict(line.split(" ", 1) for line in found.out.decode().splitlines())
    unanswered = blobs - rows.keys()
    alone = {blob for blob in unanswered if run(folder, "cat-file", "-e", blob).code != 0}
    return alone | {blob for blob, kind in rows.items() if kind == "missing"}


def _patch_without(folder: Path, old: str, new: str, names: list[bytes]) -> str:
    excluded = [f":(exclude,literal,top){name.decode('utf-8', 'surrogateescape')}" for name in names]
    found = run(folder, "--no-literal-pathspecs", "diff-tree", *OPTIONS, old, new, "--", *excluded)
    if found.code != 0:
        raise _unreadable(folder, found)
    return _text(found.out)


def _stand_in(meta: list[str], name: bytes) -> str:
    old_mode, new_mode, old_blob, new_blob, status = meta
    old, new = quote(b"a/" + name), quote(b"b/" + name)
    modes = {"A": f"new file mode {new_mode}\n", "D": f"deleted file mode {old_mode}\n"}.get(status)
    if modes is None and old_mode != new_mode:
        modes = f"old mode {old_mode}\nnew mode {new_mode}\n"
    tail = f" {old_mode}" if modes is None else ""
    return f"diff --git {old} {new}\n{modes or ''}index {old_blob}..{new_blob}{tail}\nBinary files {old} and {new} differ\n"


def _unreadable(folder: Path, outcome: Outcome) -> RepositoryError:
    message = outcome.err.split("\n")[-1].removeprefix("fatal: ")
    return RepositoryError(f"git: {message}", at=str(folder), hint=f"look for damage: git -C {folder} fsck")
