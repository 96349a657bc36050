"""Cuts function bodies out of a native source: an outline needs only the heads, and the grammar is slow.

Bounds are found by counting braces; where these are not balanced all of the text stays.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex

_BRACES: Final = lazy_regex(rb"""[{}]|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.){1,8}'""", re.DOTALL)
_WITH_RAW: Final = lazy_regex(rb"""R"([^\s()\\"]{0,16})\(.*?\)\1"|""" + _BRACES.pattern, re.DOTALL)
_HEAD_END: Final = lazy_regex(
    rb"\)\s*(?:(?:const|noexcept|override|final|volatile|mutable)\b\s*|&\s*)*(?:->[^;{}()]*)?\Z"
)
_NO_FUNCTION: Final = lazy_regex(rb"\balignas\b|\bextern\s*\"")
_TAIL: Final = 200
"""Bytes before a brace in which the head of a function ends, if it is one."""
_BLANKS: Final = lazy_regex(rb"\s{4,}")


class _Cut(NamedTuple):
    """What stands between two positions, and what is put in its place."""

    start: int
    end: int
    left: bytes


class NativeText(NamedTuple):
    """What is left of a text of the same positions as the file; ``starts`` are the positions of its pieces here and there."""

    code: bytes
    starts: tuple[int, ...] = (0,)
    origins: tuple[int, ...] = (0,)

    def place(self, position: int) -> int:
        """Return where a position stands in the file."""
        at = bisect_right(self.starts, position) - 1
        return self.origins[at] + position - self.starts[at]


def thin_native(text: bytes) -> NativeText:
    """Return a text without comments and directives, its function bodies and its margins cut."""
    return _cut(text, _find_cuts(text, _find_bodies(text)))


def _find_bodies(text: bytes) -> list[tuple[int, int]]:
    """Return the insides of the outermost braces that look like bodies of functions; none where braces do not match."""
    pattern = _WITH_RAW if b'R"' in text else _BRACES
    bodies: list[tuple[int, int]] = []
    depth = body_depth = body = last = 0
    for match in pattern.finditer(text):
        mark = match[0]
        if mark == b"{":
            if not body_depth and _opens_function(text, last, match.start()):
                body_depth, body = depth + 1, match.end()
            depth += 1
        elif mark == b"}":
            if depth == body_depth and body_depth:
                bodies.append((body, match.start()))
                body_depth = 0
            depth -= 1
            if depth < 0:
                return []
        else:
            continue
        last = match.end()
    return bodies if not depth else []


def _opens_function(text: bytes, start: int, brace: int) -> bool:
    start = max(start, text.rfind(b";", start, brace) + 1)
    head = text[max(start, brace - _TAIL) : brace]
    return _HEAD_END.search(head.rstrip()) is not None and not _NO_FUNCTION.search(text, start, brace)


def _find_cuts(text: bytes, bodies: Iterable[tuple[int, int]]) -> Iterator[_Cut]:
    """Yield what is to be cut, in order: bodies, and the blanks between two words but one."""
    position = 0
    for start, end in (*bodies, (len(text), len(text))):
        for match in _BLANKS.finditer(text, position, start):
            yield _Cut(match.start(), match.end(), b"\n" if b"\n" in match[0] else b" ")
        if text[start:end].strip():
            # Empty braces could be an initialiser.
            yield _Cut(start, end, b";")
        position = end


def _cut(text: bytes, cuts: Iterable[_Cut]) -> NativeText:
    parts: list[bytes] = []
    starts, origins = [0], [0]
    position = length = 0
    for start, end, left in cuts:
        parts += [text[position:start], left]
        length += start - position + len(left)
        starts.append(length)
        origins.append(end)
        position = end
    parts.append(text[position:])
    return NativeText(b"".join(parts), tuple(starts), tuple(origins))
