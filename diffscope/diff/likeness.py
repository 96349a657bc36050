"""How alike two files are, counted as git counts it, and which deleted file became which added one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

MOST = 60_000
"""git's ``MAX_SCORE``: the same content."""
_LEAST = MOST // 2
_LEAST_BY_NAME = MOST // 4 * 3
_CHUNK = 64
"""Bytes of a line that git looks at together."""

Score = Callable[[str, str], int]
"""Takes an old and a new path, gives how alike they are: 0 to ``MOST``."""


class Profile(NamedTuple):
    """What of a text is compared with others: its size and how many bytes there are of each different chunk."""

    size: int
    chunks: Counter[bytes]


def profile(lines: Sequence[str]) -> Profile:
    """Return the profile of a text."""
    return Profile(sum(len(_bytes(line)) for line in lines), _chunks(lines))


def likeness(old: Profile, new: Profile) -> int:
    """Return what git's rename detection gives for two texts, of 60,000: bytes of the old one in the new one, by the longer."""
    longest, shortest = max(old.size, new.size), min(old.size, new.size)
    if not longest or longest * (MOST - _LEAST) < (longest - shortest) * MOST:
        return 0
    few, many = sorted((old.chunks, new.chunks), key=len)
    copied = sum(min(count, many[chunk]) for chunk, count in few.items() if chunk in many)
    return copied * MOST // longest


def _bytes(line: str) -> bytes:
    return line.encode("utf-8", "surrogatepass")


def _chunks(lines: Iterable[str]) -> Counter[bytes]:
    """Return how many bytes there are of each different chunk."""
    found: Counter[bytes] = Counter()
    for line in lines:
        data = _bytes(line)
        data = data[:-2] + b"\n" if data.endswith(b"\r\n") else data
        for start in range(0, len(data), _CHUNK):
            chunk = data[start : start + _CHUNK]
            found[chunk] += len(chunk)
    return found


def pair_renames(deleted: Iterable[str], added: Iterable[str], score: Score) -> dict[str, tuple[str, int]]:
    """Return new path -> old path and score, as ``git diff -M`` pairs them: equal content first, then by file name, then by likeness."""
    olds, news = sorted(deleted), sorted(added)
    scores = {(old, new): found for new in news for old in olds if (found := score(old, new)) >= _LEAST}
    pairs: dict[str, tuple[str, int]] = {}
    exact = sorted(
        (pair for pair, found in scores.items() if found >= MOST),
        key=lambda pair: (pair[1], _name(pair[0]) != _name(pair[1]), pair[0]),
    )
    taken: set[str] = set()
    for old, new in exact:
        _take(pairs, taken, old, new, scores)
    alone = [
        {path for path in left if names[_name(path)] == 1}
        for left in ([old for old in olds if old not in taken], [new for new in news if new not in pairs])
        for names in (Counter(map(_name, left)),)
    ]
    for old, new in sorted(scores):
        if (
            _name(old) == _name(new)
            and old in alone[0]
            and new in alone[1]
            and scores[old, new] >= _LEAST_BY_NAME
        ):
            _take(pairs, taken, old, new, scores)
    for old, new in sorted(
        scores, key=lambda pair: (-scores[pair], _name(pair[0]) != _name(pair[1]), pair[1], pair[0])
    ):
        _take(pairs, taken, old, new, scores)
    return pairs


def _take(
    pairs: dict[str, tuple[str, int]], taken: set[str], old: str, new: str, scores: dict[tuple[str, str], int]
) -> None:
    if old not in taken and new not in pairs:
        taken.add(old)
        pairs[new] = (old, scores[old, new])


def _name(path: str) -> str:
    return path.rpartition("/")[2]
