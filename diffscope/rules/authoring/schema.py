"""The JSON Schema of rule.yml for editors, made from the vocabulary: completion and red lines while a rule is written.

An editor's schema is looser than the loader: named lists, placeholders and nearest matches are the loader's business.
"""

from __future__ import annotations

from typing import Any, Final

from diffscope.facts.vocabulary import Family, Field, families, shared_fields
from diffscope.rules.families import FAMILIES
from diffscope.rules.language.catalogue import Stage
from diffscope.rules.language.conditions import (
    COMPARISONS,
    LIST_OPERATORS,
    MEANINGS,
    OPERATORS_OF,
    PATTERN_OPERATORS,
    Operator,
    Place,
)
from diffscope.rules.language.rule_file import CODE_FORM, NAME_FORM, REQUIRED
from diffscope.rules.values import Severity

Schema = dict[str, Any]

_JSON_TYPES: Final = {"text": "string", "texts": "string", "number": "integer", "truth": "boolean"}

_HEADS: Final = ("any", "none", "every", "count", "sum")
_LIST_NAME: Final[Schema] = {
    "type": "object",
    "properties": {"$list": {"type": "string"}},
    "required": ["$list"],
    "additionalProperties": False,
}


def rule_schema() -> Schema:
    """Return the schema of a rule file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A diffscope rule (rule.yml)",
        "type": "object",
        "properties": _properties(),
        "required": list(REQUIRED),
        "additionalProperties": False,
        "$defs": {
            "bilingual": _object({"en": {"type": "string"}, "zh": {"type": "string"}}, ("en", "zh")),
            "list": _LIST_NAME,
            "expression": _expression(),
            "one_head": {"oneOf": [{"required": [head]} for head in _HEADS]},
            "steps": _steps(),
            **{f"tests_of_{kind}": _tests(kind) for kind in OPERATORS_OF},
            **{f"place_{field.name}": _field(field) for field in shared_fields()},
            **{f"where_{name}": _where(family) for name, family in families().items()},
        },
    }


def _properties() -> Schema:
    words = [severity.value for severity in Severity]
    status = {"is": {"enum": [stage.value for stage in Stage]}, "since": {"type": "string"}}
    texts = {key: _ref("bilingual") for key in ("title", "why", "remedy", "limits", "says")}
    query = {"worst_by": {"type": "string"}}
    own = [
        _object({"fact": {"const": name}, "where": _ref(f"where_{name}"), **query}, ("fact", "where"))
        for name in families()
    ]
    return {
        "code": {"type": "string", "pattern": f"^{CODE_FORM.pattern}$"},
        "name": {"type": "string", "pattern": f"^{NAME_FORM.pattern}$"},
        "family": {"enum": list(FAMILIES)},
        "status": _object(status, ("is", "since")),
        "severity": {"enum": words},
        **texts,
        "when": _ref("expression"),
        "evidence": {"anyOf": [{"enum": list(families())}, *own]},
        "escalate": _ref("steps"),
        "lower": _ref("steps"),
    }


def _expression() -> Schema:
    group = {"type": "array", "items": _ref("expression"), "minItems": 1}
    forms = [_object({head: group}, (head,)) for head in ("all", "any")]
    forms.append(_object({"not": _ref("expression")}, ("not",)))
    forms += [_asked(name, _ref(f"where_{name}")) for name in families()]
    forms.append(_asked("evidence", {"type": "object"}))
    return {"anyOf": forms}


def _asked(fact: str, where: Schema) -> Schema:
    """Return the form of any, none, every, count and sum over one family."""
    heads = {head: {"const": fact} for head in _HEADS}
    bounds = {operator.value: {"type": "integer"} for operator in (*COMPARISONS, Operator.IS)}
    of = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    return {
        **_object({**heads, "where": where, **bounds, "distinct": {"type": "string"}, "of": of}, ()),
        **_ref("one_head"),
    }


def _steps() -> Schema:
    words = [severity.value for severity in Severity]
    step = _object({"to": {"enum": words}, "when": _ref("expression")}, ("to", "when"))
    return {"type": "array", "items": step}


def _where(family: Family) -> Schema:
    own = _ref(f"where_{family.name}")
    group = {"type": "array", "items": own, "minItems": 1}
    names = list(families())
    joined = {
        "any": {"enum": names},
        "none": {"enum": names},
        "same": {"enum": [place.value for place in Place]},
        "where": {"type": "object"},
    }
    shared = () if family.single else shared_fields()
    fields = {
        field.name: _ref(f"place_{field.name}") if field in shared else _field(field)
        for field in family.fields
    }
    groups = {"any_of": group, "all_of": group, "not": own, "joined": _object(joined, ("same",))}
    return {"description": family.sentence, **_object({**fields, **groups}, ())}


def _field(field: Field) -> Schema:
    forms = [_ref(f"tests_of_{field.type}")]
    if field.type != "texts":
        forms.insert(0, _scalar(field))
    return {"description": field.sentence, "anyOf": forms}


def _tests(kind: str) -> Schema:
    """Return the operators that fit a type of field."""
    operators = {operator: _operand(kind, operator) for operator in OPERATORS_OF[kind]}
    operators |= {each: {"type": "string"} for each in (Operator.EQUALS_FIELD, Operator.DIFFERS_FROM)}
    operators |= {each: {"type": "boolean"} for each in (Operator.IS_NULL, Operator.IS_KNOWN)}
    described = {each.value: {"description": MEANINGS[each], **schema} for each, schema in operators.items()}
    return {**_object(described, ()), "minProperties": 1}


def _operand(kind: str, operator: Operator) -> Schema:
    if operator in COMPARISONS:
        return {"type": "integer"}
    if operator in PATTERN_OPERATORS:
        text: Schema = {"type": "string", "minLength": 1}
        return {"anyOf": [text, _several(text)]}
    scalar: Schema = {"type": _JSON_TYPES[kind]}
    if operator in (Operator.IS, Operator.IS_NOT):
        return {"type": [_JSON_TYPES[kind], "null"]}
    return _several(scalar) if operator in LIST_OPERATORS else scalar


def _several(scalar: Schema) -> Schema:
    items = {"anyOf": [scalar, _ref("list")]}
    return {"anyOf": [_ref("list"), {"type": "array", "items": items, "minItems": 1}]}


def _scalar(field: Field) -> Schema:
    if field.choices:
        return {"enum": [*field.choices, *([None] if field.may_be_null else [])]}
    word = _JSON_TYPES[field.type]
    return {"type": [word, "null"] if field.may_be_null else word}


def _object(properties: Schema, required: tuple[str, ...]) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
