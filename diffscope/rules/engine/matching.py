"""Conditions on one record, compiled to functions: (record, context) -> true, false or unknown.

An unknown field makes its test unknown. ``null`` is a value: no number, no text, in no list.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final, assert_never

from msgspec import UNSET

from diffscope.patterns import compile_glob, compile_regex
from diffscope.rules.engine.context import Context, Truth, negated
from diffscope.rules.language.conditions import (
    PATTERN_OPERATORS,
    AllOf,
    AnyOf,
    Condition,
    FieldTest,
    Joined,
    Measured,
    Not,
    Operand,
    Operator,
    Quantified,
    Quantifier,
)

Matcher = Callable[[object, Context], Truth]
_Holds = Callable[[Any], bool]

_COMPARE: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.AT_LEAST: operator.ge,
    Operator.AT_MOST: operator.le,
    Operator.MORE_THAN: operator.gt,
    Operator.LESS_THAN: operator.lt,
}
_SET_HOLDERS: Final[dict[Operator, Callable[[frozenset[Operand]], _Holds]]] = {
    Operator.IS: lambda words: words.__contains__,
    Operator.IN: lambda words: words.__contains__,
    Operator.IS_NOT: lambda words: lambda value: value not in words,
    Operator.NOT_IN: lambda words: lambda value: value not in words,
    Operator.HAS: lambda words: lambda value: not words.isdisjoint(value),
    Operator.HAS_ANY: lambda words: lambda value: not words.isdisjoint(value),
    Operator.HAS_ALL: lambda words: words.issubset,
    Operator.HAS_NONE: lambda words: words.isdisjoint,
}


def compile_matcher(condition: Condition) -> Matcher:
    """Return the function of a condition on one record."""
    match condition:
        case FieldTest():
            return _field_matcher(condition)
        case AllOf():
            return _all_matcher(tuple(map(compile_matcher, condition.parts)))
        case AnyOf():
            return _any_matcher(tuple(map(compile_matcher, condition.parts)))
        case Not():
            part = compile_matcher(condition.part)
            return lambda record, context: negated(part(record, context))
        case Joined():
            return _joined_matcher(condition)
        case Quantified() | Measured():
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
    is_none = joined.quantifier is Quantifier.NONE

    def match_joined(record: object, context: Context) -> Truth:
        found = _meets(joined, matcher, record, context)
        return negated(found) if is_none else found

    return match_joined


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


def _field_matcher(test: FieldTest) -> Matcher:
    name = test.field
    if test.operator is Operator.IS_KNOWN:
        wanted = test.operands[0]
        return lambda record, _: (getattr(record, name) is not UNSET) is wanted
    if test.operator in (Operator.EQUALS_FIELD, Operator.DIFFERS_FROM):
        return _pair_matcher(name, str(test.operands[0]), wanted=test.operator is Operator.EQUALS_FIELD)
    holds = _holder(test)
    if test.operator is Operator.GLOB and name == "path":
        return _path_matcher(holds)

    def match_field(record: object, _: Context) -> Truth:
        value = getattr(record, name)
        return None if value is UNSET else holds(value)

    return match_field


def _path_matcher(holds: _Holds) -> Matcher:
    # A file that was moved away from a watched folder is still that folder's business.
    def match_path(record: Any, context: Context) -> Truth:
        path = record.path
        if path is UNSET:
            return None
        return holds(path) or (path in context.old_names and holds(context.old_names[path]))

    return match_path


def _pair_matcher(name: str, other: str, *, wanted: bool) -> Matcher:
    def match_pair(record: object, _: Context) -> Truth:
        left, right = getattr(record, name), getattr(record, other)
        if left is UNSET or right is UNSET:
            return None
        return (left == right) is wanted

    return match_pair


def _holder(test: FieldTest) -> _Holds:
    """Return the test of a known value."""
    first = test.operands[0]
    if test.operator in _COMPARE:
        return _number_holder(_COMPARE[test.operator], first)
    if test.operator in PATTERN_OPERATORS:
        return _text_holder(_pattern_holders(test.operator, tuple(map(str, test.operands))))
    if test.operator is Operator.IS_NULL:
        return lambda value: (value is None) is first
    return _SET_HOLDERS[test.operator](frozenset(test.operands))


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


def _pattern_holders(kind: Operator, patterns: tuple[str, ...]) -> tuple[Callable[[str], bool], ...]:
    if kind is Operator.GLOB:
        return tuple(compile_glob(pattern).matches for pattern in patterns)
    if kind is Operator.REGEX:
        return tuple(compile_regex(pattern).search for pattern in patterns)
    return tuple(_liker(pattern) for pattern in patterns)


def _liker(pattern: str) -> Callable[[str], bool]:
    return lambda text: matches_like(pattern, text)
