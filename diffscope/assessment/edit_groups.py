"""Edits that are told as one: the same in several places, or one in the place of another."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from diffscope.facts.model import Edit, SymbolFact
from diffscope.patterns import lazy_regex
from diffscope.syntax.nodes import denied

_OFTEN: Final = 6
_FILES: Final = 3
"""Places and files from which on these are counted, and not named."""
_EXITS: Final = ("return", "raise", "continue", "break")
_ADDS: Final = lazy_regex(r"""[\w.]+\.(?:append|add)\((["'][^"']+["'])\)""")


class EditGroup(NamedTuple):
    """One edit, made in one function or in several."""

    edits: list[Edit]
    symbols: list[SymbolFact | None]

    @property
    def is_repeated(self) -> bool:
        """It is made so often that the places are counted."""
        return len(self.edits) >= _OFTEN and len({one.path for one in self.edits}) >= _FILES

    @property
    def reached(self) -> str:
        """How all the places are reached; empty where not alike."""
        found = {one.reached if one is not None else "" for one in self.symbols}
        return found.pop() if len(found) == 1 else ""

    @property
    def first(self) -> Edit:
        """The edit that is told."""
        return self.edits[0]


def asked_of(group: EditGroup) -> EditGroup:
    """Return those edits of a group that come before the same statement as the first one."""
    edit = group.first
    at = (edit.path, edit.then, edit.then_line, edit.otherwise)
    if group.is_repeated or not (edit.then or edit.otherwise):
        return group
    pairs = zip(*group, strict=True)
    alike = [one for one in pairs if (one[0].path, one[0].then, one[0].then_line, one[0].otherwise) == at]
    return EditGroup([one for one, _ in alike], [symbol for _, symbol in alike])


def exit_of(edit: Edit) -> str:
    """Return the keyword by which the code under a head leaves; nothing where it goes on."""
    last = edit.held[-1] if edit.held else ""
    return next((word for word in _EXITS if last == word or last.startswith(f"{word} ")), "")


def refusals_joined(edits: list[Edit]) -> list[Edit]:
    """Return edits, a refusal that came where one of the same error went as one condition that changed, and an exit that became an assertion as that."""
    edits = [_as_listed(one, edits) for one in edits if not _was_raised(one, edits)]
    found = list(edits)
    for old in [one for one in edits if one.what == "condition" and one.change == "removed" and one.held]:
        at = (old.path, old.symbol, old.guard, denied(old.before))
        for now in [one for one in found if one.what == "assert" and one.change == "added"]:
            if (now.path, now.symbol, now.guard, now.after) == at and exit_of(old) in ("return", "continue"):
                found[found.index(now)] = msgspec.structs.replace(
                    now, keyword="exit", held=old.held, before=old.before
                )
                found.remove(old)
                break
    for old in [one for one in edits if one.change == "removed" and (exit_of(one) or one.what == "raise")]:
        new = [one for one in found if one.change == "added" and not one.stood and _is_instead(old, one)]
        if old in found and len(new) == 1:
            found[found.index(new[0])] = msgspec.structs.replace(new[0], change="changed", before=old.before)
            found.remove(old)
    for now in [one for one in found if _ends(one) and one.change == "added" and not one.stood]:
        at = (now.path, now.symbol, now.guard, _ends(now))
        gone = [
            one
            for one in found
            if one.change == "removed" and (one.path, one.symbol, one.guard, _ends(one)) == at
        ]
        if (
            gone
            and sum((one.path, one.symbol, one.guard, _ends(one)) == at for one in found) == len(gone) + 1
        ):
            # The new condition may cover the removed ones, so they are told as one changed condition.
            asked = " or ".join(f"({one.before})" if " or " in one.before else one.before for one in gone)
            found[found.index(now)] = msgspec.structs.replace(now, change="changed", before=asked)
            found = [one for one in found if one not in gone]
    return found


def _ends(edit: Edit) -> str:
    """Return by which return a condition that came or went ends its function."""
    return edit.held[-1] if edit.what == "condition" and exit_of(edit) == "return" else ""


def _is_instead(old: Edit, new: Edit) -> bool:
    """Return whether an exit that came stands in the place of one that went: with the same error, or in a part of the same cases."""
    sides = [(one.path, one.symbol, one.what, one.guard) for one in (old, new)]
    if sides[0] != sides[1]:
        return False
    if old.what == "raise":
        return old.outer == new.outer and old.before.partition("(")[0] == new.after.partition("(")[0]
    asked = [set(text.split(" and ")) for text in (old.before, new.after)]
    is_part = exit_of(old) == exit_of(new) and (asked[0] < asked[1] or asked[1] < asked[0])
    return is_part or bool(_raises(old) and _raises(old) == _raises(new))


def _raises(edit: Edit) -> str:
    last = edit.held[-1] if edit.held else ""
    # What is returned by a call is as telling as what is raised.
    is_call = last.startswith("return ") and "(" in last.removeprefix("return (")
    return last.partition("(")[0] if last.startswith("raise ") or is_call else ""


def _was_raised(edit: Edit, edits: list[Edit]) -> bool:
    """Return whether what a new condition refuses another function of its class refused until now, in the same words."""
    return (edit.what, edit.change) == ("condition", "added") and any(
        one.change == "removed" and _raises(edit) and edit.held[-1] in (*one.held, one.before)
        for one in edits
        if one.symbol != edit.symbol and _owner(one) == _owner(edit)
    )


def _owner(edit: Edit) -> tuple[str, str]:
    return edit.path, edit.symbol.rpartition(".")[0]


def _as_listed(edit: Edit, edits: list[Edit]) -> Edit:
    """Return a condition that came as one around what stood, where the first thing under it adds what stood in a list without it."""
    added = _ADDS.fullmatch(edit.held[0]) if edit.held else None
    is_listed = added is not None and any(
        one.what != "condition" and one.symbol == edit.symbol and added[1] in one.before for one in edits
    )
    is_new = (edit.what, edit.change) == ("condition", "added")
    return msgspec.structs.replace(edit, stood=True) if is_new and is_listed else edit
