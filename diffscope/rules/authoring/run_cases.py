"""Runs the cases of a rule and compares findings: one code for ``diffscope rules test`` and for the project's own tests."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from msgspec import UNSET

from diffscope.errors import DiffscopeError
from diffscope.facts.model import ChangeFacts
from diffscope.rules.authoring.cases import Case, Finding
from diffscope.rules.authoring.misses import why_missing, why_severity
from diffscope.rules.engine.configuration import select_rules
from diffscope.rules.engine.evaluate import Evaluation, evaluate
from diffscope.rules.language.catalogue import Rule, make_catalogue
from diffscope.rules.values import Evidence, Flag
from diffscope.source.model import Value

CollectFacts = Callable[[Case], ChangeFacts | None]
"""Facts of a case with ``before``/``after`` or ``recorded``; ``None`` where they cannot be had here."""


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
        return _result(rule, case, (f"its facts cannot be had: {error}",))
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
        missing = "; ".join(found.unknown[0].missing)
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
    told: dict[str, object] = {key: getattr(evidence, key) for key in ("path", "line", "side", "symbol")}
    return told | {"says": evidence.note.en, "says_zh": evidence.note.zh}


def _shown(told: dict[str, object]) -> str:
    return ", ".join(f"{key} {value!r}" for key, value in told.items())
