"""The one door to Rich: styled text on a screen of a given width, wrapped as both languages want it, as a string."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from diffscope.patterns import lazy_regex
from diffscope.render.sanitize import visible
from diffscope.render.style import Style


class Tone(Enum):
    """What a piece of text is; the value is its Rich style."""

    PLAIN = ""
    STRONG = "bold"
    QUIET = "dim"
    PATH = "cyan"
    GOOD = "green"
    INFO = "magenta"
    LOW = "blue"
    MEDIUM = "yellow"
    HIGH = "bold red"
    CRITICAL = "bold white on red"


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
        # An empty environment: the same assessment gives the same text on any terminal and under any variable.
        self._console = Console(
            file=io.StringIO(),
            width=style.width,
            force_terminal=style.color,
            color_system="standard" if style.color else None,
            no_color=not style.color,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},
        )

    def line(self, *pieces: Piece, indent: int = 0, hang: int | None = None) -> None:
        """Add a paragraph: ``indent`` columns before its first line, ``hang`` (default: as many) before the others.

        A word longer than the line is left whole, so that a path can be copied.
        """
        hang = indent if hang is None else hang
        rows = _wrap(pieces, first=self._style.width - indent, rest=self._style.width - hang)
        for number, row in enumerate(rows):
            text = Text(" " * (hang if number else indent))
            for piece in row:
                text.append(piece.text, style=piece.tone.value or None)
            self._console.print(text, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)

    def whole(self, *pieces: Piece, indent: int = 0) -> None:
        """Add one line that is never broken, so that what spans several can be pasted into a shell."""
        text = Text(" " * indent)
        for piece in pieces:
            text.append(visible(piece.text), style=piece.tone.value or None)
        self._console.print(text, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)

    def row(self, label: str, *pieces: Piece, width: int) -> None:
        """Add a paragraph behind a label that stands in a column of that width."""
        self.line(Piece(padded(label, width), Tone.STRONG), *pieces, hang=width)

    def blank(self) -> None:
        """Add an empty line."""
        self._console.print()

    def text(self) -> str:
        """Return what was collected."""
        buffer = self._console.file
        assert isinstance(buffer, io.StringIO)  # noqa: S101 - made in the constructor
        text = buffer.getvalue()
        return text.translate(_ASCII) if self._style.ascii_only else text


def padded(text: str, width: int) -> str:
    """Return ``text`` with spaces up to ``width`` columns, one at least; a Chinese character takes two."""
    return text + " " * max(1, width - cell_len(text))


def _wrap(pieces: Iterable[Piece], *, first: int, rest: int) -> Iterator[list[Piece]]:
    row: list[Piece] = []
    room = first
    is_first = True
    for token in _tokens(pieces):
        size, is_space = cell_len(token.text), token.text.isspace()
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
