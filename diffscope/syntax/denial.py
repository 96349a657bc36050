"""The opposite of a condition, as people write it: ``x is None`` and not ``not (x is not None)``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from diffscope.syntax.nodes import text_of, unwrap
from diffscope.syntax.parsers import parse_python

if TYPE_CHECKING:
    from tree_sitter import Node

_OPPOSITES: Final = {
    "==": "!=", "!=": "==", "is": "is not", "is not": "is", "in": "not in", "not in": "in", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
}  # fmt: skip
_PLACEHOLDER: Final = "left_out_"
_TIGHT: Final = frozenset({"identifier", "attribute", "call", "subscript", "true", "false", "none"})
"""Expressions that ``not`` takes without brackets."""


def denied(condition: str) -> str:
    """Return a condition that holds where the given one does not; one that is cut off or does not parse is put behind ``not``.

    An ordering is turned as for numbers that can be compared at all.
    """
    # What was left out of a long one stands for some expression.
    text = condition.replace("…", _PLACEHOLDER)
    root = parse_python(text.encode()).root_node
    first = root.named_children[0] if root.named_child_count == 1 else None
    if (
        root.has_error
        or first is None
        or first.type != "expression_statement"
        or first.named_child_count != 1
    ):
        return f"not ({condition})"
    return denied_node(unwrap(first.named_children[0])).replace(_PLACEHOLDER, "…")


def denied_node(node: Node) -> str:
    """Return the same of a condition that is parsed already."""
    if node.type == "not_operator" and (inner := node.child_by_field_name("argument")) is not None:
        return text_of(unwrap(inner))
    if node.type == "comparison_operator" and node.named_child_count == 2:
        words = [text_of(child) for child in node.children_by_field_name("operators")]
        operator = " ".join(" ".join(words).split())
        left, right = map(text_of, node.named_children)
        if operator in _OPPOSITES:
            return f"{left} {_OPPOSITES[operator]} {right}"
    return f"not {text_of(node)}" if node.type in _TIGHT else f"not ({text_of(node)})"
