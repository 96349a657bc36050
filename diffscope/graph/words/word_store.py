"""An index of words as the packaged snapshot stores it: laid out so that a compressor finds what repeats, a quarter smaller than as it is.

Words are written without the start that each shares with the one before, and files as steps from one to the next; what follows from
the rest is left out.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import accumulate, pairwise

import msgspec

from diffscope.errors import InputError
from diffscope.graph.model.tables import read_numbers, write_numbers
from diffscope.graph.words.words import WordIndex

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
        raise InputError(f"these bytes hold no index of words: {error}") from None
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
