"""Changed native functions, items of Rust, and torch operators."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.model import NativeFact, OperatorFact
from diffscope.facts.moves.facts import successor
from diffscope.patterns import lazy_regex
from diffscope.source.pairing import pair_equal
from diffscope.source.profile import places
from diffscope.source.text import Region
from diffscope.syntax.model import Aspect, NativeChange, NativeComparison, OperatorChange, Outline

_EXTENSION, _MAIN_EXTENSION = "TORCH_EXTENSION_NAME", "_C"
"""The word that a binding file writes for its extension, and the extension's name."""
_SERIALISED = frozenset({"Serialize", "Deserialize"})
"""What Rust derives for a type that is read from bytes or written to them."""
_REGISTERS = lazy_regex(r"(?:^|\.)(?:\w*register\w*_op|custom_op)$")
_OPERATOR = lazy_regex(r"(?:\w+::)?[A-Za-z_]\w*")
_BETWEEN_ARGUMENTS = lazy_regex(r",(?![^\[]*\])")
_NAMED = lazy_regex(r"\s+[A-Za-z_]\w*(?=\s*(?:=|$))")
_DEVICE_HEADER = lazy_regex(
    r"^(?:torch|ATen|c10|cuda|hip|cub|rocm|cutlass|cute|sycl|immintrin|arm_neon)\b|_?(?:cuda|hip)\w*\.h"
)
_DEVICE_SUFFIX = (".cu", ".cuh", ".hip")
_FAKE = lazy_regex(r"register_fake|impl_abstract|fake_impl|register_meta|\bMeta\b")


def collect_natives(placed: Iterable[Placed], lookup: TreeLookup | None) -> tuple[NativeFact, ...]:
    """Return a fact for each native function whose code changed, by path and line."""
    found = [
        _Changed(one, change)
        for one in placed
        if (one.fact.category, one.fact.language) == ("source", "rust") or one.fact.category == "native"
        if one.material.native is not None
        for change in one.material.native.functions
        if change.logic and change.name
    ]
    facts = [_native(each, lookup) for each in _joined(found)]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.symbol or "", fact.change)))


def collect_operators(placed: Iterable[Placed], lookup: TreeLookup | None) -> tuple[OperatorFact, ...]:
    """Return a fact for each operator whose schema or implementation changed, by path and line.

    A file that moves its bindings elsewhere removes nothing: an operator that is removed and added alike is left out.
    """
    placed = tuple(placed)
    listed = [(one, one.material.native) for one in placed if one.material.native is not None]
    changes = [(one, change) for one, native in listed for change in native.operators]
    found = (source_comparison(one) for one in placed)
    compared = [each.after for each in found if each is not None and each.after is not None]
    facts = [
        fact
        for one, change in _without_moves(changes)
        for fact in _operator(one, change, lookup, has_fake=_has_fake(change, listed, compared, lookup))
    ]
    facts += _removed_in_python(placed, lookup)
    came = {fact.name for fact in facts if fact.change == "added"} | _come_in_python(placed)
    places = {fact.name: fact.path for fact in facts if fact.change == "implementation" and fact.after}
    facts = [
        replace(fact, moved_to=places.get(fact.name))
        if fact.change == "implementation" and fact.after is None
        else fact
        for fact in facts
    ]
    told = (
        replace(fact, successor=successor(fact.name, came)) if fact.change == "removed" else fact
        for fact in facts
    )
    return tuple(sorted(told, key=lambda fact: (fact.path, fact.line, fact.name, fact.change)))


def _removed_in_python(placed: tuple[Placed, ...], lookup: TreeLookup | None) -> Iterator[OperatorFact]:
    """Yield a fact for each operator that Python code registered by name, and that no file of the change registers any more."""
    compared = [(one, found) for one in placed if (found := source_comparison(one)) is not None]
    standing = {name for _, found in compared for name in _registered(found.after)}
    for one, found in compared:
        for name, line in _registered(found.before).items():
            word = name.rpartition("::")[2]
            if name not in standing:
                yield OperatorFact(
                    **one.spot(one.old(line), symbol=word),
                    name=name,
                    change="removed",
                    callers=lookup.operator_callers(word) if lookup else UNSET,
                )


def _come_in_python(placed: tuple[Placed, ...]) -> set[str]:
    compared = [found for one in placed if (found := source_comparison(one)) is not None]
    before, after = (
        {name for one in compared for name in _registered(getattr(one, side))} for side in ("before", "after")
    )
    return after - before


def _registered(outline: Outline | None) -> dict[str, int]:
    """Return the operators that a Python file registers, ``namespace::name``, with the line of each."""
    rows = [row for row in outline.rows if _REGISTERS.search(row.table)] if outline else []
    return {
        row.key if "::" in row.key else f"{_usual_namespace(row.table)}::{row.key}": row.line
        for row in rows
        if _OPERATOR.fullmatch(row.key)
    }


def _usual_namespace(table: str) -> str:
    """Return where an operator without a namespace goes, by what registers it."""
    return places().register_op if table == "register_op" else places().namespace


class _Changed(NamedTuple):
    """A changed function with its file, and where it was before, for one that came from another file of the change."""

    placed: Placed
    change: NativeChange
    origin: _Changed | None = None


def _joined(changes: list[_Changed]) -> Iterator[_Changed]:
    """Join what left one file for another: the same name, or the same last name where only one leaves and one arrives by it."""
    gone = [one for one in changes if Aspect.REMOVED in one.change.aspects]
    come = [one for one in changes if Aspect.ADDED in one.change.aspects]
    pairs: dict[int, _Changed] = {}
    for key in (str, _last_name):
        left = [one for one in gone if all(one is not origin for origin in pairs.values())]
        for one in come:
            same = [other for other in left if key(other.change.name) == key(one.change.name)]
            rivals = [other for other in come if key(other.change.name) == key(one.change.name)]
            if id(one) not in pairs and len(same) == len(rivals) == 1 and same[0].placed is not one.placed:
                pairs[id(one)] = same[0]
    origins = {id(origin) for origin in pairs.values()}
    for one in changes:
        if id(one) not in origins:
            yield one._replace(origin=pairs.get(id(one)))


def _last_name(name: str) -> str:
    return name.rpartition("::")[2]


def _lines(one: _Changed) -> list[str]:
    """Return the lines of a function that came or went, without white space around them and without comments that fill a line."""
    function = one.change.after or one.change.before
    text = one.placed.material.after if one.change.after is not None else one.placed.material.before
    region = text.part(function.start, function.end) if function is not None and text is not None else None
    lines = (" ".join(line.split()) for line in (region.lines if region is not None else ()))
    return [line for line in lines if line and not line.startswith(("//", "/*", "*"))]


def _native(one: _Changed, lookup: TreeLookup | None) -> NativeFact:
    placed, change = one.placed, one.change
    standing = change.after or change.before
    moved = Aspect.MOVED in change.aspects and Aspect.BODY not in change.aspects
    wholes = (Aspect.ADDED, Aspect.REMOVED, Aspect.SIGNATURE)
    usual = "moved" if moved else "body"
    kind = next((aspect.value for aspect in wholes if aspect in change.aspects), usual)
    added, removed = change.code_added, change.code_removed
    if one.origin is not None:
        kept = pair_equal(_lines(one.origin), _lines(one), key=str)
        added, removed = len(kept.come), len(kept.gone)
        kind = "body" if added or removed else "moved"
    operators: tuple[str, ...] | UnsetType = UNSET
    tests: tuple[str, ...] | UnsetType = UNSET
    is_rust = placed.fact.language == "rust"
    if lookup is not None and not is_rust:
        operators, tests = lookup.operators_of(placed.fact.path), lookup.tests_of_native(placed.fact.path)
    return NativeFact(
        **placed.spot(_place(placed, change), symbol=change.name),
        change=kind,
        language=placed.fact.language,
        kernel_role="" if is_rust or not standing else _kernel_role(standing.qualifiers),
        item=standing.item if standing else "function",
        public=bool(standing and "pub" in standing.qualifiers),
        in_tests=change.is_test,
        is_message=bool(standing and not _SERIALISED.isdisjoint(standing.qualifiers)),
        is_kernel=bool(standing and "__global__" in standing.qualifiers),
        signals=tuple(sorted({item.signal.kind.value for item in change.signals})),
        signals_new=_more(change),
        operators=operators,
        tests=tests,
        # No test reaches today what is not there yet: those of its file reach its neighbours.
        tests_today=() if kind == "added" or isinstance(tests, UnsetType) else tests,
        code_added=added,
        code_removed=removed,
        moved_from=one.origin.placed.fact.path if one.origin is not None else None,
        computes=_computes(placed),
    )


def _more(change: NativeChange) -> tuple[str, ...]:
    """Return the kinds of signals of which more came than went."""
    balance: Counter[str] = Counter()
    for item in change.signals:
        balance[item.signal.kind.value] += 1 if item.what == "added" else -1
    return tuple(sorted(kind for kind, count in balance.items() if count > 0))


def _kernel_role(qualifiers: Collection[str]) -> str:
    return "kernel" if "__global__" in qualifiers else "device" if "__device__" in qualifiers else "host"


def _place(placed: Placed, change: NativeChange | OperatorChange) -> Region | None:
    # An operator that lost its last implementation has its line on the old side too.
    is_gone = Aspect.REMOVED in change.aspects if isinstance(change, NativeChange) else change.after is None
    line = change.line
    if isinstance(change, NativeChange) and change.before is not None and change.after is not None:
        # Of what was there before the first line that changes tells more than its name.
        line = next(iter(change.added_lines), line)
    return placed.old(line) if is_gone else placed.new(line)


def _computes(placed: Placed) -> bool:
    """Return whether a file can hold what computes with tensors: an extension of Python that only talks to the system does not."""
    if placed.fact.language == "rust":
        return False
    native = placed.material.native
    outline = native and (native.after or native.before)
    if not outline or placed.fact.path.endswith(_DEVICE_SUFFIX):
        return True
    return (
        any(function.is_kernel for function in outline.functions)
        or bool(outline.bindings)
        or any(not item.system or _DEVICE_HEADER.search(item.path) for item in outline.includes)
    )


def _without_moves(changes: list[tuple[Placed, OperatorChange]]) -> Iterator[tuple[Placed, OperatorChange]]:
    added = {change.name: change for _, change in changes if change.change == "added"}
    removed = {change.name: change for _, change in changes if change.change == "removed"}
    for placed, change in changes:
        if change.change == "removed" and change.name in added:
            continue
        if change.change == "added" and change.name in removed:
            before = removed[change.name].before
            if change.after is None or before is None or _folded(change.after) == _folded(before):
                continue
        yield placed, change


def _folded(schema: str) -> str:
    return re.sub(r"\s+", "", schema)


def _operator(
    placed: Placed, change: OperatorChange, lookup: TreeLookup | None, *, has_fake: bool | UnsetType
) -> Iterator[OperatorFact]:
    if change.change == "removed" and lookup is not None and lookup.declares_elsewhere(change.name):
        # One platform's bindings no longer have it; the others do, and so do its callers.
        return
    yield OperatorFact(
        **placed.spot(_place(placed, change), symbol=change.name),
        name=f"{_namespace(placed, change, lookup)}::{change.name}",
        change=change.change,
        before=change.before,
        after=change.after,
        arguments_removed=_beyond(change.before, change.after) if change.change == "schema" else (),
        arguments_added=_beyond(change.after, change.before) if change.change == "schema" else (),
        callers=lookup.operator_callers(change.name) if lookup else UNSET,
        has_fake=has_fake,
    )


def _namespace(placed: Placed, change: OperatorChange, lookup: TreeLookup | None) -> str:
    """Return the namespace of an operator; where the binding file leaves it to its extension, the one of what it bound before."""
    if _EXTENSION not in change.namespace:
        return change.namespace
    # ``torch.ops._C.topk``
    known = [name.split(".") for name in lookup.operators_of(placed.fact.path)] if lookup else []
    same = [name for name in known if name[-1] == change.name]
    return change.namespace.replace(_EXTENSION, (same or known or [[_MAIN_EXTENSION, ""]])[0][-2])


def _beyond(schema: str | None, other: str | None) -> tuple[str, ...]:
    """Return the arguments of a schema that another has not, and the result where it is another one.

    None where names alone differ: operators are called by position.
    """
    (arguments, result), (others, other_result) = _parts(schema), _parts(other)
    found = [argument for argument in arguments if argument not in others]
    came = [argument for argument in others if argument not in arguments]
    types = [[_NAMED.sub("", each) for each in side] for side in (arguments, others)]
    names = [{name for each in side for name in _NAMED.findall(each)} for side in (found, others)]
    if came and types[0] == types[1] and names[0].isdisjoint(names[1]):
        found = []
    return (*found, f"-> {result}") if result != other_result else tuple(found)


def _parts(schema: str | None) -> tuple[list[str], str]:
    head, _, result = " ".join((schema or "").split()).rpartition("->")
    inner = head.strip().removeprefix("(").removesuffix(")")
    # A comma inside brackets is one of a default: `int[2] size=[1, 1]`.
    return [each.strip() for each in _BETWEEN_ARGUMENTS.split(inner) if each.strip()], result.strip()


def _has_fake(
    change: OperatorChange,
    listed: list[tuple[Placed, NativeComparison]],
    compared: list[Outline],
    lookup: TreeLookup | None,
) -> bool | UnsetType:
    """Return whether a fake is registered; of an operator that the base had under any namespace only a hit is knowledge."""
    bindings = [
        binding
        for _, native in listed
        for binding in (native.after.bindings if native.after is not None else ())
        if binding.name == change.name
    ]
    if any(_FAKE.search(binding.device or "") for binding in bindings):
        return True
    rows = (row for outline in compared for row in outline.rows if _FAKE.search(row.table))
    if any(row.key.rpartition("::")[2] == change.name for row in rows):
        return True
    return UNSET if lookup is None or lookup.knows_operator(change.name) else False
