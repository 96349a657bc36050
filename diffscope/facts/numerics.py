"""Numeric choices that came, went or changed: data types, literals, rounding, divisors."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from diffscope.facts.material import Placed, changed_source_symbols
from diffscope.facts.values import NumericFact
from diffscope.syntax.values import Aspect, Signal, SignalChange, SignalKind, SymbolChange

_DTYPE = re.compile(
    r"^(?:torch|tl|triton\.language|np|numpy|jnp|cutlass|scalar_types)\."
    r"((?:b?float|half|double|u?int|fp|e\dm\d|uint|float8|float4|complex)\w*)$"
)
_PRECISION = re.compile(
    r"(?:e8m0|ue8m0|scale_fmt|tf32|accum|dequant|upcast|downcast|\bscales?\b|_scales?\b|zero_point|_precision\b|use_deep_gemm)",
    re.IGNORECASE,
)
_ROUNDING = re.compile(r"(?:^|[._])(round|rint|floor|ceil|trunc|nearbyint|clamp|clip|finfo|iinfo)_?$")
_DIVIDING = re.compile(r"\.(?:div|div_|divide|divide_|true_divide|true_divide_)$")
"""Division written as a call: the divisor is the last argument."""
_BY_KIND: dict[SignalKind, tuple[re.Pattern[str] | None, str]] = {
    SignalKind.DIVISION: (None, "division"),
    SignalKind.NUMBER: (None, "number"),
    SignalKind.REFERENCE: (_DTYPE, "dtype"),
    SignalKind.GUARD: (_PRECISION, "precision"),
    SignalKind.ATTRIBUTE_WRITE: (_PRECISION, "precision"),
    SignalKind.CALL: (_ROUNDING, "rounding"),
}
_BOUNDING = re.compile(r"(?:^|\.)(?:where|max|maximum|clamp|clamp_|clamp_min|clamp_min_|fmax)$")
_PROTECTED = re.compile(
    r"\b(?:max|maximum|clamp|clamp_min|where|finfo|tiny|cdiv|next_power_of_2)\b|(?i:\b(?:\w*_)?eps(?:ilon)?\b)|\+\s*\d|1e-"
)


_STANDS_APART = frozenset({Aspect.MOVED, Aspect.REMOVED})
"""What moved computes as before; what is gone computes nothing."""


def collect_numerics(placed: Iterable[Placed]) -> tuple[NumericFact, ...]:
    """Return the numeric facts of source files, by path and line; a removed and an added one of the same name make one change."""
    changes = tuple(changed_source_symbols(placed))
    dropped = {each.name for _, change in changes for each in change.parameters if each.what == "removed"}
    facts = [
        fact
        for one, change in changes
        if not _STANDS_APART & set(change.aspects)
        for fact in _numerics_of_symbol(one, change)
        if not _goes_with_its_parameter(fact, change, dropped)
    ]
    facts = _without_moved(facts)
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.what, fact.text, fact.change)))


def _goes_with_its_parameter(fact: NumericFact, change: SymbolChange, dropped: set[str]) -> bool:
    """Return whether a type is gone as what a call passed to a parameter that is gone: nobody asks for it any more."""
    if fact.what != "dtype" or fact.change != "removed":
        return False
    passed = [
        item.signal.detail
        for item in change.signals
        if item.what == "removed" and item.signal.kind is SignalKind.CALL and fact.text in item.signal.detail
    ]
    words = {name for text in passed for name in re.findall(rf"(\w+)\s*=\s*{re.escape(fact.text)}\b", text)}
    return bool(words & dropped)


def _without_moved(facts: list[NumericFact]) -> list[NumericFact]:
    """Leave out types that left one function for another, new or not; one function may gather what several had."""
    types = [fact for fact in facts if fact.what == "dtype"]
    gathered = {fact.text for fact in types if fact.new_symbol}
    counts = {
        side: Counter(fact.text for fact in types if fact.change == side) for side in ("added", "removed")
    }
    pairs = counts["added"] & counts["removed"]
    left = {"added": Counter(pairs), "removed": Counter(pairs)}
    kept = []
    for fact in facts:
        open_pairs = left.get(fact.change) if fact.what == "dtype" else None
        if open_pairs is not None and open_pairs[fact.text] > 0:
            open_pairs[fact.text] -= 1
        elif not (fact.what == "dtype" and fact.change == "removed" and fact.text in gathered):
            kept.append(fact)
    return kept


def is_protected(divisor: str, guards: Iterable[str]) -> bool:
    """Return whether a divisor cannot be zero as far as its text and the conditions around it tell."""
    if _PROTECTED.search(divisor):
        return True
    names = set(re.findall(r"[A-Za-z_][\w.]*", divisor))
    return any(re.search(rf"\b{re.escape(name)}\b", guard) for name in names for guard in guards)


def _is_bounded(divisor: str, change: SymbolChange) -> bool:
    """Return whether the symbol bounds a divisor by a call of its own: `scale = where(scale > 1e-8, scale, 1e-8)`."""
    name = re.compile(rf"\b{re.escape(divisor)}\b")
    return any(
        item.what == "added"
        and item.signal.kind is SignalKind.CALL
        and _BOUNDING.search(item.signal.text)
        and name.search(item.signal.detail)
        for item in change.signals
    )


def _numerics_of_symbol(placed: Placed, change: SymbolChange) -> Iterator[NumericFact]:
    grouped: dict[tuple[str, str], dict[str, list[Signal]]] = defaultdict(lambda: defaultdict(list))
    for item in change.signals:
        what = _what(item)
        if what:
            grouped[what, item.signal.detail if what != "division" else ""][item.what].append(item.signal)
    for (what, _), sides in sorted(grouped.items()):
        removed, added = sides["removed"], sides["added"]
        for index, signal in enumerate(added):
            before = removed[index].text if index < len(removed) else None
            yield _fact(placed, change, what, signal, before=before, removed=False)
        for signal in removed[len(added) :]:
            yield _fact(placed, change, what, signal, before=None, removed=True)


def _what(item: SignalChange) -> str | None:
    signal = item.signal
    if signal.kind is SignalKind.CALL and _DIVIDING.search(signal.text):
        return "division" if item.what != "reguarded" else None
    pattern, word = _BY_KIND.get(signal.kind, (None, None))
    if item.what == "reguarded" or (pattern is not None and not pattern.search(signal.text)):
        return None
    return word


def _fact(
    placed: Placed, change: SymbolChange, what: str, signal: Signal, *, before: str | None, removed: bool
) -> NumericFact:
    is_call = what == "division" and signal.kind is SignalKind.CALL
    text = signal.detail.rpartition(", ")[2] if is_call else signal.text
    return NumericFact(
        **placed.spot(signal.line, symbol=change.name, side="old" if removed else "new"),
        what=what,
        change="removed" if removed else "changed" if before is not None else "added",
        text=text,
        before=before,
        detail=signal.detail,
        guarded=what == "division" and (is_protected(text, signal.guards) or _is_bounded(text, change)),
        new_symbol=Aspect.ADDED in change.aspects,
    )
