"""What changed together in the past: first-parent commits with their files, as seen from any commit of theirs and never from a later one."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from diffscope.errors import InputError
from diffscope.graph.tables import read_numbers, write_numbers

_MOST_FILES: Final = 120
"""A commit that touches more is a sweep (a formatter, a move of everything) and ties nothing to anything."""
_DAY: Final = 86_400
DEPTH: Final = 540 * _DAY
"""Seconds. What is older counts for nothing, however far back the stored history goes."""


class PastCommit(NamedTuple):
    """One commit of a history: the paths it touched (new names), and its renames as old and new name."""

    commit: str
    committed_at: int
    paths: tuple[str, ...]
    renames: tuple[tuple[str, str], ...] = ()


class StoredHistory(msgspec.Struct, array_like=True, frozen=True):
    """A history as it is kept; numbers are 32-bit little-endian. Commits stand oldest first."""

    covers_from: int
    """Time from which on the history is whole, in seconds."""
    paths: list[str]
    """Sorted."""
    commits: bytes
    """Object ids, 20 or 32 bytes each, side by side."""
    times: bytes
    ends: bytes
    """For each commit the end of its files in ``files``."""
    files: bytes
    places: bytes
    """For each path the end of its commits in ``touched``."""
    touched: bytes
    renames: bytes
    """Commit, old path, new path; commit, old path, ..."""


class Past(NamedTuple):
    """How often a path changed, weighted by age, and how often each other path changed with it."""

    weight: float
    together: dict[str, float]


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
            commit
            for commit in found
            if commit <= self._last
            and self._times[commit] >= self._now - DEPTH
            and self._size(commit) <= _MOST_FILES
        )

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


def store_history(commits: Sequence[PastCommit], *, covers_from: int = 0) -> StoredHistory:
    """Return commits, oldest first, as they are kept; ``covers_from`` is the time from which on they are all there are."""
    names = {path for each in commits for path in each.paths}
    names.update(name for each in commits for pair in each.renames for name in pair)
    paths = sorted(names)
    number = {path: place for place, path in enumerate(paths)}
    ends, files, renames = array("i"), array("i"), array("i")
    touched: list[list[int]] = [[] for _ in paths]
    for place, each in enumerate(commits):
        for path in sorted(set(each.paths)):
            files.append(number[path])
            touched[number[path]].append(place)
        ends.append(len(files))
        for old, new in each.renames:
            renames.extend((place, number[old], number[new]))
    places, flat = array("i"), array("i")
    for each_touched in touched:
        flat.extend(each_touched)
        places.append(len(flat))
    return StoredHistory(
        covers_from=covers_from,
        paths=paths,
        commits=b"".join(bytes.fromhex(each.commit) for each in commits),
        times=write_numbers(array("i", [each.committed_at for each in commits])),
        ends=write_numbers(ends),
        files=write_numbers(files),
        places=write_numbers(places),
        touched=write_numbers(flat),
        renames=write_numbers(renames),
    )


def load_commits(stored: StoredHistory) -> list[PastCommit]:
    """Return the commits of a stored history, to add newer ones."""
    size = _id_size(stored)
    times, ends, files = (read_numbers(each) for each in (stored.times, stored.ends, stored.files))
    renames: dict[int, list[tuple[str, str]]] = {}
    triples = iter(read_numbers(stored.renames))
    for commit, old, new in zip(triples, triples, triples, strict=True):
        renames.setdefault(commit, []).append((stored.paths[old], stored.paths[new]))
    return [
        PastCommit(
            stored.commits[place * size : (place + 1) * size].hex(),
            times[place],
            tuple(stored.paths[number] for number in files[ends[place - 1] if place else 0 : ends[place]]),
            tuple(renames.get(place, ())),
        )
        for place in range(len(times))
    ]


def find_commit(stored: StoredHistory, commit: str) -> int:
    """Return the number of a commit, ``-1`` when the history does not have it."""
    wanted, size = bytes.fromhex(commit), _id_size(stored)
    at = stored.commits.find(wanted)
    while at >= 0 and at % size:
        at = stored.commits.find(wanted, at + 1)
    return at // size if at >= 0 else -1


def encode_history(stored: StoredHistory) -> bytes:
    """Return a history as bytes."""
    return msgspec.msgpack.encode(stored)


def decode_history(data: bytes) -> StoredHistory:
    """Return what ``encode_history`` was given. Raises ``InputError`` for anything else."""
    try:
        stored = msgspec.msgpack.decode(data, type=StoredHistory)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"these bytes hold no history: {error}", hint="diffscope cache clear") from None
    ends, places = read_numbers(stored.ends), read_numbers(stored.places)
    is_sound = (
        len(stored.times) == len(stored.ends)
        and len(places) == len(stored.paths)
        and (ends[-1] if ends else 0) * 4 == len(stored.files)
        and (places[-1] if places else 0) * 4 == len(stored.touched)
        and len(stored.renames) % 12 == 0
    )
    if not is_sound:
        raise InputError("the history does not add up", hint="diffscope cache clear")
    return stored


def _id_size(stored: StoredHistory) -> int:
    count = len(stored.times) // 4
    return len(stored.commits) // count if count else 20
