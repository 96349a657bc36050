"""Source text as values carry it: decoded, comments out, white space folded; and a cache of what short texts, which repeat, were read as."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from diffscope.patterns import lazy_regex
from diffscope.syntax.text.literals import normalise_name

if TYPE_CHECKING:
    from tree_sitter import Node


Reading = TypeVar("Reading")


class TextCache(Generic[Reading]):
    """Readings of texts that say the same wherever they stand. Forgets all when it is full, so it never grows beyond that."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._readings: dict[bytes, Reading] = {}
        self.recall = self._readings.get
        """Return what a text was read as; ``None`` where it is not remembered."""

    def keep(self, text: bytes, reading: Reading) -> Reading:
        """Return the reading, and remember it."""
        if len(self._readings) >= self._most:
            self._readings.clear()
        self._readings[text] = reading
        return reading


_TOKEN: Final = lazy_regex(
    r'''(?P<string>"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^'\\]|\\.|'(?!\'\'))*\'\'\'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*')'''
    r"""|(?P<comment>\s*\#[^\n]*)"""
    r"""|(?P<edge>(?<=[(\[{])(?:\s|\\\r?\n)+|(?:\s|\\\r?\n)+(?=[)\]}]))"""
    r"""|(?:\s|\\\r?\n)+""",
    re.DOTALL,
)


def text_of(node: Node) -> str:
    """Return the node's source on one line."""
    return fold(node.text or b"")


def name_of(node: Node) -> str:
    """Return an identifier as Python compares it; its source has nothing to fold."""
    return normalise_name((node.text or b"").decode("utf-8", "replace"))


def head_of(node: Node, limit: int) -> str:
    """Return the beginning of the node's source on one line, at most ``limit`` characters, the last of them an ellipsis where cut."""
    source = node.text or b""
    text = fold(source[: 4 * limit])
    if len(source) > 4 * limit and len(text) <= limit:
        text = fold(source)
    return clip(text, limit)


def fold(source: bytes) -> str:
    """Return the source on one line: comments and continuations dropped, every run of white space outside of strings one blank."""
    text = source.decode("utf-8", "replace")
    if "\n" not in text and "  " not in text and "\t" not in text and "\r" not in text:
        return text
    return _TOKEN.sub(_folded, _TOKEN.sub(_uncommented, text) if "#" in text else text).strip()


def clip(text: str, limit: int) -> str:
    """Return the text, cut to ``limit`` characters, the last of them an ellipsis."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _uncommented(match: re.Match[str]) -> str:
    return "" if match.lastgroup == "comment" else match[0]


def _folded(match: re.Match[str]) -> str:
    if match.lastgroup == "string":
        return match[0] if "\n" not in match[0] else " ".join(match[0].split())
    return match[0] if match.lastgroup == "comment" else "" if match.lastgroup == "edge" else " "
