"""A search of the raw bytes of a file for places of interest, before anything is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from diffscope.syntax.parse.body_cutting import Thinned

Needle = tuple[re.Pattern[bytes], ...]
"""Patterns that look for one thing."""


def needle(*patterns: bytes) -> Needle:
    """Return what finds any of some patterns; for one that begins with ``QUOTE``, a pattern for each kind of quotes.

    A search that begins with one certain letter is ten times as fast as one that begins with a choice.
    """
    return tuple(
        re.compile(pattern.replace(b"QUOTE", quote))
        for pattern in patterns
        for quote in ((b'"', b"'") if pattern.startswith(b"QUOTE") else (b"",))
    )


class Scan:
    """The matches of some needles in a source, and where they stand in what is left of it."""

    def __init__(self, source: bytes, needles: Iterable[Needle]) -> None:
        self._matches = {needle: _find(needle, source) for needle in needles}
        self._thinned = Thinned(source)

    def matches(self, needle: Needle) -> Sequence[re.Match[bytes]]:
        """Return the matches of one of the needles, in order, none inside of another."""
        return self._matches[needle]

    def positions(self) -> list[int]:
        """Return where the matches of all needles begin, sorted."""
        return sorted({match.start() for matches in self._matches.values() for match in matches})

    def lay_on(self, thinned: Thinned) -> None:
        """Take the positions that ``place`` returns from what was left of the source, and forget matches in what was cut."""
        self._thinned = thinned
        for needle, matches in self._matches.items():
            self._matches[needle] = [match for match in matches if not thinned.is_cut(match.start())]

    def place(self, position: int) -> int:
        """Return where a position of the source stands in the text that was parsed."""
        return self._thinned.place(position)


def _find(needle: Needle, source: bytes) -> list[re.Match[bytes]]:
    found = [match for pattern in needle for match in pattern.finditer(source)]
    if len(needle) == 1 or not found:
        return found
    kept: list[re.Match[bytes]] = []
    for match in sorted(found, key=lambda match: match.start()):
        if not kept or match.start() >= kept[-1].end():
            kept.append(match)
    return kept
