"""For a fact that stands on a line which did not change (a definition, mostly): the changed line nearest to it.

Code hosts show notes beside changed lines alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, TypeVar

import msgspec

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import ChangeFacts, Located
from diffscope.source.text import Side, SideWord
from diffscope.syntax.model import SignalKind

_FAMILIES: Final = (
    "symbol",
    "parameter",
    "option",
    "call",
    "guard",
    "numeric",
    "write",
    "native",
    "operator",
    "override",
    "registry",
    "counterpart",
)
_NEW, _OLD = Side.AFTER.word, Side.BEFORE.word
_Fact = TypeVar("_Fact", bound=Located)


class _Line(NamedTuple):
    number: int
    side: SideWord


def with_changed_places(facts: ChangeFacts, placed: Iterable[Placed]) -> ChangeFacts:
    """Return the facts; those on a line that did not change also say which changed line of their symbol is nearest."""
    finder = _Finder(tuple(placed))
    fields = {
        family: tuple(finder.find(fact) for fact in found)
        for family in _FAMILIES
        if (found := getattr(facts, family, ()))
    }
    return msgspec.structs.replace(facts, **fields)


class _Finder:
    def __init__(self, placed: tuple[Placed, ...]) -> None:
        self._lines: dict[tuple[str, str], frozenset[int]] = {}
        self._symbols: dict[tuple[str, str | None], tuple[ChangedSymbol, frozenset[str]]] = {}
        for one in placed:
            diff, path = one.material.diff, one.fact.path
            self._lines[path, _NEW] = frozenset(line.number for hunk in diff.hunks for line in hunk.added)
            self._lines[path, _OLD] = frozenset(line.number for hunk in diff.hunks for line in hunk.removed)
            names = frozenset({path, diff.old_path or path})
            for change in one.material.python.symbols if one.material.python else ():
                self._symbols[path, change.name] = (change, names)

    def find(self, fact: _Fact) -> _Fact:
        """Return a fact with the changed line nearest to it, where its own line is none."""
        changed = self._lines.get((fact.path, fact.side), frozenset())
        if not fact.line or fact.line in changed:
            return fact
        known = self._symbols.get((fact.path, fact.symbol))
        line = _of_symbol(*known) if known else self._within(fact)
        if line is None or line.number not in self._lines.get((fact.path, line.side), ()):
            return fact
        return msgspec.structs.replace(fact, changed_line=line.number, changed_side=line.side)

    def _within(self, fact: Located) -> _Line | None:
        """Return the first changed line behind a fact's, for what has no symbol that was compared."""
        behind = [number for number in self._lines.get((fact.path, fact.side), ()) if number > fact.line]
        last = getattr(fact, "end_line", 0)
        return _Line(min(behind), fact.side) if behind and min(behind) <= last else None


def _of_symbol(change: ChangedSymbol, names: frozenset[str]) -> _Line | None:
    """Return the line of a symbol that says most: its definition, a condition that came, what was added, what went."""
    added = change.added if change.added is not None and change.added.text.path in names else None
    removed = change.removed if change.removed is not None and change.removed.text.path in names else None
    if added is not None and added.numbers:
        if change.region is not None and change.region.start in added.numbers:
            return _Line(change.region.start, _NEW)
        asked = [
            item.region.start
            for item in change.signals
            if item.what == "added" and item.signal.kind is SignalKind.GUARD and item.region is not None
        ]
        return _Line(min((line for line in asked if line in added.numbers), default=added.numbers[0]), _NEW)
    if removed is not None and removed.numbers:
        return _Line(removed.numbers[0], _OLD)
    return None
