"""How many examples a property is tried with: few in every run, all of them where DIFFSCOPE_THOROUGH is set, as in a job of CI."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

from hypothesis import strategies as st

Case = TypeVar("Case")
THOROUGH = bool(os.environ.get("DIFFSCOPE_THOROUGH"))


def examples(count: int) -> int:
    """Return how many of ``count`` examples to try."""
    return count if THOROUGH else max(min(10, count), count // 8)


def one_in(step: int, cases: Iterable[Case]) -> list[Case]:
    """Return one of ``step`` cases, evenly taken, and all of them in thorough runs: for cases that are slow and much alike."""
    return list(cases)[:: 1 if THOROUGH else step]


_LETTERS = "aZ0_ .,:;/\\'\"`*[](){}<>|#@&%$!-+=~^?\t\n\r\x00\x0b\x0c\x1b\x7f\x85\x9b\xad\xe9\xdf\u0130\u0301\u200b\u200f\u2028\u202e\u2066\ufeff\uffff\u4e2d\uff1a\U0001f600\U000e0041"
"""Letters, signs, controls, separators, marks, what is not seen, what no plane but the first has."""


def any_text(*, min_size: int = 0, max_size: int | None = None) -> st.SearchStrategy[str]:
    """Return texts of any characters in thorough runs, of a few of each kind in others: the table of all costs a process two seconds."""
    return st.text(st.characters() if THOROUGH else _LETTERS, min_size=min_size, max_size=max_size)
