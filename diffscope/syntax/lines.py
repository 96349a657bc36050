"""Lines that hold code: not blank, comment or docstring."""

from __future__ import annotations

import re
from typing import Final

_STRING: Final = (
    rb"(?:[ \t\f]*(?:#[^\n]*)?\r?\n)*[ \t]*[rRuU]?"
    rb"""("{3}(?:[^"\\]|\\.|"(?!""))*"{3}|'{3}(?:[^'\\]|\\.|'(?!''))*'{3}|"(?:[^"\\\n]|\\.)+"|'(?:[^'\\\n]|\\.)+')[ \t]*(?:[#\r\n]|\Z)"""
)
# Each pattern starts with a letter that stands for itself: that is what the search engine can skip to.
_DOCSTRING: Final = re.compile(rb":[ \t]*(?:#[^\n]*)?\r?\n" + _STRING, re.DOTALL)
_MODULE_DOCSTRING: Final = re.compile(rb"(?:\xef\xbb\xbf)?" + _STRING, re.DOTALL)
_COMMENT: Final = ord("#")


def count_code_lines(source: bytes) -> int:
    """Return how many lines hold code, counted in the bytes: a docstring is a string behind a line that ends in a colon."""
    module = _MODULE_DOCSTRING.match(source)
    docstrings = _DOCSTRING.findall(source) + ([module[1]] if module else [])
    return _count(source) - sum(map(_count, docstrings))


def _count(source: bytes) -> int:
    return sum(1 for line in map(bytes.lstrip, source.split(b"\n")) if line and line[0] != _COMMENT)
