"""The grammar of conditions, as values and as text that reads like the rule file they came from. docs/rules.md shows it with examples.

A rule asks *expressions* of the whole change. A mapping holds where every line of it holds, a list where every item does::

    FACT: WHERE                     some record of the family fits; {} fits every record
    all: [EXPRESSION, ...]          any: [EXPRESSION, ...]          not: EXPRESSION
    count: FACT                     how many records fit ``where``; with ``distinct: FIELD`` how many different values they hold
    sum: FIELD, of: FACT            the sum of a number (or of several: [FIELD, FIELD]) over the records that fit ``where``
    $NAME                           a predicate on the change, from predicates.yml

``count`` and ``sum`` take ``where``, ``at_least`` and ``at_most`` beside them. In place of a FACT stands ``evidence`` for the records that the
rule's ``evidence`` describes. A WHERE is asked of one record; all its lines must hold::

    FIELD: VALUE                    the same as {in: VALUE}: a value, a list of values, a named list ($NAME), null
    FIELD: {OPERATOR: OPERAND, ...}
    FIELD: {field: FIELD}           it equals another field of the same record
    all: [WHERE, ...]   any: [WHERE, ...]   not: WHERE   $NAME
    same_symbol: {FACT: WHERE}      a record of another family at the same place; also same_path, same_module, same_area
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from diffscope.source.model import Value

Operand = str | int | bool | None


class Operator(Enum):
    """What a rule may ask; the value is the word in rule files."""

    IN = "in"
    NOT = "not"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    LIKE = "like"
    MATCHES = "matches"
    ALL = "all"
    ANY = "any"
    COUNT = "count"
    SUM = "sum"


MEANINGS: Final[dict[Operator, str]] = {
    Operator.IN: "is the value, or one of a list of values; a field that is a list holds one of them. A bare value means `in`",
    Operator.NOT: "the opposite: of a value, of a list of values, of other operators, of a condition. Unknown stays unknown",
    Operator.AT_LEAST: "is this number or more; a list has so many elements; null never holds",
    Operator.AT_MOST: "is this number or less; a list has at most so many elements; null never holds",
    Operator.LIKE: (
        "matches one of the patterns as a whole, `*` being any run of characters; in `path` and `old_path` a glob: `*` stays within a "
        "folder, `**` crosses folders, `{a,b}` is either, and both names of a renamed file count; of a list, some element does"
    ),
    Operator.MATCHES: "one of the regular expressions (RE2) is found in it; of a list, in some element",
    Operator.ALL: "every condition of the list holds",
    Operator.ANY: "some condition of the list holds",
    Operator.COUNT: "how many records fit is within `at_least` and `at_most`",
    Operator.SUM: "the sum of a number over the records that fit is within `at_least` and `at_most`",
}

COMPARISONS: Final = (Operator.AT_LEAST, Operator.AT_MOST)
PATTERN_OPERATORS: Final = (Operator.LIKE, Operator.MATCHES)
FIELD_OPERATORS: Final[dict[str, tuple[Operator, ...]]] = {
    "text": (Operator.IN, Operator.NOT, *PATTERN_OPERATORS),
    "number": (Operator.IN, Operator.NOT, *COMPARISONS),
    "truth": (Operator.IN, Operator.NOT),
    "texts": (Operator.IN, Operator.NOT, *COMPARISONS, *PATTERN_OPERATORS),
}
"""Operators by the type of a field."""
PATH_FIELDS: Final = ("path", "old_path")
"""Fields whose ``like`` is a glob."""


class Measure(Enum):
    """What is measured over the records that hold."""

    COUNT = "count"
    SUM = "sum"


class Place(Enum):
    """What two joined records share; ``same_`` before the value is the word in rule files."""

    SYMBOL = "symbol"
    PATH = "path"
    MODULE = "module"
    AREA = "area"


class FieldTest(Value, frozen=True, kw_only=True, tag="field"):
    """One operator on one field; ``operands`` are alternatives, or the one number."""

    field: str
    operator: Operator
    operands: tuple[Operand, ...]
    is_list: bool = False
    """Whether the field is a list, so that ``in`` asks for an element."""


class SameField(Value, frozen=True, kw_only=True, tag="same"):
    """Two fields of one record are equal."""

    field: str
    other: str


class AllOf(Value, frozen=True, kw_only=True, tag="all"):
    """Every part holds; with no parts, always true."""

    parts: tuple[Condition, ...]


class AnyOf(Value, frozen=True, kw_only=True, tag="any"):
    """Some part holds."""

    parts: tuple[Condition, ...]


class Not(Value, frozen=True, kw_only=True, tag="not"):
    """The part does not hold."""

    part: Condition


class Named(Value, frozen=True, kw_only=True, tag="named"):
    """A predicate by its name, with what it asks."""

    name: str
    part: Condition
    about: str = ""
    """The same in prose."""


class Joined(Value, frozen=True, kw_only=True, tag="joined"):
    """Some record of another family at the same place holds."""

    fact: str
    same: Place
    where: Condition


class Exists(Value, frozen=True, kw_only=True, tag="exists"):
    """Some record of a family holds."""

    fact: str
    where: Condition


class Bound(Value, frozen=True, kw_only=True):
    """One comparison of a measured number: ``at_least`` or ``at_most``."""

    operator: Operator
    number: int


class Measured(Value, frozen=True, kw_only=True, tag="measured"):
    """How many records hold (or distinct values of a field), or the sum of fields over them, within bounds."""

    measure: Measure
    fact: str
    where: Condition
    fields: tuple[str, ...] = ()
    bounds: tuple[Bound, ...]


Condition = FieldTest | SameField | AllOf | AnyOf | Not | Named | Joined | Exists | Measured

ALWAYS: Final = AllOf(parts=())


class EvidenceQuery(Value, frozen=True, kw_only=True):
    """Which records of which family a flag points at, and the number that puts the worst first."""

    fact: str
    where: Condition
    worst_by: str | None = None


def all_together(*conditions: Condition | None) -> Condition:
    """Return the conjunction of conditions as one flat list; ``None`` asks nothing."""
    parts: list[Condition] = []
    for condition in conditions:
        if condition is not None:
            parts += condition.parts if isinstance(condition, AllOf) else (condition,)
    return parts[0] if len(parts) == 1 else AllOf(parts=tuple(parts))


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """Return the conditions directly inside one, on the same record or the same change."""
    match condition:
        case AllOf() | AnyOf():
            return condition.parts
        case Not() | Named():
            return (condition.part,)
        case _:
            return ()


def facts_asked(condition: Condition) -> tuple[str, ...]:
    """Return the families that a condition asks, sorted."""
    return tuple(sorted({fact for fact, _ in fields_asked(condition)}))


def fields_asked(condition: Condition, fact: str = "") -> frozenset[tuple[str, str]]:
    """Return every (family, field) that a condition asks; the field is empty where the family itself is asked."""
    match condition:
        case FieldTest():
            return frozenset({(fact, condition.field)})
        case SameField():
            return frozenset({(fact, condition.field), (fact, condition.other)})
        case Joined() | Exists():
            return fields_asked(condition.where, condition.fact) | {(condition.fact, "")}
        case Measured():
            own = {(condition.fact, name) for name in ("", *condition.fields)}
            return fields_asked(condition.where, condition.fact) | own
        case _:
            return frozenset().union(*(fields_asked(part, fact) for part in parts_of(condition)))


def described(condition: Condition, evidence: Exists | None = None) -> str:
    """Return a condition as one line that reads like its rule file; what ``evidence`` asks is called so."""
    match condition:
        case FieldTest() | SameField():
            return _field_text(condition)
        case AllOf() | AnyOf():
            word = " and " if isinstance(condition, AllOf) else " or "
            return word.join(_inner(part, evidence) for part in condition.parts) or "always"
        case Not():
            return f"not {_bracketed(condition.part, evidence)}"
        case Named():
            return f"${condition.name}"
        case Joined():
            return f"same_{condition.same.value} {condition.fact}{_suffix(condition.where)}"
    return _asked(condition, evidence)


_LONGEST_LINE = 100


def outlined(condition: Condition, evidence: Exists | None = None) -> tuple[str, ...]:
    """Return a condition as indented lines, one an item; what is asked of records is outlined too where one line would be long."""
    line = described(condition, evidence)
    if len(line) > _LONGEST_LINE and isinstance(condition, Joined):
        return _headed(f"same_{condition.same.value} {condition.fact} where", condition.where, evidence)
    if len(line) > _LONGEST_LINE and isinstance(condition, Exists | Measured):
        fact, where = asked_of(condition, evidence)
        bounds = line[len(_head(condition, fact) + _suffix(where)) :]
        return _headed(f"{_head(condition, fact)}{bounds}, where", where, evidence)
    if isinstance(condition, AllOf | AnyOf) and len(condition.parts) > 1:
        head = "all of:" if isinstance(condition, AllOf) else "any of:"
        return head, *(f"  {line}" for part in condition.parts for line in outlined(part, evidence))
    if isinstance(condition, Not) and (len(parts_of(condition.part)) > 1 or len(line) > _LONGEST_LINE):
        return _headed("not", condition.part, evidence)
    return (line,)


def _headed(head: str, part: Condition, evidence: Exists | None) -> tuple[str, ...]:
    first, *rest = lines = outlined(part, evidence)
    return (
        (f"{head} {first}", *rest)
        if rest and first.endswith("of:")
        else (f"{head}:", *(f"  {line}" for line in lines))
    )


def asked_of(condition: Exists | Measured, evidence: Exists | None) -> tuple[str, Condition]:
    """Return the fact and the where of a question, by the name of ``evidence`` where it asks that and more."""
    if evidence is not None and evidence.fact == condition.fact and evidence is not condition:
        theirs, own = all_together(evidence.where), all_together(condition.where)
        first = theirs.parts if isinstance(theirs, AllOf) else (theirs,)
        parts = own.parts if isinstance(own, AllOf) else (own,)
        if parts[: len(first)] == first:
            return "evidence", all_together(*parts[len(first) :])
    return condition.fact, condition.where


def _field_text(condition: FieldTest | SameField) -> str:
    if isinstance(condition, SameField):
        return f"{condition.field} equals {condition.other}"
    shown = [_operand(operand) for operand in condition.operands]
    if condition.operator is Operator.IN and len(shown) == 1:
        return f"{condition.field} {'has' if condition.is_list else 'is'} {shown[0]}"
    operands = shown[0] if len(shown) == 1 else f"[{', '.join(shown)}]"
    return f"{condition.field} {condition.operator.value} {operands}"


def _inner(condition: Condition, evidence: Exists | None) -> str:
    text = described(condition, evidence)
    return f"({text})" if isinstance(condition, AllOf | AnyOf) and len(condition.parts) > 1 else text


def _bracketed(condition: Condition, evidence: Exists | None) -> str:
    text = described(condition, evidence)
    return text if isinstance(condition, Named) else f"({text})"


def _suffix(where: Condition) -> str:
    return "" if where == ALWAYS else f" where {described(where)}"


def _operand(operand: Operand) -> str:
    if operand is None or isinstance(operand, bool):
        return {None: "null", True: "true", False: "false"}[operand]
    return str(operand)


def _asked(condition: Exists | Measured, evidence: Exists | None) -> str:
    fact, where = asked_of(condition, evidence)
    text = f"{_head(condition, fact)}{_suffix(where)}"
    if isinstance(condition, Exists):
        return text
    return f"{text} {' and '.join(f'{bound.operator.value} {bound.number}' for bound in condition.bounds)}"


def _head(condition: Exists | Measured, fact: str) -> str:
    if isinstance(condition, Exists):
        return fact
    if condition.measure is Measure.SUM:
        return f"sum of {' + '.join(condition.fields)} of {fact}"
    of = f"distinct {condition.fields[0]} of " if condition.fields else ""
    return f"count of {of}{fact}"


_TOLD = {
    "code_added": "added lines of code",
    "code_removed": "removed lines of code",
    "code_added code_removed": "changed lines of code",
    "fan_in": "modules that import it",
}
_BOUNDS = {Operator.AT_LEAST: "at least", Operator.AT_MOST: "at most"}


def in_words(condition: Condition) -> str:  # noqa: PLR0911 - one for each kind
    """Return what a condition asks for as a phrase for readers who do not write rules; of several ways the first."""
    match condition:
        case FieldTest() if condition.operator in _BOUNDS:
            return f"{_BOUNDS[condition.operator]} {condition.operands[0]} {_name(condition.field)}"
        case FieldTest():
            values = " or ".join(_operand(operand).strip("*") for operand in condition.operands[:3])
            return f"{_name(condition.field)} {values}{' and the like' if condition.operands[3:] else ''}"
        case AllOf():
            return " and ".join(map(in_words, condition.parts))
        case AnyOf():
            rest = len(condition.parts) - 1
            others = f" (one of {rest + 1} ways)" if rest else ""
            return f"{in_words(condition.parts[0])}{others}"
        case Not():
            return f"no {in_words(condition.part)}"
        case Named():
            return _name(condition.name)
        case Exists(fact="change"):
            return in_words(condition.where)
        case Exists() | Joined():
            beside = " beside it" if isinstance(condition, Joined) else ""
            asked = "" if condition.where == ALWAYS else f" with {in_words(condition.where)}"
            return f"{condition.fact}{beside}{asked}"
        case Measured():
            bounds = " and ".join(f"{_BOUNDS[bound.operator]} {bound.number}" for bound in condition.bounds)
            what = _name(" ".join(condition.fields)) or f"{condition.fact} facts"
            return f"{bounds} {what}{' in all' if condition.measure is Measure.SUM else ''}"
    return described(condition)


def _name(field: str) -> str:
    return _TOLD.get(field, field.replace("_", " "))
