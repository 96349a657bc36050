"""Calls with a declared role (locks, collectives, device calls ...) that came, went or got other guards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.facts.material import Placed, changed_source_symbols
from diffscope.facts.values import CallFact
from diffscope.syntax.values import Aspect, SignalChange, SignalKind, SymbolChange
from diffscope.taxonomy.model import Taxonomy
from diffscope.taxonomy.roles import RoleTable


def collect_calls(placed: Iterable[Placed], taxonomy: Taxonomy, roles: RoleTable) -> tuple[CallFact, ...]:
    """Return the call facts of source files, by path and line.

    A call without a role in ``rules/roles.yml`` is no fact: no rule could tell why it matters.
    """
    facts = [
        fact
        for one, change in changed_source_symbols(placed)
        if not {Aspect.MOVED, Aspect.REMOVED} & set(change.aspects)
        for fact in _calls_of_symbol(one, change, taxonomy, roles)
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.callee, fact.change, fact.role)))


def _calls_of_symbol(
    placed: Placed, change: SymbolChange, taxonomy: Taxonomy, roles: RoleTable
) -> Iterator[CallFact]:
    awaited = {item.signal.line for item in change.signals if item.signal.kind is SignalKind.AWAIT}
    for item in change.signals:
        signal = item.signal
        # `with self.lock:` has no call, yet takes the lock; a call in the with statement has its own signal.
        is_call = signal.kind is SignalKind.CALL or (
            signal.kind is SignalKind.WITH and "(" not in signal.text
        )
        found = roles.roles_of(signal.resolved or signal.text) if is_call else ()
        platforms = (
            {name for guard in signal.guards for name in taxonomy.platforms_in(guard)} if found else set()
        )
        for role in found:
            yield _call(placed, change, item, role=role, platforms=platforms, awaited=signal.line in awaited)


def _call(
    placed: Placed, change: SymbolChange, item: SignalChange, *, role: str, platforms: set[str], awaited: bool
) -> CallFact:
    signal, removed = item.signal, item.what == "removed"
    return CallFact(
        **placed.spot(signal.line, symbol=change.name, side="old" if removed else "new"),
        role=role,
        change=item.what,
        callee=signal.resolved or signal.text,
        arguments=signal.detail,
        guards=signal.guards,
        guard_platforms=tuple(sorted(platforms)),
        in_async=signal.in_async,
        in_loop=signal.in_loop,
        awaited=awaited,
        new_symbol=Aspect.ADDED in change.aspects,
    )
