"""Which tests look at a change: ranked, each with its reasons.

Fourteen signs of nearness (nearness_question.py) are brought to a common scale, the nearest test of a sign counting 1, and added up
with weights. These are a conditional logit fitted on 2026-11-21 to 631 vLLM pull requests that touch a source and an existing test:
all those merged from 2026-01-01 to 2026-03-14, and those with an odd number from 2026-03-15 to 2026-04-19. On them, in five folds,
the first ten hold 0.82 of the touched tests of a pull request in the mean and 0.65 of all touched tests (0.84 and 0.78 on the odd
numbers alone); a gradient-boosted ranking of forty signs gained nothing over it. tests/benchmarks/nearest_tests.py fits (``--fit``),
and measures on even numbers, which the fit never sees: 0.88 in the mean, 0.79 of all (docs/graph.md).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from diffscope.graph.history.history import ChangeHistory
from diffscope.graph.model.model import NearTest, SourceChange
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import RepoPath
from diffscope.test_ranking.question import Sign
from diffscope.test_ranking.signals import Nearness

WEIGHTS: Final[Mapping[Sign, float]] = {
    Sign.IMPORTS: 0.23,
    Sign.REACHES: 0.62,
    Sign.CALLS: 0.78,
    Sign.MOVED: 2.56,
    Sign.NAMES: 0.64,
    Sign.WORDS: 3.15,
    Sign.GONE: 0.84,
    Sign.PATH: 0.78,
    Sign.STEM: 0.17,
    Sign.TOGETHER: 0.77,
    Sign.ALIKE: 1.90,
    Sign.FOLDER: 1.14,
    Sign.TITLE_PATH: 0.93,
    Sign.TITLE_WORDS: 1.77,
}
_STEEP: Final = 0.96
_BIAS: Final = -8.39
"""From the sum to the score: of such tests, that part was touched (0.77 of those above 0.8, 0.47 of those from 0.4 to 0.6)."""
_TOLD: Final[Mapping[Sign, float]] = {Sign.STEM: 6.0, Sign.ALIKE: 0.5, Sign.FOLDER: 0.5, Sign.PATH: 0.5}
"""How much sooner a reason is told than its weight asks for: people see at once what a name says, and little in a likeness."""
_POWER: Final = 0.7
"""Between counting the nearest alone and counting all alike: half as near counts for 0.62."""
_REASONS: Final = 3
_FAINT: Final = 0.15
"""A sign that adds less is no reason worth a reader's time."""


def nearest_tests(
    changes: Iterable[SourceChange],
    graph: ModuleGraph,
    *,
    history: ChangeHistory | None = None,
    title: str = "",
    limit: int = 10,
) -> tuple[NearTest, ...]:
    """Return the test files nearest to a change of sources, nearest first; ties by path.

    ``graph`` is the graph of the change's base and ``history`` ends there; without a history, or without the words of tests in the
    graph, the other signs decide. Scores lie between 0 and 1: how likely it is that the author of such a change touches the test.
    """
    nearness = Nearness(tuple(changes), graph, history, title)
    signs = {sign: scale(found) for sign, found in nearness.measure().items()}
    sums: defaultdict[RepoPath, float] = defaultdict(float)
    for sign, found in signs.items():
        weight = WEIGHTS[sign]
        for path, value in found.items():
            sums[path] += weight * value
    best = sorted(sums, key=lambda path: (-sums[path], path))[:limit]
    nearness.choose(best)
    return tuple(
        NearTest(path=path, score=_score(sums[path]), reasons=_reasons(nearness, signs, path))
        for path in best
    )


def _score(value: float) -> float:
    return round(1 / (1 + math.exp(-_BIAS - _STEEP * value)), 3)


def scale(found: Mapping[RepoPath, float]) -> dict[RepoPath, float]:
    """Return the values of one sign between 0 and 1, the nearest test at 1."""
    most = max(found.values(), default=0.0)
    return {path: (value / most) ** _POWER for path, value in found.items() if value > 0}


def _reasons(
    nearness: Nearness, signs: Mapping[Sign, Mapping[RepoPath, float]], path: RepoPath
) -> tuple[str, ...]:
    """Return what speaks for a test, the weightiest first."""
    parts = sorted(
        ((WEIGHTS[sign] * found[path], sign) for sign, found in signs.items() if path in found),
        key=lambda part: (-part[0] * _TOLD.get(part[1], 1.0), part[1].value),
    )
    spoken = (nearness.reason(sign, path) for part, sign in parts if part >= _FAINT)
    return tuple(islice(dict.fromkeys(reason for reason in spoken if reason), _REASONS))
