"""Overrides and siblings that a changed method leaves behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from diffscope.facts.base.base_index import Relative, TreeLookup
from diffscope.facts.change.changed_file import Placed, changed_source_symbols
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import OverrideFact
from diffscope.syntax.model import Aspect, Definition, DefinitionKind, Parameter, ParameterKind, SignalKind
from diffscope.taxonomy.model import Taxonomy

_CONTRACT = frozenset(
    {"added-required", "added-optional", "removed", "renamed", "moved", "kind", "made-required"}
)
_STARRED = frozenset({ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD})


def collect_overrides(
    placed: Iterable[Placed], taxonomy: Taxonomy, lookup: TreeLookup | None
) -> tuple[OverrideFact, ...]:
    """Return a fact for each override or sibling that no longer fits a method whose parameters changed.

    An override that takes everything (``*args, **kwargs``) fits whatever comes. Without a graph no override is known.
    """
    if lookup is None:
        return ()
    changed = tuple(changed_source_symbols(placed))
    facts = [
        fact
        for one, change in changed
        if change.kind is DefinitionKind.METHOD
        and _breaks_contract(change)
        and not _is_constructor(change.name)
        for fact in (*_overrides(one, change, lookup), *_siblings(one, change, taxonomy, lookup))
    ]
    facts = [_with_calls(fact, changed) for fact in facts]
    return tuple(sorted(set(facts), key=lambda fact: (fact.path, fact.line, fact.what, fact.target)))


class SignatureMismatch(NamedTuple):
    """How an override fails: parameters that it does not take, or such as it still requires."""

    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = ", ".join(f"`{name}`" for name in self.missing or self.extra)
        return f"does not take {names}" if self.missing else f"still requires {names}"


def signature_mismatch(method: Definition, parameters: tuple[Parameter, ...]) -> SignatureMismatch | None:
    """Return how an override's parameters fail to take what the method takes; ``None`` where they fit.

    By the rule of substitution: whatever may be passed to the method must be accepted by the override, and it must ask for no more.
    """
    kinds = {parameter.kind for parameter in parameters}
    own = {parameter.name: parameter for parameter in parameters}
    asked = [
        each for each in method.parameters if each.name not in ("self", "cls") and each.kind not in _STARRED
    ]
    missing = tuple(each.name for each in asked if each.name not in own)
    if missing and ParameterKind.VAR_KEYWORD not in kinds:
        return SignatureMismatch(missing=missing)
    known = {each.name for each in method.parameters}
    extra = tuple(
        name
        for name, each in own.items()
        if name not in known
        and name not in ("self", "cls")
        and each.default is None
        and each.kind not in _STARRED
    )
    return SignatureMismatch(extra=extra) if extra else None


def _is_constructor(name: str) -> bool:
    # Constructors are no part of what a subclass promises: each may ask for what it needs.
    return name.endswith((".__init__", ".__new__", ".__post_init__"))


def _breaks_contract(change: ChangedSymbol) -> bool:
    return Aspect.SIGNATURE in change.aspects and any(each.what in _CONTRACT for each in change.parameters)


def _new_misfit(change: ChangedSymbol, relative: Relative) -> SignatureMismatch | None:
    """Return how the changed method and a relative disagree that agreed before; ``None`` where they agree, or never did."""
    if change.after is None or (
        change.before is not None and signature_mismatch(change.before, relative.parameters)
    ):
        return None
    return signature_mismatch(change.after, relative.parameters)


def _grown_misfit(change: ChangedSymbol, relative: Relative) -> SignatureMismatch | None:
    """Return how an override disagrees now beyond what it disagreed before; ``None`` where the change adds nothing to that."""
    if change.after is None:
        return None
    now = signature_mismatch(change.after, relative.parameters)
    then = signature_mismatch(change.before, relative.parameters) if change.before else None
    if now is None or then is None:
        return now
    grown = SignatureMismatch(
        missing=tuple(name for name in now.missing if name not in then.missing),
        extra=tuple(name for name in now.extra if name not in then.extra),
    )
    return grown if any(grown) else None


def _overrides(placed: Placed, change: ChangedSymbol, lookup: TreeLookup) -> Iterator[OverrideFact]:
    for relative in lookup.overriding(placed.fact.path, change.name):
        reason = _grown_misfit(change, relative)
        if reason:
            yield _fact(placed, change, "override", relative, reason, None)


def _with_calls(fact: OverrideFact, changed: Iterable[tuple[Placed, ChangedSymbol]]) -> OverrideFact:
    """Add that nobody passes yet what an override does not take: a parameter with a default, which no call that is added names."""
    if not fact.missing or any(not _is_optional(fact, name, changed) for name in fact.missing):
        return fact
    method = fact.base.rpartition(".")[2]
    named = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, fact.missing))})(?![\w.])")
    is_passed = any(
        item.what == "added"
        and item.signal.kind is SignalKind.CALL
        and item.signal.text.rpartition(".")[2] == method
        # What a class passes to its own base never meets an override below it.
        and not item.signal.text.startswith("super(")
        and named.search(item.signal.detail)
        for _, change in changed
        for item in change.signals
    )
    return msgspec.structs.replace(fact, passed=is_passed)


def _is_optional(fact: OverrideFact, name: str, changed: Iterable[tuple[Placed, ChangedSymbol]]) -> bool:
    return any(
        parameter.name == name and parameter.default is not None
        for one, change in changed
        if one.fact.path == fact.path and change.name == fact.base and change.after is not None
        for parameter in change.after.parameters
    )


def _siblings(
    placed: Placed, change: ChangedSymbol, taxonomy: Taxonomy, lookup: TreeLookup
) -> Iterator[OverrideFact]:
    own = set(placed.fact.platforms)
    for relative in lookup.siblings(placed.fact.path, change.name):
        platforms = set(taxonomy.platforms_of(relative.path))
        reason = _new_misfit(change, relative)
        if reason and platforms and platforms != own:
            yield _fact(placed, change, "sibling", relative, reason, relative.base)


def _fact(
    placed: Placed,
    change: ChangedSymbol,
    what: str,
    relative: Relative,
    reason: SignatureMismatch,
    family: str | None,
) -> OverrideFact:
    return OverrideFact(
        **placed.spot(change.region, symbol=change.name),
        what=what,
        base=change.name,
        target=f"{relative.path}:{relative.line} {relative.name}",
        reason=str(reason),
        missing=reason.missing,
        extra=reason.extra,
        family=family,
    )
