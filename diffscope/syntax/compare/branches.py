"""The branch of a statement: conditions and clauses around it, up to its class or module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from diffscope.syntax.normalize.normalize import canonicalise

if TYPE_CHECKING:
    from tree_sitter import Node

Clause = tuple[str, tuple["Node", ...]]
"""What kind of clause, and the expressions that decide when it runs."""
Branch = tuple[Clause, ...]
"""Outermost clause first."""

_MOST_ASKED: Final = 8
_OWNERS: Final = frozenset({"module", "class_definition", "function_definition"})
_HANDLERS: Final = ("except_clause", "except_group_clause")
_HEADED: Final = frozenset(
    {"with_statement", "for_statement", "while_statement", "match_statement", "case_clause", *_HANDLERS}
)
_PARTS: Final = frozenset({"block", "comment", "else_clause", "finally_clause"})


class Branches:
    """Where the statements of one file stand. What an ``if`` asks is read once for all that stand in it."""

    def __init__(self) -> None:
        self._asked: dict[int, dict[int, list[Node]]] = {}

    def of(self, statement: Node) -> Branch:
        """Return the clauses around a statement; nothing for one that stands in its class or module directly."""
        clauses: list[Clause] = []
        node, parent = statement, statement.parent
        while parent is not None and parent.type not in _OWNERS:
            if parent.type == "if_statement":
                clauses += reversed(list(self._conditions(parent, node)))
            else:
                clauses += reversed(list(_clauses(parent, node)))
            node, parent = parent, parent.parent
        return tuple(reversed(clauses))

    def _conditions(self, parent: Node, node: Node) -> Iterator[Clause]:
        if node.type == "block":
            yield from _own_condition(parent)
            return
        failed = self._asked.get(parent.id)
        if failed is None:
            failed = self._asked[parent.id] = _asked_before(parent)
        for condition in failed.get(node.id, ()):
            yield "not", (condition,)


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
    if parent.type == "elif_clause":
        yield from _own_condition(parent)
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


def _own_condition(parent: Node) -> Iterator[Clause]:
    condition = parent.child_by_field_name("condition")
    if condition is not None:
        yield "if", (condition,)


def _asked_before(parent: Node) -> dict[int, list[Node]]:
    """Return the conditions known to be false in each other branch of an ``if``, by the id of its clause; of many, the last ones."""
    failed = [parent.child_by_field_name("condition")]
    found = {}
    for clause in parent.children_by_field_name("alternative"):
        found[clause.id] = [condition for condition in failed[-_MOST_ASKED:] if condition is not None]
        failed.append(clause.child_by_field_name("condition"))
    return found


def _head(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type not in _PARTS and child.type not in _HEADED]
