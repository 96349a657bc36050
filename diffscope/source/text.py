"""The text of one side of a file, and places in it. A place holds its text, so a line number is never read against another file.

``SourceText.lines`` is the only line splitter of the core. Like git, and like the line numbers of ``ast``, it ends a line at LF
alone: ``str.splitlines`` also cuts at form feeds, U+2028 and others, which are ordinary characters of a source line.
"""

from __future__ import annotations

import codecs
from collections.abc import Container, Iterable, Iterator
from enum import Enum
from functools import cached_property
from typing import Literal, NewType

import msgspec

from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath

_CODING = lazy_regex(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)")
_CODING_LINES = 2
"""Lines in which Python looks for an encoding declaration (PEP 263)."""


SideWord = Literal["new", "old"]


class Side(Enum):
    """Which side of a change a text is; the value is the wire word."""

    BEFORE = "old"
    AFTER = "new"

    @property
    def word(self) -> SideWord:
        """The wire word, as the type of a field."""
        return "old" if self is Side.BEFORE else "new"


class SourceText(msgspec.Struct, frozen=True, dict=True):
    """The bytes of one side of one file."""

    path: RepoPath
    side: Side
    data: bytes

    @cached_property
    def text(self) -> str:
        r"""The decoded text. Python files as PEP 263 says, others as UTF-8; a byte that does not decode is written as ``\xNN``."""
        return decode(self.data, is_python=self.path.endswith((".py", ".pyi")))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Every line without its LF or CR LF; a last line without an end counts, an empty rest after the last LF does not."""
        return split_lines(self.text)

    def line(self, number: int) -> str:
        """Return a line by its number from 1. Raises ``IndexError`` outside of the text."""
        if not 1 <= number <= len(self.lines):
            raise IndexError(f"{self.path} has no line {number} on its {self.side.value} side")
        return self.lines[number - 1]

    def region(self, start: int, end: int | None = None) -> Region:
        """Return the lines ``start`` to ``end``, both included, from 1. Raises ``IndexError`` outside of the text."""
        last = start if end is None else end
        if not 1 <= start <= last <= len(self.lines):
            raise IndexError(f"{self.path} has no lines {start}-{last} on its {self.side.value} side")
        return Region(self, start, last)

    def part(self, start: int, end: int) -> Region | None:
        """Return the lines ``start`` to ``end`` that a reader of this very text told, as far as they are lines of it.

        A parser may end behind the last line, at the empty rest of the text, and counts the lines of a file that has CR alone, which
        is one line to git. ``None`` for a text without lines. Raises ``IndexError`` for lines that no reader of this text can tell.
        """
        if not self.lines:
            return None
        if b"\n" not in self.data:
            return Region(self, 1, 1)
        last = len(self.lines)
        if not 1 <= start <= end or start > last + 1:
            raise IndexError(f"{self.path} has no lines {start}-{end} on its {self.side.value} side")
        return Region(self, min(start, last), min(end, last))

    def lines_at(self, numbers: Iterable[int]) -> Lines:
        """Return the lines of the given numbers, as ``part`` does each."""
        parts = (self.part(number, number) for number in numbers)
        return Lines(self, tuple(dict.fromkeys(part.start for part in parts if part is not None)))


class Region(msgspec.Struct, frozen=True):
    """Whole lines of one text, ``start`` to ``end``, both included, from 1. Made by ``SourceText`` alone."""

    text: SourceText
    start: int
    end: int

    @property
    def path(self) -> RepoPath:
        """The file that the lines stand in."""
        return self.text.path

    @property
    def side(self) -> Side:
        """The side of the change that the lines stand on."""
        return self.text.side

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines themselves."""
        return self.text.lines[self.start - 1 : self.end]


LineCount = NewType("LineCount", int)
"""How many lines; never the number of one."""


class Lines(msgspec.Struct, frozen=True):
    """Some lines of one text, by their numbers in rising order. Made by ``SourceText.lines_at`` alone."""

    text: SourceText
    numbers: tuple[int, ...]

    @property
    def count(self) -> LineCount:
        """How many lines."""
        return LineCount(len(self.numbers))

    @property
    def regions(self) -> Iterator[Region]:
        """Each line as a region of its own."""
        return (Region(self.text, number, number) for number in self.numbers)

    def kept(self, numbers: Container[int]) -> Lines:
        """Return those of the lines that have one of the given numbers."""
        return Lines(self.text, tuple(number for number in self.numbers if number in numbers))


def split_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text as git counts them, each without its LF or CR LF."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return tuple(line.removesuffix("\r") for line in lines) if "\r" in text else tuple(lines)


def lines_with_ends(text: str) -> tuple[str, ...]:
    """Return the lines of a text as git counts them, each with the line end that it has."""
    lines = text.split("\n")
    last = lines.pop()
    return (*(f"{line}\n" for line in lines), *((last,) if last else ()))


def decode(data: bytes, *, is_python: bool = False) -> str:
    r"""Return the text of bytes, without a byte order mark: UTF-8, or what a Python file declares (PEP 263).

    A byte that does not decode becomes ``\xNN``, so that texts which differ stay different. Never raises.
    """
    codec = encoding_of(data) if is_python else "utf-8"
    return data.removeprefix(codecs.BOM_UTF8).decode(codec, "backslashreplace")


def decode_whole(data: bytes) -> str:
    r"""Return the text of bytes that are no file of their own: names, lines, the output of git. A byte that is not UTF-8 becomes ``\xNN``."""
    return data.decode("utf-8", "backslashreplace")


def encoding_of(data: bytes) -> str:
    """Return the name of the codec that a Python file declares (PEP 263); UTF-8 where it declares none that Python has."""
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    for line in data.split(b"\n", _CODING_LINES)[:_CODING_LINES]:
        found = _CODING.match(line)
        if found:
            # UTF-8 for a codec that Python does not have, or that does not turn bytes to text.
            name = found[1].decode("ascii")
            try:
                codec = codecs.lookup(name)
                b" ".decode(codec.name, "backslashreplace")
            except (LookupError, ValueError):
                return "utf-8"
            return codec.name
        if line.strip(b" \t\f\r") and not line.lstrip(b" \t\f").startswith(b"#"):
            break
    return "utf-8"
