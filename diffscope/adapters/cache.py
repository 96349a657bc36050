"""The cache: what was worked out once, by content, in one SQLite file that many processes may use at a time.

Nothing in it is needed and nothing is trusted: each value carries a checksum, a damaged file is made anew, and a folder that cannot
be written or a full disk only makes diffscope slower. What happened is said in ``notes``.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Final, Self, TypeVar, cast

from diffscope.errors import CacheError, InputError
from diffscope.source.values import Value

_T = TypeVar("_T")

FILE_NAME: Final = "cache-1.sqlite3"
"""Raise the number on any change of the tables; versions then live side by side."""
DEFAULT_LIMIT: Final = 1 << 30
"""Bytes. When the file grows beyond, what was not used for longest goes, down to four fifths."""

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
_BUSY_SECONDS: Final = 10.0
_BUSY: Final = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})
_UNWRITABLE: Final = frozenset(
    {"SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_READONLY_DIRECTORY", "SQLITE_PERM"}
)
_FRESH_SECONDS: Final = 6 * 3600
"""A value used within this time is not marked as used again: reading stays reading."""
_CHUNK: Final = 500


class SpaceInfo(Value, frozen=True, kw_only=True):
    """How much of one kind is kept."""

    space: str
    entries: int
    bytes: int


class CacheInfo(Value, frozen=True, kw_only=True):
    """What ``diffscope cache info`` shows. ``path`` is ``None`` when the cache is off."""

    path: str | None
    bytes: int
    limit: int
    spaces: tuple[SpaceInfo, ...]
    notes: tuple[str, ...]


def open_cache(
    directory: Path | None = None, *, is_enabled: bool = True, limit: int = DEFAULT_LIMIT
) -> Cache:
    """Return the cache in a folder (``None``: DIFFSCOPE_CACHE_DIR, else where the system keeps caches). Never raises."""
    return Cache((directory or default_directory()) / FILE_NAME if is_enabled else None, limit=limit)


def default_directory() -> Path:
    """Return the folder of the cache when none is named."""
    named = os.environ.get("DIFFSCOPE_CACHE_DIR")
    if named:
        return Path(named)
    from platformdirs import user_cache_path  # noqa: PLC0415 - not needed where the folder is named

    return user_cache_path("diffscope", appauthor=False)


class _ForeignError(Exception):
    """The file is a sound database of another program: it is neither used nor deleted."""


class Cache:
    """Values by space (``outline``, ``graph``) and name. Not for several threads; for any number of processes."""

    def __init__(self, path: Path | None, *, limit: int = DEFAULT_LIMIT) -> None:
        self._path = path
        self._limit = limit
        self._notes: list[str] = []
        self._connection: sqlite3.Connection | None = None
        self._is_off = path is None
        self._is_read_only = False
        self._is_rebuilt = False
        self._decoded: dict[str, OrderedDict[str, object]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong and what was done about it, in sentences, each once."""
        return tuple(dict.fromkeys(self._notes))

    @property
    def is_kept(self) -> bool:
        """Whether what is put now will be there later; not when the cache is off, left aside or read-only."""
        unusable = False
        return self._run("read", lambda _: not self._is_read_only, unusable)

    def close(self) -> None:
        """Let go of the file."""
        self._decoded.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def get(self, space: str, name: str) -> bytes | None:
        """Return a value, or ``None``."""
        return self.get_many(space, (name,)).get(name)

    def get_many(self, space: str, names: Collection[str]) -> dict[str, bytes]:
        """Return the values that are there, in the order of the names."""

        def select(connection: sqlite3.Connection) -> dict[str, bytes]:
            found, damaged, stale = _select(connection, space, list(dict.fromkeys(names)))
            if (damaged or stale) and not self._is_read_only:
                self._touch(connection, damaged, stale)
            return found

        return self._run("read", select, {})

    def get_decoded(
        self, space: str, name: str, decode: Callable[[bytes], _T], *, keep: int = 2
    ) -> _T | None:
        """Return a value as what ``decode`` makes of it; the last ``keep`` of a space stay decoded for those who ask again and again.

        What ``decode`` refuses with ``InputError`` is taken as not there. Values must not be changed.
        """
        kept = self._decoded.setdefault(space, OrderedDict())
        if name in kept:
            kept.move_to_end(name)
            return cast("_T", kept[name])
        data = self.get(space, name)
        if data is None:
            return None
        try:
            value = decode(data)
        except InputError:
            return None
        kept[name] = value
        if len(kept) > keep:
            kept.popitem(last=False)
        return value

    def put_many(self, space: str, values: Mapping[str, bytes]) -> None:
        """Keep values; all of them or, when the file cannot be written, none."""
        for name in values:
            self._decoded.get(space, OrderedDict()).pop(name, None)
        now = int(time.time())
        rows = [(space, name, now, zlib.crc32(value), value) for name, value in values.items()]

        def insert(connection: sqlite3.Connection) -> None:
            with _transaction(connection):
                connection.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?)", rows)
            self._evict(connection)

        if values and not self._is_read_only:
            self._run("write", insert, None)

    def names(self, space: str) -> tuple[str, ...]:
        """Return the names kept in a space, sorted."""

        def select(connection: sqlite3.Connection) -> tuple[str, ...]:
            rows = connection.execute("SELECT name FROM entry WHERE space = ? ORDER BY name", (space,))
            return tuple(name for (name,) in rows)

        return self._run("read", select, ())

    def info(self) -> CacheInfo:
        """Return what is kept, by space."""
        nothing: tuple[tuple[SpaceInfo, ...], int] = ((), 0)
        spaces, size = self._run("read", _measure, nothing)
        path = None if self._path is None else str(self._path)
        return CacheInfo(path=path, bytes=size, limit=self._limit, spaces=spaces, notes=self.notes)

    def clear(self) -> int:
        """Delete the cache and return how many bytes that freed.

        Raises:
            CacheError: the file cannot be deleted.
        """
        self.close()
        if self._path is None:
            return 0
        freed = 0
        for path in _files(self._path):
            try:
                freed += path.stat().st_size
                path.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise CacheError(
                    f"the cache cannot be deleted: {error.strerror}",
                    at=str(path),
                    hint="delete the file by hand",
                ) from None
        return freed

    def _run(self, action: str, statement: Callable[[sqlite3.Connection], _T], default: _T) -> _T:
        """Return what a statement gives, or the default; whatever goes wrong is noted and over.

        A damaged file is made anew, and the statement tried again, once.
        """
        for _ in range(2):
            try:
                connection = self._open()
                return default if connection is None else statement(connection)
            except sqlite3.DatabaseError as error:
                if not self._handle(error, action):
                    break
            except OSError as error:
                self._bypass(f"could not {action} it ({error.strerror})")
            except _ForeignError as error:
                self._bypass(str(error))
        return default

    def _handle(self, error: sqlite3.DatabaseError, action: str) -> bool:
        """Do what an error of the database asks for, and say whether to try again."""
        is_operational = isinstance(error, sqlite3.OperationalError)
        if is_operational and error.sqlite_errorname in _BUSY:
            self._notes.append(f"the cache {self._path} was busy for {_BUSY_SECONDS:.0f} s; nothing was lost")
            return False
        # SQLITE_ERROR: a table or a column is not there, which is somebody else's idea of this file.
        if is_operational and error.sqlite_errorname != "SQLITE_ERROR":
            self._bypass(f"could not {action} it ({error})")
            return False
        return self._rebuild(str(error))

    def _open(self) -> sqlite3.Connection | None:
        if self._is_off or self._path is None:
            return None
        if self._connection is None:
            self._connection = self._open_writable() or _connect(self._path, is_read_only=True)
        return self._connection

    def _open_writable(self) -> sqlite3.Connection | None:
        """Open the file, made if it is not there; ``None`` when it is there and cannot be written."""
        if self._path is None:
            return None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            connection = _connect(self._path)
            _prepare(connection)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname not in _UNWRITABLE or not self._path.exists():
                raise
            self._is_read_only = True
            return None
        return connection

    def _bypass(self, reason: str) -> None:
        self._notes.append(f"the cache {self._path} is left aside: {reason}")
        self._is_off = True
        self.close()

    def _rebuild(self, reason: str) -> bool:
        """Delete a damaged file, so that the next statement makes it anew; a second time, or when it stays, turn the cache off."""
        self.close()
        if self._is_rebuilt:
            self._bypass(f"it is damaged again ({reason})")
            return False
        self._is_rebuilt = True
        try:
            self.clear()
        except CacheError as error:
            self._bypass(f"it is damaged ({reason}) and stays: {error.message}")
            return False
        self._notes.append(f"the cache {self._path} was damaged ({reason}) and has been made anew")
        return True

    def _touch(self, connection: sqlite3.Connection, damaged: list[int], stale: list[int]) -> None:
        """Forget damaged values and mark old ones as used; when the file is busy or read-only, that can wait."""
        if damaged:
            self._notes.append(
                f"{len(damaged)} damaged values in the cache {self._path} are worked out again"
            )
        now = int(time.time())
        with contextlib.suppress(sqlite3.OperationalError), _transaction(connection):
            connection.executemany("DELETE FROM entry WHERE rowid = ?", [(row,) for row in damaged])
            connection.executemany("UPDATE entry SET used = ? WHERE rowid = ?", [(now, row) for row in stale])

    def _evict(self, connection: sqlite3.Connection) -> None:
        excess = _live_bytes(connection) - self._limit
        if excess <= 0:
            return
        excess += self._limit // 5
        doomed: list[tuple[int]] = []
        for row, size in connection.execute(
            "SELECT rowid, length(value) + 200 FROM entry ORDER BY used, rowid"
        ):
            if excess <= 0:
                break
            doomed.append((row,))
            excess -= size
        with _transaction(connection):
            connection.executemany("DELETE FROM entry WHERE rowid = ?", doomed)
        connection.execute("PRAGMA incremental_vacuum").fetchall()


def _connect(path: Path, *, is_read_only: bool = False) -> sqlite3.Connection:
    if is_read_only:
        # Immutable: without it even reading needs a file beside the database, to lock it.
        return sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None
        )
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    # A crash of the machine may lose the last values; a crash of the process may not, and a checksum guards the rest.
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the tables, unless they are there. Of several processes that start at once one creates, the others wait."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application == _APPLICATION:
        return
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables:
        raise _ForeignError("it is a database of another program; name another folder")
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.executescript(_SCHEMA.format(application=_APPLICATION))
        except sqlite3.OperationalError as error:
            # Changing the journal mode does not wait for others as statements do.
            if error.sqlite_errorname not in _BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _files(path: Path) -> tuple[Path, ...]:
    return (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm"))


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _select(
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


def _measure(connection: sqlite3.Connection) -> tuple[tuple[SpaceInfo, ...], int]:
    rows = connection.execute(
        "SELECT space, count(*), sum(length(value)) FROM entry GROUP BY space ORDER BY space"
    )
    spaces = tuple(SpaceInfo(space=name, entries=count, bytes=total) for name, count, total in rows)
    return spaces, _live_bytes(connection)


def _live_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
