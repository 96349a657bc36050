"""One edit -> ``Effect``: the sentence that tells it, and the questions that it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from diffscope.assessment.document import Effect
from diffscope.assessment.effect_sentences import (
    LONGEST_GUARD,
    NO_CODE,
    EditGroup,
    code_of,
    exit_of,
    other_name,
    sentence_of,
    short_name,
    words_of,
)
from diffscope.facts.model import ChangeFacts, Edit
from diffscope.messages.model import Argument, Message, Text, message
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex

_WITH_WHAT_RUNS: Final = ("condition-", "and-", "or-", "loop-added", "loop-removed", "with-")
"""Beginnings of the codes of sentences that say what runs under a head."""
_PASSED_ON: Final = lazy_regex(r"(\w+)=(?:\w+\.)*\1")
_NAME: Final = lazy_regex(r"\(?(?:\w+\.)*(\w+)\)?")
_LOADS: Final = lazy_regex(r"(?:^|\.)(?:load|store|make_block_ptr|advance|copy_)$")
_OFFSET: Final = lazy_regex(r"([A-Za-z_][\w.]*(?:\[[\w.-]+\])?) [+-] 1\b")
_SLICE: Final = lazy_regex(r"\w\[[^\]]*\w\s*:[^\]]*\]|\w\[[^\]]*:\s*\w[^\]]*\]")
_KEYED: Final = lazy_regex(r"^(?:[\"'][\w-]+[\"']: |\w+=)")
"""A part of what is built that others read by its name."""
_COLLECTS: Final = lazy_regex(r"\w\.(?:append|extend|add|insert|update|put)$")
_MISSING: Final = lazy_regex(r"([A-Za-z_][\w.]*)\[([\"'][\w-]+[\"'])\]")
"""An entry that has to be there."""
_TRUTH: Final = lazy_regex(r"^([\w.]+) is not None$|^([\w.]+) is None$")


def effect_of(group: EditGroup, facts: ChangeFacts, others: Sequence[Edit] = ()) -> Effect:
    """Return the sentence of an edit, with other values of its function that changed, and what it leaves to ask."""
    edit, code = group.first, code_of(group.first)
    words = words_of(group)
    return Effect(
        path=edit.path,
        line=edit.line,
        side=edit.side,
        symbol=edit.symbol,
        says=sentence_of(group, words, facts, others),
        checks=tuple(_checks(group, words, facts)),
        general=_asked(edit, code) in ("statement", "parameter"),
        condition=edit.guard,
        places=len(group.edits),
        code=code,
        error=_error(edit, code),
        vague=_hands_on(edit) or (code.startswith(_WITH_WHAT_RUNS) and isinstance(words["does"], Message)),
    )


def _hands_on(edit: Edit) -> bool:
    """Return whether a value is only handed on under its own name."""
    target, value = (_NAME.fullmatch(text) for text in (edit.target, edit.after or edit.before))
    is_same = target is not None and value is not None and target[1] == value[1]
    return is_same or any(_PASSED_ON.fullmatch(text) for text in (edit.before, edit.after))


def _error(edit: Edit, code: str) -> str:
    if code == "raise-added":
        return edit.after
    raises = code.startswith("condition-") and exit_of(edit) == "raise"
    return edit.held[-1].partition(" ")[2] if raises else ""


_QUESTIONS: Final = {
    "renamed-changed": "renamed",
    "order-added": "order", "order-removed": "order",
    "condition-return": "skipped", "condition-stop": "passed-over", "condition-break": "passed-over", "condition-raise": "raised", "condition-exit-gone": "allowed",
    "condition-added": "branch", "condition-removed": "no-branch", "condition-guards": "narrowed", "condition-unguards": "widened",
    "and-more": "narrowed", "and-less": "widened", "or-more": "widened-or", "or-less": "no-branch", "condition-changed": "decided",
    "branch-changed": "decided", "loop-changed": "loop", "except-added": "except", "except-changed": "except",
    "except-removed": "not-caught", "argument-added": "argument", "argument-changed": "argument", "argument-removed": "argument-gone",
    "call-changed": "call", "call-added": "called", "value-added": "value", "value-changed": "value-changed",
    "value-from": "value-changed", "value-new": "helper", "value-from-new": "from-new", "variable-changed": "variable", "parameter-added": "parameter",
    "parameter-removed": "parameter", "parameter-changed": "parameter", "parameter-default": "parameter-default", "whole-both": "whole",
    "whole-now": "whole", "whole-before": "whole", "element-added": "element", "element-changed": "element",
    "element-removed": "element-gone", "entry-added": "entry", "entry-changed": "entry", "entry-removed": "element-gone",
    "return-added": "return", "return-changed": "return", "assert-added": "assert", "assert-changed": "assert", "raise-added": "raised",
}  # fmt: skip
"""Which question a sentence leaves; what is removed otherwise asks who relied on it."""


def _checks(group: EditGroup, words: dict[str, Argument], facts: ChangeFacts) -> Iterable[Text]:
    edit, code = group.first, code_of(group.first)
    asked = _asked(edit, code)
    if asked == "gone" and _has_ended(edit, facts):
        asked = "ended"
    if asked == "gone" and edit.keyword == "parameter":
        asked = "handed"
    symbol = group.symbols[0]
    if asked == "assert" and symbol is not None and symbol.reached == "start_up":
        asked = "assert-start"
    told = dict(words)
    if asked == "zero":
        told["name"] = f"`{edit.before.removeprefix('not ').partition(' or ')[0]}`"
    if code in ("raise-added", "return-added") and edit.guard:
        told |= {"before": edit.guard, "after": edit.guard, "value": edit.after}
    if asked in ("element", "entry", "element-gone"):
        told["value"] = edit.after or edit.before
    if asked == "skipped":
        told["value"] = str(told["value"]).removeprefix("return ")
    told |= _details(edit, asked)
    yield text_of(f"check.{asked}", **told)
    if edit.left:
        is_call = edit.what == "argument" and not edit.before
        name = edit.after.partition("=")[0].strip()
        places = {**words, "places": _places(edit.left), "name": name}
        yield text_of("check.left-calls" if is_call else "check.left", **places)
    elif edit.uses and edit.what != "call":
        yield text_of("check.uses", places=_places(edit.uses))


def _has_ended(edit: Edit, facts: ChangeFacts) -> bool:
    """Return whether the function ended behind what went, and goes on now."""
    at = (edit.path, edit.symbol, edit.guard)
    ends = (one for one in facts.edit if one.what == "return" and one.change == "removed")
    return edit.what == "call" and any(
        (one.path, one.symbol, one.guard) == at and one.line > edit.line for one in ends
    )


def _details(edit: Edit, asked: str) -> dict[str, Argument]:
    """Return what some questions quote otherwise than the sentence does."""
    found: dict[str, Argument] = {}
    if asked == "offset" and (offset := _OFFSET.search(edit.after)) is not None:
        found = {"name": f"`{offset[1]}`", "after": offset[0]}
    elif (
        asked == "part"
        and len(edit.after) > LONGEST_GUARD
        and (part := _SLICE.search(edit.after)) is not None
    ):
        start = max(edit.after.rfind(mark, 0, part.start()) for mark in " (,") + 1
        found = {"after": edit.after[start : part.end()]}
    elif asked == "value-changed" and (names := other_name(edit)) is not None:
        found = {"before": names[0], "after": names[1]}
    elif asked == "collected":
        found = {"target": edit.callee.rpartition(".")[0]}
    elif asked == "missing" and (key := _MISSING.search(edit.before)) is not None:
        found = {"name": key[1], "value": key[2]}
    elif asked == "ended":
        found = {"at": message("check.where", guard=edit.guard) if edit.guard else ""}
    return found


def _asked(edit: Edit, code: str) -> str:  # noqa: PLR0911 - a question a line
    """Return which question an edit leaves."""
    asked = _QUESTIONS.get(code, "gone" if code.endswith("-removed") else "statement")
    if code == "wording" and not edit.after.startswith("--"):
        return "of-wording"
    if code == "wording" or code.startswith("file") or edit.path.startswith("tests/"):
        kind = NO_CODE.get(edit.what, "test")
        if kind == "test" and edit.change == "added" and exit_of(edit) in ("return", "continue", "raise"):
            return "of-test-case"
        if kind == "docs" and edit.after.startswith("--"):
            return "of-option"
        return f"of-{kind}" if edit.after else "of-test-gone" if kind == "test" else "of-gone"
    asked = _by_value(edit, asked)
    found = _MISSING.search(edit.before)
    if found is not None and f"{found[1]}.get({found[2]}" in edit.after:
        return "missing"
    zero = _TRUTH.match(edit.after)
    if asked == "decided" and zero is not None and edit.before.removeprefix("not ") == (zero[1] or zero[2]):
        return "zero"
    if code in ("raise-added", "return-added") and edit.guard:
        return "raised" if code == "raise-added" else "skipped"
    if asked == "argument" and _LOADS.search(edit.callee):
        return "index"
    if asked == "narrowed" and exit_of(edit):
        return "goes-on"
    return "returned" if asked == "return" and not edit.before else asked


def _by_value(edit: Edit, asked: str) -> str:
    """Return a question that fits what is handed over better than that of its place."""
    if asked == "element" and edit.change != "removed" and not _KEYED.search(edit.after):
        return "entry"
    if asked == "argument" and _COLLECTS.search(edit.callee):
        return "collected"
    name = edit.before.partition(" or ")[0]
    if edit.after.startswith(f"{name} if {name} is not None else "):
        return "zero"
    if asked in ("argument", "value", "value-changed") and _LOADS.search(edit.callee) is None:
        if _OFFSET.search(edit.after) and not _OFFSET.search(edit.before):
            return "offset"
        if _SLICE.search(edit.after) and not _SLICE.search(edit.before):
            return "part"
    return asked


def _places(places: tuple[str, ...]) -> tuple[Message, ...]:
    found = []
    for each in places:
        line, _, name = each.partition(" ")
        found.append(
            message("check.place", name=f"`{short_name(name)}`", line=int(line))
            if name
            else message("check.line", line=int(line))
        )
    return tuple(found)
