"""What a change does, and what to ask of it: sentences from the statements that differ, the weightiest first.

An edit weighs by what it decides, by how often it runs, and by the words of the title that it holds: the author knows which edit is the point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, cast

from diffscope.assessment.document import Effect
from diffscope.facts.change.edits import statement_weight
from diffscope.facts.model import ChangeFacts, Edit, SymbolFact
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Argument, Message, Text, message
from diffscope.messages.say import sentence, text_of
from diffscope.patterns import lazy_regex

MOST: Final = 3
_NAMES: Final = 2
_LONGEST_VALUE: Final = 90
_LONGEST_GUARD: Final = 70
_REACHED: Final = {"per_step": 1.0, "per_request": 0.9, "start_up": 0.3, "tools": -1.5}
_OF_TITLE: Final = 1.4
_FILES: Final = {
    "docs": "docs", "infra": "infra", "build": "infra", "config": "other", "test": "other", "example": "other", "benchmark": "other",
    "data": "other", "other": "other",
}  # fmt: skip
"""Categories of files that are no code, with the question that an edit leaves."""
_OPPOSITES: Final = (
    (" is not ", " is "), (" is ", " is not "), (" not in ", " in "), (" in ", " not in "), (" != ", " == "), (" == ", " != "),
    (" <= ", " > "), (" >= ", " < "), (" < ", " >= "), (" > ", " <= "),
)  # fmt: skip
_OFTEN: Final = frozenset({"per_step", "per_request", "start_up"})
_SEEN: Final = frozenset({"root", "called", "class"})
"""How it is known that something runs so often, and not only guessed from imports."""
_EXITS: Final = ("return", "raise", "continue", "break")
_LOADS: Final = lazy_regex(r"(?:^|\.)(?:load|store|make_block_ptr|advance|copy_)$")
_PART: Final = lazy_regex(r"[A-Z]?[a-z]+|[A-Z]{2,}(?![a-z])|\d+")
_NUMBER: Final = lazy_regex(r"(?<=[A-Za-z_])\d+\b")
_TRUTH: Final = lazy_regex(r"^([\w.]+) is not None$|^([\w.]+) is None$")
_COMMON: Final = frozenset(
    {
        "fix", "bug", "bugfix", "the", "for", "and", "add", "added", "support", "with", "from", "use", "not", "when", "into", "make", "model",
        "core", "perf", "misc", "feat", "refactor", "update", "remove", "enable", "self", "config", "vllm", "none", "return", "if",
    }
)  # fmt: skip


class _Group(NamedTuple):
    """One edit, made in one function or in several."""

    edits: list[Edit]
    symbols: list[SymbolFact | None]

    @property
    def first(self) -> Edit:
        return self.edits[0]


def find_effects(facts: ChangeFacts) -> tuple[Effect, ...]:
    """Return at most three effects of edits to product code, each with its question; none where only other languages, tests or data changed."""
    known = {(one.path, one.symbol): one for one in facts.symbol}
    groups: dict[tuple[object, ...], _Group] = {}
    options = [one.name for one in facts.option if one.change in ("added", "removed")]
    for edit in facts.edit:
        if edit.what == "element" and any(f'"{name}"' in edit.after + edit.before for name in options):
            # A row of a table of options is the option, which is told as such.
            continue
        # What is done to i1 and to i2 is one thing, done twice.
        key = (
            edit.what,
            edit.change,
            *(_NUMBER.sub("#", text) for text in (edit.before, edit.after, edit.callee, *edit.held)),
        )
        group = groups.setdefault(key, _Group([], []))
        group.edits.append(edit)
        group.symbols.append(known.get((edit.path, edit.symbol)))
    words = stems_of(facts.change.title)
    ranked = sorted(
        groups.values(),
        key=lambda group: (-_weight(group, words), group.first.path, group.first.line, group.first.after),
    )
    return tuple(_effect(group) for group in _apart(ranked)[:MOST])


def _apart(groups: Sequence[_Group]) -> list[_Group]:
    """Return the groups with the second effect of a function behind the first ones of others, where they weigh much the same."""
    first, rest = groups[:1], list(groups[1:])
    seen = {group.first.symbol for group in first}
    rest.sort(key=lambda group: group.first.symbol in seen)
    return [*first, *groups[1:]] if len(rest) < MOST else [*first, *rest[: MOST - 1]]


def _weight(group: _Group, title: frozenset[str]) -> float:
    edit, symbol = group.first, group.symbols[0]
    before, after = stems_of(edit.before), stems_of(edit.after)
    # What came says what a change is about, what stands on both sides least.
    came = title & (after - before | stems_of(" ".join(edit.held)))
    went = title & (before - after) - came
    around = (
        title & (before | stems_of(f"{edit.symbol} {edit.target} {edit.callee} {edit.path}")) - came - went
    )
    told = len(came) + 0.7 * len(went) + 0.3 * len(around)
    return (
        statement_weight(edit)
        + _OF_TITLE * min(told, 3)
        + _REACHED.get(symbol.runs if symbol is not None else "unknown", 0.0)
        + 0.4 * min(len(group.edits) - 1, 4)
    )


def stems_of(text: str) -> frozenset[str]:
    """Return the words of a text or of names in it, without endings."""
    found = (part[0].lower() for part in _PART.finditer(text))
    stems = (word if word.isdigit() else _stem(word) for word in found if len(word) > 2)
    return frozenset(word for word in stems if word not in _COMMON)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word.removesuffix(ending)
    return word


def _effect(group: _Group) -> Effect:
    edit = group.first
    words = _words(group)
    return Effect(
        path=edit.path,
        line=edit.line,
        side=edit.side,
        symbol=edit.symbol,
        says=_says(group, words),
        checks=tuple(_checks(group, words)),
        condition=edit.guard,
        places=len(group.edits),
    )


def _words(group: _Group) -> dict[str, Argument]:
    edit = group.first
    names = list(dict.fromkeys(map(_named, group.edits)))
    shown, rest = tuple(names[:_NAMES]), len(names) - _NAMES
    held = edit.held[-1:] if _exit(edit) else edit.held
    value = "; ".join(held)
    where: Argument = message("list.more", names=shown, more=rest) if rest > 0 else shown
    caller = _caller(group.symbols[0])
    return {
        "where": where,
        "count": len(names),
        "before": edit.before,
        "after": edit.after,
        "target": edit.target,
        "into": f"`{edit.target}`" if edit.target else message("effect.built"),
        "callee": edit.callee,
        "value": value if len(value) <= _LONGEST_VALUE else held[0],
        "denied": _denied(edit.after),
        "via": message("check.via", caller=caller) if caller else "",
    }


def _named(edit: Edit) -> str | Message:
    if edit.symbol == "<module>":
        return message("effect.of-module", name=edit.path.rpartition("/")[2])
    return f"`{_short(edit.symbol)}`" if edit.symbol else f"`{edit.path.rpartition('/')[2]}`"


def _denied(condition: str) -> str:
    """Return the opposite of a condition."""
    if " and " not in condition and " or " not in condition:
        for word, opposite in _OPPOSITES:
            if condition.count(word) == 1:
                return condition.replace(word, opposite)
        if condition.startswith("not "):
            return condition.removeprefix("not ")
    return f"not ({condition})" if " " in condition else f"not {condition}"


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
    if what in _FILES:
        return f"file-{change}"
    is_variable = edit.target == edit.symbol.rpartition(".")[2]
    if is_variable and what in ("value", "element"):
        what = (
            "variable" if what == "value" and change == "changed" else "entry" if what == "element" else what
        )
    return f"{'statement' if what in ('case', 'function') else what}-{change}"


def _of_condition(edit: Edit, change: str) -> str:
    leaves = _exit(edit)
    if change == "added":
        entered = {"return": "condition-return", "raise": "condition-raise", "": "condition-added"}
        return "condition-guards" if edit.stood else entered.get(leaves, "condition-stop")
    if change == "removed":
        alone = "condition-exit-gone" if leaves else "condition-removed"
        return "condition-unguards" if edit.stood else alone
    if edit.held and edit.keyword and not (edit.before and edit.after):
        return f"{edit.keyword}-{'more' if edit.after else 'less'}"
    return "condition-changed" if edit.held else "branch-changed"


def _says(group: _Group, words: dict[str, Argument]) -> Text:
    edit, code = group.first, _code(group.first)
    told = dict(words)
    if code in ("condition-return", "condition-raise"):
        told["value"] = edit.held[-1].partition(" ")[2] or "None"
    said: Message = _message(f"effect.{code}", **told)
    if edit.guard and len(edit.guard) <= _LONGEST_GUARD and edit.what != "except":
        said = message("effect.at", guard=edit.guard, said=said)
    often = _often(group.symbols[0])
    if often is not None:
        said = message("effect.often", said=said, reached=often)
    both = sentence(said)
    return Text(en=both.en, zh=both.zh)


def _often(symbol: SymbolFact | None) -> Message | None:
    if symbol is None:
        return None
    if symbol.asked_for:
        return message("effect.asked", name=symbol.asked_for)
    if symbol.reached == "one_platform" and symbol.platforms:
        return message("effect.one_platform", platforms=tuple(each.upper() for each in symbol.platforms))
    is_seen = symbol.reach_reason in _SEEN
    return _message(f"effect.{symbol.reached}") if is_seen and symbol.reached in _OFTEN else None


_QUESTIONS: Final = {
    "condition-return": "skipped",
    "condition-stop": "passed-over",
    "condition-raise": "raised",
    "condition-exit-gone": "allowed",
    "condition-added": "branch",
    "condition-removed": "no-branch",
    "condition-guards": "narrowed",
    "condition-unguards": "widened",
    "and-more": "narrowed",
    "and-less": "widened",
    "or-more": "widened-or",
    "or-less": "no-branch",
    "condition-changed": "decided",
    "branch-changed": "decided",
    "loop-changed": "loop",
    "except-added": "except",
    "except-changed": "except",
    "except-removed": "not-caught",
    "argument-added": "argument",
    "argument-changed": "argument",
    "argument-removed": "argument-gone",
    "call-changed": "call",
    "call-added": "called",
    "value-added": "value",
    "value-changed": "value-changed",
    "variable-changed": "variable",
    "element-added": "element",
    "element-changed": "element",
    "element-removed": "element-gone",
    "entry-added": "entry",
    "entry-changed": "entry",
    "entry-removed": "element-gone",
    "return-added": "return",
    "return-changed": "return",
    "assert-added": "assert",
    "assert-changed": "assert",
    "raise-added": "raised",
}
"""Which question a sentence leaves; what is removed otherwise asks who relied on it."""


def _checks(group: _Group, words: dict[str, Argument]) -> Iterable[Text]:
    edit, code = group.first, _code(group.first)
    asked = _asked(edit, code)
    told = dict(words)
    if asked == "zero":
        told["name"] = f"`{edit.before.removeprefix('not ')}`"
    if code in ("raise-added", "return-added") and edit.guard:
        told |= {"before": edit.guard, "after": edit.guard, "value": edit.after}
    if asked == "decided" and not edit.held:
        told["value"] = edit.after
    if asked in ("element", "entry", "element-gone"):
        told["value"] = edit.after or edit.before
    if asked == "skipped":
        told["value"] = str(told["value"]).removeprefix("return ")
    yield text_of(f"check.{asked}", **told)
    if edit.left:
        is_call = edit.what == "argument" and not edit.before
        name = edit.after.partition("=")[0].strip()
        places = {**words, "places": _places(edit.left), "name": name}
        yield text_of("check.left-calls" if is_call else "check.left", **places)
    elif edit.uses:
        yield text_of("check.uses", places=_places(edit.uses))


def _asked(edit: Edit, code: str) -> str:
    """Return which question an edit leaves."""
    asked = _QUESTIONS.get(code, "gone" if code.endswith("-removed") else "statement")
    if code.startswith("file-") or edit.path.startswith("tests/"):
        kind = _FILES.get(edit.what, "test")
        return f"of-{kind}" if edit.after else "of-test-gone" if kind == "test" else "of-gone"
    zero = _TRUTH.match(edit.after)
    if asked == "decided" and zero is not None and edit.before.removeprefix("not ") == (zero[1] or zero[2]):
        return "zero"
    if code in ("raise-added", "return-added") and edit.guard:
        return "raised" if code == "raise-added" else "skipped"
    if asked == "argument" and _LOADS.search(edit.callee):
        return "index"
    if asked == "narrowed" and _exit(edit):
        return "goes-on"
    return "statement" if asked == "return" and not edit.before else asked


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
