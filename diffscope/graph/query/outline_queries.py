"""Queries that read outlines of modules: classes below a class and methods that override one; operators, the functions that wrap them, and the devices they are built for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from diffscope.graph.model import ClassName, EdgeLayer, ModuleName, NodeKind, Override, Subclass, Wrapper
from diffscope.graph.query.view import View
from diffscope.graph.resolve import SOURCES, Definition, Resolver, is_test_file
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.source.profile import places
from diffscope.syntax import model as syntax
from diffscope.syntax.model import DefinitionKind, Outline

_DOTTED: Final = lazy_regex(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_SUBSCRIPT: Final = lazy_regex(r"\[.*", re.DOTALL)
_HEADER: Final = lazy_regex(
    rb"class[\s\\]+[^\s(\[:][^(\[:]*[(\[](.*?)(?:\)[\s\\]*:[ \t\r]*(?:#[^\n]*)?$|\Z)",
    re.DOTALL | re.MULTILINE,
)
"""From the bases of a class to the first line that ends as a header does: all of it, and mostly no more."""
_NAME: Final = lazy_regex(rb"[^\W\d]\w*")
_ALIAS: Final = lazy_regex(rb"[\s\\]as[\s\\]+([^\W\d]\w*)")
_LONGEST: Final = 200
"""Bytes in front of ``as`` in which the name is looked for."""


class _Class(NamedTuple):
    name: str
    line: int
    bases: tuple[Definition, ...]


class ClassQueries:
    """Answers for one graph. Only modules that import a class, or its module, and name it among the bases of a class are read in search of its subclasses."""

    def __init__(
        self,
        view: View,
        resolver: Resolver,
        outline_of: Callable[[ModuleName], Outline | None],
        bases_of: Callable[[ModuleName], frozenset[bytes] | None],
    ) -> None:
        self._view = view
        self._resolver = resolver
        self._outline_of = outline_of
        self._bases_of = bases_of
        self._outlines: dict[int, Outline | None] = {}
        self._classes: dict[int, tuple[_Class, ...]] = {}
        self._below: dict[tuple[Definition, int | None], tuple[Subclass, ...]] = {}

    def subclasses(self, module: ModuleName, name: str, most: int | None = None) -> tuple[Subclass, ...]:
        """Return the classes below a class, down to a depth of ``most``, by depth, module and name."""
        index = self._view.index.get(module)
        if index is None:
            return ()
        start = Definition(index, name)
        if (start, most) not in self._below:
            self._below[start, most] = self._search_below(start, most)
        return self._below[start, most]

    def _search_below(self, start: Definition, most: int | None) -> tuple[Subclass, ...]:
        found: dict[Definition, Subclass] = {}
        level = [start]
        depth = 0
        while level and depth != most:
            depth += 1
            below = sorted(
                (Definition(candidate, each.name), each.line)
                for above in level
                for candidate in self._candidates(above)
                for each in self._read_classes(candidate)
                if above in each.bases
            )
            level = []
            for definition, line in below:
                if definition not in found and definition != start:
                    named = self._view.name(definition.module)
                    found[definition] = Subclass(module=named, name=definition.name, line=line, depth=depth)
                    level.append(definition)
        return tuple(sorted(found.values(), key=lambda each: (each.depth, each.module, each.name)))

    def superclasses(self, module: ModuleName, name: str) -> tuple[ClassName, ...]:
        """Return the classes of the tree above a class, nearest first, in the order of their lines."""
        index = self._view.index.get(module)
        if index is None:
            return ()
        start = Definition(index, name)
        found: dict[Definition, None] = {}
        level = [start]
        while level:
            above = (
                base
                for each in level
                for known in self._read_classes(each.module)
                if known.name == each.name
                for base in known.bases
            )
            level = [
                base
                for base in dict.fromkeys(above)
                if base not in found and base != start and self._is_class(base)
            ]
            found.update(dict.fromkeys(level))
        return tuple(ClassName(module=self._view.name(each.module), name=each.name) for each in found)

    def lineage(self, module: ModuleName, name: str) -> tuple[ClassName, ...]:
        """Return a class, by its name in a module, and the classes of the tree above it, nearest first; nothing for what is no class."""
        index = self._view.index.get(module)
        if index is None:
            return ()
        found = self._resolver.follow(index, name)
        if not self._is_class(found):
            return ()
        here = self._view.name(found.module)
        return ClassName(module=here, name=found.name), *self.superclasses(here, found.name)

    def declares(self, module: ModuleName, name: str, member: str) -> bool:
        """Return whether a class, by its name in a module, or one above it defines a member."""
        index = self._view.index.get(module)
        if index is None:
            return False
        found = self._resolver.follow(index, name)
        here = self._view.name(found.module)
        owners = (ClassName(module=here, name=found.name), *self.superclasses(here, found.name))
        return any(
            each.name == f"{owner.name}.{member}"
            for owner in owners
            if (outline := self._read_outline(self._view.index[owner.module]))
            for each in outline.definitions
        )

    def overrides(self, module: ModuleName, name: str, method: str) -> tuple[Override, ...]:
        """Return the methods of that name in the classes below, by depth, module and class."""
        return tuple(
            Override(module=each.module, class_name=each.name, line=found.line, parameters=found.parameters)
            for each in self.subclasses(module, name)
            for found in self._methods(each, method)
        )

    def _methods(self, owner: Subclass, method: str) -> Iterator[syntax.Definition]:
        outline = self._read_outline(self._view.index[owner.module])
        wanted = f"{owner.name}.{method}"
        for each in outline.definitions if outline else ():
            if each.name == wanted and each.kind is DefinitionKind.METHOD:
                yield each

    def _candidates(self, above: Definition) -> list[int]:
        """Return the modules that could hold a direct subclass: its own, and those that import it or its module whole."""
        top = above.name.partition(".")[0]
        written = {above.module: {top}}
        for reference, records in self._view.imports_of(above.module).items():
            if self._resolver.imports(reference, above.module, top):
                name = self._resolver.read(reference).tail
            elif self._resolver.imports_whole(reference, above.module):
                name = top
            else:
                continue
            for record in records:
                written.setdefault(record.source, set()).add(name)
        return sorted(module for module, names in written.items() if self._may_derive(module, names))

    def _may_derive(self, module: int, names: set[str]) -> bool:
        """Return whether one of some names stands among the bases of a class, as it is or as what it is imported as: a glance that spares an outline."""
        bases = self._bases_of(self._view.name(module))
        return bases is None or not bases.isdisjoint(name.encode() for name in names)

    def _is_class(self, definition: Definition) -> bool:
        return any(each.name == definition.name for each in self._read_classes(definition.module))

    def _read_outline(self, module: int) -> Outline | None:
        if module not in self._outlines:
            self._outlines[module] = self._outline_of(self._view.name(module))
        return self._outlines[module]

    def _read_classes(self, module: int) -> tuple[_Class, ...]:
        if module not in self._classes:
            outline = self._read_outline(module)
            definitions = outline.definitions if outline else ()
            own = {each.name for each in definitions if each.kind is DefinitionKind.CLASS}
            self._classes[module] = tuple(
                _Class(each.name, each.line, tuple(self._bases(module, each.bases, own)))
                for each in definitions
                if each.kind is DefinitionKind.CLASS
            )
        return self._classes[module]

    def _bases(self, module: int, bases: tuple[str, ...], own: set[str]) -> Iterator[Definition]:
        for written in bases:
            base = _SUBSCRIPT.sub("", written).strip()
            if base in own:
                yield Definition(module, base)
            elif _DOTTED.fullmatch(base):
                yield self._resolver.lookup(module, base)


def bases_in(text: bytes) -> frozenset[bytes]:
    """Return the names that stand among the bases of the classes of a file, what they are imported as, and a few others."""
    bases = {name for header in _HEADER.findall(text) for name in _NAME.findall(header)}
    aliases = (found for found in _ALIAS.finditer(text) if found[1] in bases)
    before = (text[max(0, found.start() - _LONGEST) : found.start() + 1] for found in aliases)
    return frozenset(bases.union(*(_NAME.findall(each)[-1:] for each in before)))


_NATIVE: Final = frozenset({EdgeLayer.OP, EdgeLayer.INCLUDE})
_OP: Final = frozenset({EdgeLayer.OP})
_NATIVE_KINDS: Final = (NodeKind.NATIVE, NodeKind.OPERATOR, NodeKind.BUILD)
_FUNCTIONS: Final = frozenset({DefinitionKind.FUNCTION, DefinitionKind.METHOD})
_FOLDERS: Final = {"cpu": "cpu", "rocm": "rocm", "xpu": "xpu"}
_LANGUAGE: Final = lazy_regex(r"STREQUAL (CUDA|HIP)\b")
_GPU: Final = (".cu", ".hip")
_DEVICES: Final = {"CUDA": "cuda", "HIP": "rocm"}


_Naming = Callable[[str], tuple[RepoPath, ...] | None]

_COMMON: Final = 60
"""A word in more test files than that (``forward``) tells none of them from the others."""


class OperatorQueries:
    """Answers for one graph."""

    def __init__(self, view: View, outline_of: Callable[[ModuleName], Outline | None]) -> None:
        self._view = view
        self._outline_of = outline_of

    def of(self, module: ModuleName) -> tuple[ModuleName, ...]:
        """Return the operators that a native source has a part in, nearest first; for an operator, itself."""
        index = self._view.index.get(module)
        if index is None or self._view.kind(index) not in _NATIVE_KINDS:
            return ()
        steps = self._native_users(index)
        operators = [
            each
            for each in steps
            if self._view.kind(each) is NodeKind.OPERATOR and not self._is_of_tests(each)
        ]
        return self._view.named(sorted(operators, key=lambda each: (steps[each], each)))

    def wrappers(self, operator: ModuleName) -> tuple[Wrapper, ...]:
        """Return the Python functions of the product whose body names an operator, by module and line."""
        index = self._view.index.get(operator)
        if index is None:
            return ()
        found = []
        for source in self._view.adjacency(_OP).reverse[index]:
            if self._view.kind(source) in (NodeKind.MODULE, NodeKind.PACKAGE):
                lines = [edge.line for edge in self._view.edges(source, _OP) if edge.target == operator]
                found += self._enclosing(self._view.name(source), lines)
        return tuple(sorted(set(found), key=lambda each: (each.module, each.line)))

    def tests(self, module: ModuleName, naming: _Naming) -> tuple[RepoPath, ...]:
        """Return the test files of a native source, by path within each tier; ``naming`` tells which tests name a word.

        First callers of its operators or of its extension, then those that name an operator, then those that name a wrapper.
        """
        index = self._view.index.get(module)
        if index is None:
            return ()
        operators = self.of(module)
        users = {index, *(self._view.index[each] for each in operators)}
        near = self._view.adjacency({EdgeLayer.OP, EdgeLayer.EAGER, EdgeLayer.TEST})
        callers = [
            RepoPath(self._view.tables.paths[each]) for user in sorted(users) for each in near.reverse[user]
        ]
        words = [operator.rpartition(".")[2] for operator in operators]
        # Of a method the class tells more: ``forward`` and ``register`` are everywhere.
        wrappers = [
            each.function.partition(".")[0] for operator in operators for each in self.wrappers(operator)
        ]
        tiers = (callers, _named(words, naming), _named(wrappers, naming))
        return tuple(
            dict.fromkeys(path for tier in tiers for path in sorted(set(tier)) if is_test_file(path))
        )

    def _native_users(self, index: int) -> dict[int, int]:
        """Return the native code and operators that use a node, with the steps to each.

        Python ends the walk: what it registers itself calls more than this, and is a caller and no operator of native code.
        """
        near = self._view.adjacency(_NATIVE)
        steps = {index: 0}
        level = [index]
        while level:
            users = {user for each in level for user in near.reverse[each]}
            if level == [index]:
                users.update(near.reverse_transit[index])
            new = sorted(
                user for user in users if user not in steps and self._view.kind(user) in _NATIVE_KINDS
            )
            steps.update(dict.fromkeys(new, steps[level[0]] + 1))
            level = [each for each in new if self._view.kind(each) is not NodeKind.OPERATOR]
        return steps

    def _is_of_tests(self, operator: int) -> bool:
        """Say whether tests register an operator for themselves, whatever they make of it."""
        providers = self._view.adjacency(_OP).forward[operator]
        return bool(providers) and all(self._view.kind(each) is NodeKind.TEST for each in providers)

    def devices(self, module: ModuleName) -> tuple[str, ...]:
        """Return the devices that a native source is built for (cpu, cuda, rocm, xpu), sorted; none when nothing tells.

        A source is told by its folder and by the conditions around its place in the build files, a header by what includes it.
        """
        index = self._view.index.get(module)
        if index is None or self._view.kind(index) is not NodeKind.NATIVE:
            return ()
        seen = [index]
        devices: set[str] = set()
        for each in seen:
            name = self._view.name(each)
            folder = name.split("/")[1]
            if folder in _FOLDERS:
                devices.add(_FOLDERS[folder])
            elif name.endswith((*SOURCES, ".py")):
                devices |= self._listed_for(each) or (
                    set(_DEVICES.values()) if name.endswith(_GPU) else set()
                )
            else:
                seen += [user for user in self._includers(each) if user not in seen]
        return tuple(sorted(devices))

    def _includers(self, header: int) -> list[int]:
        name = self._view.name(header)
        return [
            user
            for user in self._view.adjacency({EdgeLayer.INCLUDE}).reverse[header]
            if self._view.name(user).startswith(places().native)
            and any(
                edge.target == name and not edge.detail
                for edge in self._view.edges(user, {EdgeLayer.INCLUDE})
            )
        ]

    def _listed_for(self, source: int) -> set[str]:
        name = self._view.name(source)
        near = self._view.adjacency({EdgeLayer.INCLUDE})
        found: set[str] = set()
        for user in near.reverse[source]:
            if self._view.kind(user) is not NodeKind.BUILD:
                continue
            if "cpu" in self._view.name(user).rpartition("/")[2]:
                found.add("cpu")
                continue
            for edge in self._view.edges(user, {EdgeLayer.INCLUDE}):
                if edge.target == name:
                    found |= _devices_under(edge.guard or "")
        return found

    def _enclosing(self, module: ModuleName, lines: list[int]) -> list[Wrapper]:
        outline = self._outline_of(module)
        functions = [each for each in outline.definitions if each.kind in _FUNCTIONS] if outline else []
        found = []
        for line in lines:
            around = [each for each in functions if each.start <= line <= each.end]
            if around:
                inner = max(around, key=lambda each: each.start)
                found.append(Wrapper(module=module, function=inner.name, line=inner.line))
        return found


def _devices_under(conditions: str) -> set[str]:
    """Return the devices that all conditions leave: an inner one narrows what an outer one allows."""
    left: set[str] = set()
    for condition in conditions.split(" and "):
        named = {_DEVICES[word] for word in _LANGUAGE.findall(condition)}
        if condition.startswith("not ("):
            named = set(_DEVICES.values()) - named if named else named
        left = (left & named or left) if left and named else left | named
    return left


def _named(words: list[str], naming: _Naming) -> list[RepoPath]:
    """Return the files that name one of some words, common words left out."""
    found = [naming(word) or () for word in dict.fromkeys(words) if not word.startswith("__")]
    return [path for paths in found if len(paths) <= _COMMON for path in paths]
