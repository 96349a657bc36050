"""What stands around an edit on the new side: conditions further out, its ``else``, and the statement that comes next."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from diffscope.patterns import lazy_regex
from diffscope.syntax.compare.entries import LEAVING, Entry, held_by, raised_by
from diffscope.syntax.compare.smallest_difference import MOST_TEXT
from diffscope.syntax.model import StatementEdit
from diffscope.syntax.nodes import brief, brief_pair

_LONGEST: Final = 70
_HANDS_BACK: Final = lazy_regex(r"return [\w., ]+")
_READ: Final = frozenset({"value", "argument", "element", "call"})


def with_context(
    edits: Iterable[StatementEdit], old: list[Entry], entries: list[Entry]
) -> Iterator[StatementEdit]:
    """Yield edits of what came or changed with what stands around them; of what went only an exit, with what it kept from running and still stands."""
    starts = [one.node.start_point[0] + 1 for one in entries]
    old_starts = [one.node.start_point[0] + 1 for one in old]
    for told in edits:
        at = bisect_right(starts, told.line) - 1
        if told.change == "removed" or at < 0:
            is_exit = told.what == "condition" and bool(told.held) and told.held[-1].startswith(LEAVING)
            place = bisect_right(old_starts, told.line) - 1
            kept = _behind(old, place) if is_exit else None
            stands = [place for place, one in enumerate(entries) if kept and one.text == old[kept].text]
            if place >= 0:
                around = list(dict.fromkeys(_guards(old, place)))
                told = msgspec.structs.replace(  # noqa: PLW2901 - the same edit
                    told, outer=tuple(brief(one, MOST_TEXT) for one in around[1:][::-1])
                )
            yield (
                msgspec.structs.replace(
                    told, then=brief(entries[stands[-1]].text, _LONGEST), then_line=starts[stands[-1]]
                )
                if stands
                else told
            )
            continue
        edit = _with_inner(told, entries, at)
        around = list(dict.fromkeys(_guards(entries, at)))
        after = _next(edit, entries, at)
        otherwise, held = _otherwise(edit, entries, at)
        if edit.what == "except":
            otherwise = raised_by(entries[at].node)
        yield msgspec.structs.replace(
            edit,
            outer=tuple(brief(one, MOST_TEXT) for one in around[1:][::-1]),
            otherwise=otherwise,
            held=held,
            then=brief(entries[after].text, _LONGEST) if after is not None else "",
            then_line=starts[after] if after is not None else 0,
        )


def _with_inner(edit: StatementEdit, entries: list[Entry], at: int) -> StatementEdit:
    """Return a condition that came and holds nothing but another one as both in one."""
    under = [one for one in entries[at + 1 :] if one.holder == at]
    if (edit.what, edit.change, edit.stood) != ("condition", "added", False) or len(under) != 1:
        return edit
    if (
        entries[at].kind != "condition"
        or under[0].kind != "condition"
        or " or " in edit.after + under[0].text
    ):
        return edit
    both = brief(f"{edit.after} and {under[0].text.partition(' ')[2]}", MOST_TEXT)
    return msgspec.structs.replace(edit, after=both, held=held_by(under[0].node))


def _guards(entries: list[Entry], at: int) -> Iterator[str]:
    while at >= 0:
        if entries[at].guard:
            yield entries[at].guard
        at = entries[at].holder


def _otherwise(edit: StatementEdit, entries: list[Entry], at: int) -> tuple[str, tuple[str, ...]]:
    """Return what runs where a condition that came does not hold, and what runs where it does: both by what differs, where the rest is left out."""
    if edit.what != "condition" or edit.change != "added":
        return "", edit.held
    head = at if entries[at].kind == "condition" else entries[at].holder
    under = [one for one in entries if one.holder == head]
    listed = [
        one.text
        for one in under
        if one.guard != entries[at].guard and brief(one.guard, MOST_TEXT) != edit.after
    ]
    # How it leaves says more than what it does before.
    other = next((one for one in listed if one.startswith("raise ")), (listed or [""])[0])
    told = brief(other, _LONGEST)
    own = [one.text for one in under if brief(one.guard, MOST_TEXT) == edit.after]
    if told and len(own) == 1 and brief(own[0], _LONGEST) == told:
        mine, told = brief_pair(own[0], other, _LONGEST)
        return told, (mine,)
    return told, edit.held


def _behind(entries: list[Entry], head: int) -> int | None:
    """Return the first statement behind all that stands under a head, and under other branches; none where the function ends there."""
    under = {head}
    for place in range(head + 1, len(entries)):
        if entries[place].holder not in under:
            if entries[place].kind in ("except", "function"):
                return None
            beside = head
            while beside >= 0 and entries[beside].holder != entries[place].holder:
                beside = entries[beside].holder
            if beside < 0 or entries[beside].guard == entries[place].guard:
                # What a try begins with is what comes next.
                return place + 1 if entries[place].text == "try " and place + 1 < len(entries) else place
        under.add(place)
    return None


def _next(edit: StatementEdit, entries: list[Entry], at: int) -> int | None:
    if edit.what == "condition":
        head = at if entries[at].kind != "statement" else entries[at].holder
        return _behind(entries, head) if head >= 0 else None
    target = edit.target.partition(",")[0].strip()
    if edit.what not in _READ or not target.replace(".", "").isidentifier():
        return None
    named = re.compile(rf"(?<![\w.]){re.escape(target)}(?![\w=]|\s*=[^=])")
    found = (place for place in range(at + 1, len(entries)) if named.search(entries[place].text))
    place = next(found, None)
    # That it is returned says nothing of what is done with it.
    return None if place is None or _HANDS_BACK.fullmatch(entries[place].text) else place
