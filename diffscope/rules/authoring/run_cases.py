"""Runs the cases of a rule, compares findings, and says which condition failed on which fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

from msgspec import UNSET

from diffscope.errors import DiffscopeError
from diffscope.facts.model import ChangeFacts
from diffscope.rules.authoring.cases import Case, Finding
from diffscope.rules.engine.configuration import select_rules
from diffscope.rules.engine.evaluate import Evaluation, asked, evaluate
from diffscope.rules.engine.explain import shown_value
from diffscope.rules.engine.matching import Context, compile_matcher
from diffscope.rules.engine.quantify import compile_judge, measured_span
from diffscope.rules.language.catalogue import Rule, make_catalogue
from diffscope.rules.language.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Condition,
    Exists,
    FieldTest,
    Joined,
    Measured,
    Named,
    Not,
    SameField,
    asked_of,
    described,
)
from diffscope.rules.model import Evidence, Flag, Severity
from diffscope.source.model import Value

_MOST: Final = 3
"""Expected findings that are explained."""
_LONGEST: Final = 300


def why_missing(rule: Rule, facts: ChangeFacts, missing: Iterable[Finding]) -> list[str]:
    """Return what kept a rule from each of the findings that are missing, and from firing at all."""
    context = Context(facts)
    when, evidence = asked(rule)
    lines: list[str] = []
    for finding in list(missing)[:_MOST]:
        lines += _why_no_evidence(finding, evidence, context)
    if when != ALWAYS and compile_judge(when)(context) is not True:
        lines += [f"when: {reason}" for reason in _why_not(when, context, evidence)]
    return [_cut(line) for line in dict.fromkeys(lines)]


def why_severity(rule: Rule, facts: ChangeFacts, wanted: Severity) -> list[str]:
    """Return why the list of severities stopped elsewhere: the line that held, and what kept the wanted one from holding."""
    context = Context(facts)
    _, evidence = asked(rule)
    lines: list[str] = []
    for step in rule.severity_steps:
        holds = compile_judge(step.when)(context) is True
        if holds:
            return [
                _cut(line) for line in (*lines, f"{step.to.value} holds: {described(step.when, evidence)}")
            ]
        if step.to is wanted:
            lines += [f"{step.to.value}: {reason}" for reason in _why_not(step.when, context, evidence)]
    return [_cut(line) for line in (*lines, f"no line of the list holds: {rule.severity.value}")]


def _why_no_evidence(finding: Finding, evidence: Exists, context: Context) -> list[str]:
    records = [record for record in context.records(evidence.fact) if _is_at(record, finding)]
    if not records:
        place = finding.path if isinstance(finding.path, str) else "the change"
        return [f"evidence: {place} has no {evidence.fact}"]
    matcher = compile_matcher(evidence.where)
    if any(matcher(record, context) is True for record in records):
        return []
    return [f"evidence: {reason}" for reason in _nearest(evidence.where, records, context)]


def _is_at(record: object, finding: Finding) -> bool:
    path, symbol = getattr(record, "path", None), getattr(record, "symbol", None)
    same_symbol = not isinstance(finding.symbol, str) or symbol in (finding.symbol, None)
    return (not isinstance(finding.path, str) or path == finding.path) and same_symbol


def _nearest(where: Condition, records: Iterable[object], context: Context) -> list[str]:
    """Return what the record that fails least fails by."""
    failing = [(record, _failed(where, record, context)) for record in records]
    record, reasons = min(failing, key=lambda each: len(each[1]))
    return [f"{_place(record)}: {reason}" for reason in reasons]


def _failed(condition: Condition, record: object, context: Context) -> list[str]:
    """Return the tests of a condition that a record fails or leaves open, each with the value seen and the value wanted."""
    if compile_matcher(condition)(record, context) is True:
        return []
    inside = _parts(condition, lambda part: _failed(part, record, context))
    return [_failed_test(condition, record)] if inside is None else inside


def _failed_test(condition: Condition, record: object) -> str:
    wanted = f"wanted {described(condition)}"
    match condition:
        case FieldTest(field=field) | Not(part=FieldTest(field=field)):
            return f"{field} is {_value(record, field)}, {wanted}"
        case SameField():
            seen = f"{_value(record, condition.field)} and {_value(record, condition.other)}"
            return f"{condition.field} and {condition.other} are {seen}, wanted the same"
        case Joined():
            return f"no such record beside it: {described(condition)}"
    return wanted


def _why_not(condition: Condition, context: Context, evidence: Exists) -> list[str]:
    """Return why an expression over the change does not hold, part by part."""
    if compile_judge(condition)(context) is True:
        return []
    inside = _parts(condition, lambda part: _why_not(part, context, evidence))
    if inside is not None:
        return inside
    if isinstance(condition, Exists):
        name, where = asked_of(condition, evidence)
        records = context.records(condition.fact)
        if name == "evidence":
            among = compile_matcher(evidence.where)
            records = tuple(record for record in records if among(record, context) is True)
        if not records:
            return [f"there is no {name}"]
        return _nearest(where, records, context) or [f"wanted {described(condition, evidence)}"]
    wanted = f"wanted {described(condition, evidence)}"
    if isinstance(condition, Measured):
        low, high = measured_span(condition, context)
        seen = f"{low:g}" if low == high else f"between {low:g} and {high:g}"
        return [f"came to {seen}, {wanted}"]
    return [f"{_found(condition, context, evidence)}{wanted}"]


def _parts(condition: Condition, why: Callable[[Condition], list[str]]) -> list[str] | None:
    """Return why the parts of a condition do not hold; ``None`` for one that has none."""
    match condition:
        case AllOf():
            return [reason for part in condition.parts for reason in why(part)]
        case Named():
            return [f"${condition.name}: {reason}" for reason in why(condition.part)]
        case AnyOf():
            inside = ["; ".join(why(part)) for part in condition.parts]
            return [f"none of ({') or ('.join(inside)})"]
    return None


def _found(condition: Condition, context: Context, evidence: Exists) -> str:
    """Return where the record is that there should not be."""
    if not isinstance(condition, Not) or not isinstance(condition.part, Exists):
        return ""
    matcher = compile_matcher(condition.part.where)
    held = [each for each in context.records(condition.part.fact) if matcher(each, context) is not False]
    name, _ = asked_of(condition.part, evidence)
    return f"there is such {name}: {_place(held[0])}, " if held else ""


def _place(record: object) -> str:
    path, line, symbol = (getattr(record, name, None) for name in ("path", "line", "symbol"))
    if path is None:
        return "the change"
    return f"{symbol or type(record).__name__} ({path}:{line})" if line else f"{symbol or path}"


def _value(record: object, field: str) -> str:
    return shown_value(getattr(record, field, UNSET))


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


CollectFacts = Callable[[Case], ChangeFacts | None]
"""Facts of a case with ``before``/``after`` or ``recorded``; ``None`` where they are not available here."""


class CaseStatus(Enum):
    """How a case went; the value is the wire word."""

    PASSED = "passed"
    FAILED = "failed"
    TODO = "todo"
    """It fails, and says so."""
    SKIPPED = "skipped"


class CaseResult(Value, frozen=True, kw_only=True):
    """How one case of one rule went, and every difference."""

    code: str
    case: str
    status: CaseStatus
    differences: tuple[str, ...] = ()


def run_case(
    rule: Rule, case: Case, *, collect: CollectFacts, words: tuple[tuple[str, str], ...] = ()
) -> CaseResult:
    """Return how a rule does on a case; the rule is judged alone, whatever its status."""
    try:
        facts = case.facts or collect(case)
    except DiffscopeError as error:
        return _result(rule, case, (f"its facts could not be computed: {error}",))
    if facts is None:
        reason = f"recorded change {case.recorded} is not here" if case.recorded else "no pipeline here"
        return CaseResult(code=rule.code, case=case.name, status=CaseStatus.SKIPPED, differences=(reason,))
    catalogue = make_catalogue((rule,), words)
    found = evaluate(catalogue, facts, configuration=select_rules(select=[rule.code]))
    return _result(rule, case, (*_differences(case, found), *_reasons(rule, case, facts, found)))


def _result(rule: Rule, case: Case, differences: tuple[str, ...]) -> CaseResult:
    if case.todo is None:
        status = CaseStatus.FAILED if differences else CaseStatus.PASSED
    elif differences:
        status, differences = CaseStatus.TODO, (case.todo, *differences)
    else:
        status, differences = CaseStatus.FAILED, ("it passes now: remove its 'todo'",)
    return CaseResult(code=rule.code, case=case.name, status=status, differences=differences)


def _differences(case: Case, found: Evaluation) -> tuple[str, ...]:
    if found.unknown:
        missing = "; ".join(each.en for each in found.unknown[0].missing)
        return () if case.unknown else (f"the rule cannot tell: {missing}",)
    flag = found.flags[0] if found.flags else None
    differences = ["the rule is not unknown"] if case.unknown else []
    differences += _shown_unmatched(*_unmatched(case.findings, flag.evidence if flag else ()))
    return (*differences, *_flag_differences(case, flag))


def _flag_differences(case: Case, flag: Flag | None) -> list[str]:
    if flag is None or case.severity in (None, flag.severity):
        return []
    assert case.severity is not None  # noqa: S101 - the line above
    return [f"severity is {flag.severity.value}, not {case.severity.value}"]


def _reasons(rule: Rule, case: Case, facts: ChangeFacts, found: Evaluation) -> list[str]:
    """Return why what is missing is missing, and why the severity is another: the condition, the fact, seen and wanted."""
    if found.unknown:
        return []
    flag = found.flags[0] if found.flags else None
    missing, _ = _unmatched(case.findings, flag.evidence if flag else ())
    reasons = why_missing(rule, facts, missing) if missing else []
    if flag is not None and case.severity not in (None, flag.severity):
        assert case.severity is not None  # noqa: S101 - the line above
        reasons += why_severity(rule, facts, case.severity)
    return [f"  {reason}" for reason in reasons]


def _unmatched(
    expected: tuple[Finding, ...], actual: tuple[Evidence, ...]
) -> tuple[list[Finding], list[Evidence]]:
    """Return what only one side has. The finding that says most picks its evidence first."""
    left = list(actual)
    missing = []
    for finding in sorted(expected, key=lambda each: -len(_given(each))):
        fitting = next((evidence for evidence in left if _fits(finding, evidence)), None)
        if fitting is None:
            missing.append(finding)
        else:
            left.remove(fitting)
    return missing, left


def _shown_unmatched(missing: list[Finding], left: list[Evidence]) -> list[str]:
    lines = sorted(f"missing: {_shown(_given(finding))}" for finding in missing)
    return [*lines, *(f"not expected: {_shown(_told(evidence))}" for evidence in left)]


def _fits(finding: Finding, evidence: Evidence) -> bool:
    told = _told(evidence)
    return all(told[key] == value for key, value in _given(finding).items())


def _given(finding: Finding) -> dict[str, object]:
    pairs = {key: getattr(finding, key) for key in finding.__struct_fields__}
    return {key: value for key, value in pairs.items() if value is not UNSET}


def _told(evidence: Evidence) -> dict[str, object]:
    # A case marks the definition: an example of a rule is read by what it is, not by which of its lines differ.
    place = evidence.definition or evidence
    told: dict[str, object] = {key: getattr(place, key) for key in ("path", "line", "side")}
    told["symbol"] = evidence.symbol
    return told | {"says": evidence.note.en, "says_zh": evidence.note.zh}


def _shown(told: dict[str, object]) -> str:
    return ", ".join(f"{key} {value!r}" for key, value in told.items())
