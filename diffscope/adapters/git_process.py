"""Runs git: fixed environment, list arguments, no hook, pager, external program or network."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Sequence
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


class LivingProcess:
    """One git command that answers what comes on its stdin for as long as its owner lives: a start costs more than most answers.

    A fork opens its own. Hold ``lock`` from a question to the end of its answer.
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.lock = threading.Lock()
        self._folder = folder
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def streams(self) -> tuple[IO[bytes], IO[bytes]]:
        """Return its stdin and stdout. Raises ``OSError`` or ``EOFError`` where git does not start."""
        if self._process is None or self._owner != os.getpid():
            self._owner = os.getpid()
            self._process = subprocess.Popen(  # noqa: S603 - a list without a word from outside
                command(self._folder, self._arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
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
