"""The tests nearest to a change: those that it touches itself, then what the graph ranks by what the change altered.

The ranking knows nothing of the tests that the change touches, so that its score stays a forecast that can be measured.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import Nearest
from diffscope.graph.history.history import ChangeHistory
from diffscope.graph.model.model import NearTest, SourceChange
from diffscope.graph.model.resolve import is_test_file
from diffscope.graph.query.graph import ModuleGraph
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.test_ranking.rank import nearest_tests

_WORD = lazy_regex(r"[A-Za-z_]\w+")
_PRODUCT = frozenset({"source", "native"})
_MOVES = frozenset({"renamed", "deleted"})
_MOST = 10
_UNLIKELY, _LEAST = 0.01, 3
"""A score below which a test is left out once that many stand before it: measured, cutting there loses no test that was touched."""
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
    first = sorted(touched, key=lambda path: (-ranked[path].score if path in ranked else 0.0, path))
    rest = [one for path, one in ranked.items() if path not in touched]
    likely = [
        one.path for place, one in enumerate(rest, len(first)) if place < _LEAST or one.score >= _UNLIKELY
    ]
    return tuple(_nearest(path, ranked.get(path), touched.get(path)) for path in (*first, *likely))[:_MOST]


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
    sides = (
        (line for hunk in hunks for line in hunk.added),
        (line for hunk in hunks for line in hunk.removed),
    )
    added, removed = (frozenset(word for line in side for word in _WORD.findall(line.text)) for side in sides)
    return added, removed


def _changed(
    placed: Placed, added: frozenset[str], removed: frozenset[str], *, kept: frozenset[str]
) -> SourceChange:
    diff, comparison = placed.material.diff, placed.material.python
    symbols = tuple(change.name for change in comparison.symbols if change.logic) if comparison else ()
    return SourceChange(
        path=RepoPath(placed.fact.old_path or placed.fact.path),
        lines=diff.additions + diff.deletions,
        symbols=symbols,
        words=tuple(sorted(added | removed)),
        gone=tuple(sorted(removed - kept)),
        is_moved=placed.fact.status in _MOVES,
    )
