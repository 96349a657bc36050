"""One rule.yml, with its zh.yml -> Rule, every mistake noted: folder, texts, placeholders, evidence, conditions, severity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from diffscope.errors import shell_line
from diffscope.facts.vocabulary import Family, families
from diffscope.messages.model import Text
from diffscope.patterns import lazy_regex
from diffscope.rules.language.catalogue import Rule, SeverityStep, Stage, Status
from diffscope.rules.language.conditions import (
    ALWAYS,
    Condition,
    EvidenceQuery,
    Exists,
    FieldTest,
    Operator,
    all_together,
)
from diffscope.rules.language.expressions import parse_expression, parse_where
from diffscope.rules.language.names import Names, Scope
from diffscope.rules.language.template import parse_template, placeholders
from diffscope.rules.model import FAMILIES, RuleCode, Severity, family_of
from diffscope.yaml.reading import Reading, clipped, nearest, shape
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode

REQUIRED: Final = ("status", "title", "why", "remedy", "evidence", "severity", "says")
OPTIONAL: Final = ("check", "limits", "worst_by", "when", "family", "covers", "confidence")
TEXTS: Final = ("title", "why", "remedy", "check", "limits", "says")
_TEMPLATES: Final = ("says", "check")
"""Keys of rule.yml in English that zh.yml has in Chinese."""
CODE_FORM: Final = lazy_regex(r"[A-Z]{2}[0-9]{3}")
CODE_GLOB: Final = lazy_regex(r"[A-Z0-9*?]{1,5}")
NAME_FORM: Final = lazy_regex(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")
CONSEQUENCE: Final = "consequence"
"""In place of a severity: the highest level that a place of the evidence has; the field that holds it."""
SHIFTS: Final = {"raise": 1, "lower": -1}
"""Before ``consequence``: where a condition holds, the level is moved by one."""

_FORMAT_1: Final = ("code", "escalate", "lower")
_Entries = Mapping[str, Entry]


def read_rule(
    reading: Reading, text: str, chinese: Reading, chinese_text: str | None, names: Names
) -> Rule | None:
    """Return the rule of a ``rule.yml`` and the ``zh.yml`` beside it (``None`` where there is none); ``None`` where anything is wrong."""
    root = reading.parse(text)
    if not root.entries:
        if not reading.mistakes:
            reading.report(1, "the file is empty", "start with: diffscope rules new CODE slug")
        return None
    if is_format_1(root):
        folder = reading.path.rpartition("/")[0] or "."
        reading.report(
            1, "the rule is of format 1", f"convert it: {shell_line('diffscope', 'rules', 'convert', folder)}"
        )
        return None
    # After a syntax error the rest of the file is missing: what it lacks would be a second report of the same mistake.
    required = () if reading.mistakes else REQUIRED
    entries = reading.mapping(root, "a rule", known=(*REQUIRED, *OPTIONAL), required=required)
    english = {key: reading.text(entries[key].value, f"'{key}'").strip() for key in TEXTS if key in entries}
    status = _status(reading, entries.get("status"))
    translated, templates = _chinese(chinese, chinese_text, english, status)
    texts = {key: Text(en=said, zh=translated.get(key, said)) for key, said in english.items()}
    rule = _rule(reading, entries, texts, status, names)
    for entry in templates:
        _check_holes(chinese, entry, rule.evidence.fact)
    return None if reading.mistakes or chinese.mistakes else rule


def is_format_1(root: MapNode) -> bool:
    """Say whether a rule file is of the first format: it names its own code, or has its texts in two languages."""
    title = root.get("title")
    return any(root.get(key) is not None for key in _FORMAT_1) or isinstance(title, MapNode)


def _chinese(
    reading: Reading, text: str | None, english: Mapping[str, str], status: Status
) -> tuple[Mapping[str, str], tuple[Entry, ...]]:
    """Return the Chinese texts by key, and those of them that are templates."""
    if text is None:
        # A rule on trial may speak English alone.
        if status.stage is Stage.STABLE:
            reading.report(1, "a stable rule needs its texts in Chinese too", "add zh.yml beside rule.yml")
        return {}, ()
    root = reading.parse(text)
    required = () if reading.mistakes else english
    entries = reading.mapping(root, "zh.yml", known=TEXTS, required=required)
    for key, entry in entries.items():
        if key not in english:
            reading.report(entry, f"rule.yml has no '{key}'", "remove it, or add it there")
    found = {key: reading.text(entry.value, f"'{key}'").strip() for key, entry in entries.items()}
    templates = tuple(entries[key] for key in _TEMPLATES if key in entries)
    for entry in templates:
        _check_braces(reading, entry)
    return found, templates


def _rule(
    reading: Reading, entries: _Entries, texts: Mapping[str, Text], status: Status, names: Names
) -> Rule:
    none = Text(en="", zh="")
    scope = Scope(reading, names)
    code, name = _identity(reading)
    family = _family(reading, code, entries.get("family"))
    evidence = scope.evidence = _evidence(entries, scope)
    severity, steps = _severity(entries.get("severity"), scope)
    when = parse_expression(entries["when"].value, scope) if "when" in entries else ALWAYS
    for key in _TEMPLATES:
        if key in entries:
            _check_braces(reading, entries[key])
            _check_holes(reading, entries[key], evidence.fact)
    return Rule(
        code=RuleCode(code),
        name=name,
        family=family,
        status=status,
        severity=severity,
        severity_steps=steps,
        title=texts.get("title", none),
        why=texts.get("why", none),
        remedy=texts.get("remedy", none),
        check=texts.get("check"),
        limits=texts.get("limits"),
        when=when,
        says=texts.get("says", none),
        evidence=evidence,
        names=tuple(sorted(scope.used)),
        covers=_covers(reading, entries["covers"].value) if "covers" in entries else (),
        confidence=_confidence(reading, entries),
        origin=reading.path,
    )


def _confidence(reading: Reading, entries: _Entries) -> str:
    if "confidence" not in entries:
        return "high"
    return reading.choice(entries["confidence"].value, "confidence", ("medium", "low")) or "high"


def _identity(reading: Reading) -> tuple[str, str]:
    folder = PurePosixPath(reading.path).parent.name
    code, _, name = folder.partition("-")
    if not CODE_FORM.fullmatch(code):
        hint = "name it by two capital letters and three digits: CP101-engine-step-path"
        reading.report(1, f"the folder '{clipped(folder)}' begins with no rule code", hint)
    elif not NAME_FORM.fullmatch(name):
        hint = "two or more lower-case words with hyphens: CP101-engine-step-path"
        reading.report(1, f"the folder '{clipped(folder)}' has no rule name after the code", hint)
    return code, name


def _family(reading: Reading, code: str, entry: Entry | None) -> str:
    of_code = family_of(code)
    if entry is None:
        if of_code is None and CODE_FORM.fullmatch(code):
            hint = f"add 'family:', one of {', '.join(FAMILIES)}"
            reading.report(1, f"no family belongs to the letters '{code[:2]}'", hint)
        return of_code or ""
    word = reading.choice(entry.value, "family", FAMILIES)
    if of_code is not None:
        reading.report(entry, f"the family of {code} is '{of_code}' by its letters", "remove this line")
    return word or ""


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
        reading.report(entries["since"], f"'{clipped(since)}' is not a version", 'write "0.1.0"')
    return Status(stage=Stage(stage) if stage else Stage.PREVIEW, since=since)


def _evidence(entries: _Entries, scope: Scope) -> EvidenceQuery:
    none = EvidenceQuery(fact="", where=ALWAYS)
    if "evidence" not in entries:
        return none
    node = entries["evidence"].value
    if not isinstance(node, MapNode) or len(node.entries) != 1:
        shown = shape(node) if not isinstance(node, MapNode) else f"{len(node.entries)} lines"
        message = f"'evidence' must be one fact with what is asked of it, not {shown}"
        scope.reading.report(entries["evidence"], message, "write evidence: {symbol: {FIELD: VALUE}}")
        return none
    (asked,) = node.entries
    family = families().get(asked.key)
    if family is None:
        scope.reading.report(asked, f"unknown fact '{clipped(asked.key)}'", nearest(asked.key, families()))
        return none
    where = parse_where(asked.value, family, scope)
    return EvidenceQuery(fact=family.name, where=where, worst_by=_worst_by(entries, family, scope))


def _covers(reading: Reading, node: Node) -> tuple[str, ...]:
    found = []
    for item in reading.items(node, "'covers'"):
        text = reading.text(item, "an entry of 'covers'")
        if text and not CODE_GLOB.fullmatch(text):
            reading.report(item, f"'{clipped(text)}' is no code or glob of codes", "write CF501 or 'CF5*'")
        found.append(text)
    return tuple(found)


def _worst_by(entries: _Entries, family: Family, scope: Scope) -> str | None:
    if "worst_by" not in entries:
        return None
    numbers = [field.name for field in family.fields if field.type == "number"]
    return scope.reading.choice(entries["worst_by"].value, f"number of '{family.name}'", numbers)


def _severity(entry: Entry | None, scope: Scope) -> tuple[Severity, tuple[SeverityStep, ...]]:
    """Return the severity where no step holds, and the steps."""
    if entry is None:
        return Severity.INFO, ()
    if not isinstance(entry.value, ListNode):
        return _last_severity(entry.value, scope)
    *conditional, last = entry.value.items or (None,)
    if last is None or not isinstance(last, ScalarNode):
        message = "the last line of 'severity' must be a word alone: what holds where nothing above does"
        scope.reading.report(last or entry, message, "end with - low")
    is_measured = isinstance(last, ScalarNode) and last.value == CONSEQUENCE
    steps = [step for item in conditional for step in _steps(item, scope, is_measured=is_measured)]
    default, measured = _last_severity(last, scope) if isinstance(last, ScalarNode) else (Severity.INFO, ())
    return default, (*steps, *measured)


def _last_severity(node: Node, scope: Scope) -> tuple[Severity, tuple[SeverityStep, ...]]:
    """Return a severity by its word; ``consequence`` is the highest level among the places of the evidence."""
    if not isinstance(node, ScalarNode) or node.value != CONSEQUENCE:
        word = scope.reading.choice(node, "severity", [severity.value for severity in Severity])
        return (Severity(word) if word else Severity.INFO), ()
    return Severity.INFO, _measured_steps(None, 0, scope)


def _measured_steps(where: Condition | None, shift: int, scope: Scope) -> tuple[SeverityStep, ...]:
    """Return a step for each level that some place has, moved up or down; where a condition holds, if there is one."""
    query = scope.evidence
    family = families().get(query.fact) if query is not None else None
    if query is None or family is None or family.field(CONSEQUENCE) is None:
        if query is not None and family is not None:
            message = f"'{family.name}' has no consequence"
            scope.reading.report(1, message, "name the severity by a word")
        return ()
    levels = list(Severity)
    steps = []
    for level in reversed(levels[1:]):
        has_level = FieldTest(field=CONSEQUENCE, operator=Operator.IN, operands=(level.value,))
        asked = all_together(where, Exists(fact=query.fact, where=all_together(query.where, has_level)))
        to = levels[min(len(levels) - 1, levels.index(level) + shift)]
        steps.append(SeverityStep(to=to, when=asked))
    if where is not None:
        steps.append(SeverityStep(to=levels[max(0, shift)], when=where))
    return tuple(steps)


def _steps(node: Node, scope: Scope, *, is_measured: bool) -> tuple[SeverityStep, ...]:
    """Return the steps of one line: a severity with its condition, or a shift of the consequence by one level."""
    if not isinstance(node, MapNode) or len(node.entries) != 1:
        message = f"a line of 'severity' must be a word with its condition, not {shape(node)}"
        scope.reading.report(node, message, "write - high: {evidence: {...}}; a word alone comes last")
        return ()
    (entry,) = node.entries
    words = [severity.value for severity in Severity]
    known = (*words, *SHIFTS) if is_measured else words
    if entry.key not in known:
        scope.reading.report(entry, f"unknown severity '{clipped(entry.key)}'", nearest(entry.key, known))
        return ()
    when = parse_expression(entry.value, scope, f"'{entry.key}'")
    if entry.key in SHIFTS:
        return _measured_steps(when, SHIFTS[entry.key], scope)
    return (SeverityStep(to=Severity(entry.key), when=when),)


def _check_braces(reading: Reading, entry: Entry) -> None:
    text = entry.value.value if isinstance(entry.value, ScalarNode) else None
    for problem in parse_template(text)[1] if isinstance(text, str) else ():
        reading.report(entry, f"'{entry.key}': {problem}", "see docs/rules.md, Messages")


def _check_holes(reading: Reading, entry: Entry, fact: str) -> None:
    text = entry.value.value if isinstance(entry.value, ScalarNode) else None
    if not isinstance(text, str) or not fact:
        return
    for hole in placeholders(text):
        family = families()["change" if hole.of_change else fact]
        if family.field(hole.field) is None:
            names = [field.name for field in family.fields]
            message = f"unknown placeholder '{{{clipped(hole.field)}}}' of fact '{family.name}'"
            reading.report(entry, message, nearest(hole.field, names))
