"""Candidates -> ``Triage``, and what comes before what: stacked branches, series, and changes that name each other in their descriptions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from diffscope.messages.model import Text
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.products.triage.candidates import Candidate
from diffscope.products.triage.conflicts import find_conflicts
from diffscope.products.triage.duplicates import find_duplicates
from diffscope.products.triage.model import (
    Closed,
    Conflict,
    Duplicate,
    OrderKind,
    OrderLink,
    RuleTitle,
    Triage,
    TriageGap,
)
from diffscope.products.triage.needs import Meets
from diffscope.products.triage.queue import build_queue, load_of
from diffscope.source.profile import places
from diffscope.version import VERSION

DAY = 86_400


def meets_within(days: float | None) -> Meets:
    """Return the test whether two changes are open at once: all are, but of merged ones those merged within so many days, the later one opened in time.

    What is closed meets what is open, unless that branched off after it was merged.
    """

    def meets(one: Candidate, other: Candidate) -> bool:
        if one.number == other.number and (
            one.head == other.head or one.state.closed_at or other.state.closed_at
        ):
            return False
        left, right = one.state, other.state
        if left.closed_at or right.closed_at:
            closed, opened = (left, right) if left.closed_at else (right, left)
            is_new = closed.merged_at is None or closed.merged_at >= (opened.branched_on or 0)
            return not opened.closed_at and is_new
        if days is None or left.merged_at is None or right.merged_at is None:
            return True
        merged = min(left.merged_at, right.merged_at)
        later = left if left.merged_at > right.merged_at else right
        return (
            max(left.merged_at, right.merged_at) - merged <= days * DAY and (later.opened_on or 0) <= merged
        )

    return meets


class Relations:
    """What was found among candidates: conflicts, duplicates, order. Textual conflicts are added by who can ask git.

    ``recently`` tells which changes of a window of merged ones may be the same work; ``meets`` does unless it is given.
    """

    def __init__(self, candidates: Sequence[Candidate], meets: Meets, recently: Meets | None = None) -> None:
        opened = [one for one in candidates if not one.state.closed_at]
        order = find_order(opened)
        conflicts = find_conflicts(opened, meets)
        linked = frozenset(frozenset((link.first, link.then)) for link in (*order, *conflicts.needs))
        same = find_duplicates(candidates, recently or meets, linked=linked)
        known_closed = {one.number for one in candidates if one.state.closed_at}
        known = {(link.first, link.then) for link in order}
        taken_back = {frozenset((link.first, link.then)) for link in same.reverts}
        needs = (
            link
            for link in conflicts.needs
            if (link.first, link.then) not in known
            and (link.kind != "rewrites" or frozenset((link.first, link.then)) not in taken_back)
        )
        double = {frozenset((pair.first, pair.second)) for pair in same.duplicates}
        self.conflicts: tuple[Conflict, ...] = _clustered(
            one
            for one in conflicts.conflicts
            if frozenset((one.first, one.second)) not in taken_back | double
            # Which comes first says more than that somebody has to look at both.
            and (one.certainty == "breaks" or frozenset((one.first, one.second)) not in linked)
        )
        self.duplicates: tuple[Duplicate, ...] = same.duplicates
        self.order: tuple[OrderLink, ...] = tuple(
            sorted(
                (*order, *needs, *(link for link in same.reverts if link.first not in known_closed)),
                key=lambda one: (one.first, one.then, one.kind),
            )
        )


def _clustered(conflicts: Iterable[Conflict]) -> tuple[Conflict, ...]:
    """Return the conflicts, those that meet in one file of tests as one: the gravest, with the other changes."""
    found: list[Conflict] = []
    heads: defaultdict[str, list[int]] = defaultdict(list)
    for one in conflicts:
        path, pair = one.places[0].path, {one.first, one.second}
        listed = heads[path] if path == one.places[1].path and places().is_test(path) else []
        at = next((at for at in listed if pair & {found[at].first, found[at].second, *found[at].also}), None)
        if at is None:
            listed.append(len(found))
            found.append(one)
            continue
        head = found[at]
        also = tuple(sorted({*head.also, *pair} - {head.first, head.second}))
        names = tuple(dict.fromkeys((*head.others, one.name, *one.others)))
        found[at] = replace(head, also=also, others=tuple(name for name in names if name != head.name))
    return tuple(replace(one, says=_with_others(one)) if one.also else one for one in found)


def _with_others(one: Conflict) -> Text:
    more = text_of("conflict.also", others=tuple(f"#{number}" for number in one.also))
    return Text(en=f"{one.says.en}; {more.en}", zh=f"{one.says.zh}；{more.zh}")


def line_about(triage: Triage, number: int) -> Text:
    """Return one line on a change: what it collides with, the gravest first, and who does the same work; empty for nothing."""
    met = [one for one in triage.conflicts if number in {one.first, one.second} and one.certainty == "breaks"]
    same = [
        pair.second if pair.first == number else pair.first
        for pair in triage.duplicates
        if number in {pair.first, pair.second}
    ]
    closed = {one.number: one for one in triage.closed}
    parts = []
    if met:
        other = met[0].second if met[0].first == number else met[0].first
        name = met[0].name.rpartition(":")[2].strip() or met[0].name
        parts.append(
            text_of("triage.line-collides-more", other=f"#{other}", name=name, count=len(met) - 1)
            if met[1:]
            else text_of("triage.line-collides", other=f"#{other}", name=name)
        )
    if same:
        gone = closed.get(same[0])
        if gone is None:
            opened = tuple(f"#{each}" for each in same[:3] if each not in closed)
            parts.append(text_of("triage.line-same", others=opened))
        else:
            code = "triage.line-same-merged" if gone.is_merged else "triage.line-same-closed"
            parts.append(text_of(code, other=f"#{gone.number}", on=gone.closed_at[:10]))
    return Text(en="; ".join(part.en for part in parts), zh="；".join(part.zh for part in parts))


def build_triage(
    candidates: Sequence[Candidate],
    found: Relations,
    *,
    repository: str,
    base: str,
    gaps: Sequence[TriageGap] = (),
    merged: bool = False,
) -> Triage:
    """Return the document."""
    opened = [one for one in candidates if not one.state.closed_at]
    queue = build_queue(opened, found.conflicts, found.duplicates, found.order)
    named = {number for pair in found.duplicates for number in (pair.first, pair.second)}
    closed = tuple(
        Closed(
            number=one.number,
            title=one.title,
            url=one.url,
            closed_at=one.state.closed_at,
            is_merged=one.state.is_merged,
        )
        for one in candidates
        if one.state.closed_at and one.number in named
    )
    return Triage(
        repository=repository,
        base=base,
        changes=len(opened),
        queue=queue,
        conflicts=found.conflicts,
        duplicates=found.duplicates,
        order=found.order,
        owners=load_of(queue, "owners"),
        areas=load_of(queue, "areas"),
        gaps=tuple(gaps),
        rules=tuple(
            RuleTitle(code=code, title=titles[code])
            for titles in [dict(rule for one in opened for rule in one.rules)]
            for code in sorted(titles)
        ),
        version=VERSION,
        closed=tuple(sorted(closed, key=lambda one: one.number)),
        merged=merged,
    )


_PART: Final = lazy_regex(
    r"(?i)[\[(]?\b(?:part\s*|step\s*|pr\s*)?#?(\d{1,2})\s*(?:/|of)\s*(\d{1,2}|n|x)\b[\])]?"
)
_NUMBERED: Final = lazy_regex(r"(?i)[\[(]?\b(?:part|phase|step|stage|pr)\s*#?(\d{1,2})\b[\])]?")
_NAMED: Final = lazy_regex(
    r"(?i)\b(?:depends? on|based on(?: top of)?|stacked on(?: top of)?|on top of|blocked by|requires|needs|after)\s+(?:pr\s*)?"
    r"(?:https?://github\.com/[\w.-]+/[\w.-]+/pull/|[\w.-]+/[\w.-]+#|#)(\d{1,7})\b"
)


def find_order(candidates: Sequence[Candidate]) -> tuple[OrderLink, ...]:
    """Return the links, by numbers, each pair once: by branches, else by what the description names, else by its place in a series."""
    known = {one.number: one for one in candidates}
    found: dict[tuple[int, int], OrderLink] = {}
    for link in (*_stacked(candidates, known), *_named(candidates, known), *_series(candidates)):
        pair = (link.first, link.then)
        if pair not in found and pair[::-1] not in found:
            found[pair] = link
    return tuple(found[pair] for pair in sorted(found))


def _stacked(candidates: Sequence[Candidate], known: Mapping[int, Candidate]) -> Iterator[OrderLink]:
    for one in candidates:
        for number in one.state.stands_on:
            if number in known:
                yield _link("stacked", known[number], one)


def _named(candidates: Sequence[Candidate], known: Mapping[int, Candidate]) -> Iterator[OrderLink]:
    for one in candidates:
        for number in dict.fromkeys(map(int, _NAMED.findall(one.body))):
            if number in known and number != one.number:
                yield _link("named", known[number], one)


def _series(candidates: Sequence[Candidate]) -> Iterator[OrderLink]:
    """Yield neighbours of a series: one author, one title but for the number of the part."""
    parts: defaultdict[tuple[str, str], dict[int, Candidate]] = defaultdict(dict)
    for one in candidates:
        match = _PART.search(one.title) or _NUMBERED.search(one.title)
        if match is not None and one.author:
            stem = f"{one.title[: match.start()]} {one.title[match.end() :]}"
            words = tuple(sorted(re.findall(r"\w{3,}", stem.lower())))[:3]
            parts[one.author, " ".join(words)].setdefault(int(match[1]), one)
    for listed in parts.values():
        for left, right in pairwise(sorted(listed)):
            yield _link("series", listed[left], listed[right])


def _link(kind: OrderKind, first: Candidate, then: Candidate) -> OrderLink:
    says = text_of(f"open-order.{kind}", one=first.name, other=then.name)
    return OrderLink(first=first.number, then=then.number, kind=kind, says=says)
