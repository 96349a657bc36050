"""Which tests look at a change: imports, names, paths and what changed together in the past, each with its reason.

Four signals, each scaled so that its best test has 1, are added with fixed weights. The weights were chosen on pull requests with odd
numbers; tests/benchmarks/nearest_tests.py measures recall on the even ones.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from diffscope.graph.history import ChangeHistory
from diffscope.graph.model import ModuleGraph
from diffscope.graph.names import is_test_file
from diffscope.source.values import RepoPath, Value

WEIGHTS: Final[Mapping[str, float]] = {"import": 0.6, "name": 1.5, "path": 0.6, "history": 0.6}
_DEPTH: Final = 3
_COMMON: Final = 0.08
"""Share of the tests that name a word, above which the word says nothing."""
_MOST_WORDS: Final = 60
_TOKEN: Final = re.compile(r"[a-z]{2,}|\d{2,}")
_STOP: Final = frozenset(
    {
        "test",
        "tests",
        "vllm",
        "py",
        "the",
        "a",
        "of",
        "for",
        "to",
        "in",
        "and",
        "fix",
        "add",
        "support",
        "bugfix",
        "v",
    }
)


class ChangedSource(NamedTuple):
    """One changed file of the product, by its name at the base, with the symbols that changed in it."""

    path: str
    symbols: tuple[str, ...]
    weight: float = 1.0


class NearTest(Value, frozen=True, kw_only=True):
    """A test near a change. ``score`` lies between 0 and the sum of the weights; reasons stand strongest first."""

    path: RepoPath
    score: float
    reasons: tuple[str, ...]


class _Signal(NamedTuple):
    scores: dict[str, float]
    reason: Callable[[str], str]


def nearest_tests(
    graph: ModuleGraph,
    changed: Sequence[ChangedSource],
    *,
    title: str = "",
    history: ChangeHistory | None = None,
    most: int = 10,
) -> tuple[NearTest, ...]:
    """Return the tests nearest to a change, nearest first; ties by path. Without words of tests or history these signals are left out."""
    tests = tuple(sorted(node.path for node in graph.nodes() if node.path and is_test_file(node.path)))
    signals = {
        "import": _imports(graph, changed),
        "name": _names(graph, changed, len(tests)),
        "path": _paths(changed, title, tests),
        "history": _past(history, changed, tests),
    }
    total: dict[str, float] = defaultdict(float)
    parts: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for name, signal in signals.items():
        highest = max(signal.scores.values(), default=0.0)
        for test, value in signal.scores.items():
            share = WEIGHTS[name] * value / highest if highest else 0.0
            total[test] += share
            parts[test].append((share, name))
    ranked = sorted(total, key=lambda test: (-round(total[test], 9), test))[:most]
    return tuple(
        NearTest(
            path=RepoPath(test),
            score=round(total[test], 3),
            reasons=tuple(
                signals[name].reason(test)
                for share, name in sorted(parts[test], reverse=True)
                if share >= 0.05
            ),
        )
        for test in ranked
        if total[test] > 0
    )


def _imports(graph: ModuleGraph, changed: Iterable[ChangedSource]) -> _Signal:
    scores: dict[str, float] = defaultdict(float)
    nearest: dict[str, tuple[int, str]] = {}
    for source in changed:
        module = graph.module_of(RepoPath(source.path))
        found = graph.tests_reaching(module, depth=_DEPTH) if module else ()
        # A module that everything imports says little of which test is meant.
        telling = source.weight / math.log2(2 + len(found))
        for each in found:
            path = graph.path_of(each.test)
            if path:
                scores[path] += telling / each.steps**1.5
                nearest[path] = min(nearest.get(path, (99, "")), (each.steps, source.path))
    return _Signal(dict(scores), lambda test: f"imports {nearest[test][1]} in {nearest[test][0]} steps")


def _names(graph: ModuleGraph, changed: Iterable[ChangedSource], count: int) -> _Signal:
    words: dict[str, float] = {}
    for source in changed:
        for symbol in source.symbols:
            for word in symbol.split("."):
                if len(word) > 3 and not word.startswith("__"):
                    words[word] = max(words.get(word, 0.0), source.weight)
    scores: dict[str, float] = defaultdict(float)
    named: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for word in sorted(words, key=lambda each: (-words[each], each))[:_MOST_WORDS]:
        tests = graph.tests_naming(word) or ()
        if not 0 < len(tests) <= max(3, _COMMON * count):
            continue
        worth = words[word] * math.log((count + 1) / len(tests)) ** 2
        for test in tests:
            if is_test_file(test):
                scores[test] += worth
                named[test].append((-worth, word))
    return _Signal(
        dict(scores), lambda test: "names " + ", ".join(word for _, word in sorted(named[test])[:3])
    )


def _paths(changed: Iterable[ChangedSource], title: str, tests: tuple[str, ...]) -> _Signal:
    tokens = {test: frozenset(_tokens(test)) for test in tests}
    frequency: dict[str, int] = defaultdict(int)
    for found in tokens.values():
        for token in found:
            frequency[token] += 1
    asked: dict[str, float] = defaultdict(float)
    for source in changed:
        *folders, name = source.path.rpartition(".")[0].split("/")
        for token in set(_tokens(name)):
            asked[token] += source.weight
        for token in set(_tokens("/".join(folders))):
            asked[token] += 0.3 * source.weight
    for token in set(_tokens(title)):
        asked[token] += 0.5
    worth = {
        token: value * math.log((len(tests) + 1) / frequency[token])
        for token, value in asked.items()
        if frequency.get(token)
    }
    scores = {}
    for test, found in tokens.items():
        value = sum(worth[token] for token in found if token in worth)
        if value:
            scores[test] = value / math.sqrt(
                sum(math.log((len(tests) + 1) / frequency[token]) for token in found) + 1
            )
    return _Signal(
        scores,
        lambda test: (
            "its path shares "
            + ", ".join(sorted(tokens[test] & worth.keys(), key=lambda each: (-worth[each], each))[:3])
        ),
    )


def _past(history: ChangeHistory | None, changed: Iterable[ChangedSource], tests: tuple[str, ...]) -> _Signal:
    scores: dict[str, float] = defaultdict(float)
    if history is None:
        return _Signal({}, lambda _: "")
    wanted = frozenset(tests)
    for source in changed:
        past = history.past([source.path], wanted)
        for test, value in past.together.items():
            # One more commit than there was keeps a single shared commit from counting as a rule.
            scores[test] += source.weight * value / (past.weight + 1.0)
    return _Signal(dict(scores), lambda _: "changed together before")


def _tokens(text: str) -> list[str]:
    return [token for token in _TOKEN.findall(text.lower()) if token not in _STOP]
