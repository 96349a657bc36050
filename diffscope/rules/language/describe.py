"""Conditions -> text that reads like the rule file they came from: for pages, explanations and messages."""

from __future__ import annotations

from diffscope.rules.language.conditions import (
    ALWAYS,
    LIST_OPERATORS,
    AllOf,
    AnyOf,
    Condition,
    FieldTest,
    Joined,
    Measure,
    Measured,
    Not,
    Operand,
    Quantified,
    all_together,
)


def described(condition: Condition, evidence: Quantified | None = None) -> str:
    """Return a condition as one line that reads like its rule file; what ``evidence`` asks is called so."""
    match condition:
        case FieldTest():
            return f"{condition.field} {condition.operator.value} {_operands(condition)}"
        case AllOf():
            return " and ".join(_inner(part, evidence) for part in condition.parts) or "always"
        case AnyOf():
            return " or ".join(_inner(part, evidence) for part in condition.parts)
        case Not():
            return f"not ({described(condition.part, evidence)})"
        case Joined():
            head = f"{condition.quantifier.value} {condition.fact} of the same {condition.same.value}"
            return head + _suffix(condition.where)
    return _quantified(condition, evidence)


def outlined(condition: Condition, evidence: Quantified | None = None) -> tuple[str, ...]:
    """Return a condition on a change as indented lines, one a quantifier."""
    parts: tuple[Condition, ...]
    if isinstance(condition, Not):
        head = "not:"
        parts = (condition.part,)
    elif isinstance(condition, AllOf | AnyOf) and len(condition.parts) > 1:
        head = "all of:" if isinstance(condition, AllOf) else "any of:"
        parts = condition.parts
    else:
        return (described(condition, evidence),)
    return head, *(f"  {line}" for part in parts for line in outlined(part, evidence))


def asked_of(condition: Quantified | Measured, evidence: Quantified | None) -> tuple[str, Condition]:
    """Return the fact and the where of a quantifier, by the name of ``evidence`` where it asks that and more."""
    if evidence is not None and evidence.fact == condition.fact and evidence is not condition:
        theirs, own = all_together(evidence.where), all_together(condition.where)
        first = theirs.parts if isinstance(theirs, AllOf) else (theirs,)
        parts = own.parts if isinstance(own, AllOf) else (own,)
        if parts[: len(first)] == first:
            return "evidence", all_together(*parts[len(first) :])
    return condition.fact, condition.where


def _inner(condition: Condition, evidence: Quantified | None) -> str:
    text = described(condition, evidence)
    return f"({text})" if isinstance(condition, AllOf | AnyOf) and len(condition.parts) > 1 else text


def _suffix(where: Condition) -> str:
    return "" if where == ALWAYS else f" where {described(where)}"


def _operands(test: FieldTest) -> str:
    shown = [_operand(operand) for operand in test.operands]
    is_list = test.operator in LIST_OPERATORS or len(shown) != 1
    return f"[{', '.join(shown)}]" if is_list else shown[0]


def _operand(operand: Operand) -> str:
    if operand is None or isinstance(operand, bool):
        return {None: "null", True: "true", False: "false"}[operand]
    return str(operand)


def _quantified(condition: Quantified | Measured, evidence: Quantified | None) -> str:
    fact, where = asked_of(condition, evidence)
    if isinstance(condition, Quantified):
        return f"{condition.quantifier.value} {fact}{_suffix(where)}"
    bounds = " and ".join(f"{bound.operator.value} {bound.number}" for bound in condition.bounds)
    if condition.measure is Measure.SUM:
        head = f"sum of {' + '.join(condition.fields)} of {fact}"
    else:
        of = f"distinct {condition.fields[0]} of " if condition.fields else ""
        head = f"count of {of}{fact}"
    return f"{head}{_suffix(where)} {bounds}"
