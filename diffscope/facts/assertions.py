"""Assertions that became weaker, and parameters of tests that went, so that a test runs for less than before."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedSignal, ChangedSymbol
from diffscope.facts.model import TestFact
from diffscope.facts.parsed_text import parse_expression
from diffscope.patterns import lazy_regex
from diffscope.syntax.model import Signal, SignalKind

_WORD = lazy_regex(r"[A-Za-z][A-Za-z0-9]*")
_SAME = 0.5
"""Share of words that an assertion keeps; below it, it asks about something else."""
_WEAK = lazy_regex(
    r"\.(?:starts|ends)with\(|\b(?:isclose|allclose|approx|is_close)\(|(?<!not )\bin\b|[<>]=", re.ASCII
)
_EQUAL = lazy_regex(r"(?<![=!<>])==(?!=)")
_HOW = frozenset([
    "in", "not", "is", "and", "or", "if", "else", "for", "none", "true", "false", "len", "str", "startswith",
    "endswith", "isclose", "allclose", "close", "approx", "pytest", "torch", "np",
])  # fmt: skip
"""Words that say how something is asked for."""


def loosened_assertions(placed: Placed, change: ChangedSymbol) -> Iterator[TestFact]:
    """Yield the assertions of a symbol that asked for equality and now ask for likeness, a part or a bound of the same things."""
    conditions = [item for item in change.signals if item.signal.kind is SignalKind.GUARD]
    if not any(_WEAK.search(item.signal.text) for item in conditions if item.what == "added"):
        return
    old, new = (
        [item for item in conditions if item.what == what and _is_assertion(item)]
        for what in ("removed", "added")
    )
    exact = [item.signal for item in old if _is_exact(item.signal.text)]
    # What is still asked for exactly stands for one of those that were.
    left = len(exact) - sum(_is_exact(item.signal.text) for item in new)
    for item in new:
        signal = item.signal
        before = max(exact, key=lambda one: _likeness(one, signal), default=None)
        is_weak = not _is_exact(signal.text) and _WEAK.search(signal.text)
        if left > 0 and is_weak and before is not None and _likeness(before, signal) >= _SAME:
            left -= 1
            exact.remove(before)
            yield TestFact(
                **placed.spot(item.region, symbol=change.name),
                change="assertion-loosened",
                before=before.text[:160],
                after=signal.text[:160],
            )


def added_assertions(placed: Iterable[Placed]) -> Iterator[Signal]:
    """Yield the assertions that come anywhere in the test files of a change."""
    for one in placed:
        for change in one.symbols if one.fact.category == "test" else ():
            for item in change.signals:
                if item.what != "removed" and item.signal.kind is SignalKind.GUARD and _is_assertion(item):
                    yield item.signal


def removed_assertions(
    placed: Placed, change: ChangedSymbol, added: tuple[Signal, ...]
) -> Iterator[TestFact]:
    """Yield a fact for a test that goes on and only loses: the first of its assertions for which none comes that is like it.

    A test that gains lines too asks for something else, which is no less.
    ``added`` are those that come anywhere in the tests of the change: what a test no longer asks, another may.
    """
    if change.code_added:
        return
    gone = [
        item
        for item in change.signals
        if item.what == "removed"
        and item.signal.kind is SignalKind.GUARD
        and _is_assertion(item)
        and not any(_likeness(item.signal, one) >= _SAME for one in added)
    ]
    if gone:
        yield TestFact(
            **placed.spot(gone[0].region, symbol=change.name),
            change="assertion-removed",
            before=gone[0].signal.text[:160],
        )


def _is_exact(text: str) -> bool:
    return bool(_EQUAL.search(text)) and not re.search(r"\bapprox\(", text)


def _is_assertion(item: ChangedSignal) -> bool:
    return item.region is not None and item.region.lines[0].lstrip().startswith("assert")


def _likeness(one: Signal, other: Signal) -> float:
    """Return the share of words that two assertions have in common."""
    first, second = _things(one), _things(other)
    return len(first & second) / (len(first | second) or 1)


def _things(signal: Signal) -> frozenset[str]:
    """Return what an assertion is about: the words of its names, one and many of a thing alike."""
    return frozenset(word.lower().rstrip("s") for word in _WORD.findall(signal.text)) - _HOW


def removed_parameters(placed: Placed, change: ChangedSymbol) -> Iterator[TestFact]:
    """Yield the parameter sets that a test lost and got none for, one fact for each parametrised name.

    Only what is written out beside the test is compared; values that a variable holds are not known.
    """
    if change.before is None or change.after is None:
        return
    after = dict(_parameters(change.after.decorators))
    for names, old in _parameters(change.before.decorators):
        new = after.get(names)
        if new is None or len(new) >= len(old):
            continue
        gone = [text for text in old if text not in new]
        if gone and len(gone) > sum(text not in old for text in new):
            yield TestFact(
                **placed.spot(change.region, symbol=change.name),
                change="parameters-removed",
                before=f"{names}: {', '.join(gone)}"[:160],
            )


def _parameters(decorators: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the names of each ``parametrize`` with the texts of its values, without their marks and ids."""
    for text in decorators:
        if ".parametrize(" not in text:
            continue
        match parse_expression(text.removeprefix("@")):
            case ast.Call(
                args=[ast.Constant(value=str(names)), ast.List(elts=values) | ast.Tuple(elts=values), *_]
            ):
                if not any(isinstance(value, ast.Starred) for value in values):
                    yield names, tuple(_value(value) for value in values)


def _value(node: ast.expr) -> str:
    match node:
        case ast.Call(func=ast.Attribute(attr="param"), args=args):
            return ", ".join(map(ast.unparse, args))
    return ast.unparse(node)
