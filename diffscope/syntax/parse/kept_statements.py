"""The statements of a body that hold places of interest; the rest need not be parsed.

A statement here is one of the body's own, compound ones with all of their clauses: conditions around a place stay around it. Where its
bounds are not certain, the whole body is kept.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from itertools import islice
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.syntax.parse.body_cutting import Body, Span, find_dedents, is_whole

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
