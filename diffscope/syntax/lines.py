"""Lines that hold code: not blank, comment or docstring."""

from __future__ import annotations

import re
from typing import Final

# Each begins with a letter that stands for itself: that is what the search engine can skip to.
_COMMENT: Final = re.compile(rb"\n *#")
_CODE_LINE: Final = re.compile(rb"\n *[^\s#]")
_CANDIDATES: Final = (re.compile(rb'\n *"'), re.compile(rb"\n *'"), re.compile(rb'\n *r"'))
_STRING: Final = re.compile(
    rb"""("{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3}|'{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3}|"(?:[^"\\\n]|\\.)+"|'(?:[^'\\\n]|\\.)+')[ \t]*(?:[#\r\n]|\Z)""",
    re.DOTALL,
)
_SPACES: Final = bytes.maketrans(b"\t\f", b"  ")
_COLON: Final = re.compile(rb":[ \t]*#[^\n]*$")
_BLANK: Final = b" \t\r\n\f"


def count_code_lines(source: bytes) -> int:
    """Return how many lines hold code, counted in the bytes: a docstring is a string that opens the file or follows a colon."""
    source = b"\n" + source.removeprefix(b"\xef\xbb\xbf").translate(_SPACES)
    stripped = list(map(bytes.lstrip, source.split(b"\n")))
    lines = len(stripped) - stripped.count(b"") - len(_COMMENT.findall(source))
    for pattern in _CANDIDATES:
        for candidate in pattern.finditer(source):
            if _opens_a_block(source, candidate.start()):
                docstring = _STRING.match(source, candidate.end() - 1)
                if docstring is not None:
                    lines -= 1 + len(_CODE_LINE.findall(docstring[1]))
    return lines


def _opens_a_block(source: bytes, position: int) -> bool:
    """Return whether the last code before a position is a colon, or there is none; comments and blank lines are passed over."""
    while True:
        while position > 0 and source[position - 1] in _BLANK:
            position -= 1
        start = source.rfind(b"\n", 0, position) + 1
        line = source[start:position].lstrip()
        if position <= 1 or not line.startswith(b"#"):
            return position <= 1 or line.endswith(b":") or _COLON.search(line) is not None
        position = start
