"""Statements that only produce messages (logging, error texts, typing): no result depends on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from diffscope.syntax.text.expressions import callee_of, is_idle

if TYPE_CHECKING:
    from tree_sitter import Node

_LOGS: Final = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical"})
_LOGGERS: Final = ("logger", "logging", "log")
_BINDING: Final = frozenset({"named_expression", "await", "yield"})
"""What does more in a condition or an argument than to be looked at."""


def is_message(statement: Node) -> bool:
    """Return whether a statement logs or warns, does so under a condition and nothing else, or asserts what a type checker cannot see."""
    return _tells(statement) or (statement.type == "if_statement" and _only_tells(statement))


def holds_texts(statement: Node) -> bool:
    """Return whether the texts in a statement are for a reader: those of an exception, or the reason beside a refusal (``return False, "…"``)."""
    if statement.type == "return_statement":
        value = statement.named_children[0] if statement.named_child_count else None
        is_pair = value is not None and value.type in ("expression_list", "tuple") and value.named_children
        return bool(is_pair) and value is not None and value.named_children[0].type == "false"
    return statement.type == "raise_statement"


def _tells(statement: Node) -> bool:
    if statement.type == "expression_statement" and statement.named_child_count == 1:
        return _is_log(statement.named_children[0])
    return statement.type == "assert_statement" and _narrows(statement.named_children[0])


def _is_log(call: Node) -> bool:
    if call.type != "call":
        return False
    owner, _, name = callee_of(call).rpartition(".")
    is_log = name.removesuffix("_once") in _LOGS and owner.rpartition(".")[2].lower().endswith(_LOGGERS)
    return (is_log or (owner, name) == ("warnings", "warn")) and not _binds(call)


def _only_tells(statement: Node) -> bool:
    condition, body = (statement.child_by_field_name(name) for name in ("condition", "consequence"))
    if condition is None or body is None or statement.child_by_field_name("alternative") is not None:
        return False
    inner = [child for child in body.named_children if child.type != "comment" and not is_idle(child)]
    return bool(inner) and all(map(_tells, inner)) and not _binds(condition)


def _narrows(condition: Node) -> bool:
    """Return whether it is ``x is not None`` or ``isinstance(x, …)``, or several of these."""
    pending = [condition]
    while pending:
        part = pending.pop()
        if part.type == "boolean_operator" and any(child.type == "and" for child in part.children):
            pending += part.named_children
        elif part.type == "comparison_operator":
            if [child.type for child in part.children[1:]] != ["is not", "none"]:
                return False
        elif callee_of(part) != "isinstance":
            return False
    return not _binds(condition)


def _binds(node: Node) -> bool:
    return any(each.type in _BINDING for each in _nodes(node))


def _nodes(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        each = pending.pop()
        yield each
        pending.extend(each.named_children)
