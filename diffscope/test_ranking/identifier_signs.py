"""Identifier signals of test ranking: tests that mention names of the change."""

from __future__ import annotations

import keyword
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from diffscope.graph.history.store import subject_words
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.test_ranking.paths import Question, Sign, Values

_COMMON: Final = 0.15
"""A word in a larger part of all tests tells nothing,"""
_COMMON_GONE: Final = 0.3
"""unless it is no more: then they all have to change."""
_MOST_WORDS: Final = 3_000
_SHOWN: Final = 3
_NAME: Final = lazy_regex(r"[a-z0-9][A-Z]|[A-Za-z0-9]_|[A-Z]{2}")
"""Found in words that are no English."""
_SNAKE: Final = lazy_regex(r"[A-Za-z_]\w+")

_TELL_NOTHING: Final = frozenset({
    *keyword.kwlist, "Args", "Example", "Examples", "FIXME", "NOTE", "Note", "Notes", "Raises", "Returns",
    "TODO", "Yields", "kwargs",
})  # fmt: skip
"""What sources are laid out with, whatever they are about. Names with two underscores around them belong here too."""
_SHORT: Final = 2
"""Letters. A word of the title that is no longer stands for too much to be a reason,"""
_SAYS_LITTLE: Final = frozenset([
    "after", "all", "also", "before", "into", "make", "missing", "more", "new", "only", "that", "this", "via",
    "without",
])  # fmt: skip
"""and so do these, which titles are made of."""

Named = tuple[Sequence[RepoPath], float]
"""The tests that name a word, and the word's rarity."""


class NamedWords:
    """Looks up which tests name a word; each word once."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._words = question.graph.test_words
        self._known: dict[str, Named] = {}
        self._lengths: dict[RepoPath, float] = {}

    def naming(self, word: str, part: float = _COMMON) -> Named:
        """Return the tests that name a word; none for a word that more than a ``part`` of all tests name."""
        if self._words is None:
            return (), 0.0
        tests = self._question.tests
        known = self._known.get(word)
        if known is None:
            if self._words.is_in_more_than(2 * part * len(tests), word):
                return (), 0.0
            paths = [path for path in self._words.naming(word) if path in tests]
            known = self._known[word] = paths, math.log((len(tests) + 1) / max(1, len(paths)))
        return known if len(known[0]) <= part * len(tests) else ((), 0.0)

    def length(self, path: RepoPath) -> float:
        """Return how long a test is, 1 for the mean: a long one shares words with everything."""
        words = self._words
        if path not in self._lengths and words is not None:
            self._lengths[path] = 0.4 + 0.6 * words.size(path) / words.mean_size
        return self._lengths.get(path, 1.0)


class WordSigns:
    """Measures ``NAMES``, ``WORDS``, ``GONE`` and ``TITLE_WORDS``."""

    def __init__(self, question: Question, words: NamedWords) -> None:
        self._question = question
        self._words = words
        self._told: dict[Sign, dict[RepoPath, list[str]]] = {}

    def measure(self) -> dict[Sign, Values]:
        """Return for each sign the tests that have it, and how much."""
        return {
            Sign.NAMES: self._names(),
            Sign.WORDS: self._shared(),
            Sign.GONE: self._gone(),
            Sign.TITLE_WORDS: self._titled(),
        }

    def reason(self, sign: Sign, path: RepoPath) -> str:
        """Return why a test has a sign."""
        words = self._rarest(sign).get(path, [])
        if sign is Sign.NAMES:
            return f"names {words[0]}"
        if sign is Sign.TITLE_WORDS:
            told = (word for word in words if len(word) > _SHORT and word.lower() not in _SAYS_LITTLE)
            word = next(told, "")
            return f"names the title's {word}" if word else ""
        named = [word for word in words if _NAME.search(word)]
        shown = ", ".join((named or words)[:_SHOWN])
        return f"names what goes: {shown}" if sign is Sign.GONE else f"shares {shown}"

    def _names(self) -> Values:
        found: dict[RepoPath, float] = {}
        for word in self._symbols():
            paths, rarity = self._words.naming(word)
            for path in paths:
                if rarity > found.get(path, 0.0):
                    found[path] = rarity
        return found

    def _shared(self) -> Values:
        """Each file counts by its part of the change, whatever the number of its words."""
        found: defaultdict[RepoPath, float] = defaultdict(float)
        for change in self._question.changes:
            near: defaultdict[RepoPath, float] = defaultdict(float)
            for word in sorted(filter(_tells, change.words))[:_MOST_WORDS]:
                paths, rarity = self._words.naming(word)
                value = rarity * rarity
                for path in paths:
                    near[path] += value
            scaled = {path: value / self._words.length(path) for path, value in near.items()}
            most = max(scaled.values(), default=1.0)
            for path, value in scaled.items():
                found[path] += self._question.parts[change.path] * value / most
        return found

    def _gone(self) -> Values:
        found: defaultdict[RepoPath, float] = defaultdict(float)
        for word in self._lost():
            paths, rarity = self._words.naming(word, _COMMON_GONE)
            for path in paths:
                found[path] += rarity * rarity
        return {path: value / math.sqrt(self._words.length(path)) for path, value in found.items()}

    def _titled(self) -> Values:
        found: defaultdict[RepoPath, float] = defaultdict(float)
        for form in sorted(_forms(self._question.title)):
            paths, rarity = self._words.naming(form)
            for path in paths:
                found[path] += rarity / self._words.length(path)
        return found

    def _symbols(self) -> list[str]:
        last = {symbol.rpartition(".")[2] for change in self._question.changes for symbol in change.symbols}
        return sorted(word for word in last if len(word) > 2 and not word.startswith("__"))

    def _lost(self) -> list[str]:
        return sorted({word for change in self._question.changes for word in change.gone if _tells(word)})

    def _rarest(self, sign: Sign) -> dict[RepoPath, list[str]]:
        """Return for each of the chosen tests the words that it has of those that a sign looks for: names first, rarest first."""
        if sign not in self._told:
            found: defaultdict[RepoPath, list[tuple[bool, float, str]]] = defaultdict(list)
            part = _COMMON_GONE if sign is Sign.GONE else _COMMON
            for word in self._looked_for(sign):
                paths, rarity = self._words.naming(word, part)
                for path in self._question.chosen.intersection(paths):
                    found[path].append((not _NAME.search(word), -rarity, word))
            self._told[sign] = {path: [word for *_, word in sorted(words)] for path, words in found.items()}
        return self._told[sign]

    def _looked_for(self, sign: Sign) -> Iterable[str]:
        if sign is Sign.NAMES:
            return self._symbols()
        if sign is Sign.GONE:
            return self._lost()
        if sign is Sign.TITLE_WORDS:
            return _forms(self._question.title)
        return {word for change in self._question.changes for word in change.words if _tells(word)}


def _tells(word: str) -> bool:
    return len(word) > 3 and word not in _TELL_NOTHING and not (word.startswith("__") and word.endswith("__"))


def _forms(title: str) -> set[str]:
    written = {word for word in _SNAKE.findall(title) if "_" in word}
    return {
        form for word in subject_words(title) | written for form in (word, word.capitalize(), word.upper())
    }
