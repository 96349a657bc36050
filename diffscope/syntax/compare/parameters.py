"""Two signatures -> their differences as callers see them: breakages by griffe, and compatible changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.syntax.model import Parameter, ParameterChange, ParameterKind
from diffscope.syntax.normalize.stream import Stream
from diffscope.syntax.outline.definitions import parameter_parts, read_parameters

if TYPE_CHECKING:
    from tree_sitter import Node

_POSITIONAL: Final = frozenset({ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD})
_VARIADIC: Final = frozenset({ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD})

Tokens = tuple[str, ...]


class Signature(NamedTuple):
    """Parameters with the canonical tokens of their defaults and annotations, and how often the body has a token."""

    parameters: tuple[Parameter, ...]
    defaults: dict[str, Tokens]
    annotations: dict[str, Tokens]
    count_uses: Callable[[str], int]


def read_signature(function: Node, stream: Stream, count_uses: Callable[[str], int]) -> Signature:
    """Return the signature of a ``function_definition`` node whose stream is given."""
    node = function.child_by_field_name("parameters")
    if node is None:
        return Signature((), {}, {}, count_uses)
    defaults, annotations = {}, {}
    parameters = read_parameters(node)
    parts = [parameter_parts(child) for child in node.named_children if child.type != "comment"]
    named = [(default, annotation) for name, default, annotation in parts if name is not None]
    for parameter, (default, annotation) in zip(parameters, named, strict=False):
        defaults[parameter.name] = stream.of(default)
        annotations[parameter.name] = stream.of(annotation)
    return Signature(parameters, defaults, annotations, count_uses)


def compare_parameters(before: Signature, after: Signature) -> tuple[ParameterChange, ...]:
    """Return every difference between two signatures, in the order of the new parameters, removed ones first.

    ``renamed``: another name at the same place with the same kind, annotation and default, used by the body alike.
    ``moved``: a positional parameter that callers pass at another place, though they leave out what is removed; texts are the orders.
    """
    old = {parameter.name: parameter for parameter in before.parameters}
    new = {parameter.name: parameter for parameter in after.parameters}
    renamed = _find_renamed(before, after)
    origins = {name: old[name] for name in new if name in old} | {
        name: old[origin] for name, origin in renamed.items()
    }
    changes: list[ParameterChange] = []
    for name, parameter in old.items():
        if name not in new and name not in renamed.values():
            changes.append(ParameterChange(what="removed", name=name, before=show_parameter(parameter)))
    places = _places(before.parameters, after.parameters, origins)
    for name, parameter in new.items():
        origin = origins.get(name)
        if origin is None:
            is_optional = parameter.default is not None or parameter.kind in _VARIADIC
            what = "added-optional" if is_optional else "added-required"
            changes.append(ParameterChange(what=what, name=name, after=show_parameter(parameter)))
            continue
        if origin.name != name:
            changes.append(ParameterChange(what="renamed", name=name, before=origin.name, after=name))
        changes.extend(_compare_one(origin, parameter, before, after))
        if name in places:
            was, now = _orders(before.parameters, after.parameters)
            changes.append(ParameterChange(what="moved", name=name, before=was, after=now))
    return tuple(changes)


def show_parameter(parameter: Parameter) -> str:
    """Return a parameter as it is written: ``block_size: int = 16``."""
    stars = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    annotation = f": {parameter.annotation}" if parameter.annotation is not None else ""
    space = " " if annotation else ""
    default = f"{space}={space}{parameter.default}" if parameter.default is not None else ""
    return f"{stars}{parameter.name}{annotation}{default}"


def _compare_one(
    old: Parameter, new: Parameter, before: Signature, after: Signature
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


def _find_renamed(before: Signature, after: Signature) -> dict[str, str]:
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


def _names(signature: Signature) -> set[str]:
    return {parameter.name for parameter in signature.parameters}


def _is_same(old: Parameter, new: Parameter, before: Signature, after: Signature) -> bool:
    if old.kind is not new.kind or (old.default is None) != (new.default is None):
        return False
    if old.kind in _VARIADIC:
        return True
    if (
        before.annotations[old.name] != after.annotations[new.name]
        or before.defaults[old.name] != after.defaults[new.name]
    ):
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
