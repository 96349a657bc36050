"""Classes below a class, and methods that override one: read from the outlines of the modules that could hold them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from diffscope.graph.model.model import ClassName, ModuleName, Override, Subclass
from diffscope.graph.model.resolve import Definition, Resolver
from diffscope.graph.query.view import View
from diffscope.patterns import lazy_regex
from diffscope.syntax import model as syntax
from diffscope.syntax.model import DefinitionKind, Outline

_DOTTED: Final = lazy_regex(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_SUBSCRIPT: Final = lazy_regex(r"\[.*", re.DOTALL)


class _Class(NamedTuple):
    name: str
    line: int
    bases: tuple[Definition, ...]


class ClassQueries:
    """Answers for one graph. Only modules that import a class, or its module, are read in search of its subclasses."""

    def __init__(
        self, view: View, resolver: Resolver, outline_of: Callable[[ModuleName], Outline | None]
    ) -> None:
        self._view = view
        self._resolver = resolver
        self._outline_of = outline_of
        self._outlines: dict[int, Outline | None] = {}
        self._classes: dict[int, tuple[_Class, ...]] = {}

    def subclasses(self, module: ModuleName, name: str) -> tuple[Subclass, ...]:
        """Return the classes below a class, by depth, module and name."""
        index = self._view.index.get(module)
        if index is None:
            return ()
        found: dict[Definition, Subclass] = {}
        start = Definition(index, name)
        level = [start]
        depth = 0
        while level:
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
        sources = {
            self._view.index[importer.module]
            for reference, importer in self._view.imports_of(above.module)
            if self._resolver.imports(reference, above.module, top)
            or self._resolver.imports_whole(reference, above.module)
        }
        return sorted(sources | {above.module})

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
