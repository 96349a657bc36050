"""Code that left the middle of a function for a function of its own: another place, no new behaviour."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from diffscope.facts.material import FileMaterial
from diffscope.facts.moves import MOVED_SIMILARITY
from diffscope.syntax.values import Aspect, Definition, DefinitionKind, SignalKind, SymbolChange

_FUNCTIONS = frozenset({DefinitionKind.FUNCTION, DefinitionKind.METHOD})
_OWN = re.compile(r"\b(?:self|cls)\.(?=\w)")
_SHORTEST = 6
"""Code lines below which a new function is alike with what went by chance."""


class _Source(NamedTuple):
    """A function that lost lines and calls new functions."""

    name: str
    definition: Definition
    lost: Counter[str]
    signals: frozenset[tuple[SignalKind, str]]


def join_extractions(files: Iterable[FileMaterial]) -> tuple[FileMaterial, ...]:
    """Return the files with new functions marked as moved whose code stood in a function of the same file that calls them now.

    Attributes of ``self`` may have become parameters. What is left of the new function is what it has beyond the old code.
    """
    return tuple(_joined(file) for file in files)


def _joined(file: FileMaterial) -> FileMaterial:
    if file.python is None or file.before is None or file.after is None:
        return file
    new = {_last(change.name) for change in file.python.symbols if _is_new(change)}
    if not new:
        return file
    before, after = (side.decode("utf-8", "replace").splitlines() for side in (file.before, file.after))
    sources = {
        name: source
        for change in file.python.symbols
        for name, source in _sources(change, new, before, after)
    }
    if not sources:
        return file
    symbols = tuple(
        _marked(change, sources[_last(change.name)], file.diff.path, after)
        if _is_new(change) and _last(change.name) in sources
        else change
        for change in file.python.symbols
    )
    return msgspec.structs.replace(file, python=msgspec.structs.replace(file.python, symbols=symbols))


def _is_new(change: SymbolChange) -> bool:
    is_long = len(change.added_lines) >= _SHORTEST
    return (
        change.kind in _FUNCTIONS and Aspect.ADDED in change.aspects and change.after is not None and is_long
    )


def _sources(
    change: SymbolChange, new: set[str], before: list[str], after: list[str]
) -> Iterator[tuple[str, _Source]]:
    """Yield each new function that an edited one calls anew, with what the edited one lost."""
    if (
        change.kind not in _FUNCTIONS
        or Aspect.BODY not in change.aspects
        or not change.before
        or not change.after
    ):
        return
    calls = [item for item in change.signals if item.signal.kind is SignalKind.CALL and item.what == "added"]
    called = {_last(item.signal.text) for item in calls} & new
    if not called:
        return
    lost = Counter(_code(before, change.before)) - Counter(_code(after, change.after))
    gone = ((one.signal.kind, _bare(one.signal.text)) for one in change.signals if one.what == "removed")
    source = _Source(change.name, change.before, lost, frozenset(gone))
    for name in sorted(called):
        yield name, source


def _marked(change: SymbolChange, source: _Source, path: str, after: list[str]) -> SymbolChange:
    if change.after is None:
        return change
    start = _body_start(after, change.after)
    numbers = [number for number in change.added_lines if number >= start]
    left = Counter(source.lost)
    fresh = []
    for number in numbers:
        text = _bare(after[number - 1])
        if left[text] > 0:
            left[text] -= 1
        else:
            fresh.append(number)
    if not numbers or 1 - len(fresh) / len(numbers) < MOVED_SIMILARITY:
        return change
    return msgspec.structs.replace(
        change,
        aspects=(Aspect.MOVED, Aspect.BODY),
        moved_from=f"{path}:{source.name}",
        before=source.definition,
        signals=tuple(
            one for one in change.signals if (one.signal.kind, _bare(one.signal.text)) not in source.signals
        ),
        added_lines=tuple(fresh),
        branches_added=0,
    )


def _code(lines: list[str], definition: Definition) -> Iterator[str]:
    for line in lines[_body_start(lines, definition) - 1 : definition.end]:
        text = _bare(line)
        if text and not text.startswith("#"):
            yield text


def _body_start(lines: list[str], definition: Definition) -> int:
    """Return the line behind the signature of a function."""
    depth = 0
    for number in range(definition.line, definition.end + 1):
        text = lines[number - 1]
        depth += sum(text.count(each) for each in "([{") - sum(text.count(each) for each in ")]}")
        if depth <= 0:
            return number + 1
    return definition.end


def _bare(text: str) -> str:
    """Return a line or a call with attributes of ``self`` as plain names."""
    return _OWN.sub("", text.strip())


def _last(name: str) -> str:
    return name.rpartition(".")[2]
