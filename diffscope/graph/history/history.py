"""What changed together in the past: first-parent commits with their files, as seen from any commit of theirs and never from a later one; which commits fix an earlier one."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from diffscope.graph.history.index import HistoryIndex, Names, open_index
from diffscope.graph.history.store import Edit, StoredHistory, find_commit, subject_words
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places

_MOST_ALIKE: Final = 600
_COMMON_WORD: Final = 300
_FOLDER: Final = 0.3
"""What a common folder counts in the likeness of two commits, where a common file counts 1."""
_WORD: Final = 0.5
_DAY: Final = 86_400
_PULL: Final = lazy_regex(r"\(#(\d{1,9})\)\s*$")
DEPTH: Final = 540 * _DAY
"""Seconds. What is older counts for nothing, however far back the stored history goes."""


Contents = Callable[[Sequence[str]], Mapping[str, bytes | None]]
"""Gives the contents of blobs by the first digits of their ids."""


class Past(NamedTuple):
    """How often a path changed, weighted by age, and how often each test changed with it."""

    weight: float
    together: dict[str, float]


class Companion(NamedTuple):
    """A path that changed ``times`` times together with another one."""

    path: str
    times: int


class Companions(NamedTuple):
    """How often a path changed, and what changed with it, most often first."""

    times: int
    paths: tuple[Companion, ...]


class PastChange:
    """One commit of the past: its place in the history, its subject, its age in whole days, and what it touched."""

    def __init__(self, commit: int, subject: str, days: int, history: ChangeHistory) -> None:
        self.commit = commit
        self.subject = subject
        self.days = days
        self._history = history

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Of product code and tests, by their names now, sorted; looked up when asked, for most of the past is passed over by its subjects."""
        return self._history.paths_of(self.commit)

    @cached_property
    def edits(self) -> tuple[Edit, ...]:
        """What it did to every path, by the names of then; nothing for a sweep."""
        return self._history.edits_of(self.commit)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Every path that it touched: ``paths``, and those of other folders."""
        return tuple(sorted({*self.paths, *(edit.path for edit in self.edits if edit.after)}))

    @property
    def number(self) -> int | None:
        """The pull request that it merged, by the end of its subject."""
        found = _PULL.search(self.subject)
        return int(found[1]) if found else None


class ChangeHistory:
    """A history as of one of its commits: what came later is not there."""

    def __init__(
        self,
        stored: StoredHistory,
        *,
        last: int,
        now: int,
        half_life_days: float = 180.0,
        read: Contents | None = None,
    ) -> None:
        """``last`` is the number of the last commit that counts, ``now`` the time that ages are counted from.

        ``read`` gives contents by the first digits of their ids.
        """
        self._read = read
        self._index: HistoryIndex = open_index(stored)
        self._last = last
        self._now = now
        self._half_life = half_life_days * _DAY
        self._shrink = 2.0 ** (-now / self._half_life)
        self._folders: dict[int, str] = {}

    def __len__(self) -> int:
        return self._last + 1

    def reaches_back(self, days: int) -> bool:
        """Say whether it holds a commit so many days back or older: what is younger is not all there was, or all there is."""
        return self._last >= 0 and self._index.times[0] <= self._now - days * _DAY

    def past(self, paths: Iterable[str], wanted: Collection[str]) -> Past:
        """Return the past of some paths taken as one, and which of the ``wanted`` tests changed with them."""
        total = 0.0
        together: defaultdict[int, float] = defaultdict(float)
        for commit in self._commits_of(paths):
            weight = self.weight(commit)
            total += weight
            tests = [number for number in self._index.tests(commit) if self._now_called(number) in wanted]
            # A test among many that changed at a time says less than one that changed alone.
            share = weight / (1 + 0.15 * max(0, len(tests) - 1))
            for number in tests:
                together[number] += share
        return Past(total, self._named(together, wanted))

    def recent(self, days: int, subject: re.Pattern[str]) -> Iterator[PastChange]:
        """Yield the commits of so many days back whose subjects have a pattern, newest first."""
        for commit in self._index.speaking_of(subject, self._first, self._last):
            if self._now - self._index.times[commit] > days * _DAY:
                return
            yield self._past(commit)

    def merged(self, number: int, days: int) -> PastChange | None:
        """Return the commit that merged a pull request so many days back at most; ``None`` where there is none."""
        merges = self._index.merging(number)
        known = merges[bisect_left(merges, self._first) : bisect_right(merges, self._last)]
        if not known or self._now - self._index.times[known[-1]] > days * _DAY:
            return None
        return self._past(known[-1])

    def _past(self, commit: int) -> PastChange:
        age = max(0, self._now - self._index.times[commit]) // _DAY
        return PastChange(commit, self._index.stored.subjects[commit], age, self)

    def committed(self, digits: str, days: int) -> PastChange | None:
        """Return the commit whose id begins with some digits, so many days back at most; ``None`` where there is none."""
        found = find_commit(self._index.stored, digits[: len(digits) // 2 * 2])
        if not self._first <= found <= self._last or self._now - self._index.times[found] > days * _DAY:
            return None
        return self._past(found)

    def edited(self, path: str, days: int) -> Iterator[tuple[PastChange, Edit]]:
        """Yield the commits of so many days back that edited a path of that name, newest first, each with what it did."""
        for commit, edit in self._index.edits.of_path(path, self._first, self._last):
            if self._now - self._index.times[commit] > days * _DAY:
                return
            yield self._past(commit), edit

    def contents(self, blobs: Collection[str]) -> dict[str, bytes]:
        """Return contents by the first digits of their blob ids, those that are available."""
        found = self._read(sorted(blobs)) if self._read is not None and blobs else {}
        return {blob: data for blob, data in found.items() if data is not None}

    def edits_of(self, commit: int) -> tuple[Edit, ...]:
        """Return what a commit did to every path."""
        return self._index.edits.of_commit(commit)

    def similar(self, files: Mapping[str, float], subject: str, wanted: Collection[str]) -> dict[str, float]:
        """Return how often each of the ``wanted`` tests changed in commits like this one.

        Alike are commits that touch the same files or folders (``files``: path -> its part of the change) and whose subjects share
        rare words; each votes by the square of its likeness, halved every half a life.
        """
        votes: defaultdict[int, float] = defaultdict(float)
        for commit, likely in self._likeness(files, subject).items():
            tests = self._index.tests(commit)
            if tests:
                vote = likely * likely * self.weight(commit) / (1 + 0.5 * (len(tests) - 1))
                for number in tests:
                    votes[number] += vote
        return self._named(votes, wanted)

    def folders(self, files: Mapping[str, float]) -> dict[str, float]:
        """Return for each folder of tests in what part of the commits that touch the folders of ``files`` it was touched too."""
        found: defaultdict[str, float] = defaultdict(float)
        for folder, part in _by_folder(files).items():
            total = 1.0
            touched: defaultdict[str, float] = defaultdict(float)
            for commit in self._commits_in(folder):
                weight = self.weight(commit)
                total += weight
                tests = self._index.tests(commit)
                for each in {self._folder_of(number) for number in tests} if tests else ():
                    touched[each] += weight
            for each, weight in touched.items():
                found[each] += part * weight / total
        return dict(found)

    def companions(self, path: str, limit: int = 10) -> Companions:
        """Return the paths that most often changed in the same commits as ``path``, ties by path: sweeps, and what met it once, do not count."""
        commits = self._commits_of([path])
        counts: defaultdict[str, int] = defaultdict(int)
        for commit in commits:
            for name in {self._now_called(number) for number in self._index.files(commit)}:
                counts[name] += 1
        counts.pop(path, None)
        often = [(name, times) for name, times in counts.items() if times > 1]
        ranked = sorted(often, key=lambda each: (-each[1], each[0]))[:limit]
        return Companions(len(commits), tuple(Companion(name, times) for name, times in ranked))

    def weight(self, commit: int) -> float:
        """Return what a commit counts: 1 now, half after half a life."""
        return float(min(1.0, 2.0 ** (self._index.times[commit] / self._half_life) * self._shrink))

    def _likeness(self, files: Mapping[str, float], subject: str) -> dict[int, float]:
        likeness: defaultdict[int, float] = defaultdict(float)
        for path, part in sorted(files.items()):
            self._add_likeness(likeness, self._commits_of([path]), 0.5 + part, most=_MOST_ALIKE)
        for folder, part in sorted(_by_folder(files).items()):
            self._add_likeness(likeness, self._commits_in(folder), _FOLDER * part)
        for word in sorted(subject_words(subject)):
            named = self._index.named(word)
            commits = named[bisect_left(named, self._first) : bisect_right(named, self._last)]
            if len(commits) <= _COMMON_WORD:
                value = _WORD * self._rarity(len(commits))
                for commit in commits:
                    likeness[commit] += value / math.sqrt(1 + self._index.subject_size(commit))
        return likeness

    def _add_likeness(
        self, likeness: defaultdict[int, float], commits: list[int], factor: float, most: int = 0
    ) -> None:
        value = factor * self._rarity(len(commits[-most:]))
        for commit in commits[-most:]:
            likeness[commit] += value / math.sqrt(1 + self._index.size(commit))

    def _rarity(self, count: int) -> float:
        # Of the commits that count, not of everything in the available history.
        return math.log((self._last - self._first + 2) / (count + 1))

    def _commits_of(self, paths: Iterable[str]) -> list[int]:
        """Return the commits that touched a path under whatever name, oldest first."""
        numbers = self._index.numbers
        names = (name for path in paths for name in (path, *self._earlier.get(path, ())))
        return self._touching(numbers[name] for name in names if name in numbers)

    def _commits_in(self, folder: str) -> list[int]:
        """Return the commits that touched a file that lies in a folder now, or that went from there."""
        there = [number for number in self._index.in_folder(folder) if self._folder_of(number) == folder]
        numbers = self._index.numbers
        there += [numbers[name] for name in self._names.moved_in.get(folder, ())]
        return self._touching(there)

    def _touching(self, numbers: Iterable[int]) -> list[int]:
        found = self._index.touching_any(tuple(numbers))
        return found[bisect_left(found, self._first) : bisect_right(found, self._last)]

    def _folder_of(self, number: int) -> str:
        known = self._folders.get(number)
        if known is None:
            known = self._folders[number] = self._now_called(number).rpartition("/")[0]
        return known

    def paths_of(self, commit: int) -> tuple[str, ...]:
        """Return the paths of product code and tests that a commit touched, by their names now."""
        return tuple(sorted(map(self._now_called, self._index.files(commit))))

    def _named(self, values: Mapping[int, float], wanted: Collection[str]) -> dict[str, float]:
        found: defaultdict[str, float] = defaultdict(float)
        for number, value in values.items():
            name = self._now_called(number)
            if name in wanted:
                found[name] += value
        return dict(found)

    def _now_called(self, number: int) -> str:
        name = self._index.stored.paths[number]
        return self._later.get(name, name)

    @property
    def _later(self) -> Mapping[str, str]:
        return self._names.later

    @property
    def _earlier(self) -> Mapping[str, tuple[str, ...]]:
        return self._names.earlier

    @cached_property
    def _names(self) -> Names:
        return self._index.names(self._first, self._last)

    @cached_property
    def _first(self) -> int:
        """The first commit after which none is too old."""
        return self._index.first_since(self._now - DEPTH, self._last)


def _by_folder(files: Mapping[str, float]) -> dict[str, float]:
    parts: defaultdict[str, float] = defaultdict(float)
    for path, part in files.items():
        parts[path.rpartition("/")[0]] += part
    return parts


_FIX = lazy_regex(
    r"\b(?:bug[ -]?fix(?:es)?|hot[ -]?fix(?:es)?|fix(?:es|ed|ing)?|regressions?|crash(?:es|ed|ing)?)\b|\[\s*bug\s*\]",
    re.IGNORECASE,
)
_REVERT = lazy_regex(
    r"\s*(?:\[[^\]]*\]\s*)*(?:(?:partial(?:ly)?\s+)?revert\b|back out\b|roll back\b)", re.IGNORECASE
)
_RELAND = lazy_regex(r"\brevert\b.*\brevert\b", re.IGNORECASE)
_RETRY = lazy_regex(r"\b(?:re-?land|re-?appl(?:y|ies))\w*\b|[(\[]retry[)\]]", re.IGNORECASE)
_COSMETIC = lazy_regex(
    r"\b(?:typos?|spelling|grammar|wording|mypy|lint(?:er|ing)?|pre-?commit|ruff|yapf|formatting|docs?|docstrings?|documentation|comments?|links?"
    r"|(?:type|return) annotations?|type hints?|deprecat\w+)\b",
    re.IGNORECASE,
)
_PLANNED = lazy_regex(
    r"[\[(]\s*(?:part\s*)?\d+\s*/\s*[\dnx]+\s*[\])]|^\s*\d+/[\dn]\b|\bpart \d+\b", re.IGNORECASE
)
_FAULT = lazy_regex(r"\bbug|\bhot[ -]?fix|\bregression|\bcrash", re.IGNORECASE)
_OWN_NUMBER = lazy_regex(r"\s*\(#\d+\)\s*$")
_NUMBER = lazy_regex(r"#(\d{1,9})\b")
_LAID_TO = lazy_regex(
    r"\b(?:revert|re-?land|re-?appl|introduced|regress|caused|broke|fix)\w*\b[^\n]{0,60}", re.IGNORECASE
)
_COMMIT = lazy_regex(r"\brevert\w*\s+commit\s+([0-9a-f]{8,40})\b", re.IGNORECASE)
_LONGEST_BODY: Final = 20_000
RUST: Final = "rust/"
"""Where crates lie, beside the folders of the profile."""
_SUFFIXES: Final = (".py", ".cu", ".cuh", ".cpp", ".cc", ".c", ".h", ".hpp", ".hip", ".inl", ".rs")
_NO_CODE = lazy_regex(r"\s*(?:#(?!\s*(?:if|else|elif|endif|define|undef|include|pragma)\b)|//|/\*|\*/|$)")
_IMPORT = lazy_regex(r"\s*(?:from\s+\S+\s+import\b|import\s|#\s*include\b|use\s+[\w:]+)")


def is_fix(title: str) -> bool:
    """Say whether a title tells of a fix, of a revert, or of work that is done again because it had to be taken back.

    A revert of a revert brings back, and is none. Nor is a fix of typos, of documentation or for a linter, which goes over many files that
    had no fault, nor what follows a plan ("[2/N] Fix ..."), unless it names a fault.
    """
    if _REVERT.match(title):
        return _RELAND.search(title) is None
    if _COSMETIC.search(title) or (_PLANNED.search(title) and not _FAULT.search(title)):
        return False
    return bool(_FIX.search(title) or _RETRY.search(title))


def named_pulls(title: str, body: str) -> tuple[int, ...]:
    """Return the pull requests that the words of a fix lay it to: numbers in its title but its own, and behind such words in its description."""
    said = [_OWN_NUMBER.sub("", title), *_LAID_TO.findall(body[:_LONGEST_BODY])]
    return tuple(dict.fromkeys(int(number) for text in said for number in _NUMBER.findall(text)))


def named_commits(body: str) -> tuple[str, ...]:
    """Return the first digits of the commits that a description says it reverts."""
    return tuple(_COMMIT.findall(body[:_LONGEST_BODY]))


def is_source(path: str) -> bool:
    """Say whether a fix of this file tells anything: product code in Python or a native language."""
    return path.startswith((*places().product, RUST)) and path.endswith(_SUFFIXES)


def is_code(line: str) -> bool:
    """Say whether a line is neither blank nor a comment alone. A preprocessor directive is code; docstrings cannot be told."""
    return _NO_CODE.match(line) is None


def is_import(line: str) -> bool:
    """Say whether a line only brings in a name: a fix that no longer needs one has not mended it."""
    return _IMPORT.match(line) is not None
