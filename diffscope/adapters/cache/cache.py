"""The cache: computed values by the hash of their input, in one SQLite file that many processes may use at once.

Nothing in it is needed and nothing is trusted: each value carries a checksum, a damaged file is made anew, and a folder that cannot
be written, a full disk or another process that keeps it locked only makes diffscope slower. What happened is said in ``notes``.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, Self, TypeVar, cast

from diffscope.adapters.cache.file import (
    AT_ONCE,
    BUSY,
    LOCK_WAIT,
    OLDEST,
    SMALL,
    SMALL_STAYS,
    ForeignError,
    SpaceInfo,
    connect,
    files_of,
    live_bytes,
    measure,
    pragma,
    select_values,
    transaction,
)
from diffscope.errors import CacheError, InputError
from diffscope.source.model import Value

_T = TypeVar("_T")

FILE_NAME: Final = "cache-1.sqlite3"
"""Raise the number on any change of the tables; versions then live side by side."""
DEFAULT_LIMIT: Final = 1 << 30
"""Bytes. When the file grows beyond, what was not used for longest goes, down to nine tenths."""

_UNWRITABLE: Final = frozenset(
    {"SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_READONLY_DIRECTORY", "SQLITE_PERM"}
)


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
    def is_off(self) -> bool:
        """Whether it cannot be read, now or later."""
        return self._is_off

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
            found, damaged, stale = select_values(connection, space, list(dict.fromkeys(names)))
            if (damaged or stale) and not self._is_read_only:
                self._touch(connection, damaged, stale)
            return found

        return self._run("read", select, {})

    def get_decoded(
        self, space: str, name: str, decode: Callable[[bytes], _T], *, keep: int = 2
    ) -> _T | None:
        """Return a value as what ``decode`` makes of it, or ``None``; see ``get_many_decoded``."""
        return self.get_many_decoded(space, (name,), decode, keep=keep).get(name)

    def get_many_decoded(
        self, space: str, names: Collection[str], decode: Callable[[bytes], _T], *, keep: int
    ) -> dict[str, _T]:
        """Return the values that are there as what ``decode`` makes of them.

        The last ``keep`` of a space stay decoded for those who ask again and again, so values must not be changed. What ``decode`` refuses
        with ``InputError`` is taken as not there.
        """
        kept = self._decoded.setdefault(space, OrderedDict())
        found: dict[str, _T] = {}
        for name in names:
            if name in kept:
                kept.move_to_end(name)
                found[name] = cast("_T", kept[name])
        unread = [name for name in names if name not in found]
        for name, data in self.get_many(space, unread).items() if unread else ():
            with contextlib.suppress(InputError):
                found[name] = kept[name] = decode(data)
        while len(kept) > keep:
            kept.popitem(last=False)
        return found

    def put_many(self, space: str, values: Mapping[str, bytes]) -> None:
        """Keep values; all of them or, when the file cannot be written, none."""
        for name in values:
            self._decoded.get(space, OrderedDict()).pop(name, None)
        now = int(time.time())
        rows = [(space, name, now, zlib.crc32(value), value) for name, value in values.items()]

        def insert(connection: sqlite3.Connection) -> None:
            with transaction(connection):
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
        spaces, size = self._run("read", measure, nothing)
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
        for path in files_of(self._path):
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
            except ForeignError as error:
                self._bypass(str(error))
        return default

    def _handle(self, error: sqlite3.DatabaseError, action: str) -> bool:
        """Do what an error of the database asks for, and say whether to try again."""
        is_operational = isinstance(error, sqlite3.OperationalError)
        if is_operational and error.sqlite_errorname in BUSY:
            self._give_up(action)
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
            self._connection = self._open_writable() or connect(self._path, is_read_only=True)
        elif LOCK_WAIT.is_lost:
            # Let a connection that was opened before a wait failed wait no longer than one opened now.
            self._connection.execute(f"PRAGMA busy_timeout = {LOCK_WAIT.seconds * 1000:.0f}")
        return self._connection

    def _open_writable(self) -> sqlite3.Connection | None:
        """Open the file, made if it is not there; ``None`` when it is there and cannot be written."""
        if self._path is None:
            return None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return connect(self._path)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname not in _UNWRITABLE or not self._path.exists():
                raise
            self._is_read_only = True
            return None

    def _give_up(self, action: str) -> None:
        """Leave a locked file alone for as long as this process runs: waiting again and again would be a hang."""
        LOCK_WAIT.lose()
        if action == "write":
            self._notes.append(f"nothing is kept in the cache {self._path}: another process has locked it")
            self._is_read_only = True
        else:
            self._bypass("another process has locked it")

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
        try:
            with transaction(connection):
                connection.executemany("DELETE FROM entry WHERE rowid = ?", [(row,) for row in damaged])
                connection.executemany(
                    "UPDATE entry SET used = ? WHERE rowid = ?", [(now, row) for row in stale]
                )
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname in BUSY:
                self._give_up("write")

    def _evict(self, connection: sqlite3.Connection) -> None:
        if live_bytes(connection) <= self._limit:
            return
        excess = live_bytes(connection) - self._limit // 10 * 9
        batch: list[tuple[int]] = []
        size = 0
        for row, length in connection.execute(OLDEST, (SMALL, SMALL_STAYS)).fetchall():
            if excess <= 0:
                break
            batch.append((row,))
            size += length
            excess -= length
            if size >= AT_ONCE or excess <= 0:
                with transaction(connection):
                    connection.executemany("DELETE FROM entry WHERE rowid = ?", batch)
                batch, size = [], 0
        if pragma(connection, "freelist_count") * pragma(connection, "page_size") > self._limit // 4:
            # A limit that was lowered: else the room is taken again at once, and giving it back costs more than keeping it.
            # As a script: a single statement would be stepped once, and give back one page.
            connection.executescript("PRAGMA incremental_vacuum")
