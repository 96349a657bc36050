"""Two units -> the signals that one side has and the other has not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from diffscope.syntax.seen import Key, Seen
from diffscope.syntax.signals import read_signals
from diffscope.syntax.units import Unit
from diffscope.syntax.values import SignalChange


def compare_signals(
    before: Unit | None, after: Unit | None, old_aliases: Mapping[str, str], new_aliases: Mapping[str, str]
) -> tuple[SignalChange, ...]:
    """Return the differences by line: a multiset difference by code and guards; what is left of equal code is ``reguarded``."""
    old, new = _read(before, old_aliases), _read(after, new_aliases)
    gone, come = _surplus(old, new), _surplus(new, old)
    changes = []
    waiting: dict[Key, list[Seen]] = defaultdict(list)
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
    return tuple(
        sorted(
            changes,
            key=lambda change: (
                change.signal.line,
                change.what,
                change.signal.kind.value,
                change.signal.text,
            ),
        )
    )


def _read(unit: Unit | None, aliases: Mapping[str, str]) -> list[Seen]:
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


def _surplus(seen: list[Seen], others: list[Seen]) -> list[Seen]:
    """Return the signals that the others do not have as often under the same guards."""
    left: dict[tuple[Key, tuple[Key, ...]], int] = defaultdict(int)
    for each in others:
        left[each.key, each.guards] += 1
    surplus = []
    for each in seen:
        if left[each.key, each.guards]:
            left[each.key, each.guards] -= 1
        else:
            surplus.append(each)
    return surplus
