"""Definitions of the product after a change: base classes with their members, and an index of who refers to each name.

Files that the change touches are read as they are after it, all others from the tree of the base. Nothing is resolved beyond imports
and inheritance: who names a definition in a file that can know it is taken for a caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from typing import Final, NamedTuple

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.base.imports import absolute_module
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.graph.model import EdgeLayer, ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import RepoPath
from diffscope.source.profile import places
from diffscope.syntax.model import Definition, DefinitionKind, Import, Outline
from diffscope.syntax.outline.uses import Uses

_RUNNING = frozenset({EdgeLayer.EAGER, EdgeLayer.LAZY})
_WITH_TYPES = _RUNNING | {EdgeLayer.TYPING}
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__", "__init_subclass__"})
_MODULE_LEVEL = ""
_MOST_IMPORTERS = 40


class Place(NamedTuple):
    """A definition: its file and qualified name, empty for the module itself."""

    path: str
    name: str


class CallerIndex:
    """Answers for one change; what was read is kept."""

    def __init__(self, graph: ModuleGraph, placed: Iterable[Placed]) -> None:
        self.graph = graph
        self._after: dict[str, tuple[Outline, bytes]] = {}
        self._modules: dict[str, str] = {}
        for one in placed:
            python, text = one.material.python, one.material.after
            if one.fact.category == "source" and one.fact.module and python and python.after and text:
                self._after[one.fact.path] = (python.after, text.data)
                self._modules[one.fact.module] = one.fact.path
        self._uses: dict[str, Uses] = {}
        self._above: dict[Place, frozenset[str]] = {}
        self._importers: dict[tuple[str, str, bool], tuple[str, ...]] = {}
        self._definitions: dict[str, dict[str, Definition]] = {}

    def knows(self, path: str) -> bool:
        """Return whether the text of a file can be had."""
        return self._outline(path) is not None

    def definition(self, place: Place) -> Definition | None:
        """Return a definition; ``None`` for a module, and for what is not there."""
        return self._defined(place.path).get(place.name)

    def is_class(self, place: Place) -> bool:
        """Return whether a definition is a class."""
        found = self.definition(place)
        return found is not None and found.kind is DefinitionKind.CLASS

    def _defined(self, path: str) -> dict[str, Definition]:
        if path not in self._definitions:
            outline = self._outline(path)
            self._definitions[path] = {one.name: one for one in outline.definitions} if outline else {}
        return self._definitions[path]

    def _outline(self, path: str) -> Outline | None:
        return self._after[path][0] if path in self._after else self.graph.outline_at(RepoPath(path))

    def naming_in(self, path: str, name: str, forms: frozenset[str]) -> Iterator[str]:
        """Yield the definitions of a file that use a name in one of some forms; none where its text is not available."""
        if path not in self._uses:
            outline, text = self._after.get(path, (None, self.graph.text_at(RepoPath(path))))
            read = partial(self.graph.outline_at, RepoPath(path)) if outline is None else lambda: outline
            self._uses[path] = Uses(text or b"", read)
        return self._uses[path].naming(name, forms)

    def classes(self, place: Place) -> frozenset[str]:
        """Return the last names of a class and of those above it, of the tree or not."""
        if place not in self._above:
            self._above[place] = frozenset()  # what a ring of bases leads back to adds nothing
            found = {place.name.rpartition(".")[2]}
            for base, where in self._bases(place):
                found.add(base.rpartition(".")[2])
                if where is not None:
                    found |= self.classes(where)
            self._above[place] = frozenset(found)
        return self._above[place]

    def declaring(self, place: Place) -> Iterator[Place]:
        """Yield the same member of classes above the member's own, where the tree defines one."""
        owner, _, member = place.name.rpartition(".")
        pending, seen = [Place(place.path, owner)] if owner else [], set[Place]()
        while pending:
            each = pending.pop(0)
            seen.add(each)
            above = [where for _, where in self._bases(each) if where is not None and where not in seen]
            pending += above
            for one in above:
                declared = Place(one.path, f"{one.name}.{member}")
                if self.definition(declared):
                    yield declared

    def members(self, owner: Place) -> list[str]:
        """Return the qualified names of what stands in a class, sorted."""
        return sorted(name for name in self._defined(owner.path) if name.rpartition(".")[0] == owner.name)

    def naming(self, name: str) -> tuple[str, ...]:
        """Return the files that import a class of this name, wherever it is defined, by path."""
        rows = (edge for edge, _ in self.graph.rows() if edge.row and edge.row.partition(":")[0] == name)
        found = {path for edge in rows if (path := self.graph.path_of(edge.source))}
        importers = {each for path in found for each in self._who_imports(path, name, is_member=False)}
        return tuple(sorted(importers))

    def _bases(self, place: Place) -> Iterator[tuple[str, Place | None]]:
        found, outline = self.definition(place), self._outline(place.path)
        for written in found.bases if found and outline else ():
            base = written.partition("[")[0].strip()
            yield base, self._class_at(place, base, outline) if outline else None

    def _class_at(self, place: Place, base: str, outline: Outline) -> Place | None:
        if base == place.name:
            return None
        if base in self._defined(place.path):
            return Place(place.path, base)
        module, name = origin_of(place.path, base, outline.imports)
        if module in self._modules and name in self._defined(self._modules[module]):
            return Place(self._modules[module], name)
        found = self.graph.definition_of(ModuleName(module), name) if module and name else None
        path = self.graph.path_of(found.module) if found else None
        return Place(path, found.name) if found and path and found.name else None

    def callers(self, place: Place) -> list[Place]:
        """Return the definitions that name one, in its own file and in those that import it, sorted; the module's own statements last."""
        name, forms, top, is_member = self._forms(place)
        found = {
            Place(path, owner)
            for path in (place.path, *self._who_imports(place.path, top, is_member=is_member))
            for owner in self.naming_in(path, name, forms)
        } - {place, Place(place.path, top)}
        return sorted(found, key=lambda one: (one.name == _MODULE_LEVEL, one))

    def is_called(self, name: str, callers: Iterable[Place]) -> bool:
        """Return whether one of those that name a function calls it, by its last name; else it is only handed on."""
        forms = frozenset((f"{name}(", f".{name}("))
        return any(each.name in self.naming_in(each.path, name, forms) for each in callers)

    def importing_new(self, path: str) -> tuple[str, ...]:
        """Return the changed files that import a file which the base does not have, by path."""
        own = {module for module, where in self._modules.items() if where == path}
        found = (
            where
            for where, (outline, _) in self._after.items()
            for item in outline.imports
            if where != path and origin_of(where, item.alias or item.name or item.module, (item,))[0] in own
        )
        return tuple(sorted(set(found)))

    def _forms(self, place: Place) -> tuple[str, frozenset[str], str, bool]:
        """Return the name of a definition where it is used, in which forms, the top-level name that is imported for it, and whether that stands for objects."""
        owner, _, last = place.name.rpartition(".")
        top = place.name.partition(".")[0]
        if self.is_class(place):
            return last, frozenset({last, f".{last}"}), top, True
        if owner and last in _CONSTRUCTORS:
            name = owner.rpartition(".")[2]
            return name, frozenset({f"{name}(", f".{name}("}), top, False
        if owner and last.startswith("__"):
            name = owner.rpartition(".")[2]
            return name, frozenset({name, f".{name}"}), top, True
        if owner:
            return last, frozenset({f".{last}"}), top, True
        return last, frozenset({last, f".{last}"}), top, False

    def _who_imports(self, path: str, name: str, *, is_member: bool) -> tuple[str, ...]:
        key = (path, name, is_member)
        if key not in self._importers:
            found = self._read_importers(path, name, is_member=is_member)
            self._importers[key] = tuple(sorted(found, key=self._rank)[:_MOST_IMPORTERS])
        return self._importers[key]

    def _rank(self, path: str) -> tuple[bool, bool, str]:
        # What a hub is imported by is cut off: the serving path and what this change edits come first.
        return path not in self._serving, path not in self._after, path

    @cached_property
    def _serving(self) -> frozenset[str]:
        paths = (self.graph.path_of(each) for each in self.graph.serving_modules)
        return frozenset(path for path in paths if path)

    def _read_importers(self, path: str, name: str, *, is_member: bool) -> set[str]:
        layers = _WITH_TYPES if is_member else _RUNNING
        found: set[str] = set()
        module = self.graph.module_of(RepoPath(path))
        if module is not None:
            sources = self.graph.modules_naming(module, name, layers)
            found |= {path_of for each in sources if (path_of := self.graph.path_of(each))}
        own = {module for module, where in self._modules.items() if where == path}
        for where, (outline, _) in self._after.items():
            for item in outline.imports:
                bound = item.alias or item.name or item.module
                if item.name == name and origin_of(where, bound, (item,))[0] in own:
                    found.add(where)
        return {where for where in found if not places().is_test(where)} - {path}


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


def new_bases(placed: Placed, change: ChangedSymbol, lookup: TreeLookup | None) -> tuple[str, ...]:
    """Return the bases that a class has newly, as written, without those that it had through another one."""
    earlier = placed.material.python.before if placed.material.python is not None else None
    if change.before is None or change.after is None or change.before.bases == change.after.bases:
        return ()
    had, imports = {*change.before.bases}, earlier.imports if earlier is not None else ()
    for base in change.before.bases:
        module, name = origin_of(placed.fact.path, base.partition("[")[0], imports)
        had |= (
            {each.rpartition(".")[2] for _, each in lookup.lineage(module, name)}
            if lookup and name
            else set()
        )
    return tuple(base for base in change.after.bases if base not in had)
