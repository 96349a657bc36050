"""Canonical tokens with their lines, and which of them a run or its result does not depend on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from diffscope.syntax.literals import normalise_name, read_number

if TYPE_CHECKING:
    from tree_sitter import Node

OPEN: Final = "⟨"
CLOSE: Final = "⟩"
INDENT: Final = "⇥"
DEDENT: Final = "⇤"
NEWLINE: Final = "⏎"
STRUCTURE: Final = frozenset({OPEN, CLOSE, INDENT, DEDENT, NEWLINE})
"""Tokens that stand for no source text: they keep apart what the source keeps apart by layout or precedence."""

_NUMBERS: Final = frozenset({"integer", "float"})


class Stream:
    """Tokens with their lines."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.lines: list[int] = []
        self.docstrings: list[str] = []
        self.soft: list[tuple[int, int]] = []
        """Where annotations start and end, in order: no run of the code depends on them, but for those in ``compiled``."""
        self.compiled: list[tuple[int, int]] = []
        """Which of the annotations stand in functions that are compiled or called by them."""
        self.spans: dict[int, tuple[int, int]] = {}
        """Id of a node that has children -> where its tokens start and end."""
        self.told: list[tuple[int, int]] = []
        """Where messages start and end, in order: what only tells somebody something."""

    def of(self, node: Node | None) -> tuple[str, ...]:
        """Return the tokens of a node of the stream; nothing for one with children that is not in it."""
        if node is None:
            return ()
        if node.child_count == 0:
            token = leaf_token(node)
            return (token,) if token else ()
        start, end = self.spans.get(node.id, (0, 0))
        return tuple(self.tokens[start:end])

    def logic(self, node: Node | None = None) -> tuple[str, ...]:
        """Return the tokens that a run depends on: of a node, or all."""
        return self._without(self.soft, node)

    def untold(self, node: Node | None = None) -> tuple[str, ...]:
        """Return the tokens that a result depends on: those of a run without messages."""
        return self._without(sorted((*self.soft, *self.told)), node)

    def _without(self, spans: Iterable[tuple[int, int]], node: Node | None) -> tuple[str, ...]:
        if node is not None and node.child_count == 0:
            return self.of(node)
        start, end = (0, len(self.tokens)) if node is None else self.spans.get(node.id, (0, 0))
        found: list[str] = []
        for span_start, span_end in spans:
            if start <= span_start and span_end <= end:
                found += self.tokens[start:span_start]
                start = span_end
        return (*found, *self.tokens[start:end])

    def annotations(self) -> tuple[str, ...]:
        """Return the annotation tokens."""
        return self._tokens_in(self.soft)

    def compiled_annotations(self) -> tuple[str, ...]:
        """Return the tokens of annotations that a run depends on."""
        return self._tokens_in(self.compiled)

    def _tokens_in(self, spans: Iterable[tuple[int, int]]) -> tuple[str, ...]:
        return tuple(token for start, end in spans for token in self.tokens[start:end])


def leaf_token(node: Node) -> str:
    """Return the token of a node without children; empty for one that stands for no text."""
    text = (node.text or b"").decode("utf-8", "replace")
    if node.type in _NUMBERS:
        return read_number(text)
    if not text.isascii() and node.type == "identifier":
        return normalise_name(text)
    return text if text.strip() else ""
