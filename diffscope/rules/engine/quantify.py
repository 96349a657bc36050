"""Conditions on a whole change, compiled to functions: context -> true, false or unknown.

Records that could not be computed count as "perhaps": a quantifier over them is unknown unless the known records, or what is known of
the place of the unknown ones, already decide it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, assert_never

from msgspec import UNSET

from diffscope.facts.vocabulary import families
from diffscope.rules.engine.context import Context, Truth, negated
from diffscope.rules.engine.matching import Matcher, compile_matcher
from diffscope.rules.language.conditions import (
    AllOf,
    AnyOf,
    Bound,
    Condition,
    Exists,
    FieldTest,
    Joined,
    Measure,
    Measured,
    Named,
    Not,
    Operator,
    SameField,
)

Judge = Callable[[Context], Truth]

_ENDLESS: Final = float("inf")


def compile_judge(condition: Condition) -> Judge:
    """Return the function of a condition on a whole change."""
    match condition:
        case AllOf():
            parts = tuple(map(compile_judge, condition.parts))
            return lambda context: all_of(part(context) for part in parts)
        case AnyOf():
            parts = tuple(map(compile_judge, condition.parts))
            return lambda context: any_of(part(context) for part in parts)
        case Not():
            part = compile_judge(condition.part)
            return lambda context: negated(part(context))
        case Named():
            return compile_judge(condition.part)
        case Exists():
            matcher = compile_matcher(condition.where)
            return lambda context: any_holds(condition.fact, matcher, context)
        case Measured():
            matcher = compile_matcher(condition.where)
            return lambda context: within(_span(condition, matcher, context), condition.bounds)
        case FieldTest() | SameField() | Joined():
            raise TypeError(f"{type(condition).__name__} is asked of a record, not of a change")
        case _:
            assert_never(condition)


def all_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's and: false if any is false, else unknown if any is unknown."""
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def any_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's or: true if any is true, else unknown if any is unknown."""
    result: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if truth is None:
            result = None
    return result


def any_holds(fact: str, matcher: Matcher, context: Context) -> Truth:
    """Say whether some record of a family holds."""
    result: Truth = False
    for record in context.records(fact):
        found = matcher(record, context)
        if found is True:
            return True
        if found is None:
            result = None
    for phantom in context.phantoms(fact):
        if result is False and matcher(phantom, context) is not False:
            result = None
    return result


def measured_span(condition: Measured, context: Context) -> tuple[float, float]:
    """Return the least and the greatest value that a measured number can have."""
    return _span(condition, compile_matcher(condition.where), context)


def within(span: tuple[float, float], bounds: tuple[Bound, ...]) -> Truth:
    """Say whether a number known to lie between two ends keeps within bounds."""
    return all_of(_kept(span, bound) for bound in bounds)


def _span(condition: Measured, matcher: Matcher, context: Context) -> tuple[float, float]:
    certain: list[object] = []
    possible: list[object] = []
    for record in context.records(condition.fact):
        truth = matcher(record, context)
        if truth is not False:
            (possible if truth is None else certain).append(record)
    is_open = any(matcher(phantom, context) is not False for phantom in context.phantoms(condition.fact))
    if not condition.fields:
        low, high = float(len(certain)), float(len(certain) + len(possible))
    elif condition.measure is Measure.COUNT:
        low, high = _distinct(condition, certain, possible)
    else:
        low, high = _summed(condition.fields, certain, possible)
    return low, _ENDLESS if is_open else high


def _distinct(condition: Measured, certain: list[object], possible: list[object]) -> tuple[float, float]:
    field = condition.fields[0]
    sure, unsure = _values(field, certain), _values(field, [*certain, *possible])
    unnamed = sum(getattr(record, field) is UNSET for record in (*certain, *possible))
    declared = families()[condition.fact].field(field) if unnamed else None
    # An unknown list may hold any number of values, an unknown text or number one.
    is_list = declared is not None and declared.type == "texts"
    return float(len(sure)), _ENDLESS if is_list else float(len(unsure) + unnamed)


def _values(field: str, found: list[object]) -> set[object]:
    """Return the distinct values of a field: a list counts by its elements, null not at all."""
    values: set[object] = set()
    for record in found:
        value = getattr(record, field)
        if isinstance(value, tuple):
            values.update(value)
        elif value is not UNSET and value is not None:
            values.add(value)
    return values


def _summed(fields: tuple[str, ...], certain: list[object], possible: list[object]) -> tuple[float, float]:
    # Numbers of facts are counts and distances: never below zero, so an unknown one can only add.
    low = high = 0.0
    for record in certain:
        for value in (getattr(record, field) for field in fields):
            low += 0 if value is UNSET or value is None else value
            high += _ENDLESS if value is UNSET else value or 0
    for record in possible:
        for value in (getattr(record, field) for field in fields):
            high += _ENDLESS if value is UNSET else value or 0
    return low, high


def _kept(span: tuple[float, float], bound: Bound) -> Truth:
    low, high = span
    if bound.operator is Operator.AT_LEAST:
        return _decided(sure=low >= bound.number, possible=high >= bound.number)
    return _decided(sure=high <= bound.number, possible=low <= bound.number)


def _decided(*, sure: bool, possible: bool) -> Truth:
    return True if sure else None if possible else False
