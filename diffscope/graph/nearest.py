"""Which tests look at a change: ranked, each with its reasons.

Eleven signs of nearness (nearness.py) are brought to a common scale, the nearest test of a sign counting 1, and added up with weights that
were fitted by logistic regression on pull requests with an odd number (tests/benchmarks/nearest_tests.py says how, and measures on
those with an even one).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from diffscope.graph.history import ChangeHistory
from diffscope.graph.model import ModuleGraph
from diffscope.graph.nearness import Nearness
from diffscope.graph.nearness_question import Sign
from diffscope.graph.values import NearTest, SourceChange
from diffscope.source.values import RepoPath

WEIGHTS: Final[Mapping[Sign, float]] = {
    Sign.IMPORTS: 0.8,
    Sign.REACHES: 0.3,
    Sign.CALLS: 1.0,
    Sign.MOVED: 1.4,
    Sign.NAMES: 0.9,
    Sign.WORDS: 2.2,
    Sign.GONE: 1.0,
    Sign.PATH: 0.6,
    Sign.STEM: 1.0,
    Sign.TOGETHER: 0.6,
    Sign.ALIKE: 3.5,
    Sign.FOLDER: 1.0,
    Sign.TITLE_PATH: 0.8,
    Sign.TITLE_WORDS: 1.3,
}
_STEEP: Final = 1.0
_BIAS: Final = -7.5
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
        key=lambda part: (-part[0], part[1].value),
    )
    spoken = (nearness.reason(sign, path) for part, sign in parts if part >= _FAINT)
    return tuple(islice(dict.fromkeys(reason for reason in spoken if reason), _REASONS))
