"""The shortest edit script between two lists of lines, by Myers' algorithm, equal to git's."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import groupby

Op = tuple[str, str]
"""A kind (``-``, ``+`` or a blank for a line that stays) and the line, its line feed included where it has one."""

_MOST_EDITS = 500
"""Beyond so many edits the search would need tens of megabytes; a script that may be longer than the shortest is taken then."""


def shortest(ops: Sequence[Op]) -> list[Op]:
    """Return the shortest edit script with the same two sides as ``ops``; a short one where the search would take too long.

    In each run of changes the removed lines stand before the added ones, and a run is moved down as far as it goes, as git does.
    """
    old = [text for kind, text in ops if kind != "+"]
    new = [text for kind, text in ops if kind != "-"]
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    middle = old[start : len(old) - end], new[start : len(new) - end]
    found = _search(*middle)
    if found is None:
        found = _match(*middle)
        if _edits(found) > _edits(ops):
            return _arranged(ops)
    head, tail = [(" ", text) for text in old[:start]], [(" ", text) for text in old[len(old) - end :]]
    return _arranged([*head, *found, *tail])


def _match(old: list[str], new: list[str]) -> list[Op]:
    ops: list[Op] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            ops += [(" ", text) for text in old[a:b]]
        else:
            ops += [*(("-", text) for text in old[a:b]), *(("+", text) for text in new[c:d])]
    return ops


def _edits(ops: Sequence[Op]) -> int:
    return sum(kind != " " for kind, _ in ops)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    count = 0
    for left, right in zip(old, new, strict=False):
        if left != right:
            break
        count += 1
    return count


def _search(old: list[str], new: list[str]) -> list[Op] | None:
    """Return the greedy forward search's script (Myers 1986, figure 2); ``None`` where it takes too many edits."""
    if not old or not new:
        return [*(("-", text) for text in old), *(("+", text) for text in new)]
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(len(old) + len(new), _MOST_EDITS) + 1):
        trace.append(furthest.copy())
        for diagonal in range(-edits, edits + 1, 2):
            goes_down = diagonal == -edits or (
                diagonal != edits and furthest.get(diagonal - 1, -1) < furthest.get(diagonal + 1, -1)
            )
            at = furthest[diagonal + 1] if goes_down else furthest[diagonal - 1] + 1
            while at < len(old) and 0 <= at - diagonal < len(new) and old[at] == new[at - diagonal]:
                at += 1
            furthest[diagonal] = at
            if at >= len(old) and at - diagonal >= len(new):
                return _walk_back(old, new, trace)
    return None


def _walk_back(old: list[str], new: list[str], trace: list[dict[int, int]]) -> list[Op]:
    ops: list[Op] = []
    at, to = len(old), len(new)
    for edits in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[edits], at - to
        goes_down = diagonal == -edits or (
            diagonal != edits and furthest.get(diagonal - 1, -1) < furthest.get(diagonal + 1, -1)
        )
        before = diagonal + 1 if goes_down else diagonal - 1
        start = furthest[before] if edits else 0
        while at > start and to > start - before and at > 0 and to > 0 and old[at - 1] == new[to - 1]:
            at, to = at - 1, to - 1
            ops.append((" ", old[at]))
        if edits and goes_down:
            to -= 1
            ops.append(("+", new[to]))
        elif edits:
            at -= 1
            ops.append(("-", old[at]))
    return ops[::-1]


def _arranged(ops: Sequence[Op]) -> list[Op]:
    """Return ``ops`` with each run of one kind moved down as far as it goes, removed lines before added ones."""
    moved = list(ops)
    for kind in "-+":
        _slide(moved, kind)
    arranged: list[Op] = []
    for is_kept, run in groupby(moved, lambda op: op[0] == " "):
        ops_of_run = list(run)
        arranged += ops_of_run if is_kept else sorted(ops_of_run, key=lambda op: op[0] == "+")
    return arranged


def _slide(ops: list[Op], kind: str) -> None:
    at = len(ops) - 1
    while at >= 0:
        start = at
        while start >= 0 and ops[start][0] == kind:
            start -= 1
        first, end = start + 1, at + 1
        while first < end < len(ops) and ops[end][0] == " " and ops[end][1] == ops[first][1]:
            ops[first], ops[end] = (" ", ops[end][1]), (kind, ops[first][1])
            first, end = first + 1, end + 1
        at = start if start < at else at - 1
