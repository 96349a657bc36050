"""The tests nearest to a change, asked of the graph with what the change altered."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from diffscope.facts.material import Placed
from diffscope.facts.values import Nearest
from diffscope.graph.history import ChangeHistory
from diffscope.graph.model import ModuleGraph
from diffscope.graph.nearest import nearest_tests
from diffscope.graph.values import SourceChange
from diffscope.source.values import RepoPath

_WORD = re.compile(r"[A-Za-z_]\w+")
_PRODUCT = frozenset({"source", "native"})
_MOVES = frozenset({"renamed", "deleted"})


def collect_nearest(
    placed: Iterable[Placed], title: str, graph: ModuleGraph | None, history: ChangeHistory | None
) -> tuple[Nearest, ...] | UnsetType:
    """Return the ten nearest tests, nearest first; unknown without a graph, none where no product file changed."""
    if graph is None:
        return UNSET
    changed = source_changes(placed)
    if not changed:
        return ()
    found = nearest_tests(changed, graph, history=history, title=title)
    return tuple(Nearest(path=one.path, score=one.score, reasons=one.reasons) for one in found)


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
