"""Puts faults into parts of the analysis: what a part would have done, an exception does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from diffscope.source.attempts import Attempts

OOPS = KeyError("oops")
TOLD = "KeyError: 'oops'"


@contextmanager
def fault(part: str, *, path: str | None = None, error: BaseException = OOPS) -> Iterator[None]:
    """Let every part of that name fail, or only where it looks at the file ``path``."""

    def broken(self: Attempts, name: str, work: Callable[[], Any], paths: tuple[str, ...]) -> Any:
        if name == part and (path is None or path in paths):
            raise error
        return work()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Attempts, "run", broken)
        yield


@contextmanager
def watched() -> Iterator[list[str]]:
    """Yield the names of the parts that are run, each once, in the order in which they are."""
    names: dict[str, None] = {}
    listed: list[str] = []

    def watching(self: Attempts, name: str, work: Callable[[], Any], paths: tuple[str, ...]) -> Any:
        names[name] = None
        return work()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Attempts, "run", watching)
        yield listed
    listed += names
