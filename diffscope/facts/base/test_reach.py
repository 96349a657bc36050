"""The tests that look at a change: those nearest to it, and which changed code is executed by tests that do not name it, as far as the change itself shows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.base.definitions import ClassBases
from diffscope.facts.change.changed_file import Placed, changed_source_symbols
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.classify.change_shape import PRODUCT
from diffscope.facts.model import Nearest
from diffscope.graph.history.history import ChangeHistory
from diffscope.graph.model import NearTest, SourceChange
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.resolve import is_test_file
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.source.profile import places
from diffscope.syntax.model import Aspect, DefinitionKind, SignalKind
from diffscope.test_ranking.rank import nearest_tests

_LAST = lazy_regex(r"([A-Za-z_]\w*)(?:\[.*)?$", re.DOTALL)
"""The name that is called; a kernel is called with its grid behind it."""
_NAME = lazy_regex(r"[A-Za-z_]\w*")
_ASKED_FOR = lazy_regex(
    r"\b(?:envs|environ|getenv|args|\w*config|\w*options?|\w*flags?|(?:use|enable|disable)_\w+|\w+_enabled)\b"
)
"""A condition on what somebody set: the tests of before set nothing new."""
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

    With a class, or one of its methods, all of its methods are reached, and with a function what stands in tables that it asks. A call is taken for one of whatever symbol of the change has
    its last name. Tests that gain next to nothing, a row in a table of runs, name much and look at little: with them nothing is reached.
    """
    placed = tuple(placed)
    if not lookup.has_changed_tests or not _grow_with(placed):
        return frozenset()
    changed = {Place(one.fact.path, change.name): change for one, change in changed_source_symbols(placed)}
    called = defaultdict(list)
    for place in changed:
        called[place.name.rpartition(".")[2]].append(place)
    names = ((place, filter(None, (place.name, _owner(place.name)))) for place in changed)
    named = {place for place, both in names if any(map(lookup.changed_tests_naming, both))}
    reached = _with_classes(named, changed)
    tables = {
        place.name: _names_added(change)
        for place, change in changed.items()
        if change.kind is DefinitionKind.VARIABLE
    }
    for _ in range(_CALLS):
        further = {
            place for one in reached for name in _runs(changed[one], tables) for place in called.get(name, ())
        }
        reached = _with_classes(reached | further, changed)
    return frozenset(reached)


def tested_through(placed: Iterable[Placed], lookup: TreeLookup) -> dict[Place, str]:
    """Return the new symbols that an edited function hands on to, which tests of the base name, with that function's name.

    The function names a symbol now, itself or through one other, and no condition that the edit adds asks for an option, a variable or a
    parameter that is new: what the tests call runs into the new code, on the hardware that it is for.
    """
    changed = {Place(one.fact.path, change.name): change for one, change in changed_source_symbols(placed)}
    new = defaultdict(list)
    for place, change in changed.items():
        if Aspect.ADDED in change.aspects and change.kind is not DefinitionKind.VARIABLE:
            new[place.name.rpartition(".")[2]].append(place)
    found: dict[Place, str] = {}
    for place, change in changed.items() if new else ():
        handed = {each for name in _names_added(change) for each in new.get(name, ())}
        is_edit = (
            change.kind in (DefinitionKind.FUNCTION, DefinitionKind.METHOD) and change.before and change.after
        )
        if not handed or not is_edit or _asks_for_options(change):
            continue
        if lookup.tests_running(place.path, place.name):
            for _ in range(_CALLS - 1):
                handed |= {
                    each for one in handed for name in _calls(changed[one]) for each in new.get(name, ())
                }
            for each in _with_classes(handed, (place for places in new.values() for place in places)):
                found.setdefault(each, place.name)
    return found


def _names_added(change: ChangedSymbol) -> frozenset[str]:
    lines = (line for region in (change.added.regions if change.added else ()) for line in region.lines)
    return frozenset(name for line in lines for name in _NAME.findall(line))


def _asks_for_options(change: ChangedSymbol) -> bool:
    known = {each.name for each in change.before.parameters} if change.before else set()
    new = {each.name for each in change.after.parameters} - known if change.after else set()
    guards = (each for each in change.signals if each.signal.kind is SignalKind.GUARD)
    texts = (each.signal.text for each in guards if each.what != "removed")
    return any(
        _ASKED_FOR.search(text) or places().variable.search(text) or new & set(_NAME.findall(text))
        for text in texts
    )


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


def _runs(change: ChangedSymbol, tables: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Yield what a function calls, and what stands in a table of the change from which it may take what it calls."""
    yield from _calls(change)
    if change.kind is not DefinitionKind.VARIABLE:
        for table in _names_added(change).intersection(tables):
            yield from tables[table]


def _with_classes(places: set[Place], changed: Iterable[Place]) -> set[Place]:
    classes = {Place(each.path, _owner(each.name)) for each in places if _owner(each.name)} | places
    return places | {each for each in changed if Place(each.path, _owner(each.name)) in classes}


def _owner(name: str) -> str:
    return name.rpartition(".")[0]


_WORD = lazy_regex(r"[A-Za-z_]\w+")
_PRODUCT = frozenset({"source", "native"})
_MOVES = frozenset({"renamed", "deleted"})
_MOST = 10
_UNLIKELY, _LEAST = 0.01, 3
"""A score below which a test is left out once that many stand before it: measured, cutting there loses no test that was touched."""
_FILE_SKIPPED = lazy_regex(
    rb"^(?:pytestmark *(?::[^=\n]+)?= *\[?\s*pytest\.mark\.skip\b(?!if)|pytest\.skip\()", re.MULTILINE
)
_TEST = lazy_regex(rb"^ *(?:async +)?def test_\w*\(", re.MULTILINE)
_TEST_SKIPPED = lazy_regex(rb"^ *@pytest\.mark\.skip\b(?!if)", re.MULTILINE)
_CHANGED = "changed here"
_ADDED = "added here"


def collect_nearest(
    placed: Iterable[Placed], title: str, graph: ModuleGraph | None, history: ChangeHistory | None
) -> tuple[Nearest, ...] | UnsetType:
    """Return the nearest tests, ten at most, nearest first; unknown without a graph, none where no product file changed.

    Tests that the change edits or adds stand before all others, as certain; tests that it takes away are left out.
    """
    if graph is None:
        return UNSET
    placed = tuple(placed)
    changed = source_changes(placed)
    if not changed:
        return ()
    touched, gone = _tests(placed)
    spare = min(len(touched) + len(gone), _MOST)
    found = nearest_tests(changed, graph, history=history, title=title, limit=_MOST + spare)
    ranked = {one.path: one for one in found if one.path not in gone}
    first = sorted(
        touched,
        key=lambda path: (touched[path] != _ADDED, -ranked[path].score if path in ranked else 0.0, path),
    )
    rest = [
        one for path, one in ranked.items() if path not in touched and not is_skipped(graph.text_at(path))
    ]
    likely = [
        one.path for place, one in enumerate(rest, len(first)) if place < _LEAST or one.score >= _UNLIKELY
    ]
    return tuple(_nearest(path, ranked.get(path), touched.get(path)) for path in (*first, *likely))[:_MOST]


def is_skipped(source: bytes | None) -> bool:
    """Return whether no test of a file runs, whatever the machine: the file, or each of its tests, is skipped without a condition."""
    text = source or b""
    if _FILE_SKIPPED.search(text):
        return True
    tests = len(_TEST.findall(text))
    return bool(tests) and len(_TEST_SKIPPED.findall(text)) >= tests


def _tests(placed: Iterable[Placed]) -> tuple[dict[RepoPath, str], frozenset[RepoPath]]:
    """Return the tests that a change edits or adds, with what it does to them, and those that are no longer there after it."""
    touched: dict[RepoPath, str] = {}
    gone: set[RepoPath] = set()
    for one in placed:
        path, old, status = RepoPath(one.fact.path), one.fact.old_path, one.fact.status
        if status == "deleted":
            gone.add(path)
        elif one.fact.category == "test" and is_test_file(path):
            touched[path] = _ADDED if status == "added" else _CHANGED
        if status == "renamed" and old:
            gone.add(RepoPath(old))
    return touched, frozenset(gone)


def _nearest(path: RepoPath, ranked: NearTest | None, known: str | None) -> Nearest:
    reasons = ranked.reasons if ranked else ()
    if known is None:
        return Nearest(path=path, score=ranked.score if ranked else 0.0, reasons=reasons)
    return Nearest(path=path, score=1.0, reasons=(known, *reasons[:2]))


def source_changes(placed: Iterable[Placed]) -> tuple[SourceChange, ...]:
    """Return the product files whose logic changes, or that move or go, as their tests see them."""
    chosen = [
        one
        for one in placed
        if one.fact.category in _PRODUCT and (one.fact.logic is not False or one.fact.status in _MOVES)
    ]
    sides = [_words(one) for one in chosen]
    added = frozenset[str]().union(*(words for words, _ in sides))
    return tuple(_changed(one, *words, kept=added) for one, words in zip(chosen, sides, strict=True))


def _words(placed: Placed) -> tuple[frozenset[str], frozenset[str]]:
    """Return the identifiers on added and on removed lines."""
    hunks = placed.material.diff.hunks
    added = (word for hunk in hunks for line in hunk.added for word in _WORD.findall(line.text))
    removed = (word for hunk in hunks for line in hunk.removed for word in _WORD.findall(line.text))
    return frozenset(added), frozenset(removed)


def _changed(
    placed: Placed, added: frozenset[str], removed: frozenset[str], *, kept: frozenset[str]
) -> SourceChange:
    diff = placed.material.diff
    symbols = tuple(change.name for change in placed.symbols if change.logic)
    return SourceChange(
        path=RepoPath(placed.fact.old_path or placed.fact.path),
        lines=diff.additions + diff.deletions,
        symbols=symbols,
        words=tuple(sorted(added | removed)),
        gone=tuple(sorted(removed - kept)),
        is_moved=placed.fact.status in _MOVES,
    )
