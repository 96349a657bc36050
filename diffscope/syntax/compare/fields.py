"""Whether the order and the annotations of a class's fields affect behaviour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from diffscope.patterns import lazy_regex
from diffscope.source.profile import profile
from diffscope.syntax.model import DefinitionKind
from diffscope.syntax.nodes import resolve, text_of
from diffscope.syntax.normalize.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node

Classes = Mapping[str, Unit]
"""The classes of one side, by qualified name."""

_DATACLASSES: Final = frozenset({"dataclass", "define", "frozen", "mutable", "attrs"})
"""Decorators that make fields of annotations, by their last name."""
_ATTRS: Final = frozenset({"attr.s", "attr.attrs", "attr.ib"})
_TUPLES: Final = frozenset({"NamedTuple"})
_STRUCTS: Final = frozenset({"Struct"})
_MODELS: Final = frozenset({"BaseModel", "BaseSettings", "RootModel", "SQLModel"})
_ENUMS: Final = ("Enum", "Flag")
_PLAIN: Final = frozenset(
    {
        "object", "ABC", "Protocol", "Generic", "TypedDict", "Module", "Exception", "BaseException", "ValueError", "RuntimeError", "TestCase",
        "Thread", "Process", "dict", "list", "str", "int", "float", "tuple", "set", *_MODELS,
    }
)  # fmt: skip
"""Bases whose subclasses do not number their fields."""
_CLASS_VARIABLE: Final = lazy_regex(r"""["']?(?:\w+\.)*(?:ClassVar|Final)\b""")
_KEYWORDS_ONLY: Final = lazy_regex(r"(?:\w+\.)?KW_ONLY")
_MOST_BASES: Final = 30


def order_counts(unit: Unit, classes: Classes, fields: Sequence[Unit]) -> bool:
    """Return whether the order of a class's fields decides anything: how it is constructed, compared, numbered or encoded.

    So for an enumeration, a named tuple, a data class, a struct that is not made by keywords alone, and for a class of unknown bases or
    decorators that declares fields without values, which nothing but such a class needs.
    """
    bases = list(_bases(unit, classes))
    names = {name for _, name in bases}
    if any(name.endswith(_ENUMS) for name in names) or names & _TUPLES:
        return True
    if names & _STRUCTS or any("array_like" in _keywords(each) for each, _ in bases):
        is_array = any(_keywords(each).get("array_like") == "True" for each, _ in bases)
        return is_array or _keywords(unit).get("kw_only") != "True"
    if _is_dataclass(unit):
        text = " ".join(unit.definition.decorators).replace(" ", "")
        return "kw_only=True" not in text or "order=True" in text
    strange = {name for name in names - _PLAIN - _own_names(classes) if not _is_model(name)}
    unknown = unit.definition.decorators or strange
    return bool(unknown) and any(_is_bare(field) for field in fields)


def read_order(unit: Unit, fields: Sequence[Unit]) -> list[Unit | None]:
    """Return the fields that are told by their place, in order; ``None`` where those begin that are told by name alone."""
    if any(name.endswith(_ENUMS) for name in _own_bases(unit)):
        return [field for field in fields if field.definition.annotation is None]
    found: list[Unit | None] = []
    for field in fields:
        annotation = field.definition.annotation
        if annotation is None:
            # Of an enumeration whose base is another one of the file.
            found += [field] if field.definition.value is not None else []
        elif _KEYWORDS_ONLY.fullmatch(annotation):
            return [*found, None]
        elif not _CLASS_VARIABLE.match(annotation) and "kw_only=True" not in (field.definition.value or ""):
            found.append(field)
    return found


def annotations_count(field: Unit, classes: Classes) -> bool:
    """Return whether a field's annotation is read at run time, by what makes its class."""
    owner = classes.get(field.name.rpartition(".")[0])
    if field.kind is not DefinitionKind.VARIABLE or owner is None:
        return False
    if _is_dataclass(owner):
        return True
    return any(name in _TUPLES or name in _STRUCTS or _is_model(name) for _, name in _bases(owner, classes))


def _bases(unit: Unit, classes: Classes) -> Iterator[tuple[Unit, str]]:
    """Yield the last names of the bases of a class and of those of its bases that stand in the file, with the class that has them."""
    pending, seen = [unit], {unit.name}
    while pending and len(seen) < _MOST_BASES:
        each = pending.pop()
        yield each, ""
        yield from ((each, name) for name in _own_bases(each))
        for base in each.definition.bases:
            known = classes.get(base)
            if known is not None and known.name not in seen:
                seen.add(known.name)
                pending.append(known)


def _own_names(classes: Classes) -> frozenset[str]:
    return frozenset({"", *(name.rpartition(".")[2] for name in classes)})


def _is_model(name: str) -> bool:
    """Return whether a base makes a model of annotations; a base of models says so by its name."""
    return name in _MODELS or name.endswith("BaseModel")


def _own_bases(unit: Unit) -> Iterator[str]:
    """Yield the last names of the bases of a class; a metaclass makes what the base that it is named for does."""
    for base in unit.definition.bases:
        name = base.partition("[")[0].partition("(")[0]
        yield (resolve(name, unit.origins) or name).rpartition(".")[2]
    if metaclass := _keywords(unit).get("metaclass"):
        yield metaclass.rpartition(".")[2].removesuffix("Meta").removesuffix("Type")


def _is_dataclass(unit: Unit) -> bool:
    names = [decorator.partition("(")[0].strip() for decorator in unit.definition.decorators]
    names += [origin for name in names if (origin := resolve(name, unit.origins))]
    known = _DATACLASSES.union(profile().code.dataclasses)
    return any(name.rpartition(".")[2] in known or name in _ATTRS for name in names)


def _is_bare(field: Unit) -> bool:
    annotation = field.definition.annotation
    return annotation is not None and field.definition.value is None and not _CLASS_VARIABLE.match(annotation)


def _keywords(unit: Unit) -> dict[str, str]:
    arguments = unit.inner.child_by_field_name("superclasses")
    return dict(_keyword(child) for child in (arguments.named_children if arguments is not None else ()))


def _keyword(node: Node) -> tuple[str, str]:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if node.type != "keyword_argument" or name is None or value is None:
        return "", ""
    return text_of(name), text_of(value)
