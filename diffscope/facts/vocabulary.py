"""The words that rules may use: every fact family, its fields, their types and sentences, read off the value types.

A field whose type is a ``Literal``, or whose sentence names one (``one_of``), holds words of a closed set: a rule that names another word is
refused. So a new word of a collector is declared where the field is.
"""

from __future__ import annotations

import inspect
from functools import cache
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec import UnsetType

from diffscope.facts import model as values
from diffscope.source.model import Value


class Field(Value, frozen=True, kw_only=True):
    """One field of a family. ``type`` is ``text``, ``number``, ``truth`` or ``texts`` (a tuple of text)."""

    name: str
    type: str
    sentence: str
    may_be_null: bool
    may_be_unknown: bool
    choices: tuple[str, ...] = ()
    """The closed set of words it may hold; empty where it is open."""
    from_graph: bool = False
    """It is read off the module graph, so it is only as exact as the graph is."""


class Family(Value, frozen=True, kw_only=True):
    """One fact family: the word in rules, its sentence, its fields by name."""

    name: str
    sentence: str
    single: bool
    """True for ``change``, which exists exactly once."""
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """Return the field of that name."""
        return next((field for field in self.fields if field.name == name), None)


_TYPES: Final[dict[str, type[values.Fact]]] = {
    "change": values.ChangeFact,
    "file": values.FileFact,
    "module": values.ModuleFact,
    "symbol": values.SymbolFact,
    "parameter": values.ParameterFact,
    "contract": values.ContractFact,
    "option": values.OptionFact,
    "import": values.ImportFact,
    "guard": values.GuardFact,
    "call": values.CallFact,
    "condition": values.ConditionFact,
    "numeric": values.NumericFact,
    "write": values.WriteFact,
    "test": values.TestFact,
    "dependency": values.DependencyFact,
    "build": values.BuildFact,
    "operator": values.OperatorFact,
    "native": values.NativeFact,
    "override": values.OverrideFact,
    "registry": values.RegistryFact,
    "counterpart": values.CounterpartFact,
    "step": values.StepFact,
    "history": values.HistoryFact,
}

_FROM_GRAPH: Final = (
    "distance", "entry", "chain", "fan_in", "reach", "lazy_fan_in", "registry_fan_in", "tests_within_two",
    "cycle", "users", "overrides", "test_distance",
)  # fmt: skip


_UNASKED: Final = frozenset({"kind_reasons"})
"""Fields that say why, not what: no rule asks them."""


@cache
def families() -> dict[str, Family]:
    """Return every family by its word, in a fixed order."""
    return {name: family_called(name) for name in _TYPES}


@cache
def family_called(name: str) -> Family:
    """Return the family of a word."""
    kind = _TYPES[name]
    hints = [hint for base in reversed(kind.__mro__) for hint in _own_hints(base).items()]
    fields = tuple(_field(field, hint) for field, hint in hints if field not in _UNASKED)
    return Family(
        name=name, sentence=inspect.cleandoc(kind.__doc__ or ""), single=name == "change", fields=fields
    )


@cache
def field_called(family: str, name: str) -> Field | None:
    """Return one field of a family. The others are not read: a run that judges asks for a few fields of many families."""
    for base in _TYPES[family].__mro__:
        annotation = inspect.get_annotations(base).get(name)
        if annotation is not None and name not in _UNASKED:
            alone = type(base.__name__, (), {"__annotations__": {name: annotation}})
            return _field(name, inspect.get_annotations(alone, globals=vars(values), eval_str=True)[name])
    return None


@cache
def shared_fields() -> tuple[Field, ...]:
    """Return the fields that every family but ``change`` has: those of a place."""
    first, *rest = (family for family in families().values() if not family.single)
    return tuple(field for field in first.fields if all(field in family.fields for family in rest))


def records(facts: values.ChangeFacts, family: str) -> tuple[values.Fact, ...]:
    """Return the records of a family in a change; ``change`` gives exactly one."""
    if family == "change":
        return (facts.change,)
    attribute = "imports" if family == "import" else family
    found: tuple[values.Fact, ...] = getattr(facts, attribute)
    return found


def fact_type(family: str) -> type[values.Fact]:
    """Return the value type whose records a family holds."""
    return _TYPES[family]


@cache
def _own_hints(kind: type) -> dict[str, Any]:
    # Class by class: evaluating the shared fields again for each of twenty families took 40 ms of start-up.
    return inspect.get_annotations(kind, eval_str=True) if issubclass(kind, values.Fact) else {}


def _field(name: str, hint: object) -> Field:
    annotated, *metadata = get_args(hint)
    meta = next(meta for meta in metadata if isinstance(meta, msgspec.Meta))
    sentence = meta.description
    members = get_args(annotated) if get_origin(annotated) in (Union, UnionType) else (annotated,)
    is_texts = any(get_origin(member) is tuple for member in members)
    word = "texts" if is_texts else "truth" if bool in members else "number" if int in members else "text"
    return Field(
        name=name,
        type=word,
        sentence=sentence or "",
        may_be_null=type(None) in members,
        may_be_unknown=UnsetType in members,
        choices=_choices(annotated, meta),
        from_graph=name in _FROM_GRAPH,
    )


def _choices(annotated: object, meta: msgspec.Meta) -> tuple[str, ...]:
    """Return the words of a closed set, by the type or else by what the sentence names."""
    words = _literals(annotated)
    return words or tuple(map(str, (meta.extra or {}).get("words", ())))


def _literals(hint: object) -> tuple[str, ...]:
    parts = get_args(hint)
    if get_origin(hint) is Literal:
        return tuple(map(str, parts))
    return next((words for part in parts if (words := _literals(part))), ())
