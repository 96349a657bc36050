"""Signs of nearness from history: which tests changed when such files did."""

from __future__ import annotations

import math
from collections import defaultdict

from diffscope.graph.history.history import ChangeHistory
from diffscope.source.model import RepoPath
from diffscope.test_ranking.paths import path_words
from diffscope.test_ranking.question import Question, Sign, Values, short_name


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
