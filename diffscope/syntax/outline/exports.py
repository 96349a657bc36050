"""``__all__`` as a file spells it out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from diffscope.source.text import decode
from diffscope.syntax.text.expressions import unwrap
from diffscope.syntax.text.tokens import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_METHODS: Final = {"__all__.extend", "__all__.append", "__all__.remove"}


class ExportList:
    """Collects the names of ``__all__``. Once a part of it is no literal, the list is not known and stays ``None``."""

    def __init__(self) -> None:
        self._names: list[str] | None = None
        self._is_known = True

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names, in source order; ``None`` where there is no ``__all__`` or not all of it is literal."""
        return tuple(self._names) if self._names is not None and self._is_known else None

    def read(self, node: Node) -> None:
        """Take in one expression of a module-level statement."""
        if not (node.text or b"").startswith(b"__all__"):
            return
        if node.type in ("assignment", "augmented_assignment"):
            self._read_assignment(node)
        elif node.type == "call":
            self._read_call(node)

    def _read_assignment(self, node: Node) -> None:
        target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        if target is None or target.text != b"__all__" or value is None:
            return
        names = _literal(value)
        self._is_known = names is not None and (self._is_known or node.type == "assignment")
        before = self._names or [] if node.type == "augmented_assignment" else []
        self._names = before + (names or [])

    def _read_call(self, node: Node) -> None:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        method = text_of(function) if function is not None else ""
        if method not in _METHODS or arguments is None or len(arguments.named_children) != 1:
            return
        argument = arguments.named_children[0]
        if method == "__all__.extend":
            names = _literal(argument)
        else:
            name = string_value(argument)
            names = None if name is None else [name]
        self._is_known = self._is_known and names is not None
        if method == "__all__.remove":
            self._names = [name for name in self._names or [] if name not in (names or ())]
        else:
            self._names = (self._names or []) + (names or [])


def string_value(node: Node) -> str | None:
    """Return the text of a plain string literal (or of several written side by side) without escapes; else ``None``."""
    node = unwrap(node)
    if node.type == "concatenated_string":
        parts = [string_value(child) for child in node.named_children if child.type != "comment"]
        return None if None in parts else "".join(part for part in parts if part is not None)
    if node.type != "string":
        return None
    return (
        "".join(_contents(node))
        if all(child.type in _PLAIN and not child.named_child_count for child in node.children)
        else None
    )


_PLAIN: Final = frozenset({"string_start", "string_content", "string_end"})


def _contents(node: Node) -> Iterator[str]:
    for child in node.children:
        if child.type == "string_content":
            yield decode(child.text or b"")


def _literal(node: Node) -> list[str] | None:
    """Return the strings of a list, tuple or set, or of a sum of them."""
    names: list[str] = []
    pending = [node]
    while pending:
        each = unwrap(pending.pop())
        if each.type == "binary_operator":
            left, right = each.child_by_field_name("left"), each.child_by_field_name("right")
            if left is None or right is None:
                return None
            pending += (right, left)
            continue
        if each.type not in ("list", "tuple", "set", "expression_list"):
            return None
        for child in each.named_children:
            name = string_value(child) if child.type != "comment" else ""
            if name is None:
                return None
            names += [name] if child.type != "comment" else []
    return names
