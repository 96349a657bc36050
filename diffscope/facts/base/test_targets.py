"""The names by which a test reaches what changed: of the function itself, of what calls it, of its class and those below, of an operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from diffscope.facts.base.definitions import CallerIndex, Place
from diffscope.facts.base.test_code import switches
from diffscope.facts.classify.change_shape import MOST_SUBJECTS, code_lines
from diffscope.facts.model import NativeFact, SymbolFact
from diffscope.graph.model import ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import RepoPath
from diffscope.source.profile import places, profile

_MOST_CALLING: Final = 6
"""Files of callers that are read for what they ask before they call."""
_MOST_CALLERS: Final = 24
_FARTHEST: Final = 2
"""Calls from what a test names to what changed."""
_CONSTRUCTORS: Final = frozenset({"__init__", "__post_init__", "__new__", "forward"})
_CHECKS: Final = frozenset({"field_validator", "model_validator", "validator", "root_validator"})


class Target(NamedTuple):
    """A name by which a test reaches something that changed."""

    subject: str
    path: str
    name: str
    """Of a definition or an operator."""
    last: str
    """What a test has to name of it; empty where its class is enough."""
    classes: frozenset[str]
    """One of them is named too; of a function none."""
    calls: int
    weight: float
    through: frozenset[str] = frozenset()
    """Last names of what stands between, and of what changed: none of it may be a fake."""
    asks: frozenset[str] = frozenset()
    """Settings that are asked for on the way: a test that names none of them does not turn them on."""
    kin: frozenset[str] = frozenset()
    """Of a method that a class above declares too, the class and those below: what calls it may call that of another class, unless the test names one of them. Of code that a variable of the environment turns on, that one."""
    is_native: bool = False
    is_made: bool = False
    """The class alone, of which a test makes objects."""
    is_set: bool = False
    """A variable of the environment, which a test sets or reads."""


class _Way(NamedTuple):
    """What lies between what changed and a function by which a test reaches it."""

    names: frozenset[str]
    asks: frozenset[str]
    kin: frozenset[str] = frozenset()


def last_name(name: str) -> str:
    """Return the last part of a name of Python or of C++."""
    return name.rpartition(".")[2].rpartition("::")[2]


def _written_alike(name: str) -> str:
    return name.replace("_", "").lower()


class Targets:
    """Finds them for one change; ``text`` gives a file after it, ``old_paths`` where each was before, ``variables`` are those of the environment that change."""

    def __init__(
        self,
        graph: ModuleGraph,
        callers: CallerIndex,
        text: Callable[[str], bytes | None],
        old_paths: dict[str, str],
        variables: Iterable[str] = (),
    ) -> None:
        self._graph, self._callers, self._text, self._old_paths = graph, callers, text, old_paths
        self._variables = sorted(variables)
        self._read: dict[str, list[bytes]] = {}
        self._kin_of: dict[Place, frozenset[str]] = {}
        self._classes_of: dict[tuple[str, str], frozenset[str]] = {}
        self.below = set[tuple[str, str]]()
        """Path of a class and name of one below it, wherever that is defined."""

    def of(self, fact: SymbolFact | NativeFact) -> Iterator[Target]:
        """Yield the names by which a test may reach a changed symbol."""
        name, weight = fact.symbol or "", float(code_lines(fact)) ** 0.5
        is_native = isinstance(fact, NativeFact) and not fact.path.endswith(".py")
        variable = (fact.asked_for if isinstance(fact, SymbolFact) else None) or ""
        for operator in self._operators(fact) if is_native else ():
            yield Target(name, fact.path, operator, "", frozenset({operator}), 0, weight, is_native=True)
        if self._variables and self._declares_variables(fact):
            # A table of all variables is named by much; who reads the changed ones runs the change.
            level = [Place(fact.path, variable) for variable in self._variables]
        else:
            level = list(self._wrappers(fact)) if is_native else [Place(fact.path, name)]
        for place in level:
            owner = place.name.rpartition(".")[0]
            if owner and self._callers.is_class(Place(place.path, owner)):
                classes = self._classes(place.path, owner)
                yield Target(name, place.path, owner, "", classes, _FARTHEST + 1, weight, is_made=True)
        for calls, place, through in self._calling(level, last_name(name)):
            target = self._target(place, name, calls, weight)
            is_set = place in level and place.name in self._variables
            # Who calls it from where no variable is asked for gets to it only with that set.
            is_asked = calls and variable and self._graph.asked_for_by(RepoPath(place.path)) != variable
            yield target._replace(
                through=through.names - _CONSTRUCTORS,
                asks=through.asks,
                kin=frozenset({variable}) if is_asked else through.kin,
                is_set=is_set,
            )

    def _declares_variables(self, fact: SymbolFact | NativeFact) -> bool:
        declared = profile().environment
        is_variable = isinstance(fact, SymbolFact) and fact.kind == "variable"
        return is_variable and declared is not None and fact.path == declared.file

    def _kin(self, place: Place) -> frozenset[str]:
        """Return the class of a method that one above it declares too, with those below; none for other definitions."""
        owner, _, last = place.name.rpartition(".")
        if not owner or last in _CONSTRUCTORS:
            return frozenset()
        if place not in self._kin_of:
            is_declared = next(self._callers.declaring(place), None) is not None
            self._kin_of[place] = self._classes(place.path, owner) if is_declared else frozenset()
        return self._kin_of[place]

    def _calling(self, level: list[Place], name: str) -> Iterator[tuple[int, Place, _Way]]:
        """Yield places and what calls them, with the number of calls and what lies on the way there."""
        through = {place: _Way(frozenset((name, last_name(place.name))), frozenset()) for place in level}
        seen = set(level)
        for calls in range(_FARTHEST + 1):
            yield from ((calls, place, through[place]) for place in level)
            further: dict[Place, _Way] = {}
            for place in level if calls < _FARTHEST else ():
                for caller in self._callers.callers(place):
                    if caller.name and caller not in seen and caller not in further:
                        further[caller] = self._onwards(through[place], place, caller)
            level = list(further)[:_MOST_CALLERS]
            through |= further
            seen.update(level)

    def _onwards(self, way: _Way, place: Place, caller: Place) -> _Way:
        part = self._part(caller)
        asks = way.asks | switches(part, last_name(place.name))
        return _Way(way.names | {last_name(caller.name)}, asks, self._kin(place) or way.kin)

    def module(self, path: str) -> ModuleName | None:
        """Return the module of a file, by where it was before the change."""
        return self._graph.module_of(RepoPath(self._old_paths.get(path, path)))

    def _operators(self, fact: SymbolFact | NativeFact) -> list[str]:
        """Return the operators of a native source, by their last names: only those that its function is called after, where there are such."""
        module = self.module(fact.path)
        names = [one.rpartition(".")[2] for one in self._graph.operators.of(module)] if module else []
        last = _written_alike(last_name(fact.symbol or ""))
        own = [one for one in names if _written_alike(one) in last or last in _written_alike(one)]
        return (own or names)[:MOST_SUBJECTS]

    def _wrappers(self, fact: SymbolFact | NativeFact) -> Iterator[Place]:
        module, kept = self.module(fact.path), set(self._operators(fact))
        for operator in self._graph.operators.of(module) if module else ():
            if operator.rpartition(".")[2] in kept:
                for wrapper in self._graph.operators.wrappers(ModuleName(operator)):
                    where = self._graph.path_of(wrapper.module)
                    found = Place(where or "", wrapper.function)
                    if where and not places().is_test(where) and self._calls(found, operator):
                        yield found

    def _calls(self, place: Place, operator: str) -> bool:
        """Return whether a function does more with an operator than to ask whether it is there."""
        if b"hasattr" not in (self._text(place.path) or b""):
            return True
        return f".{operator.rpartition('.')[2]}".encode() in self._part(place)

    def _part(self, place: Place) -> bytes:
        """Return the lines of a definition; none of a file beyond those that are read."""
        if place.path not in self._read and len(self._read) < _MOST_CALLING:
            self._read[place.path] = (self._text(place.path) or b"").split(b"\n")
        found, lines = self._callers.definition(place), self._read.get(place.path, [])
        return b"\n".join(lines[found.start - 1 : found.end]) if found else b""

    def _target(self, place: Place, subject: str, calls: int, weight: float) -> Target:
        owner, _, last = place.name.rpartition(".")
        definition = self._callers.definition(place)
        if self._callers.is_class(place):
            return Target(subject, place.path, place.name, "", frozenset({last}), calls, weight)
        if not owner:
            return Target(subject, place.path, last, last, frozenset(), calls, weight)
        if not self._callers.is_class(Place(place.path, owner)):
            # A function within a function is run by that one.
            return self._target(Place(place.path, owner), subject, calls, weight)
        classes = self._classes(place.path, owner)
        checks = definition is not None and any(
            text.partition("(")[0].rpartition(".")[2] in _CHECKS for text in definition.decorators
        )
        called = last == "forward" or last in profile().code.platform_methods
        by_object = called or (last.startswith("__") and last.endswith("__")) or checks
        return Target(subject, place.path, place.name, "" if by_object else last, classes, calls, weight)

    def _classes(self, path: str, owner: str) -> frozenset[str]:
        """Return the last names of a class and of the classes below it."""
        key = (path, owner)
        if key not in self._classes_of:
            module = self.module(path)
            below = self._graph.classes.subclasses(module, owner) if module else ()
            names = [one.name.rpartition(".")[2] for one in below[:_MOST_CALLERS]]
            self.below.update((path, name) for name in names)
            self._classes_of[key] = frozenset((owner.rpartition(".")[2], *names))
        return self._classes_of[key]
