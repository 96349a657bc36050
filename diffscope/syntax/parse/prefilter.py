"""A search of the raw bytes of a file for places of interest, before anything is parsed, and the statements that hold them: the rest need no parsing."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.syntax.parse.body_cutting import Body, Span, Thinned, find_dedents, is_whole

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


_FIRST: Final = lazy_regex(rb"(?:\n *(?:#[^\n]*)?(?=\n))*\n( *)[^\s#]")
_LONGEST: Final = 60
"""Lines of a statement that are looked through, upwards and downwards."""


def find_kept(source: bytes, body: Body, positions: Sequence[int]) -> tuple[Span, ...] | None:
    """Return the statements of a body that hold one of the sorted positions, in order; ``None`` where that is not certain."""
    inside = positions[bisect_left(positions, body.code) : bisect_left(positions, body.end)]
    if not inside:
        return ()
    first = _FIRST.match(source, body.code if source[body.code : body.code + 1] == b"\n" else body.code - 1)
    if first is None:
        return None
    indent = len(first[1])
    kept: list[Span] = []
    end = body.code
    for position in inside:
        if position >= end:
            span = _statement(source, body, position, indent)
            if span is None or span.start < end or not is_whole(source[end : span.start]):
                return None
            kept.append(span)
            end = span.end
    return tuple(kept)


def _statement(source: bytes, body: Body, position: int, indent: int) -> Span | None:
    start = _find_start(source, body.code, position, indent)
    return _find_end(source, body, Span(start, position), indent) if start is not None else None


def _find_start(source: bytes, least: int, position: int, indent: int) -> int | None:
    """Return where the last line begins that may open the statement around a position."""
    pattern = _head(indent)
    end = position
    for _ in range(_LONGEST):
        start = source.rfind(b"\n", 0, end) + 1
        if start < least:
            break
        if pattern.match(source, start) and source[start - 2 : start - 1] != b"\\":
            return start
        end = start - 1
    return None


def _find_end(source: bytes, body: Body, opened: Span, indent: int) -> Span | None:
    """Return the statement that begins and goes on at two positions, if it is certain where it ends."""
    head = opened.start
    for end in islice(find_dedents(source, opened.end, indent), _LONGEST):
        if end > body.end:
            break
        goes_on = source.startswith(b"@", head + indent) or _clause(indent).match(source, end)
        if not goes_on and source[end - 1 : end] != b"\\" and is_whole(source[opened.start : end]):
            return Span(opened.start, end)
        head = end + 1
    return None


@cache
def _head(indent: int) -> re.Pattern[bytes]:
    return re.compile(rb" {%d}(?!(?:elif|else|except|finally)\b)[^\s#)\]}\"']" % indent)


@cache
def _clause(indent: int) -> re.Pattern[bytes]:
    return re.compile(rb"\n {%d}(?:elif|else|except|finally)\b" % indent)
