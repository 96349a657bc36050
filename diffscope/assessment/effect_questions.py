"""One edit -> ``Effect``: the sentence that tells it, and the questions that it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from diffscope.assessment.changed_values import (
    COMPARED,
    changed_case,
    changed_choice,
    changed_platforms,
    changed_values,
    is_kept_positive,
    is_replaced_first,
    only_at_bound,
    other_library,
    parted,
)
from diffscope.assessment.document import Effect
from diffscope.assessment.edit_groups import EditGroup, asked_of, exit_of, has_two_branches
from diffscope.assessment.effect_sentences import (
    all_of,
    bare,
    code_of,
    direction_of,
    error_of,
    hands_on,
    parts_of,
    places_named,
    sentence_of,
    words_of,
)
from diffscope.assessment.usual_questions import QUESTIONS, is_no_code, question_of_file, usual_question
from diffscope.facts.change.edit_weight import is_grave, is_last_else, keys_by, only_hands_on
from diffscope.facts.model import ChangeFacts, Edit
from diffscope.facts.parsed_text import platforms_skipped
from diffscope.messages.model import Argument, Message, Text, message
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.syntax.nodes import brief, denied

_WITH_WHAT_RUNS: Final = ("condition-", "and-", "or-", "loop-added", "loop-removed", "with-")
"""Beginnings of the codes of sentences that say what runs under a head."""
_WORD: Final = lazy_regex(r"[A-Za-z_]\w*")
_LOADS: Final = lazy_regex(r"(?:^|\.)(?:load|store|make_block_ptr|advance|copy_)$")
_OFFSET: Final = lazy_regex(r"([A-Za-z_][\w.]*(?:\[[\w.-]+\])?) [+-] 1\b")
_KEYED: Final = lazy_regex(r"^(?:[\"'][\w-]+[\"']: |\w+=)")
"""A part of what is built that others read by its name."""
_ORDERED: Final = lazy_regex(
    r"(?i)priorit|order|prefer|candidate|fallback|chain|(?:^|_)(?:rules|patterns|handlers|backends)$"
)
"""Collections of which the first entry that fits is taken."""
_ALLOWS: Final = lazy_regex(r"(?i)support(?!s?_not)|allow|valid|accept|eligible|(?<!in)compatible")
_MISSING: Final = lazy_regex(r"([A-Za-z_][\w.]*)\[([\"'][\w-]+[\"'])\]")
"""An entry that has to be there."""
_TRUTH: Final = lazy_regex(r"^([\w.]+) is not None$|^([\w.]+) is None$")
_CALL: Final = lazy_regex(r"^(?:await )?[\w.]+\(")
_LONGEST: Final = 70
_KEY: Final = lazy_regex(r"^[\"']?([\w.]+)[\"']?(?:: |=|$)")
_LEFT_OUT: Final = lazy_regex(r"ignore|exclude|skip|opt_out")
"""Of a hash, what it goes without."""
_CAUGHT: Final = {"": "except", "raise": "", "may raise": "except-partly"}
"""Which question a handler leaves, by what it raises."""
_RAISED: Final = {"start_up": "raised-start", "per_request": "raised-request"}
_SAYS_WHAT: Final = lazy_regex(r"(?i)\b(?:please|set|use|disable|enable|install)\b.*--|--.*\b(?:set|use)\b")
"""An error that names what to set."""
_ASKED_NOT: Final = frozenset(
    {"statement", "parameter", "argument", "argument-gone", "value", "called", "from-new", "returned", "gone", "element", "element-gone", "value-changed", "call"}
)  # fmt: skip
"""What the kind of a statement alone leaves to ask."""
_BEFORE_NEXT: Final = frozenset({"skipped", "passed-over", "narrowed", "goes-on", "allowed", "branch"})
"""Questions that name what comes next, where that is known."""
_ASKED_BEHIND: Final = frozenset({"goes-on", "allowed"})
"""Those without a question where nothing comes next."""
_ASKS_TEST: Final = frozenset(
    {"skipped", "skipped-next", "narrowed", "widened", "widened-or", "passed-over", "passed-over-next", "decided-gained", "decided-lost", "returned-gained", "allowed-next", "goes-on-next", "left-out", "branch", "branch-next", "branch-else"}
)  # fmt: skip
"""Questions for a test with that very case."""
_DECIDES: Final = lazy_regex(r"[(\[<>+*/%-]|[=!]=| (?:and|or|not|in|is|if) |^not ")


def effect_of(group: EditGroup, facts: ChangeFacts, others: Sequence[Edit] = ()) -> Effect:
    """Return the sentence of an edit, with other values of its function that changed, and what it leaves to ask."""
    edit, code = group.first, code_of(group.first)
    words, general = words_of(group), _is_general(edit, _asked(edit, code), facts)
    return Effect(
        path=edit.path,
        line=edit.line,
        side=edit.side,
        symbol=edit.symbol,
        says=sentence_of(group, words, facts, others),
        checks=tuple(_checks(asked_of(group), facts, general=general)),
        general=general and not edit.left,
        condition=edit.guard,
        places=len(group.edits),
        code=code,
        leads=_leads(group, code, facts),
        grave=is_grave(edit),
        error=_error(edit, code),
        vague=not group.is_repeated
        and (hands_on(edit) or (code.startswith(_WITH_WHAT_RUNS) and isinstance(words["does"], Message))),
    )


def _is_general(edit: Edit, asked: str, facts: ChangeFacts) -> bool:
    own = (
        changed_case(edit),
        changed_choice(edit),
        changed_platforms(edit),
        other_library(edit, facts.imports),
    )
    if keys_by(edit) or any(own):
        return False
    if asked in _ASKED_NOT or changed_values(edit) is not None:
        return asked in _ASKED_NOT
    if asked == "decided":
        platforms = [platforms_skipped(text) for text in (edit.before, edit.after)]
        is_same = bool(platforms[0]) and platforms[0] == platforms[1]
        return is_same or (_is_new(edit, facts) and not direction_of(edit, facts))
    is_plain = not (_DECIDES.search(edit.before) and _DECIDES.search(edit.after)) or only_hands_on(edit)
    return asked == "return" and (is_plain or _is_new(edit, facts))


def _is_new(edit: Edit, facts: ChangeFacts) -> bool:
    """Return whether what came asks for something that the change brings: what the old code asked is not held against it by their texts."""
    words = {*_WORD.findall(edit.after)} - {*_WORD.findall(edit.before)}
    here = (one for one in facts.edit if (one.path, one.symbol) == (edit.path, edit.symbol))
    made = {name for one in here if one.change == "added" for name in _WORD.findall(one.target)}
    made |= {(one.symbol or "").rpartition(".")[2] for one in facts.symbol if "added" in one.aspects}
    return not words.isdisjoint(made | {one.name for one in facts.parameter if one.what.startswith("added")})


def _leads(group: EditGroup, code: str, facts: ChangeFacts) -> bool:
    """Return whether what runs at start-up or for a request is refused, or two things match by something else."""
    edit, reached = group.first, group.reached
    refuses = code in ("condition-raise", "raise-added") and reached in _RAISED and not is_last_else(edit)
    symbol = group.symbols[0]
    if refuses and symbol is not None and "added" in symbol.aspects and facts.change.kind == "refactor":
        # What a new function refuses another one mostly refused before it.
        return False
    # That something is there is asserted for those who read the code.
    stops = code == "assert-added" and reached == "start_up" and not _TRUTH.match(edit.after)
    # Where nothing else of a kernel changed, its values are what they were.
    if code == "parameter-compiled":
        return all(one is edit for one in facts.edit if (one.path, one.symbol) == (edit.path, edit.symbol))
    return keys_by(edit) or code == "variable-version" or ((refuses or stops) and not _asks_new(edit, facts))


def _asks_new(edit: Edit, facts: ChangeFacts) -> bool:
    """Return whether a refusal asks for something that the change lets people set: nobody has it set today."""
    names = {
        each.rpartition(".")[2].lstrip("-").replace("-", "_") for one in facts.point for each in one.names
    }
    return not names.isdisjoint(_WORD.findall(" ".join((edit.after, edit.guard, *edit.outer))))


def _error(edit: Edit, code: str) -> str:
    if code == "raise-added":
        return edit.after
    raises = code.startswith("condition-") and exit_of(edit) == "raise"
    return edit.held[-1].partition(" ")[2] if raises else ""


def _checks(group: EditGroup, facts: ChangeFacts, *, general: bool) -> Iterable[Text]:
    edit, words = group.first, words_of(group)
    usual = ("", words) if edit.left or is_no_code(edit) else usual_question(group, words)
    asked, told = usual if general else _question(group, words, facts)
    if libraries := other_library(edit, facts.imports):
        asked, told = "other-library", {**words, "before": libraries[0], "after": libraries[1]}
    if edit.tested and asked in _ASKS_TEST:
        # The new tests set the case, but need not check what it skips.
        asked = "skipped-tested" if asked == "skipped-next" else ""
    if asked and not is_replaced_first(edit, facts.edit):
        yield text_of(f"check.{asked}", **told)
    if edit.left:
        is_call = edit.what == "argument" and not edit.before
        name = edit.after.partition("=")[0].strip()
        places = {**words, "places": places_named(edit.left), "name": name}
        yield text_of("check.left-calls" if is_call else "check.left", **places)


def _raised(
    group: EditGroup, told: dict[str, Argument], facts: ChangeFacts
) -> tuple[str, dict[str, Argument]]:
    """Return the question for what is refused now, by who reaches it; none where nobody can yet."""
    edit, code, reached, symbol = group.first, code_of(group.first), group.reached, group.symbols[0]
    optional = [one for one in facts.parameter if one.what == "added-optional"]
    taken = {one.name for one in optional if one.symbol == edit.symbol}
    is_first = symbol is not None and "added" in symbol.aspects and reached not in _RAISED
    is_taken = taken.isdisjoint(_WORD.findall(edit.after))
    if is_first or not (told.get("value") and is_taken):
        # No caller passes a new parameter yet, and none reached a new function before.
        return "", told
    if _asks_new(edit, facts):
        return "raised-new", told
    if reached not in _RAISED:
        return "raised", told
    is_told = reached == "start_up" and _SAYS_WHAT.search(str(told.get("value", "")))
    guards = (*edit.outer, *((edit.guard,) if code == "condition-raise" else ()))
    at: Argument = message("check.where", guard=all_of(*guards)) if any(guards) else ""
    return _RAISED[reached] + ("-told" if is_told else ""), {**told, "at": at}


def _of_known_case(edit: Edit, words: dict[str, Argument]) -> tuple[str, dict[str, Argument]] | None:
    """Return the question for an edit of which is known where its sides differ: in one case, by a choice, on some platforms."""
    if found := changed_case(edit):
        return "case", {**words, "case": found.case, "before": found.before, "value": found.after}
    if choice := changed_choice(edit):
        return "choice", {**words, **choice._asdict()}
    if way := changed_platforms(edit):
        return f"platforms-{way.kind}", {**words, "platforms": tuple(each.upper() for each in way.names)}
    if edit.what == "assert" and (bound := only_at_bound(edit)):
        return "assert-bound", {**words, "bound": bound}
    return None


def _question(
    group: EditGroup, words: dict[str, Argument], facts: ChangeFacts
) -> tuple[str, dict[str, Argument]]:
    """Return which question an edit leaves, by how it is reached and what comes next too, and what that quotes."""
    edit, code = group.first, code_of(group.first)
    if (known := _of_known_case(edit, words)) is not None:
        return known
    asked, told = _asked(edit, code), dict(words)
    if keys_by(edit):
        is_more = bool(edit.after) != (_LEFT_OUT.search(edit.target + edit.callee) is not None)
        asked = "keyed-anew" if edit.after and edit.before else "keyed" if is_more else "keyed-no-more"
    reached = group.reached
    told |= _quoted(edit, code, asked)
    told |= _details(edit, asked)
    if asked == "offset" and (index := _OFFSET.search(edit.after)) and is_kept_positive(edit, index[1]):
        return "", told
    if asked == "assert" and reached == "start_up":
        asked = "assert-start"
    if asked == "raised":
        asked, told = _raised(group, told, facts)
    if asked in ("decided", "return"):
        asked, told = _decided(edit, told, facts, asked)
    if asked == "branch" and _TRUTH.match(edit.after) and _CALL.match(edit.held[0] if edit.held else ""):
        # That something is there is asked everywhere: what is done with it counts.
        told |= {"after": brief(edit.held[0], _LONGEST), "at": message("check.where", guard=edit.after)}
        return ("runs-at-start" if reached == "start_up" else "runs"), told
    if (found := _by_form(edit, asked, told, reached)) is not None:
        return found
    return _before_next(edit, "returned-to" if asked == "return" and words["caller"] else asked), told


def _by_form(
    edit: Edit, asked: str, told: dict[str, Argument], reached: str
) -> tuple[str, dict[str, Argument]] | None:
    """Return a question that fits the form of a condition better: an error that is gone, two branches, a call where something is there."""
    if asked == "allowed" and not edit.then and exit_of(edit) == "raise":
        return "unraised", {**told, "before": error_of(edit.held[-1])}
    if asked == "branch" and has_two_branches(edit):
        return "branch-else", told
    if asked == "branch" and _TRUTH.match(edit.after) and _CALL.match(edit.held[0] if edit.held else ""):
        # That something is there is asked everywhere: what is done with it counts.
        at = message("check.where", guard=edit.after)
        kind = "runs-at-start" if reached == "start_up" else "runs"
        return kind, {**told, "after": brief(edit.held[0], _LONGEST), "at": at}
    if asked == "splits" and edit.otherwise.startswith("raise "):
        return "raised", {**told, "after": denied(edit.after), "value": error_of(edit.otherwise)}
    return None


def _before_next(edit: Edit, asked: str) -> str:
    """Return a question as it is asked by what comes next; none where it is about that, and nothing does."""
    if not edit.then:
        return "" if asked in _ASKED_BEHIND else asked
    if asked == "skipped" and edit.then.startswith(("if ", "return ", "raise ")):
        return "asked-first" if edit.then.startswith("if ") else "given-otherwise"
    # A bare return changes no result for callers.
    is_bare = asked == "skipped" and edit.held[-1:] in (("return",), ("return None",))
    return "left-out" if is_bare else f"{asked}-next" if asked in _BEFORE_NEXT else asked


def _quoted(edit: Edit, code: str, asked: str) -> dict[str, Argument]:
    """Return what a question quotes that has no condition or value of its own."""
    if code in ("raise-added", "return-added") and edit.guard:
        return {"before": edit.guard, "after": edit.guard, "value": edit.after}
    if asked.startswith("except"):
        return {"after": edit.after.partition(" as ")[0], "value": error_of(edit.otherwise)}
    if keys_by(edit):
        text = edit.after or edit.before
        return {"name": found[1] if (found := _KEY.search(text)) else text}
    if asked in ("entry", "entry-allowed", "row"):
        return {"value": edit.after or edit.before, "name": edit.after.partition(": ")[0].partition("=")[0]}
    if asked == "skipped":
        return {"value": (edit.held[-1].partition(" ")[2] or "None") if edit.held else edit.after}
    return {"value": error_of(edit.held[-1])} if asked == "raised" and edit.held else {}


def _decided(
    edit: Edit, told: dict[str, Argument], facts: ChangeFacts, asked: str
) -> tuple[str, dict[str, Argument]]:
    """Return which question asks for the cases that two conditions, or results, decide otherwise, and what it quotes."""
    if (values := changed_values(edit)) is not None:
        told = {**told, "case": values.gained, "lost": values.lost}
        if edit.what == "condition" and exit_of(edit) == "raise" and values.gained:
            return "raised", {**told, "after": values.gained, "value": error_of(edit.held[-1])}
        return f"{'returned' if edit.what == 'return' else 'decided'}-{values.kind}", told
    if edit.what == "return":
        return asked, told
    if bound := only_at_bound(edit):
        return "at-bound", {**told, "bound": bound}
    sides = [COMPARED.match(text) for text in (edit.before, edit.after)]
    if sides[0] is not None and sides[1] is not None:
        (left, sign, right), (other, new_sign, new_right) = sides[0].groups(), sides[1].groups()
        if left == other and sign == new_sign and sign not in ("==", "!="):
            return "between", {**told, "name": left, "before": right, "after": new_right}
    return _by_parts(edit, told, facts)


def _by_parts(edit: Edit, told: dict[str, Argument], facts: ChangeFacts) -> tuple[str, dict[str, Argument]]:
    sides = [bare(one.removeprefix("not ")) for one in (edit.before, edit.after) if one.startswith("not ")]
    if len(sides) == 2 and any(parts := parted(*sides)) and not all(parts):
        # Under `not`, the cases that are gained and lost are swapped.
        case = _case_of(edit, *parts)
        is_gained = bool(parts[0]) is (case in parts)
        return f"decided-{'gained' if is_gained else 'lost'}", {**told, "case": case, "lost": case}
    gone, come = parts_of(edit, facts) or parted(edit.before, edit.after)
    if not (gone or come) or (gone, come) == (edit.before, edit.after):
        return ("sides", told) if edit.before and edit.after else ("", told)
    if (gone and come) or parts_of(edit, facts):
        kind = "both" if gone and come else "more" if come else "less"
        return f"asks-{kind}", {**told, "gone": gone, "come": come}
    case = _case_of(edit, gone, come)
    is_gained = bool(come) is (case in (come, gone))
    return f"decided-{'gained' if is_gained else 'lost'}", {**told, "case": case, "lost": case}


def _case_of(edit: Edit, gone: str, come: str) -> str:
    """Return where a condition of several parts differs by one of them."""
    part, texts = come or gone, edit.after + edit.before
    return part if f" or {part}" in texts or f"{part} or " in texts else denied(part)


def _details(edit: Edit, asked: str) -> dict[str, Argument]:
    """Return what some questions quote otherwise than the sentence does."""
    found: dict[str, Argument] = {}
    if asked == "offset" and (offset := _OFFSET.search(edit.after)) is not None:
        found = {"name": f"`{offset[1]}`", "after": offset[0]}
    elif asked == "missing" and (key := _MISSING.search(edit.before)) is not None:
        found = {"name": key[1], "value": key[2]}
    elif asked == "zero":
        found = {"name": f"`{edit.before.removeprefix('not ').partition(' or ')[0]}`"}
    return found


def _asked(edit: Edit, code: str) -> str:  # noqa: PLR0911 - a question a line
    """Return which question an edit leaves."""
    asked = QUESTIONS.get(code, "gone" if code.endswith("-removed") else "statement")
    if is_no_code(edit) and edit.keyword not in ("steps", "label"):
        return question_of_file(edit, code)
    asked = _by_value(edit, asked)
    if asked == "entry":
        return _of_entry(edit)
    if (found := _MISSING.search(edit.before)) and f"{found[1]}.get({found[2]}" in edit.after:
        return "missing"
    if asked == "except":
        return _CAUGHT.get(edit.otherwise, "except-turned")
    zero = _TRUTH.match(edit.after)
    if asked == "decided" and zero is not None and edit.before.removeprefix("not ") == (zero[1] or zero[2]):
        return "zero"
    if code == "return-added" and edit.after == "None":
        return ""
    if code in ("raise-added", "return-added") and edit.guard:
        return "raised" if code == "raise-added" else "skipped"
    if asked == "argument" and _LOADS.search(edit.callee):
        return "index"
    if asked == "narrowed" and exit_of(edit):
        return "goes-on"
    return "returned" if asked == "return" and not edit.before else asked


def _of_entry(edit: Edit) -> str:
    """Return which question an entry of a collection leaves: one for what has an order, is looked up by a key, or says what is let through."""
    if _KEYED.search(edit.after):
        return "row"
    name = edit.target or edit.callee or edit.symbol.rpartition(".")[2]
    # A pair says what it fits: the first that does is taken.
    is_ordered = edit.after.startswith("(") or _ORDERED.search(name)
    return "entry" if is_ordered else "entry-allowed" if _ALLOWS.search(name) else ""


def _by_value(edit: Edit, asked: str) -> str:
    """Return a question that fits what is handed over better than that of its place."""
    if asked == "element" and edit.change != "removed" and not _KEYED.search(edit.after):
        # Without a place of its own it is a part of what is returned.
        return "entry" if edit.target or edit.callee else "return"
    name = edit.before.partition(" or ")[0]
    if edit.after.startswith(f"{name} if {name} is not None else "):
        return "zero"
    is_value = asked in ("argument", "value", "value-changed") and _LOADS.search(edit.callee) is None
    is_off = is_value and _OFFSET.search(edit.after) and not _OFFSET.search(edit.before)
    return "offset" if is_off else asked
