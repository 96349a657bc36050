"""Calls that choose a numeric type, a scale, the scope of a reduction or a scheme of quantisation, by their role."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from diffscope.facts.change.changed_python import ChangedSignal
from diffscope.facts.parsed_text import parse_call, parse_expression
from diffscope.patterns import lazy_regex
from diffscope.source.pairing import pair_equal
from diffscope.syntax.model import Signal, SignalKind

_CAST = lazy_regex(r"\.(?:float|half|bfloat16|double|type_as)$")
_TO = lazy_regex(r"\.(?:to|type|astype)$")
_TURNED = lazy_regex(r"\.(?:permute|transpose|t|swapaxes|swapdims|movedim|moveaxis)$")
_SETTLING = lazy_regex(r"(?i)weight|lora")
"""Names of functions that store or convert weights; elsewhere activations are turned, and whoever runs it sees what comes out."""
_TYPE_OF = lazy_regex(r"(?:^|=\s*|,\s*)([\w.\[\]()]*d_?type)\b")
_COUNTED = lazy_regex(
    r"(?:ids?|idx|ind(?:ex|exes|ices)|offsets?|len(?:s|gths?)?|slots?|tables?|masks?|positions?|counts?|size|starts?|loc)s?(?:\[.*\])?\.\w+$"
)
_REDUCED = lazy_regex(
    r"(?:^|\.)(amax|amin|aminmax|sum|mean|max|min|norm|softmax|log_softmax|logsumexp|var|std)$"
)
_SCOPE = ("dim", "axis", "keepdim", "keepdims")
_EXTREME = frozenset({"amax", "amin", "aminmax"})
"""What scales are computed from."""
_SCHEME = lazy_regex(
    r"(?i)(?:^|[._])\w*w\d+a\d+\w*$|(?:int[48]|fp[48]|nvfp4|mxfp[48]|mxint[48])\w*_(?:moe_)?quant_config$"
)
_SCALING = lazy_regex(r"(?i)(?:^|_)(?:scales?|scaling|scale_inv|sm_scale|softmax_scale|alpha)(?:$|_)")
_TAKING = lazy_regex(r"(?i)quant|scaled|gemm|_mm|matmul|attn|attention|softmax|norm|moe")
_COMPUTED = lazy_regex(r"[*/]|reciprocal|rsqrt|^None$|^-?[\d.]+(?:e-?\d+)?$")

_RUNNING = lazy_regex(
    r"^(?:non_blocking|async_op|pin_memory|keepdims?|inplace|out|copy|strict|check|prefix|persistent|sorted|largest|descending|requires_grad|weights_only|return_\w+|use_cache|exist_ok|\w*log\w*|\w*warn\w*|\w*verbose\w*)$"
)
"""Arguments that say how something is run, laid out or told, as against what comes out."""
_LAID_OUT = lazy_regex(
    r"\.(?:flatten|reshape|contiguous|squeeze|unsqueeze|expand|view(?!\(\w+\.\w*(?:float|int|half)))\((?:[^()]|\([^()]*\))*\)"
)
"""Calls that lay the same numbers out in another shape."""


class NumericChoice(NamedTuple):
    """One choice that came, went or changed."""

    what: str
    """``cast``, ``scale``, ``reduction``, ``scheme``, ``layout`` or ``switch``."""
    change: str
    item: ChangedSignal
    """Where it stands; of the old side for what went."""
    text: str
    before: str | None = None
    detail: str = ""


def choices_of(signals: Iterable[ChangedSignal], name: str) -> Iterator[NumericChoice]:
    """Yield the choices in the signals of the symbol ``name``, in the order of their kinds."""
    listed = tuple(signals)
    calls = [item for item in listed if item.signal.kind is SignalKind.CALL]
    yield from _paired("cast", calls, _cast_of)
    yield from _paired("scheme", calls, _scheme_of)
    if _SETTLING.search(name):
        yield from _paired("layout", calls, _turned_of)
    yield from _paired(
        "scale", [item for item in listed if item.signal.kind is SignalKind.FACTOR], _factor_of
    )
    for item in calls:
        if item.what == "reguarded" and (text := _scheme_of(item.signal)):
            yield NumericChoice("scheme", "reguarded", item, text)
    yield from _of_arguments(calls)


def _paired(
    what: str, items: Iterable[ChangedSignal], read: Callable[[Signal], str | None]
) -> Iterator[NumericChoice]:
    sides: dict[str, list[tuple[str, ChangedSignal]]] = {"removed": [], "added": []}
    for item in items:
        text = read(item.signal)
        if text is not None and item.what in sides:
            sides[item.what].append((text, item))
    left = pair_equal(sides["removed"], sides["added"], key=lambda one: one[0])
    gone, come = list(left.gone), list(left.come)
    if what == "scale" and gone and come:
        # A factor by another name is the same factor.
        return
    for (before, _), (text, item) in zip(gone, come, strict=False):
        yield NumericChoice(what, "changed", item, text, before)
    for text, item in come[len(gone) :]:
        yield NumericChoice(what, "added", item, text)
    for text, item in gone[len(come) :]:
        yield NumericChoice(what, "removed", item, text)


def _cast_of(call: Signal) -> str | None:
    name = call.text.rpartition(".")[2]
    if _COUNTED.search(call.text):
        return None
    if _CAST.search(call.text) and (not call.detail or name == "type_as"):
        return f".{name}({call.detail})"
    taken = _TYPE_OF.search(call.detail) if _TO.search(call.text) else None
    return f".{name}({taken[1]})" if taken is not None and not taken[1].startswith("torch.") else None


def _scheme_of(call: Signal) -> str | None:
    return call.text.rpartition(".")[2] if _SCHEME.search(call.text) else None


def _turned_of(call: Signal) -> str | None:
    return f".{call.text.rpartition('.')[2]}({call.detail})" if _TURNED.search(call.text) else None


def _factor_of(factor: Signal) -> str | None:
    if _SCALING.search(factor.detail.rpartition(".")[2]):
        # A scale is worked out from it; no value is scaled here.
        return None
    return re.sub(r"\[.*\]$|\.data$", "", factor.text).rpartition(".")[2]


def _of_arguments(calls: list[ChangedSignal]) -> Iterator[NumericChoice]:
    """Yield what a call gets otherwise: its scale, or the dimensions that it reduces."""
    paired = pair_equal(
        (item for item in calls if item.what == "removed"),
        (item for item in calls if item.what == "added"),
        key=lambda item: item.signal.text.rpartition(".")[2],
    )
    for old, new in paired.pairs:
        if any(word in each.signal.detail for word in ("=True", "=False") for each in (old, new)):
            yield from _turned_round(old, new)
        reduced = _REDUCED.search(new.signal.text)
        if reduced is not None:
            before, after = _arguments(old.signal), _arguments(new.signal)
            scopes = [{name: each.get(name) for name in (*_SCOPE, "0")} for each in (before, after)]
            # The function of Python is no method of a tensor: it counts and compares sizes.
            is_method = "." in new.signal.text and not new.signal.text.startswith(("torch.", "F.", "tl."))
            if is_method and scopes[0] != scopes[1]:
                yield NumericChoice(
                    "reduction", "changed", new, new.signal.detail, old.signal.detail, _last(new.signal)
                )
        elif _TAKING.search(new.signal.text):
            yield from _scales(old, new)
    for what, items in (("added", paired.come), ("removed", paired.gone)):
        for item in items:
            reduced = _REDUCED.search(item.signal.text)
            if reduced is not None and reduced[1] in _EXTREME:
                yield NumericChoice("reduction", what, item, f"{reduced[1]}({item.signal.detail})")


def _turned_round(old: ChangedSignal, new: ChangedSignal) -> Iterator[NumericChoice]:
    """Yield the named arguments that were true and are false now, or the other way about, for an object without the attribute they come from.

    Then those that are written out and were left to their default before; nothing where the call got nothing or could not be read.
    """
    before, after = _arguments(old.signal), _arguments(new.signal)
    for name in sorted(name for name in before.keys() & after.keys() if not name.isdigit()):
        was = {"True": True, "False": False}.get(before[name])
        if was is not None and _by_default(parse_expression(after[name])) is (not was):
            yield NumericChoice("switch", "changed", new, after[name], before[name], name)
    for name in sorted(after.keys() - before.keys()) if before else ():
        is_open = after[name] in ("True", "False") and after[name] not in _by_place(before)
        if is_open and not name.isdigit() and not _RUNNING.search(name):
            yield NumericChoice("switch", "added", new, after[name], None, name)


def _by_default(value: ast.expr | None) -> bool | None:
    """Return what an expression comes to that names a default, or is written out; ``None`` for any other."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        inner = _by_default(value.operand)
        return None if inner is None else not inner
    if isinstance(value, ast.Call) and value.args:
        callee = ast.unparse(value.func)
        takes = {"getattr": 3, "bool": 1}.get(callee, 2 if callee.endswith(".get") else 0)
        return _by_default(value.args[-1]) if len(value.args) == takes else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, bool) else None


def _scales(old: ChangedSignal, new: ChangedSignal) -> Iterator[NumericChoice]:
    before, after = _arguments(old.signal), _arguments(new.signal)
    for name in sorted(name for name in before.keys() | after.keys() if _SCALING.search(name)):
        was, now = (
            None if (text := each.get(name)) is None else _LAID_OUT.sub("", text) for each in (before, after)
        )
        # What was handed over by its place is handed over by its name now, or the other way about.
        is_named = (was is None and now in _by_place(before)) or (now is None and was in _by_place(after))
        if (
            was != now
            and not is_named
            and any(_COMPUTED.search(value) for value in (was, now) if value is not None)
        ):
            yield NumericChoice("scale", "changed", new, after.get(name, ""), before.get(name, ""), name)


def _by_place(arguments: Mapping[str, str]) -> set[str]:
    return {_LAID_OUT.sub("", text) for name, text in arguments.items() if name.isdigit()}


def _last(call: Signal) -> str:
    return call.text.rpartition(".")[2]


def _arguments(call: Signal) -> Mapping[str, str]:
    """Return the arguments of a call by name or place; nothing for what is cut off or does not parse."""
    tree = parse_call(call.detail)
    if tree is None:
        return {}
    found = {str(at): ast.unparse(each) for at, each in enumerate(tree.args)}
    return found | {each.arg: ast.unparse(each.value) for each in tree.keywords if each.arg is not None}
