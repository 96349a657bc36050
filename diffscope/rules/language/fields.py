"""One line of a ``where`` -> a test of one field: operators, operands and their types, with named lists put in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from diffscope.errors import InputError
from diffscope.facts.vocabulary import Family, Field
from diffscope.patterns import compile_glob, compile_regex
from diffscope.rules.language.catalogue import EvidenceQuery
from diffscope.rules.language.conditions import (
    COMPARISONS,
    LIST_OPERATORS,
    OPERATORS_OF,
    PATTERN_OPERATORS,
    Condition,
    FieldTest,
    Operand,
    Operator,
    all_together,
)
from diffscope.rules.reading import Reading, clipped, nearest, shape
from diffscope.strict_yaml import Entry, ListNode, MapNode, Node, ScalarNode

_TYPE_WORDS: Final = {
    "text": "text",
    "number": "a whole number",
    "truth": "true or false",
    "texts": "a list of text",
}


class Scope:
    """What a condition is read in: the file's mistakes, the named lists, and which of them were used."""

    def __init__(self, reading: Reading, lists: Mapping[str, tuple[Operand, ...]]) -> None:
        self.reading = reading
        self.lists = lists
        self.used: set[str] = set()
        self.evidence: EvidenceQuery | None = None
        """What ``evidence`` stands for as a fact: set once it is read, where it has its own ``where``."""


def parse_field(entry: Entry, field: Field, family: Family, scope: Scope) -> Condition | None:
    """Return what a ``where`` asks of one field; ``None``, noted, where it is wrong."""
    node = entry.value
    if isinstance(node, ListNode) or (isinstance(node, MapNode) and node.get("$list") is not None):
        hint = "write {has_any: [...]}" if field.type == "texts" else "write {in: [...]}"
        scope.reading.report(node, f"'{field.name}' has a list where an operator is needed", hint)
        return None
    if isinstance(node, ScalarNode):
        return _test(field, Operator.IS, node, family, scope)
    if not node.entries:
        scope.reading.report(node, f"'{field.name}' asks nothing", "write {is: value}")
        return None
    words = [operator.value for operator in Operator]
    parts: list[Condition] = []
    for each in node.entries:
        if each.key not in words:
            message = f"unknown operator '{clipped(each.key)}' of '{field.name}'"
            scope.reading.report(each, message, nearest(each.key, words))
        elif (part := _test(field, Operator(each.key), each.value, family, scope)) is not None:
            parts.append(part)
    return all_together(*parts)


def _test(field: Field, operator: Operator, node: Node, family: Family, scope: Scope) -> Condition | None:
    if operator in (Operator.EQUALS_FIELD, Operator.DIFFERS_FROM):
        return _field_pair(field, operator, node, family, scope)
    if operator in (Operator.IS_NULL, Operator.IS_KNOWN):
        return _flagged(field, operator, node, scope)
    if operator not in OPERATORS_OF[field.type]:
        fitting = ", ".join(each.value for each in OPERATORS_OF[field.type])
        message = f"'{field.name}' is {_TYPE_WORDS[field.type]}: '{operator.value}' does not fit it"
        scope.reading.report(node, message, f"use one of {fitting}")
        return None
    operands = _operands(operator, node, scope)
    checked = [_operand(field, operator, value, place, scope) for value, place in operands]
    return FieldTest(field=field.name, operator=operator, operands=tuple(checked)) if checked else None


def _field_pair(
    field: Field, operator: Operator, node: Node, family: Family, scope: Scope
) -> Condition | None:
    fitting = [each.name for each in family.fields if each.type == field.type and each.name != field.name]
    name = scope.reading.choice(node, f"field of the type of '{field.name}'", fitting)
    return FieldTest(field=field.name, operator=operator, operands=(name,)) if name else None


def _flagged(field: Field, operator: Operator, node: Node, scope: Scope) -> Condition | None:
    value = scope.reading.truth(node, f"'{operator.value}'")
    is_null = operator is Operator.IS_NULL
    if not (field.may_be_null if is_null else field.may_be_unknown):
        never = "null" if is_null else "unknown"
        scope.reading.report(node, f"'{field.name}' is never {never}", "remove this line")
    return FieldTest(field=field.name, operator=operator, operands=(value,))


def _operands(operator: Operator, node: Node, scope: Scope) -> list[tuple[object, Node]]:
    """Return the operands of an operator with the nodes they stand at, named lists put in."""
    may_list = operator in LIST_OPERATORS or operator in PATTERN_OPERATORS
    if isinstance(node, ScalarNode):
        if operator in LIST_OPERATORS:
            message = f"'{operator.value}' needs a list, not {shape(node)}"
            scope.reading.report(node, message, f"write {{{operator.value}: [{clipped(node.text, 30)}]}}")
        return [(node.value, node)]
    if not may_list:
        scope.reading.report(
            node, f"'{operator.value}' needs one value, not {shape(node)}", "write one value"
        )
        return []
    items = node.items if isinstance(node, ListNode) else (node,)
    if not items:
        scope.reading.report(node, f"'{operator.value}' has an empty list", "list at least one value")
    return [pair for item in items for pair in _item(item, scope)]


def _item(node: Node, scope: Scope) -> list[tuple[object, Node]]:
    if isinstance(node, ScalarNode):
        return [(node.value, node)]
    name = node.get("$list") if isinstance(node, MapNode) and len(node.entries) == 1 else None
    if name is None:
        message = f"a list holds texts, numbers or {{$list: NAME}}, not {shape(node)}"
        scope.reading.report(node, message, "write the values out")
        return []
    word = scope.reading.choice(name, "list", scope.lists)
    if word is None:
        return []
    scope.used.add(word)
    return [(value, name) for value in scope.lists[word]]


def _operand(field: Field, operator: Operator, value: object, node: Node, scope: Scope) -> Operand:
    if operator in PATTERN_OPERATORS:
        return _pattern(operator, value, node, scope)
    if value is None:
        if operator not in (Operator.IS, Operator.IS_NOT):
            scope.reading.report(node, f"'{operator.value}' does not take null", "use is_null")
        elif not field.may_be_null:
            scope.reading.report(node, f"'{field.name}' is never null", "write a value")
        return None
    kind = "number" if operator in COMPARISONS else "text" if field.type == "texts" else field.type
    found = _typed(field, kind, value, node, scope)
    if isinstance(found, str) and field.choices and found not in field.choices:
        message = f"'{clipped(found)}' is no word of '{field.name}'"
        scope.reading.report(node, message, nearest(found, field.choices))
    return found


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


def _pattern(operator: Operator, value: object, node: Node, scope: Scope) -> Operand:
    if not isinstance(value, str) or not value:
        scope.reading.report(node, f"'{operator.value}' needs a text, not {shape(node)}", "quote the pattern")
        return ""
    try:
        if operator is Operator.GLOB:
            compile_glob(value)
        elif operator is Operator.REGEX:
            compile_regex(value)
    except InputError as error:
        scope.reading.report(node, clipped(error.message, 300), error.hint or "")
    return value
