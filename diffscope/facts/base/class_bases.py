"""Base classes of the classes in a change, after the change, with their members."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.base.imports import absolute_module
from diffscope.facts.change.changed_file import Placed
from diffscope.syntax.model import Import, Outline

_MODULE_MEMBERS: Final = frozenset(
    {"forward", "train", "eval", "to", "cuda", "cpu", "half", "float", "bfloat16", "apply", "parameters", "named_parameters"}
    | {"modules", "named_modules", "children", "named_children", "buffers", "named_buffers", "state_dict", "load_state_dict"}
    | {"register_parameter", "register_buffer", "get_submodule", "get_parameter", "extra_repr", "requires_grad_", "zero_grad", "compile"}
    | {"training", "add_module", "register_module", "type", "double", "share_memory", "to_empty"}
)  # fmt: skip
_ENUM_MEMBERS: Final = frozenset({"name", "value", "_missing_", "_generate_next_value_"})
_MODEL_MEMBERS: Final = frozenset(
    {"model_dump", "model_dump_json", "model_validate", "model_validate_json", "model_copy", "model_fields", "model_config"}
    | {"dict", "json", "copy", "parse_obj", "model_post_init", "model_json_schema"}
)  # fmt: skip
_KNOWN: Final = {
    "Module": _MODULE_MEMBERS,
    "BaseModel": _MODEL_MEMBERS,
    **dict.fromkeys(("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"), _ENUM_MEMBERS),
    **dict.fromkeys(
        ("object", "ABC", "Protocol", "Generic", "NamedTuple", "TypedDict", "Struct"), frozenset[str]()
    ),
    **dict.fromkeys(
        ("Exception", "ValueError", "RuntimeError", "Action", "ArgumentParser"), frozenset[str]()
    ),
}
"""Bases outside of the tree, by their last names, with the members that code of the tree may rely on."""
_NOTHING: Final = frozenset[str]()


class ClassBases:
    """The classes above those of the change: in the change itself as it leaves them, else in the tree.

    Without ``of_libraries`` the classes of other projects have nothing; with them, some are known and the others are unknown.
    """

    def __init__(self, placed: Iterable[Placed], lookup: TreeLookup, *, of_libraries: bool = True) -> None:
        self._lookup = lookup
        self._of_libraries = of_libraries
        listed = tuple(placed)
        self._outlines: dict[str, tuple[str, Outline]] = {
            one.fact.path: (one.fact.module or "", one.material.python.after)
            for one in listed
            if one.material.python is not None and one.material.python.after is not None
        }
        self._paths = {module: path for path, (module, _) in self._outlines.items()}
        self._touched = {name for one in listed for name in (one.fact.path, one.fact.old_path) if name}

    def declare(self, path: str, member: str) -> bool:
        """Return whether a class above a member's class has a member of its name."""
        return self.inherits(path, member) is True

    def inherits(self, path: str, member: str) -> bool | None:
        """Return whether a class above a member's class has a member of its name; ``None`` where a base lies outside of what is known."""
        owner, _, name = member.rpartition(".")
        return self._above(path, owner, name, set()) if path in self._outlines else None

    def _above(self, path: str, owner: str, member: str, seen: set[tuple[str, str]]) -> bool | None:
        if (path, owner) in seen:
            return False
        seen.add((path, owner))
        outline = self._outlines[path][1]
        bases = next((one.bases for one in outline.definitions if one.name == owner and one.bases), ())
        written = (base.partition("[")[0] for base in bases)
        return _any(self._has(path, base, member, seen) for base in written if base != owner)

    def _has(self, path: str, base: str, member: str, seen: set[tuple[str, str]]) -> bool | None:
        outline = self._outlines[path][1]
        own = {one.name for one in outline.definitions}
        if base in own:
            return f"{base}.{member}" in own or self._above(path, base, member, seen)
        module, name = origin_of(path, base, outline.imports)
        where = self._paths.get(module)
        if (
            where is not None
            and where != path
            and any(one.name == name for one in self._outlines[where][1].definitions)
        ):
            return self._has(where, name, member, seen)
        lineage = self._lookup.lineage(module, name) if name else ()
        return self._in_tree(lineage, member, seen) if lineage else self._outside(base, member)

    def _in_tree(
        self, lineage: tuple[tuple[str, str], ...], member: str, seen: set[tuple[str, str]]
    ) -> bool | None:
        """Return what classes of the base have; those whose file the change edits are taken as it leaves them."""
        names = {name.rpartition(".")[2] for _, name in lineage}
        found: list[bool | None] = []
        for path, name in lineage:
            if path in self._touched:
                known = path in self._outlines
                found.append(
                    self._has(path, name, member, seen) if known and self._defines(path, name) else None
                )
                continue
            members, bases = self._lookup.class_at(path, name)
            found.append(member in members)
            outside = (base.partition("[")[0] for base in bases)
            found += [self._outside(base, member) for base in outside if base.rpartition(".")[2] not in names]
        return _any(found)

    def _outside(self, base: str, member: str) -> bool | None:
        members = _KNOWN.get(base.rpartition(".")[2]) if self._of_libraries else _NOTHING
        return None if members is None else member in members

    def _defines(self, path: str, name: str) -> bool:
        return any(one.name == name for one in self._outlines[path][1].definitions)


def _any(answers: Iterable[bool | None]) -> bool | None:
    listed = tuple(answers)
    return True if True in listed else None if None in listed else False


def origin_of(path: str, written: str, imports: Iterable[Import]) -> tuple[str, str]:
    """Return the module and the name there of a base as written; empty where the file does not tell."""
    head, _, rest = written.partition(".")
    for item in imports:
        bound = item.alias or item.name or item.module
        module = absolute_module(path, item)
        if item.name and bound == head:
            return (f"{module}.{item.name}", rest) if rest else (module, item.name)
        if item.name is None and written.startswith(f"{bound}."):
            return module, written.removeprefix(f"{bound}.")
    return "", ""
