"""Conditions on a whole change, compiled to functions: context -> true, false or unknown.

Records that could not be computed count as "perhaps": a quantifier over them is unknown unless the known records, or what is known of
the place of the unknown ones, already decide it.

``NearMiss`` tells what a silent rule lacked: the one condition that failed, and the record nearest to being its evidence.

A rule is near where there is evidence for it and one condition of ``when`` fails, or where ``when`` holds and a record fails by one test of
how much, how far or what else there is. A record that is something else (another call, another kind of change) is nowhere near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Final, NamedTuple, assert_never

from msgspec import UNSET

from diffscope.facts.vocabulary import field_called
from diffscope.rules.engine.matching import Context, Matcher, Truth, compile_matcher, negated
from diffscope.rules.language.catalogue import Rule
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
    in_words,
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
        field = condition.fields[0]
        sure, unsure = _values(field, certain), _values(field, [*certain, *possible])
        unnamed = sum(getattr(record, field) is UNSET for record in (*certain, *possible))
        declared = field_called(condition.fact, field) if unnamed else None
        # An unknown list may hold any number of values, an unknown text or number one.
        is_list = declared is not None and declared.type == "texts"
        low, high = float(len(sure)), _ENDLESS if is_list else float(len(unsure) + unnamed)
    else:
        low, high = _summed(condition.fields, certain, possible)
    return low, _ENDLESS if is_open else high


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


_MOST_RECORDS = 500
"""Records of one family beyond which a change is too large for near misses to tell anything."""


class Miss(NamedTuple):
    """The record nearest to being evidence, and the condition that failed, in words."""

    record: object
    failed: str


class NearMiss:
    """The conditions of a rule one by one, compiled."""

    def __init__(self, rule: Rule) -> None:
        self._query = rule.evidence
        self._when = [(part, _tells_how_much(part), compile_judge(part)) for part in _asked(rule.when)]

    @cached_property
    def _evidence(self) -> Matcher:
        return compile_matcher(self._query.where)

    @cached_property
    def _tests(self) -> list[tuple[Condition, bool, Matcher]]:
        return [
            (part, _tells_how_much(part), compile_matcher(part)) for part in _conjuncts(self._query.where)
        ]

    def find(self, context: Context, weight: Callable[[object], tuple[object, ...]]) -> Miss | None:
        """Return what a rule that is silent lacked; ``None`` where it lacked more than one thing or anything is unknown.

        ``weight`` is the sort key of records: the first of those that are near is told.
        """
        failed: list[str] = []
        for part, tells_how_much, judge in self._when:
            truth = judge(context)
            if truth is None or (truth is False and (failed or not tells_how_much)):
                return None
            failed += [_lacking(part, None, context)] if truth is False else []
        records = context.records(self._query.fact)
        if len(records) > _MOST_RECORDS:
            return None
        if failed:
            near = [Miss(record, failed[0]) for record in records if self._evidence(record, context) is True]
        else:
            near = [miss for record in records if (miss := self._missed(record, context)) is not None]
        return min(near, key=lambda miss: weight(miss.record), default=None)

    def _missed(self, record: object, context: Context) -> Miss | None:
        failed = None
        for part, tells_how_much, matcher in self._tests:
            truth = matcher(record, context)
            if truth is True:
                continue
            if truth is None or failed is not None or not tells_how_much:
                return None
            failed = part
        return None if failed is None else Miss(record, _lacking(failed, record, context))


def _lacking(condition: Condition, record: object, context: Context) -> str:
    """Return what a condition asks for in words, with the number that it found; ``record`` is ``None`` where it is asked of the change."""
    first = condition.parts[0] if isinstance(condition, AnyOf) else condition
    if isinstance(first, Exists) and first.fact == "change":
        record, first = next(iter(context.records("change")), None), first.where
    text, found = in_words(condition), None
    if isinstance(first, FieldTest) and first.operator in (Operator.AT_LEAST, Operator.AT_MOST):
        found = getattr(record, first.field, None)
    elif isinstance(first, Measured):
        found = int(measured_span(first, context)[0])
    told = in_words(first)
    is_told = isinstance(found, int) and not isinstance(found, bool) and text.startswith(told)
    return f"{told}, here {found}{text.removeprefix(told)}" if is_told else text


def _conjuncts(condition: Condition) -> tuple[Condition, ...]:
    """Return what must hold as one list; a predicate keeps its name unless it is such a list itself."""
    match condition:
        case AllOf():
            return tuple(part for inner in condition.parts for part in _conjuncts(inner))
        case Named(part=AllOf()):
            return _conjuncts(condition.part)
    return (condition,)


def _asked(condition: Condition) -> Iterator[Condition]:
    """Yield what must hold of a change one by one; what is asked of the change itself, of which there is one, too."""
    for part in _conjuncts(condition):
        if isinstance(part, Exists) and part.fact == "change":
            yield from (Exists(fact="change", where=test) for test in _conjuncts(part.where))
        else:
            yield part


def _tells_how_much(condition: Condition) -> bool:
    """Say whether a condition asks how much, how far or what else there is, not what a thing is."""
    match condition:
        case FieldTest():
            # One at least is not how many: it asks whether there is any.
            is_bound = condition.operator in (Operator.AT_LEAST, Operator.AT_MOST)
            return is_bound and condition.operands[0] not in (0, 1)
        case Named():
            return _tells_how_much(condition.part)
        case Exists():
            return condition.fact == "change" and _tells_how_much(condition.where)
        case AnyOf():
            return any(map(_tells_how_much, condition.parts))
        case Not():
            return isinstance(condition.part, Joined | Exists) or _tells_how_much(condition.part)
    return isinstance(condition, Joined | Measured)
