"""Candidates -> what comes before what: stacked branches, series, and changes that name each other in their descriptions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.products.triage.candidates import Candidate
from diffscope.products.triage.model import OrderKind, OrderLink

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
