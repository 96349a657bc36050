"""A history as it is kept: first-parent commits with their files, renames and subjects, oldest first."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from diffscope.errors import InputError
from diffscope.graph.history.edits import Edit, EditIndex, StoredEdits, store_edits
from diffscope.graph.model.tables import read_numbers, write_numbers
from diffscope.graph.words import WordIndex, index_words
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath

_WORD: Final = lazy_regex(r"[A-Za-z][A-Za-z0-9]*|\d+")
_CAMEL: Final = lazy_regex(r"([a-z])([A-Z])")
_PULL: Final = lazy_regex(r"\(#\d+\)")
_FILLERS: Final = frozenset(
    [
        "a",
        "add",
        "and",
        "bugfix",
        "by",
        "ci",
        "core",
        "doc",
        "docs",
        "enable",
        "error",
        "feature",
        "fix",
        "for",
        "from",
        "frontend",
        "hardware",
        "in",
        "is",
        "issue",
        "kernel",
        "misc",
        "model",
        "not",
        "of",
        "on",
        "perf",
        "refactor",
        "remove",
        "rocm",
        "support",
        "test",
        "tests",
        "the",
        "to",
        "update",
        "use",
        "when",
        "with",
    ]
)


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
    edits: StoredEdits = StoredEdits()


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
        words=index_words(
            {RepoPath(f"{place:07}"): subject_words(each.subject) for place, each in enumerate(commits)}
        ),
        subjects=[each.subject for each in commits],
        edits=store_edits(each.edits for each in commits),
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
