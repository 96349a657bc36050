"""Exit codes, and notes and details for people, written to stderr: stdout carries the result alone.

Long work shows a bar on a terminal; elsewhere, with ``-v``, a line now and then.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import click

from diffscope.render.sanitize import visible

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar


def say(text: str) -> None:
    """Write a line to stderr, escaping control characters and what its encoding lacks."""
    lines = "\n".join(visible(line) for line in text.split("\n"))
    encoding = sys.stderr.encoding or "utf-8"
    try:
        sys.stderr.write(lines.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stderr.flush()
    except OSError:
        # A full disk, or a pipe that nobody reads: what is told beside the result must not cost the result.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends


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


_BETWEEN_LINES = 30.0
"""Seconds between two lines where there is no terminal."""


class Progress:
    """Is called with how many of how many are done. Shows nothing with ``-q``, nor off a terminal without ``-v``."""

    def __init__(self, label: str, console: Console) -> None:
        self._label = label
        self._is_shown = console.level >= 0 and sys.stderr.isatty()
        self._bar: ProgressBar[int] | None = None
        self._talk = console
        self._told_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, error, trace)

    def __call__(self, done: int, total: int) -> None:
        """Move the bar."""
        if not self._is_shown:
            now = time.monotonic()
            if now - self._told_at >= _BETWEEN_LINES:
                self._told_at = now
                self._talk.detail(f"{self._label}: {done} of {total}")
            return
        if self._bar is None:
            self._bar = click.progressbar(length=total, label=self._label, file=sys.stderr, show_pos=True)
            self._bar.__enter__()
        self._bar.length = total
        self._bar.update(done - self._bar.pos)


DONE: Final = 0
FINDINGS: Final = 1
"""Something is at or above ``--fail-on``."""
FAILED: Final = 2
"""The command line, the configuration or the input makes it impossible."""
INTERRUPTED: Final = 130
CLOSED_PIPE: Final = 141
"""What a shell reports of a program that SIGINT or SIGPIPE ended."""
