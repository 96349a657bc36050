"""How many examples a property is tried with: few in every run, all of them where DIFFSCOPE_THOROUGH is set, as in a job of CI."""

from __future__ import annotations

import os

THOROUGH = bool(os.environ.get("DIFFSCOPE_THOROUGH"))


def examples(count: int) -> int:
    """Return how many of ``count`` examples to try."""
    return count if THOROUGH else max(min(10, count), count // 8)
