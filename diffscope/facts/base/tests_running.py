"""Which of the tests near a change run it: that call what changed, or what calls that, and are not skipped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET

from diffscope.facts.base.definitions import CallerIndex, Place
from diffscope.facts.base.test_code import RunningTest, TestCode, switches
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.classify.change_shape import MOST_SUBJECTS, PRODUCT, code_lines, subjects
from diffscope.facts.model import ChangeFacts, NativeFact, Nearest, SymbolFact
from diffscope.graph.model import ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.resolve import is_test_file
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.source.profile import places, profile

_PRIVATE: Final = lazy_regex(r"(?m)^def (_\w{7,})\(")
_PART: Final = lazy_regex(r"[a-z0-9]+")
_WORD: Final = 0.03
"""What each word that the path of a test shares with what changed adds to its nearness."""
_MOST_CALLING: Final = 6
"""Files of callers that are read for what they ask before they call."""
_MOST_CALLERS: Final = 24
_MOST_READ: Final = 10
_MOST: Final = 10
_FARTHEST: Final = 2
"""Calls from what a test names to what changed."""
_COMMON: Final = 60
"""Files of tests that name a word, beyond which it says nothing of any of them."""
_CONSTRUCTORS: Final = frozenset({"__init__", "__post_init__", "__new__", "forward"})
_CHECKS: Final = frozenset({"field_validator", "model_validator", "validator", "root_validator"})
_NEAR: Final = 2
"""Imports from a test to the module of what it names."""
_LEAST: Final = 0.28
"""Of what the best test runs, or of the largest part of the change, below which a test does not count."""
_LIKELY: Final = 0.08
"""A score from which on a test that starts an engine is near enough to be named."""
_LESS: Final = 0.55
"""What each call more between a test and what changed leaves of its worth."""


class _Target(NamedTuple):
    """A name by which a test reaches something that changed."""

    subject: str
    path: str
    last: str
    classes: frozenset[str]
    """One of them is named too; of a function none."""
    calls: int
    weight: float
    through: frozenset[str] = frozenset()
    """Last names of what stands between, and of what changed: none of it may be a fake."""
    asks: frozenset[str] = frozenset()
    """Settings that are asked for on the way: a test that names none of them does not turn them on."""
    is_native: bool = False
    is_made: bool = False
    """The class alone, of which a test makes objects."""


def with_tests_running(
    facts: ChangeFacts, placed: Iterable[Placed], graph: ModuleGraph | None, callers: CallerIndex | None
) -> ChangeFacts:
    """Return the facts, the nearest tests each with what of the change it runs; those that run most of it first, changed ones before others."""
    if facts.nearest_tests is UNSET or graph is None or callers is None:
        return facts
    finder = _Finder(facts, tuple(placed), graph, callers)
    return msgspec.structs.replace(facts, nearest_tests=finder.nearest(facts.nearest_tests))


class _Way(NamedTuple):
    """What lies between what changed and a function by which a test reaches it."""

    names: frozenset[str]
    asks: frozenset[str]


def _last(name: str) -> str:
    """Return the last part of a name of Python or of C++."""
    return name.rpartition(".")[2].rpartition("::")[2]


class _Finder:
    def __init__(
        self, facts: ChangeFacts, placed: tuple[Placed, ...], graph: ModuleGraph, callers: CallerIndex
    ) -> None:
        self._graph, self._callers = graph, callers
        after = {one.fact.path: one.material.after.data for one in placed if one.material.after}
        self._old_paths = {one.fact.path: one.fact.old_path or one.fact.path for one in placed}
        self._changed = {one.fact.path for one in placed if one.fact.category == "test"}
        self._gone = {one.fact.old_path for one in placed if one.fact.status == "renamed"}
        self._gone |= {one.fact.path for one in placed if one.fact.status == "deleted"}
        self._making: set[str] = set()
        private = {
            one.fact.path: {*_PRIVATE.findall(one.material.after.text)}
            for one in placed
            if one.material.after
        }
        known = {
            name for one in placed if one.fact.category in PRODUCT for name in private.get(one.fact.path, ())
        }
        self._copying = {path for path in self._changed if known & private.get(path, set())}
        """Changed tests that define a private function of the edited code for themselves."""
        self._read: dict[str, list[bytes]] = {}
        self._below: set[tuple[str, str]] = set()
        """Path of a class and name of one below it, wherever that is defined."""
        self._near_by: dict[str, frozenset[str]] = {}

        def text(path: str) -> bytes | None:
            # Of no ``self``: what reads texts must not hold the graph in a ring, or it outlives its change.
            return after[path] if path in after else graph.text_at(RepoPath(path))

        outlines = {one.fact.path: one.material.python.after for one in placed if one.material.python}
        self._after, self._text = after, text
        self._code = TestCode(
            text, lambda path: outlines.get(path) if path in after else graph.outline_at(RepoPath(path))
        )
        asked = subjects(facts)
        self._targets = [target for one in asked for target in self._targets_of(one)]
        platforms = {one.platforms for one in asked}
        only = platforms.pop() if len(platforms) == 1 else tuple[str, ...]()
        self._platforms = frozenset(only)
        self._words = frozenset(word for one in asked for word in _PART.findall(one.path))

    def nearest(self, known: tuple[Nearest, ...]) -> tuple[Nearest, ...]:
        """Return the nearest tests, those that run the change before the others."""
        listed = {one.path: one for one in known}
        worth: dict[str, tuple[float, tuple[str, ...]]] = {}
        for path in self._candidates(listed):
            worth[path] = self._worth(path)
        most = max((value for value, _ in worth.values()), default=0.0)
        least = max(_LEAST * most, _LEAST * max((target.weight for target in self._targets), default=0.0))
        worth = {path: one if one[0] >= least else (0.0, ()) for path, one in worth.items()}
        others = (Nearest(path=path, score=0.0, reasons=()) for path in sorted(worth) if path not in listed)
        found = [
            msgspec.structs.replace(
                one,
                runs=worth[one.path][1] if one.path in worth else (),
                may_run="copies"
                if one.path in self._copying
                else ""
                if most >= least
                else self._may_run(one),
            )
            for one in (*known, *others)
            if one.path in listed or worth[one.path][1] or (most < least and one.path in self._making)
        ]
        alike = sorted(found, key=lambda one: -one.score - _WORD * self._shared(one.path))
        places_of = {one.path: number for number, one in enumerate(alike)}
        found.sort(
            key=lambda one: (
                not (one.path in self._changed and one.runs),
                one.path not in self._changed,
                not one.runs,
                -round(worth[one.path][0], 1) if one.runs else 0.0,
                one.path not in self._making,
                places_of[one.path],
            )
        )
        return tuple(found[:_MOST])

    def _candidates(self, listed: dict[str, Nearest]) -> list[str]:
        """Return the tests to be read: by the words that they hold, then by their nearness."""
        worth: defaultdict[str, float] = defaultdict(float)
        for target in self._targets:
            for path in self._naming(target):
                worth[path] = max(worth[path], target.weight * _LESS**target.calls)
        order = {path: number for number, path in enumerate(listed)}
        paths = {path for path in (*worth, *self._changed) if is_test_file(path) and path not in self._gone}
        ranked = sorted(
            paths,
            key=lambda path: (
                path not in self._changed,
                -round(worth[path], 6),
                order.get(path, len(order)),
                path,
            ),
        )
        return ranked[:_MOST_READ]

    def _naming(self, target: _Target) -> frozenset[str]:
        words = [self._named(word) for word in target.classes]
        classes = frozenset[str]().union(*words) if words else None
        if not target.last:
            return classes or frozenset()
        named = self._named(target.last)
        if classes is not None:
            helped = named & self._near(target.path) if len(named) <= _COMMON else frozenset[str]()
            return (named & classes) | helped
        return named & self._near(target.path)

    def _named(self, word: str) -> frozenset[str]:
        found = self._graph.tests_naming(word) or ()
        changed = (path for path in self._changed if word.encode() in self._after.get(path, b""))
        return frozenset((*found, *changed))

    def _near(self, path: str) -> frozenset[str]:
        if path not in self._near_by:
            module = self._module(path)
            tests = self._graph.tests_reaching(module, depth=_NEAR) if module else ()
            found = (self._graph.path_of(one.test) for one in tests)
            self._near_by[path] = frozenset(each for each in found if each) | self._changed
        return self._near_by[path]

    def _shared(self, path: str) -> int:
        """Return how many words a test's path has of those of what changed."""
        return len(self._words & frozenset(_PART.findall(path)))

    def _may_run(self, test: Nearest) -> str:
        if test.path in self._making:
            return "makes"
        return "starts" if test.score >= _LIKELY and self._starts(test.path) else ""

    def _starts(self, path: str) -> bool:
        starters = frozenset(profile().starters)
        tests = self._code.tests(path) if starters else None
        return any(
            starters & one.words and starters & one.names
            for one in tests or ()
            if not (self._platforms and self._platforms <= one.skipped)
        )

    def _worth(self, path: str) -> tuple[float, tuple[str, ...]]:
        """Return how much of the change a test file runs, and what of it."""
        tests = self._code.tests(path)
        if tests is None:
            # Without its text the words of the file have to do.
            held = {target for target in self._targets if path in self._naming(target)}
        else:
            running = [one for one in tests if not (self._platforms and self._platforms <= one.skipped)]
            held = {
                target
                for target in self._targets
                if any(self._runs(one, target) for one in running)
                and (target.is_native or path in self._near(target.path))
            }
        if any(target.is_made for target in held):
            self._making.add(path)
        best: dict[str, float] = {}
        for target in held:
            if target.is_made:
                continue
            value = target.weight * _LESS**target.calls
            best[target.subject] = max(best.get(target.subject, 0.0), value)
        return sum(best.values()), tuple(sorted(best, key=lambda name: (-best[name], name)))

    def _runs(self, test: RunningTest, target: _Target) -> bool:
        # The words rule out most tests, and need no parser.
        if not (self._reaches(test, test.words, target) and self._reaches(test, test.names, target)):
            return False
        # Objects may be made without their constructor.
        return test.fakes.isdisjoint(target.through) and bool(target.last or "__new__" not in test.names)

    def _reaches(self, test: RunningTest, names: frozenset[str], target: _Target) -> bool:
        if not target.asks <= names or (target.last and target.last not in names):
            return False
        named = target.classes & names
        return not target.classes or any(self._is_that(test, name, target.path) for name in named)

    def _is_that(self, test: RunningTest, name: str, path: str) -> bool:
        """Return whether a name that a test file imports can be that of a class in another file, and not of one that is only called alike."""
        module = test.imports.get(name)
        if module is None or not path.endswith(".py"):
            return True
        found = self._graph.definition_of(ModuleName(module), name)
        where = self._graph.path_of(found.module) if found else None
        return where is None or where == self._old_paths.get(path, path) or (path, name) in self._below

    def _targets_of(self, fact: SymbolFact | NativeFact) -> Iterator[_Target]:
        name, weight = fact.symbol or "", float(code_lines(fact)) ** 0.5
        is_native = isinstance(fact, NativeFact) and not fact.path.endswith(".py")
        for operator in self._operators(fact) if is_native else ():
            yield _Target(name, fact.path, "", frozenset({operator}), 0, weight, is_native=True)
        level = list(self._wrappers(fact)) if is_native else [Place(fact.path, name)]
        for place in level:
            owner = place.name.rpartition(".")[0]
            if owner and self._callers.is_class(Place(place.path, owner)):
                classes = self._classes(place.path, owner)
                yield _Target(name, place.path, "", classes, _FARTHEST + 1, weight, is_made=True)
        for calls, place, through in self._calling(level, _last(name)):
            target = self._target(place, name, calls, weight)
            if target is not None:
                yield target._replace(through=through.names - _CONSTRUCTORS, asks=through.asks)

    def _calling(self, level: list[Place], name: str) -> Iterator[tuple[int, Place, _Way]]:
        """Yield places and what calls them, with the number of calls and what lies on the way there."""
        through = {place: _Way(frozenset((name, _last(place.name))), frozenset()) for place in level}
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
        if caller.path not in self._read and len(self._read) < _MOST_CALLING:
            self._read[caller.path] = (self._text(caller.path) or b"").split(b"\n")
        found, lines = self._callers.definition(caller), self._read.get(caller.path, [])
        part = b"\n".join(lines[found.start - 1 : found.end]) if found else b""
        return _Way(way.names | {_last(caller.name)}, way.asks | switches(part, _last(place.name)))

    def _module(self, path: str) -> ModuleName | None:
        return self._graph.module_of(RepoPath(self._old_paths.get(path, path)))

    def _operators(self, fact: SymbolFact | NativeFact) -> list[str]:
        """Return the operators of a native source, by their last names: only those that its function is called after, where there are such."""
        module = self._module(fact.path)
        names = [one.rpartition(".")[2] for one in self._graph.operators.of(module)] if module else []
        last = _last(fact.symbol or "").strip("_")
        own = [one for one in names if one.strip("_") in last or last in one]
        return (own or names)[:MOST_SUBJECTS]

    def _wrappers(self, fact: SymbolFact | NativeFact) -> Iterator[Place]:
        module, kept = self._module(fact.path), set(self._operators(fact))
        for operator in self._graph.operators.of(module) if module else ():
            if operator.rpartition(".")[2] in kept:
                for wrapper in self._graph.operators.wrappers(ModuleName(operator)):
                    where = self._graph.path_of(wrapper.module)
                    if where and not places().is_test(where):
                        yield Place(where, wrapper.function)

    def _target(self, place: Place, subject: str, calls: int, weight: float) -> _Target | None:
        owner, _, last = place.name.rpartition(".")
        definition = self._callers.definition(place)
        if self._callers.is_class(place):
            return _Target(subject, place.path, "", frozenset({last}), calls, weight)
        if not owner:
            return _Target(subject, place.path, last, frozenset(), calls, weight)
        if not self._callers.is_class(Place(place.path, owner)):
            # A function within a function is run by that one.
            return self._target(Place(place.path, owner), subject, calls, weight)
        classes = self._classes(place.path, owner)
        checks = definition is not None and any(
            text.partition("(")[0].rpartition(".")[2] in _CHECKS for text in definition.decorators
        )
        called = last == "forward" or last in profile().code.platform_methods
        by_object = called or (last.startswith("__") and last.endswith("__")) or checks
        return _Target(subject, place.path, "" if by_object else last, classes, calls, weight)

    def _classes(self, path: str, owner: str) -> frozenset[str]:
        """Return the last names of a class and of the classes below it."""
        module = self._module(path)
        below = self._graph.classes.subclasses(module, owner) if module else ()
        names = [one.name.rpartition(".")[2] for one in below[:_MOST_CALLERS]]
        self._below.update((path, name) for name in names)
        return frozenset((owner.rpartition(".")[2], *names))
