"""Stage 0, places in YAML: PyYAML's marks -> lines and columns as git counts them."""

from __future__ import annotations

from typing import Any, Final

from diffscope.patterns import lazy_regex

_OTHER_LINE_ENDS: Final = lazy_regex("\r(?!\n)|[\x85\u2028\u2029]")


class Places:
    """Where PyYAML's marks are, as git counts lines: YAML 1.1 also ends a line at CR, NEL, U+2028 and U+2029."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._has_other_ends = _OTHER_LINE_ENDS.search(text) is not None

    def of(self, mark: Any) -> tuple[int, int]:
        """Return line and column of a mark, from 1."""
        if not self._has_other_ends:
            return mark.line + 1, mark.column + 1
        at = min(mark.index, len(self._text))
        return self._text.count("\n", 0, at) + 1, at - self._text.rfind("\n", 0, at)
