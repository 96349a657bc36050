"""Which parts of a Python source need not be parsed, since parsing dominates the cost of an outline: bodies without places of interest, found by a search of the raw bytes."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
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


Needle = tuple[re.Pattern[bytes], ...]
"""Patterns that look for one thing."""


def needle(*patterns: bytes) -> Needle:
    """Return what finds any of some patterns; for one that begins with ``QUOTE``, a pattern for each kind of quotes.

    A search that begins with one certain letter is ten times as fast as one that begins with a choice.
    """
    return tuple(
        lazy_regex(pattern.replace(b"QUOTE", quote))
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
    return _find_statement_end(source, body, Span(start, position), indent) if start is not None else None


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


def _find_statement_end(source: bytes, body: Body, opened: Span, indent: int) -> Span | None:
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
