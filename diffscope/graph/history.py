"""What changed together in the past: first-parent commits with their files, as seen from any commit of theirs and never from a later one."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Final, NamedTuple

from diffscope.graph.history_store import StoredHistory, subject_words
from diffscope.graph.tables import read_numbers
from diffscope.graph.words import TestWords

_MOST_FILES: Final = 120
"""A commit that touches more is a sweep (a formatter, a move of everything) and ties nothing to anything."""
_MOST_ALIKE: Final = 600
_COMMON_WORD: Final = 300
_DAY: Final = 86_400
DEPTH: Final = 540 * _DAY
"""Seconds. What is older counts for nothing, however far back the stored history goes."""


class Past(NamedTuple):
    """How often a path changed, weighted by age, and how often each other path changed with it."""

    weight: float
    together: dict[str, float]


class PastChange(NamedTuple):
    """One commit of the past: its subject, its age in whole days, and the paths that it touched, by their names now."""

    subject: str
    days: int
    paths: tuple[str, ...]


class ChangeHistory:
    """A history as of one of its commits: what came later is not there."""

    def __init__(self, stored: StoredHistory, *, last: int, now: int, half_life_days: float = 180.0) -> None:
        """``last`` is the number of the last commit that counts, ``now`` the time that ages are counted from."""
        self._stored = stored
        self._last = last
        self._now = now
        self._half_life = half_life_days * _DAY

    def __len__(self) -> int:
        return self._last + 1

    def past(self, paths: Iterable[str], wanted: frozenset[str]) -> Past:
        """Return the past of some paths taken as one, and which of the ``wanted`` paths changed with them."""
        total = 0.0
        together: defaultdict[str, float] = defaultdict(float)
        for commit in self._commits_of(paths):
            weight = self.weight(commit)
            total += weight
            others = {name for name in self._names(commit) if name in wanted}
            # A test among many that changed at a time says less than one that changed alone.
            share = weight / (1 + 0.15 * max(0, len(others) - 1))
            for name in others:
                together[name] += share
        return Past(total, dict(together))

    def activity(self, path: str) -> float:
        """Return how often a path changed, weighted by age."""
        return sum(self.weight(commit) for commit in self._commits_of([path]))

    def recent(self, days: int) -> Iterator[PastChange]:
        """Yield the commits of so many days back, newest first."""
        for commit in range(self._last, -1, -1):
            age = self._now - self._times[commit]
            if age > days * _DAY:
                return
            yield PastChange(
                self._stored.subjects[commit], max(0, age) // _DAY, tuple(sorted(self._names(commit)))
            )

    def similar(self, files: Mapping[str, float], subject: str, wanted: frozenset[str]) -> dict[str, float]:
        """Return how often each of the ``wanted`` paths changed in commits like this one.

        Alike are commits that touch the same files (``files``: path -> its part of the change) and whose subjects share rare words;
        each votes by the square of its likeness, halved every half a life.
        """
        likeness = self._likeness(files, subject)
        votes: defaultdict[str, float] = defaultdict(float)
        for commit, likely in likeness.items():
            names = [name for name in self._names(commit) if name in wanted]
            for name in names:
                votes[name] += likely * likely * self.weight(commit) / (1 + 0.3 * (len(names) - 1))
        return dict(votes)

    def _likeness(self, files: Mapping[str, float], subject: str) -> dict[int, float]:
        likeness: defaultdict[int, float] = defaultdict(float)
        for path, part in sorted(files.items()):
            commits = self._commits_of([path])
            for commit in commits[-_MOST_ALIKE:]:
                likeness[commit] += (
                    (0.5 + part) * self._rarity(len(commits)) / math.sqrt(1 + self._size(commit))
                )
        for word in sorted(subject_words(subject)):
            commits = [int(each) for each in self._words.naming(word)]
            commits = [
                each for each in commits if self._first <= each <= self._last and each not in self._sweeps
            ]
            if len(commits) <= _COMMON_WORD:
                for commit in commits:
                    shared = math.sqrt(1 + len(subject_words(self._stored.subjects[commit])))
                    likeness[commit] += 0.5 * self._rarity(len(commits)) / shared
        return likeness

    def _rarity(self, count: int) -> float:
        return math.log((self._last + 2) / (count + 1))

    def weight(self, commit: int) -> float:
        """Return what a commit counts: 1 now, half after half a life."""
        return float(0.5 ** (max(0, self._now - self._times[commit]) / self._half_life))

    def _commits_of(self, paths: Iterable[str]) -> list[int]:
        found: set[int] = set()
        for path in paths:
            for name in (path, *self._earlier.get(path, ())):
                number = self._number(name)
                if number >= 0:
                    first = self._places[number - 1] if number else 0
                    found.update(self._touched[first : self._places[number]])
        return sorted(
            commit for commit in found if self._first <= commit <= self._last and commit not in self._sweeps
        )

    @cached_property
    def _first(self) -> int:
        """The first commit that is not too old."""
        oldest = self._now - DEPTH
        return next((at + 1 for at in range(self._last, -1, -1) if self._times[at] < oldest), 0)

    @cached_property
    def _sweeps(self) -> frozenset[int]:
        sizes = zip(self._ends, chain((0,), self._ends), strict=False)
        return frozenset(at for at, (end, start) in enumerate(sizes) if end - start > _MOST_FILES)

    def _size(self, commit: int) -> int:
        return self._ends[commit] - (self._ends[commit - 1] if commit else 0)

    def _names(self, commit: int) -> Iterator[str]:
        """Yield the paths that a commit touched, under the names that they have now."""
        first = self._ends[commit - 1] if commit else 0
        for number in self._files[first : self._ends[commit]]:
            name = self._stored.paths[number]
            yield self._later.get(name, name)

    def _number(self, path: str) -> int:
        return self._numbers.get(path, -1)

    @cached_property
    def _words(self) -> TestWords:
        return TestWords(self._stored.words)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {path: number for number, path in enumerate(self._stored.paths)}

    @cached_property
    def _later(self) -> dict[str, str]:
        """Old name -> name now, of every path that was renamed up to now."""
        later: dict[str, str] = {}
        earlier: dict[str, list[str]] = {}
        triples = iter(read_numbers(self._stored.renames))
        for commit, old, new in zip(triples, triples, triples, strict=True):
            if commit > self._last:
                break
            before, after = self._stored.paths[old], self._stored.paths[new]
            moved = [before, *earlier.pop(before, [])]
            earlier.setdefault(after, []).extend(moved)
            later.update(dict.fromkeys(moved, after))
            later.pop(after, None)
        return later

    @cached_property
    def _earlier(self) -> dict[str, list[str]]:
        earlier: dict[str, list[str]] = {}
        for old, new in self._later.items():
            earlier.setdefault(new, []).append(old)
        return earlier

    @cached_property
    def _times(self) -> array[int]:
        return read_numbers(self._stored.times)

    @cached_property
    def _ends(self) -> array[int]:
        return read_numbers(self._stored.ends)

    @cached_property
    def _files(self) -> array[int]:
        return read_numbers(self._stored.files)

    @cached_property
    def _places(self) -> array[int]:
        return read_numbers(self._stored.places)

    @cached_property
    def _touched(self) -> array[int]:
        return read_numbers(self._stored.touched)
