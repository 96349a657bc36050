"""The names that each definition of a Python file uses, for searching callers without a full parse.

Nothing is resolved here. Comments and strings are left out; what stands in a function inside a function belongs to the outer one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.syntax.model import Definition, DefinitionKind, Outline

_TOKEN: Final = lazy_regex(
    rb"#[^\n]*"
    rb'|"""(?:[^"\\]|\\.|"(?!""))*"""'
    rb"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    rb'|"(?:[^"\\\n]|\\.)*"'
    rb"|'(?:[^'\\\n]|\\.)*'"
    rb"|(\.?)[ \t]*([A-Za-z_]\w*)[ \t]*([(\[])?",
    re.DOTALL,
)
_LINE: Final = lazy_regex(rb"[^\n]*\n|[^\n]+")
_OWNERS: Final = frozenset({DefinitionKind.CLASS, DefinitionKind.FUNCTION, DefinitionKind.METHOD})


class Uses:
    """The names that the definitions of a file use. A definition is read only where a name that is asked for stands in its lines."""

    def __init__(self, source: bytes, read_outline: Callable[[], Outline | None]) -> None:
        self._source = source
        self._read_outline = read_outline
        self._known: dict[int, frozenset[str]] = {}

    def naming(self, name: str, forms: frozenset[str]) -> Iterator[str]:
        """Yield the qualified names of definitions, empty for the module, that use a name in one of these forms.

        A form is ``name``, or ``.name`` of an attribute, each also with ``(`` behind it where it is called.
        """
        word = name.encode()
        if word not in self._source:
            return
        for owner, first, last in self._stretches:
            if self._source.find(word, first, last) >= 0 and not forms.isdisjoint(self._names(first, last)):
                yield owner

    def by_definition(self) -> dict[str, frozenset[str]]:
        """Return the names that each definition uses; those that use none are left out."""
        found: dict[str, frozenset[str]] = {}
        for owner, first, last in self._stretches:
            found[owner] = found.get(owner, frozenset()) | self._names(first, last)
        return {owner: names for owner, names in found.items() if names}

    def _names(self, first: int, last: int) -> frozenset[str]:
        if first not in self._known:
            self._known[first] = frozenset(_names_in(self._source, first, last))
        return self._known[first]

    @cached_property
    def _stretches(self) -> list[tuple[str, int, int]]:
        outline = self._read_outline()
        if outline is None:
            return []
        lines = list(accumulate(map(len, _LINE.findall(self._source)), initial=0))
        return [
            (owner, lines[first - 1], lines[last])
            for owner, first, last in _stretches(outline, len(lines) - 1)
        ]


def _names_in(source: bytes, first: int, last: int) -> Iterator[str]:
    for dot, name, call in set(_TOKEN.findall(source, first, last)):
        if name:
            word = (dot + name).decode()
            yield word
            if call:
                yield f"{word}("


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
