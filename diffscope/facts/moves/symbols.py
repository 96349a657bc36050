"""Symbols moved from one file to another: unchanged parts are no new behaviour, edited parts are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

import msgspec

from diffscope.facts.change.changed_file import FileMaterial
from diffscope.facts.change.changed_python import ChangedSymbol, MovedFrom, symbol_in_texts
from diffscope.source.model import RepoPath
from diffscope.source.text import LineCount, Region
from diffscope.syntax.compare.compare import Definitions, compare_moved
from diffscope.syntax.compare.matching import OTHER_NAME, SAME_NAME, Trigrams, similarity, trigrams_of
from diffscope.syntax.model import Aspect, Definition, DefinitionKind

_FUNCTIONS = (DefinitionKind.FUNCTION, DefinitionKind.METHOD)
_SHORTEST_RENAMED = 4
"""Lines behind the first below which two symbols of different names are never taken for one: short bodies repeat by chance."""
_PLAUSIBLE = 0.4
"""Likeness of lines below which two symbols of different names are not looked at any closer."""
_MOST_PAIRS = 10_000


def join_symbols(files: Iterable[FileMaterial]) -> tuple[FileMaterial, ...]:
    """Return the files with moves from file to file marked.

    The arrived symbol loses ``ADDED`` and gains ``MOVED`` and its origin; what it has besides is the difference to what it was
    there, as if it had been edited in place. The departed symbol keeps ``REMOVED``, gains ``MOVED`` and has nothing else to tell.
    """
    listed = tuple(files)
    departed = _candidates(listed, Aspect.REMOVED)
    arrived = _candidates(listed, Aspect.ADDED) if departed else []
    moves = _Moves(departed, arrived).found if arrived else {}
    return tuple(_marked(file, moves) for file in listed) if moves else listed


class _Candidate:
    """A symbol that came or went as a whole."""

    def __init__(
        self, path: RepoPath, change: ChangedSymbol, place: Region, definitions: Definitions
    ) -> None:
        self.path = path
        self.change = change
        self.place = place
        """All of it."""
        self.definitions = definitions
        """Those of its file, on its side."""

    @property
    def definition(self) -> Definition:
        """What it declares."""
        found = self.change.after or self.change.before
        if found is None:
            raise LookupError(f"{self.change.name} declares nothing")
        return found

    @property
    def group(self) -> str:
        """What may turn into one another: methods and functions do."""
        return "function" if self.change.kind in _FUNCTIONS else self.change.kind.value

    @cached_property
    def lines(self) -> Counter[str]:
        """Its lines behind the first, neither blank nor comment."""
        stripped = (line.strip() for line in self.place.lines[1:])
        return Counter(line for line in stripped if line and not line.startswith("#"))

    @cached_property
    def size(self) -> LineCount:
        """How many such lines."""
        return LineCount(self.lines.total())

    @cached_property
    def triples(self) -> Trigrams:
        """Its tokens without its name."""
        unit = self.definitions.unit(self.definition)
        return trigrams_of(unit.whole) if unit is not None else Counter()


class _Pair(NamedTuple):
    """A departed and an arrived symbol that may be one; those that sort first are."""

    is_other_name: bool
    is_apart: bool
    """The class around it did not move along."""
    unlikeness: float
    old: int
    new: int


_Moved = dict[int, tuple[_Candidate, _Candidate]]
"""Id of a change of a symbol -> what it is one end of: where it was, where it is."""


class _Moves:
    """Which departed symbol each arrived one is."""

    def __init__(self, departed: list[_Candidate], arrived: list[_Candidate]) -> None:
        self._departed, self._arrived = departed, arrived
        self.found: _Moved = {}
        self._owners: dict[tuple[RepoPath, str], tuple[RepoPath, str]] = {}
        # What becomes of its class says by which name a member goes.
        self._pair({DefinitionKind.CLASS.value})
        self._pair({"function", DefinitionKind.VARIABLE.value})

    def _pair(self, groups: set[str]) -> None:
        pairs = sorted(pair for pair in self._plausible(groups))
        taken: set[tuple[Aspect, int]] = set()
        for pair in pairs:
            ends = {(Aspect.REMOVED, pair.old), (Aspect.ADDED, pair.new)}
            if not ends & taken:
                taken |= ends
                self._take(self._departed[pair.old], self._arrived[pair.new])

    def _take(self, old: _Candidate, new: _Candidate) -> None:
        self.found[id(old.change)] = self.found[id(new.change)] = (old, new)
        self._owners[old.path, old.change.name] = new.path, new.change.name

    def _plausible(self, groups: set[str]) -> Iterator[_Pair]:
        old = [(at, one) for at, one in enumerate(self._departed) if one.group in groups]
        new = [(at, one) for at, one in enumerate(self._arrived) if one.group in groups]
        looks_closer = len(old) * len(new) <= _MOST_PAIRS
        for old_at, one in old:
            moved_to = self._expected(one)
            for new_at, other in new:
                if one.path == other.path or one.group != other.group:
                    continue
                is_other = moved_to[1] != other.change.name
                if is_other and not looks_closer:
                    continue
                score = _likeness_renamed(one, other) if is_other else _likeness(one, other)
                if score:
                    yield _Pair(is_other, moved_to != (other.path, other.change.name), -score, old_at, new_at)

    def _expected(self, old: _Candidate) -> tuple[RepoPath, str]:
        """Return where a symbol would be by what became of its class."""
        owner, _, name = old.change.name.rpartition(".")
        path, moved_owner = self._owners.get((old.path, owner), (old.path, owner))
        return path, f"{moved_owner}.{name}" if owner else name


def _likeness(old: _Candidate, new: _Candidate) -> float:
    """Return how alike two symbols of one name are; 0 below what makes them one."""
    if old.place.lines == new.place.lines:
        return 1.0
    # Fields without values and docstrings are lines and no tokens that run; a line that is laid out anew is the same tokens.
    score = similarity(old.lines, new.lines, least=SAME_NAME)
    if score < SAME_NAME:
        score = similarity(old.triples, new.triples, least=SAME_NAME)
    return score if score >= SAME_NAME else 0.0


def _likeness_renamed(old: _Candidate, new: _Candidate) -> float:
    """Return how alike two symbols of different names are; 0 below what makes them one."""
    shorter, longer = sorted((old.size, new.size))
    if shorter < _SHORTEST_RENAMED or 2 * shorter < _PLAUSIBLE * (shorter + longer):
        return 0.0
    if similarity(old.lines, new.lines, least=_PLAUSIBLE) < _PLAUSIBLE:
        return 0.0
    least = SAME_NAME if _is_put_into_class(old, new) else OTHER_NAME
    score = similarity(old.triples, new.triples, least=least)
    return score if score >= least else 0.0


def _is_put_into_class(old: _Candidate, new: _Candidate) -> bool:
    """Return whether a function became a method of the same name, or a method such a function."""
    names = sorted((old.change.name, new.change.name), key=len)
    return "." not in names[0] and names[1].endswith(f".{names[0]}")


def _candidates(files: tuple[FileMaterial, ...], aspect: Aspect) -> list[_Candidate]:
    found = []
    for file in files:
        text = file.after if aspect is Aspect.ADDED else file.before
        if file.python is None or text is None:
            continue
        definitions = Definitions(text.data)
        for change in file.python.symbols:
            place = change.whole_after if aspect is Aspect.ADDED else change.whole_before
            if aspect in change.aspects and place is not None:
                found.append(_Candidate(file.diff.path, change, place, definitions))
    return found


def _marked(file: FileMaterial, moves: _Moved) -> FileMaterial:
    symbols = file.python.symbols if file.python is not None else ()
    return file.with_symbols(tuple(_mark(change, moves.get(id(change))) for change in symbols))


def _mark(change: ChangedSymbol, ends: tuple[_Candidate, _Candidate] | None) -> ChangedSymbol:
    if ends is None:
        return change
    old, new = ends
    if change is old.change:
        return msgspec.structs.replace(
            change, aspects=(Aspect.REMOVED, Aspect.MOVED), logic=False, signals=(), removed=None, inner=()
        )
    origin = MovedFrom(name=old.change.name, path=old.path, region=old.place)
    edit = _edit_between(old, new)
    if edit is not None:
        return msgspec.structs.replace(edit, moved_from=origin, summary=change.summary)
    return msgspec.structs.replace(
        change,
        aspects=(Aspect.MOVED,),
        logic=False,
        before=old.definition,
        old_text=old.place.text,
        moved_from=origin,
        signals=(),
        added=None,
        branches_added=0,
        inner=(),
    )


def _edit_between(old: _Candidate, new: _Candidate) -> ChangedSymbol | None:
    """Return what was edited on the way; ``None`` for nothing."""
    if old.place.lines == new.place.lines:
        return None
    found = compare_moved(old.definitions, old.definition, new.definitions, new.definition)
    return symbol_in_texts(found, old.place.text, new.place.text) if found is not None else None
