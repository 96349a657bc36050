"""Small questions to the nodes of statements and expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.text.tokens import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_STRINGS: Final = ("string", "concatenated_string")
_NAMES: Final = ("identifier", "attribute", "subscript")
_SCALING: Final = lazy_regex(rb"(?i)scal(?:e|ing)s?(?:_inv)?\b|_scal(?:e|ing)s?_|\b[qkvw]_?scale")
_EXITS: Final = frozenset({"return_statement", "raise_statement", "continue_statement", "break_statement"})


def early_exits(node: Node) -> list[Node]:
    """Return the conditions known to be false behind a statement: those of its first branches, as long as each leaves the block."""
    if node.type != "if_statement":
        return []
    exits = []
    for part in (node, *node.children_by_field_name("alternative")):
        condition, body = part.child_by_field_name("condition"), part.child_by_field_name("consequence")
        last = (
            next((child for child in reversed(body.named_children) if child.type != "comment"), None)
            if body
            else None
        )
        if condition is None or last is None or last.type not in _EXITS:
            break
        exits.append(condition)
    return exits


def is_idle(statement: Node) -> bool:
    """Return whether a statement does nothing: ``pass`` or ``...``."""
    if statement.type == "expression_statement":
        return statement.named_child_count == 1 and statement.named_children[0].type == "ellipsis"
    return statement.type == "pass_statement"


def unwrap(node: Node) -> Node:
    """Return the expression inside of brackets."""
    while node.type == "parenthesized_expression":
        inner = next((child for child in node.named_children if child.type != "comment"), None)
        if inner is None:
            break
        node = inner
    return node


def is_dotted(node: Node) -> bool:
    """Return whether an expression is a chain of plain names: ``torch.cuda.stream``."""
    inner: Node | None = node
    while inner is not None and inner.type == "attribute":
        inner = inner.child_by_field_name("object")
    return inner is not None and inner.type == "identifier"


def callee_of(node: Node) -> str:
    """Return what a call calls; the expression itself when it is no call."""
    function = node.child_by_field_name("function") if node.type == "call" else None
    return text_of(function or node)


def content_of(node: Node) -> str:
    """Return what stands between the quotes."""
    texts = (child.text or b"" for child in node.children if child.type not in ("string_start", "string_end"))
    return decode(b"".join(texts))


def is_scale(node: Node) -> bool:
    """Return whether an expression is a name, or a part of one, that says scale."""
    return node.type in _NAMES and bool(_SCALING.search(node.text or b""))


def joins_paths(node: Node) -> bool:
    """Return whether a division joins paths: one side of it is a string."""
    sides = node.child_by_field_name("left"), node.child_by_field_name("right")
    return any(side is not None and side.type in _STRINGS for side in sides)
