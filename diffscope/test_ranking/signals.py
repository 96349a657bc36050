"""The signs by which a test is near to a change, each on its own scale, with a sentence for each."""

from __future__ import annotations

from collections.abc import Iterable

from diffscope.graph.history.history import ChangeHistory
from diffscope.graph.model.model import SourceChange
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import RepoPath
from diffscope.test_ranking.co_change import PastSigns
from diffscope.test_ranking.imports import ImportSigns
from diffscope.test_ranking.paths import PathSigns
from diffscope.test_ranking.question import Question, Sign, Values
from diffscope.test_ranking.words import NamedWords, WordSigns


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
        """Return why a chosen test has a sign, as a clause: ``imports vllm.v1.core.sched.scheduler``; empty for what is no reason."""
        source = self._sources.get(sign)
        return source.reason(sign, path) if source else ""
