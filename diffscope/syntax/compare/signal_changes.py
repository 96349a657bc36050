"""Two units -> the signals that one side has and the other has not."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping

from diffscope.syntax.compare.signal_key import Key, KeyedSignal
from diffscope.syntax.compare.signals import read_signals
from diffscope.syntax.model import SignalChange, SignalKind
from diffscope.syntax.normalize.units import Unit


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
