"""Which test files name which identifiers: an inverted index of one tree, and what has changed since that tree."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from diffscope.errors import InputError
from diffscope.graph.model.tables import read_numbers, write_numbers
from diffscope.source.model import RepoPath

_MOST_KEPT: Final = 50_000
_OPEN: Final = 4


class WordIndex(msgspec.Struct, array_like=True, frozen=True):
    """The files that each word occurs in, laid out so that a look-up reads a few bytes and decodes nothing.

    Numbers are 32-bit little-endian. Word ``i`` is ``words[starts[i]:starts[i + 1]]``, its files are
    ``files[ends[i - 1]:ends[i]]``, numbers into ``paths``; words, paths and the files of a word are sorted.
    """

    paths: tuple[str, ...]
    words: bytes
    starts: bytes
    ends: bytes
    files: bytes
    sizes: bytes
    """For each path how many different words are in it."""


class TestWords:
    """The identifiers of every test file of a tree.

    ``changed`` holds the files that differ from the tree of the index: their words, or ``None`` for files that are gone.
    """

    __test__ = False

    def __init__(
        self, index: WordIndex, changed: Mapping[RepoPath, Collection[str] | None] | None = None
    ) -> None:
        self._index = index
        self._opened = _open_index(index)
        self._changed = {
            path: words if words is None or isinstance(words, frozenset) else frozenset(words)
            for path, words in (changed or {}).items()
        }

    def naming(self, word: str) -> tuple[RepoPath, ...]:
        """Return the files that a word occurs in, sorted."""
        changed = self._changed
        listed = self._opened.listed(word)
        if not changed:
            return listed
        kept = [path for path in listed if path not in changed]
        fresh = [path for path, words in changed.items() if words and word in words]
        return tuple(sorted(kept + fresh) if fresh else kept)

    def is_in_more_than(self, limit: float, word: str) -> bool:
        """Say whether a word occurs in more files than that: what ``naming`` would tell, for most words much cheaper."""
        first, last = self._opened.span(word)
        if last - first - len(self._changed) > limit:
            return True
        return last - first + len(self._changed) > limit and len(self.naming(word)) > limit

    def size(self, path: RepoPath) -> int:
        """Return how many different words are in a file."""
        if path in self._changed:
            return len(self._changed[path] or ())
        number = _place(self._index.paths, path)
        return 0 if number is None else self._opened.sizes[number]

    @cached_property
    def mean_size(self) -> float:
        """The mean size of a file, at least 1."""
        paths = self._index.paths
        kept = (number for path in self._changed if (number := _place(paths, path)) is not None)
        old = sum(self._opened.sizes[number] for number in kept)
        new = sum(len(words) for words in self._changed.values() if words)
        return max(1.0, (sum(self._opened.sizes) - old + new) / max(1, len(self.paths)))

    @cached_property
    def paths(self) -> tuple[RepoPath, ...]:
        """All files, sorted."""
        kept = {RepoPath(path) for path in self._index.paths}.difference(self._changed)
        return tuple(sorted(kept.union(path for path, words in self._changed.items() if words is not None)))


def _place(paths: Sequence[str], path: str) -> int | None:
    number = bisect_left(paths, path)
    return number if number < len(paths) and paths[number] == path else None


class _Opened:
    """An index ready to be searched; the words that were looked for are kept, for one change after the other asks for the same ones."""

    def __init__(self, index: WordIndex) -> None:
        self.index = index
        self.sizes = read_numbers(index.sizes)
        self._starts = read_numbers(index.starts)
        self._ends = read_numbers(index.ends)
        self._files = read_numbers(index.files)
        self._spans: dict[str, tuple[int, int]] = {}
        self._listed: dict[str, tuple[RepoPath, ...]] = {}

    def listed(self, word: str) -> tuple[RepoPath, ...]:
        """Return the files of the index that a word occurs in, sorted."""
        known = self._listed.get(word)
        if known is None:
            first, last = self.span(word)
            paths = self.index.paths
            known = tuple(
                RepoPath(paths[number]) for number in self._files[first:last] if number < len(paths)
            )
            if len(self._listed) > _MOST_KEPT:
                self._listed.clear()
            self._listed[word] = known
        return known

    def span(self, word: str) -> tuple[int, int]:
        """Return where the files of a word begin and end."""
        known = self._spans.get(word)
        if known is None:
            if len(self._spans) > _MOST_KEPT:
                self._spans.clear()
            known = self._spans[word] = self._find(word)
        return known

    def _find(self, word: str) -> tuple[int, int]:
        wanted = word.encode()
        count = len(self._ends)
        at = bisect_left(range(count), wanted, key=self._word)
        if at == count or self._word(at) != wanted:
            return 0, 0
        return self._ends[at - 1] if at else 0, self._ends[at]

    def _word(self, at: int) -> bytes:
        return self.index.words[self._starts[at] : self._starts[at + 1]]


_opened: list[_Opened] = []
"""The indexes asked last: one of tests and one of subjects in a run, and the one before."""


def _open_index(index: WordIndex) -> _Opened:
    found = next((each for each in _opened if each.index is index), None) or _Opened(index)
    _opened[:] = [found, *(each for each in _opened if each is not found)][:_OPEN]
    return found


def index_words(words: Mapping[RepoPath, Collection[str]]) -> WordIndex:
    """Return the index of the words of files."""
    paths = sorted(words)
    places: dict[bytes, list[int]] = {}
    for number, path in enumerate(paths):
        for word in dict.fromkeys(words[path]):
            places.setdefault(word.encode(), []).append(number)
    starts, ends, files = array("i", [0]), array("i"), array("i")
    ordered = sorted(places)
    for each in ordered:
        files.extend(places[each])
        ends.append(len(files))
        starts.append(starts[-1] + len(each))
    return WordIndex(
        paths=tuple(paths),
        words=b"".join(ordered),
        starts=write_numbers(starts),
        ends=write_numbers(ends),
        files=write_numbers(files),
        sizes=write_numbers(array("i", [len(set(words[path])) for path in paths])),
    )


def encode_words(index: WordIndex) -> bytes:
    """Return an index as bytes."""
    return msgspec.msgpack.encode(index)


def decode_words(data: bytes) -> WordIndex:
    """Return what ``encode_words`` was given. Raises ``InputError`` for anything else."""
    try:
        index = msgspec.msgpack.decode(data, type=WordIndex)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"these bytes hold no index of words: {error}", hint="diffscope cache clear"
        ) from None
    starts = read_numbers(index.starts)
    if (
        len(index.sizes) != 4 * len(index.paths)
        or len(starts) * 4 != len(index.ends) + 4
        or not starts
        or starts[-1] != len(index.words)
    ):
        raise InputError("the index of words does not add up", hint="diffscope cache clear")
    return index
