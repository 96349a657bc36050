"""Files and symbols that ``rules/counterparts.yml`` and ``rules/twins.yml`` declare to belong to what a change edits, and that it does not touch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import CounterpartFact, SymbolFact
from diffscope.source.text import Region, Side
from diffscope.syntax.model import SignalKind
from diffscope.syntax.outline.uses import Uses
from diffscope.taxonomy.counterparts import Pairing

_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})
_ALIKE = 70
"""Percent of the names that both use, from which on a function and its namesake are twins; less is another way to do it."""
_FEWEST = 20
"""Names that both use, a call apart from its name, below which they are no twins: a few lines say what one platform can do, or are alike by chance."""
_FUNCTIONS = frozenset({"function", "method"})
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
    moving = [one for one in symbols if one.logic and one.symbol is not None and _MOVING & set(one.aspects)]
    facts = [
        fact for symbol in moving for fact in _of_symbol(files[symbol.path], symbol, pairings, files, lookup)
    ]
    for path, some in groupby(sorted(moving, key=lambda one: one.path), key=lambda one: one.path):
        facts += _twins(files[path], tuple(some), pairings, files, lookup)
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.family, fact.counterpart)))


def _of_symbol(
    placed: Placed,
    symbol: SymbolFact,
    pairings: tuple[Pairing, ...],
    files: dict[str, Placed],
    lookup: TreeLookup,
) -> Iterator[CounterpartFact]:
    assert symbol.symbol is not None  # noqa: S101 - those without a name were left out
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


def _twins(
    placed: Placed,
    symbols: tuple[SymbolFact, ...],
    pairings: tuple[Pairing, ...],
    files: Mapping[str, Placed],
    lookup: TreeLookup,
) -> Iterator[CounterpartFact]:
    """Yield a fact for each edited function of a file whose twin stands in an untouched file, with how much both had in common.

    What comes closer to its twin only gets what that has already.
    """
    edited = [one for one in symbols if one.kind in _FUNCTIONS and "body" in one.aspects]
    python, texts = placed.material.python, (placed.material.before, placed.material.after)
    paths = [(pairing, path) for pairing in pairings for path in pairing.twins_of(placed.fact.path)]
    standing = [(pairing, path) for pairing, path in paths if path not in files and lookup.module_at(path)]
    if not (edited and standing and python and python.before and python.after and texts[0] and texts[1]):
        return
    changes = {one.name: one for one in placed.symbols}
    before = Uses(texts[0].data, lambda: python.before).by_definition()
    after = Uses(texts[1].data, lambda: python.after).by_definition()
    for pairing, path in standing:
        twins = {pairing.without_words(name): (name, uses) for name, uses in lookup.uses_at(path).items()}
        for symbol in edited:
            name, uses = twins.get(pairing.without_words(symbol.symbol or ""), ("", frozenset[str]()))
            was, now = (_alike(side.get(symbol.symbol or ""), uses) for side in (before, after))
            if was >= _ALIKE and now <= was and _has_what_changed(changes.get(symbol.symbol or ""), uses):
                yield CounterpartFact(
                    **placed.spot(_place(placed, symbol), symbol=symbol.symbol),
                    family=pairing.name,
                    counterpart=f"{path} {name}",
                    reason=pairing.reason.en,
                    alike=was,
                )


def _has_what_changed(change: ChangedSymbol | None, names: frozenset[str]) -> bool:
    """Return whether a twin, by the names that it uses, makes one of the calls that an edit altered; an edit of anything else it may need too."""
    signals = change.signals if change is not None else ()
    calls = {
        what: {
            each.signal.text for each in signals if each.what == what and each.signal.kind is SignalKind.CALL
        }
        for what in ("removed", "added")
    }
    altered = calls["removed"] & calls["added"]
    is_all = calls["removed"] == calls["added"] and not any(
        each.signal.kind is SignalKind.GUARD for each in signals
    )
    return not (altered and is_all) or any(
        {root, f".{name}(" if dot else f"{name}("} <= names
        for root, dot, name in ((text.partition(".")[0], *text.rpartition(".")[1:]) for text in altered)
    )


def _alike(names: frozenset[str] | None, others: frozenset[str]) -> int:
    both = names & others if names else frozenset()
    return 100 * len(both) // len(names | others) if names and len(both) >= _FEWEST else 0


def _place(placed: Placed, symbol: SymbolFact) -> Region | None:
    return placed.old(symbol.line) if symbol.side == Side.BEFORE.value else placed.new(symbol.line)
