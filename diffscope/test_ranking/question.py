"""The input of test ranking: one change, the graph of its base, and what all signals need of both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from functools import cached_property
from typing import Final

from diffscope.graph.history.history import ChangeHistory
from diffscope.graph.model import NodeKind, SourceChange
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.resolve import is_test_file
from diffscope.source.model import RepoPath

Values = Mapping[RepoPath, float]
"""How much of a sign each test has; tests without it are left out."""

_TEST: Final = tuple(NodeKind).index(NodeKind.TEST)


class Sign(Enum):
    """A way of being near."""

    IMPORTS = "imports"
    """Imports a changed module; the fewer tests do, the more."""
    REACHES = "reaches"
    """Imports it within three steps."""
    CALLS = "calls"
    """Imports a changed module and names what changed in it."""
    MOVED = "moved"
    """Imports a module that moves or goes."""
    NAMES = "names"
    """Names a changed symbol; the rarest counts."""
    WORDS = "words"
    """Shares rare identifiers with the changed lines, in proportion to its size."""
    GONE = "gone"
    """Names identifiers that the change takes away and does not bring back."""
    PATH = "path"
    """Lies in a folder, or has a name, of the same words."""
    STEM = "stem"
    """Is called ``test_x.py`` where ``x`` changed."""
    TOGETHER = "together"
    """Changed in the past when the changed files did."""
    ALIKE = "alike"
    """Changed in past commits like this one."""
    FOLDER = "folder"
    """Lies in a folder that changed in the past when the changed folders did."""
    TITLE_PATH = "title-path"
    """Its path has words of the title."""
    TITLE_WORDS = "title-words"
    """It names words of the title."""


class Question:
    """One change as the signs ask about it."""

    def __init__(
        self, changes: tuple[SourceChange, ...], graph: ModuleGraph, history: ChangeHistory | None, title: str
    ) -> None:
        self.changes = tuple(sorted(changes, key=lambda change: change.path))
        self.graph = graph
        self.history = history
        self.title = title
        total = sum(math.log1p(change.lines) for change in self.changes)
        even = 1 / max(1, len(self.changes))
        self.parts: dict[str, float] = {
            change.path: math.log1p(change.lines) / total if total else even for change in self.changes
        }
        """Path -> its part of the change, by the logarithm of its lines."""
        self.chosen: frozenset[RepoPath] = frozenset()
        """The tests that reasons are asked for."""

    @cached_property
    def tests(self) -> frozenset[RepoPath]:
        """The test files of the base."""
        tables = self.graph.tables
        return frozenset(
            RepoPath(path)
            for path, kind in zip(tables.paths, tables.kinds, strict=True)
            if kind == _TEST and is_test_file(path)
        )

    def rarity(self, count: int) -> float:
        """Return what it says that so few tests have something."""
        return math.log((len(self.tests) + 1) / (count + 0.5))


def short_name(path: str) -> str:
    """Return the name of a file as people call it; that of a package with its folder."""
    folder, _, name = path.rpartition("/")
    return f"{folder.rpartition('/')[2]}/{name}" if name == "__init__.py" else name
