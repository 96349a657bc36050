"""JSON Schemas of rule.yml, zh.yml, cases.yml and predicates.yml for editors, made from the vocabulary: completion and red lines while one writes.

An editor's schema is looser than the loader: names, placeholders and nearest matches are the loader's business.
"""

from __future__ import annotations

import functools
from typing import Any, Final

from diffscope.facts.vocabulary import Family, Field, families, shared_fields
from diffscope.rules.authoring.cases import FINDING_KEYS
from diffscope.rules.language.catalogue import Stage
from diffscope.rules.language.conditions import (
    COMPARISONS,
    FIELD_OPERATORS,
    MEANINGS,
    PATTERN_OPERATORS,
    Operator,
)
from diffscope.rules.language.expressions import EVIDENCE, SAME_PLACE
from diffscope.rules.language.rule_file import CONSEQUENCE, REQUIRED, SHIFTS, TEXTS
from diffscope.rules.model import FAMILIES, Severity

Schema = dict[str, Any]
_Values = tuple[str, tuple[str, ...], bool]

SCHEMA_FOLDER: Final = "docs/schemas"
"""Where the schemas lie in the repository; ``NAME.schema.json`` each."""

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_JSON_TYPES: Final = {"text": "string", "texts": "string", "number": "integer", "truth": "boolean"}
_NAME: Final[Schema] = {
    "type": "string",
    "pattern": r"^\$[a-z][a-z0-9_]*$",
    "description": "A name of lists.yml where values are taken, of predicates.yml where conditions are.",
}
_DESCRIPTIONS: Final = {
    "status": "How far the rule has come, and since which version. Only stable rules run unless their code is selected.",
    "title": "What happened, in a few words.",
    "why": "What goes wrong when nobody looks: one or two sentences.",
    "remedy": "What to do or check.",
    "check": "The question that a flag leaves about this very change: a template as says, filled with the first place.",
    "limits": "What the rule is known to miss or to get wrong.",
    "evidence": "The records that a flag points at: one fact, and what is asked of it. Without one the rule does not fire.",
    "covers": "Codes or globs of them: where their flags stand at this rule's places and are no graver, this rule is the head.",
    "worst_by": "The number of the fact that puts the worst record first; without it, the size of the change.",
    "when": "What must hold besides. Left out: the rule fires where there is evidence.",
    "severity": "A word, or a list of which the first line that holds decides; the last line is a word alone.",
    "says": "The message of one record: {field} is filled in, [[ ]] is left out when a field inside says nothing.",
    "confidence": "The most that its flags have, if not high: medium or low for what rests on the words of a title.",
    "family": "Only for codes whose letters belong to no family yet.",
}


def schemas() -> dict[str, Schema]:
    """Return the schema of each kind of file, by the name of its file without ending."""
    return {
        "rule": rule_schema(),
        "rule-zh": chinese_schema(),
        "rule-cases": cases_schema(),
        "predicates": predicates_schema(),
    }


def rule_schema() -> Schema:
    """Return the schema of a rule file."""
    status = {"is": {"enum": [stage.value for stage in Stage]}, "since": {"type": "string"}}
    words = [*(severity.value for severity in Severity), CONSEQUENCE]
    step = _object({word: _ref("expression") for word in (*words, *SHIFTS)}, ())
    lines = {"anyOf": [{"enum": words}, {**step, "minProperties": 1, "maxProperties": 1}]}
    properties: Schema = {
        "status": _object(status, ("is", "since")),
        "family": {"enum": list(FAMILIES)},
        **{key: {"type": "string"} for key in TEXTS},
        "evidence": {**_ref("facts"), "minProperties": 1, "maxProperties": 1},
        "worst_by": {"type": "string"},
        "covers": {"type": "array", "items": {"type": "string"}},
        "confidence": {"enum": ["medium", "low"]},
        "when": _ref("expression"),
        "severity": {"anyOf": [{"enum": words}, {"type": "array", "items": lines, "minItems": 1}]},
    }
    described = {key: {"description": _DESCRIPTIONS[key], **value} for key, value in properties.items()}
    return {**_file("A diffscope rule (rule.yml)", described, REQUIRED), "$defs": _definitions()}


def chinese_schema() -> Schema:
    """Return the schema of the Chinese texts of a rule."""
    texts = {key: {"type": "string", "description": f"In Chinese: {_DESCRIPTIONS[key]}"} for key in TEXTS}
    return _file(
        "The Chinese texts of a diffscope rule (zh.yml)",
        texts,
        [key for key in TEXTS if key not in ("check", "limits")],
    )


def cases_schema() -> Schema:
    """Return the schema of the cases of a rule."""
    texts: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
    finding = _object({key: {"type": ["string", "integer", "null"]} for key in FINDING_KEYS}, ())
    mark = "A line that earns a finding ends with a mark: # <- CP101 medium: EngineCore.step"
    case = _object(
        {
            "before": {**texts, "description": f"Files before the change, path: text. {mark}"},
            "after": {**texts, "description": f"Files after it. {mark}"},
            "tree": {**texts, "description": "Files that both sides share."},
            "facts": {"type": "object", "description": "Facts written out, where no example can show them."},
            "recorded": {"type": "integer", "description": "The number of a recorded pull request."},
            "title": {"type": "string"},
            "body": {"type": "string"},
            "labels": {"type": "array", "items": {"type": "string"}},
            "findings": {
                "type": "array",
                "items": finding,
                "description": "Exactly what is found; [] for nothing.",
            },
            "severity": {"enum": [severity.value for severity in Severity]},
            "unknown": {"type": "boolean", "description": "The rule must answer that it cannot tell."},
            "todo": {
                "type": "string",
                "description": "Why the case is known to fail; refused once it passes.",
            },
        },
        (),
    )
    names = {"propertyNames": {"pattern": "^[a-z][a-z0-9]*(_[a-z0-9]+)+$"}}
    return {
        "$schema": _DRAFT,
        "title": "The cases of a diffscope rule (cases.yml)",
        "type": "object",
        "additionalProperties": case,
        **names,
    }


def predicates_schema() -> Schema:
    """Return the schema of named predicates."""
    examples: Schema = {"type": "array", "items": {"type": ["object", "array"]}}
    predicate = _object(
        {
            "about": {"type": "string", "description": "What it means, and why it is asked."},
            "fact": {"enum": list(families()), "description": "The records that it is asked of."},
            "where": {"anyOf": [_rule_ref(f"where_{name}") for name in families()]},
            "when": _rule_ref("expression"),
            "holds": {**examples, "description": "Records to which it must answer true."},
            "fails": {**examples, "description": "Records to which it must answer false."},
            "unknown": {**examples, "description": "Records to which it must answer that it cannot tell."},
        },
        ("about", "fact", "holds", "fails"),
    )
    return {
        "$schema": _DRAFT,
        "title": "Predicates of diffscope rules (predicates.yml)",
        "type": "object",
        "additionalProperties": predicate,
    }


def _definitions() -> Schema:
    return {
        "name": _NAME,
        "expression": _expression(),
        "facts": _object({name: _ref(f"where_{name}") for name in families()}, ()),
        "another_fact": {
            **_object({}, ()),
            "propertyNames": {"enum": list(families())},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": True,
        },
        **{f"tests_of_{kind}": _tests(kind) for kind in FIELD_OPERATORS},
        **{
            name: _values(kind, choices, may_be_null=null)
            for (kind, choices, null), name in _sets_of_values().items()
        },
        **{f"place_{field.name}": _field(field) for field in shared_fields()},
        **{f"where_{name}": _where(family) for name, family in families().items()},
    }


def _expression() -> Schema:
    group = {"type": "array", "items": _ref("expression"), "minItems": 1}
    facts = {name: _ref(f"where_{name}") for name in families()}
    anything: Schema = {"type": ["object", "array", "string"]}
    lines = {
        "all": {"description": MEANINGS[Operator.ALL], **group},
        "any": {"description": MEANINGS[Operator.ANY], **group},
        "not": _ref("expression"),
        EVIDENCE: {"description": "Some record of the rule's evidence fits.", **anything},
        **facts,
    }
    bounds = {operator.value: {"type": "integer"} for operator in COMPARISONS}
    asked: Schema = {"enum": [EVIDENCE, *families()]}
    several = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    count = {"count": asked, "where": anything, "distinct": {"type": "string"}, **bounds}
    total = {"sum": several, "of": asked, "where": anything, **bounds}
    forms = [
        _ref("name"),
        group,
        {**_object(lines, ()), "minProperties": 1},
        {"description": MEANINGS[Operator.COUNT], **_object(count, ("count",))},
        {"description": MEANINGS[Operator.SUM], **_object(total, ("sum", "of"))},
    ]
    return {"anyOf": forms}


def _where(family: Family) -> Schema:
    own = _ref(f"where_{family.name}")
    group = {"type": "array", "items": own, "minItems": 1}
    shared = () if family.single else shared_fields()
    fields = {
        field.name: _ref(f"place_{field.name}") if field in shared else _field(field)
        for field in family.fields
    }
    places = {} if family.single else dict.fromkeys(SAME_PLACE, _ref("another_fact"))
    groups = {
        "all": {"description": MEANINGS[Operator.ALL], **group},
        "any": {"description": MEANINGS[Operator.ANY], **group},
        "not": own,
        **places,
    }
    forms = [_ref("name"), group, _object({**fields, **groups}, ())]
    return {"description": family.sentence, "anyOf": forms}


def _field(field: Field) -> Schema:
    return {"description": field.sentence, **_ref(_sets_of_values()[_values_of(field)])}


def _values(kind: str, choices: tuple[str, ...], *, may_be_null: bool) -> Schema:
    null = [None] if may_be_null else []
    word = _JSON_TYPES[kind]
    value: Schema = {"enum": [*choices, *null]} if choices else {"type": [word, "null"] if null else word}
    forms = [value, _ref("name"), {"type": "array", "items": {"anyOf": [value, _ref("name")]}, "minItems": 1}]
    return {"anyOf": [*forms, _ref(f"tests_of_{kind}")]}


@functools.cache
def _sets_of_values() -> dict[_Values, str]:
    """Return the sets of values that fields take, each with the name of its definition: that of the first field which takes it."""
    owned = [("place", field) for field in shared_fields()]
    owned += [(family.name, field) for family in families().values() for field in family.fields]
    names: dict[_Values, str] = {}
    for owner, field in owned:
        null = "_or_null" if field.may_be_null else ""
        name = f"{owner}_{field.name}" if field.choices else f"{field.type}{null}"
        names.setdefault(_values_of(field), f"value_{name}")
    return names


def _values_of(field: Field) -> _Values:
    return field.type, field.choices, field.may_be_null


def _tests(kind: str) -> Schema:
    """Return the operators that fit a type of field."""
    described = {
        operator.value: {"description": MEANINGS[operator], **_operand(kind, operator)}
        for operator in FIELD_OPERATORS[kind]
    }
    described["field"] = {"type": "string", "description": "It equals this other field of the same record."}
    return {**_object(described, ()), "minProperties": 1}


def _operand(kind: str, operator: Operator) -> Schema:
    if operator in COMPARISONS:
        return {"type": "integer"}
    scalar: Schema = {"type": "string", "minLength": 1}
    if operator not in PATTERN_OPERATORS:
        scalar = {"type": [_JSON_TYPES[kind], "null"]}
    forms = [
        scalar,
        _ref("name"),
        {"type": "array", "items": {"anyOf": [scalar, _ref("name")]}, "minItems": 1},
    ]
    return {"anyOf": [*forms, *([_ref(f"tests_of_{kind}")] if operator is Operator.NOT else [])]}


def _file(title: str, properties: Schema, required: Any) -> Schema:
    return {"$schema": _DRAFT, "title": title, **_object(properties, tuple(required))}


def _object(properties: Schema, required: tuple[str, ...]) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _rule_ref(name: str) -> Schema:
    return {"$ref": f"rule.schema.json#/$defs/{name}"}
