"""Progress on stderr for long work: a bar on a terminal; elsewhere, with ``-v``, a line now and then."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

from diffscope.cli.console import Console

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
            self._tell(done, total)
            return
        if self._bar is None:
            self._bar = click.progressbar(length=total, label=self._label, file=sys.stderr, show_pos=True)
            self._bar.__enter__()
        self._bar.length = total
        self._bar.update(done - self._bar.pos)

    def _tell(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told_at >= _BETWEEN_LINES:
            self._told_at = now
            self._talk.detail(f"{self._label}: {done} of {total}")
