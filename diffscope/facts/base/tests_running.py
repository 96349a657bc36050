"""Which of the tests near a change run it: that call what changed, or what calls that, and are not skipped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET

from diffscope.facts.base.definitions import CallerIndex
from diffscope.facts.base.test_code import RunningTest, TestCode
from diffscope.facts.base.test_targets import Target, Targets, last_name
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.classify.change_shape import PRODUCT, subjects
from diffscope.facts.model import ChangeFacts, Nearest
from diffscope.graph.model import ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.resolve import is_test_file
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.source.profile import profile

_PRIVATE: Final = lazy_regex(r"(?m)^def (_\w{7,})\(")
_PART: Final = lazy_regex(r"[a-z0-9]+")
_WORD: Final = 0.03
"""What each word that the path of a test shares with what changed adds to its nearness."""
_MOST_READ: Final = 10
_MOST: Final = 10
_COMMON: Final = 60
"""Files of tests that name a word, beyond which it says nothing of any of them."""
_NEAR: Final = 2
"""Imports from a test to the module of what it names."""
_LEAST: Final = 0.28
"""Of what the best test runs, or of the largest part of the change, below which a test does not count."""
_CUDA: Final = frozenset({"cuda", "rocm"})
"""Platforms whose devices are called ``cuda``."""
_LIKELY: Final = 0.08
"""A score from which on a test that starts an engine is near enough to be named."""
_LESS: Final = 0.55
"""What each call more between a test and what changed leaves of its worth."""


def with_tests_running(
    facts: ChangeFacts, placed: Iterable[Placed], graph: ModuleGraph | None, callers: CallerIndex | None
) -> ChangeFacts:
    """Return the facts, the nearest tests each with what of the change it runs; those that run most of it first, changed ones before others."""
    if facts.nearest_tests is UNSET or graph is None or callers is None:
        return facts
    finder = _Finder(facts, tuple(placed), graph, callers)
    return msgspec.structs.replace(facts, nearest_tests=finder.nearest(facts.nearest_tests))


class _Worth(NamedTuple):
    """What a test file runs of the change."""

    value: float = 0.0
    runs: tuple[str, ...] = ()
    first: Target | None = None
    """That by which it reaches the first of what it runs,"""
    named: str = ""
    """and the class that it names for that."""

    def told(self) -> dict[str, Any]:
        """Return the fields of the fact."""
        if self.first is None:
            return {"runs": self.runs}
        how = "operator" if self.first.is_native else "calls" if self.first.last else "makes"
        how = "sets" if self.first.is_set else how
        # An operator is known by its own name, an object by its class: that may be one below.
        via = self.first.name if self.first.last else self.named or self.first.name
        return {"runs": self.runs, "how": how, "via": via}


class _Held(NamedTuple):
    """How a test reaches what changed."""

    named: str
    """The class that it names for that,"""
    is_by_another: bool = False
    """or whether it names none of those whose method it is: what it calls may run that of another class."""


def _held_by(test: RunningTest, target: Target) -> _Held:
    named = sorted(target.classes & test.names)
    own = last_name(target.name.rpartition(".")[0] if target.last else target.name)
    is_by_another = (
        bool(target.kin) and target.kin.isdisjoint(test.names) and target.kin.isdisjoint(test.words)
    )
    return _Held(own if own in named else next(iter(named), ""), is_by_another)


def _is_named(target: Target, names: frozenset[str]) -> bool:
    """Return whether a target, one of its classes and all that is asked for on the way to it are among some names."""
    if target.last and target.last not in names:
        return False
    return target.is_set or (
        target.asks <= names and (not target.classes or not target.classes.isdisjoint(names))
    )


class _Finder:
    def __init__(
        self, facts: ChangeFacts, placed: tuple[Placed, ...], graph: ModuleGraph, callers: CallerIndex
    ) -> None:
        self._graph = graph
        after = {one.fact.path: one.material.after.data for one in placed if one.material.after}
        self._old_paths = {one.fact.path: one.fact.old_path or one.fact.path for one in placed}
        self._changed = {one.fact.path for one in placed if one.fact.category == "test"}
        self._gone = {one.fact.old_path for one in placed if one.fact.status == "renamed"}
        self._gone |= {one.fact.path for one in placed if one.fact.status == "deleted"}
        self._making: dict[str, str] = {}
        """Tests that make objects of a class of which a method changed, with its name."""
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
        self._near_by: dict[str, frozenset[str]] = {}

        def text(path: str) -> bytes | None:
            # Of no ``self``: what reads texts must not hold the graph in a ring, or it outlives its change.
            return after[path] if path in after else graph.text_at(RepoPath(path))

        outlines = {one.fact.path: one.material.python.after for one in placed if one.material.python}
        self._after = after
        self._code = TestCode(
            text, lambda path: outlines.get(path) if path in after else graph.outline_at(RepoPath(path))
        )
        asked, small = subjects(facts), subjects(facts, of_small=True)
        variables = {one.name for one in facts.option if one.what == "environment-variable"}
        self._finder = Targets(graph, callers, text, self._old_paths, variables)
        self._targets = [target for one in asked for target in self._finder.of(one)]
        self._small = small
        platforms = {one.platforms for one in asked}
        only = platforms.pop() if len(platforms) == 1 else tuple[str, ...]()
        self._platforms = frozenset(only)
        self._words = frozenset(word for one in asked for word in _PART.findall(one.path))

    def nearest(self, known: tuple[Nearest, ...]) -> tuple[Nearest, ...]:
        """Return the nearest tests, those that run the change before the others."""
        listed = {one.path: one for one in known}
        worth, most, least = self._measure(listed)
        if most < least and self._small:
            # Better a test of a small part than none, if it runs that by itself.
            of_small = (target for one in self._small for target in self._finder.of(one))
            self._targets = [target for target in of_small if not target.calls]
            worth, most, least = self._measure(listed)
        worth = {path: one if one.value >= least else _Worth() for path, one in worth.items()}
        others = (Nearest(path=path, score=0.0, reasons=()) for path in sorted(worth) if path not in listed)
        found = [
            self._told(one, worth.get(one.path, _Worth()), is_enough=most >= least)
            for one in (*known, *others)
            if one.path in listed or worth[one.path].runs or (most < least and one.path in self._making)
        ]
        alike = sorted(found, key=lambda one: -one.score - _WORD * self._shared(one.path))
        places_of = {one.path: number for number, one in enumerate(alike)}
        found.sort(
            key=lambda one: (
                not (one.path in self._changed and one.runs),
                one.path not in self._changed,
                not one.runs,
                -round(worth[one.path].value, 1) if one.runs else 0.0,
                one.path not in self._making,
                places_of[one.path],
            )
        )
        return tuple(found[:_MOST])

    def _measure(self, listed: dict[str, Nearest]) -> tuple[dict[str, _Worth], float, float]:
        """Return what each candidate runs, the worth of the best one, and that from which on one counts."""
        worth = {path: self._worth(path) for path in self._candidates(listed)}
        most = max((one.value for one in worth.values()), default=0.0)
        largest = max((target.weight for target in self._targets), default=0.0)
        return worth, most, _LEAST * max(most, largest)

    def _told(self, test: Nearest, worth: _Worth, *, is_enough: bool) -> Nearest:
        copies = "copies" if test.path in self._copying else ""
        may_run = copies or ("" if is_enough else self._may_run(test))
        found = msgspec.structs.replace(test, may_run=may_run, **worth.told())
        if may_run == "makes" and not found.how:
            return msgspec.structs.replace(found, how="makes", via=self._making[test.path])
        return found

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

    def _naming(self, target: Target) -> frozenset[str]:
        words = [self._named(word) for word in target.classes]
        classes = frozenset[str]().union(*words) if words else None
        if not target.last:
            return classes or frozenset()
        named = self._named(target.last)
        if target.is_set:
            return named
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
            module = self._finder.module(path)
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
            if not (self._platforms and self._is_elsewhere(one))
        )

    def _worth(self, path: str) -> _Worth:
        """Return how much of the change a test file runs, and what of it."""
        held = self._held(path)
        if made := [one.named or target.name for target, one in held.items() if target.is_made]:
            self._making[path] = made[0]
        best: dict[str, tuple[float, Target]] = {}
        for target, one in held.items():
            value = target.weight * _LESS ** (target.calls + 2 * one.is_by_another)
            if not target.is_made and value > best.get(target.subject, (0.0, target))[0]:
                best[target.subject] = value, target
        names = sorted(best, key=lambda name: (-best[name][0], name))
        if not names:
            return _Worth()
        first = best[names[0]][1]
        return _Worth(sum(value for value, _ in best.values()), tuple(names), first, held[first].named)

    def _held(self, path: str) -> dict[Target, _Held]:
        """Return what a test file reaches."""
        tests = self._code.tests(path)
        if tests is None:
            # Without its text the words of the file have to do.
            return {target: _Held("") for target in self._targets if path in self._naming(target)}
        running = [one for one in tests if not (self._platforms and self._is_elsewhere(one))]
        found = dict[Target, _Held]()
        near = [one for one in self._targets if one.is_native or one.is_set or path in self._near(one.path)]
        # What all tests of the file together do not name none of them does: that leaves few targets for each of them.
        words = frozenset[str]().union(*(one.words for one in running if near))
        for target in (one for one in near if _is_named(one, words)):
            by = [_held_by(test, target) for test in running if self._runs(test, target)]
            if by:
                found[target] = min(by, key=lambda one: one.is_by_another)
        return found

    def _is_elsewhere(self, test: RunningTest) -> bool:
        """Return whether a test does not run on the platforms of the change."""
        on_others = self._platforms.isdisjoint(_CUDA) and "cuda" in test.words
        return self._platforms <= test.skipped or (on_others and self._platforms.isdisjoint(test.words))

    def _runs(self, test: RunningTest, target: Target) -> bool:
        if target.is_set:
            return target.last in test.words
        # The words rule out most tests, and need no parser.
        if not (self._reaches(test, test.words, target) and self._reaches(test, test.names, target)):
            return False
        # Objects may be made without their constructor.
        fakes = test.fakes | test.mocks if target.calls else test.fakes
        return fakes.isdisjoint(target.through) and bool(target.last or "__new__" not in test.names)

    def _reaches(self, test: RunningTest, names: frozenset[str], target: Target) -> bool:
        if not _is_named(target, names):
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
        return where is None or where == self._old_paths.get(path, path) or (path, name) in self._finder.below
