"""Which tests look at a change: ranked, each with its reasons.

Fourteen signs of nearness (question.py) are brought to a common scale, the nearest test of a sign counting 1, and added up
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
from functools import cached_property
from itertools import islice
from typing import Final

from diffscope.graph.history.history import ChangeHistory
from diffscope.graph.model import ModuleName, NearTest, SourceChange
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.resolve import is_native
from diffscope.source.model import RepoPath
from diffscope.test_ranking.identifier_signs import NamedWords, WordSigns
from diffscope.test_ranking.paths import PathSigns, Question, Sign, Values, path_words, short_name

_FAR: Final = 3


class ImportSigns:
    """Measures ``IMPORTS``, ``REACHES``, ``CALLS`` and ``MOVED``."""

    def __init__(self, question: Question, words: NamedWords) -> None:
        self._question = question
        self._words = words
        self._called: dict[RepoPath, tuple[float, str]] = {}

    def measure(self) -> dict[Sign, Values]:
        """Return for each sign the tests that have it, and how much."""
        imports: defaultdict[RepoPath, float] = defaultdict(float)
        reaches: defaultdict[RepoPath, float] = defaultdict(float)
        for change, _, near, far in self._reached:
            part = self._question.parts[change.path]
            for found, paths in ((imports, near), (reaches, far)):
                value = part * self._question.rarity(len(paths))
                for path in paths:
                    found[path] += value
            self._note_calls(change, near)
        moved = {path: 1.0 for change, _, near, _ in self._reached if change.is_moved for path in near}
        calls = {path: value for path, (value, _) in self._called.items()}
        return {Sign.IMPORTS: imports, Sign.REACHES: reaches, Sign.CALLS: calls, Sign.MOVED: moved}

    def reason(self, sign: Sign, path: RepoPath) -> str:
        """Return why a test has a sign."""
        if sign is Sign.CALLS:
            return f"imports and names {self._called[path][1]}"
        for change, module, near, far in self._reached:
            if path in near and (sign is not Sign.MOVED or change.is_moved):
                return f"imports {module}, which moves" if sign is Sign.MOVED else f"imports {module}"
            if path in far and sign is Sign.REACHES:
                return f"reaches {module} by imports"
        return ""

    def _note_calls(self, change: SourceChange, near: frozenset[RepoPath]) -> None:
        for word in sorted({symbol.partition(".")[0] for symbol in change.symbols}):
            if len(word) > 2 and not word.startswith("__"):
                paths = near.intersection(self._words.naming(word, part=0.5)[0])
                value = self._question.rarity(len(paths))
                for path in paths:
                    if path not in self._called or value > self._called[path][0]:
                        self._called[path] = value, word

    @cached_property
    def _reached(self) -> list[tuple[SourceChange, ModuleName, frozenset[RepoPath], frozenset[RepoPath]]]:
        """Each change with its module, the tests that import it, and those that reach it."""
        graph, tests = self._question.graph, self._question.tests
        found = []
        for change in self._question.changes:
            module = graph.module_of(change.path)
            if module is None:
                continue
            if is_native(change.path):
                near = far = tests.intersection(graph.tests_of_native(module))
            else:
                steps = {_path_of(each.test): each.steps for each in graph.tests_reaching(module, _FAR)}
                far = tests.intersection(steps)
                near = frozenset(path for path in far if steps[path] == 1)
            found.append((change, module, near, far))
        return found


def _path_of(test: ModuleName) -> RepoPath:
    return RepoPath(test.replace(".", "/") + ".py")


class PastSigns:
    """Measures ``TOGETHER``, ``ALIKE`` and ``FOLDER``; nothing without a history."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._partners: dict[str, dict[str, float]] = {}

    def measure(self) -> dict[Sign, Values]:
        """Return for each sign the tests that have it, and how much."""
        history = self._question.history
        if history is None:
            return {Sign.TOGETHER: {}, Sign.ALIKE: {}, Sign.FOLDER: {}}
        votes = history.similar(self._question.parts, self._question.title, self._question.tests)
        alike = {RepoPath(path): value for path, value in votes.items()}
        return {
            Sign.TOGETHER: self._together(history),
            Sign.ALIKE: alike,
            Sign.FOLDER: self._folders(history),
        }

    def reason(self, sign: Sign, path: RepoPath) -> str:
        """Return why a test has a sign."""
        if sign is Sign.TOGETHER:
            source = next(source for source, tests in self._partners.items() if path in tests)
            return f"changed with {short_name(source)} before"
        if sign is Sign.ALIKE:
            return "changed in commits like this one"
        return f"{path.rpartition('/')[0]} changes with these folders"

    def _together(self, history: ChangeHistory) -> Values:
        found: defaultdict[RepoPath, float] = defaultdict(float)
        for change in self._question.changes:
            past = history.past([change.path], self._question.tests)
            self._partners[change.path] = past.together
            for path, times in past.together.items():
                found[RepoPath(path)] += self._question.parts[change.path] * times / (past.weight + 1.0)
        return found

    def _folders(self, history: ChangeHistory) -> Values:
        """A folder's part is shared by its tests, as by the root of their number."""
        found = history.folders(self._question.parts)
        folders = path_words(self._question.tests).folders
        shares = {
            folder: value / math.sqrt(folders[folder]) for folder, value in found.items() if folders[folder]
        }
        values = ((path, shares.get(path.rpartition("/")[0], 0.0)) for path in self._question.tests)
        return {path: value for path, value in values if value > 0}


class Nearness:
    """Measures one change against the tests of its base."""

    def __init__(
        self, changes: tuple[SourceChange, ...], graph: ModuleGraph, history: ChangeHistory | None, title: str
    ) -> None:
        self._question = question = Question(changes, graph, history, title)
        words = NamedWords(question)
        self._parts = (
            ImportSigns(question, words),
            WordSigns(question, words),
            PathSigns(question),
            PastSigns(question),
        )
        self._sources: dict[Sign, ImportSigns | WordSigns | PathSigns | PastSigns] = {}

    def measure(self) -> dict[Sign, Values]:
        """Return for each sign the tests that have it, and how much."""
        found: dict[Sign, Values] = {}
        for part in self._parts:
            values = part.measure()
            self._sources |= dict.fromkeys(values, part)
            found |= values
        return found

    def choose(self, paths: Iterable[RepoPath]) -> None:
        """Say which tests reasons will be asked for."""
        self._question.chosen = frozenset(paths)

    def reason(self, sign: Sign, path: RepoPath) -> str:
        """Return why a chosen test has a sign, as a clause: ``imports pool.sched.scheduler``; empty for what is no reason."""
        source = self._sources.get(sign)
        return source.reason(sign, path) if source else ""


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
