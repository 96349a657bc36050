"""The source lines that each commit of a main line removes and adds, streamed from one ``git log``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from diffscope.adapters.git.log import cut_commits
from diffscope.adapters.git.process import stream
from diffscope.adapters.git.repository import GitRepository
from diffscope.diff.names import unquote
from diffscope.errors import RepositoryError, shell_line
from diffscope.graph.history.fixes import RUST
from diffscope.patterns import lazy_regex
from diffscope.products.backtest.line_owners import PatchedFile, PatchedHunk
from diffscope.source.model import CommitId
from diffscope.source.profile import places

_HUNK = lazy_regex(rb"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_COMMIT: Final = b"\x00commit "
_MOST_UNREADABLE: Final = 50
"""Commits that cannot be read before a clone is said to lack its contents."""


class PatchedCommit(NamedTuple):
    """One commit and what it did to source; without files where its contents are not at hand."""

    commit: CommitId
    files: tuple[PatchedFile, ...]
    is_readable: bool = True


def patched_commits(repository: GitRepository, tip: str, *, since: int) -> Iterator[PatchedCommit]:
    """Yield the first parents of ``tip`` committed from ``since`` on (seconds since the epoch), oldest first.

    A commit whose contents the clone lacks is passed over and says so.

    Raises:
        RepositoryError: so many lack them that this is a partial clone.
    """
    cut, unreadable, after = cut_commits(repository), 0, ""
    while True:
        revisions = f"{after}..{tip}" if after else tip
        lines = stream(
            repository.objects, *_LOG, f"--since=@{max(0, since)} +0000", revisions, "--", *_folders()
        )
        last: PatchedCommit | None = None
        for found in _commits(lines):
            if last is not None:
                yield last if last.commit not in cut else _without_files(last)
            last = found
        if last is None:
            return
        # git ends at a commit whose contents are missing: it is the last one told.
        yield last if lines.code == 0 and last.commit not in cut else _without_files(last)
        if lines.code == 0:
            return
        unreadable += 1
        if unreadable > _MOST_UNREADABLE or last.commit == after:
            raise _partial(repository)
        after = last.commit


def _without_files(commit: PatchedCommit) -> PatchedCommit:
    return commit._replace(files=(), is_readable=False)


_LOG: Final = (
    *("log", "--first-parent", "--reverse", "-p", "-U0", "-M", "-l1000", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--format=%x00commit %H"),
)  # fmt: skip


def _folders() -> Iterator[str]:
    return (folder.rstrip("/") for folder in (*places().product, RUST))


def _partial(repository: GitRepository) -> RepositoryError:
    cure = shell_line("git", "-C", repository.path, "fetch", "--refetch", "--no-filter", "origin")
    return RepositoryError(
        "the clone lacks the contents of its past: it is partial",
        at=str(repository.path),
        hint=f"fetch them: {cure}",
    )


class _File:
    """A file as its part of a patch is read."""

    def __init__(self) -> None:
        self.old: str | None = None
        self.new: str | None = None
        self.is_renamed = False
        self.hunks: list[PatchedHunk] = []

    def take(self, line: bytes) -> None:
        """Read a line of the head."""
        if line.startswith((b"--- ", b"+++ ")):
            name = unquote(line[4:].rstrip(b"\t\r").decode("utf-8", "surrogateescape"))
            path = None if name == "/dev/null" else name[2:]
            if line[:1] == b"-":
                self.old = path
            else:
                self.new = path
        elif line.startswith(b"rename from "):
            self.old, self.is_renamed = unquote(line[12:].decode("utf-8", "surrogateescape")), True
        elif line.startswith(b"rename to "):
            self.new = unquote(line[10:].decode("utf-8", "surrogateescape"))

    def patched(self) -> PatchedFile:
        return PatchedFile(self.old, self.new, tuple(self.hunks), self.is_renamed)


def _commits(lines: Iterable[bytes]) -> Iterator[PatchedCommit]:
    """Yield the commits of ``git log -p -U0``. Lines of a hunk are counted, so that none of them is taken for anything else."""
    commit, files, file = "", list[_File](), _File()
    removed, added, missing, coming = list[str](), list[str](), 0, 0
    for raw in lines:
        line = raw.rstrip(b"\n")
        if missing and line[:1] == b"-":
            removed.append(line[1:].decode("latin-1"))
            missing -= 1
        elif coming and line[:1] == b"+":
            added.append(line[1:].decode("latin-1"))
            coming -= 1
        elif line.startswith(_COMMIT):
            if commit:
                yield PatchedCommit(CommitId(commit), tuple(one.patched() for one in files))
            commit, files = line[len(_COMMIT) :].decode("ascii"), []
        elif line.startswith(b"diff --git "):
            file = _File()
            files.append(file)
        elif (head := _HUNK.match(line)) is not None:
            missing, coming = (int(each) if each is not None else 1 for each in head.groups()[1:])
            removed, added = [], []
            file.hunks.append(PatchedHunk(int(head[1]) - (1 if missing else 0), removed, added))
        elif not missing and not coming:
            file.take(line)
    if commit:
        yield PatchedCommit(CommitId(commit), tuple(one.patched() for one in files))
