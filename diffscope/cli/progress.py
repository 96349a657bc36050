"""A progress bar on stderr, on a terminal, for work that takes long enough to wonder."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

from diffscope.cli.talk import Talk


class Progress:
    """Is called with how many of how many are done. Shows nothing off a terminal or with ``-q``."""

    def __init__(self, label: str, talk: Talk) -> None:
        self._label = label
        self._is_shown = talk.level >= 0 and sys.stderr.isatty()
        self._bar: ProgressBar[int] | None = None

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
            return
        if self._bar is None:
            self._bar = click.progressbar(length=total, label=self._label, file=sys.stderr, show_pos=True)
            self._bar.__enter__()
        self._bar.length = total
        self._bar.update(done - self._bar.pos)
