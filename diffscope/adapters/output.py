"""Writes every output file; `tests/test_architecture.py` refuses writing anywhere else.

A regular file is replaced whole: what is written goes to a new file beside it, which then takes its place, so that an interrupt or a
full disk leaves the old one. Its mode stays, and a symbolic link stays a link: its target is replaced. What is no regular file (a pipe,
``/dev/null``, a terminal, ``/dev/fd/N``) is opened and written, never replaced.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Self

from diffscope.errors import UsageError

RESULT: Final = "the result"
_FOLLOWED: Final = 40
"""Links in a row, as many as Linux follows."""
_READER_SECONDS: Final = 10.0
"""How long to wait until somebody opens the other end of a named pipe."""
_WRITE: Final = os.O_WRONLY | getattr(os, "O_BINARY", 0)  # Windows would write other line ends
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Reasons for which what stands in a file must not be written over: the new contents would not fit either."""
_HINTS: Final = {
    errno.EISDIR: "it is a folder: name a file in it",
    errno.ENOENT: "make the folder first, or name another file",
    errno.ENOTDIR: "a part of the path is not a folder: name another file",
    errno.ENOSPC: "make room on the disk, or name a file on another one",
    errno.EDQUOT: "make room on the disk, or name a file on another one",
    errno.EROFS: "the file system is read-only: name a file on another one",
    errno.EACCES: "name a file in a folder that you may write to",
    errno.EPERM: "name a file in a folder that you may write to",
    errno.ELOOP: "the link leads back to itself: remove it, or name another file",
    errno.EPIPE: "its reader closed it: keep the reader open to the end",
    errno.ENXIO: "nobody reads it: start the reader first",
    errno.EBADF: "no such descriptor is open for writing: name another file",
}


def encoded(text: str) -> bytes:
    """Return a text as every file has it: UTF-8, what that lacks (lone surrogates) escaped."""
    return text.encode("utf-8", "backslashreplace")


def write_file(path: Path, data: bytes, *, what: str = RESULT) -> None:
    """Write a whole file.

    Raises:
        UsageError: it cannot be written; ``cannot write {what}: {reason}``. A regular file is as it was before.
    """
    with replacing(path, what=what) as write:
        write(data)


@contextlib.contextmanager
def replacing(path: Path, *, what: str = RESULT) -> Iterator[Callable[[bytes], None]]:
    """Yield what takes the bytes of a file one part after the other; a regular file is replaced when all went well.

    Raises:
        UsageError: it cannot be written. A regular file is as it was before.
    """
    with _telling(path, what):
        place = _open_plainly(path)
        file = _Replacement(place) if isinstance(place, Path) else place

    def write(data: bytes) -> None:
        with _telling(path, what):
            file.write(data)

    try:
        yield write
    except BaseException:
        with contextlib.suppress(OSError):
            file.discard()
        raise
    with _telling(path, what):
        file.finish()


def write_new_file(path: Path, data: bytes, *, what: str = RESULT) -> None:
    """Write a file that is not there yet, nor a link of its name.

    Raises:
        FileExistsError: something of that name is there.
        UsageError: it cannot be written.
    """
    with _telling(path, what, besides=FileExistsError):
        file = _Plain(os.open(path, _WRITE | os.O_CREAT | os.O_EXCL, 0o666))
        try:
            file.write(data)
            file.finish()
        except BaseException:
            file.discard()
            path.unlink(missing_ok=True)
            raise


def write_own_file(path: Path, data: bytes, *, what: str = RESULT) -> None:
    """Write a whole file in a folder that a stranger may have filled: a link, or anything but a regular file, is refused.

    Raises:
        UsageError: it cannot be written.
    """
    with contextlib.suppress(OSError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise UsageError(
                f"cannot write {what}: not a regular file", at=str(path), hint="name another folder"
            )
    write_file(path, data, what=what)


def append_file(path: Path, data: bytes, *, what: str = RESULT) -> None:
    """Add to the end of a file, which is made if it is not there.

    Raises:
        UsageError: it cannot be written.
    """
    with _telling(path, what):
        file = _open_plainly(path)
        if isinstance(file, Path):
            file = _Plain(os.open(file, _WRITE | os.O_CREAT | os.O_APPEND, 0o666))
        try:
            file.write(data)
            file.finish()
        finally:
            file.discard()


def make_folder(path: Path, *, what: str = "the folder") -> None:
    """Make a folder and those above it; one that is there is fine.

    Raises:
        UsageError: it cannot be made.
    """
    with _telling(path, what):
        path.mkdir(parents=True, exist_ok=True)


def check_output(path: Path) -> None:
    """Find out before an hour of work whether a file can be written at all; nothing is written or opened.

    Raises:
        UsageError: it cannot.
    """
    with _telling(path, RESULT):
        place = _locate(path)
        if isinstance(place, int):
            os.fstat(place)
        elif place.is_dir():
            raise _failure(errno.EISDIR)
        elif not place.exists() and not place.parent.is_dir():
            raise _failure(errno.ENOTDIR if place.parent.exists() else errno.ENOENT)
        elif not os.access(place if place.exists() else place.parent, os.W_OK):
            raise _failure(errno.EACCES)


class GrowingFile:
    """A file that is made anew by its first part and grows by the next ones, so that an interrupt leaves those before it.

    A pipe or a device stays open from the first part to ``close``: its reader would take a close for the end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_begun = False
        self._file: _Plain | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, data: bytes) -> None:
        """Write the next part.

        Raises:
            UsageError: it cannot be written.
        """
        with _telling(self._path, RESULT):
            if self._file is None:
                place = _open_plainly(self._path)
                self._file = None if isinstance(place, Path) else place
            if self._file is not None:
                self._file.write(data)
                return
        if self._is_begun:
            append_file(self._path, data)
        else:
            write_file(self._path, data)
        self._is_begun = True

    def close(self) -> None:
        """Let go of a pipe or device."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.discard()


def _locate(path: Path) -> Path | int:
    """Return where a path leads: a descriptor of this process, or a path whose last part is no link."""
    current = Path(os.path.abspath(path))  # noqa: PTH100 - `..` behind a link is the system's business, not ours
    for _ in range(_FOLLOWED):
        folder = os.path.realpath(current.parent)
        if current.name.isdecimal() and folder in {"/dev/fd", f"/proc/{os.getpid()}/fd"}:
            return int(current.name)
        if not current.is_symlink() or folder.startswith("/proc/"):
            return Path(folder, current.name)
        current = Path(folder, current.readlink())
    raise _failure(errno.ELOOP)


def _open_plainly(path: Path) -> _Plain | Path:
    """Return an open file where nothing must be replaced; the path, links followed, of a regular file or of one to come."""
    place = _locate(path)
    if isinstance(place, int):
        # The same open file, with its position and append mode: opening /dev/stdout anew would write over what stands in it.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        return _Plain(os.dup(place))
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        return place
    if stat.S_ISREG(mode):
        return place
    if stat.S_ISDIR(mode):
        raise _failure(errno.EISDIR)
    if stat.S_ISBLK(mode):
        raise UsageError("cannot write the result: it is a disk", at=str(place), hint="name another file")
    return _Plain(_open_pipe(place) if stat.S_ISFIFO(mode) else os.open(place, _WRITE | os.O_NOCTTY))


def _open_pipe(place: Path) -> int:
    """Open a named pipe as soon as somebody reads it; a pipe that nobody ever reads is an error, not a hang."""
    deadline = time.monotonic() + _READER_SECONDS
    while True:
        try:
            descriptor = os.open(place, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            os.set_blocking(descriptor, True)
            return descriptor


class _Plain:
    """An open file that is written as it is."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def finish(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)

    def discard(self) -> None:
        if self._descriptor >= 0:
            self.finish()


class _Replacement:
    """A new file beside another one, whose place it takes at the end.

    Where nothing can be put beside a file that may itself be written (another's folder, a mount point), it is written over.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._before = _stat(place)
        self._temporary: Path | None = None
        if self._before is not None and not os.access(place, os.W_OK):
            raise _failure(errno.EACCES)
        temporary = place.with_name(f".diffscope-{os.urandom(8).hex()}")
        try:
            self._file = _Plain(os.open(temporary, _WRITE | os.O_CREAT | os.O_EXCL, 0o666))
            self._temporary = temporary
        except OSError as error:
            if self._before is None or error.errno in _FULL:
                raise
            self._file = _Plain(os.open(place, _WRITE | os.O_TRUNC))

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def finish(self) -> None:
        try:
            self._file.finish()
            if self._temporary is not None:
                self._take_place(self._temporary)
        finally:
            self.discard()

    def discard(self) -> None:
        self._file.discard()
        temporary, self._temporary = self._temporary, None
        if temporary is not None:
            temporary.unlink(missing_ok=True)

    def _take_place(self, temporary: Path) -> None:
        if self._before is not None and hasattr(os, "chown"):
            with contextlib.suppress(OSError):
                os.chown(temporary, self._before.st_uid, self._before.st_gid)
            temporary.chmod(stat.S_IMODE(self._before.st_mode))
        try:
            temporary.replace(self._place)
        except OSError as error:
            if self._before is None or error.errno in _FULL:
                raise
            over = _Plain(os.open(self._place, _WRITE | os.O_TRUNC))
            try:
                over.write(temporary.read_bytes())
                over.finish()
            finally:
                over.discard()


def _stat(place: Path) -> os.stat_result | None:
    try:
        return place.stat()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _telling(path: Path, what: str, *, besides: type[OSError] | None = None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if besides is not None and isinstance(error, besides):
            raise
        hint = _HINTS.get(error.errno or 0, "name another file")
        raise UsageError(f"cannot write {what}: {error.strerror}", at=str(path), hint=hint) from None


def _failure(code: int) -> OSError:
    return OSError(code, os.strerror(code))
