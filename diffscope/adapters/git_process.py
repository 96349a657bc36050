"""Runs git: fixed environment, list arguments, no hook, pager, external program or network."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

from diffscope.errors import RepositoryError

_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",  # may name a program of the repository's choice
    "core.quotePath=true",
    "core.attributesFile=/dev/null",
    "diff.suppressBlankEmpty=false",
    "i18n.logOutputEncoding=UTF-8",
    "log.showSignature=false",
    "protocol.allow=never",  # git before 2.45 knows no GIT_NO_LAZY_FETCH
)
_KEPT = ("GIT_CONFIG", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH")
_FIXED = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
    "TERM": "dumb",
}
_SECONDS = 600


class Outcome(NamedTuple):
    """What a git command answered."""

    code: int
    out: bytes
    err: str


def environment() -> dict[str, str]:
    """Return ours without the GIT_* variables that would point git elsewhere (a hook sets GIT_DIR, say)."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT)
    }
    return kept | _FIXED


def command(folder: Path, arguments: Sequence[str]) -> list[str]:
    """Return the full argument list of a git command run in ``folder``."""
    settings = [word for setting in _CONFIG for word in ("-c", setting)]
    return ["git", "-C", str(folder), "--no-pager", *settings, *arguments]


def run(folder: Path, *arguments: str, given: bytes = b"") -> Outcome:
    """Run git in ``folder``. Raises ``RepositoryError`` only where git cannot be run at all."""
    try:
        done = subprocess.run(  # noqa: S603 - a list, and revisions are resolved ids by now
            command(folder, arguments),
            input=given,
            capture_output=True,
            check=False,
            env=environment(),
            timeout=_SECONDS,
        )
    except FileNotFoundError:
        raise RepositoryError("git is not installed", hint="install git, or use --source recorded") from None
    except subprocess.TimeoutExpired:
        raise RepositoryError(
            f"git {arguments[0]} did not end within {_SECONDS} s",
            at=str(folder),
            hint=f"try: git -C {folder} fsck",
        ) from None
    return Outcome(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip())


class GitObject(NamedTuple):
    """One object of the database."""

    kind: str
    data: bytes


class ObjectReader:
    """One ``git cat-file --batch`` that lives as long as its owner. Safe with threads; a fork opens its own."""

    _AHEAD = 400
    """Requests written before answers are read: 400 lines of 65 bytes fit in the smallest pipe, so neither waits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, GitObject | None]]:
        """Yield each name with its object; ``None`` where the repository does not have it or cannot read it."""
        todo = iter(names)
        while chunk := list(islice(todo, self._AHEAD)):
            with self._lock:
                found = self._read_chunk(chunk)
            yield from zip(chunk, found, strict=True)

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        process.wait()

    def _read_chunk(self, names: list[str]) -> list[GitObject | None]:
        found: list[GitObject | None] = []
        while len(found) < len(names):
            rest = names[len(found) :]
            try:
                stdin, stdout = self._streams()
                stdin.write("".join(f"{name}\n" for name in rest).encode())
                stdin.flush()
                for _ in rest:
                    found.append(_read_answer(stdout))  # noqa: PERF401 - what was read before a failure counts
            except (OSError, EOFError):
                # A corrupt object, or a promised one that cannot be fetched, ends git: that one is missing.
                self.close()
                found.append(None)
        return found

    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None or self._owner != os.getpid():
            self._owner = os.getpid()
            self._process = subprocess.Popen(  # noqa: S603 - a list without a word from outside
                command(self._folder, ["cat-file", "--batch"]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        if self._process.stdin is None or self._process.stdout is None:
            raise EOFError
        return self._process.stdin, self._process.stdout


def _read_answer(stream: IO[bytes]) -> GitObject | None:
    head = stream.readline()
    if not head.endswith(b"\n"):
        raise EOFError
    words = head.split()
    if len(words) != 3 or not words[2].isdigit():  # "NAME missing", "NAME ambiguous"
        return None
    size = int(words[2])
    data = stream.read(size + 1)
    if len(data) != size + 1:
        raise EOFError
    return GitObject(words[1].decode(), data[:-1])
