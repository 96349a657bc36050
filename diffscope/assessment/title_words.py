"""The words of titles and names, without endings: what a title speaks of is what a change is about."""

from __future__ import annotations

from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.source.profile import places

_PART: Final = lazy_regex(r"[A-Z]?[a-z]+|[A-Z]{2,}(?![a-z])|\d+")
_COMMON: Final = frozenset(
    {
        "fix", "bug", "bugfix", "the", "for", "and", "add", "added", "support", "with", "from", "use", "not", "when", "into", "make", "model",
        "core", "perf", "misc", "feat", "refactor", "update", "remove", "enable", "self", "config", "none", "return", "if",
    }
)  # fmt: skip


def stems_of(text: str) -> frozenset[str]:
    """Return the words of a text or of names in it, without endings."""
    found = (part[0].lower() for part in _PART.finditer(text))
    stems = (word if word.isdigit() else _stem(word) for word in found if len(word) > 2)
    return frozenset(stems) - _COMMON - places().own


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word.removesuffix(ending)
    return word
