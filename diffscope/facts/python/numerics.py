"""Numeric choices added, removed or changed: data types, literals, rounding, divisors."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from diffscope.facts.change.changed_file import Placed, changed_source_symbols
from diffscope.facts.change.changed_python import ChangedSignal, ChangedSymbol
from diffscope.facts.model import NumericFact
from diffscope.facts.python.numeric_calls import choices_of
from diffscope.patterns import lazy_regex
from diffscope.source.pairing import pair_equal
from diffscope.source.text import Region
from diffscope.syntax.model import Aspect, DefinitionKind, Signal, SignalKind

_DTYPE = lazy_regex(
    r"^(?:torch|tl|triton\.language|np|numpy|jnp|cutlass|scalar_types)\."
    r"((?:b?float|half|double|u?int|fp|e\dm\d|uint|float8|float4|complex)\w*)$"
)
_PRECISION = lazy_regex(
    r"(?:e8m0|ue8m0|scale_fmt|tf32|accum|dequant|upcast|downcast|\bscales?\b|_scales?\b|zero_point|_precision\b)",
    re.IGNORECASE,
)
_COMPUTED = lazy_regex(
    r"[*/%]|[\w)\]] [+-] |^-?[\d.]+(?:e-?\d+)?$|['\"]"
    r"|\.(?:a?max|a?min|mean|sum|abs|mul|div|sub|add|pow|sqrt|exp2?|log2?|reciprocal|clamp|float|half|bfloat16|to)_?\("
    r"|quant\w*\(|e8m0|upcast|downcast",
    re.IGNORECASE,
)
"""What a scale is computed by, or says as such; what hands it on, wraps it or lays it out leaves it as it is."""
_WEIGHED = lazy_regex(r"^(?!.*(?:\bndim|\bnumel|\bshape|\bsize|\bdim\()).*(?:[*/%]|[<>])", re.DOTALL)
"""A condition that weighs a scale, as against asking what is there or how large."""
_FORMAT = lazy_regex(r"scales?\.dtype\b|e8m0|scale_fmt|tf32|accum|upcast|downcast", re.IGNORECASE)
_ROUNDING = lazy_regex(
    r"^(?!math\.)(?:.*[._])?(?:round|rint|floor|ceil|trunc|nearbyint|finfo|iinfo)_?$", re.DOTALL
)
"""Of :mod:`math` they make whole numbers to count with."""
_HALVED = lazy_regex(r"[+-] 0?\.5\b")
"""What a choice between two values adds to round by hand."""
_BOUNDED = lazy_regex(r"(?:^|[._])(?:clamp|clip)(?:_min|_max)?_?$")
_INVERTED = lazy_regex(r"(?:^|\.)(?:reciprocal_?|rcp|rcp_approx\w*)$")
"""Division by the receiver, or by the only argument where that is a library."""
_LIBRARY = lazy_regex(r"(?:torch|tl|np|numpy|jnp|triton|libdevice|math|cute|T)(?:\.\w+)*")
_SMALL = 1e-4
"""Up to which a literal is taken for an epsilon."""
_TIMED = lazy_regex(r"time|interval|sleep|second|delay|(?:^|_)[mun]?s$", re.IGNORECASE)
_ALLOCATING = lazy_regex(
    r"^(?!tl\.).*\b(?:new_)?(?:empty|zeros|ones|full)(?:_like|_strided|_permuted)?$", re.DOTALL
)
"""What only makes room. What a kernel begins a sum with is where it adds up."""
_NARROW = lazy_regex(r"\.u?int(?:8|16)$")
_CASTING = lazy_regex(r"\.(?:to|type|astype)$|cast|quant", re.IGNORECASE)
_COUNTING = lazy_regex(
    r"(?:^|[._])(?:\w*ids?|\w*idx|\w*ind(?:ex|exes|ices)|offsets?|len(?:s|gths?)?|slots?|tables?|masks?|positions?|counts?)\b\S*$"
)
_DIVIDING = lazy_regex(r"\.(?:div|div_|divide|divide_|true_divide|true_divide_)$")
"""Division written as a call: the divisor is the last argument."""
_BY_KIND: dict[SignalKind, tuple[re.Pattern[str] | None, str]] = {
    SignalKind.DIVISION: (None, "division"),
    SignalKind.NUMBER: (None, "number"),
    SignalKind.REFERENCE: (_DTYPE, "dtype"),
    SignalKind.GUARD: (_PRECISION, "precision"),
    SignalKind.ATTRIBUTE_WRITE: (_PRECISION, "precision"),
}
_BY_CALL = ((_DIVIDING, "division"), (_INVERTED, "reciprocal"), (_ROUNDING, "rounding"), (_BOUNDED, "clamp"))
_BOUNDING = lazy_regex(r"(?:^|\.)(?:where|max|maximum|clamp|clamp_|clamp_min|clamp_min_|fmax)$")
_PROTECTED = lazy_regex(
    r"\b(?:max|maximum|clamp|clamp_min|where|finfo|tiny|cdiv|next_power_of_2)\b|(?i:\b(?:\w*_)?eps(?:ilon)?\b)|\+\s*\d|1e-"
)


def collect_numerics(placed: Iterable[Placed]) -> tuple[NumericFact, ...]:
    """Return the numeric facts of source files, by path and line; a removed and an added one of the same name make one change.

    What moved computes as before; what is gone computes nothing, but may have handed its types on.
    """
    changes = tuple(changed_source_symbols(placed))
    dropped = {each.name for _, change in changes for each in change.parameters if each.what == "removed"}
    found = [
        (fact, Aspect.REMOVED in change.aspects)
        for one, change in changes
        for fact in _numerics_of_symbol(one, change)
        if not _goes_with_its_parameter(fact, change, dropped)
    ]
    left = [fact for fact, is_gone in found if is_gone and fact.what in ("dtype", "cast")]
    facts = _without_moved([fact for fact, is_gone in found if not is_gone], left)
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.what, fact.text, fact.change)))


def _goes_with_its_parameter(fact: NumericFact, change: ChangedSymbol, dropped: set[str]) -> bool:
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


def _without_moved(facts: list[NumericFact], left_by_gone: list[NumericFact]) -> list[NumericFact]:
    """Leave out types that left one function, gone or not, for another, new or not; one may gather what several had."""
    types = [fact for fact in facts if fact.what in ("dtype", "cast", "scale")]
    gathered = {fact.text for fact in types if fact.new_symbol}
    removed = [fact for fact in types if fact.change == "removed"]
    paired = pair_equal(
        [*removed, *left_by_gone],
        (fact for fact in types if fact.change == "added"),
        key=lambda fact: (fact.what, fact.text),
    )
    moved = {id(fact) for pair in paired.pairs for fact in pair}
    moved |= {id(fact) for fact in removed if fact.text in gathered}
    return [fact for fact in facts if id(fact) not in moved]


def is_protected(divisor: str, guards: Iterable[str]) -> bool:
    """Return whether a divisor cannot be zero as far as its text and the conditions around it tell."""
    if _PROTECTED.search(divisor):
        return True
    names = set(re.findall(r"[A-Za-z_][\w.]*", divisor))
    return any(re.search(rf"\b{re.escape(name)}\b", guard) for name in names for guard in guards)


def _is_bounded(divisor: str, change: ChangedSymbol) -> bool:
    """Return whether the symbol bounds a divisor by a call of its own: `scale = where(scale > 1e-8, scale, 1e-8)`."""
    name = re.compile(rf"\b{re.escape(divisor)}\b")
    return any(
        item.what == "added"
        and item.signal.kind is SignalKind.CALL
        and _BOUNDING.search(item.signal.text)
        and name.search(item.signal.detail)
        for item in change.signals
    )


def _numerics_of_symbol(placed: Placed, change: ChangedSymbol) -> Iterator[NumericFact]:
    for choice in choices_of(change.signals, change.name):
        yield NumericFact(
            **placed.spot(choice.item.region, symbol=change.name),
            what=choice.what,
            change=choice.change,
            text=choice.text,
            before=choice.before,
            detail=choice.detail,
            new_symbol=Aspect.ADDED in change.aspects,
        )
    grouped: dict[tuple[str, str], dict[str, list[ChangedSignal]]] = defaultdict(lambda: defaultdict(list))
    for each in change.signals:
        what = _what(each)
        if what:
            whole = change.whole_before if each.what == "removed" else change.whole_after
            grouped[what, _named(what, each.signal, whole)][each.what].append(each)
    for (what, name), sides in sorted(grouped.items()):
        removed, added = sides["removed"], sides["added"]
        if what == "precision":
            # What asks for the same precision on both sides, whatever else it asks, is no change.
            paired = pair_equal(removed, added, key=lambda each: frozenset(_words(each.signal.text)))
            removed, added = paired.gone, paired.come
        # A type that joins a table of types changes nothing that is computed in the others.
        is_entry = what == "dtype" and change.kind is DefinitionKind.VARIABLE
        for before, item in _pairs(what, removed, added):
            if before is not None and item is not None:
                yield _fact(
                    placed, change, what, item, before=_text_of(what, before.signal), kept=name == _KEPT
                )
            elif item is not None and name not in _EXCHANGED and not is_entry:
                yield _fact(placed, change, what, item, before=None, kept=name == _KEPT)
            elif before is not None and name not in (*_EXCHANGED, _KEPT):
                yield _fact(placed, change, what, before, before=None, kept=name == _KEPT)


def _pairs(
    what: str, removed: list[ChangedSignal], added: list[ChangedSignal]
) -> Iterator[tuple[ChangedSignal | None, ChangedSignal | None]]:
    """Yield what went beside what came for it; conditions only where both name one thing of precision."""
    if what != "precision" or not all(item.signal.kind is SignalKind.GUARD for item in (*removed, *added)):
        yield from zip_longest(removed, added)
        return
    open_ones = list(removed)
    for item in added:
        words = set(_words(item.signal.text))
        before = next((old for old in open_ones if words & set(_words(old.signal.text))), None)
        if before is not None:
            open_ones.remove(before)
            yield before, item
        elif _says_precision(item.signal):
            yield None, item
    yield from ((old, None) for old in open_ones if _says_precision(old.signal))


_KEPT = "kept"
_EXCHANGED = frozenset({"==", "room"})
"""Uses of a type that matter where another type takes its place: a comparison that comes is a condition, and room is no value."""


def _is_kept(signal: Signal, whole: Region | None) -> bool:
    """Return whether a type is that of a parameter of the model, as its constructor makes room for it."""
    kept = rf"Parameter\(\s*(?:data\s*=\s*)?torch\.\w+\((?:[^()]|\([^()]*\))*{re.escape(signal.text)}\b"
    is_room = whole is not None and bool(_ALLOCATING.search(signal.use))
    return is_room and re.search(kept, "\n".join(whole.lines if whole else ())) is not None


def _named(what: str, signal: Signal, whole: Region | None) -> str:
    """Return what a choice is paired by: the name it goes to; a type by its use where that computes nothing."""
    if what == "dtype":
        if _is_kept(signal, whole):
            return _KEPT
        return "room" if _ALLOCATING.search(signal.use) else "==" if signal.use == "==" else ""
    return "" if what in ("division", "reciprocal", "epsilon") else signal.detail


def _words(condition: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(r"[A-Za-z_][\w.]*", condition) if _PRECISION.search(match[0]))


def _what(item: ChangedSignal) -> str | None:
    signal = item.signal
    if item.what == "reguarded":
        return None
    if signal.kind is SignalKind.CALL:
        return _computed_by(signal)
    pattern, word = _BY_KIND.get(signal.kind, (None, None))
    if pattern is not None and not pattern.search(signal.text):
        return None
    is_cast = _CASTING.search(signal.use) and not _COUNTING.search(signal.use)
    if word == "dtype" and _NARROW.search(signal.text) and not is_cast:
        return None  # bytes and short numbers are mostly room or names
    if signal.kind is SignalKind.ATTRIBUTE_WRITE and not _COMPUTED.search(signal.detail):
        return None
    return "epsilon" if word == "number" and _is_epsilon(signal) else word


def _computed_by(call: Signal) -> str | None:
    if call.text.endswith(".where") and _HALVED.search(call.detail):
        return "rounding"
    return next((word for pattern, word in _BY_CALL if pattern.search(call.text)), None)


def _says_precision(condition: Signal) -> bool:
    """Return whether a condition weighs a scale or names a format; others ask what is there, or for a way to go."""
    return bool(_WEIGHED.search(condition.text) or _FORMAT.search(condition.text))


def _is_epsilon(signal: Signal) -> bool:
    try:
        value = abs(float(signal.text))
    except ValueError:
        return False
    return 0 < value <= _SMALL and not _TIMED.search(f"{signal.detail} {signal.use}")


def _factor(before: str, after: str) -> int:
    """Return how many times the larger number is the smaller one, rounded down; 0 where that says nothing."""
    try:
        old, new = float(before), float(after)
        return int(max(old / new, new / old))
    except (ValueError, ZeroDivisionError, OverflowError):
        return 0


def _text_of(what: str, signal: Signal) -> str:
    """Return the divisor of a division that is written as a call; else what the signal says."""
    if signal.kind is SignalKind.CALL and what == "division":
        return signal.detail.rpartition(", ")[2]
    if what == "reciprocal":
        receiver = signal.text.rpartition(".")[0]
        return signal.detail if not receiver or _LIBRARY.fullmatch(receiver) else receiver
    return signal.text


def _fact(
    placed: Placed, change: ChangedSymbol, what: str, item: ChangedSignal, *, before: str | None, kept: bool
) -> NumericFact:
    text = _text_of(what, item.signal)
    divides = what in ("division", "reciprocal")
    return NumericFact(
        **placed.spot(item.region, symbol=change.name),
        what=what,
        change="removed" if item.what == "removed" else "changed" if before is not None else "added",
        text=text,
        before=before,
        detail=item.signal.detail,
        kept=kept,
        factor=0 if before is None or what != "number" else _factor(before, text),
        guarded=divides and (is_protected(text, item.signal.guards) or _is_bounded(text, change)),
        new_symbol=Aspect.ADDED in change.aspects,
    )
