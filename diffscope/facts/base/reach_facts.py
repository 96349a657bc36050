"""Facts with when their code runs and for whom: joined to them at the end, for every family that has a place in the product."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, TypeVar

import msgspec

from diffscope.facts.base.callers import CallerIndex
from diffscope.facts.base.reach import Reach, Reached
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import ChangeFacts, FileFact, Located, NativeFact, SymbolFact
from diffscope.graph.model.model import ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import RepoPath
from diffscope.source.profile import places
from diffscope.source.text import Side
from diffscope.taxonomy.reach import TIMES, ReachRows

_FAMILIES: Final = (
    "symbol",
    "parameter",
    "option",
    "guard",
    "condition",
    "contract",
    "call",
    "numeric",
    "write",
    "native",
    "operator",
)
_TOOLS: Final = frozenset({"test", "benchmark", "example"})
_MAIN_PLATFORM: Final = "cuda"
_MOST_PLACES: Final = 1_000
"""Places of one change beyond which nothing more is looked for: a rewrite of the whole tree says nothing place by place."""
_MOST_OPERATORS: Final = 6
_Fact = TypeVar("_Fact", bound=Located)


class _Words(NamedTuple):
    """The words of a place."""

    runs: str
    reach: str
    reason: str
    path: str


_NOTHING: Final = _Words("unknown", "unknown", "no-code", "")


def with_reach(
    facts: ChangeFacts, placed: Iterable[Placed], graph: ModuleGraph | None, rows: ReachRows
) -> ChangeFacts:
    """Return the facts, each with when it runs. Without a graph of the base nothing is known but what tools are."""
    teller = _Teller(tuple(placed), graph, rows)
    fields = {
        family: tuple(teller.tell(fact) for fact in getattr(facts, family))
        for family in _FAMILIES
        if getattr(facts, family)
    }
    told = msgspec.structs.replace(facts, **fields)
    return msgspec.structs.replace(told, file=_with_hottest(told))


class _Teller:
    def __init__(self, placed: tuple[Placed, ...], graph: ModuleGraph | None, rows: ReachRows) -> None:
        self._graph = graph
        self._old_paths = {one.fact.path: one.fact.old_path or one.fact.path for one in placed}
        self._new = Reach(CallerIndex(graph, placed), rows) if graph is not None else None
        self._old = Reach(CallerIndex(graph, ()), rows) if graph is not None else None
        self._told: dict[tuple[str, str, str, bool], Reached] = {}

    def tell(self, fact: _Fact) -> _Fact:
        """Return a fact with its words."""
        words = self._words(fact)
        if isinstance(fact, SymbolFact | NativeFact):
            return msgspec.structs.replace(
                fact, runs=words.runs, reached=words.reach, reach_reason=words.reason, reach_path=words.path
            )
        return msgspec.structs.replace(fact, runs=words.runs, reached=words.reach)

    def _words(self, fact: Located) -> _Words:
        if fact.category in _TOOLS:
            return _Words("tools", "tools", "category", "")
        is_python = fact.category == "source" and fact.path.endswith(".py")
        if not is_python and fact.category != "native":
            return _NOTHING
        if self._new is None or self._old is None:
            return _Words("unknown", "unknown", "no-graph", "")
        found = self._reached(fact, is_python=is_python)
        reached, reason = found.runs, found.reason
        if found.runs != "tools" and fact.platforms and _MAIN_PLATFORM not in fact.platforms:
            reached, reason = "one_platform", "platform"
        elif found.runs != "tools" and is_python:
            asked = self._new.asked_for(self._old_paths.get(fact.path, fact.path))
            if asked is not None:
                reached, reason = "opt_in", f"asked for by {asked}"
        return _Words(found.runs, reached, reason, " <- ".join(found.path))

    def _reached(self, fact: Located, *, is_python: bool) -> Reached:
        is_old = fact.side == Side.BEFORE.value
        key = (fact.path, fact.symbol or "", fact.category, is_old)
        if key not in self._told:
            if len(self._told) >= _MOST_PLACES:
                return Reached("unknown", "too-many")
            self._told[key] = self._read(fact, is_old=is_old) if is_python else self._native(fact)
        return self._told[key]

    def _read(self, fact: Located, *, is_old: bool) -> Reached:
        assert self._new is not None and self._old is not None  # noqa: S101, PT018 - asked with a graph alone
        if is_old:
            path, name = self._old_paths.get(fact.path, fact.path), fact.symbol or ""
            if self._old.is_unused(path, name) and not self._new.defines(fact.path, name):
                return Reached("unknown", "no-caller")
            return self._old.of(path, name)
        return self._new.of(fact.path, fact.symbol or "")

    def _native(self, fact: Located) -> Reached:
        """Return when what wraps the operators of a native source in Python runs: the hottest of the nearest operators."""
        graph, reach = self._graph, self._new
        assert graph is not None and reach is not None  # noqa: S101, PT018 - asked with a graph alone
        path = self._old_paths.get(fact.path, fact.path)
        module = graph.module_of(RepoPath(path))
        operators = graph.operators_of(module) if module is not None else ()
        found = [
            reach.of(where, wrapper.function)
            for operator in operators[:_MOST_OPERATORS]
            for wrapper in graph.wrappers_of(ModuleName(operator))
            if (where := graph.path_of(wrapper.module)) and not places().is_test(where)
        ]
        known = [one for one in found if one.runs in TIMES]
        if known:
            return min(known, key=lambda one: (TIMES.index(one.runs), len(one.path), one.path))
        return Reached("unknown", "no-caller")


def _with_hottest(facts: ChangeFacts) -> tuple[FileFact, ...]:
    """Return the files, each with the reach of what runs most often of its symbols and native functions that changed logic."""
    by_path: dict[str, list[tuple[int, str, str]]] = {}
    listed: Iterable[SymbolFact | NativeFact] = (*facts.symbol, *facts.native)
    for one in listed:
        if one.runs in TIMES and (isinstance(one, NativeFact) or one.logic):
            by_path.setdefault(one.path, []).append((TIMES.index(one.runs), one.runs, one.reached))
    return tuple(
        msgspec.structs.replace(file, runs=hottest[1], reached=hottest[2])
        if (hottest := min(by_path.get(file.path, ()), default=None))
        else file
        for file in facts.file
    )
