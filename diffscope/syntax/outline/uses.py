"""The names that each definition of a Python file uses, for searching callers without a full parse.

Nothing is resolved here. Comments and strings are left out; what stands in a function inside a function belongs to the outer one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from diffscope.syntax.model import Definition, DefinitionKind, Outline

USES_VERSION: Final = "1"
"""Changes with everything that changes what ``find_uses`` returns; caches are keyed by it."""

Uses = Mapping[str, frozenset[str]]
"""Qualified name of a definition (empty for the module) -> ``name``, ``.name`` of an attribute, each also with ``(`` where it is called."""

_TOKEN: Final = re.compile(
    rb"#[^\n]*"
    rb'|"""(?:[^"\\]|\\.|"(?!""))*"""'
    rb"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    rb'|"(?:[^"\\\n]|\\.)*"'
    rb"|'(?:[^'\\\n]|\\.)*'"
    rb"|(\.?)[ \t]*([A-Za-z_]\w*)[ \t]*([(\[])?",
    re.DOTALL,
)
_OWNERS: Final = frozenset({DefinitionKind.CLASS, DefinitionKind.FUNCTION, DefinitionKind.METHOD})


def find_uses(source: bytes, outline: Outline) -> dict[str, frozenset[str]]:
    """Return the names that each definition of a file with such an outline uses; those that use none are left out."""
    lines = _line_starts(source)
    found: dict[str, set[str]] = {}
    for owner, first, last in _stretches(outline, len(lines) - 1):
        known = found.setdefault(owner, set())
        for dot, name, call in set(_TOKEN.findall(source, lines[first - 1], lines[last])):
            if name:
                word = (dot + name).decode()
                known.add(word)
                if call:
                    known.add(f"{word}(")
    return {owner: frozenset(names) for owner, names in found.items() if names}


def _line_starts(source: bytes) -> list[int]:
    starts = [0, *(at + 1 for at in _newlines(source))]
    return starts if starts[-1] == len(source) else [*starts, len(source)]


def _newlines(source: bytes) -> Iterator[int]:
    at = source.find(b"\n")
    while at >= 0:
        yield at
        at = source.find(b"\n", at + 1)


def _stretches(outline: Outline, lines: int) -> Iterator[tuple[str, int, int]]:
    """Yield runs of lines, counted from 1, with the innermost definition that they belong to."""
    owners = [""] * (lines + 1)
    for each in sorted(_definitions(outline), key=lambda one: (one.start, -one.end)):
        last = min(each.end, lines)
        owners[each.start : last + 1] = [each.name] * max(0, last + 1 - each.start)
    cuts = [at for at in range(2, lines + 1) if owners[at] != owners[at - 1]]
    for first, following in pairwise([1, *cuts, lines + 1]):
        if first < following:
            yield owners[first], first, following - 1


def _definitions(outline: Outline) -> Iterator[Definition]:
    return (each for each in outline.definitions if each.kind in _OWNERS)
