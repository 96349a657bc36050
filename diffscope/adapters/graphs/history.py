"""The history of a clone up to a commit: read from ``git log`` once, cached, and extended as newer commits come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.git.log import boundary_mark, cut_commits, cut_off_at, main_tip
from diffscope.adapters.git.objects import seconds
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.facts.classify.fix_measures import HISTORY_DAYS
from diffscope.graph.history.history import DEPTH, ChangeHistory
from diffscope.graph.history.store import (
    KEPT,
    Edit,
    PastCommit,
    StoredHistory,
    decode_history,
    encode_history,
    find_commit,
    load_commits,
    store_history,
)
from diffscope.graph.tables import read_numbers
from diffscope.source.model import BlobId, CommitId
from diffscope.source.profile import places
from diffscope.source.text import decode_whole

_SPACE: Final = "history-4"
_MARGIN: Final = 30 * 86_400
"""Seconds. The history starts a little earlier than the first commit needs, so that the next ones need not start over."""


def history_at(repository: GitRepository, commit: CommitId, cache: Cache) -> ChangeHistory:
    """Return what changed together up to a commit, the commit included; nothing that came later is in it."""
    now = repository.commit(commit).committed_at
    stored = cache.get_decoded(_SPACE, _name(repository), decode_history)
    if stored is not None and stored.covers_from > now - DEPTH:
        stored = None
    last = find_commit(stored, commit) if stored else -1
    if stored is None or (last < 0 and _tip(stored) != main_tip(repository)):
        stored = _refresh(repository, commit, now, stored)
        cache.put_many(_SPACE, {_name(repository): encode_history(stored)})
        last = find_commit(stored, commit)
    if last < 0:
        # A commit off the main line (the head of a branch) has the past of the place where it left that line.
        tip = _tip(stored)
        fork = repository.merge_base(tip, commit) if tip else None
        last = find_commit(stored, fork) if fork else -1

    def read(blobs: Sequence[str]) -> Mapping[str, bytes | None]:
        return {str(name): data for name, data in repository.read_blobs(map(BlobId, blobs)).items()}

    return ChangeHistory(stored, last=last, now=now, read=read)


class HistoryPerCommit:
    """The history as each commit of a main line found it, for many commits from ``since`` on (seconds since the epoch)."""

    def __init__(self, repository: GitRepository, tip: str, *, since: int) -> None:
        # Not kept: what classifies one change would read all of it from then on.
        start = since - HISTORY_DAYS * 86_400 - _MARGIN
        commits = list(_log(repository, tip, f"--since=@{max(0, start)} +0000"))
        self._stored = store_history(commits, covers_from=start)
        self._times = read_numbers(self._stored.times)
        self.count = sum(time >= since for time in self._times)
        """Commits from then on."""

    def before(self, commit: CommitId) -> ChangeHistory | None:
        """Return what had changed before a commit; ``None`` where it is the first, or the history is cut off shortly before it."""
        last = find_commit(self._stored, commit) - 1
        past = ChangeHistory(self._stored, last=last, now=self._times[last]) if last >= 0 else None
        return past if past is not None and past.reaches_back(HISTORY_DAYS) else None


def days_known(repository: GitRepository, commit: CommitId) -> int | None:
    """Return how many days before a commit its history is cut off, where that is within what would be read of it; else ``None``."""
    at = cut_off_at(repository, commit)
    age = None if at is None else repository.commit(commit).committed_at - at
    return None if age is None or age >= DEPTH else max(0, age) // 86_400


def _refresh(
    repository: GitRepository, commit: CommitId, now: int, stored: StoredHistory | None
) -> StoredHistory:
    """Mine the whole main line, later commits included: the next question is mostly about one of them."""
    tip = main_tip(repository)
    if tip is None or not _is_ancestor(repository, commit, tip):
        fork = repository.merge_base(tip, commit) if tip else None
        tip = tip if tip and fork else commit
    since = now - DEPTH - _MARGIN
    if stored and _is_ancestor(repository, _tip(stored), tip):
        newer = _log(repository, f"{_tip(stored)}..{tip}")
        return store_history([*load_commits(stored), *newer], covers_from=stored.covers_from)
    return store_history(list(_log(repository, tip, f"--since=@{max(0, since)} +0000")), covers_from=since)


def _name(repository: GitRepository) -> str:
    # What a shallow clone knew of the past is not all, once it is deepened.
    return f"{repository.common_dir} {boundary_mark(repository)}".rstrip() + f" {places().digest}"


def _is_ancestor(repository: GitRepository, older: str, newer: str) -> bool:
    return bool(older) and run(repository.objects, "merge-base", "--is-ancestor", older, newer).code == 0


def _tip(stored: StoredHistory) -> str:
    count = len(stored.times) // 4
    return stored.commits[len(stored.commits) // count * (count - 1) :].hex() if count else ""


def _log(repository: GitRepository, revisions: str, *options: str) -> Iterator[PastCommit]:
    """Yield first-parent commits, oldest first. The commit named last comes last, whatever it touched."""
    found = run(
        repository.objects,
        "log",
        "--first-parent",
        "--reverse",
        "--raw",
        "-z",
        "-M",
        "-l1000",
        f"--abbrev={KEPT}",
        "--format=%H %ct %s",
        *options,
        revisions,
    )
    cut = cut_commits(repository)
    # A clone with a missing tree still tells of the commits before it.
    for head, rows in _commits(found.out.split(b"\0")):
        commit, time, subject = head.decode("utf-8", "replace").split(" ", 2)
        known = [] if commit in cut else rows
        paths, renames = _touched(known)
        edits = tuple(_edits(known))
        yield PastCommit(commit, seconds(time), tuple(paths), tuple(renames), subject, edits)


def _commits(cells: list[bytes]) -> Iterator[tuple[bytes, list[list[bytes]]]]:
    """Yield what ``git log --raw -z`` prints of each commit: its first line, and a row of cells for each file (modes and status, names).

    Where a row can start a cell is either a row, which starts with a colon, or a commit, which starts with its id: whatever stands in
    a subject or a name, it is neither.
    """
    head, rows = b"", list[list[bytes]]()
    at = 0
    while at < len(cells):
        cell = cells[at].lstrip(b"\n")
        at += 1
        if cell.startswith(b":"):
            count = 2 if cell.rpartition(b" ")[2][:1] in (b"R", b"C") else 1
            rows.append([cell, *cells[at : at + count]])
            at += count
        elif cell:
            if head:
                yield head, rows
            head, rows = cell, []
    if head:
        yield head, rows


def _touched(rows: list[list[bytes]]) -> tuple[list[str], list[tuple[str, str]]]:
    paths: list[str] = []
    renames: list[tuple[str, str]] = []
    for row in rows:
        status = row[0].rpartition(b" ")[2]
        names = [decode_whole(name) for name in row[1:]]
        if status[:1] == b"R" and len(names) == 2 and all(map(_counts, names)):
            renames.append((names[0], names[1]))
        if names and _counts(names[-1]) and status != b"D":
            paths.append(names[-1])
    return paths, renames


def _edits(rows: list[list[bytes]]) -> Iterator[Edit]:
    """Yield what a commit did to each path; what was renamed or copied left one path and came to another."""
    for row in rows:
        fields, names = row[0].split(b" "), [decode_whole(name) for name in row[1:]]
        if len(fields) < 5 or not names:
            continue
        before, after = (
            each.strip(b"0.").decode("ascii") and each.decode("ascii").rstrip(".") for each in fields[2:4]
        )
        if len(names) == 1:
            yield Edit(names[0], before, after)
            continue
        if fields[4][:1] == b"R":
            yield Edit(names[0], before, "")
        yield Edit(names[-1], "", after)


def _counts(path: str) -> bool:
    return path.startswith(places().all)
