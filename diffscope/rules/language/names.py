"""Names in rules: ``$NAME`` is a list of lists.yml in place of values, a predicate of predicates.yml in place of a condition.

Words of areas, platforms and kinds are names of tables too: a rule that asks for one that no table knows would never fire.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.rules.language.conditions import EvidenceQuery, Operand
from diffscope.source.model import Value
from diffscope.yaml.reading import Reading, clipped, nearest, shape
from diffscope.yaml.strict import ListNode, MapNode, Node, ScalarNode

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
    reading: Reading,
    text: str,
    taken: Mapping[str, NamedList | Predicate],
    facts: Iterable[str],
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
