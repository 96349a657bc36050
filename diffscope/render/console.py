"""Styled text on a screen of a given width, wrapped as both languages want it, as a string."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import groupby
from typing import NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.render.sanitize import visible
from diffscope.render.style import Style


class Tone(Enum):
    """What a piece of text is; the value is how a terminal shows it, as ECMA-48 parameters: bold 1, faint 2, colours from 30."""

    PLAIN = ""
    STRONG = "1"
    QUIET = "2"
    PATH = "36"
    GOOD = "32"
    INFO = "35"
    LOW = "34"
    MEDIUM = "33"
    HIGH = "1;31"
    CRITICAL = "1;37;41"


class Piece(NamedTuple):
    """A run of text in one tone."""

    text: str
    tone: Tone = Tone.PLAIN


_ASCII = str.maketrans({"·": "-", "…": "...", "─": "-", "→": "->"})
_CJK = "\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
_TOKEN = lazy_regex(f"[{_CJK}][，。；：、）》！？]*|[^\\s{_CJK}]+[，。；：、）》！？]*|\\s+")
"""A Chinese character with the punctuation that may not start a line, a word, or white space."""


class Screen:
    """Collects lines; foreign text in them is made visible on the way in."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._lines: list[str] = []

    def line(self, *pieces: Piece, indent: int = 0, hang: int | None = None) -> None:
        """Add a paragraph: ``indent`` columns before its first line, ``hang`` (default: as many) before the others.

        A word longer than the line is left whole, so that a path can be copied.
        """
        hang = indent if hang is None else hang
        rows = _wrap(pieces, first=self._style.width - indent, rest=self._style.width - hang)
        for number, row in enumerate(rows):
            self._add(row, hang if number else indent)

    def whole(self, *pieces: Piece, indent: int = 0) -> None:
        """Add one line that is never broken, so that what spans several can be pasted into a shell."""
        self._add((Piece(visible(piece.text), piece.tone) for piece in pieces), indent)

    def row(self, label: str, *pieces: Piece, width: int) -> None:
        """Add a paragraph behind a label that stands in a column of that width."""
        self.line(Piece(padded(label, width), Tone.STRONG), *pieces, hang=width)

    def blank(self) -> None:
        """Add an empty line."""
        self._lines.append("")

    def text(self) -> str:
        """Return what was collected."""
        text = "".join(f"{line}\n" for line in self._lines)
        return text.translate(_ASCII) if self._style.ascii_only else text

    def _add(self, pieces: Iterable[Piece], indent: int) -> None:
        shown = (self._toned(text, tone) for tone, text in _by_tone(pieces))
        self._lines.append(" " * indent + "".join(shown))

    def _toned(self, text: str, tone: Tone) -> str:
        return f"\x1b[{tone.value}m{text}\x1b[0m" if tone.value and self._style.color else text


def padded(text: str, width: int) -> str:
    """Return ``text`` with spaces up to ``width`` columns, one at least; a Chinese character takes two."""
    return text + " " * max(1, width - columns_of(text))


def columns_of(text: str) -> int:
    """Return how many columns a text takes: a Chinese character two, a mark that combines with the one before none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )


def _by_tone(pieces: Iterable[Piece]) -> Iterator[tuple[Tone, str]]:
    for tone, alike in groupby(pieces, lambda piece: piece.tone):
        yield tone, "".join(piece.text for piece in alike)


def _wrap(pieces: Iterable[Piece], *, first: int, rest: int) -> Iterator[list[Piece]]:
    row: list[Piece] = []
    room = first
    is_first = True
    for token in _tokens(pieces):
        size, is_space = columns_of(token.text), token.text.isspace()
        if size > room and row and not is_space:
            yield _without_trailing_space(row)
            row, room, is_first = [], rest, False
        if row or is_first or not is_space:
            row.append(token)
            room -= size
    yield _without_trailing_space(row)


def _tokens(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        for match in _TOKEN.finditer(visible(piece.text)):
            # Once more a token: any of them may come to stand at the start of a line, where a CI log takes `::` for an order.
            yield Piece(visible(match[0]) if "::" in match[0] else match[0], piece.tone)


def _without_trailing_space(row: list[Piece]) -> list[Piece]:
    while row and row[-1].text.isspace():
        row = row[:-1]
    return row
