"""Which content each commit of a history found and left at which path: what tells that a file is again as it was."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from diffscope.graph.model.tables import read_numbers, write_numbers

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


class StoredEdits(msgspec.Struct, array_like=True, frozen=True):
    """The edits of a history as they are kept; numbers are 32-bit little-endian, blobs eight bytes each."""

    paths: list[str] = []
    """Sorted."""
    ends: bytes = b""
    """For each commit the end of its edits."""
    files: bytes = b""
    blobs: bytes = b""
    """For each edit what was there before, and after; zero for nothing."""


def store_edits(commits: Iterable[Sequence[Edit]]) -> StoredEdits:
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
    return StoredEdits(paths, write_numbers(ends), write_numbers(files), bytes(blobs))


class EditIndex:
    """Stored edits opened for questions. Commits are numbers, as in the history."""

    def __init__(self, stored: StoredEdits) -> None:
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
