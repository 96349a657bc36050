"""Which edits another edit of their function tells: what went with it, what is made for it, or what is done in another way now."""

from __future__ import annotations

import re
from typing import Final

from diffscope.assessment.changed_values import is_turned
from diffscope.facts.model import ChangeFacts, Edit
from diffscope.patterns import lazy_regex

_CALLED: Final = lazy_regex(r"(?<![\w.])([A-Za-z_][\w.]*)\(")
_FIRST: Final = lazy_regex(r"^(?:None|True|False|0|0\.0|\[\]|\{\}|\(\)|set\(\)|time\.\w+\(\))$")
_FILLS: Final = lazy_regex(r"(\w+)\.(?:append|extend|add)\(")


def is_told_by_another(edit: Edit, facts: ChangeFacts) -> bool:
    """Return whether an edit is told by another one: what went with it, what is made together with others, or the same under a condition elsewhere."""
    at = (edit.path, edit.symbol)
    if is_turned(edit, facts.edit) or _is_asked_next(edit, facts) or _is_filled_next(edit, facts):
        return True
    if edit.change != "removed" or _is_filled_otherwise(edit, facts):
        return edit.change == "removed"
    if edit.what == "condition" and edit.held:
        others = [one for one in facts.edit if one.change == "added"]
        called = found[0] if (found := _CALLED.match(edit.held[0])) else ""
        # What runs in a loop or under another condition of the function now is no less done.
        is_still = bool(called) and any(
            text.startswith(called)
            for one in others
            if (one.path, one.symbol) == at
            for text in (one.after, *one.held)
        )
        return is_still or any({*edit.held} <= {*one.held} for one in others if (one.path, one.symbol) != at)
    here = [one for one in facts.edit if (one.path, one.symbol) == at and one is not edit]
    if edit.what == "value":
        made = [one for one in here if (one.what, one.change) == ("value", "added")]
        return any(edit.target in one.target.split(", ") for one in made)
    is_return = edit.what == "return" and edit.before == "None"
    return is_return and any(one.change == "removed" and one.guard == edit.guard for one in here)


def _is_asked_next(edit: Edit, facts: ChangeFacts) -> bool:
    """Return whether a local name is only set for a condition that came with it: that tells what it is for."""
    is_name = (edit.what, edit.change) == ("value", "added") and edit.target.isidentifier()
    named = re.compile(rf"(?<![\w.]){edit.target}(?!\w)") if is_name else None
    return named is not None and any(
        one.what == "condition" and one.change != "removed" and named.search(one.after) is not None
        for one in facts.edit
        if (one.path, one.symbol) == (edit.path, edit.symbol)
    )


def _is_filled_otherwise(edit: Edit, facts: ChangeFacts) -> bool:
    """Return whether what went only fills a list that gets its value otherwise now."""
    texts = (edit.before,) if edit.what == "call" else edit.held if edit.what == "loop" else ()
    filled = {found[1] for text in texts if (found := _FILLS.match(text))}
    made = {
        one.target
        for one in facts.edit
        if (one.what, one.change, one.path, one.symbol) == ("value", "added", edit.path, edit.symbol)
    }
    return bool(filled) and filled <= made


def _is_filled_next(edit: Edit, facts: ChangeFacts) -> bool:
    """Return whether a name only begins empty for a loop that came with it and fills it."""
    is_empty = edit.what == "value" and edit.change != "removed" and _FIRST.match(edit.after) is not None
    fills = f"{edit.target}.append("
    return is_empty and any(
        one.what == "loop" and any(text.startswith(fills) for text in one.held)
        for one in facts.edit
        if one.change == "added" and (one.path, one.symbol) == (edit.path, edit.symbol)
    )
