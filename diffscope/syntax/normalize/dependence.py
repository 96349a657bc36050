"""Names that a statement of a module or class reads and binds: which statements may be reordered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.syntax.normalize.messages import is_message
from diffscope.syntax.text.expressions import callee_of
from diffscope.syntax.text.tokens import name_of

if TYPE_CHECKING:
    from tree_sitter import Node

_PURE: Final = frozenset(
    {
        "field", "Field", "PrivateAttr", "TypeVar", "ParamSpec", "TypeVarTuple", "NewType", "namedtuple", "TypeAdapter", "frozenset", "set",
        "list", "dict", "tuple", "int", "float", "str", "bool", "bytes", "range", "len", "min", "max", "sum", "sorted", "object", "compile",
        "Path", "init_logger", "getLogger", "device", "auto", "partial", "cast", "OrderedDict", "defaultdict", "ConfigDict", "float32",
        "join", "get", "items", "keys", "values", "format", "split", "param",
    }
)  # fmt: skip
"""Calls, by their last name, that make a value and do nothing else."""
_SKIPPED: Final = frozenset({"type", "lambda", "comment", "string_content"})
_FUNCTIONS: Final = frozenset({"function_definition"})
_WRITTEN: Final = frozenset({"attribute", "subscript"})
_ASSIGNMENTS: Final = ("assignment", "augmented_assignment")


class Needs(NamedTuple):
    """The names that a statement reads and binds, and whether it does more than that."""

    reads: frozenset[str]
    binds: frozenset[str]
    has_effect: bool = False


def read_needs(node: Node, *, binds: frozenset[str] | None = None) -> Needs:
    """Return what a statement needs; ``binds`` are the names of a definition, a statement that is none may change all it names."""
    names: set[str] = set()
    has_effect = False
    pending = [node]
    while pending:
        each = pending.pop()
        if each.type == "identifier":
            names.add(name_of(each))
        elif each.type in _FUNCTIONS:
            pending += _defaults(each)
        elif each.type == "attribute":
            pending += each.named_children[:1]
        elif each.type == "keyword_argument":
            pending += each.named_children[1:]
        elif each.type not in _SKIPPED:
            has_effect = has_effect or _acts(each)
            pending += each.named_children
    if binds is not None:
        is_value = node.type == "expression_statement"
        return Needs(frozenset(names), binds, has_effect=has_effect and is_value)
    return Needs(frozenset(names), frozenset(names), has_effect=has_effect and not is_message(node))


def depend(one: Needs, other: Needs) -> bool:
    """Return whether it counts which of two statements runs first."""
    if one.has_effect and other.has_effect:
        return True
    if "*" in one.binds | other.binds:
        # What a star binds is not known; it may bind what another import or definition does.
        return bool(one.binds and other.binds)
    return bool(one.binds & (other.binds | other.reads) or other.binds & one.reads)


def _defaults(function: Node) -> list[Node]:
    parameters = function.child_by_field_name("parameters")
    values = (
        child.child_by_field_name("value") for child in (parameters.named_children if parameters else ())
    )
    return [value for value in values if value is not None]


def _acts(node: Node) -> bool:
    if node.type == "call":
        return callee_of(node).rpartition(".")[2] not in _PURE
    if node.type in _ASSIGNMENTS:
        target = node.child_by_field_name("left")
        return target is not None and target.type in _WRITTEN
    return node.type in ("raise_statement", "assert_statement", "exec_statement", "await", "delete_statement")
