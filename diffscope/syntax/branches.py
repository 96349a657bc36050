"""Where a statement stands: the conditions and clauses around it, up to the class or module that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from diffscope.syntax.canonical import canonicalise

if TYPE_CHECKING:
    from tree_sitter import Node

Clause = tuple[str, tuple["Node", ...]]
"""What kind of clause, and the expressions that decide when it runs."""
Branch = tuple[Clause, ...]
"""Outermost clause first."""

_OWNERS: Final = frozenset({"module", "class_definition", "function_definition"})
_HANDLERS: Final = ("except_clause", "except_group_clause")
_HEADED: Final = frozenset(
    {"with_statement", "for_statement", "while_statement", "match_statement", "case_clause", *_HANDLERS}
)
_PARTS: Final = frozenset({"block", "comment", "else_clause", "finally_clause"})


def branch_of(statement: Node) -> Branch:
    """Return the clauses around a statement; nothing for one that stands in its class or module directly."""
    clauses: list[Clause] = []
    node, parent = statement, statement.parent
    while parent is not None and parent.type not in _OWNERS:
        clauses += reversed(list(_clauses(parent, node)))
        node, parent = parent, parent.parent
    return tuple(reversed(clauses))


def is_same_branch(one: Branch, other: Branch) -> bool:
    """Return whether two branches run under the same conditions, however these are written."""
    if _texts(one) == _texts(other):
        return True
    return len(one) == len(other) and branch_key(one) == branch_key(other)


def branch_key(branch: Branch) -> tuple[object, ...]:
    """Return what makes two branches one: the words and canonical tokens of their clauses."""
    return tuple((word, *(tuple(canonicalise([node]).tokens) for node in nodes)) for word, nodes in branch)


def _texts(branch: Branch) -> list[tuple[str, tuple[bytes, ...]]]:
    return [(word, tuple(node.text or b"" for node in nodes)) for word, nodes in branch]


def _clauses(parent: Node, node: Node) -> Iterator[Clause]:
    """Yield what a compound statement or clause says of one of its parts."""
    if parent.type in ("if_statement", "elif_clause"):
        yield from _conditions(parent, node)
    elif parent.type == "try_statement" and node.type in ("block", "else_clause"):
        handlers = [child for child in parent.children if child.type in _HANDLERS]
        word = "try" if node.type == "block" else "try-else"
        yield word, tuple(part for handler in handlers for part in _head(handler))
    elif parent.type in _HEADED and node.type not in ("else_clause", *_HANDLERS):
        yield parent.type, tuple(_head(parent))
    elif parent.type == "else_clause" and parent.parent is not None:
        # That of an ``if`` says no more than that its conditions are false.
        if parent.parent.type in ("for_statement", "while_statement"):
            yield "loop-else", tuple(_head(parent.parent))
    elif parent.type == "finally_clause":
        yield "finally", ()


def _conditions(parent: Node, node: Node) -> Iterator[Clause]:
    condition = parent.child_by_field_name("condition")
    if condition is None:
        return
    if node.type == "block":
        yield "if", (condition,)
        return
    yield "not", (condition,)
    for clause in parent.children_by_field_name("alternative"):
        if clause.id == node.id:
            break
        failed = clause.child_by_field_name("condition")
        if failed is not None:
            yield "not", (failed,)


def _head(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type not in _PARTS and child.type not in _HEADED]
