"""Changed places whose declared counterpart was left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import CounterpartFact, SymbolFact
from diffscope.source.text import Region, Side
from diffscope.taxonomy.counterparts import Pairing

_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})
_MOVING = frozenset({"signature", "removed", "bases", "default", "body"})


def collect_counterparts(
    placed: Iterable[Placed],
    symbols: Iterable[SymbolFact],
    pairings: tuple[Pairing, ...],
    lookup: TreeLookup | None,
) -> tuple[CounterpartFact, ...]:
    """Return a fact for each changed symbol that a counterpart uses; without a graph nothing is known to use it."""
    if lookup is None:
        return ()
    files = {one.fact.path: one for one in placed}
    facts = [
        fact for symbol in symbols for fact in _of_symbol(files[symbol.path], symbol, pairings, files, lookup)
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.family, fact.counterpart)))


def _of_symbol(
    placed: Placed,
    symbol: SymbolFact,
    pairings: tuple[Pairing, ...],
    files: dict[str, Placed],
    lookup: TreeLookup,
) -> Iterator[CounterpartFact]:
    if not symbol.logic or symbol.symbol is None or not _MOVING & set(symbol.aspects):
        return
    for pairing in pairings:
        if not pairing.watches(symbol.path) or any(pairing.is_counterpart(path) for path in files):
            continue
        top, _, member = symbol.symbol.partition(".")
        users = [
            user
            for user in lookup.users(symbol.path, top)
            if pairing.is_counterpart(user.rpartition(":")[0])
            # Who is handed the object does not care how it is made.
            and not (member in _CONSTRUCTORS and lookup.is_handed(user.rpartition(":")[0], top))
        ]
        if users:
            yield CounterpartFact(
                **placed.spot(_place(placed, symbol), symbol=symbol.symbol),
                family=pairing.name,
                counterpart=users[0],
                reason=pairing.reason.en,
            )


def _place(placed: Placed, symbol: SymbolFact) -> Region | None:
    return placed.old(symbol.line) if symbol.side == Side.BEFORE.value else placed.new(symbol.line)
