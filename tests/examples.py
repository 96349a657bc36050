"""How many examples a property is tried with: few in every run, all of them where DIFFSCOPE_THOROUGH is set, as in a job of CI."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

Case = TypeVar("Case")
THOROUGH = bool(os.environ.get("DIFFSCOPE_THOROUGH"))


def examples(count: int) -> int:
    """Return how many of ``count`` examples to try."""
    return count if THOROUGH else max(min(10, count), count // 8)


def one_in(step: int, cases: Iterable[Case]) -> list[Case]:
    """Return one of ``step`` cases, evenly taken, and all of them in thorough runs: for cases that are slow and much alike."""
    return list(cases)[:: 1 if THOROUGH else step]
