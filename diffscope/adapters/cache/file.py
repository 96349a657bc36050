"""The file of the cache: an SQLite database with one table, opened, read and measured. Every failure is SQLite's own."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from diffscope.source.model import Value

_APPLICATION: Final = 0x64696666  # "diff", so that a file of someone else's is known as such
_SCHEMA: Final = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entry (
    space TEXT NOT NULL, name TEXT NOT NULL, used INTEGER NOT NULL, checksum INTEGER NOT NULL, value BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS entry_name ON entry (space, name);
CREATE INDEX IF NOT EXISTS entry_used ON entry (used);
PRAGMA application_id = {application};
COMMIT;
"""
OLDEST: Final = """
SELECT rowid, length(value) + 200 FROM entry ORDER BY used + (length(value) < ?) * ?, rowid
"""
BUSY_SECONDS: Final = 1.5
_FRESH_SECONDS: Final = 300
"""A value used within this time is not marked as used again: reading stays reading. Not longer, or a run that fills the cache in
minutes would throw away what it uses all the time."""
_CHUNK: Final = 500
BUSY: Final = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})

AT_ONCE: Final = 16 << 20
"""Bytes that one transaction throws away, so that other processes need not wait long, and the log beside the file stays short."""
SMALL: Final = 1 << 16
SMALL_STAYS: Final = 7 * 86_400
"""Seconds that a small value (an outline) counts as younger: it costs little to keep and as much to make again as a large one."""


class SpaceInfo(Value, frozen=True, kw_only=True):
    """How much of one kind is kept."""

    space: str
    entries: int
    bytes: int


class LockWait:
    """How long this process waits for files that others have locked: once for long, then hardly, whatever file it is."""

    def __init__(self) -> None:
        self.is_lost = False

    @property
    def seconds(self) -> float:
        """How long the next statement may wait."""
        return 0.02 if self.is_lost else BUSY_SECONDS

    def lose(self) -> None:
        """Wait no more: a statement waited in vain."""
        self.is_lost = True


LOCK_WAIT: Final = LockWait()


class ForeignError(Exception):
    """The file is a sound database of another program: it is neither used nor deleted."""


class UnreadableError(Exception):
    """The file cannot be read."""


def connect(path: Path, *, is_read_only: bool = False) -> sqlite3.Connection:
    """Return a connection that commits by itself unless a transaction is open; the tables are made where it may write."""
    if is_read_only:
        # Immutable: without it even reading needs a file beside the database, to lock it.
        return sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None
        )
    connection = sqlite3.connect(path, timeout=LOCK_WAIT.seconds, isolation_level=None)
    try:
        # A crash of the machine may lose the last values; a crash of the process may not, and a checksum guards the rest.
        connection.execute("PRAGMA synchronous = OFF")
        # Values are read once: SQLite's own copies of their pages would only take time and memory.
        connection.execute("PRAGMA cache_size = -200")
        # The log beside the file gives its room back once it has been taken over.
        connection.execute(f"PRAGMA journal_size_limit = {AT_ONCE}")
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """Create the tables, unless they are there. Of several processes that start at once one creates, the others wait."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application == _APPLICATION:
        return
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables:
        raise ForeignError("it is a database of another program; name another folder")
    deadline = time.monotonic() + LOCK_WAIT.seconds
    while True:
        try:
            connection.executescript(_SCHEMA.format(application=_APPLICATION))
        except sqlite3.OperationalError as error:
            # Changing the journal mode does not wait for others as statements do.
            if error.sqlite_errorname not in BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def files_of(path: Path) -> tuple[Path, ...]:
    """Return the file and those that SQLite keeps beside it."""
    return (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm"))


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all of what stands inside, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def select_values(
    connection: sqlite3.Connection, space: str, names: list[str]
) -> tuple[dict[str, bytes], list[int], list[int]]:
    """Return sound values by name, and the rows of damaged ones and of those not used for long."""
    found: dict[str, bytes] = {}
    damaged: list[int] = []
    stale: list[int] = []
    old = time.time() - _FRESH_SECONDS
    for at in range(0, len(names), _CHUNK):
        chunk = names[at : at + _CHUNK]
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(
            f"SELECT rowid, name, used, checksum, value FROM entry WHERE space = ? AND name IN ({marks})",  # noqa: S608 - marks only
            (space, *chunk),
        )
        for row, name, used, checksum, value in rows:
            if not isinstance(value, bytes) or zlib.crc32(value) != checksum:
                damaged.append(row)
                continue
            found[name] = value
            if not isinstance(used, int) or used < old:
                stale.append(row)
    return {name: found[name] for name in names if name in found}, damaged, stale


def read_space(path: Path, space: str) -> Iterator[tuple[str, bytes | None]]:
    """Yield the names and values of a space, by name; ``None`` for a value whose bytes changed. Nothing is written.

    Raises:
        ForeignError: it is a database of another program.
        UnreadableError: it is no sound database, or of another version.
    """
    log = path.with_name(f"{path.name}-wal")
    # What a process that was killed had not taken over yet stands in the log, and is read with the rest.
    mode = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)) as connection:
            if pragma(connection, "application_id") != _APPLICATION:
                raise ForeignError("it is a database of another program")
            rows = connection.execute(
                "SELECT name, checksum, value FROM entry WHERE space = ? ORDER BY name", (space,)
            )
            for name, checksum, value in rows:
                is_sound = isinstance(value, bytes) and zlib.crc32(value) == checksum
                yield str(name), value if is_sound else None
    except (sqlite3.Error, OSError) as error:
        raise UnreadableError(str(error)) from None


def measure(connection: sqlite3.Connection) -> tuple[tuple[SpaceInfo, ...], int]:
    """Return what is kept by space, and the bytes of the file that are in use."""
    rows = connection.execute(
        "SELECT space, count(*), sum(length(value)) FROM entry GROUP BY space ORDER BY space"
    )
    spaces = tuple(SpaceInfo(space=name, entries=count, bytes=total) for name, count, total in rows)
    return spaces, live_bytes(connection)


def live_bytes(connection: sqlite3.Connection) -> int:
    """Return the bytes of the file that are in use."""
    used = pragma(connection, "page_count") - pragma(connection, "freelist_count")
    return used * pragma(connection, "page_size")


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """Return a number that SQLite keeps about the file."""
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
