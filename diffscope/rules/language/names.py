"""What a ``where`` asks of one field, and names in rules: ``$NAME`` is a list of lists.yml in place of values, a predicate of predicates.yml in place of a condition.

Words of areas, platforms and kinds are names of tables too: a rule that asks for one that no table knows would never fire.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from diffscope.errors import InputError
from diffscope.facts.vocabulary import Family, Field
from diffscope.patterns import compile_glob, compile_regex, lazy_regex
from diffscope.rules.language.conditions import (
    COMPARISONS,
    FIELD_OPERATORS,
    PATH_FIELDS,
    PATTERN_OPERATORS,
    Condition,
    EvidenceQuery,
    FieldTest,
    Not,
    Operand,
    Operator,
    SameField,
    all_together,
)
from diffscope.source.model import Value
from diffscope.yaml.reading import Reading, clipped, nearest, shape
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode

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


NAME_SIGN: Final = "$"
_NAME: Final = lazy_regex(r"[a-z][a-z0-9_]*")
_PREDICATE_KEYS: Final = ("about", "fact", "where", "when", "holds", "fails", "unknown")


class NamedList(Value, frozen=True, kw_only=True):
    """A list that rules share."""

    name: str
    values: tuple[Operand, ...]
    origin: str
    line: int


class Predicate(Value, frozen=True, kw_only=True):
    """A condition that rules share, as written: on one record of a family (``where``), or on the change (``when``)."""

    name: str
    about: str
    fact: str
    """The family whose records it is asked of; for a condition on the change, that of ``evidence``."""
    is_of_change: bool
    node: Node
    examples: tuple[tuple[bool | None, Node], ...]
    """What it must answer (true, false, ``None`` for unknown) to which records."""
    origin: str
    line: int


class WordTable(Value, frozen=True, kw_only=True):
    """The words that a table declares, and what they are called."""

    what: str
    words: frozenset[str]
    origin: str


class Names(Value, frozen=True, kw_only=True):
    """Every name that a rule may use."""

    lists: Mapping[str, NamedList] = {}
    predicates: Mapping[str, Predicate] = {}
    tables: Mapping[str, WordTable] = {}
    """By field, for fields of open sets whose words a table declares."""
    is_whole: bool = True
    """False where a file of names could not be read: then a name that is not there is not reported a second time."""

    def table_of(self, field: str) -> WordTable | None:
        """Return the table that declares the words of a field."""
        return self.tables.get(field)


class Scope:
    """What a condition is read in: the file's mistakes, the names, which of them were used, and what ``evidence`` stands for."""

    def __init__(self, reading: Reading, names: Names, *, evidence: EvidenceQuery | None = None) -> None:
        self.reading = reading
        self.names = names
        self.evidence = evidence
        self.used: set[str] = set()

    def list_values(self, name: str, node: Node) -> tuple[Operand, ...]:
        """Return the values of a named list; none, noted, where there is no such list."""
        found = self.names.lists.get(name)
        if found is not None:
            self.used.add(name)
            return found.values
        if name in self.names.predicates:
            self.reading.report(
                node, f"${name} is a predicate, not a list", "name it where a condition stands"
            )
        elif self.names.is_whole:
            self.reading.report(node, f"unknown list '${clipped(name)}'", nearest(name, self.names.lists))
        return ()

    def predicate(self, node: Node, *, is_of_change: bool) -> Predicate | None:
        """Return the predicate that a node names; ``None``, noted, where it names none that fits."""
        name = name_of(node) or ""
        found = self.names.predicates.get(name)
        if found is None and not self.names.is_whole:
            return None
        if found is None:
            fitting = [
                each for each, one in self.names.predicates.items() if one.is_of_change is is_of_change
            ]
            self.reading.report(node, f"unknown predicate '${clipped(name)}'", nearest(name, fitting))
        elif found.is_of_change is not is_of_change:
            asked = "the change" if found.is_of_change else f"one record of '{found.fact}'"
            hint = "write it as an expression" if found.is_of_change else f"write {found.fact}: ${name}"
            self.reading.report(node, f"${name} is asked of {asked}", hint)
        else:
            self.used.add(name)
            return found
        return None


def name_of(node: Node) -> str | None:
    """Return the name that a node stands for; ``None`` where it is no ``$NAME``."""
    text = node.value if isinstance(node, ScalarNode) else None
    return text[1:] if isinstance(text, str) and text.startswith(NAME_SIGN) else None


def read_lists(reading: Reading, text: str, taken: Mapping[str, NamedList]) -> dict[str, NamedList]:
    """Return the lists of a ``lists.yml``; ``taken`` are those of other files."""
    found: dict[str, NamedList] = {}
    for entry in reading.parse(text).entries:
        _check_name(reading, entry.key, entry.line, taken)
        values: list[Operand] = []
        for item in reading.items(entry.value, f"'{clipped(entry.key)}'"):
            value = item.value if isinstance(item, ScalarNode) else None
            if value is None or isinstance(value, float):
                reading.report(item, f"a list holds texts and whole numbers, not {shape(item)}", "quote it")
            else:
                values.append(value)
        found[entry.key] = NamedList(
            name=entry.key, values=tuple(values), origin=reading.path, line=entry.line
        )
    return found


def read_predicates(
    reading: Reading, text: str, taken: Mapping[str, NamedList | Predicate], facts: Iterable[str]
) -> dict[str, Predicate]:
    """Return the predicates of a ``predicates.yml``, their conditions not read yet; ``taken`` are the names of other files."""
    known = tuple(facts)
    found: dict[str, Predicate] = {}
    for entry in reading.parse(text).entries:
        _check_name(reading, entry.key, entry.line, taken)
        what = f"the predicate '{clipped(entry.key, 40)}'"
        fields = reading.mapping(
            entry.value, what, known=_PREDICATE_KEYS, required=("about", "fact", "holds", "fails")
        )
        if isinstance(entry.value, MapNode) and ("where" in fields) is ("when" in fields):
            reading.report(
                entry, f"{what} needs one of 'where' and 'when'", "where: asks one record, when: the change"
            )
        fact = reading.choice(fields["fact"].value, "fact", known) if "fact" in fields else None
        about = reading.text(fields["about"].value, "'about'") if "about" in fields else ""
        condition = fields.get("where") or fields.get("when")
        if condition is None or fact is None:
            continue
        examples = [
            (answer, item)
            for key, answer in (("holds", True), ("fails", False), ("unknown", None))
            if key in fields
            for item in reading.items(fields[key].value, f"'{key}'")
        ]
        found[entry.key] = Predicate(
            name=entry.key,
            about=about,
            fact=fact,
            is_of_change="when" in fields,
            node=condition.value,
            examples=tuple(examples),
            origin=reading.path,
            line=entry.line,
        )
    return found


def without_loops(
    predicates: Mapping[str, Predicate], readings: Mapping[str, Reading]
) -> dict[str, Predicate]:
    """Return the predicates that do not ask themselves, however far around; the others are noted in the reading of their file."""
    asked = {name: _names_in(each.node) & predicates.keys() for name, each in predicates.items()}
    kept = {}
    for name, predicate in predicates.items():
        reached = _reached(asked, name)
        if name in reached:
            readings[predicate.origin].report(
                predicate.line, f"${name} asks itself", "write out what it asks"
            )
        # What only leads into a loop cannot be read either, and is not what is wrong.
        elif not any(other in _reached(asked, other) for other in reached):
            kept[name] = predicate
    return kept


def _reached(asked: Mapping[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = list(asked[start])
    while waiting:
        if (other := waiting.pop()) not in reached:
            reached.add(other)
            waiting += asked[other]
    return reached


def _names_in(node: Node) -> set[str]:
    """Return every name that a tree of YAML holds."""
    if isinstance(node, MapNode):
        return set().union(*(_names_in(entry.value) for entry in node.entries))
    if isinstance(node, ListNode):
        return set().union(*map(_names_in, node.items))
    name = name_of(node)
    return set() if name is None else {name}


def _check_name(reading: Reading, name: str, line: int, taken: Mapping[str, NamedList | Predicate]) -> None:
    if not _NAME.fullmatch(name):
        reading.report(line, f"'{clipped(name)}' is not a name", "write lower_case_words")
    elif name in taken:
        reading.report(line, f"the name '{name}' is taken by {taken[name].origin}", "rename one")
