"""Tests that go and come back: under another name, in a class, merged with others, or in another file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from diffscope.facts.material import Placed
from diffscope.facts.values import TestFact
from diffscope.syntax.values import Aspect, Definition

_ALIKE = 0.5
"""Share of equal lines from which a new test of the same file counts as the old one rewritten."""
_SHORTEST = 4
"""Lines below which bodies are alike by chance."""


class _Body(NamedTuple):
    name: str
    lines: tuple[str, ...]


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
    if min(len(old.lines), len(new.lines)) < _SHORTEST:
        return False
    return SequenceMatcher(None, old.lines, new.lines, autojunk=False).ratio() >= _ALIKE


def _bodies(placed: Placed, aspect: Aspect, name: str | None = None) -> Iterator[_Body]:
    """Yield the tests of a file that came or went; with a name, that one alone."""
    text = placed.material.after if aspect is Aspect.ADDED else placed.material.before
    comparison = placed.material.python
    if comparison is None or text is None:
        return
    lines = text.decode("utf-8", "replace").splitlines()
    for change in comparison.symbols:
        definition = change.after if aspect is Aspect.ADDED else change.before
        is_asked = change.name == name if name else _last(change.name).startswith("test")
        if is_asked and definition is not None and aspect in change.aspects:
            yield _Body(change.name, _code(lines, definition))


def _code(lines: list[str], definition: Definition) -> tuple[str, ...]:
    body = (line.strip() for line in lines[definition.line : definition.end])
    return tuple(line for line in body if line and not line.startswith("#"))


def _last(name: str) -> str:
    return name.rpartition(".")[2]
