"""Why a rule fired or did not: each condition, its truth value, the records that decided, and those that failed by one test."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from diffscope.facts.model import ChangeFacts
from diffscope.rules.engine.configuration import EVERY_STABLE_RULE, RuleConfiguration, is_on, select_rules
from diffscope.rules.engine.evaluate import asked, evaluate
from diffscope.rules.engine.matching import Context, Truth, compile_matcher
from diffscope.rules.engine.missing import missing_facts
from diffscope.rules.engine.quantify import all_of, compile_judge, measured_span
from diffscope.rules.language.catalogue import Catalogue, Rule, make_catalogue
from diffscope.rules.language.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Condition,
    Exists,
    FieldTest,
    Measured,
    Named,
    Not,
    Operator,
    asked_of,
    described,
    fields_asked,
    parts_of,
)
from diffscope.rules.model import Flag, Missing
from diffscope.source.model import Value

MOST_RECORDS = 5


class FieldValue(Value, frozen=True, kw_only=True):
    """One field of a record, as text."""

    name: str
    value: str


class ShownRecord(Value, frozen=True, kw_only=True):
    """One record, by its place and the fields that were asked."""

    path: str | None
    line: int | None
    symbol: str | None
    fields: tuple[FieldValue, ...]
    failed: tuple[str, ...] = ()
    """For a near miss: the one test that it failed, or could not answer."""


class Trace(Value, frozen=True, kw_only=True):
    """One condition and how it came out; ``looked_at`` and ``held`` count records, for a condition that asks records."""

    condition: str
    truth: str
    """``true``, ``false`` or ``unknown``."""
    parts: tuple[Trace, ...] = ()
    looked_at: int | None = None
    held: int | None = None
    measured: str | None = None
    """For a count or a sum: what it came to."""
    records: tuple[ShownRecord, ...] = ()
    """Records that hold, five at most."""
    near: tuple[ShownRecord, ...] = ()
    """Records that fail by a single test, five at most."""
    missing: tuple[Missing, ...] = ()


class SeverityTrace(Value, frozen=True, kw_only=True):
    """One line of ``severity``: the first that holds decides."""

    to: str
    trace: Trace


class Explanation(Value, frozen=True, kw_only=True):
    """Why a rule fired or stayed silent."""

    code: str
    name: str
    title: str
    verdict: str
    """``fires``, ``silent`` or ``unknown``."""
    is_on: bool
    """Whether the configuration runs it; a rule that is off is explained all the same."""
    when: Trace
    evidence: Trace
    severity_steps: tuple[SeverityTrace, ...] = ()
    decided_by: int | None = None
    """The place, from 1, of the line of ``severity_steps`` that decided; ``None`` where none holds."""
    flag: Flag | None = None
    missing: tuple[Missing, ...] = ()


def explain(
    rule: Rule,
    facts: ChangeFacts,
    *,
    catalogue: Catalogue,
    configuration: RuleConfiguration = EVERY_STABLE_RULE,
) -> Explanation:
    """Return why a rule of a catalogue fires or stays silent on a change."""
    context = Context(facts)
    when, query = asked(rule)
    steps = [
        SeverityTrace(to=step.to.value, trace=trace(step.when, context, evidence=query))
        for step in rule.severity_steps
    ]
    truth = all_of((compile_judge(when)(context), compile_judge(query)(context)))
    alone = make_catalogue((rule,), catalogue.words)
    found = evaluate(alone, facts, configuration=select_rules(select=[rule.code]))
    return Explanation(
        code=rule.code,
        name=rule.name,
        title=rule.title.en,
        verdict={True: "fires", False: "silent", None: "unknown"}[truth],
        is_on=is_on(rule, configuration),
        when=trace(when, context, evidence=query),
        evidence=trace(query, context),
        severity_steps=tuple(steps),
        decided_by=next((at for at, step in enumerate(steps, 1) if step.trace.truth == "true"), None),
        flag=found.flags[0] if found.flags else None,
        missing=missing_facts(asked(rule), context) if truth is None else (),
    )


def trace(condition: Condition, context: Context, *, evidence: Exists | None = None) -> Trace:
    """Return how a condition on a change came out, part by part; what ``evidence`` asks is called so."""
    truth = compile_judge(condition)(context)
    if isinstance(condition, Exists | Measured):
        return _trace_records(condition, truth, context, evidence)
    parts = parts_of(condition)
    if isinstance(condition, Not) and isinstance(condition.part, Exists | Measured):
        # What is not to be there is asked in one breath: the records that are there all the same stand below.
        asked = trace(condition.part, context, evidence=evidence)
        return msgspec.structs.replace(asked, condition=f"not {asked.condition}", truth=_word(truth))
    word = "not"
    if isinstance(condition, AllOf | AnyOf):
        word = "all of" if isinstance(condition, AllOf) else "any of"
    elif isinstance(condition, Named):
        word = f"${condition.name}"
    traced = tuple(trace(part, context, evidence=evidence) for part in parts)
    return Trace(condition=word if parts else "always", truth=_word(truth), parts=traced)


def decisive(found: Trace) -> Trace:
    """Return a trace with only those of its parts that decided: one that fails of all, one that holds of any, what is unknown of both."""
    if not found.parts:
        return found
    alone = (found.condition == "any of") if found.truth == "true" else found.condition == "all of"
    deciding = (
        [part for part in found.parts if part.truth == found.truth]
        if len(found.parts) > 1
        else [*found.parts]
    )
    kept = deciding[:1] if alone and found.truth != "unknown" else deciding
    return msgspec.structs.replace(found, parts=tuple(map(decisive, kept)))


def _trace_records(
    condition: Exists | Measured, truth: Truth, context: Context, evidence: Exists | None
) -> Trace:
    name, where = asked_of(condition, evidence)
    records = context.records(condition.fact)
    if name == "evidence" and evidence is not None:
        among = compile_matcher(evidence.where)
        records = tuple(record for record in records if among(record, context) is True)
    matcher = compile_matcher(where)
    judged = [(record, matcher(record, context)) for record in records]
    holding = [record for record, found in judged if found is True]
    failing = [record for record, found in judged if found is not True]
    # All of the evidence is shown where it is described.
    deciding = [] if name == "evidence" and where == ALWAYS else holding
    names = _telling_fields(where)
    if isinstance(condition, Measured):
        names += [field for field in condition.fields if field not in names]
    return Trace(
        condition=described(condition, evidence),
        truth=_word(truth),
        looked_at=len(records),
        held=len(holding),
        measured=_span_text(measured_span(condition, context)) if isinstance(condition, Measured) else None,
        records=tuple(_shown(record, names) for record in deciding[:MOST_RECORDS]),
        near=_near(where, context, failing),
        missing=missing_facts((condition,), context) if truth is None else (),
    )


def _telling_fields(where: Condition) -> list[str]:
    """Return the fields whose values the condition itself does not give away."""
    tests = where.parts if isinstance(where, AllOf) else (where,)
    plain = {
        test.field
        for test in tests
        if isinstance(test, FieldTest) and test.operator is Operator.IN and len(test.operands) == 1
    }
    return sorted({field for _, field in fields_asked(where)} - plain - {"", "path", "line", "symbol"})


def _near(where: Condition, context: Context, failing: list[object]) -> tuple[ShownRecord, ...]:
    tests = where.parts if isinstance(where, AllOf) else (where,)
    compiled = [(test, compile_matcher(test)) for test in tests]
    near = []
    for record in failing if len(tests) > 1 else ():
        failed = [test for test, matcher in compiled if matcher(record, context) is not True]
        if len(failed) == 1:
            names = sorted({field for _, field in fields_asked(failed[0])} - {"", "path", "line", "symbol"})
            near.append(_shown(record, names, failed[0]))
        if len(near) == MOST_RECORDS:
            break
    return tuple(near)


def _shown(record: object, names: list[str], failed: Condition | None = None) -> ShownRecord:
    known = [name for name in names if hasattr(record, name)]
    return ShownRecord(
        path=getattr(record, "path", None),
        line=getattr(record, "line", None),
        symbol=getattr(record, "symbol", None),
        fields=tuple(FieldValue(name=name, value=shown_value(getattr(record, name))) for name in known),
        failed=(described(failed),) if failed is not None else (),
    )


def _span_text(span: tuple[float, float]) -> str:
    low, high = (f"{end:g}" for end in span)
    return low if low == high else f"{low} or more" if high == "inf" else f"{low} to {high}"


def shown_value(value: object) -> str:
    """Return a value of a field as explanations write it."""
    if value is UNSET:
        return "unknown"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return str(value)


def _word(truth: Truth) -> str:
    return {True: "true", False: "false", None: "unknown"}[truth]
