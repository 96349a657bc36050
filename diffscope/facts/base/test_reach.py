"""What the tests of a change run without naming it, and what they need not name: as far as the change itself tells."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.base.class_bases import ClassBases
from diffscope.facts.change.changed_file import Placed, changed_source_symbols
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.classify.change_shape import PRODUCT
from diffscope.syntax.model import Aspect, DefinitionKind, SignalKind

_LAST = re.compile(r"([A-Za-z_]\w*)(?:\[.*)?$", re.DOTALL)
"""The name that is called; a kernel is called with its grid behind it."""
_CALLS = 2
"""Calls from what a test names, up to which what is called counts as run by it."""


_LINES_TO_ONE = 20
"""Code lines of the product to one of tests, beyond which the tests did not grow with it."""


class Place(NamedTuple):
    """A symbol of the change."""

    path: str
    name: str


def reached_by_tests(placed: Iterable[Placed], lookup: TreeLookup) -> frozenset[Place]:
    """Return the changed symbols that a test of the change names, and what these call, directly or through one other.

    With a class, or one of its methods, all of its methods are reached. A call is taken for one of whatever symbol of the change has
    its last name. Tests that gain next to nothing, a row in a table of runs, name much and look at little: with them nothing is reached.
    """
    placed = tuple(placed)
    if not lookup.has_changed_tests or not _grow_with(placed):
        return frozenset()
    changed = {Place(one.fact.path, change.name): change for one, change in changed_source_symbols(placed)}
    called = defaultdict(list)
    for place in changed:
        called[place.name.rpartition(".")[2]].append(place)
    named = {
        place
        for place in changed
        if lookup.changed_tests_naming(place.name)
        or (_owner(place.name) and lookup.changed_tests_naming(_owner(place.name)))
    }
    reached = _with_classes(named, changed)
    for _ in range(_CALLS):
        further = {
            place for one in reached for name in _calls(changed[one]) for place in called.get(name, ())
        }
        reached = _with_classes(reached | further, changed)
    return frozenset(reached)


def implemented(placed: Iterable[Placed], lookup: TreeLookup) -> frozenset[Place]:
    """Return the new methods that a class above theirs declares: who calls the one calls the other."""
    listed = tuple(placed)
    bases = ClassBases(listed, lookup, of_libraries=False)
    return frozenset(
        Place(one.fact.path, change.name)
        for one, change in changed_source_symbols(listed)
        if change.kind is DefinitionKind.METHOD
        and Aspect.ADDED in change.aspects
        and bases.declare(one.fact.path, change.name)
    )


def _grow_with(placed: tuple[Placed, ...]) -> bool:
    """Return whether tests gain a line for every twenty of the product at least."""
    tests, product = (
        sum(one.fact.code_added for one in placed if one.fact.category in categories)
        for categories in (("test",), PRODUCT)
    )
    return tests * _LINES_TO_ONE >= product


def _calls(change: ChangedSymbol) -> Iterator[str]:
    for item in change.signals:
        if item.signal.kind is SignalKind.CALL and item.what != "removed":
            found = _LAST.search(item.signal.text)
            if found:
                yield found[1]


def _with_classes(places: set[Place], changed: Iterable[Place]) -> set[Place]:
    classes = {Place(each.path, _owner(each.name)) for each in places if _owner(each.name)} | places
    return places | {each for each in changed if Place(each.path, _owner(each.name)) in classes}


def _owner(name: str) -> str:
    return name.rpartition(".")[0]
<<<<<<< HEAD


class _Bases:
    """The classes above those of the change: in the change itself as it leaves them, else in the tree."""

    def __init__(self, placed: Iterable[Placed], lookup: TreeLookup) -> None:
        self._lookup = lookup
        self._outlines: dict[str, tuple[str, Outline]] = {
            one.fact.path: (one.fact.module or "", one.material.python.after)
            for one in placed
            if one.material.python is not None and one.material.python.after is not None
        }
        self._paths = {module: path for path, (module, _) in self._outlines.items()}

    def declare(self, path: str, method: str) -> bool:
        """Return whether a class above a method's class has a method of its name."""
        owner, _, name = method.rpartition(".")
        return self._above(path, owner, name, seen=set())

    def _above(self, path: str, owner: str, method: str, seen: set[Place]) -> bool:
        if Place(path, owner) in seen:
            return False
        seen.add(Place(path, owner))
        outline = self._outlines[path][1]
        bases = next((one.bases for one in outline.definitions if one.name == owner and one.bases), ())
        above = (base.partition("[")[0] for base in bases)
        return any(self._has(path, base, method, seen) for base in above if base != owner)

    def _has(self, path: str, base: str, method: str, seen: set[Place]) -> bool:
        outline = self._outlines[path][1]
        own = {one.name for one in outline.definitions}
        if base in own:
            return f"{base}.{method}" in own or self._above(path, base, method, seen)
        module, name = origin_of(path, base, outline.imports)
        where = self._paths.get(module)
        if (
            where is not None
            and where != path
            and any(one.name == name for one in self._outlines[where][1].definitions)
        ):
            return self._has(where, name, method, seen)
        return bool(name) and self._lookup.declares(module, name, method)


def origin_of(path: str, written: str, imports: Iterable[Import]) -> tuple[str, str]:
    """Return the module and the name there of a base as written; empty where the file does not tell."""
    head, _, rest = written.partition(".")
    for item in imports:
        bound = item.alias or item.name or item.module
        module = absolute_module(path, item)
        if item.name and bound == head:
            return (f"{module}.{item.name}", rest) if rest else (module, item.name)
        if item.name is None and written.startswith(f"{bound}."):
            return module, written.removeprefix(f"{bound}.")
    return "", ""
=======
>>>>>>> main
