"""The parts of a string literal: its prefix, its text, and what is interpolated. Not all of the text has nodes of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from diffscope.source.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node


def prefix_of(string: Node) -> str:
    """Return the lower-case prefix of a literal, with the quotes behind it."""
    return decode(string.children[0].text or b"").lower() if string.child_count else ""


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
