"""Flags and their places in the orders that formats need, and the changed lines there, out of the patch itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from diffscope.assessment.document import Assessment, ReadingPlace
from diffscope.diff.model import Diff, FileDiff, Hunk, Line
from diffscope.rules.model import Evidence, Flag, Severity

LEVELS = {
    Severity.INFO: "note",
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
"""The three levels that compilers, SARIF and CI know."""
_GONE = frozenset({"removed", "no-longer-called"})


def worst_first(flags: Iterable[Flag]) -> list[Flag]:
    """Return flags by falling severity, then by code and fingerprint."""
    return sorted(flags, key=lambda flag: (-flag.severity.rank, flag.code, flag.fingerprint))


def places(flags: Iterable[Flag]) -> Iterator[tuple[Flag, Evidence]]:
    """Yield every place: the first of each flag, worst flag first, then the second of each, and so on.

    A reader with room for few places sees every flag once before it sees one flag twice.
    """
    ordered = worst_first(flags)
    for number in range(max((len(flag.evidence) for flag in ordered), default=0)):
        yield from ((flag, flag.evidence[number]) for flag in ordered if number < len(flag.evidence))


def has_line(place: Evidence) -> bool:
    """Return whether the place is a line of the file as it is after the change."""
    return place.line > 0 and place.side == "new"


def nearest_line(place: Evidence, path: str, assessment: Assessment) -> int:
    """Return the line of the new side of a file that is nearest to a place on its old side, of those that are known; 0 for none."""
    near = (
        *(one.line for one in assessment.symbols if one.path == path and _GONE.isdisjoint(one.aspects)),
        *(
            one.line
            for flag in assessment.flags
            for one in flag.evidence
            if one.path == path and has_line(one)
        ),
    )
    return min(near, key=lambda line: (abs(line - place.line), line), default=0)


def location(place: Evidence | ReadingPlace) -> str:
    """Return ``path:line``, or ``path`` for a file as a whole."""
    return f"{place.path}:{place.line}" if place.line else place.path


_NEAR: Final = 3
"""Lines between a place and a changed line that still belongs to it."""
_MOST: Final = 3
Place = Evidence | ReadingPlace


def place_key(place: Place) -> str:
    """Return the name of a place, under which its lines stand."""
    return f"{place.side}:{place.path}:{place.line}"


def excerpts_of(places: Iterable[Place], diff: Diff) -> Mapping[str, tuple[str, ...]]:
    """Return the changed lines nearest to each place, as ``1129 + text``, removed ones first; at most three each.

    A place without a changed line near it has none. Texts are those of the patch, not yet safe for any sink.
    """
    files: dict[str, FileDiff] = {file.path: file for file in diff.files}
    found: dict[str, tuple[str, ...]] = {}
    for place in places:
        file = files.get(place.path)
        lines = _lines(file, place) if file is not None and place.line else ()
        if lines:
            found[place_key(place)] = lines
    return found


def _lines(file: FileDiff, place: Place) -> tuple[str, ...]:
    is_old = place.side == "old"
    for hunk in file.hunks:
        start = hunk.old_start if is_old else hunk.new_start
        length = hunk.old_length if is_old else hunk.new_length
        if start <= place.line < start + max(length, 1):
            own, other = (hunk.removed, hunk.added) if is_old else (hunk.added, hunk.removed)
            near = _nearest(own, place.line, _MOST - 1)
            middle = _counterpart(hunk, place.line, is_old=is_old)
            beside = _nearest(other, middle, _MOST - len(near) if near else _MOST - 1)
            removed, added = (near, beside) if is_old else (beside, near)
            return (
                *(f"{line.number} - {line.text.rstrip()}" for line in removed),
                *(f"{line.number} + {line.text.rstrip()}" for line in added),
            )
    return ()


def _counterpart(hunk: Hunk, at: int, *, is_old: bool) -> int:
    """Return about where a line of one side stands on the other: before it, as many lines came as went."""
    came = sum(line.number < at for line in (hunk.removed if is_old else hunk.added))
    kept = at - (hunk.old_start if is_old else hunk.new_start) - came
    start, others = (hunk.new_start, hunk.added) if is_old else (hunk.old_start, hunk.removed)
    place = start + kept
    for line in others:
        if line.number < place:
            place += 1
    return place


def _nearest(lines: tuple[Line, ...], at: int, most: int) -> list[Line]:
    near = sorted(
        (line for line in lines if line.text.strip()), key=lambda line: (abs(line.number - at), line.number)
    )
    return sorted(
        (line for line in near[:most] if abs(line.number - at) <= _NEAR), key=lambda line: line.number
    )
