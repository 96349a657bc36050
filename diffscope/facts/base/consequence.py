"""What changed at each place, what vouches for it, and what follows from both: asked by ``severity: consequence``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET

from diffscope.facts.model import (
    CallFact,
    ChangeFacts,
    GuardFact,
    Located,
    NativeFact,
    NumericFact,
    OperatorFact,
    OptionFact,
    OverrideFact,
    ParameterFact,
    SymbolFact,
    WriteFact,
)
from diffscope.taxonomy.consequence import ConsequenceTable

FAMILIES: Final = (
    "symbol", "parameter", "option", "guard", "call", "numeric", "write", "native", "operator", "override", "registry", "imports",
)  # fmt: skip
"""Families of code that runs, each of which has these words."""
_BREAKING: Final = frozenset({"removed", "renamed", "moved", "kind", "added-required", "made-required"})
_CONTRACT: Final = frozenset({"bases", "default", "field-order"})
_CODE: Final = frozenset({"function", "method"})
_DO_NOT_RUN: Final = frozenset({"not-collected", "cannot-run"})
_TUNED_LINES: Final = 2
"""Code lines on either side, up to which a change of numbers alone is tuning."""
_Fact = TypeVar("_Fact", bound=Located)
_At = tuple[str, str | None]


def with_consequence(facts: ChangeFacts, table: ConsequenceTable) -> ChangeFacts:
    """Return the facts, each with its effect, what vouches for it, and the level of both where it is reached."""
    weigher = _Weigher(facts, table)
    fields = {
        family: tuple(weigher.weigh(fact) for fact in found)
        for family in FAMILIES
        if (found := getattr(facts, family, ()))
    }
    return msgspec.structs.replace(facts, **fields)


class _Weigher:
    def __init__(self, facts: ChangeFacts, table: ConsequenceTable) -> None:
        self._table = table
        self._symbols = {(one.path, one.symbol): one for one in facts.symbol}
        self._parameters: dict[_At, set[str]] = defaultdict(set)
        for one in facts.parameter:
            self._parameters[one.path, one.symbol].add(one.what)
        self._numbers: dict[_At, set[str]] = defaultdict(set)
        for number in facts.numeric:
            self._numbers[number.path, number.symbol].add(number.what)
        self._conditioned = {
            (one.path, one.symbol) for one in facts.guard if one.change in ("added", "removed")
        }
        self._does_not_run = _uncollected(facts)

    def weigh(self, fact: _Fact) -> _Fact:
        """Return a fact with its words."""
        effect, vouched = self._effect(fact), self._vouched(fact)
        level = self._table.level(fact.reached, effect, vouched)
        return msgspec.structs.replace(fact, effect=effect, vouched=vouched, consequence=level)

    def _effect(self, fact: Located) -> str:  # noqa: PLR0911 - one answer a family
        match fact:
            case SymbolFact():
                return self._of_symbol(fact)
            case NativeFact():
                words = {"added": "addition", "removed": "removal", "signature": "contract", "moved": "none"}
                return words.get(fact.change, "body")
            case ParameterFact():
                return "contract" if fact.what in _BREAKING | {"default"} else "addition"
            case OptionFact():
                return "addition" if fact.change in ("added", "made-optional") else "contract"
            case OperatorFact() | OverrideFact():
                return "addition" if getattr(fact, "change", "") == "added" else "contract"
            case GuardFact():
                return self._in_symbol(fact, "none" if fact.change == "moved" else "condition")
            case CallFact() if fact.change == "removed":
                # What waited or held others back does so no more: what runs when is decided anew.
                return self._in_symbol(fact, "condition")
            case CallFact() | NumericFact() | WriteFact():
                return self._in_symbol(fact, _of_line(fact.change))
        return "body"

    def _of_symbol(self, fact: SymbolFact) -> str:  # noqa: PLR0911 - as above
        aspects = set(fact.aspects)
        if not fact.logic or fact.owner_change == "moved":
            return "none"
        if "removed" in aspects:
            return "none" if fact.moved_to or fact.still_bound else "removal"
        if "added" in aspects:
            return "body" if fact.inherited else "addition"
        at = (fact.path, fact.symbol)
        if aspects & _CONTRACT or self._parameters[at] & _BREAKING:
            return "contract"
        if fact.conditions_new or fact.branches_added or at in self._conditioned:
            return "condition"
        if fact.kind not in _CODE:
            return "tuning" if fact.kind == "variable" else "body"
        is_short = max(fact.code_added, fact.code_removed) <= _TUNED_LINES
        return "tuning" if is_short and self._numbers[at] == {"number"} else "body"

    def _in_symbol(self, fact: Located, effect: str) -> str:
        """Return the effect of a line of a symbol: what is new as a whole only adds."""
        owner = self._symbols.get((fact.path, fact.symbol))
        if owner is not None and "added" in owner.aspects and not owner.inherited:
            return "addition"
        return effect

    def _vouched(self, fact: Located) -> str:
        owner = fact if isinstance(fact, SymbolFact) else self._symbols.get((fact.path, fact.symbol))
        if owner is None:
            return "existing"
        named = owner.changed_tests_naming
        if not self._does_not_run and (owner.reached_by_tests or (named is not UNSET and named > 0)):
            return "changed"
        counts = (owner.tests_naming, owner.class_tests_naming)
        named_before = any(count is not UNSET and count > 0 for count in counts)
        if named_before or owner.tested_through or owner.test_distance == 1:
            return "existing"
        return "none" if owner.tests_naming is not UNSET else "existing"


def _of_line(change: str) -> str:
    return {"removed": "removal", "reguarded": "condition", "moved": "none"}.get(change, "body")


def _uncollected(facts: ChangeFacts) -> bool:
    """Return whether no step of CI runs any test file that the change adds or edits."""
    tests = {one.path for one in facts.file if one.category == "test" and one.code_added}
    lost: Iterable[str] = (one.path for one in facts.step if one.what in _DO_NOT_RUN)
    return bool(tests) and tests <= set(lost)
