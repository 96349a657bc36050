"""Platform and architecture conditions that came, went, or whose guarded code changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from diffscope.facts.material import Placed, changed_source_symbols
from diffscope.facts.values import GuardFact
from diffscope.syntax.values import Aspect, SignalKind, SymbolChange
from diffscope.taxonomy.model import Taxonomy

_ARCHITECTURE = re.compile(
    r"sm_?(\d{2,3})[af]?(?![0-9A-Za-z])|gfx(\d{3,4}[a-z]?)|((?:has_|is_)?device_capability(?:_family)?|compute_capability|get_arch|cuda_arch)\b",
    re.IGNORECASE,
)
_CAPABILITY = re.compile(r"capability(?:_family)?\(\s*\(?\s*(\d{1,3})")


def collect_guards(placed: Iterable[Placed], taxonomy: Taxonomy) -> tuple[GuardFact, ...]:
    """Return the guard facts of source files, one for each condition and symbol, by path and line."""
    facts = [
        fact
        for one, change in changed_source_symbols(placed)
        if Aspect.REMOVED not in change.aspects
        for fact in _guards_of_symbol(one, change, taxonomy)
    ]
    return tuple(
        sorted(facts, key=lambda fact: (fact.path, fact.line, fact.change, fact.condition, fact.what))
    )


def architectures_in(condition: str) -> tuple[str, ...]:
    """Return the architectures that a condition names: ``sm90``, ``gfx942``, or ``capability`` where it names none by number."""
    names = set()
    for match in _ARCHITECTURE.finditer(condition):
        sm, gfx, asked = match.groups()
        numbered = _CAPABILITY.search(condition) if asked else None
        names.add(
            f"sm{sm}" if sm else f"gfx{gfx}" if gfx else f"sm{numbered[1]}" if numbered else "capability"
        )
    return tuple(sorted(names))


def _guards_of_symbol(placed: Placed, change: SymbolChange, taxonomy: Taxonomy) -> Iterator[GuardFact]:
    own = {item.signal.text for item in change.signals if item.signal.kind is SignalKind.GUARD}
    states: dict[tuple[str, str], int] = {}
    for item in change.signals:
        signal = item.signal
        if signal.kind is SignalKind.GUARD:
            state = item.what if item.what in ("added", "removed") else "body"
            states.setdefault((signal.text, state), signal.line)
            continue
        for condition in signal.guards:
            # Code under a condition that itself came or went is told by that condition's own fact.
            if _bare(condition) not in own:
                states.setdefault((condition, "body"), signal.line)
    for (condition, state), line in states.items():
        yield from _facts(placed, change, condition, state, line, taxonomy)


def _bare(condition: str) -> str:
    return condition.removeprefix("not (").removesuffix(")") if condition.startswith("not (") else condition


def _facts(
    placed: Placed, change: SymbolChange, condition: str, state: str, line: int, taxonomy: Taxonomy
) -> Iterator[GuardFact]:
    side = "old" if state == "removed" or (change.after is None and change.before is not None) else "new"
    for what, names in (
        ("platform", taxonomy.platforms_in(condition)),
        ("architecture", architectures_in(condition)),
    ):
        if names:
            spot = placed.spot(line, symbol=change.name, side=side)
            yield GuardFact(**spot, change=state, condition=condition, what=what, names=names)
