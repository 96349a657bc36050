"""Conditions on one record, compiled to functions: (record, context) -> true, false or unknown. The context is the records of a change by family.

An unknown field makes its test unknown. ``null`` is a value: no number, no text, in no list.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from msgspec import UNSET

from diffscope.facts.model import ChangeFacts, Located, UnknownFamily
from diffscope.facts.vocabulary import records
from diffscope.patterns import compile_glob, compile_regex
from diffscope.rules.language.conditions import (
    PATH_FIELDS,
    PATTERN_OPERATORS,
    AllOf,
    AnyOf,
    Condition,
    Exists,
    FieldTest,
    Joined,
    Measured,
    Named,
    Not,
    Operand,
    Operator,
    Place,
    SameField,
)

Truth = bool | None
"""Kleene's three values; ``None`` is unknown."""

_BY_PATH: Final = ("path", "area", "category", "module", "platforms", "old_path")
_NOTHING: Final = ()


class UncertainRecord:
    """A record that may or may not be: what is known of a place whose facts could not be computed; every other field is unknown."""

    def __init__(self, known: Mapping[str, object], source: UnknownFamily) -> None:
        self.__dict__.update(known)
        self.source = source

    def __getattr__(self, name: str) -> object:
        return UNSET


class Context:
    """One change, as conditions see it."""

    def __init__(self, facts: ChangeFacts) -> None:
        self.facts = facts
        self.old_names = {file.path: file.old_path for file in facts.file if file.old_path is not None}
        self._phantoms: dict[str, tuple[UncertainRecord, ...]] = {}
        self._indexes: dict[tuple[str, Place], dict[tuple[object, ...], list[object]]] = {}
        for unknown in facts.unknown:
            phantom = UncertainRecord(self._known_of(unknown.path), unknown)
            self._phantoms[unknown.family] = (*self._phantoms.get(unknown.family, ()), phantom)

    def records(self, family: str) -> tuple[object, ...]:
        """Return the records of a family."""
        return records(self.facts, family)

    def phantoms(self, family: str) -> tuple[UncertainRecord, ...]:
        """Return what stands for the records of a family that could not be computed."""
        return self._phantoms.get(family, _NOTHING)

    def beside(self, record: object, family: str, place: Place) -> tuple[object, ...] | None:
        """Return the records of a family at the same place as a record; ``None`` where its place is unknown."""
        key = place_of(record, place)
        if UNSET in key:
            return None
        index = self._indexes.get((family, place))
        if index is None:
            index = self._indexes[family, place] = {}
            for other in self.records(family):
                index.setdefault(place_of(other, place), []).append(other)
        # A place without a name (no module) is no place to meet at.
        return () if key[-1] is None and place is Place.MODULE else tuple(index.get(key, ()))

    def may_meet(self, record: object, phantom: UncertainRecord, place: Place) -> bool:
        """Say whether an uncomputed record could be at the same place as a record."""
        pairs = zip(place_of(record, place), place_of(phantom, place), strict=True)
        return all(left == right or left is UNSET or right is UNSET for left, right in pairs)

    def _known_of(self, path: str | None) -> dict[str, object]:
        if path is None:
            return {}
        file: Located | None = next((file for file in self.facts.file if file.path == path), None)
        return {"path": path} if file is None else {name: getattr(file, name) for name in _BY_PATH}


def place_of(record: object, place: Place) -> tuple[object, ...]:
    """Return what two records must share to be at the same place."""
    if place is Place.SYMBOL:
        return (getattr(record, "path", UNSET), getattr(record, "symbol", UNSET))
    return (getattr(record, place.value, UNSET),)


def negated(truth: Truth) -> Truth:
    """Return the opposite; the opposite of unknown is unknown."""
    return None if truth is None else not truth


Matcher = Callable[[object, Context], Truth]
_Holds = Callable[[Any], bool]

_COMPARE: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.AT_LEAST: operator.ge,
    Operator.AT_MOST: operator.le,
}


def compile_matcher(condition: Condition) -> Matcher:
    """Return the function of a condition on one record."""
    match condition:
        case FieldTest() | SameField():
            return _field_matcher(condition)
        case AllOf():
            return _all_matcher(tuple(map(compile_matcher, _flat(condition))))
        case AnyOf():
            return _any_matcher(tuple(map(compile_matcher, condition.parts)))
        case Not():
            return _not_matcher(condition.part)
        case Named():
            return compile_matcher(condition.part)
        case Joined():
            return _joined_matcher(condition)
        case Exists() | Measured():
            raise TypeError(f"{type(condition).__name__} is asked of a change, not of a record")
        case _:
            assert_never(condition)


def matches_like(pattern: str, text: str) -> bool:
    """Say whether a text matches a pattern in which ``*`` is any run of characters; linear in the text for each star."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == first
    last = rest.pop()
    end = len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last) or end < len(first):
        return False
    position = len(first)
    for piece in rest:
        found = text.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True


def _flat(condition: Condition) -> tuple[Condition, ...]:
    """Return what must hold as one list, predicates taken apart: a call for each of them is a tenth of the time of all rules."""
    match condition:
        case Named():
            return _flat(condition.part)
        case AllOf():
            return tuple(part for inner in condition.parts for part in _flat(inner))
    return (condition,)


def _all_matcher(parts: tuple[Matcher, ...]) -> Matcher:
    def match_all(record: object, context: Context) -> Truth:
        truth: Truth = True
        for part in parts:
            found = part(record, context)
            if found is False:
                return False
            if found is None:
                truth = None
        return truth

    return match_all


def _any_matcher(parts: tuple[Matcher, ...]) -> Matcher:
    def match_any(record: object, context: Context) -> Truth:
        truth: Truth = False
        for part in parts:
            found = part(record, context)
            if found is True:
                return True
            if found is None:
                truth = None
        return truth

    return match_any


def _joined_matcher(joined: Joined) -> Matcher:
    matcher = compile_matcher(joined.where)
    return lambda record, context: _meets(joined, matcher, record, context)


def _meets(joined: Joined, matcher: Matcher, record: object, context: Context) -> Truth:
    beside = context.beside(record, joined.fact, joined.same)
    others = context.records(joined.fact) if beside is None else beside
    truth: Truth = False
    for other in others:
        found = matcher(other, context)
        if found is True and beside is not None:
            return True
        if found is not False:
            truth = None
    for phantom in context.phantoms(joined.fact):
        if context.may_meet(record, phantom, joined.same) and matcher(phantom, context) is not False:
            truth = None
    return truth


def _field_matcher(test: FieldTest | SameField) -> Matcher:
    name = test.field
    if isinstance(test, SameField):
        return _same_field_matcher(name, test.other)
    holds = _holder(test)
    if test.operator is Operator.LIKE and name == "path":
        return _path_matcher(holds)

    def match_field(record: object, _: Context) -> Truth:
        value = getattr(record, name)
        return None if value is UNSET else holds(value)

    return match_field


def _not_matcher(condition: Condition) -> Matcher:
    if isinstance(condition, FieldTest) and condition.field != "path":
        return _opposite_field_matcher(condition)
    part = compile_matcher(condition)
    return lambda record, context: negated(part(record, context))


def _opposite_field_matcher(test: FieldTest) -> Matcher:
    name, holds = test.field, _holder(test)

    def match_not(record: object, _: Context) -> Truth:
        value = getattr(record, name)
        return None if value is UNSET else not holds(value)

    return match_not


def _path_matcher(holds: _Holds) -> Matcher:
    # A file that was moved away from a watched folder is still that folder's business.
    def match_path(record: Any, context: Context) -> Truth:
        path = record.path
        if path is UNSET:
            return None
        return holds(path) or (path in context.old_names and holds(context.old_names[path]))

    return match_path


def _same_field_matcher(name: str, other: str) -> Matcher:
    def match_same(record: object, _: Context) -> Truth:
        left, right = getattr(record, name), getattr(record, other)
        if left is UNSET or right is UNSET:
            return None
        return bool(left == right)

    return match_same


def _holder(test: FieldTest) -> _Holds:
    """Return the test of a known value."""
    if test.operator in _COMPARE:
        return _number_holder(_COMPARE[test.operator], test.operands[0])
    if test.operator in PATTERN_OPERATORS:
        return _text_holder(_pattern_holders(test, tuple(map(str, test.operands))))
    words = frozenset(test.operands)
    if not test.is_list:
        return words.__contains__
    if None in words:
        return lambda value: value is None or not words.isdisjoint(value)
    return lambda value: value is not None and not words.isdisjoint(value)


def _number_holder(compare: Callable[[Any, Any], bool], bound: Operand) -> _Holds:
    def holds_number(value: Any) -> bool:
        if value is None:
            return False
        return compare(len(value) if isinstance(value, tuple) else value, bound)

    return holds_number


def _text_holder(holders: tuple[Callable[[str], bool], ...]) -> _Holds:
    def holds_text(value: Any) -> bool:
        if value is None:
            return False
        texts = value if isinstance(value, tuple) else (value,)
        return any(holds(text) for text in texts for holds in holders)

    return holds_text


def _pattern_holders(test: FieldTest, patterns: tuple[str, ...]) -> tuple[Callable[[str], bool], ...]:
    if test.operator is Operator.MATCHES:
        return tuple(compile_regex(pattern).search for pattern in patterns)
    if test.field in PATH_FIELDS:
        return tuple(compile_glob(pattern).matches for pattern in patterns)
    return tuple(_liker(pattern) for pattern in patterns)


def _liker(pattern: str) -> Callable[[str], bool]:
    return lambda text: matches_like(pattern, text)
