"""One edit in words: the sentence that tells it, and the question that it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple, cast

from diffscope.assessment.document import Effect
from diffscope.facts.model import ChangeFacts, Edit, SymbolFact
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Argument, Message, Text, message
from diffscope.messages.say import sentence, text_of
from diffscope.patterns import lazy_regex
from diffscope.syntax.denial import denied
from diffscope.syntax.nodes import brief

_NAMES: Final = 2
_LONGEST_VALUE: Final = 70
_MOST_QUOTED: Final = 200
"""Characters of code in one sentence, up to which it tells another value, too."""
_LONGEST_GUARD: Final = 70
_FILES: Final = {
    "docs": "docs", "infra": "infra", "build": "infra", "config": "other", "test": "other", "example": "other", "benchmark": "other",
    "data": "other", "other": "other",
}  # fmt: skip
"""Categories of files that are no code, with the question that an edit leaves."""
_OFTEN: Final = frozenset({"per_step", "per_request", "start_up"})
_SEEN: Final = frozenset({"root", "called", "class"})
"""How it is known that something runs so often, and not only guessed from imports."""
_WITH_WHAT_RUNS: Final = ("condition-", "and-", "or-", "loop-added", "loop-removed", "with-")
"""Beginnings of the codes of sentences that say what runs under a head."""
_EXITS: Final = ("return", "raise", "continue", "break")
_LOADS: Final = lazy_regex(r"(?:^|\.)(?:load|store|make_block_ptr|advance|copy_)$")
_CALL: Final = lazy_regex(r"^(?:await )?[\w.]+\(")
_SET: Final = lazy_regex(r"^([\w.\[\], ]+?)(?:: [^=]+)? [-+*/|&]?= ")
_DOTTED: Final = lazy_regex(r"(?<![\w.\"'])[A-Za-z_][\w.]*")
_OFFSET: Final = lazy_regex(r"([A-Za-z_][\w.]*(?:\[[\w.-]+\])?) [+-] 1\b")
_SLICE: Final = lazy_regex(r"\w\[[^\]]*\w\s*:[^\]]*\]|\w\[[^\]]*:\s*\w[^\]]*\]")
_KEYED: Final = lazy_regex(r"^(?:[\"'][\w-]+[\"']: |\w+=)")
"""A part of what is built that others read by its name."""
_COLLECTS: Final = lazy_regex(r"\w\.(?:append|extend|add|insert|update|put)$")
_MISSING: Final = lazy_regex(r"([A-Za-z_][\w.]*)\[([\"'][\w-]+[\"'])\]")
"""An entry that has to be there."""
_TRUTH: Final = lazy_regex(r"^([\w.]+) is not None$|^([\w.]+) is None$")


class EditGroup(NamedTuple):
    """One edit, made in one function or in several."""

    edits: list[Edit]
    symbols: list[SymbolFact | None]

    @property
    def first(self) -> Edit:
        """The edit that is told."""
        return self.edits[0]


def effect_of(group: EditGroup, facts: ChangeFacts, others: Sequence[Edit] = ()) -> Effect:
    """Return the sentence of an edit, with other values of its function that changed, and what it leaves to ask."""
    edit, code = group.first, _code(group.first)
    words = _words(group)
    return Effect(
        path=edit.path,
        line=edit.line,
        side=edit.side,
        symbol=edit.symbol,
        says=_says(group, words, facts, others),
        checks=tuple(_checks(group, words, facts)),
        general=_asked(edit, code) in ("statement", "parameter"),
        condition=edit.guard,
        places=len(group.edits),
        code=code,
        before=edit.before,
        after=edit.after,
        target=edit.target,
        error=_error(edit, code),
        vague=code.startswith(_WITH_WHAT_RUNS) and isinstance(words["does"], Message),
    )


def _error(edit: Edit, code: str) -> str:
    if code == "raise-added":
        return edit.after
    raises = code.startswith("condition-") and _exit(edit) == "raise"
    return edit.held[-1].partition(" ")[2] if raises else ""


def _words(group: EditGroup) -> dict[str, Argument]:
    edit = group.first
    names = list(dict.fromkeys(map(_named, group.edits)))
    shown, rest = tuple(names[:_NAMES]), len(names) - _NAMES
    where: Argument = message("list.more", names=shown, more=rest) if rest > 0 else shown
    caller = _caller(group.symbols[0])
    return {
        "where": where,
        "count": len(names),
        "places": len(group.edits),
        "before": edit.before,
        "after": edit.after,
        "target": edit.target,
        "into": _into(edit),
        "callee": edit.callee,
        "value": brief(edit.held[-1], _LONGEST_VALUE) if edit.held else "",
        "does": _done_under(edit),
        "denied": denied(edit.after),
        "via": message("check.via", caller=caller) if caller else "",
    }


def _into(edit: Edit) -> Argument:
    """Return what an element is put into: what is assigned, what a call is handed, else what the function gives back."""
    if edit.target:
        return f"`{edit.target}`"
    return message("effect.handed", callee=edit.callee) if edit.callee else message("effect.built")


def _done_under(edit: Edit) -> str | Message:
    """Return what the code under a head does: how it leaves, what it calls, or which names it sets; never its first statement for it all."""
    held = edit.held
    if _exit(edit):
        return f"`{brief(held[-1], _LONGEST_VALUE)}`"
    calls = [text for text in held if _CALL.match(text) or text.startswith("assert ")]
    if calls or (len(held) == 1 and len(held[0]) <= _LONGEST_VALUE):
        return f"`{brief((calls or held)[0], _LONGEST_VALUE)}`"
    names = dict.fromkeys(found[1] for text in held if (found := _SET.match(text)))
    return (
        message("effect.sets", names=tuple(f"`{name}`" for name in names))
        if names
        else message("effect.under")
    )


def _named(edit: Edit) -> str | Message:
    if edit.symbol == "<module>":
        return message("effect.of-module", name=edit.path.rpartition("/")[2])
    return f"`{_short(edit.symbol)}`" if edit.symbol else f"`{edit.path.rpartition('/')[2]}`"


def _short(symbol: str) -> str:
    return ".".join(symbol.split(".")[-2:])


def _caller(symbol: SymbolFact | None) -> str:
    steps = symbol.reach_path.split(" <- ") if symbol is not None and symbol.reach_path else []
    # A class is no caller of its own methods.
    is_class = len(steps) > 1 and (symbol.symbol or "").startswith(f"{steps[1]}.") if symbol else False
    return _short(steps[1]) if len(steps) > 1 and not is_class else ""


def _exit(edit: Edit) -> str:
    last = edit.held[-1] if edit.held else ""
    return next((word for word in _EXITS if last == word or last.startswith(f"{word} ")), "")


def _message(code: str, **arguments: Argument) -> Message:
    return Message(cast("MessageCode", code), arguments)


def _code(edit: Edit) -> str:
    """Return which sentence tells an edit."""
    what, change = edit.what, edit.change
    if change == "changed" and not edit.before and what in ("argument", "element"):
        change = "added"
    if change == "changed" and not edit.after and what in ("argument", "element"):
        change = "removed"
    if what == "condition":
        return _of_condition(edit, change)
    if what == "whole":
        return f"whole-{'both' if edit.before and edit.after else 'now' if edit.after else 'before'}"
    if what in _FILES:
        # A line that keeps the rest is told by its beginning.
        part = "-part" if edit.target and edit.change == "changed" else ""
        change = change if edit.before and edit.after else "added" if edit.after else "removed"
        return "wording" if what == "docs" and not part and change == "changed" else f"file{part}-{change}"
    if what == "value" and change == "changed" and _other_name(edit) is not None:
        return "value-from"
    if edit.keyword in ("new", "from-new"):
        return "value-new" if edit.keyword == "new" else "value-from-new"
    is_variable = edit.target == edit.symbol.rpartition(".")[2]
    if is_variable and what in ("value", "element"):
        what = (
            "variable" if what == "value" and change == "changed" else "entry" if what == "element" else what
        )
    return f"{'statement' if what in ('case', 'function') else what}-{change}"


def _of_condition(edit: Edit, change: str) -> str:
    leaves = _exit(edit)
    if change == "added":
        entered = {
            "return": "condition-return",
            "raise": "condition-raise",
            "break": "condition-break",
            "": "condition-added",
        }
        return "condition-guards" if edit.stood else entered.get(leaves, "condition-stop")
    if change == "removed":
        alone = "condition-exit-gone" if leaves else "condition-removed"
        return "condition-unguards" if edit.stood else alone
    if edit.held and edit.keyword and not (edit.before and edit.after):
        return f"{edit.keyword}-{'more' if edit.after else 'less'}"
    return "condition-changed" if isinstance(_done_under(edit), str) or edit.held else "branch-changed"


def _other_name(edit: Edit) -> tuple[str, str] | None:
    """Return the one name that another one replaced wherever it stood in an expression; ``None`` where more than that differs."""
    was, now = (list(dict.fromkeys(_DOTTED.findall(text))) for text in (edit.before, edit.after))
    gone, come = [name for name in was if name not in now], [name for name in now if name not in was]
    if len(gone) != 1 or len(come) != 1 or gone[0] == edit.before:
        return None
    same = _bare(edit.before).replace(gone[0], come[0]) == _bare(edit.after)
    return (gone[0], come[0]) if same else None


def _bare(text: str) -> str:
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


def _says(group: EditGroup, words: dict[str, Argument], facts: ChangeFacts, others: Sequence[Edit]) -> Text:
    edit, code = group.first, _code(group.first)
    told = dict(words)
    if code in ("condition-return", "condition-raise"):
        told["value"] = edit.held[-1].partition(" ")[2] or "None"
    if code == "value-from" and (names := _other_name(edit)) is not None:
        told["before"], told["after"] = names
    said: Message = _message(f"effect.{code}", **told)
    if code in ("condition-changed", "branch-changed"):
        said = _with_direction(said, edit, facts)
    left = _MOST_QUOTED - len(f"{edit.before}{edit.after}{edit.guard}")
    lengths = accumulate(len(f"{one.target}{one.before}{one.after}") for one in others)
    others = [one for one, length in zip(others, lengths, strict=True) if length <= left]
    if others:
        said = message("effect.with-others", said=said, others=_others(others))
    if edit.guard and len(edit.guard) <= _LONGEST_GUARD and edit.what != "except":
        said = message("effect.at", guard=edit.guard, said=said)
    often = _often(group.symbols[0])
    if often is not None:
        said = message("effect.often", said=said, reached=often)
    both = sentence(said)
    return Text(en=both.en[:1].upper() + both.en[1:], zh=both.zh)


def _with_direction(said: Message, edit: Edit, facts: ChangeFacts) -> Message:
    """Return a sentence with whether the new condition holds in more or in fewer cases, as far as that can be told."""
    at = (edit.path, edit.symbol, edit.line)
    found = {one.direction for one in facts.condition if (one.path, one.symbol, one.line) == at}
    ways = {"narrowed": "effect.narrower", "widened": "effect.wider"}
    return _message(ways[found.pop()], said=said) if len(found) == 1 and found <= ways.keys() else said


def _others(edits: Iterable[Edit]) -> tuple[Message, ...]:
    found = []
    for one in edits:
        names = _other_name(one)
        before, after = names or (one.before, one.after)
        code = "effect.other-from" if names else "effect.other-value"
        found.append(_message(code, target=one.target, before=before, after=after))
    return tuple(found)


def _often(symbol: SymbolFact | None) -> Message | None:
    if symbol is None:
        return None
    if symbol.asked_for:
        return message("effect.asked", name=symbol.asked_for)
    if symbol.reached == "one_platform" and symbol.platforms:
        return message("effect.one_platform", platforms=tuple(each.upper() for each in symbol.platforms))
    is_seen = symbol.reach_reason in _SEEN
    if symbol.reached == "start_up" and symbol.reach_reason != "root":
        # What a constructor names it may keep, and call at every step.
        return None
    return _message(f"effect.{symbol.reached}") if is_seen and symbol.reached in _OFTEN else None


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
    edit, code = group.first, _code(group.first)
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
        told["name"] = f"`{edit.before.removeprefix('not ')}`"
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
        and len(edit.after) > _LONGEST_GUARD
        and (part := _SLICE.search(edit.after)) is not None
    ):
        start = max(edit.after.rfind(mark, 0, part.start()) for mark in " (,") + 1
        found = {"after": edit.after[start : part.end()]}
    elif asked == "value-changed" and (names := _other_name(edit)) is not None:
        found = {"before": names[0], "after": names[1]}
    elif asked == "collected":
        found = {"target": edit.callee.rpartition(".")[0]}
    elif asked == "fallback":
        found = {"name": f"`{edit.before.partition(' or ')[0]}`"}
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
        kind = _FILES.get(edit.what, "test")
        if kind == "test" and edit.change == "added" and _exit(edit) in ("return", "continue", "raise"):
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
    if asked == "narrowed" and _exit(edit):
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
        return "fallback"
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
            message("check.place", name=f"`{_short(name)}`", line=int(line))
            if name
            else message("check.line", line=int(line))
        )
    return tuple(found)
