"""Differences of signatures: what callers of a function and those who override it have to follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import ParameterFact, SymbolFact
from diffscope.syntax.model import ParameterChange, ParameterKind

_BY_PLACE = frozenset({ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD})
_REQUIRED = frozenset({"added-required", "made-required", "replaced"})


def collect_parameters(placed: Iterable[Placed], symbols: Iterable[SymbolFact]) -> tuple[ParameterFact, ...]:
    """Return a fact for each signature difference in source files, by path and line."""
    by_name = {(symbol.path, symbol.symbol): symbol for symbol in symbols}
    facts = [
        ParameterFact(
            **one.spot(change.region, symbol=change.name),
            what=difference.what,
            name=difference.name,
            missing=difference.name if difference.what in _REQUIRED else None,
            before=None if (is_moved := difference.what == "moved") else difference.before,
            after=None if is_moved else difference.after,
            order_before=difference.before if is_moved else None,
            order_after=difference.after if is_moved else None,
            position=_position(change, difference.name),
            still_taken=difference.what == "removed" and _takes_more(change),
            public=owner.public,
            surfaces=owner.surfaces,
            own_surfaces=owner.own_surfaces,
            overrides=owner.overrides,
        )
        for one in placed
        if one.fact.category == "source"
        for change in one.symbols
        if (owner := by_name.get((one.fact.path, change.name))) is not None
        for difference in _told(change)
    ]
    return tuple(
        sorted(facts, key=lambda fact: (fact.path, fact.line, fact.symbol or "", fact.name, fact.what))
    )


def _told(change: ChangedSymbol) -> Iterator[ParameterChange]:
    """Yield the differences of a signature; of parameters that only make room for a new one the first."""
    moved = [one for one in change.parameters if one.what == "moved"]
    is_room = any(one.what.startswith("added") for one in change.parameters)
    first = min(moved, key=lambda one: _position(change, one.name), default=None)
    for one in _with_replaced(change):
        if one.what != "moved" or not is_room or one is first:
            yield one


def _with_replaced(change: ChangedSymbol) -> Iterator[ParameterChange]:
    """Yield the differences of a signature; the only one that went, and the only one that came in its place with another type, as one."""
    gone, come = (
        [one for one in change.parameters if one.what == what] for what in ("removed", "added-required")
    )
    sides = change.before, change.after
    before, after = (
        [each.name for each in side.parameters if each.kind in _BY_PLACE] if side else [] for side in sides
    )
    is_replaced = (
        len(gone) == len(come) == 1
        and gone[0].name in before
        and come[0].name in after
        and before.index(gone[0].name) == after.index(come[0].name)
        and not any(one.what in ("added-optional", "moved") for one in change.parameters)
    )
    for one in change.parameters:
        if is_replaced and one is come[0]:
            yield ParameterChange(what="replaced", name=one.name, before=gone[0].before, after=one.after)
        elif not is_replaced or one is not gone[0]:
            yield one


def _position(change: ChangedSymbol, name: str) -> int:
    parameters = change.before.parameters if change.before else ()
    by_place = [each.name for each in parameters if each.kind.value.startswith("positional")]
    return by_place.index(name) + 1 if name in by_place else 0


def _takes_more(change: ChangedSymbol) -> bool:
    after = change.after.parameters if change.after else ()
    return any(each.kind is ParameterKind.VAR_KEYWORD for each in after)
