"""One unit on both sides -> the aspects of it that changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from diffscope.syntax.compare.parameters import Signature, compare_parameters, read_signature
from diffscope.syntax.model import Aspect, DefinitionKind, ParameterChange
from diffscope.syntax.normalize.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node

LOGIC: Final = frozenset(
    {
        Aspect.ADDED,
        Aspect.REMOVED,
        Aspect.SIGNATURE,
        Aspect.DEFAULT,
        Aspect.BASES,
        Aspect.DECORATORS,
        Aspect.BODY,
        Aspect.FIELD_ORDER,
        Aspect.ORDER,
    }
)
"""Aspects that change what runs. ``MOVED`` alone does not."""

_FUNCTIONS: Final = (DefinitionKind.FUNCTION, DefinitionKind.METHOD)
_OWNERS: Final = ("self", "cls")
_SIGNATURE: Final = frozenset(
    {
        "added-optional",
        "added-required",
        "removed",
        "renamed",
        "moved",
        "kind",
        "made-required",
        "made-optional",
    }
)


def compare_aspects(before: Unit, after: Unit) -> tuple[Aspect, ...]:
    """Return what differs between both sides of a unit, in the order of ``Aspect``; nothing when they are the same."""
    if before.text == after.text:
        return ()
    found = set(_differences(before, after))
    if before.stream.docstrings != after.stream.docstrings:
        found.add(Aspect.DOCSTRING)
    return tuple(aspect for aspect in Aspect if aspect in found) or (Aspect.COSMETIC,)


def compare_signatures(before: Unit, after: Unit) -> tuple[ParameterChange, ...]:
    """Return the differences of parameters; none for what is no function."""
    if before.kind not in _FUNCTIONS or after.kind not in _FUNCTIONS:
        return ()
    old, new = (read_signature(unit.inner, unit.stream, unit.count_uses) for unit in (before, after))
    if before.kind is not after.kind:
        old, new = _without_owner(old), _without_owner(new)
    return compare_parameters(old, new)


def _differences(before: Unit, after: Unit) -> Iterator[Aspect]:
    old, new = before.stream, after.stream
    if after.kind in _FUNCTIONS:
        yield from _function_differences(before, after)
    if after.kind is DefinitionKind.CLASS and _head(before) != _head(after):
        yield Aspect.BASES
    if _decorators(before) != _decorators(after):
        yield Aspect.DECORATORS
    body = old.logic(before.body), new.logic(after.body)
    if after.kind is DefinitionKind.VARIABLE and _binding(before) != _binding(after):
        yield Aspect.BODY
    if after.kind is DefinitionKind.MODULE:
        body = old.logic(), new.logic()
    if body[0] != body[1]:
        yield Aspect.MESSAGE if _only_tells(before, after) else Aspect.BODY
        if (
            after.kind is DefinitionKind.VARIABLE
            and "." in after.name
            and _default(before) != _default(after)
        ):
            yield Aspect.DEFAULT
    if _annotations(before) != _annotations(after):
        yield Aspect.ANNOTATION


def _function_differences(before: Unit, after: Unit) -> Iterator[Aspect]:
    words = {change.what for change in compare_signatures(before, after)}
    if words & _SIGNATURE or before.definition.is_async != after.definition.is_async:
        yield Aspect.SIGNATURE
    if "default" in words:
        yield Aspect.DEFAULT


def _binding(unit: Unit) -> tuple[str, ...]:
    """Return how a variable gets its value, where it is not by a plain assignment to its name."""
    inner = unit.inner
    left, right = inner.child_by_field_name("left"), inner.child_by_field_name("right")
    is_alias = inner.type == "type_alias_statement"
    if left is None or (
        not is_alias and left.type == "identifier" and (right is None or right.type != "assignment")
    ):
        return ()
    if is_alias:
        return ("type", *(token for token in unit.stream.of(left) if token != unit.name.rpartition(".")[2]))
    return (
        *unit.stream.of(left),
        "=",
        *unit.stream.of(right if right is not None and right.type == "assignment" else None),
    )


def _only_tells(before: Unit, after: Unit) -> bool:
    if not leaves_messages_out(after):
        return False
    return before.stream.untold(before.body) == after.stream.untold(after.body)


def runs_on_annotations(before: Unit, after: Unit) -> bool:
    """Return whether annotations differ that something reads when the code of a unit runs: a compiler, a validator."""
    return before.stream.compiled_annotations() != after.stream.compiled_annotations()


def leaves_messages_out(unit: Unit) -> bool:
    """Return whether what a unit only tells is no logic of it: not so of a test, whose assertions are what it is for."""
    return unit.kind in _FUNCTIONS and not unit.name.rpartition(".")[2].startswith("test")


def _annotations(unit: Unit) -> tuple[str, ...]:
    if unit.kind is DefinitionKind.VARIABLE:
        return unit.stream.of(unit.inner.child_by_field_name("type"))
    return unit.stream.annotations()


def _head(unit: Unit) -> tuple[tuple[str, ...], ...]:
    return tuple(
        unit.stream.of(unit.inner.child_by_field_name(name)) for name in ("type_parameters", "superclasses")
    )


def _decorators(unit: Unit) -> list[tuple[str, ...]]:
    if unit.node.type != "decorated_definition":
        return []
    return [unit.stream.of(child) for child in unit.node.children if child.type == "decorator"]


def _default(unit: Unit) -> tuple[str, ...]:
    """Return the tokens of a field's default: of what ``field(default=…)`` and its like wrap, where there is such a call."""
    value = unit.body
    if value is None or value.type != "call":
        return unit.stream.of(value)
    function, arguments = value.child_by_field_name("function"), value.child_by_field_name("arguments")
    name = (function.text or b"").rpartition(b".")[2] if function is not None else b""
    if name not in (b"field", b"Field") or arguments is None:
        return unit.stream.of(value)
    return next((unit.stream.of(node) for node in _default_nodes(arguments)), ())


def _default_nodes(arguments: Node) -> Iterator[Node]:
    for child in arguments.named_children:
        if child.type == "keyword_argument":
            name = child.child_by_field_name("name")
            if name is not None and name.text in (b"default", b"default_factory"):
                yield child
        elif child.type != "comment":
            yield child


def _without_owner(signature: Signature) -> Signature:
    parameters = signature.parameters
    if parameters and parameters[0].name in _OWNERS:
        return signature._replace(parameters=parameters[1:])
    return signature
