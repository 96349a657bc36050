"""Literals of Python -> their values, however they are spelled."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from diffscope.patterns import lazy_regex

_ESCAPE: Final = lazy_regex(
    r"""\\(\n|[\\'"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^{}\n]+\})"""
)
_ESCAPE_OF_BYTES: Final = lazy_regex(r"""\\(\n|[\\'"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2})""")
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
    return _ESCAPE_OF_BYTES.sub(_unescape_byte, text) if "b" in prefix else _ESCAPE.sub(_unescape, text)


def normalise_name(name: str) -> str:
    """Return an identifier as Python compares it: two spellings that NFKC makes equal are one name."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def _unescape_byte(match: re.Match[str]) -> str:
    # Python cuts an octal escape above \377 to one byte.
    return chr(int(match[1], 8) & 0xFF) if match[1][0] in "01234567" else _unescape(match)


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code in _SIMPLE:
        return _SIMPLE[code]
    if code[0] == "N":
        return _lookup(code[2:-1]) or match[0]
    if code[0] in "xuU":
        value = int(code[1:], 16)
        return chr(value) if value <= 0x10FFFF else match[0]
    return "" if code.endswith("\n") else chr(int(code, 8))


def _lookup(name: str) -> str:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return ""
