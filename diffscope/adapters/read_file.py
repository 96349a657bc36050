"""Reads every file that a user names, or that is in a folder that a user names.

A name may lead to an endless device, to a pipe that nobody writes to, to a socket, to a loop of links or to gigabytes: what a file is and
how large it is are asked before a byte is read, and no more is read than the caller allows.
"""

from __future__ import annotations

import errno
import hashlib
import os
import select
import stat
import sys
import time
from pathlib import Path
from typing import IO, Final, TypeVar

import msgspec

from diffscope.errors import ConfigurationError, DiffscopeError, InputError, NotFoundError

T = TypeVar("T")

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_AT_ONCE: Final = 1 << 20
_WAIT: Final = 10.0
"""Seconds in which somebody must open the other end of a named pipe."""
_KINDS: Final = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a device"),
    (stat.S_ISFIFO, "it is a pipe"),
    (stat.S_ISSOCK, "it is a socket"),
)


def is_there(path: Path) -> bool:
    """Return whether something stands at a path, also a link that leads nowhere: such a name is an error, not an absence."""
    return os.path.lexists(path)


def stamp_of(folder: Path, ending: str) -> str | None:
    """Return a text that is another one as soon as a file below a folder changes, comes or goes; ``None`` where one cannot be asked.

    Only files with this ending count. Sizes and times of change are asked; contents are not read, which would take five times as long.
    """
    found, folders = list[str](), [str(folder)]
    try:
        while folders:
            with os.scandir(folders.pop()) as entries:
                for each in entries:
                    if each.name.endswith(ending):
                        status = each.stat()
                        found.append(
                            f"{each.path} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
                        )
                    elif each.is_dir() and each.name != "__pycache__":
                        folders.append(each.path)
    except OSError:
        return None
    return hashlib.blake2b("\0".join(sorted(found)).encode("utf-8", "surrogateescape")).hexdigest()


def read_bytes(
    path: Path,
    *,
    most: int,
    hint: str,
    kind: type[DiffscopeError] = ConfigurationError,
    follows_links: bool = True,
) -> bytes:
    """Return the content of a regular file of at most ``most`` bytes.

    Raises:
        FileNotFoundError: there is nothing at the path.
        DiffscopeError: of the ``kind`` that is handed in; it is something else than a file, too large, or cannot be read.
    """
    flags = _FLAGS | (0 if follows_links else getattr(os, "O_NOFOLLOW", 0))
    try:
        # Asked before it is opened: to open a device may do something, to open a pipe may wait.
        _check(path.stat() if follows_links else path.lstat(), path, most, hint, kind)
        with os.fdopen(os.open(path, flags), "rb") as stream:
            _check(os.fstat(stream.fileno()), path, most, hint, kind)
            data = stream.read(most + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError) and not is_there(path):
            raise
        raise kind(f"cannot be read: {_reason(error)}", at=str(path), hint=hint) from None
    if len(data) > most:
        raise _too_large(path, most, hint, kind)
    return data


def read_text(path: Path, *, most: int, hint: str, kind: type[DiffscopeError] = ConfigurationError) -> str:
    """Return the text of a regular file, as ``read_bytes`` does. Raises the same, also for a file that is not UTF-8."""
    try:
        return read_bytes(path, most=most, hint=hint, kind=kind).decode("utf-8")
    except FileNotFoundError:
        raise kind("cannot be read: No such file or directory", at=str(path), hint=hint) from None
    except UnicodeDecodeError:
        raise kind("the file is not UTF-8", at=str(path), hint="save it as UTF-8") from None


def read_stream(name: Path | str, *, most: int, hint: str, kind: type[DiffscopeError]) -> bytes:
    """Return at most ``most`` bytes of a file, a pipe, a device, or standard input (``-``): what a patch may come from.

    Raises:
        NotFoundError: there is nothing at the path.
        DiffscopeError: of ``kind``; it cannot be read, gives more bytes, or is a pipe that nobody opens to write.
    """
    if str(name) == "-":
        return _bounded(sys.stdin.buffer, Path("standard input"), most, hint, kind)
    path = Path(name)
    try:
        found = path.stat()
        if stat.S_ISREG(found.st_mode) and found.st_size > most:
            raise _too_large(path, most, hint, kind)
        descriptor = os.open(path, _FLAGS)
        with os.fdopen(descriptor, "rb") as stream:
            first = _first_bytes(descriptor) if stat.S_ISFIFO(found.st_mode) else b""
            if first is None:
                raise kind(
                    f"nobody writes to this pipe, not within {_WAIT:.0f} s",
                    at=str(path),
                    hint="start what writes to it first",
                )
            os.set_blocking(descriptor, True)
            return _bounded(stream, path, most, hint, kind, first=first)
    except FileNotFoundError:
        raise NotFoundError("no such file", at=str(path), hint=hint) from None
    except (OSError, ValueError) as error:
        raise kind(f"cannot be read: {_reason(error)}", at=str(path), hint=hint) from None


def decode_json(data: bytes | str, kind: type[T]) -> T:
    """Return JSON as a value of a type. Raises ``msgspec.DecodeError`` also for text that is not UTF-8 or nests without end."""
    try:
        return msgspec.json.decode(data, type=kind)
    except UnicodeError as error:
        raise msgspec.DecodeError(f"it is not UTF-8: {error}") from None
    except RecursionError:
        raise msgspec.DecodeError("it nests too deeply") from None


def read_document(
    file: Path, kind: type[T], *, what: str, hint: str, most: int = 200_000_000, schema: str | None = None
) -> T:
    """Return a saved document: JSON of a type, by its ``schema`` where that is told.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    try:
        found = decode_json(read_bytes(file, most=most, hint=hint, kind=InputError), kind)
    except FileNotFoundError:
        raise InputError("no such file", at=str(file), hint=hint) from None
    except msgspec.DecodeError as error:
        raise InputError(f"{what}: {error}", at=str(file), hint=hint) from None
    if schema is not None and (named := getattr(found, "schema", None)) != schema:
        raise InputError(f"schema {named!r} is not {schema}", at=str(file), hint=hint)
    return found


def _check(found: os.stat_result, path: Path, most: int, hint: str, kind: type[DiffscopeError]) -> None:
    if not stat.S_ISREG(found.st_mode):
        what = next((what for test, what in _KINDS if test(found.st_mode)), "it is not a file")
        if stat.S_ISLNK(found.st_mode):
            what = "it is a link"
        raise kind(f"cannot be read: {what}, not a regular file", at=str(path), hint=hint)
    if found.st_size > most:
        raise _too_large(path, most, hint, kind)


def _first_bytes(descriptor: int) -> bytes | None:
    """Return what a pipe, opened without waiting, holds once somebody has it open to write; ``None`` where nobody opens it."""
    polled = select.poll()
    polled.register(descriptor, select.POLLIN)
    end = time.monotonic() + _WAIT
    while True:
        try:
            found = os.read(descriptor, _AT_ONCE)
        except BlockingIOError:
            return b""
        if found or polled.poll(0):
            return found
        if time.monotonic() > end:
            return None
        polled.poll(_WAIT * 100)


def _bounded(
    stream: IO[bytes], name: Path, most: int, hint: str, kind: type[DiffscopeError], *, first: bytes = b""
) -> bytes:
    data = first + stream.read(most + 1 - len(first)) if len(first) <= most else first
    if len(data) > most:
        raise _too_large(name, most, hint, kind)
    return data


def _too_large(path: Path, most: int, hint: str, kind: type[DiffscopeError]) -> DiffscopeError:
    return kind(f"more than {most:,} bytes", at=str(path), hint=hint)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        if error.errno == errno.ENXIO:
            return "it is a socket, not a file"
        return error.strerror or type(error).__name__
    return "a name with a NUL names no file"
