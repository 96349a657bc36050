"""Tests removed and added again: renamed, moved into a class or another file, or merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import TestFact
from diffscope.source.text import Region
from diffscope.syntax.model import Aspect
from diffscope.syntax.text.similarity import REWRITTEN, similarity

_SHORTEST = 4
"""Lines below which bodies are alike by chance."""


class _Body(NamedTuple):
    name: str
    lines: Counter[str]


def without_replaced(facts: Iterable[TestFact], placed: Iterable[Placed]) -> tuple[TestFact, ...]:
    """Return the facts without ``removed`` for tests that another test of the change stands for."""
    listed = tuple(facts)
    if not {"added", "removed"} <= {fact.change for fact in listed}:
        return listed
    files = {one.fact.path: one for one in placed}
    everywhere = {_last(fact.symbol or "") for fact in listed if fact.change == "added"}
    return tuple(
        fact
        for fact in listed
        if fact.change != "removed"
        or not (_last(fact.symbol or "") in everywhere or _is_rewritten(files[fact.path], fact.symbol or ""))
    )


def _is_rewritten(placed: Placed, name: str) -> bool:
    old = next(_bodies(placed, Aspect.REMOVED, name), None)
    return old is not None and any(_is_same(old, new) for new in _bodies(placed, Aspect.ADDED))


def _is_same(old: _Body, new: _Body) -> bool:
    first, second = _last(old.name), _last(new.name)
    if first.startswith(second) or second.startswith(first):
        return True
    if min(old.lines.total(), new.lines.total()) < _SHORTEST:
        return False
    return similarity(old.lines, new.lines, least=REWRITTEN) >= REWRITTEN


def _bodies(placed: Placed, aspect: Aspect, name: str | None = None) -> Iterator[_Body]:
    """Yield the tests of a file that came or went; with a name, that one alone."""
    comparison = placed.material.python
    for change in comparison.symbols if comparison is not None else ():
        is_asked = change.name == name if name else _last(change.name).startswith("test")
        if is_asked and change.region is not None and aspect in change.aspects:
            yield _Body(change.name, _code(change.region))


def _code(place: Region) -> Counter[str]:
    body = (line.strip() for line in place.lines[1:])
    return Counter(line for line in body if line and not line.startswith("#"))


def _last(name: str) -> str:
    return name.rpartition(".")[2]
