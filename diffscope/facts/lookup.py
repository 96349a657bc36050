"""The questions that facts ask of the graph of the base, answered in the words of facts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

import msgspec
from msgspec import UnsetType

from diffscope.facts.values import ModuleFact
from diffscope.graph.model import ModuleGraph
from diffscope.graph.values import EdgeLayer, ModuleName
from diffscope.source.values import RepoPath

_TEST_DEPTH = 2
_MOST_PLACES = 20
"""Places named per symbol; a reviewer reads the first few and the count of the rest says little more."""


class TreeLookup:
    """The graph of the base seen from one change: paths that the change touches are left out of the answers."""

    def __init__(self, graph: ModuleGraph, touched: Iterable[str], test_texts: Iterable[bytes] = ()) -> None:
        self._graph = graph
        self._touched = frozenset(touched)
        self._test_texts = tuple(test_texts)

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
        return msgspec.structs.replace(
            module,
            distance=serving.steps if serving else None,
            entry=serving.entry if serving else None,
            chain=" -> ".join(serving.chain.modules) if serving else None,
            fan_in=self._fan_in(name, EdgeLayer.EAGER),
            reach=len(self._graph.reach(name, depth=2)),
            lazy_fan_in=self._fan_in(name, EdgeLayer.LAZY),
            registry_fan_in=self._fan_in(name, EdgeLayer.REGISTRY, EdgeLayer.STRING),
            tests_within_two=len(self._tests_near(name)),
        )

    def users(self, path: str, symbol: str) -> tuple[str, ...]:
        """Return ``path:line`` of imports of a top-level symbol from files outside the change."""
        name = self._graph.module_of(RepoPath(path))
        if name is None or "." in symbol:
            return ()
        places = [
            (self._graph.path_of(one.module), one.line)
            for one in self._graph.importers_of_symbol(name, symbol)
        ]
        found = sorted({(where, line) for where, line in places if where and where not in self._touched})
        return tuple(f"{where}:{line}" for where, line in found[:_MOST_PLACES])

    def overrides(self, path: str, symbol: str) -> tuple[str, ...]:
        """Return ``path:line Class.method`` of overrides of a method in files outside the change."""
        name = self._graph.module_of(RepoPath(path))
        owner, _, method = symbol.rpartition(".")
        if name is None or not owner:
            return ()
        places = [
            (self._graph.path_of(one.module), one.line, f"{one.class_name}.{method}")
            for one in self._graph.overrides(name, owner, method)
        ]
        found = sorted({place for place in places if place[0] and place[0] not in self._touched})
        return tuple(f"{where}:{line} {what}" for where, line, what in found[:_MOST_PLACES])

    def test_distance(self, path: str) -> int | UnsetType | None:
        """Return the import steps from the nearest test to a module, 1 or 2; ``None`` where no test is that near."""
        name = self._graph.module_of(RepoPath(path))
        if name is None:
            return None
        return min(self._tests_near(name).values(), default=None)

    def tests_naming(self, symbol: str) -> int | UnsetType:
        """Return how many test files of the base name the last word of a symbol."""
        return self._graph.tests_naming(symbol.rpartition(".")[2])

    def changed_tests_naming(self, symbol: str) -> int:
        """Return how many test files of this change name the last word of a symbol."""
        word = symbol.rpartition(".")[2]
        return sum(1 for words in self._changed_words if word in words)

    @cached_property
    def _changed_words(self) -> tuple[frozenset[str], ...]:
        return tuple(
            frozenset(re.findall(r"[A-Za-z_]\w*", text.decode("utf-8", "replace")))
            for text in self._test_texts
        )

    def _fan_in(self, name: ModuleName, *layers: EdgeLayer) -> int:
        return len({edge.source for edge in self._graph.dependents(name, frozenset(layers))})

    def _tests_near(self, name: ModuleName) -> dict[ModuleName, int]:
        return dict(self._graph.tests_reaching(name, depth=_TEST_DEPTH))
