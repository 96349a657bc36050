"""A stored history opened for questions: what does not depend on the commit that one asks from is worked out once and kept."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain, islice
from operator import le
from typing import Final, NamedTuple

from diffscope.graph.history.store import EditIndex, StoredHistory, subject_words
from diffscope.graph.resolve import is_test_file
from diffscope.graph.tables import read_numbers
from diffscope.graph.word_index import TestWords
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places

_MOST_FILES: Final = 120
_BLOCK: Final = 512
"""A commit that touches more is a sweep (a formatter, a move of everything) and ties nothing to anything."""
_NUMBER: Final = lazy_regex(r"\(#(\d+)\)\s*$")
_OPEN: Final = 2
_KEPT: Final = 4
_MOST_KEPT: Final = 5_000
_MOST_FOLDERS: Final = 500


class Names(NamedTuple):
    """Which path goes by which name, by the renames from one commit to another."""

    later: Mapping[str, str]
    """Old name -> name now, of every path that was renamed in that time."""
    earlier: Mapping[str, tuple[str, ...]]
    """Name now -> old names."""
    moved_in: Mapping[str, tuple[str, ...]]
    """Folder -> old names of what lies in it now and once lay elsewhere."""


class HistoryIndex:
    """One stored history. Paths and commits are numbers; paths go by the names they had."""

    def __init__(self, stored: StoredHistory) -> None:
        self.stored = stored
        self.times = read_numbers(stored.times)
        self.ends = read_numbers(stored.ends)
        self._files = read_numbers(stored.files)
        self._places = read_numbers(stored.places)
        self._touched = read_numbers(stored.touched)
        self._tests: dict[int, tuple[int, ...]] = {}
        self._are_tests: dict[int, bool] = {}
        self._subject_sizes: dict[int, int] = {}
        self._named: dict[str, tuple[int, ...]] = {}
        self._merging: dict[int, tuple[int, ...]] = {}
        self._said: dict[tuple[re.Pattern[str], int], tuple[int, ...]] = {}
        self._together: dict[tuple[int, ...], list[int]] = {}
        self._folders: dict[str, tuple[int, ...]] = {}
        self._names: OrderedDict[tuple[int, int], Names] = OrderedDict()

    @cached_property
    def edits(self) -> EditIndex:
        """What each commit did to each path."""
        return EditIndex(self.stored.edits)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Path -> number."""
        return {path: number for number, path in enumerate(self.stored.paths)}

    def first_since(self, time: int, last: int) -> int:
        """Return the first commit from which on none up to ``last`` is older than a time; ``last + 1`` where that one is.

        Asked of the commits up to ``last`` alone: what else the history holds, earlier or later, changes no answer.
        """
        if self._is_in_order:
            return bisect_left(self.times, time, 0, last + 1)
        older = (at for at in range(last, -1, -1) if self.times[at] < time)
        return next(older, -1) + 1

    @cached_property
    def _is_in_order(self) -> bool:
        return all(map(le, self.times, islice(self.times, 1, None)))

    @cached_property
    def sweeps(self) -> frozenset[int]:
        """Commits that touch too much."""
        sizes = zip(self.ends, chain((0,), self.ends), strict=False)
        return frozenset(at for at, (end, start) in enumerate(sizes) if end - start > _MOST_FILES)

    @cached_property
    def _words(self) -> TestWords:
        return TestWords(self.stored.words)

    def speaking_of(self, subject: re.Pattern[str], first: int, last: int) -> Iterator[int]:
        """Yield the commits from ``last`` back to ``first`` whose subjects have a pattern, newest first."""
        for block in range(last // _BLOCK, first // _BLOCK - 1, -1):
            yield from (commit for commit in self._speaking(subject, block) if first <= commit <= last)

    def _speaking(self, subject: re.Pattern[str], block: int) -> tuple[int, ...]:
        """Return those of a block, newest first; kept, for every change asks for the same patterns."""
        known = self._said.get((subject, block))
        if known is None:
            subjects = self.stored.subjects[block * _BLOCK : (block + 1) * _BLOCK]
            found = [at for at, text in enumerate(subjects, block * _BLOCK) if subject.search(text)]
            known = self._said[subject, block] = tuple(reversed(found))
        return known

    def merging(self, number: int) -> tuple[int, ...]:
        """Return the commits that merged a pull request, oldest first."""
        known = self._merging.get(number)
        if known is None:
            mark = f"(#{number})"
            known = self._merging[number] = tuple(
                commit
                for commit in self._saying(mark)
                if (end := _NUMBER.search(self.stored.subjects[commit])) and int(end[1]) == number
            )
        return known

    def _saying(self, words: str) -> Iterator[int]:
        """Yield the commits whose subjects hold some words, oldest first."""
        commit, seen = 0, 0
        while (found := self._subjects.find(words, seen)) >= 0:
            commit += self._subjects.count("\n", seen, found)
            yield commit
            commit, seen = commit + 1, self._subjects.find("\n", found) + 1
            if not seen:
                return

    @cached_property
    def _subjects(self) -> str:
        """All subjects, one a line: to look through them at once is ten times as fast as one by one."""
        return "\n".join(self.stored.subjects)

    def size(self, commit: int) -> int:
        """Return how many paths a commit touched."""
        return self.ends[commit] - (self.ends[commit - 1] if commit else 0)

    def files(self, commit: int) -> array[int]:
        """Return the paths that a commit touched."""
        return self._files[self.ends[commit - 1] if commit else 0 : self.ends[commit]]

    def tests(self, commit: int) -> tuple[int, ...]:
        """Return those of them that were test files."""
        known = self._tests.get(commit)
        if known is None:
            known = self._tests[commit] = tuple(filter(self._is_test, self.files(commit)))
        return known

    def named(self, word: str) -> tuple[int, ...]:
        """Return the commits, sweeps left out, whose subjects have a word, oldest first."""
        known = self._named.get(word)
        if known is None:
            if len(self._named) > _MOST_KEPT:
                self._named.clear()
            found = map(int, self._words.naming(word))
            known = self._named[word] = tuple(commit for commit in found if commit not in self.sweeps)
        return known

    def touching_any(self, numbers: tuple[int, ...]) -> list[int]:
        """Return the commits, sweeps left out, that touched any of some paths, oldest first; kept, for folders are asked again and again."""
        known = self._together.get(numbers)
        if known is None:
            found: set[int] = set()
            for number in numbers:
                found.update(self._touched[self._places[number - 1] if number else 0 : self._places[number]])
            if len(self._together) > _MOST_FOLDERS:
                self._together.clear()
            known = self._together[numbers] = sorted(found - self.sweeps)
        return known

    def subject_size(self, commit: int) -> int:
        """Return how many telling words a subject has."""
        known = self._subject_sizes.get(commit)
        if known is None:
            known = self._subject_sizes[commit] = len(subject_words(self.stored.subjects[commit]))
        return known

    def in_folder(self, folder: str) -> tuple[int, ...]:
        """Return the paths that lay directly in a folder."""
        known = self._folders.get(folder)
        if known is None:
            paths, start = self.stored.paths, f"{folder}/"
            below = range(bisect_left(paths, start), bisect_left(paths, f"{folder}0"))
            known = tuple(number for number in below if "/" not in paths[number][len(start) :])
            self._folders[folder] = known
        return known

    def names(self, first: int, last: int) -> Names:
        """Return the names as of the commit ``last``, by the renames since ``first``.

        A rename before that is passed over: the history may hold it or not, and its old path may be somebody else's by now.
        """
        triples = bisect_left(self._renaming, first), bisect_right(self._renaming, last)
        if triples in self._names:
            self._names.move_to_end(triples)
        else:
            self._names[triples] = self._follow(*triples)
            if len(self._names) > _KEPT:
                self._names.popitem(last=False)
        return self._names[triples]

    def _follow(self, start: int, end: int) -> Names:
        later: dict[str, str] = {}
        earlier: dict[str, list[str]] = {}
        for at in range(start, end):
            before, after = (self.stored.paths[self._renames[3 * at + side]] for side in (1, 2))
            names = [before, *earlier.pop(before, [])]
            earlier.setdefault(after, []).extend(names)
            later.update(dict.fromkeys(names, after))
            later.pop(after, None)
        turned: dict[str, list[str]] = {}
        moved: dict[str, list[str]] = {}
        for old, new in later.items():
            turned.setdefault(new, []).append(old)
            folder = new.rpartition("/")[0]
            if old.rpartition("/")[0] != folder:
                moved.setdefault(folder, []).append(old)
        return Names(later, _frozen(turned), _frozen(moved))

    def _is_test(self, number: int) -> bool:
        known = self._are_tests.get(number)
        if known is None:
            path = self.stored.paths[number]
            known = self._are_tests[number] = places().is_test(path) and is_test_file(path)
        return known

    @cached_property
    def _renames(self) -> array[int]:
        return read_numbers(self.stored.renames)

    @cached_property
    def _renaming(self) -> array[int]:
        return self._renames[::3]


def _frozen(lists: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(names) for key, names in lists.items()}


_opened: list[HistoryIndex] = []
"""The histories asked last. A batch asks the same one for each of its changes."""


def open_index(stored: StoredHistory) -> HistoryIndex:
    """Return the index of a stored history, the same one while it is in use."""
    for at, index in enumerate(_opened):
        if index.stored is stored:
            _opened.insert(0, _opened.pop(at))
            return index
    _opened.insert(0, HistoryIndex(stored))
    del _opened[_OPEN:]
    return _opened[0]
