"""The history of a clone up to a commit: mined from ``git log`` once, kept in the cache, added to as newer commits come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from diffscope.adapters.cache import Cache
from diffscope.adapters.git import GitRepository
from diffscope.adapters.git_boundary import boundary_mark, cut_commits, cut_off_at
from diffscope.adapters.git_commit import as_seconds
from diffscope.adapters.git_log import main_tip
from diffscope.adapters.git_process import run
from diffscope.diff.names import decode_name
from diffscope.graph.history import DEPTH, ChangeHistory
from diffscope.graph.history_store import (
    PastCommit,
    StoredHistory,
    decode_history,
    encode_history,
    find_commit,
    load_commits,
    store_history,
)
from diffscope.source.values import CommitId

_SPACE: Final = "history-2"
_FOLDERS: Final = ("csrc", "tests", "vllm")
_MARGIN: Final = 30 * 86_400
"""Seconds. The history starts a little earlier than the first commit needs, so that the next ones need not start over."""


def history_at(repository: GitRepository, commit: CommitId, cache: Cache) -> ChangeHistory:
    """Return what changed together up to a commit, the commit included; nothing that came later is in it."""
    now = repository.commit(commit).committed_at
    stored = _cached(cache, repository)
    if stored is not None and stored.covers_from > now - DEPTH:
        stored = None
    last = find_commit(stored, commit) if stored else -1
    if stored is None or (last < 0 and _tip(stored) != main_tip(repository)):
        stored = _refresh(repository, commit, now, stored)
        cache.put_many(_SPACE, {_name(repository): encode_history(stored)})
        last = find_commit(stored, commit)
    if last < 0:
        # A commit off the main line (the head of a branch) has the past of the place where it left that line.
        fork = repository.merge_base(_tip(stored), commit)
        last = find_commit(stored, fork) if fork else -1
    return ChangeHistory(stored, last=last, now=now)


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
    return store_history(list(_log(repository, tip, f"--since={since}")), covers_from=since)


def _cached(cache: Cache, repository: GitRepository) -> StoredHistory | None:
    return cache.get_decoded(_SPACE, _name(repository), decode_history)


def _name(repository: GitRepository) -> str:
    # What a shallow clone knew of the past is not all, once it is deepened.
    return f"{repository.common_dir} {boundary_mark(repository)}".rstrip()


def _is_ancestor(repository: GitRepository, older: str, newer: str) -> bool:
    return bool(older) and run(repository.path, "merge-base", "--is-ancestor", older, newer).code == 0


def _tip(stored: StoredHistory) -> str:
    count = len(stored.times) // 4
    return stored.commits[len(stored.commits) // count * (count - 1) :].hex() if count else ""


def _log(repository: GitRepository, revisions: str, *options: str) -> Iterator[PastCommit]:
    """Yield first-parent commits, oldest first. The commit named last comes last, whatever it touched."""
    found = run(
        repository.path,
        "log",
        "--first-parent",
        "--reverse",
        "--raw",
        "-z",
        "-M",
        "-l1000",
        "--format=%x01%H %ct %s%x00",
        *options,
        revisions,
    )
    cut = cut_commits(repository)
    # A clone with a missing tree still tells of the commits before it.
    for block in found.out.split(b"\x01")[1:]:
        head, *cells = block.rstrip(b"\n").split(b"\0")
        commit, time, subject = head.decode("utf-8", "replace").split(" ", 2)
        names = [] if commit in cut else [name for cell in cells if (name := cell.lstrip(b"\n"))]
        paths, renames = _touched(names)
        yield PastCommit(commit, as_seconds(time), tuple(paths), tuple(renames), subject)


def _touched(cells: list[bytes]) -> tuple[list[str], list[tuple[str, str]]]:
    paths: list[str] = []
    renames: list[tuple[str, str]] = []
    at = 0
    while at + 1 < len(cells):
        status = cells[at].rpartition(b" ")[2]
        names = [decode_name(name) for name in cells[at + 1 : at + (3 if status[:1] in (b"R", b"C") else 2)]]
        at += 1 + len(names)
        if status[:1] == b"R" and all(map(_counts, names)):
            renames.append((names[0], names[1]))
        if names and _counts(names[-1]) and status != b"D":
            paths.append(names[-1])
    return paths, renames


def _counts(path: str) -> bool:
    return path.partition("/")[0] in _FOLDERS
