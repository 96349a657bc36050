"""Tests that were added, removed, skipped or loosened."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Final, NamedTuple

from diffscope.facts.assertions import (
    added_assertions,
    loosened_assertions,
    removed_assertions,
    removed_parameters,
)
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedPython, ChangedSignal, ChangedSymbol
from diffscope.facts.model import TestFact
from diffscope.facts.moves.facts import without_replaced
from diffscope.patterns import lazy_regex
from diffscope.syntax.model import Aspect, DefinitionKind, Signal, SignalKind

_SKIP = lazy_regex(r"(?:^|\.)(?:skip|skipif|skip_test|skip_if\w*|importorskip)\b")
_TEXT = lazy_regex(r"""'[^']+'|"[^"]+\"""")
_NAME = lazy_regex(r"[A-Za-z_]\w*")
_MODEL = lazy_regex(r"(?=.{6})(?=.*[A-Za-z])[\w.]*[-/\d][\w./-]*")
"""How models and their configurations are called: not by a plain word."""
_ASSIGNED = lazy_regex(r"^ *([A-Za-z_]\w*)(?: *:[^=\n]+)? *=(?!=) *(.+)$", re.MULTILINE)
_PATCH = lazy_regex(r"(?:^|\.)(?:patch(?:\.object)?|setattr)$")
_CONSTRUCTORS = frozenset({"__init__", "__post_init__", "__new__"})
_PATCHED = lazy_regex(r"""["']([\w.]+)["']""")
_XFAIL = lazy_regex(r"(?:^|\.)xfail\b")
_TOLERANCE = lazy_regex(
    r"^(?:a|r|abs_|rel_)?tol(?:erance)?$|^(?:rel|abs|max_diff|threshold|\w*_(?:atol|rtol|tol|tolerance|threshold))$",
    re.IGNORECASE,
)
_FLOOR = lazy_regex(r"(?:^|_)(?:min|expected|accuracy|similarity|cosine|recall|f1|score)", re.IGNORECASE)


class _Around(NamedTuple):
    """What the change does in a test file around one of its tests."""

    classes: frozenset[str] = frozenset()
    """Classes that the file imports newly."""
    altered: frozenset[str] = frozenset()
    """Variables of the module whose value is new or another."""
    others: tuple[Placed, ...] = ()
    """The other files of the change."""
    assertions: tuple[Signal, ...] = ()
    """Assertions that come anywhere in the tests of the change."""


def collect_tests(placed: Iterable[Placed]) -> tuple[TestFact, ...]:
    """Return the test facts of test files, by path and line. Helpers of tests count as ``modified`` only."""
    placed = tuple(placed)
    assertions = tuple(added_assertions(placed))
    facts = [
        fact
        for one in placed
        if one.fact.category == "test" and one.material.python is not None
        for others in [tuple(other for other in placed if other is not one)]
        for around in [_around(one.material.python, others, assertions)]
        for change in one.symbols
        if change.logic or Aspect.DECORATORS in change.aspects
        for fact in _without_exchanged(tuple(_tests_of_symbol(one, change, around)))
    ]
    facts = list(without_replaced(facts, placed))
    return tuple(sorted(set(facts), key=lambda fact: (fact.path, fact.line, fact.change, fact.symbol or "")))


def is_test_name(name: str) -> bool:
    """Return whether pytest would collect a function of that qualified name."""
    *owners, last = name.split(".")
    return last.startswith("test") and all(owner.startswith("Test") for owner in owners)


def _around(comparison: ChangedPython, others: tuple[Placed, ...], assertions: tuple[Signal, ...]) -> _Around:
    names = (item.alias or item.name or "" for item in comparison.imports_added)
    return _Around(
        classes=frozenset(name for name in names if name[:1].isupper() and not name.isupper()),
        altered=frozenset(
            change.name
            for change in comparison.symbols
            if change.kind is DefinitionKind.VARIABLE and change.logic and change.after is not None
        ),
        others=others,
        assertions=assertions,
    )


def _without_exchanged(facts: tuple[TestFact, ...]) -> Iterator[TestFact]:
    """Leave out skips of a symbol as far as others of it went: a skip that got another condition is no new one."""
    gone = sum(fact.change == "unskipped" for fact in facts)
    come = 0
    for fact in facts:
        if fact.change in ("skipped", "xfailed"):
            come += 1
            if come <= gone:
                continue
        yield fact


def _tests_of_symbol(placed: Placed, change: ChangedSymbol, around: _Around) -> Iterator[TestFact]:
    if change.kind in (DefinitionKind.FUNCTION, DefinitionKind.METHOD) and is_test_name(change.name):
        yield from _test(placed, change, around)
        return
    # A new file that skips itself elsewhere takes nothing away.
    is_old = placed.fact.status != "added"
    if is_old and (change.kind is DefinitionKind.MODULE or change.name == "pytestmark"):
        yield from _marks(placed, change, around)
    yield from _tolerances(placed, change)
    yield from loosened_assertions(placed, change)


def _test(placed: Placed, change: ChangedSymbol, around: _Around) -> Iterator[TestFact]:
    if Aspect.ADDED in change.aspects:
        spot = placed.spot(change.region, symbol=change.name)
        yield TestFact(**spot, change="added", replaces=_replaced(change, around))
        yield from _failing(placed, change)
    elif Aspect.REMOVED in change.aspects:
        yield TestFact(**placed.spot(change.region, symbol=change.name), change="removed")
    elif Aspect.MOVED not in change.aspects or len(change.aspects) > 1:
        spot = placed.spot(change.region, symbol=change.name)
        yield TestFact(**spot, change="modified", replaces=_replaced(change, around))
        yield from _decorators(placed, change)
        yield from _marks(placed, change, around)
        yield from _tolerances(placed, change)
        yield from loosened_assertions(placed, change)
        yield from removed_assertions(placed, change, around.assertions)
        yield from removed_parameters(placed, change)


def _replaced(change: ChangedSymbol, around: _Around) -> tuple[str, ...]:
    """Return the changed functions of the product in whose place a test newly puts something else, by the name that it patches."""
    names = {
        text.rpartition(".")[2]
        for item in change.signals
        if item.what == "added" and item.signal.kind is SignalKind.CALL and _PATCH.search(item.signal.text)
        for text in _PATCHED.findall(item.signal.detail)[:1]
    }
    if not names:
        return ()
    changed = {
        each.name
        for one in around.others
        if one.fact.category == "source"
        for each in one.symbols
        if each.logic and each.kind in (DefinitionKind.FUNCTION, DefinitionKind.METHOD) and each.after
    }
    replaced = {name for name in changed if name.rpartition(".")[2] in names}
    # A test that names another changed function tests that one, and replaces what it calls.
    text = "\n".join(change.region.lines) if change.region is not None else ""
    tested = {name.rpartition(".")[2] for name in changed - replaced} & set(_NAME.findall(text))
    return () if tested - _CONSTRUCTORS else tuple(sorted(replaced))


def _failing(placed: Placed, change: ChangedSymbol) -> Iterator[TestFact]:
    """A new test of a file that was there, marked as failing from the start. A skip elsewhere is the rule for new ones."""
    decorators = change.after.decorators if change.after else ()
    marks = [text for text in decorators if _XFAIL.search(text.partition("(")[0])]
    if marks and placed.fact.status != "added":
        yield TestFact(
            **placed.spot(change.region, symbol=change.name),
            change="xfailed",
            after=marks[0][:160],
            condition=marks[0].partition("(")[2].removesuffix(")"),
        )


def _decorators(placed: Placed, change: ChangedSymbol) -> Iterator[TestFact]:
    before = change.before.decorators if change.before else ()
    after = change.after.decorators if change.after else ()
    for pattern, added, removed in ((_SKIP, "skipped", "unskipped"), (_XFAIL, "xfailed", "unskipped")):
        old = [text for text in before if pattern.search(text.partition("(")[0])]
        new = [text for text in after if pattern.search(text.partition("(")[0])]
        if len(new) > len(old):
            yield TestFact(
                **placed.spot(change.region, symbol=change.name),
                change=added,
                after=new[-1][:160],
                condition=new[-1].partition("(")[2].removesuffix(")"),
            )
        elif len(old) > len(new):
            yield TestFact(
                **placed.spot(change.region, symbol=change.name), change=removed, before=old[-1][:160]
            )


def _marks(placed: Placed, change: ChangedSymbol, around: _Around) -> Iterator[TestFact]:
    for item in change.signals:
        signal = item.signal
        if signal.kind not in (SignalKind.CALL, SignalKind.REFERENCE) or item.what == "reguarded":
            continue
        word = "skipped" if _SKIP.search(signal.text) else "xfailed" if _XFAIL.search(signal.text) else None
        if word is None or not signal.text.startswith("pytest."):
            continue
        added = item.what == "added"
        guards = _spelled_out(signal.guards, change) if added else ()
        if added and (_is_about_new(guards, change, around) or _names_what_arrives(guards, placed, around)):
            continue
        yield TestFact(
            **placed.spot(item.region, symbol=change.name),
            change=word if added else "unskipped",
            before=None if added else f"{signal.text}({signal.detail})"[:160],
            after=f"{signal.text}({signal.detail})"[:160] if added else None,
            condition=" and ".join((*signal.guards, *_asked(signal))),
        )


def _asked(signal: Signal) -> tuple[str, ...]:
    """Return what a mark that skips under a condition is given; a plain skip asks nothing of its own."""
    return (signal.detail,) if signal.text.endswith(".skipif") and signal.detail else ()


def _spelled_out(guards: tuple[str, ...], change: ChangedSymbol) -> tuple[str, ...]:
    """Return conditions, and what the names in them are assigned in the same function: what they ask for may stand there."""
    if change.after is None or change.region is None:
        return guards
    names = {name for guard in guards for name in _NAME.findall(guard)}
    assigned = _ASSIGNED.findall("\n".join(change.region.lines[1:]))
    return (*guards, *(value for name, value in assigned if name in names))


def _is_about_new(guards: tuple[str, ...], change: ChangedSymbol, around: _Around) -> bool:
    """Return whether a condition asks for what this change adds to a test: a parameter, values of one, or a class to try."""
    if any(value in guard for guard in guards for value in _new_values(change)):
        return True
    names = _new_parameters(change, around.altered) | around.classes
    return any(names & set(_NAME.findall(guard)) for guard in guards)


def _names_what_arrives(guards: tuple[str, ...], placed: Placed, around: _Around) -> bool:
    """Return whether a condition names a model or a configuration that the same change brings: no test of it was there to skip."""
    texts = (text[1:-1] for guard in guards for text in _TEXT.findall(guard))
    names = [text.encode() for text in texts if _MODEL.fullmatch(text)]
    before = placed.material.before.data if placed.material.before is not None else b""
    return any(name not in before and any(_brings(other, name) for other in around.others) for name in names)


def _brings(other: Placed, name: bytes) -> bool:
    """Return whether a file is new under that name, or has it in its text now and did not before."""
    if other.fact.status == "added":
        return name in other.fact.path.encode()
    before, after = other.material.before, other.material.after
    return before is not None and after is not None and name in after.data and name not in before.data


def _new_parameters(change: ChangedSymbol, variables: frozenset[str]) -> set[str]:
    """Parameters of a test that are new, or whose values this change alters."""
    if change.before is None or change.after is None:
        return set()
    before, after = (
        {parameter.name for parameter in side.parameters} for side in (change.before, change.after)
    )
    altered = set(change.after.decorators) - set(change.before.decorators)
    altered |= {text for text in change.after.decorators if variables & set(_NAME.findall(text))}
    named = {
        name
        for text in altered
        if ".parametrize(" in text
        for quoted in _TEXT.findall(text)[:1]
        for name in _NAME.findall(quoted)
    }
    return (after - before) | (named & after)


def _new_values(change: ChangedSymbol) -> set[str]:
    """Texts that this change adds to the parameters of a test: to skip some of what is new takes nothing away."""
    before, after = (
        set(_TEXT.findall(" ".join(side.decorators))) if side else set()
        for side in (change.before, change.after)
    )
    return after - before


_LARGEST_FACTOR: Final = 1_000_000


def _tolerances(placed: Placed, change: ChangedSymbol) -> Iterator[TestFact]:
    removed: defaultdict[str, list[ChangedSignal]] = defaultdict(list)
    added: defaultdict[str, list[ChangedSignal]] = defaultdict(list)
    for item in change.signals:
        is_tolerance = item.signal.kind is SignalKind.NUMBER and _TOLERANCE.match(item.signal.detail)
        if is_tolerance and item.what in ("added", "removed"):
            (added if item.what == "added" else removed)[item.signal.detail].append(item)
    for name in sorted(removed.keys() & added.keys()):
        for old, new in zip_longest(removed[name], added[name]):
            if old is not None and new is not None and _is_looser(name, old.signal.text, new.signal.text):
                yield TestFact(
                    **placed.spot(new.region, symbol=change.name),
                    change="tolerance-loosened",
                    before=f"{name}={old.signal.text}",
                    after=f"{name}={new.signal.text}",
                    factor=_factor(old.signal.text, new.signal.text),
                )


def _is_looser(name: str, before: str, after: str) -> bool:
    try:
        old, new = float(before.replace("_", "")), float(after.replace("_", ""))
    except ValueError:
        return False
    return new < old if _FLOOR.search(name) else new > old


def _factor(before: str, after: str) -> int:
    """Return ten times the quotient of two tolerances, the larger by the smaller; as much as from zero where one is zero."""
    small, large = sorted(abs(float(text.replace("_", ""))) for text in (before, after))
    return min(round(10 * large / small), _LARGEST_FACTOR) if small else _LARGEST_FACTOR
