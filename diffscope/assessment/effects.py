"""What a change does, and what to ask of it: sentences from the statements that differ, the weightiest first.

An edit weighs by what it decides, by how often it runs, and by the words of the title that it holds: the author knows which edit is the point.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from diffscope.assessment.changed_values import changed_values
from diffscope.assessment.document import Effect
from diffscope.assessment.edit_groups import EditGroup, of_decorators, of_signatures, refusals_joined
from diffscope.assessment.effect_questions import effect_of
from diffscope.assessment.effect_sentences import NO_CODE, bare, code_of, fitting
from diffscope.assessment.point_effects import with_points
from diffscope.assessment.told_otherwise import is_told_by_another
from diffscope.facts.change.edit_weight import is_grave, keys_by, only_hands_on, statement_weight
from diffscope.facts.model import ChangeFacts, Edit, SymbolFact
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places
from diffscope.syntax.nodes import denied
from diffscope.taxonomy.declared_words import stems_of

MOST: Final = 5
_MOST_OTHERS: Final = 2
_PRODUCT: Final = frozenset({"source", "native"})
_MOSTLY: Final = 2
"""Lines of other languages for each of Python, beyond which a change is one of theirs."""
_BLOCKS: Final = frozenset({"condition", "loop", "with"})
_REACHED: Final = {"per_step": 1.0, "per_request": 0.9, "start_up": 0.3, "tools": -1.5}
_OF_TITLE: Final = 1.4
_PART_OF_NAME: Final = lazy_regex(r"[A-Za-z_]\w*")
_FUNCTIONS: Final = frozenset({"function", "method", "class"})
_SHORT: Final = 90
"""Characters of what a name stands for, up to which that is told in its place."""
_CALLED: Final = lazy_regex(r"(?<![\w.])([A-Za-z_][\w.]*)\(")
_COMPARES: Final = lazy_regex(r"[=!<>]= |\? .+ : | [<>%] ")
_CHOSEN: Final = lazy_regex(r"([\w.]+) if (.+) else ([\w.]+)")
_NUMBER: Final = lazy_regex(r"(?<=[A-Za-z_])\d+\b")
_FIRST: Final = lazy_regex(r"^(?:None|True|False|0|0\.0|\[\]|\{\}|\(\)|set\(\)|time\.\w+\(\))$")
_JOINED: Final = lazy_regex(r" (?:and|or|if) |^not ")
_BEGINS: Final = lazy_regex(r"^\w+ = (?:None|True|False|0|0\.0|\[\]|\{\}|\"\"|'')$")
_KEPT: Final = lazy_regex(r"^(?:[\w.]+[.])?(\w+) = \1$")
_TOLD: Final = lazy_regex(r"^(?:msg|message|warning|error|reason|hint|detail)\w* = ")
_PROSE: Final = lazy_regex(r"""^\w*(?:=\s*)?\(?[frb]?(["'])[^"']*\w+ [a-z]+ [a-z]+ [^"']*(?:\1|…$)""")
"""Words for a reader, put together or written out: they do nothing."""
_ACTS: Final = lazy_regex(
    r"\(|^(?:return|raise|continue|break|assert|del|yield)\b|\b(?:return|raise|continue|break) "
)


class _Change:
    """What else a change does, as its edits are told by it."""

    def __init__(self, facts: ChangeFacts) -> None:
        functions = [one for one in facts.symbol if one.kind in _FUNCTIONS]
        self.symbols = {(one.path, one.symbol): one for one in facts.symbol}
        self.parameters = frozenset(one.name for one in facts.parameter if one.what.startswith("added"))
        self.new, self.gone = (
            {_last_name(one) for one in functions if aspect in one.aspects} for aspect in ("added", "removed")
        )
        self.helpers = {
            _last_name(one) for one in functions if "added" in one.aspects and one.kind != "class"
        }
        self.shrunk = {(one.path, one.symbol) for one in facts.edit if one.change == "removed"}
        self._locals: dict[tuple[str, str], set[str]] = {}
        for each in facts.edit:
            if each.what == "value" and each.change != "changed" and each.target.isidentifier():
                self._locals.setdefault((each.path, each.symbol), set()).add(each.target)
        self.defaults = {(one.path, one.symbol) for one in facts.option if one.change == "default"}
        self.categories = {file.path: file.category for file in facts.file}
        self.new_files = {file.path for file in facts.file if file.status == "added"}
        self.has_product = any(file.category in _PRODUCT and file.logic is not False for file in facts.file)
        self.earlier = {
            _last_name(one): frozenset((one.moved_from.rpartition(".")[2].rpartition(":")[2],))
            for one in facts.symbol
            if one.moved_from
        }
        self.options = [one.name for one in facts.option if one.change in ("added", "removed")]
        self.rows = {(one.path, one.key) for one in facts.registry}
        self.replaced = {
            (one.path, one.symbol)
            for one in facts.edit
            if self.by_helper(one).keyword == "new"
            or ((one.what, one.change) == ("call", "added") and _called(one) in self.helpers)
        }

    def locals_at(self, edit: Edit) -> set[str]:
        """Return the local names of a function that came or went."""
        return self._locals.get((edit.path, edit.symbol), set())

    def is_beside(self, edit: Edit) -> bool:
        """Return whether an edit of tests or pages only follows product code, which moved or was renamed."""
        is_new_file = edit.path in self.new_files and edit.what in NO_CODE and edit.keyword != "steps"
        return is_new_file or (self.has_product and self.categories.get(edit.path) not in _PRODUCT)

    def tells(self, edit: Edit) -> bool:
        """Return whether an edit is told otherwise: as a setting, or as a function by another name."""
        is_default = (edit.path, edit.symbol) in self.defaults
        names = [_PART_OF_NAME.findall(text) for text in (edit.before, edit.after)]
        went, came = ([name for name in one if name not in other] for one, other in (names, names[::-1]))
        is_moved = bool(came) and {(went or [""])[0]} <= self.earlier.get(came[0], frozenset())
        is_renamed = is_moved or (
            len(set(went)) == len(set(came)) == 1 and went[0] in self.gone and came[0] in self.new
        )
        # A row of a table of options is the option, which is told as such.
        is_row = edit.what == "element" and (
            edit.target == "__all__"
            or any(f'"{name}"' in edit.after + edit.before for name in self.options)
            or any(path == edit.path and key in edit.after + edit.before for path, key in self.rows)
        )
        return is_default or is_row or is_renamed or edit.callee.endswith(".add_argument")

    def by_helper(self, edit: Edit) -> Edit:
        """Return an edit, marked where it takes from a new function what the code that went gave."""
        is_taken = edit.what == "value" and edit.change == "added" and _called(edit) in self.helpers
        if is_taken:
            is_moved = (edit.path, edit.symbol) in self.shrunk
            return msgspec.structs.replace(
                edit, keyword="new" if is_moved else "from-new", callee=_called(edit)
            )
        return edit


def find_effects(facts: ChangeFacts) -> tuple[Effect, ...]:
    """Return the five weightiest effects of edits, each with its question, and whatever else refuses, leaves early, releases or locks; the same under any title, in another order."""
    change = _Change(facts)
    listed = refusals_joined(_in_full(facts.edit))
    facts = msgspec.structs.replace(
        facts, edit=(*of_signatures(facts, _PRODUCT), *of_decorators(facts, _PRODUCT), *listed)
    )
    is_native = _is_mostly_native(facts)

    def ordered(groups: Iterable[EditGroup], title: frozenset[str]) -> list[EditGroup]:
        def rank(group: EditGroup) -> tuple[bool, float, str, int, str]:
            one = group.first
            is_behind = is_native and one.path.endswith(".py")
            return is_behind, -_weight(group, title, change), one.path, one.line, one.after

        return sorted(groups, key=rank)

    ranked = ordered(_grouped(facts, change), frozenset())
    # What a page says of a change follows what it does.
    code = [one for one in ranked if one.first.path.endswith(".py") and not places().is_test(one.first.path)]
    ranked = [one for one in ranked if one.first.what != "docs"] if code else ranked
    # A new optional argument is told only if nothing else changed.
    ranked = [one for one in ranked if one.first.change != "optional"] or ranked
    told = {id(group): (group, effect) for group, effect in _effects(_apart(ranked), facts, change)}
    # The title orders what is told; it does not choose it.
    chosen = _apart(ordered((group for group, _ in told.values()), stems_of(facts.change.title)))
    found = with_points([told[id(group)][1] for group in chosen], facts)
    return tuple(one for at, one in enumerate(found) if at < MOST or one.grave)


def _says_nothing(edit: Edit) -> bool:
    """Return whether nothing runs under a head but what writes a log, or what it no longer asks is asked around it."""
    only_logs = edit.what in ("condition", "loop") and not edit.held and edit.path.endswith(".py")
    only_begins = edit.stood and bool(edit.held) and all(map(_BEGINS.match, edit.held))
    is_less = edit.what == "condition" and edit.keyword == "and" and bool(edit.before) and not edit.after
    return only_logs or only_begins or (is_less and edit.before in (edit.guard, *edit.outer))


def _grouped(facts: ChangeFacts, change: _Change) -> Iterable[EditGroup]:
    groups: dict[tuple[object, ...], EditGroup] = {}
    for one in facts.edit:
        if change.is_beside(one) or change.tells(one) or is_told_by_another(one, facts) or _says_nothing(one):
            continue
        edit = change.by_helper(one)
        if edit.what == "docs" and edit.change == "changed":
            groups.setdefault((edit.what, edit.path), EditGroup([], [])).edits.append(edit)
            groups[edit.what, edit.path].symbols.append(None)
            continue
        held = () if edit.what == "with" else edit.held
        texts = (*(changed_values(edit) or (edit.before, edit.after)), edit.callee, edit.target, *held)
        # The same edit of numbered names (i1, i2) in one function is one edit.
        same = [_NUMBER.sub("#", text) for text in texts]
        at = (edit.path, edit.symbol) if same != [*texts] else ()
        key = (edit.what, edit.change, edit.keyword, edit.stood and edit.what != "with", at, *same)
        group = groups.setdefault(key, EditGroup([], []))
        group.edits.append(edit)
        group.symbols.append(change.symbols.get((edit.path, edit.symbol)))
    for group in groups.values():
        # What is told of several places is true of each.
        alike: dict[object, EditGroup] = {}
        for edit, symbol in zip(*group, strict=True):
            around = () if group.is_repeated else (edit.guard, edit.outer, edit.held)
            part = alike.setdefault(around, EditGroup([], []))
            part.edits.append(edit)
            part.symbols.append(symbol)
        yield from alike.values()


def _in_full(edits: Iterable[Edit]) -> list[Edit]:
    """Return edits, a condition that asks for a new local name told by what that name stands for."""
    listed = list(edits)
    often = Counter((one.path, one.symbol, one.target) for one in listed)
    stands_for = {
        (one.path, one.symbol, one.target): one
        for one in listed
        if one.what == "value"
        and one.change == "added"
        and one.target.isidentifier()
        and len(one.after) <= _SHORT
        and often[one.path, one.symbol, one.target] == 1
        and not _FIRST.match(one.after)
    }
    used: list[Edit] = []
    found = []
    for edit in listed:
        after, called = edit.after, _called(edit)
        chosen = stands_for.get((edit.path, edit.symbol, called)) if edit.what == "call" else None
        if chosen is not None and (parts := _CHOSEN.fullmatch(chosen.after)):
            # A class that is chosen by a condition is told with it.
            after = "{1}{0} if {2} else {3}{0}".format(after[len(called) :], *parts.groups())
            used.append(chosen)
        for name in (
            _PART_OF_NAME.findall(after)
            if edit.what == "condition"
            else (after.removeprefix("**"),)[edit.what != "return" and not after.startswith("**") :]
        ):
            definition = stands_for.get((edit.path, edit.symbol, name))
            if definition is None or "…" in definition.after:
                continue
            is_whole = after in (name, f"not {name}", f"**{name}")
            if definition.guard not in ("", edit.guard, *edit.outer) or not (
                is_whole or bare(definition.after) in edit.before
            ):
                continue
            used.append(definition)
            whole = f"not {name}" if after == f"not {name}" else name
            meant = bare(definition.after)
            told = denied(meant) if whole != name else meant
            told = f"({told})" if after != whole and _JOINED.search(told) else told
            after = re.sub(rf"(?<![\w.]){whole}\b", told.replace("\\", r"\\"), after)
        found.append(msgspec.structs.replace(edit, after=after) if after != edit.after else edit)
    return [edit for edit in found if edit not in used]


def _is_mostly_native(facts: ChangeFacts) -> bool:
    """Return whether most of the changed code of the product is of another language than Python: what to ask lies there."""
    lines = Counter[bool]()
    for file in facts.file:
        if file.category in _PRODUCT:
            lines[file.path.endswith(".py")] += file.code_added + file.code_removed
    return lines[False] > _MOSTLY * lines[True]


def _effects(
    groups: Iterable[EditGroup], facts: ChangeFacts, change: _Change
) -> Iterator[tuple[EditGroup, Effect]]:
    """Yield the first effects and all that are grave; what is told with another one is no effect of its own."""
    told: list[Edit] = []
    count = 0
    for group in groups:
        edit = group.first
        if count >= MOST and not (is_grave(edit) or code_of(edit) == "variable-version"):
            continue
        if edit.change == "removed" and (edit.path, edit.symbol) in change.replaced:
            # What stood here the new function does.
            continue
        if edit in told or (
            count
            and (
                (_prepares(edit) and _called(edit) not in change.new)
                or only_hands_on(edit, change.parameters)
            )
        ):
            continue
        others = [
            one
            for one in facts.edit
            if edit.what in _BLOCKS
            and not group.is_repeated
            and one.what == "value"
            and (one.change == "changed" or _is_set_under(edit, one))
            and one.target
            and (one.path, one.symbol) == (edit.path, edit.symbol)
            and one not in told
        ][:_MOST_OTHERS]
        others = fitting(edit, others)
        told += others
        count += 1
        yield group, effect_of(group, facts, others)


def _is_set_under(edit: Edit, value: Edit) -> bool:
    """Return whether something that an object keeps is set newly under a head that stood, or over what stood."""
    is_kept = value.change == "added" and value.target.startswith("self.")
    is_around = edit.change == "changed" or edit.stood
    return is_kept and is_around and f"{value.target} = {value.after}" in edit.held


def _apart(groups: Sequence[EditGroup]) -> list[EditGroup]:
    """Return the groups with the second effect of a function behind the first ones of others, where they weigh much the same."""
    first = groups[:1]
    seen = {group.first.symbol for group in first}
    rest = sorted(groups[1:], key=lambda group: group.first.symbol in seen)
    return [*first, *groups[1:]] if len(rest) < MOST else [*first, *rest]


def _weight(group: EditGroup, title: frozenset[str], change: _Change) -> float:
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
        statement_weight(edit, change.parameters)
        + (1.5 if keys_by(edit) else 0)
        + _OF_TITLE * min(told, 1 if edit.what == "statement" else 3)
        + _REACHED.get(symbol.runs if symbol is not None else "unknown", 0.0)
        + (4.0 if group.is_repeated else 0.4 * min(len(group.edits) - 1, 4))
        - (1.5 if edit.what == "argument" and {edit.before, edit.after} & change.locals_at(edit) else 0)
        + (0.8 if edit.what == "call" and edit.change == "changed" and edit.after.endswith("(…)") else 0)
        + (
            2.0
            if _called(edit) in change.new and (edit.what, edit.change) != ("call", "changed")
            else -1.2
            if _prepares(edit)
            else 0
        )
        - (2.0 if edit.symbol.endswith(("__repr__", "__str__")) else 0)
        - (3.0 if _PROSE.search(edit.after or edit.before) else 0)
        + (1.6 if edit.what == "statement" and _COMPARES.search(edit.after) else 0)
        - (1.5 if edit.held and all(map(_TOLD.match, edit.held)) else 0)
        - (0.8 if edit.held and not is_grave(edit) and not _ACTS.search(" ".join(edit.held)) else 0)
    )


def _prepares(edit: Edit) -> bool:
    """Return whether a name is only given a first value, or a shorter one for what is there: what follows tells more."""
    is_new = edit.what == "value" and edit.change == "added"
    if edit.what == "value" and edit.change == "removed" and not edit.keyword:
        # A local name that goes, goes with what used it.
        return edit.target.isidentifier()
    is_kept = edit.change == "added" and _KEPT.match(edit.after) is not None
    return is_kept or (is_new and bool(_FIRST.match(edit.after) or edit.target.isidentifier()))


def _called(edit: Edit) -> str:
    return found[1].removeprefix("self.") if (found := _CALLED.match(edit.after)) else ""


def _last_name(symbol: SymbolFact) -> str:
    return (symbol.symbol or "").rpartition(".")[2]
