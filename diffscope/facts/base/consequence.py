"""The consequence of each changed place: its effect (contract, condition, rewrite, ...), the tests that cover it, and the level of both, for ``severity: consequence``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET

from diffscope.facts.base.placed_facts import at_gravest
from diffscope.facts.change.edit_weight import (
    exchanged,
    only_goes_along,
    only_hands_on,
    only_renames,
    statement_weight,
    without_exchanged,
    without_renamed,
)
from diffscope.facts.model import (
    CallFact,
    ChangeFacts,
    ConditionFact,
    ContractFact,
    Edit,
    Effect,
    GuardFact,
    Located,
    NativeFact,
    NumericFact,
    OperatorFact,
    OptionFact,
    OverrideFact,
    ParameterFact,
    SymbolFact,
    Vouched,
    WriteFact,
)
from diffscope.patterns import lazy_regex
from diffscope.taxonomy.consequence import ConsequenceTable

FAMILIES: Final = (
    "symbol", "parameter", "option", "guard", "condition", "contract", "call", "numeric", "write", "native", "operator", "override", "registry",
    "imports",
)  # fmt: skip
"""Families of code that runs, each of which has these words."""
_BREAKING: Final = frozenset({"removed", "renamed", "replaced", "kind", "added-required"})
"""What callers have to follow. Who passes by name, and passed it before, stays as it is where one is only made required or moves."""
_LEFT: Final = frozenset({"removed", "moved"})
_CONTRACT: Final = frozenset({"bases", "field-order"})
_WORD: Final = lazy_regex(r"\w+")
_REGISTERS: Final = lazy_regex(r"(?:^|[._])(?:un)?register(?:_|$)")
"""Names of functions that hand on what they name, and call none of it."""
_CODE: Final = frozenset({"function", "method"})
_DO_NOT_RUN: Final = frozenset({"not-collected", "cannot-run"})
_TYPED: Final = frozenset({"dtype", "cast"})
_COUNTS: Final = lazy_regex(r"\b(?:int(?:32|64)?|long)$")
"""Types that count and index: nothing is computed in them that could lose precision."""
_TUNED_LINES: Final = 2
"""Code lines on either side, up to which a change of numbers alone is tuning."""
_DECIDING: Final = ((2.5, 3), (1.9, 2), (0.9, 1))
"""Weight of a statement, from which on it decides so much."""
_SIGNED: Final = frozenset({"signature", "annotation", "docstring", "cosmetic", "message", "order"})
_MISSING: Final = frozenset({"none", "type"})
"""What conditions ask that only make sure of something."""
_REWRITTEN_DECISIONS: Final = 3
"""Conditions and branches that are new in a function, from which on it is written anew."""
_FEWEST_LINES: Final = 6
"""Code lines on either side, below which not even decisions make it so."""
_REWRITTEN_LINES: Final = 9
"""Code lines on either side, from which on it is."""
_REPLACING_LINES: Final = 2
"""Code lines that come in the place of others, from which on these count too."""
_PRODUCT_LINES_A_TEST_LINE: Final = 20
"""Code lines of the product for each that comes to its tests, beyond which they follow a rename or print a result."""
_Fact = TypeVar("_Fact", bound=Located)
_At = tuple[str, str | None]


def with_consequence(facts: ChangeFacts, table: ConsequenceTable) -> ChangeFacts:
    """Return the facts, each with its effect, what vouches for it, and the level of both where it is reached; files where that is highest."""
    weigher = _Weigher(facts, table)
    fields = {
        family: tuple(weigher.weigh(fact) for fact in found)
        for family in FAMILIES
        if (found := getattr(facts, family, ()))
    }
    return at_gravest(msgspec.structs.replace(facts, **fields))


class _Weigher:
    def __init__(self, facts: ChangeFacts, table: ConsequenceTable) -> None:
        self._table = table
        self._symbols = {(one.path, one.symbol): one for one in facts.symbol}
        self._parameters: dict[_At, set[str]] = defaultdict(set)
        for one in facts.parameter:
            self._parameters[one.path, one.symbol].add(one.what)
        self._numbers: dict[_At, set[str]] = defaultdict(set)
        for number in facts.numeric:
            is_given = number.what == "switch" and number.change == "added"
            if number.what == "layout" or is_given or (number.what in _TYPED and _COUNTS.search(number.text)):
                continue
            self._numbers[number.path, number.symbol].add(number.what)
        self._conditioned = {
            (one.path, one.symbol) for one in facts.guard if one.change in ("added", "removed")
        } | {(one.path, one.symbol) for one in facts.condition if _decides_anew(one)}
        self._defensive = _defensive(facts)
        self._options_gone = _names_of(facts, "removed")
        self._options_new = _names_of(facts, "added")
        self._gone_by: dict[_At, set[str]] = defaultdict(set)
        """Parameters that went, by function."""
        for one in facts.parameter:
            if one.what == "removed":
                self._gone_by[one.path, one.symbol].add(one.name)
        self._moved = {
            one.symbol.rpartition(".")[2] for one in facts.symbol if one.symbol and "moved" in one.aspects
        }
        self._left = {one.base for one in facts.override if one.what == "caller"}
        self._new_names = {one.name for one in facts.parameter if one.what.startswith("added")}
        self._edits: dict[_At, list[Edit]] = defaultdict(list)
        for edit in facts.edit:
            if edit.what == "order":
                # Of what only changed places, calls tell where that counts.
                continue
            self._edits[edit.path, edit.symbol].append(edit)
        gone = {
            one.symbol.rpartition(".")[2] for one in facts.symbol if one.symbol and _LEFT & set(one.aspects)
        }
        self._exchanged = exchanged(facts.edit, gone)
        self._edited = {one.symbol for one in facts.symbol if one.logic and "body" in one.aspects}
        self._does_not_run = _uncollected(facts) or _is_thin(facts)
        self._changed_tests = _changed_tests(facts)

    def weigh(self, fact: _Fact) -> _Fact:
        """Return a fact with its words."""
        effect, vouched = self._effect(fact), self._vouched(fact)
        level = self._table.level(fact.reached, effect, vouched)
        if isinstance(fact, SymbolFact):
            deciding = self._deciding(fact)
            return msgspec.structs.replace(
                fact, effect=effect, vouched=vouched, consequence=level, deciding=deciding
            )
        told = msgspec.structs.replace(fact, effect=effect, vouched=vouched, consequence=level)
        if isinstance(told, ConditionFact) and self._options_new.intersection(_WORD.findall(told.condition)):
            return msgspec.structs.replace(told, asks_new=True)
        return told

    def _effect(self, fact: Located) -> Effect:
        match fact:
            case SymbolFact():
                return self._of_symbol(fact)
            case NativeFact():
                return _of_native(fact)
            case ParameterFact():
                return self._of_parameter(fact)
            case OptionFact():
                return "addition" if fact.change in ("added", "made-optional") else "contract"
            case ContractFact() | OperatorFact() | OverrideFact():
                return "addition" if getattr(fact, "change", "") == "added" else "contract"
        return self._of_statement(fact)

    def _of_parameter(self, fact: ParameterFact) -> Effect:
        if fact.what == "removed" and fact.name in self._options_gone:
            return "removal"
        return "contract" if fact.what in _BREAKING | {"default"} else "addition"

    def _of_statement(self, fact: Located) -> Effect:
        match fact:
            case GuardFact():
                return self._in_symbol(fact, "none" if fact.change == "moved" else "condition")
            case ConditionFact():
                words: dict[str, Effect] = {"moved": "none", "gone": "removal", "new": "addition"}
                return self._in_symbol(fact, words.get(fact.direction, "condition"))
            case CallFact() if fact.change == "removed":
                # What waited or held others back does so no more: what runs when is decided anew.
                return self._in_symbol(fact, "condition")
            case NumericFact() if fact.what != "number":
                return self._in_symbol(fact, "none" if fact.change == "moved" else "numerics")
            case CallFact() | NumericFact() | WriteFact():
                return self._in_symbol(fact, _of_line(fact.change))
        return "body"

    def _of_symbol(self, fact: SymbolFact) -> Effect:
        aspects = set(fact.aspects)
        if not fact.logic or fact.owner_change == "moved":
            return "none"
        if "removed" in aspects:
            return self._of_removed(fact)
        if "added" in aspects:
            return self._of_added(fact)
        return self._of_signature(fact) or self._of_body(fact)

    def _of_signature(self, fact: SymbolFact) -> Effect | None:
        """Return what others have to follow, or what follows from others; ``None`` where the body decides."""
        is_breaking = bool(self._parameters[fact.path, fact.symbol] & _BREAKING)
        if is_breaking and self._goes_along(fact):
            return "removal"
        # Who calls a private function stands beside it, and is seen.
        has_default = "default" in fact.aspects and (fact.public or fact.kind not in _CODE)
        if (
            has_default
            or _CONTRACT.intersection(fact.aspects)
            or (is_breaking and self._concerns_others(fact))
        ):
            return "contract"
        return "wiring" if self._is_wiring(fact) else None

    def _of_body(self, fact: SymbolFact) -> Effect:
        at = (fact.path, fact.symbol)
        if fact.kind in _CODE and _is_rewritten(fact):
            return "body" if self._is_renamed(fact) else "rewrite"
        decides = fact.conditions_new or fact.branches_added or at in self._conditioned
        if decides and at not in self._defensive:
            return "condition"
        if fact.kind not in _CODE:
            return "tuning" if fact.kind == "variable" else "body"
        if self._numbers[at] - {"number"}:
            return "numerics"
        is_short = max(fact.code_added, fact.code_removed) <= _TUNED_LINES
        return "tuning" if is_short and self._numbers[at] == {"number"} else "body"

    def _goes_along(self, fact: SymbolFact) -> bool:
        """Return whether a function only lost code, and parameters that are options which the change removes: the options tell it."""
        at = (fact.path, fact.symbol)
        only_removed = (
            self._parameters[at] & _BREAKING == {"removed"} and self._gone_by[at] <= self._options_gone
        )
        is_shrunk = fact.code_added <= fact.code_removed
        return only_removed and is_shrunk and not any(edit.after for edit in self._edits[at])

    def _concerns_others(self, fact: SymbolFact) -> bool:
        """Return whether somebody outside of the change may call a function as it was: by a public surface, or left behind in the tree."""
        overrides = () if fact.overrides is UNSET else fact.overrides
        return fact.public and bool(fact.surfaces or overrides or fact.symbol in self._left)

    def _is_wiring(self, fact: SymbolFact) -> bool:
        """Return whether every edit of a function hands on a new parameter, or takes the same value from another place, as all others do."""
        if fact.kind not in _CODE:
            return False
        edits = self._edits[fact.path, fact.symbol or ""]
        if "moved" in fact.aspects:
            # What went stands in the file where it was.
            elsewhere = fact.moved_from_path if fact.moved_from_path not in (None, fact.path) else None
            return only_goes_along([*edits, *(self._edits[elsewhere, fact.symbol] if elsewhere else ())])
        if "body" not in fact.aspects:
            return "signature" in fact.aspects and _SIGNED.issuperset(fact.aspects)
        return bool(edits) and all(
            only_hands_on(edit, self._new_names)
            for edit in without_exchanged(without_renamed(edits), self._exchanged)
        )

    def _is_renamed(self, fact: SymbolFact) -> bool:
        """Return whether as many lines came as went, which only call things by other names."""
        edits = self._edits[fact.path, fact.symbol or ""]
        return fact.code_added == fact.code_removed and bool(edits) and only_renames(edits, self._moved)

    def _deciding(self, fact: SymbolFact) -> int:
        edits = without_renamed(self._edits[fact.path, fact.symbol or ""])
        weight = max((statement_weight(edit, self._new_names) for edit in edits), default=0.0)
        return next((level for least, level in _DECIDING if weight >= least), 0)

    def _of_removed(self, fact: SymbolFact) -> Effect:
        if fact.moved_to or fact.still_bound:
            return "none"
        # What stood in the place of a member of a class above leaves that one to run.
        replaced = fact.still_inherited is True and fact.owner_change is None
        return _of_size(fact) if replaced else "removal"

    def _of_added(self, fact: SymbolFact) -> Effect:
        """Return what is new: a part of what ran before, where that calls it now, and an addition otherwise."""
        if fact.inherited:
            return "body"
        # What is only handed on, to a registry or as a callback, is no part of who does that.
        is_called = fact.kind in _CODE and not fact.part_of_new and fact.reach_reason != "handed-on"
        caller = [
            name for name in fact.reach_path.split(" <- ")[1:2] if is_called and not _REGISTERS.search(name)
        ]
        return _of_size(fact) if self._edited.intersection(caller) else "addition"

    def _in_symbol(self, fact: Located, effect: Effect) -> Effect:
        """Return the effect of a line of a symbol: what is new as a whole only adds."""
        owner = self._symbols.get((fact.path, fact.symbol))
        if owner is not None and "added" in owner.aspects and not owner.inherited:
            return "addition"
        return effect

    def _vouched(self, fact: Located) -> Vouched:
        owner = fact if isinstance(fact, SymbolFact) else self._symbols.get((fact.path, fact.symbol))
        if isinstance(fact, NativeFact) and owner is None:
            return self._vouched_native(fact)
        if owner is None:
            return "existing"
        named = owner.changed_tests_naming
        is_run = owner.reached_by_tests or owner.changed_tests_beside or (named is not UNSET and named > 0)
        if not self._does_not_run and is_run:
            return "changed"
        counts = (owner.tests_naming, owner.class_tests_naming)
        named_before = any(count is not UNSET and count > 0 for count in counts)
        if named_before or owner.tested_through or owner.test_distance == 1:
            return "existing"
        return "none" if owner.tests_naming is not UNSET else "existing"

    def _vouched_native(self, fact: NativeFact) -> Vouched:
        """Native code is called through operators: the tests that reach those vouch for it."""
        tests = () if fact.tests is UNSET else fact.tests
        return "changed" if not self._does_not_run and self._changed_tests.intersection(tests) else "existing"


def _names_of(facts: ChangeFacts, change: str) -> set[str]:
    """Return options that came or went, as code writes them."""
    return {
        one.name.rpartition(".")[2].lstrip("-").replace("-", "_")
        for one in facts.option
        if one.change == change
    }


def _defensive(facts: ChangeFacts) -> set[_At]:
    """Return the functions of which every condition that changed came, and only says by an error that something is missing."""
    by_place: dict[_At, list[ConditionFact]] = defaultdict(list)
    for one in facts.condition:
        by_place[one.path, one.symbol].append(one)
    guarded = {(one.path, one.symbol) for one in facts.guard}
    return {at for at, found in by_place.items() if at not in guarded and all(map(_is_defensive, found))}


def _is_defensive(fact: ConditionFact) -> bool:
    is_refusal = fact.change == "added" and set(fact.decides) == {"raise"}
    return is_refusal and fact.what in ("if", "assert") and set(fact.roles) <= _MISSING


def _decides_anew(fact: ConditionFact) -> bool:
    """Return whether code that stood before, and stands after, runs in other cases."""
    return fact.stood and not fact.named and fact.direction in ("narrowed", "widened", "reversed")


def _of_size(fact: SymbolFact) -> Effect:
    return "rewrite" if _is_rewritten(fact) else "body"


def _is_rewritten(fact: SymbolFact) -> bool:
    decisions = max(fact.conditions_new, fact.branches_added)
    # Lines that go, with next to nothing in their place, leave the rest as it was.
    replaced = fact.code_added >= _REPLACING_LINES or "removed" in fact.aspects
    lines = _lines(fact) if replaced else fact.code_added
    has_decisions = decisions >= _REWRITTEN_DECISIONS and _lines(fact) >= _FEWEST_LINES
    return has_decisions or lines >= _REWRITTEN_LINES


def _lines(fact: SymbolFact | NativeFact) -> int:
    return max(fact.code_added, fact.code_removed)


def _of_native(fact: NativeFact) -> Effect:
    """Return what happens to native code, and to a kernel that Python hosts: what it computes is what it is for.

    Its parameters bind only what launches it, which a compiler checks or which stands beside it.
    """
    words: dict[str, Effect] = {
        "added": "addition",
        "removed": "removal",
        "moved": "none",
        "tuning": "tuning",
    }
    if fact.change in words:
        return words[fact.change]
    return "rewrite" if _lines(fact) >= _REWRITTEN_LINES else "numerics" if fact.signals else "body"


def _of_line(change: str) -> Effect:
    words: dict[str, Effect] = {"removed": "removal", "reguarded": "condition", "moved": "none"}
    return words.get(change, "body")


def _uncollected(facts: ChangeFacts) -> bool:
    """Return whether no step of CI runs any test file that the change adds or edits."""
    tests = _changed_tests(facts)
    lost: Iterable[str] = (one.path for one in facts.step if one.what in _DO_NOT_RUN)
    return bool(tests) and tests <= set(lost)


def _is_thin(facts: ChangeFacts) -> bool:
    """Return whether tests gain so little that nothing new is asked of what changed."""
    tested = facts.change.test_code_added
    return tested == 0 or tested * _PRODUCT_LINES_A_TEST_LINE < facts.change.code_added


def _changed_tests(facts: ChangeFacts) -> set[str]:
    return {one.path for one in facts.file if one.category == "test" and one.code_added}
