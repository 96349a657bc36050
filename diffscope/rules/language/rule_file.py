"""One rule.yml -> Rule, its mistakes noted: keys, code and folder, texts, placeholders, conditions, evidence, severities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from diffscope.facts.vocabulary import Family, families
from diffscope.rules.families import FAMILIES
from diffscope.rules.language.catalogue import EvidenceQuery, Rule, SeverityStep, Stage, Status
from diffscope.rules.language.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Condition,
    Measured,
    Operand,
    Operator,
    Quantified,
    Quantifier,
)
from diffscope.rules.language.expressions import parse_expression, parse_fact, parse_where
from diffscope.rules.language.fields import Scope
from diffscope.rules.language.template import holes, parse_template
from diffscope.rules.reading import Reading, clipped, nearest
from diffscope.rules.values import Bilingual, RuleCode, Severity
from diffscope.strict_yaml import Entry, MapNode, ScalarNode

REQUIRED: Final = (
    *("code", "name", "family", "status", "severity", "title", "why", "remedy"),
    *("when", "says", "evidence"),
)
OPTIONAL: Final = ("limits", "escalate", "lower")
CODE_FORM: Final = re.compile(r"[A-Z]{2}[0-9]{3}")
NAME_FORM: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")

_Entries = Mapping[str, Entry]


def read_rule(reading: Reading, text: str, lists: Mapping[str, tuple[Operand, ...]]) -> Rule | None:
    """Return the rule of a file; ``None`` where ``reading`` noted any mistake."""
    root = reading.parse(text)
    if not root.entries:
        if not reading.mistakes:
            reading.report(1, "the file is empty", "start with: diffscope rules new CODE slug")
        return None
    entries = reading.mapping(root, "a rule", known=(*REQUIRED, *OPTIONAL), required=REQUIRED)
    rule = _rule(reading, entries, Scope(reading, lists))
    return None if reading.mistakes else rule


def _rule(reading: Reading, entries: _Entries, scope: Scope) -> Rule:
    code, name = _identity(reading, entries)
    family = reading.choice(entries["family"].value, "family", FAMILIES) if "family" in entries else None
    severity = _severity(reading, entries.get("severity"))
    own = _own_evidence(entries.get("evidence"), scope)
    scope.evidence = own
    before = len(reading.mistakes)
    when = parse_expression(entries["when"].value, scope) if "when" in entries else ALWAYS
    is_sound = "when" in entries and len(reading.mistakes) == before
    evidence = own or _asked_evidence(entries.get("evidence"), when if is_sound else None, scope)
    says = _bilingual(reading, entries, "says")
    _check_template(reading, entries.get("says"), evidence.fact)
    return Rule(
        code=RuleCode(code),
        name=name,
        family=family or "",
        status=_status(reading, entries.get("status")),
        severity=severity,
        title=_bilingual(reading, entries, "title"),
        why=_bilingual(reading, entries, "why"),
        remedy=_bilingual(reading, entries, "remedy"),
        limits=_bilingual(reading, entries, "limits") if "limits" in entries else None,
        when=when,
        says=says,
        evidence=evidence,
        escalate=_steps(entries.get("escalate"), severity, scope),
        lower=_steps(entries.get("lower"), severity, scope),
        lists=tuple(sorted(scope.used)),
        origin=reading.path,
    )


def _identity(reading: Reading, entries: _Entries) -> tuple[str, str]:
    code = reading.text(entries["code"].value, "'code'") if "code" in entries else ""
    name = reading.text(entries["name"].value, "'name'") if "name" in entries else ""
    if code and not CODE_FORM.fullmatch(code):
        hint = "two capital letters and three digits: CP101"
        reading.report(entries["code"], f"'{clipped(code)}' is no rule code", hint)
    if name and not NAME_FORM.fullmatch(name):
        hint = "two or more lower-case words with hyphens: engine-step-path"
        reading.report(entries["name"], f"'{clipped(name)}' is no rule name", hint)
    folder = PurePosixPath(reading.path).parent.name
    if code and name and folder and folder != f"{code}-{name}":
        message = f"the folder is '{clipped(folder)}', but the rule is {clipped(code)} {clipped(name)}"
        reading.report(entries["code"], message, f"name the folder '{clipped(code)}-{clipped(name)}'")
    return code, name


def _severity(reading: Reading, entry: Entry | None) -> Severity:
    words = [severity.value for severity in Severity]
    word = reading.choice(entry.value, "severity", words) if entry else None
    return Severity(word) if word else Severity.INFO


def _status(reading: Reading, entry: Entry | None) -> Status:
    empty = Status(stage=Stage.PREVIEW, since="")
    if entry is None:
        return empty
    entries = reading.mapping(entry.value, "'status'", known=("is", "since"), required=("is", "since"))
    if len(entries) < 2:
        return empty
    stage = reading.choice(entries["is"].value, "status", [each.value for each in Stage])
    since = reading.text(entries["since"].value, "'since'")
    if since and not re.fullmatch(r"\d+\.\d+\.\d+", since):
        reading.report(entries["since"], f"'{clipped(since)}' is no version", 'write "0.1.0"')
    return Status(stage=Stage(stage) if stage else Stage.PREVIEW, since=since)


def _bilingual(reading: Reading, entries: _Entries, key: str) -> Bilingual:
    if key not in entries:
        return Bilingual(en="", zh="")
    texts = reading.mapping(entries[key].value, f"'{key}'", known=("en", "zh"), required=("en", "zh"))
    en = reading.text(texts["en"].value, f"'{key}.en'") if "en" in texts else ""
    zh = reading.text(texts["zh"].value, f"'{key}.zh'") if "zh" in texts else ""
    return Bilingual(en=en.strip(), zh=zh.strip())


def _own_evidence(entry: Entry | None, scope: Scope) -> EvidenceQuery | None:
    """Return the evidence that a rule describes with a ``where`` of its own."""
    if entry is None or isinstance(entry.value, ScalarNode):
        return None
    known = ("fact", "where", "worst_by")
    entries = scope.reading.mapping(entry.value, "'evidence'", known=known, required=("fact", "where"))
    family = parse_fact(entries["fact"].value, scope) if "fact" in entries else None
    if family is None or "where" not in entries:
        return EvidenceQuery(fact="", where=ALWAYS)
    where = parse_where(entries["where"].value, family, scope)
    return EvidenceQuery(fact=family.name, where=where, worst_by=_worst_by(entries, family, scope))


def _asked_evidence(entry: Entry | None, when: Condition | None, scope: Scope) -> EvidenceQuery:
    """Return what ``when`` asked of the family that ``evidence`` names, where it asked that something be there."""
    family = parse_fact(entry.value, scope) if entry is not None else None
    if entry is None or family is None:
        return EvidenceQuery(fact="", where=ALWAYS)
    wheres = tuple(_positive(when, family.name)) if when is not None else ()
    # A condition that could not be read has its own mistakes; what it would have asked is not known.
    if not wheres and when is not None:
        message = f"'when' does not ask for any '{family.name}', so it gives no evidence"
        scope.reading.report(entry, message, "write evidence: {fact: ..., where: {...}}")
    where = ALWAYS if not wheres else wheres[0] if len(set(wheres)) == 1 else AnyOf(parts=wheres)
    return EvidenceQuery(fact=family.name, where=where)


def _positive(condition: Condition, fact: str) -> list[Condition]:
    if isinstance(condition, AllOf | AnyOf):
        return [where for part in condition.parts for where in _positive(part, fact)]
    if isinstance(condition, Quantified) and condition.fact == fact:
        return [condition.where] if condition.quantifier is Quantifier.ANY else []
    if isinstance(condition, Measured) and condition.fact == fact:
        growing = (Operator.AT_LEAST, Operator.MORE_THAN)
        return [condition.where] if any(bound.operator in growing for bound in condition.bounds) else []
    return []


def _worst_by(entries: _Entries, family: Family, scope: Scope) -> str | None:
    if "worst_by" not in entries:
        return None
    numbers = [field.name for field in family.fields if field.type == "number"]
    return scope.reading.choice(entries["worst_by"].value, f"number of '{family.name}'", numbers)


def _check_template(reading: Reading, entry: Entry | None, fact: str) -> None:
    if entry is None or not isinstance(entry.value, MapNode):
        return
    for each in entry.value.entries:
        text = each.value.value if isinstance(each.value, ScalarNode) else None
        if not isinstance(text, str):
            continue
        for problem in parse_template(text)[1]:
            reading.report(each, f"'says.{clipped(each.key)}': {problem}", "see docs/rules.md, 'says'")
        for hole in holes(text) if fact else ():
            family = families()["change" if hole.of_change else fact]
            if family.field(hole.field) is None:
                names = [field.name for field in family.fields]
                message = f"unknown placeholder '{{{clipped(hole.field)}}}' of fact '{family.name}'"
                reading.report(each, message, nearest(hole.field, names))


def _steps(entry: Entry | None, severity: Severity, scope: Scope) -> tuple[SeverityStep, ...]:
    if entry is None:
        return ()
    reading, steps = scope.reading, []
    for item in reading.items(entry.value, f"'{entry.key}'"):
        entries = reading.mapping(
            item, f"an item of '{entry.key}'", known=("to", "when"), required=("to", "when")
        )
        if len(entries) < 2:
            continue
        to = _severity(reading, entries["to"])
        up = entry.key == "escalate"
        if (to.rank <= severity.rank) if up else (to.rank >= severity.rank):
            way = "above" if up else "below"
            message = f"'{to.value}' is not {way} the rule's own severity '{severity.value}'"
            reading.report(entries["to"], message, f"name a severity {way} it")
        steps.append(SeverityStep(to=to, when=parse_expression(entries["when"].value, scope)))
    return tuple(steps)
