"""Signs of nearness from paths: which tests lie, or are called, like what changed."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from diffscope.graph.nearness_question import Question, Sign, Values
from diffscope.source.values import RepoPath

_TOKEN: Final = re.compile(r"[A-Za-z]+|\d+")
_CAMEL: Final = re.compile(r"([a-z])([A-Z])")
_NUMBER: Final = re.compile(r"\(#\d+\)")
_EVERYWHERE: Final = frozenset(
    {"vllm", "tests", "test", "py", "init", "csrc", "cu", "cuh", "cpp", "h", "utils"}
)
_CLOSE: Final = 0.5


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
            return f"is named after {self._stems[_subject(path)].rpartition('/')[2]}"
        if sign is Sign.TITLE_PATH:
            own = set(_tokens(path.removeprefix("tests/")))
            word = max(self._title_tokens & own, key=lambda token: (self._words.rarity[token], token))
            return f"its path has the title's {word}"
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
        return {path: value / words.lengths[path] for path, value in found.items()}

    def _named_after(self) -> Values:
        by_subject = self._words.subjects
        return {path: 1.0 for stem in self._stems for path in by_subject.get(stem, ())}

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


class PathWords(NamedTuple):
    """The words of the paths of all tests."""

    files: dict[str, list[RepoPath]]
    rarity: dict[str, float]
    lengths: dict[RepoPath, float]
    """Path -> the length of its words as a vector of rarities."""
    subjects: dict[str, list[RepoPath]]
    """``scheduler`` -> the tests called ``test_scheduler.py``."""
    folders: Counter[str]
    """Folder -> how many tests lie in it."""


@lru_cache(maxsize=4)
def path_words(tests: frozenset[RepoPath]) -> PathWords:
    """Return the words of the paths of tests. One change after the other asks for the same tests."""
    files: dict[str, list[RepoPath]] = {}
    subjects: dict[str, list[RepoPath]] = {}
    ordered = sorted(tests)
    for path in ordered:
        for token in set(_tokens(path.removeprefix("tests/"))):
            files.setdefault(token, []).append(path)
        subjects.setdefault(_subject(path), []).append(path)
    rarity = {token: math.log((len(tests) + 1) / (len(paths) + 0.5)) for token, paths in files.items()}
    squares: defaultdict[RepoPath, float] = defaultdict(float)
    for token in sorted(files):
        for path in files[token]:
            squares[path] += rarity[token] ** 2
    lengths = {path: math.sqrt(squares[path]) or 1.0 for path in ordered}
    return PathWords(files, rarity, lengths, subjects, Counter(path.rpartition("/")[0] for path in ordered))


@lru_cache(maxsize=8_192)
def _tokens(text: str) -> tuple[str, ...]:
    words = (word.lower() for word in _TOKEN.findall(_CAMEL.sub(r"\1_\2", text)))
    return tuple(word for word in words if word not in _EVERYWHERE)


def _subject(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py").removeprefix("test_")


def _stem(path: str) -> str:
    parts = path.split("/")
    name = parts[-1].rpartition(".")[0]
    return parts[-2] if name == "__init__" and len(parts) > 1 else name
