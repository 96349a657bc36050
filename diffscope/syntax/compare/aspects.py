"""One unit on both sides -> the aspects of it that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.syntax.model import Aspect, DefinitionKind, Parameter, ParameterChange, ParameterKind
from diffscope.syntax.normalize.statements import Stream
from diffscope.syntax.normalize.units import Unit
from diffscope.syntax.outline.definitions import parameter_parts, read_parameters

if TYPE_CHECKING:
    from tree_sitter import Node


LOGIC: Final = frozenset({
    Aspect.ADDED, Aspect.REMOVED, Aspect.SIGNATURE, Aspect.DEFAULT, Aspect.BASES, Aspect.DECORATORS,
    Aspect.BODY, Aspect.FIELD_ORDER, Aspect.ORDER,
})  # fmt: skip
"""Aspects that change what runs. ``MOVED`` alone does not."""

_FUNCTIONS: Final = (DefinitionKind.FUNCTION, DefinitionKind.METHOD)
_OWNERS: Final = ("self", "cls")
_SIGNATURE: Final = frozenset({
    "added-optional", "added-required", "removed", "renamed", "moved", "kind", "made-required",
    "made-optional",
})  # fmt: skip


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
    old, new = (_read_signature(unit.inner, unit.stream, unit.count_uses) for unit in (before, after))
    if before.kind is not after.kind:
        old, new = _without_owner(old), _without_owner(new)
    return _compare_parameters(old, new)


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
        is_field = after.kind is DefinitionKind.VARIABLE and "." in after.name
        if is_field and _default(before) != _default(after):
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
    if left is None:
        return ()
    if is_alias:
        return ("type", *(token for token in unit.stream.of(left) if token != unit.name.rpartition(".")[2]))
    chained = right if right is not None and right.type == "assignment" else None
    if left.type == "identifier" and chained is None:
        return ()
    return (*unit.stream.of(left), "=", *unit.stream.of(chained))


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


def _without_owner(signature: _Signature) -> _Signature:
    parameters = signature.parameters
    if parameters and parameters[0].name in _OWNERS:
        return signature._replace(parameters=parameters[1:])
    return signature


_POSITIONAL: Final = frozenset({ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD})
_VARIADIC: Final = frozenset({ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD})

_Tokens = tuple[str, ...]


class _Signature(NamedTuple):
    """Parameters with the canonical tokens of their defaults and annotations, and how often the body has a token."""

    parameters: tuple[Parameter, ...]
    defaults: dict[str, _Tokens]
    annotations: dict[str, _Tokens]
    count_uses: Callable[[str], int]


def _read_signature(function: Node, stream: Stream, count_uses: Callable[[str], int]) -> _Signature:
    """Return the signature of a ``function_definition`` node whose stream is given."""
    node = function.child_by_field_name("parameters")
    if node is None:
        return _Signature((), {}, {}, count_uses)
    defaults, annotations = {}, {}
    parameters = read_parameters(node)
    parts = [parameter_parts(child) for child in node.named_children if child.type != "comment"]
    named = [(default, annotation) for name, default, annotation in parts if name is not None]
    for parameter, (default, annotation) in zip(parameters, named, strict=False):
        defaults[parameter.name] = stream.of(default)
        annotations[parameter.name] = stream.of(annotation)
    return _Signature(parameters, defaults, annotations, count_uses)


def _compare_parameters(before: _Signature, after: _Signature) -> tuple[ParameterChange, ...]:
    """Return every difference between two signatures, in the order of the new parameters, removed ones first.

    ``renamed``: another name at the same place with the same kind, annotation and default, used by the body alike.
    ``moved``: a positional parameter that callers pass at another place, though they leave out what is removed; texts are the orders.
    """
    old = {parameter.name: parameter for parameter in before.parameters}
    new = {parameter.name: parameter for parameter in after.parameters}
    renamed = _find_renamed(before, after)
    origins = {name: old[renamed.get(name, name)] for name in new if renamed.get(name, name) in old}
    changes = [
        ParameterChange(what="removed", name=name, before=_show_parameter(parameter))
        for name, parameter in old.items()
        if name not in new and name not in renamed.values()
    ]
    places = _places(before.parameters, after.parameters, origins)
    for name, parameter in new.items():
        origin = origins.get(name)
        if origin is None:
            is_optional = parameter.default is not None or parameter.kind in _VARIADIC
            what = "added-optional" if is_optional else "added-required"
            changes.append(ParameterChange(what=what, name=name, after=_show_parameter(parameter)))
            continue
        if origin.name != name:
            changes.append(ParameterChange(what="renamed", name=name, before=origin.name, after=name))
        changes.extend(_compare_one(origin, parameter, before, after))
        if name in places:
            was, now = _orders(before.parameters, after.parameters)
            changes.append(ParameterChange(what="moved", name=name, before=was, after=now))
    return tuple(changes)


def _show_parameter(parameter: Parameter) -> str:
    """Return a parameter as it is written: ``block_size: int = 16``."""
    stars = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    annotation = f": {parameter.annotation}" if parameter.annotation is not None else ""
    space = " " if annotation else ""
    default = f"{space}={space}{parameter.default}" if parameter.default is not None else ""
    return f"{stars}{parameter.name}{annotation}{default}"


def _compare_one(
    old: Parameter, new: Parameter, before: _Signature, after: _Signature
) -> Iterator[ParameterChange]:
    if old.kind is not new.kind:
        yield ParameterChange(what="kind", name=new.name, before=old.kind.value, after=new.kind.value)
    if (old.default is None) != (new.default is None):
        what = "made-required" if new.default is None else "made-optional"
        yield ParameterChange(what=what, name=new.name, before=old.default, after=new.default)
    elif before.defaults[old.name] != after.defaults[new.name]:
        yield ParameterChange(what="default", name=new.name, before=old.default, after=new.default)
    if before.annotations[old.name] != after.annotations[new.name]:
        yield ParameterChange(what="annotation", name=new.name, before=old.annotation, after=new.annotation)


def _find_renamed(before: _Signature, after: _Signature) -> dict[str, str]:
    """Return new name -> old name."""
    old_names, new_names = _names(before), _names(after)
    renamed = {}
    for parameters in (_POSITIONAL, frozenset({ParameterKind.KEYWORD_ONLY}), frozenset(_VARIADIC)):
        was = [each for each in before.parameters if each.kind in parameters]
        now = [each for each in after.parameters if each.kind in parameters]
        gone = [(at, each) for at, each in enumerate(was) if each.name not in new_names]
        come = [(at, each) for at, each in enumerate(now) if each.name not in old_names]
        if len(gone) != len(come):
            continue
        alike = [
            at == place and _is_same(old, new, before, after)
            for (at, old), (place, new) in zip(gone, come, strict=True)
        ]
        for is_alike, (_, old), (_, new) in zip(alike, gone, come, strict=True):
            # Where one of several is another thing, so are those beside it that only look alike.
            if is_alike and (all(alike) or _words(old) & _words(new)):
                renamed[new.name] = old.name
    return renamed


def _words(parameter: Parameter) -> set[str]:
    return {word for word in parameter.name.lower().split("_") if word}


def _names(signature: _Signature) -> set[str]:
    return {parameter.name for parameter in signature.parameters}


def _is_same(old: Parameter, new: Parameter, before: _Signature, after: _Signature) -> bool:
    if old.kind is not new.kind or (old.default is None) != (new.default is None):
        return False
    if old.kind in _VARIADIC:
        return True
    was = before.annotations[old.name], before.defaults[old.name]
    if was != (after.annotations[new.name], after.defaults[new.name]):
        return False
    # Without an annotation only the body can tell; with one, a body that is written anew may still.
    return bool(before.annotations[old.name]) or before.count_uses(old.name) == after.count_uses(new.name)


def _places(
    before: Sequence[Parameter], after: Sequence[Parameter], origins: dict[str, Parameter]
) -> frozenset[str]:
    """Return the new names of the positional parameters that callers must pass at another place."""
    was = [each.name for each in before if each.kind in _POSITIONAL]
    now = [each.name for each in after if each.kind in _POSITIONAL]
    stayed = {origin.name for origin in origins.values()}
    kept = [name for name in was if name in stayed]
    moved = set()
    for index, name in enumerate(now):
        origin = origins.get(name)
        # Where what goes and what comes leave it in its place, neither way of counting calls it moved.
        stands = origin is None or origin.name not in kept
        if origin is not None and not stands:
            stands = index in (kept.index(origin.name), was.index(origin.name))
        if not stands:
            moved.add(name)
    return frozenset(moved)


def _orders(before: Sequence[Parameter], after: Sequence[Parameter]) -> tuple[str, str]:
    """Return both orders of the positional parameters, from one in front of where they part to one behind where they meet again."""
    was, now = _names_in_order(before), _names_in_order(after)
    start = _alike(was, now)
    left = min(len(was), len(now)) - start
    end = min(left, _alike(was[::-1], now[::-1]))
    return _excerpt(was, start, end), _excerpt(now, start, end)


def _alike(names: list[str], others: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(names, others, strict=False)))


def _names_in_order(parameters: Sequence[Parameter]) -> list[str]:
    names = [each.name for each in parameters if each.kind in _POSITIONAL]
    return [name for name in names if name not in ("self", "cls")]


def _excerpt(names: list[str], start: int, end: int) -> str:
    first, last = max(0, start - 1), len(names) - max(0, end - 1)
    shown = ["…"] * (first > 0) + names[first:last] + ["…"] * (last < len(names))
    return ", ".join(shown)
