"""The input of test ranking, and its path signals: tests whose location or name resembles the change."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from enum import Enum
from functools import cached_property, lru_cache
from typing import Final

from diffscope.graph.history.history import ChangeHistory
from diffscope.graph.model import NodeKind, SourceChange
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.resolve import is_test_file
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.source.profile import places

_TOKEN: Final = lazy_regex(r"[A-Za-z]+|\d+")
_CAMEL: Final = lazy_regex(r"([a-z])([A-Z])")
_NUMBER: Final = lazy_regex(r"\(#\d+\)")
_EVERYWHERE: Final = frozenset({"tests", "test", "py", "init", "csrc", "cu", "cuh", "cpp", "h", "utils"})
_CLOSE: Final = 0.5
_SHORT: Final = 2
"""Letters. A word of the title that is no longer, or is a number, stands for too much to be a reason."""
_FEW: Final = 200
"""Tests. Where more of them differ, what is known of the others saves nothing."""


class PathSigns:
    """Measures ``PATH``, ``STEM`` and ``TITLE_PATH``."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._near: dict[RepoPath, float] = {}

    def measure(self) -> dict[Sign, Values]:
        """Return for each sign the tests that have it, and how much."""
        self._near = self._alike()
        return {Sign.PATH: self._near, Sign.STEM: self._named_after(), Sign.TITLE_PATH: self._titled()}

    def reason(self, sign: Sign, path: RepoPath) -> str:
        """Return why a test has a sign."""
        if sign is Sign.STEM:
            return f"is named after {short_name(self._stems[_subject(path)])}"
        if sign is Sign.TITLE_PATH:
            told = [
                word for word in self._title_tokens & _words_of(path) if len(word) > _SHORT and word.isalpha()
            ]
            word = max(told, key=lambda token: (self._words.rarity[token], token), default="")
            return f"its path has the title's {word}" if word else ""
        return "its path is alike" if self._near[path] > _CLOSE * max(self._near.values()) else ""

    def _alike(self) -> dict[RepoPath, float]:
        """The cosine of the words of both paths, each by its rarity among the tests."""
        words = self._words
        found: defaultdict[RepoPath, float] = defaultdict(float)
        for change in self._question.changes:
            tokens = [token for token in dict.fromkeys(_tokens(change.path)) if token in words.files]
            length = math.sqrt(sum(words.rarity[token] ** 2 for token in tokens)) or 1.0
            for token in tokens:
                value = self._question.parts[change.path] * words.rarity[token] ** 2 / length
                for path in words.files[token]:
                    found[path] += value
        return {path: value / words.length(path) for path, value in found.items()}

    def _named_after(self) -> Values:
        return {path: 1.0 for stem in self._stems for path in self._words.subjects.get(stem, ())}

    def _titled(self) -> Values:
        found: defaultdict[RepoPath, float] = defaultdict(float)
        for token in sorted(self._title_tokens):
            for path in self._words.files[token]:
                found[path] += self._words.rarity[token]
        return found

    @cached_property
    def _stems(self) -> dict[str, str]:
        return {_stem(change.path): change.path for change in self._question.changes}

    @cached_property
    def _title_tokens(self) -> set[str]:
        tokens = _tokens(_NUMBER.sub("", self._question.title))
        return {token for token in tokens if token in self._words.files}

    @cached_property
    def _words(self) -> PathWords:
        return path_words(self._question.tests)


class PathWords:
    """The words of the paths of all tests."""

    def __init__(self, tests: frozenset[RepoPath], before: PathWords | None = None) -> None:
        """``before`` are the words of nearly the same tests, which then take less time."""
        known = before if before and len(tests ^ before.tests) <= _FEW else None
        self.tests: frozenset[RepoPath] = tests
        self.files: defaultdict[str, set[RepoPath]] = defaultdict(set)
        """Word -> the tests with it in their path."""
        self.subjects: defaultdict[str, set[RepoPath]] = defaultdict(set)
        """``scheduler`` -> the tests called ``test_scheduler.py``."""
        self.folders: Counter[str] = Counter()
        """Folder -> how many tests lie in it."""
        if known:
            self.files.update({token: set(paths) for token, paths in known.files.items()})
            self.subjects.update({stem: set(paths) for stem, paths in known.subjects.items()})
            self.folders.update(known.folders)
        for path in known.tests - tests if known else ():
            self._drop(path)
        for path in tests - known.tests if known else tests:
            self._add(path)
        self.rarity = {
            token: math.log((len(tests) + 1) / (len(paths) + 0.5)) for token, paths in self.files.items()
        }
        self._lengths: dict[RepoPath, float] = {}

    def length(self, path: RepoPath) -> float:
        """Return the length of the words of a test as a vector of rarities."""
        known = self._lengths.get(path)
        if known is None:
            squares = sum(self.rarity[token] ** 2 for token in sorted(_words_of(path)))
            known = self._lengths[path] = math.sqrt(squares) or 1.0
        return known

    def _add(self, path: RepoPath) -> None:
        for token in _words_of(path):
            self.files[token].add(path)
        self.subjects[_subject(path)].add(path)
        self.folders[path.rpartition("/")[0]] += 1

    def _drop(self, path: RepoPath) -> None:
        for token in _words_of(path):
            self.files[token].discard(path)
            if not self.files[token]:
                del self.files[token]
        self.subjects[_subject(path)].discard(path)
        self.folders[path.rpartition("/")[0]] -= 1


_last: list[PathWords] = []


def path_words(tests: frozenset[RepoPath]) -> PathWords:
    """Return the words of the paths of tests. One change after the other asks for the same tests, or nearly so."""
    if not _last or _last[0].tests != tests:
        _last[:] = [PathWords(tests, _last[0] if _last else None)]
    return _last[0]


def _words_of(path: RepoPath) -> frozenset[str]:
    return _words_below(path, places().tests)


@lru_cache(maxsize=4_096)
def _words_below(path: RepoPath, folders: tuple[str, ...]) -> frozenset[str]:
    folder = next((each for each in folders if path.startswith(each)), "")
    # No word goes over a slash, and many tests lie in one folder.
    above, _, name = path.removeprefix(folder).rpartition("/")
    return frozenset((*_tokens(above), *_tokens(name)))


def _tokens(text: str) -> tuple[str, ...]:
    return _tokens_without(text, places().own)


@lru_cache(maxsize=1_024)
def _tokens_without(text: str, own: frozenset[str]) -> tuple[str, ...]:
    """Return the words of a text that tell something; ``own`` are the names of the repository's packages, which all paths share."""
    is_plain = text.islower()  # as nearly every name of a test
    words = _TOKEN.findall(text if is_plain else _CAMEL.sub(r"\1_\2", text))
    words = words if is_plain else [word.lower() for word in words]
    return tuple(word for word in words if word not in _EVERYWHERE and word not in own)


def _subject(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py").removeprefix("test_")


def _stem(path: str) -> str:
    parts = path.split("/")
    name = parts[-1].rpartition(".")[0]
    return parts[-2] if name == "__init__" and len(parts) > 1 else name


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
