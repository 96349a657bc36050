"""What a ``where`` asks of one field: YAML nodes -> tests, every mistake noted with its line."""

from __future__ import annotations

from typing import Final

from diffscope.errors import InputError
from diffscope.facts.vocabulary import Family, Field
from diffscope.patterns import compile_glob, compile_regex
from diffscope.rules.language.conditions import (
    COMPARISONS,
    FIELD_OPERATORS,
    PATH_FIELDS,
    PATTERN_OPERATORS,
    Condition,
    FieldTest,
    Not,
    Operand,
    Operator,
    SameField,
    all_together,
)
from diffscope.rules.language.names import Scope, name_of
from diffscope.yaml.reading import clipped, nearest, shape
from diffscope.yaml.strict import Entry, MapNode, Node, ScalarNode

_TYPE_WORDS: Final = {
    "text": "text",
    "number": "a whole number",
    "truth": "true or false",
    "texts": "a list of text",
}
_SAME: Final = "field"
_WORDS: Final = tuple(each.value for each in dict.fromkeys(sum(FIELD_OPERATORS.values(), ())))


def parse_field(entry: Entry, field: Field, family: Family, scope: Scope) -> Condition | None:
    """Return what a ``where`` asks of one field; ``None``, noted, where it is wrong."""
    return _asked(entry.value, field, family, scope)


def _asked(node: Node, field: Field, family: Family, scope: Scope) -> Condition | None:
    if not isinstance(node, MapNode):
        return _test(field, Operator.IN, node, family, scope)
    if not node.entries:
        scope.reading.report(node, f"'{field.name}' asks nothing", "write a value, or {at_least: 1}")
    if (other := node.get(_SAME)) is not None and len(node.entries) == 1:
        fitting = [each.name for each in family.fields if each.type == field.type and each.name != field.name]
        name = scope.reading.choice(other, f"field of the type of '{field.name}'", fitting)
        return SameField(field=field.name, other=name) if name else None
    parts: list[Condition] = []
    for each in node.entries:
        if each.key not in _WORDS:
            message = f"unknown operator '{clipped(each.key)}' of '{field.name}'"
            scope.reading.report(each, message, nearest(each.key, _WORDS))
        elif (part := _test(field, Operator(each.key), each.value, family, scope)) is not None:
            parts.append(part)
    return all_together(*parts) if parts else None


def _test(field: Field, operator: Operator, node: Node, family: Family, scope: Scope) -> Condition | None:
    if operator is Operator.NOT:
        part = _asked(node, field, family, scope)
        return Not(part=part) if part is not None else None
    if operator not in FIELD_OPERATORS[field.type]:
        fitting = ", ".join(each.value for each in FIELD_OPERATORS[field.type])
        message = f"'{field.name}' is {_TYPE_WORDS[field.type]}: '{operator.value}' does not fit it"
        scope.reading.report(node, message, f"use one of {fitting}")
        return None
    operands = _operands(field, operator, node, scope)
    checked = [_operand(field, operator, value, place, scope) for value, place in operands]
    if not checked and (operands or operator in COMPARISONS):
        return None
    # A list of a profile that holds nothing: no value is among its.
    return FieldTest(
        field=field.name,
        operator=operator,
        operands=tuple(dict.fromkeys(checked)),
        is_list=field.type == "texts",
    )


def _operands(field: Field, operator: Operator, node: Node, scope: Scope) -> list[tuple[object, Node]]:
    """Return the operands of an operator with the nodes they stand at, named lists put in."""
    if operator in COMPARISONS:
        if isinstance(node, ScalarNode):
            return [(node.value, node)]
        message = f"'{operator.value}' needs one value, not {shape(node)}"
        scope.reading.report(node, message, "write one value")
        return []
    if isinstance(node, MapNode):
        message = f"'{operator.value}' of '{field.name}' needs values, not {shape(node)}"
        scope.reading.report(node, message, "write a value, a list, or $NAME")
        return []
    if isinstance(node, ScalarNode):
        return _item(node, scope)
    if not node.items:
        scope.reading.report(node, f"'{field.name}' has an empty list", "list at least one value")
    return [pair for item in node.items for pair in _item(item, scope)]


def _item(node: Node, scope: Scope) -> list[tuple[object, Node]]:
    name = name_of(node)
    if name is not None:
        return [(value, node) for value in scope.list_values(name, node)]
    if isinstance(node, ScalarNode):
        return [(node.value, node)]
    message = f"a list holds texts, numbers or $NAME, not {shape(node)}"
    scope.reading.report(node, message, "write the values out")
    return []


def _operand(field: Field, operator: Operator, value: object, node: Node, scope: Scope) -> Operand:
    if operator in PATTERN_OPERATORS:
        if not isinstance(value, str) or not value:
            scope.reading.report(
                node, f"'{operator.value}' needs a text, not {shape(node)}", "quote the pattern"
            )
            return ""
        try:
            if operator is Operator.MATCHES:
                compile_regex(value)
            elif field.name in PATH_FIELDS:
                compile_glob(value)
        except InputError as error:
            scope.reading.report(node, clipped(error.message, 300), error.hint or "")
        return value
    if value is None:
        if operator is not Operator.IN:
            scope.reading.report(node, f"'{operator.value}' does not take null", "write a number")
        elif not field.may_be_null:
            scope.reading.report(node, f"'{field.name}' is never null", "write a value")
        return None
    kind = "number" if operator in COMPARISONS else "text" if field.type == "texts" else field.type
    found = _typed(field, kind, value, node, scope)
    if isinstance(found, str):
        _check_word(field, found, node, scope)
    return found


def _check_word(field: Field, word: str, node: Node, scope: Scope) -> None:
    """Note a word that neither the vocabulary nor a table knows."""
    if field.choices and word not in field.choices:
        message = f"'{clipped(word)}' is not a value of '{field.name}'"
        scope.reading.report(node, message, nearest(word, field.choices))
    elif not field.choices:
        table = scope.names.table_of(field.name)
        if table is not None and word not in table.words:
            message = f"'{clipped(word)}' is no {table.what} of {table.origin}"
            scope.reading.report(node, message, nearest(word, table.words))


def _typed(field: Field, kind: str, value: object, node: Node, scope: Scope) -> Operand:
    if kind == "text" and isinstance(value, str):
        return value
    if kind == "truth" and isinstance(value, bool):
        return value
    if kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        return value
    hint = f"write {_TYPE_WORDS[kind]}"
    if kind == "text" and isinstance(node, ScalarNode):
        hint = f'quote it: "{clipped(node.text, 40)}"'
    scope.reading.report(node, f"'{field.name}' needs {_TYPE_WORDS[kind]}, not {shape(node)}", hint)
    return None
