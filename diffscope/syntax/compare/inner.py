"""Functions and classes nested in a function: not symbols of their own, but readers look for their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from diffscope.source.text import decode
from diffscope.syntax.compare.line_changes import LineChanges
from diffscope.syntax.model import Aspect, DefinitionKind, InnerChange
from diffscope.syntax.normalize.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node

_DEFINITIONS: Final = {
    "function_definition": DefinitionKind.FUNCTION,
    "class_definition": DefinitionKind.CLASS,
}
_WORDS: Final = (b"def ", b"class ")
_OWNERS: Final = frozenset({DefinitionKind.FUNCTION, DefinitionKind.METHOD})


def compare_inner(before: Unit | None, after: Unit | None, lines: LineChanges) -> tuple[InnerChange, ...]:
    """Return the inner definitions of a changed function that came, went, or hold a line that differs; by line, then name.

    Told apart by name alone: two of one name count as one. Empty where the unit is no function.
    """
    old, new = dict(_inner(before)), dict(_inner(after))
    found = [
        *(_change(name, node, Aspect.REMOVED) for name, node in old.items() if name not in new),
        *(_change(name, node, Aspect.ADDED) for name, node in new.items() if name not in old),
        *(
            _change(name, node, Aspect.BODY)
            for name, node in new.items()
            if name in old and (_holds(node, lines.added) or _holds(old[name], lines.removed))
        ),
    ]
    return tuple(sorted(found, key=lambda change: (change.line, change.name)))


def _inner(unit: Unit | None) -> Iterator[tuple[str, Node]]:
    if unit is None or unit.kind not in _OWNERS or sum(unit.text.count(word) for word in _WORDS) < 2:
        return
    pending = list(reversed(unit.own_statements))
    while pending:
        node = pending.pop()
        name = node.child_by_field_name("name") if node.type in _DEFINITIONS else None
        if name is not None:
            yield decode(name.text or b""), node
        pending.extend(reversed(node.named_children))


def _change(name: str, node: Node, aspect: Aspect) -> InnerChange:
    return InnerChange(
        name=name,
        kind=_DEFINITIONS[node.type],
        line=node.start_point[0] + 1,
        end=node.end_point[0] + 1,
        aspect=aspect,
    )


def _holds(node: Node, lines: Iterable[int]) -> bool:
    first, last = node.start_point[0] + 1, node.end_point[0] + 1
    return any(first <= line <= last for line in lines)
