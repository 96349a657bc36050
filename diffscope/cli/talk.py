"""Talk: sentences for people, on stderr, so that stdout stays the result."""

from __future__ import annotations

import sys
from typing import NamedTuple

from diffscope.render.sanitize import visible


def say(text: str) -> None:
    """Print a sentence; what cannot be seen or encoded in it is escaped."""
    lines = "\n".join(visible(line) for line in text.split("\n"))
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(lines.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stderr.flush()


class Talk(NamedTuple):
    """How much is said."""

    level: int
    """-1 errors only, 0 notes, 1 details."""

    def note(self, text: str) -> None:
        """Say what the reader should know to read the result right."""
        if self.level >= 0:
            say(f"note: {text}")

    def detail(self, text: str) -> None:
        """Say what only the curious want to know."""
        if self.level >= 1:
            say(text)
