"""A native source -> its units: each function, and the rest of the file, as tokens with lines."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.syntax.model import NativeFunction
from diffscope.syntax.native.bindings import Block
from diffscope.syntax.native.functions import Found
from diffscope.syntax.native.preprocessor import NativeSource, blank

_TOKEN: Final = lazy_regex(
    r"""R"([^\s()\\"]{0,16})\(.*?\)\1"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.){1,8}'|[A-Za-z_]\w*|\d[\w.']*(?:(?<=[eEpP])[+-]\w+)?"""
    r"""|<<<|>>>|->|::|\+\+|--|&&|\|\||[<>=!+\-*/%&|^]=|\S""",
    re.DOTALL,
)


class NativeUnit:
    """One function, or (with no function) the rest of the file."""

    def __init__(self, source: NativeSource, found: Found | None, code: bytes, start: int) -> None:
        self.source = source
        self.found = found
        self.code = code
        """The code of the unit without comments."""
        self.start = start
        """Where the code begins in the file."""

    @property
    def function(self) -> NativeFunction | None:
        """The function; ``None`` for the rest of the file."""
        return self.found.function if self.found is not None else None

    @property
    def name(self) -> str:
        """The qualified name; empty for the rest of the file."""
        return self.found.function.name if self.found is not None else ""

    @cached_property
    def text(self) -> bytes:
        """The source of a function, comments included; for the rest of the file its code."""
        return (
            self.source.source[self.start : self.start + len(self.code)]
            if self.found is not None
            else self.code
        )

    @cached_property
    def tokens(self) -> list[tuple[str, int]]:
        """Tokens with their lines."""
        return [(token, self.source.line_at(self.start + at)) for token, at in _read_tokens(self.code)]

    @cached_property
    def head_and_body(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The tokens of the head without the name's scope, and those of the body."""
        if self.found is None:
            return (), tuple(token for token, _ in self.tokens)
        head, body = self.code[: self.found.body - self.start], self.code[self.found.body - self.start :]
        return tuple(token for token, _ in _read_tokens(head)), tuple(
            token for token, _ in _read_tokens(body)
        )


def read_native_units(
    source: NativeSource, functions: tuple[Found, ...], blocks: tuple[Block, ...]
) -> tuple[NativeUnit, ...]:
    """Return the units, the rest of the file first. Includes and operator blocks are compared on their own and belong to none."""
    rest = bytearray(source.code)
    cut = [(each.start, each.end) for each in functions] + [(block.start, block.end) for block in blocks]
    cut += [
        (each.start, each.end) for each in source.directives if each.word in (b"include", b"include_next")
    ]
    for start, end in cut:
        rest[start:end] = blank(bytes(rest[start:end]))
    units = [NativeUnit(source, None, bytes(rest), 0)]
    units += [NativeUnit(source, each, source.code[each.start : each.end], each.start) for each in functions]
    return tuple(units)


def _read_tokens(code: bytes) -> list[tuple[str, int]]:
    """Return tokens with their positions; line continuations are none, and strings written side by side are one."""
    tokens: list[tuple[str, int]] = []
    for match in _TOKEN.finditer(code.decode("latin-1")):
        text = match[0]
        if text.startswith('"') and tokens and tokens[-1][0].startswith('"'):
            tokens[-1] = (tokens[-1][0][:-1] + text[1:], tokens[-1][1])
        elif text != "\\":
            tokens.append((text, match.start()))
    return tokens
