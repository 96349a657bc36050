"""Signs of nearness from the graph: which tests import what changed."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import Final

from diffscope.graph.model.model import ModuleName, SourceChange
from diffscope.graph.model.names import is_native
from diffscope.source.model import RepoPath
from diffscope.test_ranking.question import Question, Sign, Values
from diffscope.test_ranking.words import NamedWords

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
