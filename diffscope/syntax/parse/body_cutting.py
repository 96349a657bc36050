"""Cuts function bodies out of a Python source where an outline does not need them: parsing dominates its cost.

Every line keeps its number. A body is cut only when its bounds are certain without parsing; where a text is odd in any way (tabs,
continued lines, unbalanced quotes or brackets) it stays. What comes out must still parse: where it does not, the caller reads it all.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex

# Each begins with a letter that stands for itself: that is what the search engine can skip to.
_DEF: Final = lazy_regex(
    rb"def +\w+(?:\[[^\]\n]*\])?(\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\)[^\n:#]*:[ \t]*(?:#[^\n]*)?\n)?"
)
_TEXT: Final = lazy_regex(
    rb"""#[^\n]*|"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3}|'{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3}|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*\'""",
    re.DOTALL,
)
_DOCSTRING: Final = lazy_regex(
    rb"""\s*[rRuU]?(?:"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3}|\'{3}[^\'\\]*(?:(?:\\.|\'(?!\'\'))[^\'\\]*)*\'{3})""",
    re.DOTALL,
)
_ODD: Final = (b"\r", b"\x0b", b"\x0c")
_TABS: Final = lazy_regex(rb"\n *\t")
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


class Span(NamedTuple):
    """Whole lines, without the end of the last one."""

    start: int
    end: int


class Thinned(NamedTuple):
    """What is left of a source, line for line.

    ``starts`` and ``ends`` are the bounds of what was cut in the whole source, ``gaps`` and ``places`` are those of what stands there
    instead.
    """

    source: bytes
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    gaps: tuple[int, ...] = ()
    places: tuple[int, ...] = ()

    def is_cut(self, position: int) -> bool:
        """Return whether a position of the whole source lies in a body that was cut."""
        at = bisect_right(self.starts, position) - 1
        return at >= 0 and position < self.ends[at]

    def cuts(self, start: int, end: int) -> bool:
        """Return whether something was cut between two positions of what is left."""
        at = bisect_left(self.gaps, start)
        return at < len(self.gaps) and self.gaps[at] < end

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
            position = next(find_dedents(source, head.end() - 1, indent))
    return bodies


def cut_bodies(source: bytes, kept: Iterable[tuple[Body, Sequence[Span]]]) -> Thinned:
    """Return the source with bodies reduced to line ends and to the given ones of their lines.

    On the last line of each stands a number, for its code.
    """
    parts: list[bytes] = []
    cuts: list[tuple[int, int, int, int]] = []
    position = length = 0
    for body, spans in kept:
        start = body.start
        for span in (*spans, Span(body.end, body.end)):
            if span.start > start:
                left = _reduce(source, body, Span(start, span.start), spans)
                parts += (source[position:start], left)
                gap = length + start - position
                length = gap + len(left)
                cuts.append((start, span.start, gap, length))
                position = span.start
            start = span.end
    return Thinned(b"".join((*parts, source[position:])), *zip(*cuts, strict=True))


def _reduce(source: bytes, body: Body, cut: Span, kept: Sequence[Span]) -> bytes:
    """Return what is left of some lines: their ends, and the number if the last line is among them."""
    if not cut.start <= body.last < cut.end:
        return b"\n" * source.count(b"\n", *cut)
    margin = _margin(source, kept[0].start) if kept else body.indent + 1
    before, behind = source.count(b"\n", cut.start, body.last), source.count(b"\n", body.last, cut.end)
    return b"\n" * before + b" " * margin + b"0" + b"\n" * behind


def _margin(source: bytes, start: int) -> int:
    position = start
    while source.startswith(b" ", position):
        position += 1
    return position - start


def _find_end(source: bytes, start: int, indent: int) -> Body | None:
    docstring = _DOCSTRING.match(source, start)
    code = docstring.end() if docstring is not None else start
    for tried, end in enumerate(find_dedents(source, code if docstring is not None else code - 1, indent)):
        if tried == _TRIES or source[end - 1 : end] == b"\\":
            return None
        if is_whole(source[code:end]):
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


def is_whole(text: bytes) -> bool:
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


def find_dedents(source: bytes, position: int, indent: int) -> Iterator[int]:
    """Yield the ends of the lines behind which a line of code is indented no deeper, the end of the source last."""
    pattern = _dedent(indent)
    while (match := pattern.search(source, position)) is not None:
        yield match.start()
        position = match.end()
    yield len(source)


@cache
def _dedent(indent: int) -> re.Pattern[bytes]:
    return re.compile(rb"\n(?= {0,%d}[^\s#])" % indent)
