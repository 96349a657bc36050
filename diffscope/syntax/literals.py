"""Literals of Python -> what they stand for, however they are spelled."""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(
    r"""\\(\r?\n|[\\'"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"""
)
_SIMPLE: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
}
_LONGEST: Final = 400
"""Digits of a number whose value is computed; Python itself refuses to convert ten times as many."""


def read_number(text: str) -> str:
    """Return one spelling for equal numbers of a kind: ``0xFF`` is 255, ``1e-2`` is 0.01; ``1.0`` is not 1."""
    folded = text.replace("_", "").lower()
    if len(folded) > _LONGEST:
        return folded
    try:
        return str(int(folded, 0))
    except ValueError:
        pass
    try:
        return repr(float(folded.removesuffix("j"))) + ("j" if folded.endswith("j") else "")
    except ValueError:
        return folded


def read_text(text: str, prefix: str) -> str:
    """Return what the characters between quotes stand for. ``prefix`` is the lower-case prefix of the literal."""
    if "f" in prefix or "t" in prefix:
        text = text.replace("{{", "{").replace("}}", "}")
    if "r" in prefix or "\\" not in text:
        return text
    return _ESCAPE.sub(_unescape, text)


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code in _SIMPLE:
        return _SIMPLE[code]
    if code[0] in "xuU":
        value = int(code[1:], 16)
        return chr(value) if value <= 0x10FFFF else match[0]
    return "" if code.endswith("\n") else chr(int(code, 8))
