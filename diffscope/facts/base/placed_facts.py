"""What is joined at the end to every fact with a place: the nearest changed line where its own did not change, when its code runs, and for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeVar

import msgspec

from diffscope.facts.base.definitions import CallerIndex
from diffscope.facts.base.reach import Reach, Reached
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import ChangeFacts, FileFact, Located, NativeFact, SymbolFact
from diffscope.graph.model import ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import RepoPath
from diffscope.source.profile import places
from diffscope.source.text import Side, SideWord
from diffscope.syntax.model import SignalKind
from diffscope.taxonomy.consequence import LEVELS, TIMES, ReachRows

_FAMILIES: Final = (
    "symbol", "parameter", "option", "guard", "condition", "contract", "call", "numeric", "write", "native",
    "operator",
)  # fmt: skip
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
    facts: ChangeFacts,
    placed: Iterable[Placed],
    graph: ModuleGraph | None,
    rows: ReachRows,
    callers: CallerIndex | None,
) -> ChangeFacts:
    """Return the facts, each with when it runs. Without a graph of the base nothing is known but what tools are.

    ``callers`` are those of the tree with the change.
    """
    teller = _Teller(tuple(placed), graph, rows, callers)
    fields = {
        family: tuple(teller.tell(fact) for fact in getattr(facts, family))
        for family in _FAMILIES
        if getattr(facts, family)
    }
    told = msgspec.structs.replace(facts, **fields)
    return msgspec.structs.replace(told, file=_with_hottest(told))


class _Teller:
    def __init__(
        self,
        placed: tuple[Placed, ...],
        graph: ModuleGraph | None,
        rows: ReachRows,
        callers: CallerIndex | None,
    ) -> None:
        self._graph = graph
        self._old_paths = {one.fact.path: one.fact.old_path or one.fact.path for one in placed}
        self._new = Reach(callers, rows) if callers is not None else None
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
        operators = graph.operators.of(module) if module is not None else ()
        found = [
            reach.of(where, wrapper.function)
            for operator in operators[:_MOST_OPERATORS]
            for wrapper in graph.operators.wrappers(ModuleName(operator))
            if (where := graph.path_of(wrapper.module)) and not places().is_test(where)
        ]
        known = [one for one in found if one.runs in TIMES]
        if known:
            return min(known, key=lambda one: (TIMES.index(one.runs), len(one.path), one.path))
        return Reached("unknown", "no-caller")


def _with_hottest(facts: ChangeFacts) -> tuple[FileFact, ...]:
    """Return the files, each with the reach of what runs most often of its symbols and native functions that changed logic."""
    by_path: defaultdict[str, list[tuple[int, str, str]]] = defaultdict(list)
    listed: Iterable[SymbolFact | NativeFact] = (*facts.symbol, *facts.native)
    for one in listed:
        if one.runs in TIMES and (isinstance(one, NativeFact) or one.logic):
            by_path[one.path].append((TIMES.index(one.runs), one.runs, one.reached))
    return tuple(
        msgspec.structs.replace(file, runs=hottest[1], reached=hottest[2])
        if (hottest := min(by_path.get(file.path, ()), default=None))
        else file
        for file in facts.file
    )


def at_gravest(facts: ChangeFacts) -> ChangeFacts:
    """Return the facts; those of whole files are where the gravest change to the file is, and not at its first line, mostly an import."""
    places: dict[str, SymbolFact | NativeFact] = {}
    listed: Iterable[SymbolFact | NativeFact] = (*facts.symbol, *facts.native)
    for one in sorted(listed, key=_weight):
        if isinstance(one, NativeFact) or one.logic:
            places[one.path] = one

    def at(fact: _Fact) -> _Fact:
        one = places.get(fact.path)
        if one is None or getattr(fact, "status", "modified") != "modified":
            return fact
        line, side = (one.changed_line, one.changed_side) if one.changed_line else (one.line, one.side)
        return msgspec.structs.replace(fact, line=line, side=side)

    return msgspec.structs.replace(
        facts, file=tuple(map(at, facts.file)), history=tuple(map(at, facts.history))
    )


def _weight(one: SymbolFact | NativeFact) -> tuple[int, bool, int, int]:
    lines = max(one.code_added, one.code_removed)
    return LEVELS.index(one.consequence), one.effect != "addition", lines, -one.line


_QUOTED_FAMILIES: Final = (
    "symbol", "parameter", "option", "call", "guard", "numeric", "write", "native", "operator", "override",
    "registry", "counterpart",
)  # fmt: skip
_NEW, _OLD = Side.AFTER.word, Side.BEFORE.word


class _Line(NamedTuple):
    number: int
    side: SideWord


def with_changed_places(facts: ChangeFacts, placed: Iterable[Placed]) -> ChangeFacts:
    """Return the facts; those on a line that did not change also say which changed line of their symbol is nearest."""
    finder = _Finder(tuple(placed))
    fields = {
        family: tuple(finder.find(fact) for fact in found)
        for family in _QUOTED_FAMILIES
        if (found := getattr(facts, family, ()))
    }
    return msgspec.structs.replace(facts, **fields)


class _Finder:
    def __init__(self, placed: tuple[Placed, ...]) -> None:
        self._lines: dict[tuple[str, str], frozenset[int]] = {}
        self._symbols: dict[tuple[str, str | None], tuple[ChangedSymbol, frozenset[str]]] = {}
        for one in placed:
            diff, path = one.material.diff, one.fact.path
            self._lines[path, _NEW] = frozenset(line.number for hunk in diff.hunks for line in hunk.added)
            self._lines[path, _OLD] = frozenset(line.number for hunk in diff.hunks for line in hunk.removed)
            names = frozenset({path, diff.old_path or path})
            for change in one.symbols:
                self._symbols[path, change.name] = (change, names)

    def find(self, fact: _Fact) -> _Fact:
        """Return a fact with the changed line nearest to it, where its own line is none."""
        changed = self._lines.get((fact.path, fact.side), frozenset())
        if not fact.line or fact.line in changed:
            return fact
        known = self._symbols.get((fact.path, fact.symbol))
        line = _of_symbol(*known) if known else self._within(fact)
        if line is None or line.number not in self._lines.get((fact.path, line.side), ()):
            return fact
        return msgspec.structs.replace(fact, changed_line=line.number, changed_side=line.side)

    def _within(self, fact: Located) -> _Line | None:
        """Return the first changed line behind a fact's, for what has no symbol that was compared."""
        behind = [number for number in self._lines.get((fact.path, fact.side), ()) if number > fact.line]
        last = getattr(fact, "end_line", 0)
        return _Line(min(behind), fact.side) if behind and min(behind) <= last else None


def _of_symbol(change: ChangedSymbol, names: frozenset[str]) -> _Line | None:
    """Return the line of a symbol that says most: its definition, a condition that came, what was added, what went."""
    added = change.added if change.added is not None and change.added.text.path in names else None
    removed = change.removed if change.removed is not None and change.removed.text.path in names else None
    if added is not None and added.numbers:
        if change.region is not None and change.region.start in added.numbers:
            return _Line(change.region.start, _NEW)
        asked = [
            item.region.start
            for item in change.signals
            if item.what == "added" and item.signal.kind is SignalKind.GUARD and item.region is not None
        ]
        return _Line(min((line for line in asked if line in added.numbers), default=added.numbers[0]), _NEW)
    if removed is not None and removed.numbers:
        return _Line(removed.numbers[0], _OLD)
    return None
