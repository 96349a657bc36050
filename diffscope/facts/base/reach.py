"""When a changed definition runs, and for whom: from what calls it back to a declared root (``rules/reach.yml``).

The search goes from the definition to those that name it, in the files that can know it, breadth first and within bounds, so that it
costs milliseconds and is the same for the same tree. A root ends it. Of roots that are equally near, or one call further, the one that
runs most often is taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from diffscope.facts.base.definitions import CallerIndex, Place
from diffscope.graph.model import EdgeLayer, ModuleName
from diffscope.source.model import RepoPath
from diffscope.syntax.model import DefinitionKind
from diffscope.taxonomy.consequence import TIMES, Described, ReachRows, Root, name_pattern, root_of

_MOST_CALLS: Final = 6
_MOST_PLACES: Final = 250
_FUNCTIONS: Final = frozenset({DefinitionKind.FUNCTION, DefinitionKind.METHOD})
_UPWARDS: Final = 4
"""Eager imports, from an optional module up to the row that names it."""
_NAMED: Final = frozenset({EdgeLayer.REGISTRY, EdgeLayer.STRING})


class Reached(NamedTuple):
    """When a definition runs, and how that is known."""

    runs: str
    """One of ``TIMES``, or ``unknown``."""
    reason: str
    """``root``, ``called``, ``class`` (its class is made then), ``handed-on`` (named at start, and called by nobody then, so that it may run at any time), ``import`` (the module's own statements), ``no-caller`` or ``no-text``."""
    path: tuple[str, ...] = ()
    """Names from the definition to the root."""
    why: str = ""
    """What the root's row says."""

    @property
    def distance(self) -> int | None:
        """Calls from the root; ``None`` where none is known."""
        return len(self.path) - 1 if self.path else None


_UNREAD: Final = Reached("unknown", "no-text")


class Reach:
    """Answers for one change."""

    def __init__(self, callers: CallerIndex, rows: ReachRows) -> None:
        self._callers = callers
        self._rows = rows
        self._known: dict[Place, Reached] = {}
        self._named: dict[Place, list[Place]] = {}
        self._roots: dict[Place, Root | None] = {}
        self._asked: dict[str, str | None] = {}

    def of(self, path: str, name: str) -> Reached:
        """Return when a definition runs: empty for the statements of the module."""
        place = Place(path, name)
        if place not in self._known:
            self._known[place] = self._search(place)
        return self._known[place]

    def _search(self, start: Place) -> Reached:
        if not self._callers.knows(start.path):
            return _UNREAD
        if not start.name:
            return Reached("start_up", "import", ("the module's statements",), "runs when it is imported")
        found = self._later(start, self._walk(start))
        owner = start.name.rpartition(".")[0]
        if found is None and owner:
            above = self._class_time(Place(start.path, owner))
            found = above and above._replace(reason="class", path=(start.name, *above.path))
        return found or Reached("unknown", "no-caller")

    def _later(self, start: Place, found: Reached | None) -> Reached | None:
        """Return when something runs that is only handed on at start: a thread's target when its object works, a coroutine for requests."""
        if found is None or found.reason != "handed-on" or not self._is_handed_on(start):
            return found
        definition = self._callers.definition(start)
        owner = start.name.rpartition(".")[0]
        working = self._members_time(Place(start.path, owner)) if owner else None
        if working is not None and working.runs != "start_up":
            return working._replace(reason="handed-on", path=(start.name, *working.path))
        if definition is not None and definition.is_async:
            return found._replace(runs="per_request")
        return found

    def _is_handed_on(self, place: Place) -> bool:
        """Return whether what is named at start is a function that nothing calls there, so that it may run at any time."""
        definition, last = self._callers.definition(place), place.name.rpartition(".")[2]
        if definition is None or definition.kind not in _FUNCTIONS or last.startswith("__"):
            return False
        is_read = any("property" in each for each in definition.decorators)
        return not is_read and not self._callers.is_called(last, self._named_by(place))

    def _class_time(self, owner: Place) -> Reached | None:
        """Return when objects of a class are at work: by what names the class, else by the roots among its members."""
        walked = self._walk(owner)
        return walked if walked is not None else self._members_time(owner)

    def _members_time(self, owner: Place) -> Reached | None:
        members = [
            (TIMES.index(root.runs), name, root)
            for name in self._callers.members(owner)
            if (root := self._root(Place(owner.path, name)))
        ]
        if not members:
            return None
        _, name, root = min(members, key=lambda one: one[:2])
        return Reached(root.runs, "class", (name,), root.why)

    def _walk(self, start: Place) -> Reached | None:
        walk = _Walk(start)
        best = list[tuple[int, Place]]()
        level = [start]
        for step in range(_MOST_CALLS + 1):
            roots = [(TIMES.index(root.runs), each) for each in level if (root := self._root(each))]
            is_second, best = bool(best), best + roots
            # One call beyond the nearest root is looked at too; the hottest time needs no second look.
            if best and (is_second or step == 0 or min(best)[0] == 0):
                break
            ended = {each for _, each in roots}
            level = walk.onwards((each, self._named_by(each)) for each in level if each not in ended)
            if not level:
                break
        if not best:
            at = walk.at_import
            return at and Reached("start_up", "import", walk.trail(at), "named when a module is imported")
        end = min(best)[1]
        root = self._root(end)
        assert root is not None  # noqa: S101 - only roots are among the best
        places = walk.places(end)
        trail = tuple(each.name for each in places)
        if root.runs == "start_up" and any(map(self._is_handed_on, places[:-1])):
            return Reached("unknown", "handed-on", trail, root.why)
        return Reached(root.runs, "root" if len(trail) == 1 else "called", trail, root.why)

    def _named_by(self, place: Place) -> list[Place]:
        if place not in self._named:
            found = dict.fromkeys(self._callers.callers(place))
            for declared in self._callers.declaring(place):
                found.update(dict.fromkeys(self._callers.callers(declared)))
            found.pop(place, None)
            self._named[place] = list(found)
        return self._named[place]

    def _root(self, place: Place) -> Root | None:
        if place not in self._roots:
            self._roots[place] = self._read_root(place)
        return self._roots[place]

    def _read_root(self, place: Place) -> Root | None:
        definition = self._callers.definition(place)
        if definition is None or definition.kind is DefinitionKind.CLASS:
            return None
        owner, _, last = place.name.rpartition(".")
        classes = self._callers.classes(Place(place.path, owner)) if owner else None
        if definition.kind is DefinitionKind.VARIABLE and not owner:
            return None
        decorators = tuple(each.partition("(")[0] for each in definition.decorators)
        return root_of(self._rows, Described(last, classes, decorators))

    def defines(self, path: str, name: str) -> bool:
        """Return whether a file has a definition of that name."""
        return self._callers.definition(Place(path, name)) is not None

    def is_unused(self, path: str, name: str) -> bool:
        """Return whether nothing of the product names the class or function that a definition belongs to; what registers itself is used."""
        top = Place(path, name.partition(".")[0])
        definition, module = self._callers.definition(top), self._callers.graph.module_of(RepoPath(path))
        return (
            definition is not None
            and definition.kind is not DefinitionKind.VARIABLE
            and not definition.decorators
            and not (module and _NAMED.intersection(self._callers.graph.users(module)))
            and not self._callers.callers(top)
        )

    def asked_for(self, path: str) -> str | None:
        """Return what asks for a module that the serving path does not load by itself: a variable, or a row as ``table:key``; else ``None``."""
        if path not in self._asked:
            self._asked[path] = self._read_asked(path)
        return self._asked[path]

    def _read_asked(self, path: str) -> str | None:
        graph = self._callers.graph
        variable = graph.asked_for_by(RepoPath(path))
        module = graph.module_of(RepoPath(path))
        if variable:
            return variable
        if module is None:
            return self._asked_by_importers(path)
        if graph.serving_distance(module) is not None:
            return None
        row = self._row_above(module)
        return None if row is None or self._is_chosen(row) else row

    def _asked_by_importers(self, path: str) -> str | None:
        """Return what asks for a module that the change adds: what asks for all of those that import it."""
        self._asked[path] = None  # what imports one another in a ring asks for nothing
        asked = [self.asked_for(each) for each in self._callers.importing_new(path)]
        return min((each for each in asked if each), default=None) if all(asked) else None

    def _row_above(self, start: ModuleName) -> str | None:
        """Return the row that leads to a module, by as few eager imports as possible; ``None`` for one that several such modules share."""
        graph = self._callers.graph
        level, seen = [start], {start}
        for _ in range(_UPWARDS + 1):
            rows = sorted((row, each) for each in level for row in self._rows_naming(each))
            if rows:
                named = {each for _, each in rows}
                is_shared = start not in named and len(named) >= self._rows.shared_by
                return None if is_shared else rows[0][0]
            above = [
                user
                for each in level
                for user in graph.users(each).get(EdgeLayer.EAGER, ())
                if not user.startswith("tests.")
            ]
            if any(graph.serving_distance(each) is not None for each in above):
                return None
            level = [each for each in dict.fromkeys(above) if each not in seen]
            seen.update(level)
        return None

    def _rows_naming(self, module: ModuleName) -> list[str]:
        """Return the rows that name a module, but for those without a key: such a place decides by itself."""
        graph = self._callers.graph
        if not _NAMED.intersection(graph.users(module)):
            return []
        return [
            edge.row
            for edge in graph.dependents(module, _NAMED)
            if edge.row and not edge.row.endswith(":") and not edge.source.startswith("tests.")
        ]

    def _is_chosen(self, row: str) -> bool:
        table, _, key = row.partition(":")
        named = [one.named_in for one in self._rows.chosen if one.registry == table]
        if not named:
            return False
        pattern = name_pattern(named[0])
        return any(
            pattern.fullmatch(owner)
            for path in self._callers.naming(table)
            for owner in self._callers.naming_in(path, key, frozenset((f".{key}",)))
        )


class _Walk:
    """Where a search has been, and by which way."""

    def __init__(self, start: Place) -> None:
        self._before = {start: start}
        self.at_import: Place | None = None
        """The first place that the statements of a module name."""

    def onwards(self, named: Iterable[tuple[Place, list[Place]]]) -> list[Place]:
        """Return the callers that were not met before, in order."""
        level = list[Place]()
        for each, callers in named:
            for caller in callers:
                if not caller.name:
                    self.at_import = self.at_import or each
                elif caller not in self._before and len(self._before) < _MOST_PLACES:
                    self._before[caller] = each
                    level.append(caller)
        return level

    def places(self, end: Place) -> tuple[Place, ...]:
        """Return the places from the start to one."""
        found = [end]
        while self._before[found[-1]] != found[-1]:
            found.append(self._before[found[-1]])
        return tuple(reversed(found))

    def trail(self, end: Place) -> tuple[str, ...]:
        """Return their names."""
        return tuple(each.name for each in self.places(end))
