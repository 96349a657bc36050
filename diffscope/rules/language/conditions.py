"""The grammar of ``when``: what a rule file may ask, as values. docs/rules.md shows it with examples.

A rule asks *expressions* of the whole change::

    {all: [EXPRESSION, ...]}   {any: [EXPRESSION, ...]}   {not: EXPRESSION}
    {any: FACT, where: WHERE}      some record of the family holds
    {none: FACT, where: WHERE}     no record holds
    {every: FACT, where: WHERE}    every record holds (true where there is none)
    {count: FACT, where: WHERE, distinct: FIELD, at_least: N}    how many records (or distinct values of a field) hold
    {sum: FACT, of: FIELD, where: WHERE, at_least: N}            the sum of a number (or of several: [FIELD, FIELD])

``count`` and ``sum`` take ``at_least``, ``at_most``, ``more_than``, ``less_than`` and ``is``. ``where`` may be left out: every
record holds. In place of a FACT stands ``evidence`` for the records that the rule's ``evidence`` describes. A WHERE is asked of one
record; all its lines must hold::

    FIELD: VALUE                     the same as {is: VALUE}
    FIELD: {OPERATOR: OPERAND, ...}  all of them
    any_of: [WHERE, ...]   all_of: [WHERE, ...]   not: WHERE
    joined: {any: FACT, same: symbol|path|module|area, where: WHERE}     (or none:) a record of another family at the same place

The operators are those of ``Operator``. A list operand may hold, or be, ``{$list: NAME}``: a list of ``lists.yml``.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from diffscope.source.values import Value

Operand = str | int | bool | None


class Operator(Enum):
    """What is asked of one field; the value is the word in rule files."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    GLOB = "glob"
    LIKE = "like"
    REGEX = "regex"
    HAS = "has"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"
    HAS_NONE = "has_none"
    IS_NULL = "is_null"
    IS_KNOWN = "is_known"
    EQUALS_FIELD = "equals_field"
    DIFFERS_FROM = "differs_from"


MEANINGS: Final[dict[Operator, str]] = {
    Operator.IS: "equals the value",
    Operator.IS_NOT: "differs from the value; null differs from every value",
    Operator.IN: "is one of the list",
    Operator.NOT_IN: "is none of the list; null is in no list",
    Operator.AT_LEAST: "is this number or more; for a list, it has so many elements; null never holds",
    Operator.AT_MOST: "is this number or less; for a list, it has so many elements; null never holds",
    Operator.MORE_THAN: "is more than this number; for a list, it has more elements; null never holds",
    Operator.LESS_THAN: "is less than this number; for a list, it has fewer elements; null never holds",
    Operator.GLOB: "the whole path matches one of the globs (of a renamed file, either name); for a list, some element does",
    Operator.LIKE: "the whole text matches one of the patterns, in which * is any run of characters; for a list, some element does",
    Operator.REGEX: "one of the regular expressions (RE2) is found in it; for a list, in some element",
    Operator.HAS: "the list holds the word",
    Operator.HAS_ANY: "the list holds one of the words",
    Operator.HAS_ALL: "the list holds all of the words",
    Operator.HAS_NONE: "the list holds none of the words",
    Operator.IS_NULL: "is (or, with false, is not) known to be nothing",
    Operator.IS_KNOWN: "could (or, with false, could not) be computed",
    Operator.EQUALS_FIELD: "equals another field of the same record",
    Operator.DIFFERS_FROM: "differs from another field of the same record",
}

COMPARISONS: Final = (
    Operator.AT_LEAST,
    Operator.AT_MOST,
    Operator.MORE_THAN,
    Operator.LESS_THAN,
)
LIST_OPERATORS: Final = (
    Operator.IN,
    Operator.NOT_IN,
    Operator.HAS_ANY,
    Operator.HAS_ALL,
    Operator.HAS_NONE,
)
PATTERN_OPERATORS: Final = (Operator.GLOB, Operator.LIKE, Operator.REGEX)

OPERATORS_OF: Final[dict[str, tuple[Operator, ...]]] = {
    "text": (Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN, *PATTERN_OPERATORS),
    "number": (Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN, *COMPARISONS),
    "truth": (Operator.IS, Operator.IS_NOT),
    "texts": (
        Operator.HAS,
        Operator.HAS_ANY,
        Operator.HAS_ALL,
        Operator.HAS_NONE,
        *COMPARISONS,
        *PATTERN_OPERATORS,
    ),
}
"""Operators by the type of a field. Besides these, any field takes the operators on null, knownness and other fields that fit it."""


class Quantifier(Enum):
    """How many records must hold; the value is the word in rule files."""

    ANY = "any"
    NONE = "none"
    EVERY = "every"


class Measure(Enum):
    """What is measured over the records that hold."""

    COUNT = "count"
    SUM = "sum"


class Place(Enum):
    """What two joined records share."""

    SYMBOL = "symbol"
    PATH = "path"
    MODULE = "module"
    AREA = "area"


class FieldTest(Value, frozen=True, kw_only=True, tag="field"):
    """One operator on one field. ``operands`` are alternatives, or the one operand."""

    field: str
    operator: Operator
    operands: tuple[Operand, ...]


class AllOf(Value, frozen=True, kw_only=True, tag="all"):
    """Every part holds; with no parts, always true."""

    parts: tuple[Condition, ...]


class AnyOf(Value, frozen=True, kw_only=True, tag="any"):
    """Some part holds."""

    parts: tuple[Condition, ...]


class Not(Value, frozen=True, kw_only=True, tag="not"):
    """The part does not hold."""

    part: Condition


class Joined(Value, frozen=True, kw_only=True, tag="joined"):
    """Some (or no) record of another family at the same place holds."""

    quantifier: Quantifier
    fact: str
    same: Place
    where: Condition


class Quantified(Value, frozen=True, kw_only=True, tag="quantified"):
    """Some, no or every record of a family holds."""

    quantifier: Quantifier
    fact: str
    where: Condition


class Bound(Value, frozen=True, kw_only=True):
    """One comparison of a measured number."""

    operator: Operator
    number: int


class Measured(Value, frozen=True, kw_only=True, tag="measured"):
    """How many records hold (or distinct values of a field), or the sum of fields over them, within bounds."""

    measure: Measure
    fact: str
    where: Condition
    fields: tuple[str, ...] = ()
    bounds: tuple[Bound, ...]


Condition = FieldTest | AllOf | AnyOf | Not | Joined | Quantified | Measured

ALWAYS: Final = AllOf(parts=())


def all_together(*conditions: Condition | None) -> Condition:
    """Return the conjunction of conditions as one flat list; ``None`` asks nothing."""
    parts: list[Condition] = []
    for condition in conditions:
        if condition is not None:
            parts += condition.parts if isinstance(condition, AllOf) else (condition,)
    return parts[0] if len(parts) == 1 else AllOf(parts=tuple(parts))


def facts_asked(condition: Condition) -> tuple[str, ...]:
    """Return the families that a condition asks, sorted."""
    return tuple(sorted({fact for fact, _ in fields_asked(condition)}))


def fields_asked(condition: Condition, fact: str = "") -> frozenset[tuple[str, str]]:
    """Return every (family, field) that a condition asks; the field is empty where the family itself is asked."""
    match condition:
        case FieldTest():
            other = condition.operator in (Operator.EQUALS_FIELD, Operator.DIFFERS_FROM)
            names = (condition.field, *map(str, condition.operands if other else ()))
            return frozenset((fact, name) for name in names)
        case AllOf() | AnyOf():
            return frozenset().union(*(fields_asked(part, fact) for part in condition.parts))
        case Not():
            return fields_asked(condition.part, fact)
        case Joined() | Quantified():
            return fields_asked(condition.where, condition.fact) | {(condition.fact, "")}
        case Measured():
            own = {(condition.fact, name) for name in ("", *condition.fields)}
            return fields_asked(condition.where, condition.fact) | own
