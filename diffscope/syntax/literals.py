"""Literals of Python -> their values, however they are spelled; a string also as its parts: prefix, text, and what is interpolated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node


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


def interpolates(text: Node) -> bool:
    """Return whether something is evaluated to make a text."""
    strings = text.named_children if text.type == "concatenated_string" else [text]
    return any(child.type == "interpolation" for string in strings for child in string.children)


def parts_of(string: Node) -> Iterator[str | Node]:
    """Yield the text and the interpolations of a literal. Not all of the text has a node of its own."""
    source, start = string.text or b"", string.start_byte
    if string.child_count < 2:
        return
    opening = string.children[0]
    position = opening.end_byte - start
    # Backslashes at the end of a raw string are counted to its closing quotes.
    quotes = len((opening.text or b"").lstrip(b"bBfFrRtTuU"))
    for child in string.children[1:]:
        if child.type == "interpolation":
            yield decode(source[position : child.start_byte - start])
            yield child
            position = child.end_byte - start
    yield decode(source[position : len(source) - quotes])


def shown_text(interpolation: Node) -> str:
    """Return what ``{x=}`` shows before the value."""
    children = interpolation.children
    at = next((at for at, child in enumerate(children) if child.type == "="), None)
    if at is None:
        return ""
    source, start = interpolation.text or b"", interpolation.start_byte
    end = children[at + 1].start_byte if at + 1 < len(children) else children[at].end_byte
    return decode(source[1 : end - start])


def expression_text(interpolation: Node) -> str:
    """Return the text of what is interpolated, without conversion and format."""
    first = interpolation.named_children[0] if interpolation.named_child_count else interpolation
    return decode(first.text or b"")
