"""One edit in words: which sentence tells it, and what it quotes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final, cast

from diffscope.assessment.changed_values import (
    changed_case,
    changed_choice,
    changed_platforms,
    changed_values,
    parted,
)
from diffscope.assessment.edit_groups import EditGroup, exit_of, has_two_branches
from diffscope.facts.model import ChangeFacts, Edit, SymbolFact
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Argument, Message, Text, message
from diffscope.messages.say import sentence
from diffscope.patterns import lazy_regex
from diffscope.syntax.nodes import brief, denied

_NAMES: Final = 2
_CALLEES: Final = 3
_LONGEST_VALUE: Final = 70
_MOST_SET: Final = 110
"""Characters of several assignments up to which they are quoted."""
_MOST_QUOTED: Final = 200
"""Characters of code in one sentence, up to which it tells another value, too."""
LONGEST_GUARD: Final = 70
"""Characters of code that a sentence quotes beside the edit itself."""
NO_CODE: Final = {
    "docs": "docs", "infra": "infra", "build": "infra", "config": "other", "test": "other", "example": "other", "benchmark": "other",
    "data": "other", "other": "other",
}  # fmt: skip
"""Categories of files that are no code, with the question that an edit leaves."""
_BY_KEYWORD: Final = {
    "steps": "steps-added",
    "label": "step-renamed",
    "exit": "exit-to-assert",
    "carried": "argument-carried",
    "new": "value-new",
    "from-new": "value-from-new",
}
_PASSED_ON: Final = lazy_regex(r"(\w+)=(?:\w+\.)*\1")
_NAME: Final = lazy_regex(r"\(?(?:\w+\.)*(\w+)\)?")
_KEEPS: Final = lazy_regex(r"^self\.[\w.]+ = ")
_CALL: Final = lazy_regex(r"^(?:await )?[\w.]+\(")
_ERROR: Final = lazy_regex(
    r"""raise ([\w.]+)\(((?:\s*[rf]?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))+)\s*(?:,.*)?\)"""
)
_CALLEE: Final = lazy_regex(r"[A-Za-z_][\w.]*")
_LITERAL: Final = lazy_regex(r"""[rf]?(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
_HEAD_OF_ERROR: Final = 80
_END_OF_ERROR: Final = 120
"""Characters of what an error says: mostly what is wrong, and what to do about it."""
_SET: Final = lazy_regex(r"^([\w., \"']*[\w\"'](?:\[[^=]*\])?)(?:: [^=]+)? [-+*/|&]?= ")
_OUTLASTS: Final = lazy_regex(r"^[\w.]+(?:\.\w+|\[[^=\]]*\]) = ")
_DOTTED: Final = lazy_regex(r"(?<![\w.\"'])[A-Za-z_][\w.]*")


def words_of(group: EditGroup) -> dict[str, Argument]:
    """Return what sentence and questions of an edit quote, by the names that the catalogue of messages has for them."""
    edit = group.first
    names = list(dict.fromkeys(map(_named, group.edits)))
    where: Argument = _listed(names)
    if group.is_repeated:
        files = len({one.path for one in group.edits})
        where = message("effect.places", places=len(group.edits), files=files)
    callers = {_caller(one) for one in group.symbols}
    caller = callers.pop() if len(callers) == 1 else ""
    is_alike = len({one.held for one in group.edits}) == 1
    return {
        "where": where,
        "count": len(names),
        "places": len(group.edits),
        "before": edit.before,
        "after": edit.after,
        "target": edit.target,
        "callees": _listed(edit.target.split(", "), _CALLEES) if edit.keyword == "carried" else "",
        "into": _into(edit),
        "callee": edit.callee,
        "value": brief(edit.held[-1], _LONGEST_VALUE) if edit.held else "",
        "does": _done_under(edit) if is_alike else message("effect.under"),
        "denied": denied(edit.after),
        "via": message("check.via", caller=caller) if caller else "",
        "caller": caller,
        "then": edit.then,
        "line": edit.then_line,
        "otherwise": edit.otherwise,
    }


def _listed(names: Sequence[str | Message], most: int = _NAMES) -> Argument:
    """Return the first names, and how many more there are; those that are code already are quoted so."""
    rest = len(names) - most
    shown = tuple(f"`{one}`" if isinstance(one, str) and one.isidentifier() else one for one in names[:most])
    return message("list.more", names=shown, more=rest) if rest > 0 else shown


def _into(edit: Edit) -> Argument:
    """Return what an element is put into: what is assigned, what a call is handed, else what the function gives back."""
    if edit.target:
        return f"`{edit.target}`"
    return message("effect.handed", callee=edit.callee) if edit.callee else message("effect.built")


def _done_under(edit: Edit) -> str | Message:
    """Return what the code under a head does: how it leaves, what it calls, or which names it sets; never its first statement for it all."""
    held = edit.held
    if exit_of(edit):
        return f"`{error_of(held[-1]) if _ERROR.fullmatch(held[-1]) else brief(held[-1], _LONGEST_VALUE)}`"
    calls = [text for text in held if _CALL.match(text) or text.startswith("assert ")]
    if calls or (len(held) == 1 and len(held[0]) <= _LONGEST_VALUE):
        told = (calls or held)[0]
        kept = next((text for text in held if _KEEPS.match(text)), told)
        if kept != told and edit.change == "added" and len(kept) + len(told) <= _LONGEST_VALUE:
            # What an object keeps outlasts the call.
            told = "; ".join(sorted((kept, told), key=held.index))
        return f"`{brief(told, _LONGEST_VALUE)}`"
    names = dict.fromkeys(found[1] for text in held if (found := _SET.match(text)))
    if names and len(names) == len(held) and (len(held) == 1 or len("; ".join(held)) <= _MOST_SET):
        return f"`{brief('; '.join(held), _MOST_SET if held[1:] else _LONGEST_VALUE)}`"
    if outlasting := [text for text in held if _OUTLASTS.match(text)]:
        # What stays behind says more than what is only set for it.
        return f"`{brief(outlasting[-1], _LONGEST_VALUE)}`"
    return (
        message("effect.sets", names=tuple(f"`{name}`" for name in names))
        if names
        else message("effect.under")
    )


def _named(edit: Edit) -> str | Message:
    if edit.what in NO_CODE and edit.symbol:
        return message("effect.step-of", step=edit.symbol, name=edit.path.rpartition("/")[2])
    if edit.symbol == "<module>":
        return message("effect.of-module", name=edit.path.rpartition("/")[2])
    return f"`{short_name(edit.symbol)}`" if edit.symbol else f"`{edit.path.rpartition('/')[2]}`"


def short_name(symbol: str) -> str:
    """Return the last two parts of a qualified name."""
    return ".".join(symbol.split(".")[-2:])


def places_named(places: tuple[str, ...]) -> tuple[Message, ...]:
    """Return places, each a line or a line and a name, in words."""
    parts = (each.partition(" ") for each in places)
    return tuple(
        message("check.place", name=f"`{short_name(name)}`", line=int(line))
        if name
        else message("check.line", line=int(line))
        for line, _, name in parts
    )


def _caller(symbol: SymbolFact | None) -> str:
    # Otherwise the next step is no caller: a member that runs where objects of its class are at work, or who names what hands it on.
    is_called = symbol is not None and symbol.reach_reason == "called"
    steps = symbol.reach_path.split(" <- ") if symbol is not None and is_called else []
    # A class is no caller of its own methods.
    is_class = len(steps) > 1 and (symbol.symbol or "").startswith(f"{steps[1]}.") if symbol else False
    return short_name(steps[1]) if len(steps) > 1 and not is_class else ""


def _message(code: str, **arguments: Argument) -> Message:
    return Message(cast("MessageCode", code), arguments)


def hands_on(edit: Edit) -> bool:
    """Return whether a value is only handed on under its own name."""
    target, value = (_NAME.fullmatch(text) for text in (edit.target, edit.after or edit.before))
    is_same = target is not None and value is not None and target[1] == value[1]
    return is_same or any(_PASSED_ON.fullmatch(text) for text in (edit.before, edit.after))


def code_of(edit: Edit) -> str:
    """Return which sentence tells an edit."""
    what, change = edit.what, edit.change
    if change == "changed" and not (edit.before and edit.after) and what in ("argument", "element"):
        change = "added" if edit.after else "removed"
    if what == "loop" and edit.keyword == "and" and not (edit.before and edit.after):
        return "loop-more" if edit.after else "loop-less"
    if edit.keyword in _BY_KEYWORD:
        return _BY_KEYWORD[edit.keyword]
    if what == "condition":
        return _of_condition(edit, change)
    if what in NO_CODE:
        # A line that keeps the rest is told by its beginning.
        part = "-part" if edit.target and edit.change == "changed" else ""
        change = change if edit.before and edit.after else "added" if edit.after else "removed"
        return "wording" if what == "docs" and not part and change == "changed" else f"file{part}-{change}"
    if what == "value" and change == "changed" and other_name(edit) is not None:
        return "value-from"
    return _of_value(edit, what, change)


def _of_value(edit: Edit, what: str, change: str) -> str:
    is_variable = edit.target == edit.symbol.rpartition(".")[2]
    if is_variable and what == "value" and change == "changed":
        numbers = edit.before.isdigit() and edit.after.isdigit()
        # The number of a format or protocol, which two ends compare.
        return "variable-version" if numbers and edit.target.endswith("VERSION") else "variable-changed"
    if is_variable and what == "element":
        what = "entry"
    return f"{'statement' if what in ('case', 'function') else what}-{change}"


def _of_condition(edit: Edit, change: str) -> str:
    leaves = exit_of(edit)
    if change == "added":
        entered = {
            "return": "condition-return",
            "raise": "condition-raise",
            "break": "condition-break",
            "": "condition-added",
        }
        if edit.stood:
            return "condition-splits" if edit.otherwise else "condition-guards"
        return entered.get(leaves, "condition-stop")
    if change == "removed":
        alone = "condition-exit-gone" if leaves else "condition-removed"
        return "condition-unguards" if edit.stood else alone
    if edit.held and edit.keyword and not (edit.before and edit.after):
        return f"{edit.keyword}-{'more' if edit.after else 'less'}"
    if edit.held and edit.keyword:
        return "condition-part"
    return "condition-changed" if isinstance(_done_under(edit), str) or edit.held else "branch-changed"


def other_name(edit: Edit) -> tuple[str, str] | None:
    """Return the one name that another one replaced wherever it stood in an expression; ``None`` where more than that differs."""
    was, now = (list(dict.fromkeys(_DOTTED.findall(text))) for text in (edit.before, edit.after))
    gone, come = [name for name in was if name not in now], [name for name in now if name not in was]
    if len(gone) != 1 or len(come) != 1 or gone[0] == edit.before:
        return None
    same = bare(edit.before).replace(gone[0], come[0]) == bare(edit.after)
    return (gone[0], come[0]) if same else None


def all_of(*conditions: str) -> str:
    """Return conditions as one that holds where each does."""
    asked = [one for one in conditions if one]
    return " and ".join(f"({one})" if asked[1:] and " or " in one else one for one in asked)


def bare(text: str) -> str:
    """Return an expression without the brackets around it."""
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


def sentence_of(
    group: EditGroup, words: dict[str, Argument], facts: ChangeFacts, others: Sequence[Edit]
) -> Text:
    """Return the sentence of an edit, with other values of its function that changed."""
    edit = group.first
    code, told = _told(edit, words, facts)
    said: Message = _message(f"effect.{code}", **told)
    if code in ("condition-changed", "condition-part", "branch-changed"):
        said = _with_direction(said, edit, facts)
    if others:
        said = message("effect.with-others", said=said, others=_others(others))
    # What is done depends on all that is asked before.
    guard = "" if group.is_repeated or edit.what == "except" else all_of(*edit.outer, edit.guard)
    if guard:
        shown = guard if len(guard) <= 2 * LONGEST_GUARD else f"… and {edit.guard}"
        said = message("effect.at", guard=shown, said=said)
    reaches = [_often(one) for one in group.symbols]
    often = reaches[0]
    if often is not None and reaches.count(often) == len(reaches):
        said = message("effect.often", said=said, reached=often)
    both = sentence(said)
    return Text(en=both.en[:1].upper() + both.en[1:], zh=both.zh)


def _told(edit: Edit, words: dict[str, Argument], facts: ChangeFacts) -> tuple[str, dict[str, Argument]]:
    """Return which sentence tells an edit best, and what it quotes."""
    code, told = code_of(edit), dict(words)
    code = "condition-else" if code == "condition-added" and has_two_branches(edit) else code
    if code == "condition-return" and len(edit.held) > 1:
        told["first"], code = brief(edit.held[0], LONGEST_GUARD), "condition-ends"
        told["value"] = edit.held[-1].partition(" ")[2] or "None"
    elif code in ("condition-return", "condition-raise"):
        told["value"] = error_of(edit.held[-1]) or "None"
    elif code == "condition-exit-gone" and exit_of(edit) == "raise":
        code, told["value"] = "condition-raise-gone", error_of(edit.held[-1])
    if code in ("call-changed", "value-from"):
        names = _other_callees(edit) if code == "call-changed" else other_name(edit)
        told["before"], told["after"] = names or (edit.before, edit.after)
        code = "call-other" if names and code == "call-changed" else code
    if (case := changed_case(edit)) is not None:
        told |= {"case": case.case, "before": case.before, "after": case.after}
        code = f"{edit.what}-case"
    if (choice := changed_choice(edit)) is not None:
        told |= choice._asdict()
        code = f"{edit.what}-choice"
    if way := changed_platforms(edit):
        told["platforms"] = tuple(each.upper() for each in way.names)
        code = f"platforms-{way.kind}"
    elif (values := changed_values(edit)) is not None:
        told["lost"], told["gained"] = values
        code = f"{edit.what}-{values.kind}"
    elif code in ("condition-changed", "condition-part") and (parts := _differing(edit, facts)) is not None:
        told["gone"], told["come"] = parts
        code = f"condition-asks-{'both' if all(parts) else 'more' if parts[1] else 'less'}"
    return code, told


def _other_callees(edit: Edit) -> tuple[str, str] | None:
    """Return what is called on both sides where that alone differs."""
    sides = [text.partition("(")[::2] for text in (edit.before, edit.after)]
    is_same = sides[0][1] == sides[1][1] != "" and all(_CALLEE.fullmatch(name) for name, _ in sides)
    return (sides[0][0], sides[1][0]) if is_same else None


def fitting(edit: Edit, others: Sequence[Edit]) -> list[Edit]:
    """Return those of other values that a sentence has room for."""
    left = _MOST_QUOTED - len(f"{edit.before}{edit.after}{edit.guard}")
    lengths = accumulate(len(f"{one.target}{one.before}{one.after}") for one in others)
    return [one for one, length in zip(others, lengths, strict=True) if length <= left]


def error_of(text: str) -> str:
    """Return an error by its name and what it says, or as it is written where that is no text alone; empty where nothing is given back."""
    found = _ERROR.fullmatch(text)
    said = "".join(one[1] or one[2] for one in _LITERAL.finditer(found[2])) if found else ""
    said = said.replace("`", "").strip()
    if len(said) > _HEAD_OF_ERROR + _END_OF_ERROR:
        head, end = said[:_HEAD_OF_ERROR].rpartition(" ")[0], said[-_END_OF_ERROR:].partition(" ")[2]
        said = f"{head} … {end}"
    written = brief(text.partition(" ")[2], _HEAD_OF_ERROR + _END_OF_ERROR)
    return f"{found[1]}: {said}" if found and said else written


def _with_direction(said: Message, edit: Edit, facts: ChangeFacts) -> Message:
    """Return a sentence with whether the new condition holds in more or in fewer cases, as far as that can be told."""
    way = direction_of(edit, facts)
    return _message(f"effect.{way}", said=said) if way else said


def _differing(edit: Edit, facts: ChangeFacts) -> tuple[str, str] | None:
    """Return what a condition asks no longer and anew where that is told in its place: it is too long, or the rest is the same."""
    parts, is_long = parted(edit.before, edit.after), len(edit.before + edit.after) > 2 * LONGEST_GUARD
    return parts_of(edit, facts) or (parts if is_long and any(parts) and not all(parts) else None)


def parts_of(edit: Edit, facts: ChangeFacts) -> tuple[str, str] | None:
    """Return what a condition that is too long to be quoted asks no longer and anew; ``None`` where it is quoted whole, or that is not known."""
    if "…" not in edit.before + edit.after:
        return None
    at = (edit.path, edit.symbol, edit.line)
    for one in facts.condition:
        if (one.path, one.symbol, one.line) == at and (one.came or one.went):
            gone, come = (
                "`, `".join(brief(each, LONGEST_GUARD) for each in part) for part in (one.went, one.came)
            )
            return gone, come
    return None


def direction_of(edit: Edit, facts: ChangeFacts) -> str:
    """Return ``narrower`` or ``wider`` where a condition holds in fewer or in more cases than before; empty where that cannot be told."""
    at = (edit.path, edit.symbol, edit.line)
    found = {one.direction for one in facts.condition if (one.path, one.symbol, one.line) == at}
    ways = {"narrowed": "narrower", "widened": "wider"}
    return ways[found.pop()] if len(found) == 1 and found <= ways.keys() else ""


def _others(edits: Iterable[Edit]) -> tuple[Message, ...]:
    found = []
    for one in edits:
        names = other_name(one)
        before, after = names or (one.before, one.after)
        kept = "effect.other-value" if one.change == "changed" else "effect.other-set"
        code = "effect.other-from" if names else kept
        found.append(_message(code, target=one.target, before=before, after=after))
    return tuple(found)


def _often(symbol: SymbolFact | None) -> Message | None:
    if symbol is None:
        return None
    if symbol.asked_for:
        return message("effect.asked", name=symbol.asked_for)
    if symbol.reached == "one_platform" and symbol.platforms:
        return message("effect.one_platform", platforms=tuple(each.upper() for each in symbol.platforms))
    # What a constructor names it may keep, and call at every step; and which configuration comes through a step or a request is not known.
    is_start = symbol.reached == "start_up" and symbol.reach_reason == "root"
    return message("effect.start_up") if is_start else None
