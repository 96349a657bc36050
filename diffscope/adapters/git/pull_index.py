"""Pull request number -> squash commit, kept in SQLite so that the log is walked once and then only its news.

The index holds exactly the squash commits reachable from the tip it was made for. When the tip moves, by a commit, a
force push or a switch, what is reachable from the new tip alone is added and what was reachable from the old tip
alone is taken out; when the old tip is gone it is made anew.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from diffscope.adapters.cache.file import BUSY, LOCK_WAIT
from diffscope.adapters.git.log import Squash, boundary_mark, main_tip, squashes
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.source.model import CommitId

_VERSION = 1
_TABLES = """
CREATE TABLE squash ("commit" TEXT PRIMARY KEY, number INTEGER, committed_at INTEGER, author TEXT, subject TEXT) WITHOUT ROWID;
CREATE INDEX by_number ON squash (number);
CREATE INDEX by_time ON squash (committed_at);
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""
_COLUMNS = 'number, "commit", committed_at, author, subject'
_ROUNDS = 5


class PullIndex:
    """The squash commits of a clone's main branch. ``folder`` is the cache folder; ``None`` keeps it in memory.

    Safe with several processes. A file that is corrupt, foreign or not writable costs time, never an answer.
    """

    def __init__(self, repository: GitRepository, folder: Path | None) -> None:
        self._repository = repository
        self._file = None if folder is None else folder / "pulls" / f"{_key(repository.common_dir)}.sqlite"
        self._memory: sqlite3.Connection | None = None
        self.notes: tuple[str, ...] = ()
        """What went wrong with the file, in sentences."""

    def __enter__(self) -> PullIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop what is kept in memory."""
        memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()

    def find(self, number: int) -> tuple[Squash, ...]:
        """Return every squash commit of the main branch whose subject ends in ``(#number)``, newest first."""
        return self._ask(f"SELECT {_COLUMNS} FROM squash WHERE number = ?", (number,))  # noqa: S608 - a constant

    def between(self, start: int, end: int) -> tuple[Squash, ...]:
        """Return the squash commits committed at ``start`` or later and before ``end``, newest first."""
        where = "committed_at >= ? AND committed_at < ?"
        return self._ask(f"SELECT {_COLUMNS} FROM squash WHERE {where}", (start, end))  # noqa: S608 - a constant

    def _ask(self, query: str, values: tuple[int, ...]) -> tuple[Squash, ...]:
        tip = main_tip(self._repository)
        if tip is None:
            return ()

        def answer(database: sqlite3.Connection) -> list[Squash]:
            rows = _fresh(database, self._repository, tip, lambda: database.execute(query, values).fetchall())
            return [Squash(int(row[0]), str(row[1]), int(row[2]), str(row[3]), str(row[4])) for row in rows]

        found = self._from_file(answer)
        if found is None:
            if self._memory is None:
                self._memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            found = answer(self._memory)
        return tuple(sorted(found, key=lambda squash: (-squash.committed_at, squash.commit)))

    def _from_file(self, answer: Callable[[sqlite3.Connection], list[Squash]]) -> list[Squash] | None:
        """Answer from the file, or from a new one if it is broken or lies; ``None`` if it is not available."""
        if self._file is None:
            return None
        for _ in range(2):
            try:
                found = _use(self._file, answer)
            except (sqlite3.DatabaseError, ValueError, TypeError, OSError) as error:
                if getattr(error, "sqlite_errorname", "") in BUSY:
                    LOCK_WAIT.lose()
                    self.notes = (f"the index {self._file} is left aside: another process has locked it",)
                    self._file = None
                    return None
                if not _is_broken(error):
                    return None
            else:
                # Check what the file says against the commits themselves: the cache folder may be anybody's.
                told = self._repository.commits(CommitId(squash.commit) for squash in found)
                if all(
                    (info := told.get(CommitId(squash.commit))) is not None
                    and info.committed_at == squash.committed_at
                    and f"(#{squash.number})" in f"{info.subject}\n{info.body}"
                    for squash in found
                ):
                    return found
            if not _discard(self._file):
                return None
        return None


def _key(common_dir: Path) -> str:
    return hashlib.sha256(str(common_dir).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _use(file: Path, answer: Callable[[sqlite3.Connection], list[Squash]]) -> list[Squash]:
    file.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(file, timeout=LOCK_WAIT.seconds, isolation_level=None)
    try:
        database.execute("PRAGMA synchronous = NORMAL")
        return answer(database)
    finally:
        database.close()


def _is_broken(error: Exception) -> bool:
    """Tell a file that is no index of ours from one that is merely locked, read-only or on a full disk."""
    if isinstance(error, sqlite3.DatabaseError):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in {
            sqlite3.SQLITE_ERROR,
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
        }
    return isinstance(error, (ValueError, TypeError))


def _discard(file: Path) -> bool:
    try:
        file.with_name(f"{file.name}-journal").unlink(missing_ok=True)
        file.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _fresh(
    database: sqlite3.Connection,
    repository: GitRepository,
    tip: str,
    read: Callable[[], list[tuple[str | int, ...]]],
) -> list[tuple[str | int, ...]]:
    """Bring the index to ``tip`` and read from it in the same transaction, so that no other process moves it between."""
    boundary = boundary_mark(repository)
    for _ in range(_ROUNDS):
        database.execute("BEGIN")
        known = _known(database, boundary)
        if known == tip:
            rows = read()
            database.execute("COMMIT")
            return rows
        database.execute("COMMIT")
        news = _news(repository, known, tip)  # slow, so outside the lock
        database.execute("BEGIN IMMEDIATE")
        if _known(database, boundary) == known:
            _store(database, news)
            database.executemany(
                "INSERT OR REPLACE INTO state VALUES (?, ?)", [("tip", tip), ("boundary", boundary)]
            )
        database.execute("COMMIT")
    raise sqlite3.OperationalError("other processes keep moving the index")


def _known(database: sqlite3.Connection, boundary: str) -> str | None:
    """Return the tip that the index was made for; ``None`` where it has to be made anew."""
    if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        return None
    state = dict(database.execute("SELECT key, value FROM state").fetchall())
    return state.get("tip") if state.get("boundary") == boundary else None


class _News(NamedTuple):
    added: list[Squash]
    removed: list[Squash]
    is_whole: bool
    """``added`` is all there is."""


def _news(repository: GitRepository, known: str | None, tip: str) -> _News:
    if known is not None and run(repository.objects, "cat-file", "-e", f"{known}^{{commit}}").code == 0:
        added, removed = squashes(repository, tip, f"^{known}"), squashes(repository, known, f"^{tip}")
        return _News(added, removed, is_whole=False)
    return _News(squashes(repository, tip), [], is_whole=True)


def _store(database: sqlite3.Connection, news: _News) -> None:
    if news.is_whole:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            database.execute(f'DROP TABLE "{name}"')
        for statement in _TABLES.strip().split("\n"):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {_VERSION}")
    database.executemany(
        'DELETE FROM squash WHERE "commit" = ?', [(squash.commit,) for squash in news.removed]
    )
    rows = [
        (squash.number, squash.commit, squash.committed_at, squash.author, squash.subject)
        for squash in news.added
    ]
    statement = f"INSERT OR REPLACE INTO squash ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608 - a constant
    database.executemany(statement, rows)
