"""Runs git as ``environment.py`` prescribes: list arguments, no shell, no hooks, no pager, no external program, no network."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from typing import IO, NamedTuple

from diffscope.adapters.git.environment import GitAccess
from diffscope.errors import RepositoryError

_SECONDS = 600


class Outcome(NamedTuple):
    """What a git command answered."""

    code: int
    out: bytes
    err: str


def run(access: GitAccess, *arguments: str, given: bytes = b"") -> Outcome:
    """Run git. Raises ``RepositoryError`` only where git cannot be run at all."""
    try:
        done = subprocess.run(  # noqa: S603 - a list, and revisions are resolved ids by now
            access.command(arguments),
            input=given,
            capture_output=True,
            check=False,
            env=access.environment(),
            timeout=_SECONDS,
        )
    except FileNotFoundError:
        raise RepositoryError("git is not installed", hint="install git, or use --source recorded") from None
    except subprocess.TimeoutExpired:
        raise RepositoryError(
            f"git {arguments[0]} did not end within {_SECONDS} s",
            at=str(access.folder),
            hint="look for damage: git fsck",
        ) from None
    return Outcome(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip())


class PersistentProcess:
    """One git command that answers what comes on its stdin for as long as its owner lives: a start costs more than most answers.

    A fork opens its own. Hold ``lock`` from a question to the end of its answer.
    """

    def __init__(self, access: GitAccess, *arguments: str) -> None:
        self.lock = threading.Lock()
        self._access = access
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def streams(self) -> tuple[IO[bytes], IO[bytes]]:
        """Return its stdin and stdout. Raises ``OSError`` or ``EOFError`` where git does not start."""
        if self._process is None or self._owner != os.getpid():
            self._owner = os.getpid()
            self._process = subprocess.Popen(  # noqa: S603 - a list without a word from outside
                self._access.command(self._arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._access.environment(),
            )
        if self._process.stdin is None or self._process.stdout is None:
            raise EOFError
        return self._process.stdin, self._process.stdout

    def close(self) -> None:
        """End the process, if there is one; the next question starts another."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        process.wait()


class Stream:
    """The lines of what a git command prints, each with its line feed, as they come; ``code`` is known when they are all read."""

    def __init__(self, access: GitAccess, arguments: tuple[str, ...]) -> None:
        self.code: int | None = None
        self._access = access
        self._arguments = arguments

    def __iter__(self) -> Iterator[bytes]:
        try:
            process = subprocess.Popen(  # noqa: S603 - a list, and revisions are resolved ids by now
                self._access.command(self._arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._access.environment(),
            )
        except FileNotFoundError:
            raise RepositoryError(
                "git is not installed", hint="install git, or use --source recorded"
            ) from None
        with process:
            try:
                yield from process.stdout or ()
            finally:
                if process.poll() is None:
                    process.stdout and process.stdout.close()
                    process.wait()
        self.code = process.returncode


def stream(access: GitAccess, *arguments: str) -> Stream:
    """Run git and hand on its lines one by one: for what is too long to hold. Raises ``RepositoryError`` where git cannot be run at all."""
    return Stream(access, arguments)
