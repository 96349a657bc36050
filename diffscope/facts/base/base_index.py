"""Queries of the base graph, with answers as the facts need them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from diffscope.facts.model import ModuleFact
from diffscope.graph.model import EdgeLayer, ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import RepoPath, Value
from diffscope.source.profile import places
from diffscope.syntax.model import Parameter
from diffscope.syntax.outline.uses import Uses, words_of_test

_TEST_DEPTH = 2
_EAGER = frozenset({EdgeLayer.EAGER})
_BY_NAME = frozenset(EdgeLayer) - {EdgeLayer.OP, EdgeLayer.INCLUDE}
_OP_LAYER = frozenset({EdgeLayer.OP})
_OPERATORS = "torch.ops."
_RARE = 8
"""Test files that name a word, up to which the word is taken for a name of its own and not for a common verb."""
_MOST_PLACES = 20
"""Places named per symbol; a reviewer reads the first few and the count of the rest says little more."""


class Relative(Value, frozen=True, kw_only=True):
    """A method that overrides a changed one, or stands beside it under the same base."""

    path: str
    line: int
    name: str
    """``Class.method``."""
    parameters: tuple[Parameter, ...]
    base: str
    """The class that both come from."""


class AfterModule(NamedTuple):
    """What a changed module is after the change, at its top."""

    names: frozenset[str]
    """What it binds; ``*`` where it takes over all names of another."""
    imports: frozenset[str]
    """What it imports eagerly: modules, and every imported name as if it were one."""


class TreeLookup:
    """The graph of the base seen from one change: paths that the change touches are left out of the answers."""

    def __init__(
        self,
        graph: ModuleGraph,
        touched: Iterable[str],
        test_texts: Iterable[str] = (),
        after: Mapping[str, AfterModule] = {},
    ) -> None:
        self._graph = graph
        self._touched = frozenset(touched)
        self._test_texts = tuple(test_texts)
        self._after = after

    def locate(self, module: ModuleFact, path: str) -> ModuleFact:
        """Return the module's fact with its place in the graph; a module the base does not have is reached by nothing yet."""
        name = self._graph.module_of(RepoPath(path))
        if name is None:
            return msgspec.structs.replace(
                module,
                distance=None,
                entry=None,
                chain=None,
                fan_in=0,
                reach=0,
                lazy_fan_in=0,
                registry_fan_in=0,
                tests_within_two=0,
            )
        serving = self._graph.serving_distance(name)
        # Of no path at all no distance is known.
        none = None if self._graph.serving_modules else UNSET
        users = self._graph.users(name)
        return msgspec.structs.replace(
            module,
            distance=serving.steps if serving else none,
            entry=serving.entry if serving else none,
            chain=" -> ".join(serving.chain.modules) if serving else none,
            fan_in=len(users.get(EdgeLayer.EAGER, ())),
            reach=len(self._graph.reach(name, depth=2)),
            lazy_fan_in=len(users.get(EdgeLayer.LAZY, ())),
            registry_fan_in=len({*users.get(EdgeLayer.REGISTRY, ()), *users.get(EdgeLayer.STRING, ())}),
            tests_within_two=len(self._tests_near(name)),
            asked_for=self._graph.asked_for_by(RepoPath(path)),
        )

    def users(self, path: str, symbol: str) -> tuple[str, ...]:
        """Return ``path:line`` of imports of a top-level symbol from files outside the change.

        Left out is who imports it through a module that the change edits and that goes on binding the name.
        """
        name = self._graph.module_of(RepoPath(path))
        if name is None or "." in symbol:
            return ()
        found_at = [
            (self._graph.path_of(one.module), one.line)
            for one in self._graph.importers_of_symbol(name, symbol)
            if not (one.through and self.binds(one.through, symbol))
        ]
        found = sorted(
            {(where, line) for where, line in found_at if where and where not in self._touched},
            # What a release ships comes first: it is what is left where the list is cut.
            key=lambda place: (places().is_test(place[0]), place),
        )
        return tuple(f"{where}:{line}" for where, line in found[:_MOST_PLACES])

    def module_at(self, path: str) -> str | None:
        """Return the module of the base that a file is; ``None`` where the base has none there."""
        return self._graph.module_of(RepoPath(path))

    def is_on(self, variable: str) -> bool:
        """Return whether a variable of the environment is on unless somebody sets it, by where the base declares its default."""
        declared = self._graph.environment.definitions if self._graph.environment else ()
        return any(one.value in ("True", "1", '"1"') for one in declared if one.name == variable)

    def uses_at(self, path: str) -> Mapping[str, frozenset[str]]:
        """Return the names that each definition of a file of the base uses; none where its text is not available."""
        text = self._graph.text_at(RepoPath(path)) or b""
        return Uses(text, partial(self._graph.outline_at, RepoPath(path))).by_definition()

    def kin(self, module: str, name: str) -> tuple[tuple[str, str], ...]:
        """Return path and name of the classes directly below a class of the base, by its name in a module that has it."""
        found = self._graph.definition_of(ModuleName(module), name)
        below = self._graph.classes.subclasses(found.module, found.name, most=1) if found else ()
        return tuple((self._graph.path_of(one.module) or "", one.name) for one in below)

    def is_module(self, name: str) -> bool:
        """Return whether a dotted name is a module or package of the base."""
        return name in self._graph

    def module_users(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return ``path:line`` of what imports or names a module: from files outside the change, and from files that it edits."""
        edges = self._graph.dependents(ModuleName(name), _BY_NAME)
        # Who asks a package for a name that it passes on goes on asking the package.
        passed = {
            (e.source, e.line)
            for one in edges
            for e in self._graph.dependencies(one.source)
            if e.is_transit and e.target != name
        }
        direct = (one for one in edges if one.is_transit or (one.source, one.line) not in passed)
        places = sorted({(path, one.line) for one in direct if (path := self._graph.path_of(one.source))})
        sides: tuple[list[str], list[str]] = ([], [])
        for path, line in places:
            sides[path in self._touched].append(f"{path}:{line}")
        return tuple(sides[0][:_MOST_PLACES]), tuple(sides[1][:_MOST_PLACES])

    def binds(self, module: str, name: str) -> bool:
        """Return whether a module that the change edits binds a name at its top after it, by definition or import."""
        known = self._after.get(module)
        return known is not None and (name in known.names or "*" in known.names)

    def cycle(self, module: str, target: str, name: str | None) -> str | None:
        """Return the ring of eager imports that a new import closes, as ``a -> b -> a``.

        ``None`` where the two were in a ring together before, or where the change itself takes the way back apart.
        """
        source, to = ModuleName(module), ModuleName(f"{target}.{name}")
        to = to if to in self._graph else ModuleName(target)
        if source == to or source not in self._graph or to not in self._graph:
            return None
        back = self._graph.path(to, source, _EAGER)
        if back is None or self._graph.path(source, to, _EAGER) is not None:
            return None
        stands = all(self._still_imports(edge.source, edge.target) for edge in back.edges)
        return " -> ".join((source, *back.modules)) if stands else None

    def _still_imports(self, source: str, target: str) -> bool:
        known = self._after.get(source)
        return known is None or target in known.imports

    def overrides(self, path: str, symbol: str) -> tuple[str, ...]:
        """Return ``path:line Class.method`` of overrides of a method in files outside the change."""
        return tuple(
            f"{one.path}:{one.line} {one.name}" for one in self.overriding(path, symbol)[:_MOST_PLACES]
        )

    def overriding(self, path: str, symbol: str) -> tuple[Relative, ...]:
        """Return the overrides of a method in files outside the change, by path and line."""
        name = self._graph.module_of(RepoPath(path))
        owner, _, method = symbol.rpartition(".")
        return self._relatives(name, owner, method, base=owner) if name and owner else ()

    def subclasses(self, path: str, owner: str) -> int:
        """Return how many classes of the tree lie below a class."""
        name = self._graph.module_of(RepoPath(path))
        return len(self._graph.classes.subclasses(name, owner)) if name else 0

    def siblings(self, path: str, symbol: str) -> tuple[Relative, ...]:
        """Return the same method on classes that share a base with the method's class, in files outside the change."""
        name = self._graph.module_of(RepoPath(path))
        owner, _, method = symbol.rpartition(".")
        found = {
            relative
            for base in (self._graph.classes.superclasses(name, owner) if name and owner else ())
            for relative in self._relatives(base.module, base.name, method, base=base.name)
            if relative.path != path
        }
        return tuple(sorted(found, key=lambda one: (one.path, one.line, one.name)))

    def _relatives(self, module: ModuleName, owner: str, method: str, *, base: str) -> tuple[Relative, ...]:
        found = [
            Relative(
                path=path,
                line=one.line,
                name=f"{one.class_name}.{method}",
                parameters=one.parameters,
                base=base,
            )
            for one in self._graph.classes.overrides(module, owner, method)
            if (path := self._graph.path_of(one.module)) and path not in self._touched
        ]
        return tuple(sorted(found, key=lambda one: (one.path, one.line, one.name)))

    def declared_above(self, path: str, symbol: str) -> dict[tuple[str, str], bool]:
        """Return the classes of the tree above a member's class, as path and name, and whether each defines a member of that name."""
        name = self._graph.module_of(RepoPath(path))
        owner, _, member = symbol.rpartition(".")
        found: dict[tuple[str, str], bool] = {}
        for base in self._graph.classes.superclasses(name, owner) if name and owner else ():
            outline, where = self._graph.outline_of(base.module), self._graph.path_of(base.module)
            if outline is not None and where is not None:
                own = f"{base.name}.{member}"
                found[where, base.name] = any(one.name == own for one in outline.definitions)
        return found

    def is_handed(self, path: str, name: str) -> bool:
        """Return whether a file takes objects of a class as parameters or holds them in declared fields, by its annotations."""
        outline = self._graph.outline_at(RepoPath(path))
        word = re.compile(rf"\b{re.escape(name)}\b")
        return any(
            word.search(text)
            for one in (outline.definitions if outline else ())
            for text in (one.annotation, *(each.annotation for each in one.parameters))
            if text
        )

    def declares(self, module: str, name: str, member: str) -> bool:
        """Return whether a class of the tree, by its name in a module, or one above it defines a member."""
        return self._graph.classes.declares(ModuleName(module), name, member)

    def imports_root(self, root: str) -> bool:
        """Return whether a module of the product imports anything below a top name, at any time; files outside of the tree's packages aside."""
        outlines = (self._graph.outline_of(name) for name in self._graph.modules if places().is_product(name))
        return any(
            item.module.partition(".")[0] == root and not item.level
            for outline in outlines
            if outline is not None
            for item in outline.imports
        )

    def lineage(self, module: str, name: str) -> tuple[tuple[str, str], ...]:
        """Return path and name of a class of the tree, by its name in a module, and of those above it; nothing for no such class."""
        found = (
            (self._graph.path_of(one.module), one.name)
            for one in self._graph.classes.lineage(ModuleName(module), name)
        )
        return tuple((path, each) for path, each in found if path)

    def defined(self, module: str, name: str) -> tuple[str, str]:
        """Return module and name of a definition that a module may only hand on; what was asked where the tree does not tell."""
        top, _, rest = name.partition(".")
        found = self._graph.definition_of(ModuleName(module), top)
        if found is None:
            return module, name
        return found.module, ".".join(part for part in (found.name or "", rest) if part)

    def class_at(self, path: str, name: str) -> tuple[frozenset[str], tuple[str, ...]]:
        """Return the names of the members of a class of the base, and its bases as written."""
        outline = self._graph.outline_at(RepoPath(path))
        definitions = outline.definitions if outline else ()
        members = (
            one.name.removeprefix(f"{name}.") for one in definitions if one.name.startswith(f"{name}.")
        )
        return frozenset(members), next((one.bases for one in definitions if one.name == name), ())

    def test_distance(self, path: str) -> int | UnsetType | None:
        """Return the import steps from the nearest test to a module, 1 or 2; ``None`` where no test is that near."""
        name = self._graph.module_of(RepoPath(path))
        if name is None:
            return None
        return min(self._tests_near(name).values(), default=None)

    def importing_tests(self, path: str) -> tuple[str, ...]:
        """Return the test files of the base that import a module directly, or a name through its package."""
        name = self._graph.module_of(RepoPath(path))
        if name is None:
            return ()
        tests = (self._graph.path_of(each.test) for each in self._graph.tests_reaching(name, depth=1))
        return tuple(sorted(test for test in tests if test))

    def tests_naming(self, symbol: str) -> int | UnsetType:
        """Return how many test files of the base name a symbol: a method counts where its class is named too."""
        found: set[str] | None = None
        for word in symbol.split("."):
            paths = self._graph.tests_naming(word)
            if paths is None:
                return UNSET
            found = set(paths) if found is None else found & set(paths)
        return len(found or ())

    def tests_running(self, path: str, symbol: str) -> tuple[str, ...]:
        """Return the test files of the base that name a symbol, a method with its class, and import its module within two steps."""
        name = self._graph.module_of(RepoPath(path))
        if name is None:
            return ()
        near = {self._graph.path_of(test) for test in self._tests_near(name)}
        named = (frozenset(self._graph.tests_naming(word) or ()) for word in symbol.split("."))
        return tuple(sorted(frozenset.intersection(*named) & near))

    def operators_of(self, path: str) -> tuple[str, ...]:
        """Return the operators that a native source has a part in: by binding, definition, call or include; nearest first."""
        name = self._graph.module_of(RepoPath(path))
        return self._graph.operators.of(name) if name else ()

    def operator_callers(self, operator: str) -> tuple[str, ...]:
        """Return ``path:line`` in Python files outside the change that call an operator, by its name without namespace."""
        found = [
            (self._graph.path_of(edge.source), edge.line)
            for name in self._operators.get(operator, ())
            for edge in self._graph.dependents(name, _OP_LAYER)
        ]
        places = sorted(
            {
                (path, line)
                for path, line in found
                if path and path.endswith(".py") and path not in self._touched
            }
        )
        return tuple(f"{path}:{line}" for path, line in places[:_MOST_PLACES])

    def knows_operator(self, operator: str) -> bool:
        """Return whether the base names an operator anywhere, by its name without namespace."""
        return operator in self._operators

    def declares_elsewhere(self, operator: str) -> bool:
        """Return whether a binding file outside the change declares an operator too, by its name without namespace."""
        paths = (
            self._graph.path_of(edge.target)
            for name in self._operators.get(operator, ())
            for edge in self._graph.dependencies(name, _OP_LAYER)
            if edge.is_transit
        )
        return any(path and path not in self._touched for path in paths)

    def tests_of_native(self, path: str) -> tuple[str, ...]:
        """Return the tests that call an operator of a native source, or name it or what wraps it in Python."""
        name = self._graph.module_of(RepoPath(path))
        return self._graph.tests_of_native(name)[:_MOST_PLACES] if name else ()

    @cached_property
    def _operators(self) -> dict[str, tuple[ModuleName, ...]]:
        found: dict[str, list[ModuleName]] = {}
        for name in self._graph.modules:
            if name.startswith(_OPERATORS):
                found.setdefault(name.rpartition(".")[2], []).append(name)
        return {word: tuple(names) for word, names in found.items()}

    def changed_tests_naming(self, symbol: str) -> int:
        """Return how many test files of this change name a symbol.

        A method counts where its class is named too, or where its own name is rare enough to mean nothing else.
        """
        words = symbol.split(".")
        elsewhere = self._graph.tests_naming(words[-1])
        is_rare = elsewhere is not None and len(elsewhere) <= _RARE
        asked = words[-1:] if is_rare else words
        return sum(1 for known in self._changed_words if known.issuperset(asked))

    def changed_tests_beside(self, path: str, symbol: str) -> bool:
        """Return whether a test file of this change imports the module of a private function, and so runs it through what it names."""
        module = self._graph.module_of(RepoPath(path))
        is_private = re.search(r"(?:^|[.])_\w*(?<!__)$", symbol) is not None
        named = re.compile(rf"\b{re.escape(module or '')}\b(?!\.)")
        return bool(module) and is_private and any(map(named.search, self._test_texts))

    @property
    def has_changed_tests(self) -> bool:
        """Whether the change adds or edits a test file."""
        return bool(self._test_texts)

    @cached_property
    def _changed_words(self) -> tuple[frozenset[str], ...]:
        return tuple(map(words_of_test, self._test_texts))

    def _tests_near(self, name: ModuleName) -> dict[ModuleName, int]:
        return {each.test: each.steps for each in self._graph.tests_reaching(name, depth=_TEST_DEPTH)}
