"""Lines that hold code: not blank, comment or docstring."""

from __future__ import annotations

import re
from typing import Final

from diffscope.patterns import lazy_regex

# Each begins with a letter that stands for itself: that is what the search engine can skip to.
_CODE_LINE: Final = lazy_regex(rb"\n *+[^\s#]")
_BELOW_COLON: Final = lazy_regex(rb":(?: *(?:#[^\n]*)?\n)+ *(?:r?\"|')")
_AT_TOP: Final = lazy_regex(rb"(?: *(?:#[^\n]*)?\n)+ *(?:r?\"|')")
_STRING: Final = lazy_regex(
    rb"""("{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3}|'{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3}|"(?:[^"\\\n]|\\.)+"|'(?:[^'\\\n]|\\.)+')[ \t]*(?:[#\r\n]|\Z)""",
    re.DOTALL,
)
_SPACES: Final = bytes.maketrans(b"\t\r\v\f", b"    ")
_COLON: Final = lazy_regex(rb":[ \t]*#[^\n]*$")


def count_code_lines(source: bytes) -> int:
    """Return how many lines hold code, counted in the bytes: a docstring is a string that opens the file or follows a colon."""
    source = b"\n" + source.removeprefix(b"\xef\xbb\xbf").translate(_SPACES)
    lines = len(_CODE_LINE.findall(source))
    top = _AT_TOP.match(source)
    if top is not None:
        lines -= _count_string_lines(source, top.end() - 1)
    for match in _BELOW_COLON.finditer(source):
        line = source.rfind(b"\n", 0, match.start()) + 1
        # A colon may well end a comment.
        if b"#" not in source[line : match.start()] or _opens_a_block(source, match.end() - 1):
            lines -= _count_string_lines(source, match.end() - 1)
    return lines


def _count_string_lines(source: bytes, quote: int) -> int:
    """Return how many lines of code a string fills, if it stands there alone."""
    string = _STRING.match(source, quote)
    return 1 + len(_CODE_LINE.findall(string[1])) if string is not None else 0


def _opens_a_block(source: bytes, position: int) -> bool:
    """Return whether the last code before the line of a position is a colon; comments and blank lines are passed over."""
    end = source.rfind(b"\n", 0, position)
    while end > 0:
        start = source.rfind(b"\n", 0, end) + 1
        line = source[start:end].strip()
        if line and not line.startswith(b"#"):
            return line.endswith(b":") or _COLON.search(line) is not None
        end = start - 1
    return False
