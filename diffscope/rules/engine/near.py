"""What a silent rule lacked: the one condition that failed, and the record nearest to being its evidence.

A rule is near where there is evidence for it and one condition of ``when`` fails, or where ``when`` holds and a record fails by one test of
how much, how far or what else there is. A record that is something else (another call, another kind of change) is nowhere near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from diffscope.rules.engine.context import Context
from diffscope.rules.engine.matching import compile_matcher
from diffscope.rules.engine.quantify import compile_judge
from diffscope.rules.language.catalogue import Rule
from diffscope.rules.language.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Exists,
    FieldTest,
    Joined,
    Measured,
    Named,
    Not,
    Operator,
)
from diffscope.rules.language.describe import in_words

_MOST_RECORDS = 500
"""Records of one family beyond which a change is too large for near misses to tell anything."""


class Miss(NamedTuple):
    """The record nearest to being evidence, and the condition that failed, in words."""

    record: object
    failed: str


class NearMiss:
    """The conditions of a rule one by one, compiled."""

    def __init__(self, rule: Rule) -> None:
        query = rule.evidence
        self._fact = query.fact
        self._evidence = compile_matcher(query.where)
        self._when = [
            (in_words(part), _tells_how_much(part), compile_judge(part)) for part in _asked(rule.when)
        ]
        self._tests = [
            (in_words(part), _tells_how_much(part), compile_matcher(part)) for part in _conjuncts(query.where)
        ]

    def find(self, context: Context, weight: Callable[[object], tuple[object, ...]]) -> Miss | None:
        """Return what a rule that is silent lacked; ``None`` where it lacked more than one thing or anything is unknown.

        ``weight`` is the sort key of records: the first of those that are near is told.
        """
        failed: list[str] = []
        for text, tells_how_much, judge in self._when:
            truth = judge(context)
            if truth is None or (truth is False and (failed or not tells_how_much)):
                return None
            failed += [text] if truth is False else []
        records = context.records(self._fact)
        if len(records) > _MOST_RECORDS:
            return None
        if failed:
            near = [Miss(record, failed[0]) for record in records if self._evidence(record, context) is True]
        else:
            near = [miss for record in records if (miss := self._missed(record, context)) is not None]
        return min(near, key=lambda miss: weight(miss.record), default=None)

    def _missed(self, record: object, context: Context) -> Miss | None:
        failed = None
        for text, tells_how_much, matcher in self._tests:
            truth = matcher(record, context)
            if truth is True:
                continue
            if truth is None or failed is not None or not tells_how_much:
                return None
            failed = text
        return None if failed is None else Miss(record, failed)


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
