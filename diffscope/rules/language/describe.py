"""Conditions -> text that reads like the rule file they came from: for pages, explanations and messages."""

from __future__ import annotations

from diffscope.rules.language.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Condition,
    Exists,
    FieldTest,
    Joined,
    Measure,
    Measured,
    Named,
    Not,
    Operand,
    Operator,
    SameField,
    all_together,
    parts_of,
)


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


def outlined(condition: Condition, evidence: Exists | None = None) -> tuple[str, ...]:
    """Return a condition on a change as indented lines, one an item."""
    if isinstance(condition, AllOf | AnyOf) and len(condition.parts) > 1:
        head = "all of:" if isinstance(condition, AllOf) else "any of:"
        return head, *(f"  {line}" for part in condition.parts for line in outlined(part, evidence))
    if isinstance(condition, Not) and len(parts_of(condition.part)) > 1:
        return "not:", *(f"  {line}" for line in outlined(condition.part, evidence))
    return (described(condition, evidence),)


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
    if isinstance(condition, Exists):
        return f"{fact}{_suffix(where)}"
    bounds = " and ".join(f"{bound.operator.value} {bound.number}" for bound in condition.bounds)
    if condition.measure is Measure.SUM:
        head = f"sum of {' + '.join(condition.fields)} of {fact}"
    else:
        of = f"distinct {condition.fields[0]} of " if condition.fields else ""
        head = f"count of {of}{fact}"
    return f"{head}{_suffix(where)} {bounds}"


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
            others = f" (or {rest} other {'way' if rest == 1 else 'ways'})" if rest else ""
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
