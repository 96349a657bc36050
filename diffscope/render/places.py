"""Flags and their places in the orders that formats need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.assessment.document import Assessment, ReadingPlace
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
