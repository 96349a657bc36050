"""A history as it is kept: first-parent commits with their files, renames and subjects, oldest first."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from diffscope.errors import InputError
from diffscope.graph.tables import read_numbers, write_numbers
from diffscope.graph.word_index import WordIndex, index_words
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath

KEPT: Final = 16
"""Hexadecimal digits of a blob id that are kept: enough to tell the contents of one path apart."""
_NOTHING: Final = "0" * KEPT
_MOST_FILES: Final = 300
"""A commit that edits more is a sweep; nobody takes it back file by file."""


class Edit(NamedTuple):
    """One path that a commit edited: the first digits of the blob ids before and after, empty where there was no file."""

    path: str
    before: str
    after: str


class _StoredEdits(msgspec.Struct, array_like=True, frozen=True):
    """The edits of a history as they are kept; numbers are 32-bit little-endian, blobs eight bytes each."""

    paths: list[str] = []
    """Sorted."""
    ends: bytes = b""
    """For each commit the end of its edits."""
    files: bytes = b""
    blobs: bytes = b""
    """For each edit what was there before, and after; zero for nothing."""


def _store_edits(commits: Iterable[Sequence[Edit]]) -> _StoredEdits:
    """Return the edits of commits, oldest first, as they are kept."""
    listed = [() if len(edits) > _MOST_FILES else sorted(edits) for edits in commits]
    paths = sorted({edit.path for edits in listed for edit in edits})
    number = {path: place for place, path in enumerate(paths)}
    ends, files, blobs = array("i"), array("i"), bytearray()
    for edits in listed:
        for edit in edits:
            files.append(number[edit.path])
            blobs += b"".join(bytes.fromhex((each or _NOTHING)[:KEPT].ljust(KEPT, "0")) for each in edit[1:])
        ends.append(len(files))
    return _StoredEdits(paths, write_numbers(ends), write_numbers(files), bytes(blobs))


class EditIndex:
    """Stored edits opened for questions. Commits are numbers, as in the history."""

    def __init__(self, stored: _StoredEdits) -> None:
        self._stored = stored
        self._ends = read_numbers(stored.ends)
        self._files = read_numbers(stored.files)

    def of_commit(self, commit: int) -> tuple[Edit, ...]:
        """Return the edits of a commit, by path; none for a sweep."""
        if commit >= len(self._ends):
            return ()
        return tuple(map(self._edit, range(self._ends[commit - 1] if commit else 0, self._ends[commit])))

    def of_path(self, path: str, first: int, last: int) -> Iterator[tuple[int, Edit]]:
        """Yield the commits from ``first`` to ``last`` that edited a path, newest first, each with what it did."""
        for place in self._places(path):
            commit = bisect_right(self._ends, place)
            if commit < first:
                return
            if commit <= last:
                yield commit, self._edit(place)

    def _edit(self, place: int) -> Edit:
        start = place * KEPT
        both = self._stored.blobs[start : start + KEPT].hex()
        before, after = ("" if each == _NOTHING else each for each in (both[:KEPT], both[KEPT:]))
        return Edit(self._stored.paths[self._files[place]], before, after)

    def _places(self, path: str) -> Iterator[int]:
        """Yield the edits of a path, newest first: searched as bytes, for most questions end after a few."""
        number = bisect_left(self._stored.paths, path)
        if self._stored.paths[number : number + 1] != [path]:
            return
        wanted = write_numbers(array("i", [number]))
        size = len(wanted)
        at = len(self._stored.files)
        while (at := self._stored.files.rfind(wanted, 0, at + size - 1)) >= 0:
            if at % size == 0:
                yield at // size


_WORD: Final = lazy_regex(r"[A-Za-z][A-Za-z0-9]*|\d+")
_CAMEL: Final = lazy_regex(r"([a-z])([A-Z])")
_PULL: Final = lazy_regex(r"\(#\d+\)")
_FILLERS: Final = frozenset([
    "a", "add", "and", "bugfix", "by", "ci", "core", "doc", "docs", "enable", "error", "feature", "fix", "for",
    "from", "frontend", "hardware", "in", "is", "issue", "kernel", "misc", "model", "not", "of", "on", "perf",
    "refactor", "remove", "rocm", "support", "test", "tests", "the", "to", "update", "use", "when", "with",
])  # fmt: skip


class PastCommit(NamedTuple):
    """One commit of a history: the paths it touched (new names), and its renames as old and new name."""

    commit: str
    committed_at: int
    paths: tuple[str, ...]
    renames: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    edits: tuple[Edit, ...] = ()
    """What it did to every path, renames as one that went and one that came."""


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
    words: WordIndex
    """The words of subjects; the "files" are commits, named by their numbers."""
    subjects: list[str]
    edits: _StoredEdits = _StoredEdits()


_LATEST: Final = 2**31 - 1
"""The last second that is kept, in January 2038; commits may claim any."""


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
        times=write_numbers(array("i", [min(each.committed_at, _LATEST) for each in commits])),
        ends=write_numbers(ends),
        files=write_numbers(files),
        places=write_numbers(places),
        touched=write_numbers(flat),
        renames=write_numbers(renames),
        words=index_words(
            {RepoPath(f"{place:07}"): subject_words(each.subject) for place, each in enumerate(commits)}
        ),
        subjects=[each.subject for each in commits],
        edits=_store_edits(each.edits for each in commits),
    )


def subject_words(subject: str) -> frozenset[str]:
    """Return the words of a title that tell it from others, lower case: names split, tags and fillers left out."""
    split = _CAMEL.sub(r"\1 \2", _PULL.sub("", subject)).replace("_", " ")
    return frozenset(word.lower() for word in _WORD.findall(split) if len(word) > 1) - _FILLERS


def load_commits(stored: StoredHistory) -> list[PastCommit]:
    """Return the commits of a stored history, to add newer ones."""
    size = _id_size(stored)
    times, ends, files = (read_numbers(each) for each in (stored.times, stored.ends, stored.files))
    edits, renames = EditIndex(stored.edits), dict[int, list[tuple[str, str]]]()
    triples = iter(read_numbers(stored.renames))
    for commit, old, new in zip(triples, triples, triples, strict=True):
        renames.setdefault(commit, []).append((stored.paths[old], stored.paths[new]))
    return [
        PastCommit(
            stored.commits[place * size : (place + 1) * size].hex(),
            times[place],
            tuple(stored.paths[number] for number in files[ends[place - 1] if place else 0 : ends[place]]),
            tuple(renames.get(place, ())),
            stored.subjects[place],
            edits.of_commit(place),
        )
        for place in range(len(times))
    ]


def find_commit(stored: StoredHistory, commit: str) -> int:
    """Return the number of a commit, by its id or an even number of its first digits; ``-1`` when the history does not have it."""
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
        raise InputError(f"not a stored history: {error}", hint="diffscope cache clear") from None
    ends, places = read_numbers(stored.ends), read_numbers(stored.places)
    is_sound = (
        len(stored.times) == len(stored.ends)
        and len(places) == len(stored.paths)
        and (ends[-1] if ends else 0) * 4 == len(stored.files)
        and (places[-1] if places else 0) * 4 == len(stored.touched)
        and len(stored.renames) % 12 == 0
        and len(stored.subjects) * 4 == len(stored.times)
    )
    if not is_sound:
        raise InputError("the history is inconsistent", hint="diffscope cache clear")
    return stored


def _id_size(stored: StoredHistory) -> int:
    count = len(stored.times) // 4
    return len(stored.commits) // count if count else 20
