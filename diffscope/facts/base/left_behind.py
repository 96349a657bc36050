"""Overrides, siblings and callers of changed symbols that the change does not touch, found in the graph; ``counterparts.py`` has those that tables declare."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from diffscope.facts.base.base_index import Relative, TreeLookup
from diffscope.facts.change.changed_file import Placed, changed_source_symbols
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import OverrideFact
from diffscope.facts.parsed_text import parse_module
from diffscope.graph.query.graph import ModuleGraph
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.source.profile import profile
from diffscope.syntax.model import Aspect, Definition, DefinitionKind, Parameter, ParameterKind, SignalKind
from diffscope.taxonomy.model import Taxonomy

_CONTRACT = frozenset(
    {"added-required", "added-optional", "removed", "renamed", "moved", "kind", "made-required"}
)
_BY_PLACE = frozenset({ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD})
_CALLED = frozenset({DefinitionKind.FUNCTION, DefinitionKind.METHOD})
_NAMED_CALL = lazy_regex(r"\(?\s*[\"'](\w+)[\"']\s*,?(.*)", re.DOTALL)
_NAME = lazy_regex(r"(?<![\w.])[A-Za-z_]\w*(?!\w*\s*=[^=])")
_STARRED = frozenset({ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD})


def collect_overrides(
    placed: Iterable[Placed], taxonomy: Taxonomy, lookup: TreeLookup | None, graph: ModuleGraph | None
) -> tuple[OverrideFact, ...]:
    """Return a fact for each override, sibling or call that no longer fits a function whose parameters changed.

    An override that takes everything (``*args, **kwargs``) fits whatever comes. Without a graph no override is known. Calls are looked for
    in files of the base outside the change that import the function, or the class whose constructor it is, by name.
    """
    if lookup is None or graph is None:
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
    facts += (
        fact
        for one, change in changed
        if change.kind in _CALLED and _breaks_contract(change)
        for fact in _callers(one, change, lookup, graph)
    )
    facts += (fact for one, change in changed for fact in _called_by_name(one, change))
    facts += (fact for one, change in changed for fact in _orphans(one, change, lookup, graph))
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


def _called_by_name(placed: Placed, change: ChangedSymbol) -> Iterator[OverrideFact]:
    """Yield a fact for each method that a call on all workers names, and to which that call passes more than before.

    Workers of platforms outside the tree have the method too, with the parameters that it had.
    """
    calls = [
        item for item in change.signals if item.signal.text.rpartition(".")[2] in profile().code.remote_calls
    ]
    sides = {
        what: {
            call[1]: (item, call[2])
            for item in calls
            if item.what == what and (call := _NAMED_CALL.match(item.signal.detail))
        }
        for what in ("removed", "added")
    }
    for method, (item, passed) in sides["added"].items():
        _, before = sides["removed"].get(method, (None, passed))
        known = set(_NAME.findall(before))
        new = tuple(name for name in dict.fromkeys(_NAME.findall(passed)) if name not in known)
        if new and before.count(",") <= passed.count(","):
            yield OverrideFact(
                **placed.spot(item.region, symbol=change.name),
                what="named",
                base=method,
                target=change.name,
                missing=new,
            )


def _orphans(
    placed: Placed, change: ChangedSymbol, lookup: TreeLookup, graph: ModuleGraph
) -> Iterator[OverrideFact]:
    """Yield a fact for each override whose method a class above had and has no more, by itself or from its own bases."""
    owner, _, member = change.name.rpartition(".")
    python, path = placed.material.python, placed.fact.old_path or placed.fact.path
    is_gone = change.before is not None and change.after is None and not member.startswith("__")
    if not is_gone or not owner or python is None or python.after is None:
        return
    # A class that went as a whole leaves subclasses that import nothing, which is told otherwise.
    stays = any(one.name == owner for one in python.after.definitions)
    if not stays or any(lookup.declared_above(path, change.name).values()):
        return
    called = re.compile(rf"\b(?:self|cls)\.{member}\b".encode())
    sides = (placed.material.before, placed.material.after)
    before, after = (called.search(side.data) is not None if side is not None else False for side in sides)
    for relative in lookup.overriding(path, change.name):
        text = graph.text_at(RepoPath(relative.path)) or b""
        calls_base = re.search(rf"super\([^()]*\)\.{member}\b".encode(), text) is not None
        # What its own classes call by themselves goes on without the one above.
        if not (calls_base or (before and not after)):
            continue
        yield OverrideFact(
            **placed.spot(change.region, symbol=change.name),
            what="orphan",
            base=change.name,
            target=f"{relative.path}:{relative.line} {relative.name}",
            calls_base=calls_base,
        )


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


def _callers(
    placed: Placed, change: ChangedSymbol, lookup: TreeLookup, graph: ModuleGraph
) -> Iterator[OverrideFact]:
    """Yield a fact for each call in another file that fitted the function before and does not fit it now."""
    top, _, member = change.name.partition(".")
    if change.before is None or change.after is None or member not in ("", "__init__"):
        return
    paths = (user.rpartition(":")[0] for user in lookup.users(placed.fact.old_path or placed.fact.path, top))
    for path in dict.fromkeys(paths):
        for call in _calls_of(top, graph.text_at(RepoPath(path)) or b""):
            reason = _call_mismatch(call, change.after, skips=bool(member))
            if reason and not _call_mismatch(call, change.before, skips=bool(member)):
                place = Relative(path=path, line=call.lineno, name=top, parameters=(), base=top)
                yield _fact(placed, change, "caller", place, reason, None)


def _calls_of(name: str, text: bytes) -> Iterator[ast.Call]:
    """Yield the calls of an imported name in a file; none where it does not parse, or binds the name anew."""
    is_called = any(f"{name}{mark}".encode() in text for mark in ("(", " as "))
    tree = parse_module(text) if is_called else None
    nodes = list(ast.walk(tree)) if tree is not None else []
    imported = [alias for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names]
    known = {alias.asname or alias.name for alias in imported if alias.name == name}
    known -= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    known -= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    yield from (
        node
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known
    )


def _call_mismatch(call: ast.Call, function: Definition, *, skips: bool) -> SignatureMismatch | None:
    """Return how a call fails to fit a function (``skips``: its first parameter is bound); ``None`` where it fits, or may."""
    named = {keyword.arg for keyword in call.keywords if keyword.arg}
    if len(named) < len(call.keywords) or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    parameters = function.parameters[1:] if skips else function.parameters
    kinds = {each.kind for each in parameters}
    by_place = [each for each in parameters if each.kind in _BY_PLACE]
    passed = {each.name for each in by_place[: len(call.args)]} | named
    missing = [each.name for each in parameters if each.default is None and each.kind not in _STARRED]
    missing = [name for name in missing if name not in passed]
    extra = (
        sorted(named - {each.name for each in parameters}) if ParameterKind.VAR_KEYWORD not in kinds else []
    )
    if len(call.args) > len(by_place) and ParameterKind.VAR_POSITIONAL not in kinds:
        extra.append(f"{len(call.args)} by place")
    # The function takes more than the call passes, or the call passes more than that takes.
    return SignatureMismatch(missing=tuple(extra), extra=tuple(missing)) if missing or extra else None
