"""A Python source with the bodies of functions cut where nothing in them is of interest: parsing is most of what an outline costs.

Every line keeps its number. A body is cut only when its bounds are certain without parsing; where a text is odd in any way (tabs,
continued lines, unbalanced quotes or brackets) it stays. What comes out must still parse: where it does not, the caller reads it all.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

# Each begins with a letter that stands for itself: that is what the search engine can skip to.
_DEF: Final = re.compile(
    rb"def +\w+(?:\[[^\]\n]*\])?(\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\)[^\n:#]*:[ \t]*(?:#[^\n]*)?\n)?"
)
_TEXT: Final = re.compile(
    rb"""#[^\n]*|"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3}|'{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3}|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*\'""",
    re.DOTALL,
)
_DOCSTRING: Final = re.compile(
    rb"""\s*[rRuU]?(?:"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3}|\'{3}[^\'\\]*(?:(?:\\.|\'(?!\'\'))[^\'\\]*)*\'{3})""",
    re.DOTALL,
)
_IMPORT: Final = re.compile(rb"( *)(?:from [\w.]+ )?import [\w., *]+(?:#[^\n]*)?$", re.MULTILINE)
_CODE: Final = re.compile(rb"(?:\n *(?:#[^\n]*)?(?=\n))*\n( *)[^\s#]")
_ODD: Final = (b"\r", b"\x0b", b"\x0c")
_TABS: Final = re.compile(rb"\n *\t")
_TRIES: Final = 8
"""Lines tried as the end of a body; a body with many unindented lines in a string is left alone."""


class Body(NamedTuple):
    """The body of a function whose bounds are certain, from the line below its head on."""

    start: int
    code: int
    """Behind the docstring."""
    last: int
    """Where its last line of code begins."""
    end: int
    indent: int
    """Of the ``def``."""


class Thinned(NamedTuple):
    """What is left of a source, line for line.

    ``starts`` and ``ends`` are the bounds of the cut bodies in the whole source, ``places`` is where they end in what is left.
    """

    source: bytes
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    places: tuple[int, ...] = ()

    def is_cut(self, position: int) -> bool:
        """Return whether a position of the whole source lies in a body that was cut."""
        at = bisect_right(self.starts, position) - 1
        return at >= 0 and position < self.ends[at]

    def cuts(self, start: int, end: int) -> bool:
        """Return whether something was cut between two positions of what is left."""
        at = bisect_right(self.places, start)
        return at < len(self.places) and self.places[at] <= end + 1

    def place(self, position: int) -> int:
        """Return where a position of the whole source, which was not cut, has gone."""
        at = bisect_right(self.ends, position) - 1
        return position - self.ends[at] + self.places[at] if at >= 0 else position


def find_bodies(source: bytes) -> list[Body]:
    """Return the outermost functions whose bounds are certain, in order. Nothing in the first line of a file is found."""
    if any(odd in source for odd in _ODD) or (b"\t" in source and _TABS.search(source)):
        return []
    bodies = []
    position = 0
    while (head := _DEF.search(source, position)) is not None:
        line = source.rfind(b"\n", 0, head.start())
        before = source[line + 1 : head.start()]
        indent = len(before) - len(before.lstrip(b" "))
        position = head.end()
        if line < 0 or before.strip(b" ") not in (b"", b"async"):
            continue
        body = _find_end(source, head.end(), indent) if head[1] is not None else None
        if body is not None:
            bodies.append(body)
            position = body.end
        elif head[1] is not None:
            # What a function of unknown bounds holds is left alone with it, as far as its lines are indented.
            position = next(_dedents(source, head.end() - 1, indent))
    return bodies


def cut_bodies(source: bytes, kept: Iterable[tuple[Body, tuple[int, ...]]]) -> Thinned:
    """Return the source with bodies reduced to line ends and those of their lines that begin at the given positions.

    On the last line of each stands a number, for its code.
    """
    parts: list[bytes] = []
    starts: list[int] = []
    ends: list[int] = []
    places: list[int] = []
    position = length = 0
    for body, lines in kept:
        parts.append(source[position : body.start])
        length += len(parts[-1])
        parts.append(_reduce(source, body, lines))
        length += len(parts[-1])
        places.append(length)
        starts.append(body.start)
        ends.append(body.end)
        position = body.end
    return Thinned(b"".join((*parts, source[position:])), tuple(starts), tuple(ends), tuple(places))


def simple_imports(source: bytes, body: Body, words: Sequence[int]) -> tuple[int, ...] | None:
    """Return where the lines begin that hold the import statements of a body.

    ``None`` where one may stand under a condition, in a string or on several lines. ``words`` are the sorted places of the word.
    """
    text = source[body.code : body.end]
    if b'"""' in text or b"'''" in text:
        return None
    lines = []
    outer = _CODE.match(source, body.code if source[body.code : body.code + 1] == b"\n" else body.code - 1)
    indent = len(outer[1]) if outer is not None else 0
    for word in words[bisect_left(words, body.code) : bisect_left(words, body.end)]:
        start = source.rfind(b"\n", 0, word) + 1
        line = _IMPORT.match(source, start)
        if line is None or len(line[1]) != indent:
            return None
        lines.append(start)
    return tuple(sorted(set(lines)))


def _reduce(source: bytes, body: Body, lines: tuple[int, ...]) -> bytes:
    parts = []
    position = body.start
    for start in lines:
        end = source.find(b"\n", start)
        end = len(source) if end < 0 else end
        parts += [b"\n" * source.count(b"\n", position, start), source[start:end]]
        position = end
    if not lines or lines[-1] < body.last:
        parts += [
            b"\n" * source.count(b"\n", position, body.last),
            b" " * _mark_column(source, body, lines),
            b"0",
        ]
        position = body.last
    parts.append(b"\n" * source.count(b"\n", position, body.end))
    return b"".join(parts)


def _mark_column(source: bytes, body: Body, lines: tuple[int, ...]) -> int:
    if not lines:
        return body.indent + 1
    line = _IMPORT.match(source, lines[0])
    return len(line[1]) if line is not None else body.indent + 1


def holds_any(body: Body, positions: Sequence[int]) -> bool:
    """Return whether one of the sorted positions lies in the code of the body."""
    at = bisect_left(positions, body.code)
    return at < len(positions) and positions[at] < body.end


def _find_end(source: bytes, start: int, indent: int) -> Body | None:
    docstring = _DOCSTRING.match(source, start)
    code = docstring.end() if docstring is not None else start
    for tried, end in enumerate(_dedents(source, code if docstring is not None else code - 1, indent)):
        if tried == _TRIES or source[end - 1 : end] == b"\\":
            return None
        if _is_whole(source[code:end]):
            last = _last_line(source, start, end)
            return Body(start, code, last, end, indent) if last is not None else None
    return None


def _last_line(source: bytes, start: int, end: int) -> int | None:
    """Return where the last line of code begins; ``None`` where it may be a line of a string."""
    while end > start:
        last = source.rfind(b"\n", start, end) + 1 or start
        line = source[last:end].strip()
        if line.startswith(b"#") and (b'"' in line or b"'" in line):
            return None
        if line and not line.startswith(b"#"):
            return last
        end = last - 1
    return None


def _is_whole(text: bytes) -> bool:
    """Return whether no string and no bracket is left open."""
    if b'"""' not in text and b"'''" not in text and _is_balanced(text):
        # Every string ends on its line. Should brackets inside of strings have made up for others, what is left does not parse.
        return True
    code = _TEXT.sub(b"", text)
    return b'"' not in code and b"'" not in code and _is_balanced(code)


def _is_balanced(code: bytes) -> bool:
    return (
        code.count(b"(") == code.count(b")")
        and code.count(b"[") == code.count(b"]")
        and code.count(b"{") == code.count(b"}")
    )


def _dedents(source: bytes, position: int, indent: int) -> Iterator[int]:
    """Yield the ends of the lines behind which a line of code is indented no deeper, the end of the source last."""
    pattern = _dedent(indent)
    while (match := pattern.search(source, position)) is not None:
        yield match.start()
        position = match.end()
    yield len(source)


def _next_dedent(source: bytes, position: int, indent: int) -> int:
    return next(_dedents(source, position, indent))


@cache
def _dedent(indent: int) -> re.Pattern[bytes]:
    return re.compile(rb"\n(?= {0,%d}[^\s#])" % indent)
