"""Edits as they are told: the same in several places, or one in the place of another, as one; parameters as edits of their function."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

import msgspec

from diffscope.facts.model import ChangeFacts, Edit, ParameterFact, SymbolFact
from diffscope.patterns import lazy_regex
from diffscope.syntax.nodes import denied

_OFTEN: Final = 6
_FILES: Final = 3
"""Places and files from which on these are counted, and not named."""
_EXITS: Final = ("return", "raise", "continue", "break")
_SIGNED: Final = {
    "removed": "removed", "added-required": "added", "renamed": "changed", "replaced": "changed", "default": "default", "added-optional": "optional",
}  # fmt: skip
_ADDS: Final = lazy_regex(r"""[\w.]+\.(?:append|add)\((["'][^"']+["'])\)""")
_BEGINS: Final = lazy_regex(r"^(?:None|True|False|0|0\.0|\[\]|\{\}|\(\)|\"\"|''|set\(\)|list\(\)|dict\(\))$")
"""What a name has before it gets its value."""
_HEADS: Final = ("if ", "for ", "while ", "with ", "try ", "async ")
_DONE: Final = lazy_regex(r"(?:await )?([\w., ]+?)(?: [-+*/|&]?= |\()")
_PASSED_ON: Final = lazy_regex(r"(\w+)=(?:\w+\.)*(\w+)")
_COLLECTS: Final = lazy_regex(r"(?:\w+\.)*(\w+)\.append\((?:\w+\.)*(\w+)\)")


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


def has_two_branches(edit: Edit) -> bool:
    """Return whether a condition came with both its branches, the second one of a statement that can be quoted."""
    is_new = (edit.what, edit.change, edit.stood) == ("condition", "added", False)
    return is_new and bool(edit.otherwise) and not edit.otherwise.startswith(_HEADS)


def refusals_joined(edits: list[Edit]) -> list[Edit]:
    """Return edits, a refusal that came where one of the same error went as one condition that changed, and an exit that became an assertion as that."""
    edits = [_as_listed(one, edits) for one in edits if not _was_raised(one, edits)]
    found = _carried(_regions_joined(_values_joined([_as_added(one, edits) for one in edits])))
    for old in [one for one in edits if one.what == "condition" and one.change == "removed" and one.held]:
        at = (old.path, old.symbol, old.guard, denied(old.before))
        for now in [one for one in found if one.what == "assert" and one.change == "added"]:
            if (now.path, now.symbol, now.guard, now.after) == at and exit_of(old) in ("return", "continue"):
                found[found.index(now)] = msgspec.structs.replace(
                    now, keyword="exit", held=old.held, before=old.before
                )
                found.remove(old)
                break
    for old in [one for one in edits if one.change == "removed" and one.what in ("condition", "raise")]:
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


def _values_joined(edits: list[Edit]) -> list[Edit]:
    """Return edits, a local name that got one value and gets another one told as that, whatever the two share."""
    found = list(edits)
    sets = [
        one
        for one in edits
        if one.what == "value"
        and one.target.isidentifier()
        and not one.keyword
        and not _BEGINS.match(one.after or one.before)
    ]
    for old in [one for one in sets if one.change == "removed"]:
        at = (old.path, old.symbol, old.target)
        same = [one for one in sets if (one.path, one.symbol, one.target) == at and one is not old]
        if len(same) == 1 and same[0].change == "added" and same[0].guard == old.guard:
            found[found.index(same[0])] = msgspec.structs.replace(
                same[0], change="changed", before=old.before
            )
            found.remove(old)
    return found


def _regions_joined(edits: list[Edit]) -> list[Edit]:
    """Return edits, a write of the same value into another part of what it went into, or under another name, told as one."""
    found = list(edits)
    places = [one for one in edits if one.what == "value" and not one.target.isidentifier()]
    for old in [one for one in places if one.change == "removed"]:
        base = old.target.partition("[")[0]
        is_part = base != old.target
        new = [
            one
            for one in found
            if (one.what, one.change, one.path, one.symbol, one.guard)
            == ("value", "added", old.path, old.symbol, old.guard)
            and (one.target.partition("[")[0] == base or not is_part)
            and one.target != base
            and one.after == old.before
        ]
        if len(new) == 1:
            found[found.index(new[0])] = msgspec.structs.replace(
                new[0], what="region" if is_part else "place", change="changed", before=old.target, after=new[0].target,
                target=old.before, callee=base,
            )  # fmt: skip
            found.remove(old)
    return found


def _as_added(edit: Edit, edits: list[Edit]) -> Edit:
    """Return a call in the place of another one as a call that came, where the function makes the other one further on."""
    if (edit.what, edit.change) != ("call", "changed") or not edit.before.startswith("self."):
        return edit
    called = f"{edit.before.partition('(')[0]}("
    is_kept = any(
        called in one.after
        for one in edits
        if one.change == "added" and (one.path, one.symbol) == (edit.path, edit.symbol)
    )
    return msgspec.structs.replace(edit, change="added", before="", target="") if is_kept else edit


def _carried(edits: list[Edit]) -> list[Edit]:
    """Return edits, a value that several calls get newly under its own name as one edit in several places; what only collects it is left out."""
    places: dict[str, dict[str, None]] = {}
    for one in edits:
        if (name := _handed_name(one)) and one.callee:
            places.setdefault(name, {})[one.callee.rpartition(".")[2]] = None
    found = []
    for one in edits:
        name = _handed_name(one)
        callees = [*places.get(name, ())]
        if len(callees) > 1:
            found.append(
                msgspec.structs.replace(
                    one,
                    keyword="carried",
                    after=name,
                    target=", ".join(callees),
                    callee="",
                    guard="",
                    outer=(),
                    left=(),
                )
            )
        elif not any(len(to) > 1 and _only_collects(one, each) for each, to in places.items()):
            found.append(one)
    return found


def _handed_name(edit: Edit) -> str:
    """Return the name of a value that a call gets newly under that name; that of one of them for a list of such."""
    is_new = edit.what == "argument" and not edit.before
    found = _PASSED_ON.fullmatch(edit.after) if is_new else None
    return found[1].removesuffix("s") if found and found[1] == found[2] else ""


def _only_collects(edit: Edit, name: str) -> bool:
    found = _COLLECTS.fullmatch(edit.after) if (edit.what, edit.change) == ("call", "added") else None
    is_begun = (edit.what, edit.change, edit.after) == ("value", "added", "[]")
    return (found is not None and {found[1].removesuffix("s"), found[2].removesuffix("s")} == {name}) or (
        is_begun and edit.target.removesuffix("s") == name
    )


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
    is_alike = exit_of(old) == exit_of(new) if exit_of(old) else bool(_done_by(old) & _done_by(new))
    is_part = is_alike and (asked[0] < asked[1] or asked[1] < asked[0])
    return is_part or bool(_raises(old) and _raises(old) == _raises(new))


def _done_by(edit: Edit) -> set[str]:
    """Return what the code under a head sets and calls."""
    found = (match[1] for text in edit.held if (match := _DONE.match(text)))
    return {name.strip() for names in found for name in names.split(",")}


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


def of_signatures(facts: ChangeFacts, categories: Collection[str]) -> Iterator[Edit]:
    """Yield what callers of functions have to follow, or get without following, in files of some categories: parameters that went, are asked for now, or fall back to another value."""
    compiled: dict[tuple[str, str], list[ParameterFact]] = {}
    for one in facts.parameter:
        is_compiled = "constexpr" in (one.after or "") and "constexpr" not in (one.before or "")
        if one.category in categories and one.what == "annotation" and is_compiled:
            compiled.setdefault((one.path, one.symbol or ""), []).append(one)
    for (path, symbol), listed in compiled.items():
        names = "`, `".join(one.name for one in listed)
        yield Edit(
            path=path, line=listed[0].line, side="new", symbol=symbol, what="parameter", change="compiled", target=names,
            keyword="surface",
        )  # fmt: skip
    for one in facts.parameter:
        if (
            one.category in categories
            and one.what in _SIGNED
            and (one.what != "default" or one.before != one.after)
        ):
            yield Edit(
                path=one.path,
                line=one.line,
                side=one.side,
                symbol=one.symbol or "",
                what="parameter",
                change=_SIGNED[one.what],
                keyword="surface" if one.surfaces or one.overrides else "",
                before=one.before or "" if one.what != "removed" else one.name,
                after=one.after or "" if one.what != "added-required" else one.name,
                target=one.name,
            )


def of_decorators(facts: ChangeFacts, categories: Collection[str]) -> Iterator[Edit]:
    """Yield what decorates a function or class of some categories otherwise than before."""
    for one in facts.symbol:
        if "decorators" not in one.aspects or one.category not in categories:
            continue
        gone = [text for text in one.decorators_before if text not in one.decorators]
        come = [text for text in one.decorators if text not in one.decorators_before]
        if not (gone or come):
            continue
        change = "changed" if gone and come else "added" if come else "removed"
        before, after = (", ".join(f"@{text.lstrip('@')}" for text in texts) for texts in (gone, come))
        yield Edit(
            path=one.path, line=one.line, side="new", symbol=one.symbol or "", what="decorator", change=change,
            before=before, after=after,
        )  # fmt: skip
