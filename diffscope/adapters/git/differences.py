"""Differences between two trees, from a ``git diff-tree --stdin`` that stays open."""

from __future__ import annotations

import os
from typing import IO

from diffscope.adapters.git.environment import GitAccess
from diffscope.adapters.git.process import LivingProcess

_AT_ONCE = 1 << 16


class DifferenceReader:
    """Answers what ``git diff-tree OPTIONS OLD NEW`` prints, by ids of trees."""

    def __init__(self, access: GitAccess, *options: str) -> None:
        self._process = LivingProcess(access, "diff-tree", "--stdin", *options)

    def read(self, old: str, new: str) -> bytes | None:
        """Return what git prints; ``None`` where it cannot compare the two, which a call of its own may explain."""
        with self._process.lock:
            try:
                stdin, stdout = self._process.streams()
                return _ask(stdin, stdout, f"{old} {new}\n".encode())
            except (OSError, EOFError):
                self._process.close()
                return None

    def close(self) -> None:
        """End the process, if there is one."""
        self._process.close()


def _ask(stdin: IO[bytes], stdout: IO[bytes], pair: bytes) -> bytes:
    # git repeats a line that names no object, flushed, when it has answered all before it (builtin/diff-tree.c). Behind it nothing
    # comes, and no file's name can hold the ids of the trees that it lies in: so this is the end.
    end = b"=" + pair
    stdin.write(pair + end)
    stdin.flush()
    told = bytearray()
    while not told.endswith(end):
        piece = os.read(stdout.fileno(), _AT_ONCE)
        if not piece:
            raise EOFError
        told += piece
    return bytes(told[: -len(end)]).removeprefix(pair)
