"""The words that rules may use: every fact family, its fields, their types and sentences, read off the value types."""

from __future__ import annotations

from functools import cache
from typing import get_args, get_type_hints

import msgspec
from msgspec import UnsetType

from diffscope.facts import values
from diffscope.source.values import Value


class Field(Value, frozen=True, kw_only=True):
    """One field of a family. ``type`` is ``text``, ``number``, ``truth`` or ``texts`` (a tuple of text)."""

    name: str
    type: str
    sentence: str
    may_be_null: bool
    may_be_unknown: bool


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


_TYPES: dict[str, type[values.Fact]] = {
    "change": values.ChangeFact,
    "file": values.FileFact,
    "module": values.ModuleFact,
    "symbol": values.SymbolFact,
    "parameter": values.ParameterFact,
    "option": values.OptionFact,
    "import": values.ImportFact,
    "guard": values.GuardFact,
    "call": values.CallFact,
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


@cache
def families() -> dict[str, Family]:
    """Return every family by its word, in a fixed order."""
    return {name: _family(name, kind) for name, kind in _TYPES.items()}


def records(facts: values.ChangeFacts, family: str) -> tuple[values.Fact, ...]:
    """Return the records of a family in a change; ``change`` gives exactly one."""
    if family == "change":
        return (facts.change,)
    attribute = "imports" if family == "import" else family
    found: tuple[values.Fact, ...] = getattr(facts, attribute)
    return found


def _family(name: str, kind: type[values.Fact]) -> Family:
    hints = get_type_hints(kind, include_extras=True)
    fields = tuple(_field(info.name, hints[info.name]) for info in msgspec.structs.fields(kind))
    return Family(name=name, sentence=(kind.__doc__ or "").strip(), single=name == "change", fields=fields)


def _field(name: str, hint: object) -> Field:
    annotated, *metadata = get_args(hint)
    sentence = next(meta.description for meta in metadata if isinstance(meta, msgspec.Meta))
    members = get_args(annotated) or (annotated,)
    is_texts = annotated == tuple[str, ...] or tuple[str, ...] in members
    word = "texts" if is_texts else "truth" if bool in members else "number" if int in members else "text"
    return Field(
        name=name,
        type=word,
        sentence=sentence or "",
        may_be_null=type(None) in members,
        may_be_unknown=UnsetType in members,
    )
