"""Notes and details for people, written to stderr: stdout carries the result alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from diffscope.render.sanitize import visible


def say(text: str) -> None:
    """Write a line to stderr, escaping control characters and what its encoding lacks."""
    lines = "\n".join(visible(line) for line in text.split("\n"))
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(lines.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stderr.flush()


class Console(NamedTuple):
    """Writes notes and details, as far as ``-q`` and ``-v`` allow."""

    level: int
    """-1 errors only, 0 notes, 1 details."""

    def note(self, text: str) -> None:
        """Write what a reader needs to interpret the result, unless ``-q`` is given."""
        if self.level >= 0:
            say(f"note: {text}")

    def detail(self, text: str) -> None:
        """Write what only ``-v`` asks for."""
        if self.level >= 1:
            say(text)

    @contextmanager
    def resumable(self, *, is_many: bool = True) -> Iterator[None]:
        """Say of an interrupt of ``is_many`` changes that nothing is lost; it may come while one is judged or while one is written."""
        try:
            yield
        except KeyboardInterrupt:
            if is_many:
                self.note("interrupted; what was judged is kept, and the same command goes on from there")
            raise
