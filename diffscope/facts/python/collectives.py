"""Collectives under opposite conditions: one rank sends, the other receives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from diffscope.facts.model import CallFact
from diffscope.patterns import lazy_regex

_OF_RANK = lazy_regex(r"rank|is_first|is_last|is_driver", re.IGNORECASE)
_DENIED = lazy_regex(r"not (?:\((.*)\)|([\w.]+(?:\([^()]*\))?))")
_GROUP = lazy_regex(r"\bgroup\s*=\s*([\w.]+)")
_ENDS = {"send": "recv", "isend": "irecv", "send_tensor_dict": "recv_tensor_dict"}
"""What is called on the other side, where that is another function."""

_Side = tuple[str, str, str, str]
_Sides = dict[bool, list[CallFact]]


def with_opposites(facts: Iterable[CallFact]) -> Iterator[CallFact]:
    """Yield the facts, each collective that another symbol of the file has as often under the opposite condition with that symbol."""
    listed = list(facts)
    sides: dict[_Side, _Sides] = defaultdict(lambda: {True: [], False: []})
    for fact in listed:
        for side, holds in _sides(fact):
            sides[side][holds].append(fact)
    opposites = {
        id(fact): other.symbol
        for pair in sides.values()
        if len(pair[True]) == len(pair[False])
        for one, two in (pair.values(), reversed(pair.values()))
        for fact, other in zip(one, two, strict=True)
    }
    for fact in listed:
        other = opposites.get(id(fact))
        yield fact if other is None else msgspec.structs.replace(fact, opposite=other)


def _sides(fact: CallFact) -> Iterator[tuple[_Side, bool]]:
    """Yield, for each condition on the rank, what a call does under it, and whether it holds there."""
    if fact.role != "collective" or fact.change not in ("added", "reguarded"):
        return
    name = fact.callee.rpartition(".")[2]
    group = _GROUP.search(fact.arguments)
    for guard in fact.guards:
        denied = _DENIED.fullmatch(guard)
        condition = (denied[1] or denied[2]) if denied else guard
        if _OF_RANK.search(condition):
            yield (fact.path, condition, _ENDS.get(name, name), group[1] if group else ""), not denied
