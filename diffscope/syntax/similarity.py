"""The measure of similarity by which symbols, native functions, tests and lines are recognised as moved.

Code is compared as a bag of its parts: token triples where it is parsed, lines where it is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Final, TypeVar

SAME_NAME: Final = 0.6
"""Likeness from which two symbols that keep their name are one that moved and was edited."""
OTHER_NAME: Final = 0.8
"""The same for two of different names."""
HELD: Final = 0.75
"""Share of a function's lines from which it was taken out of another one, or put into it."""
REWRITTEN: Final = 0.5
"""Likeness of lines from which a new test stands for one that is gone from the same file."""

Part = TypeVar("Part", bound=Hashable)
Trigrams = Counter[tuple[str, str, str]]


def trigrams_of(tokens: Sequence[str]) -> Trigrams:
    """Return the parts of a series of tokens: each three that follow each other."""
    return Counter(zip(tokens, tokens[1:], tokens[2:], strict=False))


def similarity(one: Counter[Part], other: Counter[Part], *, least: float = 0.0) -> float:
    """Return the share of parts that two pieces of code have in common (Dice), 0 to 1; 0 where sizes alone keep it below ``least``."""
    sizes = one.total(), other.total()
    # Two sizes too far apart cannot be alike; most pairs end here.
    if not any(sizes) or 2 * min(sizes) / sum(sizes) < least:
        return 0.0
    return 2 * _common(one, other) / sum(sizes)


def share_contained(part: Counter[Part], whole: Counter[Part]) -> float:
    """Return the share of the parts of one piece of code that another has too, 0 to 1."""
    size = part.total()
    return _common(part, whole) / size if size else 0.0


def _common(one: Counter[Part], other: Counter[Part]) -> int:
    smaller, larger = (one, other) if len(one) <= len(other) else (other, one)
    return sum(min(count, larger[part]) for part, count in smaller.items())
