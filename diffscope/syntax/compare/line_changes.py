"""Two streams of tokens -> the lines on which they differ (layout alone is no difference), and the nested functions and classes that hold such lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.source.text import decode
from diffscope.syntax.model import Aspect, DefinitionKind, InnerChange
from diffscope.syntax.normalize.statements import STRUCTURE, Stream
from diffscope.syntax.normalize.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node


_LINES_COMPARED: Final = 4_000_000
"""Product of the numbers of lines from which a full comparison takes seconds; above it lines are compared as bags."""
_TOKENS_COMPARED: Final = 250_000
_BRANCHES: Final = frozenset({"if", "elif", "for", "while", "except", "case", "and", "or"})


class LineChanges(NamedTuple):
    """Sorted line numbers: of the new side, of the old side."""

    added: tuple[int, ...]
    removed: tuple[int, ...]


class _Line(NamedTuple):
    number: int
    tokens: tuple[str, ...]


def compare_lines(before: Stream | None, after: Stream | None, *, messages: bool = True) -> LineChanges:
    """Return the lines that differ, those of messages or not; all lines of the one side where the other is missing."""
    return compare_token_lines(_tokens(before, messages=messages), _tokens(after, messages=messages))


def compare_token_lines(before: Iterable[tuple[str, int]], after: Iterable[tuple[str, int]]) -> LineChanges:
    """Return the lines that differ between two series of tokens with their lines."""
    added: set[int] = set()
    removed: set[int] = set()
    for old_part, new_part in _differences(list(_lines(before)), list(_lines(after))):
        gone, come = _refine(old_part, new_part)
        removed.update(gone)
        added.update(come)
    return LineChanges(tuple(sorted(added)), tuple(sorted(removed)))


def count_branches(stream: Stream | None) -> int:
    """Return how many ways a unit can go besides straight on: what cyclomatic complexity counts."""
    return sum(map(_BRANCHES.__contains__, stream.tokens)) if stream is not None else 0


def _tokens(stream: Stream | None, *, messages: bool) -> Iterator[tuple[str, int]]:
    if stream is None:
        return
    start = 0
    for told_start, told_end in () if messages else stream.told:
        yield from _between(stream, start, told_start)
        start = told_end
    yield from _between(stream, start, len(stream.tokens))


def _between(stream: Stream, start: int, end: int) -> Iterator[tuple[str, int]]:
    for token, line in zip(stream.tokens[start:end], stream.lines[start:end], strict=True):
        if token not in STRUCTURE:
            yield token, line


def _lines(tokens: Iterable[tuple[str, int]]) -> Iterator[_Line]:
    number, line = 0, list[str]()
    for token, at in tokens:
        if at != number:
            if line:
                yield _Line(number, tuple(line))
            number, line = at, []
        line.append(token)
    if line:
        yield _Line(number, tuple(line))


def _differences(old: list[_Line], new: list[_Line]) -> Iterator[tuple[Sequence[_Line], Sequence[_Line]]]:
    """Yield the stretches of lines that differ."""
    start = 0
    while start < min(len(old), len(new)) and old[start].tokens == new[start].tokens:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end].tokens == new[-1 - end].tokens:
        end += 1
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    if len(old) * len(new) > _LINES_COMPARED:
        yield _surplus(old, new), _surplus(new, old)
        return
    matcher = SequenceMatcher(
        None, [line.tokens for line in old], [line.tokens for line in new], autojunk=False
    )
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            yield old[old_start:old_end], new[new_start:new_end]


def _surplus(lines: Iterable[_Line], others: Iterable[_Line]) -> list[_Line]:
    """Return the lines that the others do not have as often."""
    left = Counter(line.tokens for line in others)
    surplus = []
    for line in lines:
        if left[line.tokens]:
            left[line.tokens] -= 1
        else:
            surplus.append(line)
    return surplus


def _refine(old: Sequence[_Line], new: Sequence[_Line]) -> tuple[set[int], set[int]]:
    """Return the numbers of the lines of a stretch that hold a token which the other side has not in that place."""
    old_tokens = [(token, line.number) for line in old for token in line.tokens]
    new_tokens = [(token, line.number) for line in new for token in line.tokens]
    if not old_tokens or not new_tokens or len(old_tokens) * len(new_tokens) > _TOKENS_COMPARED:
        return {line.number for line in old}, {line.number for line in new}
    matcher = SequenceMatcher(
        None, [token for token, _ in old_tokens], [token for token, _ in new_tokens], autojunk=False
    )
    removed: set[int] = set()
    added: set[int] = set()
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            removed.update(number for _, number in old_tokens[old_start:old_end])
            added.update(number for _, number in new_tokens[new_start:new_end])
    return removed, added


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
