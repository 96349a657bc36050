"""Two units -> the signals and the conditions that one side has and the other has not, paired where one became the other."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.syntax.compare.condition_reading import (
    Asked,
    around,
    bound_names,
    exit_of,
    following,
    governed,
    held_in,
    looped_through,
    read_conditions,
    statements,
    stripped,
)
from diffscope.syntax.compare.signal_key import Key, KeyedSignal
from diffscope.syntax.compare.signals import read_signals
from diffscope.syntax.model import ConditionChange, SignalChange, SignalKind
from diffscope.syntax.normalize.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node


def compare_signals(
    before: Unit | None, after: Unit | None, old_aliases: Mapping[str, str], new_aliases: Mapping[str, str]
) -> tuple[SignalChange, ...]:
    """Return the differences by line: a multiset difference by code and conditions around it; what is left of equal code is ``reguarded``.

    A call that has come to stand behind more or fewer early exits, or in a function inside, is ``reguarded`` too; other signals are
    not, since an exit concerns all that follows.
    """
    pairs, gone, come = _match(_read(before, old_aliases), _read(after, new_aliases))
    changes = [
        SignalChange(what="reguarded", signal=new.signal, before=old.signal)
        for old, new in pairs
        if new.signal.kind is SignalKind.CALL
        and (old.exits != new.exits or old.signal.is_inner is not new.signal.is_inner)
    ]
    waiting: dict[Key, list[KeyedSignal]] = defaultdict(list)
    for seen in gone:
        waiting[seen.key].append(seen)
    for seen in come:
        same = waiting[seen.key]
        if same:
            changes.append(SignalChange(what="reguarded", signal=seen.signal, before=same.pop(0).signal))
        else:
            changes.append(SignalChange(what="added", signal=seen.signal))
    left = [seen for group in waiting.values() for seen in group]
    changes.extend(SignalChange(what="removed", signal=seen.signal) for seen in left)
    return tuple(sorted(changes, key=_order))


def _order(change: SignalChange) -> tuple[int, str, str, str]:
    return change.signal.line, change.what, change.signal.kind.value, change.signal.text


def _read(unit: Unit | None, aliases: Mapping[str, str]) -> list[KeyedSignal]:
    if unit is None:
        return []
    is_async = unit.definition.is_async
    return read_signals(
        unit.own_statements,
        unit.stream,
        aliases=aliases,
        leave_out=unit.members | unit.shared,
        is_async=is_async,
    )


def _match(
    old: list[KeyedSignal], new: list[KeyedSignal]
) -> tuple[list[tuple[KeyedSignal, KeyedSignal]], list[KeyedSignal], list[KeyedSignal]]:
    """Pair equal signals under equal conditions, in order; return the pairs and what is left of both sides."""
    waiting: dict[tuple[Key, tuple[Key, ...]], deque[KeyedSignal]] = defaultdict(deque)
    for seen in old:
        waiting[seen.key, seen.guards].append(seen)
    pairs, come = [], []
    for seen in new:
        same = waiting[seen.key, seen.guards]
        if same:
            pairs.append((same.popleft(), seen))
        else:
            come.append(seen)
    taken = {id(pair[0]) for pair in pairs}
    return pairs, [seen for seen in old if id(seen) not in taken], come


_MOST: Final = 60
"""Conditions of one side left over above which a unit is written anew, and nothing is paired."""
_TELLING: Final = 6
"""Characters below which a statement stands in any function."""
_WORD: Final = lazy_regex(rb"[A-Za-z_][\w.]*|\d+")
_COMMON: Final = frozenset({b"not", b"and", b"or", b"is", b"in", b"None", b"self", b"len", b"True", b"False"})
_ALIKE: Final = 0.34
"""Share of words that two conditions must have in common to be one that changed."""
_GIVEN: Final = ("return", "value")


class _Side:
    """One side of a unit: its code without white space, and what its names stand for."""

    def __init__(self, unit: Unit) -> None:
        self._nodes = [node for node in unit.own_statements if node.id not in unit.members]
        self._code: bytes | None = None
        self._names: dict[str, str] | None = None

    def count(self, node: Node) -> int:
        """Return how often a piece of code stands in the unit."""
        if self._code is None:
            self._code = b"\n".join(map(stripped, self._nodes))
        return self._code.count(stripped(node))

    def names_in(self, text: str) -> tuple[tuple[str, str], ...]:
        """Return the names of a condition that are bound to conditions."""
        if self._names is None:
            self._names = bound_names(self._nodes)
        return tuple(
            (name, value) for name, value in self._names.items() if re.search(rf"(?<![\w.]){name}\b", text)
        )


class _Pair(NamedTuple):
    before: Asked | None
    after: Asked | None


def compare_conditions(before: Unit, after: Unit) -> tuple[ConditionChange, ...]:
    """Return the conditions of a unit that came, went or changed, by line; none where so many differ that nothing can be paired."""
    old = read_conditions(before.own_statements, before.members | before.shared)
    new = read_conditions(after.own_statements, after.members | after.shared)
    old, new = _unequal(old, new)
    if not (old or new) or max(len(old), len(new)) > _MOST:
        return ()
    sides = _Side(before), _Side(after)
    changes = [change for pair in _paired(old, new) for change in _change(pair, *sides)]
    return tuple(sorted(changes, key=lambda each: (each.line, each.what, each.text)))


def _unequal(old: list[Asked], new: list[Asked]) -> tuple[list[Asked], list[Asked]]:
    waiting: dict[object, deque[Asked]] = defaultdict(deque)
    for asked in old:
        waiting[asked.key].append(asked)
    come = []
    for asked in new:
        same = waiting[asked.key]
        if same:
            same.popleft()
        else:
            come.append(asked)
    left = {id(asked) for group in waiting.values() for asked in group}
    return [asked for asked in old if id(asked) in left], come


def _paired(old: list[Asked], new: list[Asked]) -> Iterator[_Pair]:
    """Yield what became of each: the likest pairs first, of equally like ones those that stand nearer."""
    scores = [
        (-score, abs(at - other), other, at)
        for other, before in enumerate(old)
        for at, after in enumerate(new)
        if (score := _likeness(before, after)) > 0
    ]
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for _, _, other, at in sorted(scores):
        if other not in taken_old and at not in taken_new:
            taken_old.add(other)
            taken_new.add(at)
            yield _Pair(old[other], new[at])
    for asked in (asked for at, asked in enumerate(old) if at not in taken_old):
        yield _Pair(asked, None)
    for asked in (asked for at, asked in enumerate(new) if at not in taken_new):
        yield _Pair(None, asked)


def _likeness(before: Asked, after: Asked) -> float:
    """Return how much two conditions are one: what they decide counts before what they say; 0 for two."""
    if before.name != after.name or (_group(before) != _group(after) and not _is_check(before, after)):
        return 0
    words, others = _words(before), _words(after)
    shared = len(words & others) / max(1, min(len(words), len(others)))
    if before.kind in _GIVEN:
        if not (before.is_boolean or after.is_boolean):
            return 0
        return (1 if before.name else 0) + shared if before.name or shared >= _ALIKE else 0
    code, other_code = _code(before), _code(after)
    common = len(code & other_code) / max(len(code), len(other_code)) if code and other_code else 0
    if not common and shared < _ALIKE:
        return 0
    return 2 * common + shared


def _group(asked: Asked) -> str:
    return asked.kind if asked.kind in (*_GIVEN, "except", "assert", "comprehension") else "if"


def _is_check(before: Asked, after: Asked) -> bool:
    """Return whether an assertion became a condition that raises, or the other way about."""
    sides = {before.kind: before, after.kind: after}
    return sides.keys() == {"assert", "if"} and exit_of(sides["if"]) == "raise"


def _words(asked: Asked) -> set[bytes]:
    return set(_WORD.findall(asked.node.text or b"")) - _COMMON


def _code(asked: Asked) -> set[bytes]:
    held, _ = governed(asked)
    if asked.kind == "except":
        attempted = asked.owner.prev_named_sibling
        held = [*held, *([attempted] if attempted is not None else [])]
    return {stripped(each) for each in statements(held)}


def _change(pair: _Pair, old: _Side, new: _Side) -> Iterator[ConditionChange]:
    asked = pair.after or pair.before
    if asked is None or (asked.kind in _GIVEN and (pair.before is None or pair.after is None)):
        return
    side, other = (new, old) if pair.after is not None else (old, new)
    held, otherwise = governed(asked)
    behind = following(asked)
    text = asked.text
    before = pair.before.text if pair.before is not None and pair.after is not None else None
    if (
        before is not None
        and pair.before is not None
        and (pair.before.kind == "assert") != (asked.kind == "assert")
    ):
        # What an assertion demands is what a check does not raise at.
        before = f"not ({before})"
    yield ConditionChange(
        what=asked.kind,
        change="changed" if before is not None else "added" if pair.after is not None else "removed",
        text=text,
        before=before,
        line=asked.line,
        name=asked.name,
        around=around(asked),
        exit=exit_of(asked),
        held=held_in(held),
        held_before=held_in(governed(pair.before)[0]) if before is not None and pair.before else (),
        stood=_stood(held, side, other),
        stood_otherwise=_stood(otherwise, side, other),
        stood_behind=bool(_stood(behind, side, other)),
        names=side.names_in(text),
        names_before=old.names_in(before) if before is not None else (),
        other_elements=pair.before is not None
        and pair.after is not None
        and looped_through(pair.before) != looped_through(pair.after),
    )


def _stood(nodes: Iterable[Node], side: _Side, other: _Side) -> int:
    """Return how many of some statements the other side has too, as often as this one."""
    found = [each for each in statements(nodes) if len(stripped(each)) >= _TELLING]
    return sum(1 for each in found if other.count(each) >= side.count(each) > 0)
