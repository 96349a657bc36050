"""Which test files name which identifiers: an inverted index of one tree, and what has changed since that tree."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Final

import msgspec

from diffscope.errors import InputError
from diffscope.graph.tables import read_numbers, write_numbers
from diffscope.source.model import RepoPath

_WIDTH = 4
"""Bytes of a number."""


class _Stored(msgspec.Struct, array_like=True):
    paths: tuple[str, ...]
    shared: bytes
    """For each word how many bytes it shares with the one before."""
    rests: bytes
    """What is left of each word, with a line feed behind it: no identifier holds one."""
    counts: bytes
    """For each word in how many files it is."""
    steps: bytes
    """For each word its files, each as the distance from the one before, the first from -1."""


def shrink_words(index: WordIndex) -> bytes:
    """Return an index as bytes that compress well."""
    starts, ends, files = (read_numbers(column) for column in (index.starts, index.ends, index.files))
    words = [index.words[first:last] for first, last in pairwise(starts)]
    shared = [_shared(before, word) for before, word in pairwise((b"", *words))]
    spans = list(pairwise((0, *ends)))
    steps = array("i")
    for first, last in spans:
        steps.extend(later - former for former, later in pairwise((-1, *files[first:last])))
    stored = _Stored(
        index.paths,
        _planes(shared),
        b"".join(word[count:] + b"\n" for word, count in zip(words, shared, strict=True)),
        _planes(last - first for first, last in spans),
        _planes(steps),
    )
    return msgspec.msgpack.encode(stored)


def expand_words(data: bytes) -> WordIndex:
    """Return what ``shrink_words`` was given. Raises ``InputError`` for anything else."""
    try:
        stored = msgspec.msgpack.decode(data, type=_Stored)
        words = tuple(_words(stored))
        files = array("i", _files(stored))
        sizes = array("i", bytes(_WIDTH * len(stored.paths)))
        for number in files:
            sizes[number] += 1
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, IndexError) as error:
        raise InputError(f"not a stored index of words: {error}") from None
    return WordIndex(
        paths=stored.paths,
        words=b"".join(words),
        starts=write_numbers(array("i", accumulate(map(len, words), initial=0))),
        ends=write_numbers(array("i", accumulate(_read_planes(stored.counts)))),
        files=write_numbers(files),
        sizes=write_numbers(sizes),
    )


def _words(stored: _Stored) -> Iterator[bytes]:
    word = b""
    for count, rest in zip(_read_planes(stored.shared), stored.rests.split(b"\n")[:-1], strict=True):
        word = word[:count] + rest
        yield word


def _files(stored: _Stored) -> Iterator[int]:
    steps, first = _read_planes(stored.steps), 0
    for count in _read_planes(stored.counts):
        found = accumulate(steps[first : first + count], initial=-1)
        next(found)
        yield from found
        first += count


def _shared(before: bytes, word: bytes) -> int:
    count = 0
    for left, right in zip(before, word, strict=False):
        if left != right:
            break
        count += 1
    return count


def _planes(numbers: Iterator[int] | array[int] | list[int]) -> bytes:
    """Return all lowest bytes, then all next ones, and so on: most of the higher ones are zero."""
    raw = write_numbers(array("i", numbers))
    return b"".join(raw[place::_WIDTH] for place in range(_WIDTH))


def _read_planes(data: bytes) -> array[int]:
    raw = bytearray(len(data))
    if len(data) % _WIDTH:
        raise ValueError("a column of numbers is cut off")
    count = len(data) // _WIDTH
    for place in range(_WIDTH):
        raw[place::_WIDTH] = data[place * count : (place + 1) * count]
    return read_numbers(bytes(raw))


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
        found = next((each for each in _opened if each.index is index), None) or _Opened(index)
        _opened[:] = [found, *(each for each in _opened if each is not found)][:_OPEN]
        self._opened = found
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
        raise InputError(f"not a stored index of words: {error}", hint="diffscope cache clear") from None
    starts = read_numbers(index.starts)
    if (
        len(index.sizes) != 4 * len(index.paths)
        or len(starts) * 4 != len(index.ends) + 4
        or not starts
        or starts[-1] != len(index.words)
    ):
        raise InputError("the index of words is inconsistent", hint="diffscope cache clear")
    return index
