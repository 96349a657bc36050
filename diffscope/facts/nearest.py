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


def collect_nearest(
    placed: Iterable[Placed], title: str, graph: ModuleGraph | None, history: ChangeHistory | None
) -> tuple[Nearest, ...] | UnsetType:
    """Return the ten nearest tests, nearest first; unknown without a graph, none where no product file changed."""
    if graph is None:
        return UNSET
    changed = [
        _changed(one) for one in placed if one.fact.category in _PRODUCT and one.fact.logic is not False
    ]
    if not changed:
        return ()
    found = nearest_tests(changed, graph, history=history, title=title)
    return tuple(Nearest(path=one.path, score=one.score, reasons=one.reasons) for one in found)


def _changed(placed: Placed) -> SourceChange:
    diff, comparison = placed.material.diff, placed.material.python
    symbols = tuple(change.name for change in comparison.symbols if change.logic) if comparison else ()
    lines = (line.text for hunk in diff.hunks for line in (*hunk.removed, *hunk.added))
    return SourceChange(
        path=RepoPath(placed.fact.old_path or placed.fact.path),
        lines=diff.additions + diff.deletions,
        symbols=symbols,
        words=tuple(sorted({word for line in lines for word in _WORD.findall(line)})),
    )
