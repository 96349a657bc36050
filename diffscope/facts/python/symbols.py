"""Changed symbols and their parameters, with who uses, overrides and tests them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import partial
from typing import TypedDict

import msgspec
from msgspec import UNSET, UnsetType

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.base.definitions import ClassBases, new_bases
from diffscope.facts.base.test_reach import Place, implemented, reached_by_tests, tested_through
from diffscope.facts.change.changed_file import Placed, is_still_defined
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.classify.classify import platforms_of_symbol
from diffscope.facts.model import ModuleFact, SymbolFact
from diffscope.facts.moves.facts import Home, MovedLines, find_moved_lines
from diffscope.facts.parsed_text import parse_expression
from diffscope.facts.python.guards import conditions_new
from diffscope.facts.python.removed_api import (
    edited_users,
    removed_attributes,
    removed_modules,
    stays_importable,
)
from diffscope.source.text import Side
from diffscope.syntax.model import (
    Aspect,
    Definition,
    DefinitionKind,
    SignalKind,
)
from diffscope.syntax.outline.uses import Uses
from diffscope.taxonomy.model import Taxonomy

_LONG = 9
"""Letters from which on a name without underscore is taken for a name of its own."""
_COLLECTIONS = frozenset({"tuple", "list", "set", "frozenset"})


def collect_symbols(
    placed: Iterable[Placed], modules: Iterable[ModuleFact], taxonomy: Taxonomy, lookup: TreeLookup | None
) -> tuple[SymbolFact, ...]:
    """Return a fact for each changed symbol of Python files, by path, line and name."""
    by_path, placed = {module.path: module for module in modules}, tuple(placed)
    moved_lines = find_moved_lines(placed)
    facts = [
        _without_moved_lines(
            _symbol(one, change, by_path.get(one.fact.path), taxonomy, lookup), change, moved_lines
        )
        for one in placed
        for change in one.symbols
        if one.material.python is not None and not is_still_defined(change, one.material.python)
    ]
    edited = [_with_edited_users(fact, placed) for fact in facts]
    facts = _with_own_users(_with_new_places(edited, placed), placed)
    facts = _with_roles(facts, placed)
    if lookup is not None:
        facts = _with_inherited(_with_reach(facts, placed, lookup), ClassBases(placed, lookup))
    facts += removed_modules(placed, lookup)
    facts += removed_attributes(placed, taxonomy)
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.symbol or "", fact.side)))


def _without_moved_lines(fact: SymbolFact, change: ChangedSymbol, moved: MovedLines) -> SymbolFact:
    """Return the fact without the lines that only came from another symbol of the change or went to one."""
    home = Home.of(fact.path, change)
    gained, lost = moved.gained.get(home, 0), moved.lost.get(home, 0)
    if not gained and not lost:
        return fact
    return msgspec.structs.replace(
        fact, code_added=fact.code_added - gained, code_removed=fact.code_removed - lost
    )


def _with_new_places(facts: list[SymbolFact], placed: tuple[Placed, ...]) -> list[SymbolFact]:
    """Add to what left a file the file in which it arrived."""
    places = {
        (change.moved_from.path, change.moved_from.name): one.fact.path
        for one in placed
        for change in one.symbols
        if change.moved_from is not None and change.moved_from.path is not None
    }
    return [
        msgspec.structs.replace(fact, moved_to=places[left])
        if fact.side == Side.BEFORE.value and (left := (fact.path, fact.symbol)) in places
        else fact
        for fact in facts
    ]


def _with_roles(facts: list[SymbolFact], placed: tuple[Placed, ...]) -> list[SymbolFact]:
    """Add to changed variables of the product which elements went and came, and which definitions of their file name them."""
    asked = {fact.path for fact in facts if _is_changed_value(fact)}
    uses = _uses_after(placed, asked)
    return [
        msgspec.structs.replace(
            fact,
            values_lost=_missing_in(fact.value_before, fact.value_after),
            values_gained=_missing_in(fact.value_after, fact.value_before),
            named_by=tuple(sorted(_names_of_users(fact, uses[fact.path]))),
        )
        if _is_changed_value(fact) and fact.path in uses
        else fact
        for fact in facts
    ]


def _is_changed_value(fact: SymbolFact) -> bool:
    is_variable = fact.kind == DefinitionKind.VARIABLE.value and fact.category == "source" and fact.logic
    return is_variable and fact.value_before is not None and fact.value_after is not None


def _missing_in(value: str | None, other: str | None) -> tuple[str, ...]:
    """Return the elements of one collection that another lacks; none unless both are written out."""
    here, there = (_elements(one or "") for one in (value, other))
    return tuple(one for one in here if one not in there) if here is not None and there is not None else ()


def _elements(value: str) -> tuple[str, ...] | None:
    node = parse_expression(value)
    if isinstance(node, ast.Call) and ast.unparse(node.func) in _COLLECTIONS and not node.keywords:
        if not node.args:
            return ()
        node = node.args[0]
    if isinstance(node, ast.Dict):
        return tuple(ast.unparse(key) for key in node.keys if key is not None)
    return tuple(map(ast.unparse, node.elts)) if isinstance(node, ast.Tuple | ast.List | ast.Set) else None


def _uses_after(placed: tuple[Placed, ...], paths: set[str]) -> dict[str, Uses]:
    return {
        one.fact.path: Uses(one.material.after.data, partial(getattr, one.material.python, "after"))
        for one in placed
        if one.fact.path in paths and one.material.after and one.material.python
    }


def _with_own_users(facts: list[SymbolFact], placed: tuple[Placed, ...]) -> list[SymbolFact]:
    """Add to new private functions how many definitions of their file name them."""
    new = {fact.path for fact in facts if _is_new_helper(fact)}
    uses = _uses_after(placed, new)
    return [
        msgspec.structs.replace(fact, own_users=len(_names_of_users(fact, uses[fact.path])))
        if _is_new_helper(fact) and fact.path in uses
        else fact
        for fact in facts
    ]


def _is_new_helper(fact: SymbolFact) -> bool:
    name = (fact.symbol or "").rpartition(".")[2]
    is_function = fact.kind in {"function", "method"} and Aspect.ADDED.value in fact.aspects
    return is_function and fact.category == "source" and name.startswith("_") and not name.startswith("__")


def _names_of_users(fact: SymbolFact, uses: Uses) -> set[str]:
    name = (fact.symbol or "").rpartition(".")[2]
    return set(uses.naming(name, frozenset({name, f".{name}"}))) - {fact.symbol, ""}


def _with_reach(facts: list[SymbolFact], placed: tuple[Placed, ...], lookup: TreeLookup) -> list[SymbolFact]:
    """Return the facts with what tests reach and what classes above declare; most changes have little of both."""
    reached, implements = reached_by_tests(placed, lookup), implemented(placed, lookup)
    through = tested_through(placed, lookup)
    if not reached and not implements and not through:
        return facts
    return [
        msgspec.structs.replace(
            fact,
            reached_by_tests=place in reached,
            implements=place in implements,
            tested_through=through.get(place),
        )
        if (place := Place(fact.path, fact.symbol or "")) in reached
        or place in implements
        or place in through
        else fact
        for fact in facts
    ]


def _with_inherited(facts: list[SymbolFact], bases: ClassBases) -> list[SymbolFact]:
    """Add to members that are gone from a class that stays whether the class has them from above."""
    return [
        msgspec.structs.replace(fact, still_inherited=UNSET if found is None else found)
        if _is_gone_member(fact) and (found := bases.inherits(fact.path, fact.symbol or "")) is not False
        else fact
        for fact in facts
    ]


def _is_gone_member(fact: SymbolFact) -> bool:
    is_gone = Aspect.REMOVED.value in fact.aspects and fact.owner_change is None
    return is_gone and "." in (fact.symbol or "") and fact.category == "source"


def _with_edited_users(fact: SymbolFact, placed: tuple[Placed, ...]) -> SymbolFact:
    owner, _, name = (fact.symbol or "").rpartition(".")
    is_member = bool(owner and fact.surfaces and not fact.owner_change) and fact.category == "source"
    # A short plain word is a name of many things, and only a field of a class on a surface is told by it.
    is_telling = fact.kind == DefinitionKind.VARIABLE.value or "_" in name.strip("_") or len(name) >= _LONG
    if not is_member or not is_telling or Aspect.REMOVED.value not in fact.aspects:
        return fact
    return msgspec.structs.replace(fact, users_edited=edited_users(placed, fact.path, name))


def _subclasses(change: ChangedSymbol, placed: Placed, lookup: TreeLookup | None) -> int | UnsetType | None:
    if change.kind is not DefinitionKind.METHOD or placed.fact.category != "source":
        return None
    owner = change.name.rpartition(".")[0]
    return lookup.subclasses(placed.fact.old_path or placed.fact.path, owner) if lookup else UNSET


def _symbol(
    placed: Placed,
    change: ChangedSymbol,
    module: ModuleFact | None,
    taxonomy: Taxonomy,
    lookup: TreeLookup | None,
) -> SymbolFact:
    definition = change.after or change.before
    removed = change.after is None and change.kind is not DefinitionKind.MODULE
    bases = _bases(placed, change, definition)
    spot = placed.spot(change.region, symbol=change.name)
    spot["platforms"] = platforms_of_symbol(change.name, taxonomy) or spot["platforms"]
    owner_change = _owner_change(placed, change)
    return SymbolFact(
        **spot,
        kind=change.kind.value,
        aspects=tuple(aspect.value for aspect in change.aspects),
        logic=change.logic,
        public=is_public(change.name),
        end_line=change.region.end if change.region is not None else 0,
        code_added=change.code_added,
        code_removed=change.code_removed,
        branches_added=change.branches_added,
        conditions_new=conditions_new(change),
        decorators=definition.decorators if definition else (),
        decorators_before=change.before.decorators
        if change.before and change.after and Aspect.DECORATORS in change.aspects
        else (),
        bases=bases,
        bases_added=new_bases(placed, change, lookup),
        subclasses=_subclasses(change, placed, lookup),
        is_async=definition.is_async if definition else False,
        surfaces=(surfaces := _surfaces(placed, change, bases, taxonomy, lookup)),
        own_surfaces=_own_surfaces(placed, change, surfaces, taxonomy),
        moved_from=str(moved) if (moved := change.moved_from) else None,
        moved_from_path=moved.path if moved else None,
        moved_from_line=moved.region.start if moved and moved.path and moved.region else 0,
        summary=change.summary,
        fan_in=module.fan_in if module else UNSET,
        entry=module.entry if module else UNSET,
        chain=module.chain if module else UNSET,
        asked_for=module.asked_for if module else None,
        owner_change=owner_change,
        part_of_new=owner_change == Aspect.ADDED.value or (module is not None and module.is_new),
        inherited=owner_change is None and _is_inherited(placed, change, lookup),
        value_before=change.before.value if change.before else None,
        value_after=change.after.value if change.after else None,
        still_bound=removed and _is_still_bound(placed, change, lookup),
        **_lookups(placed, change, lookup),
    )


def _surfaces(
    placed: Placed,
    change: ChangedSymbol,
    bases: tuple[str, ...],
    taxonomy: Taxonomy,
    lookup: TreeLookup | None,
) -> tuple[str, ...]:
    """Return the surfaces of a symbol: a member of a class below a contract belongs to it where the contract itself has that member."""
    path, name = placed.fact.path, change.name
    found = taxonomy.surfaces_of(path, name, bases)
    own = taxonomy.surfaces_of(path, name)
    if lookup is None or found == own or change.kind is DefinitionKind.CLASS:
        return found
    contracts = {
        (surface, defines)
        for (where, base), defines in lookup.declared_above(placed.fact.old_path or path, name).items()
        for surface in taxonomy.surfaces_of(where, base, (base,))
    }
    return tuple(
        each for each in found if each in own or (each, True) in contracts or (each, False) not in contracts
    )


def _own_surfaces(
    placed: Placed, change: ChangedSymbol, surfaces: tuple[str, ...], taxonomy: Taxonomy
) -> tuple[str, ...]:
    own = taxonomy.surfaces_of(placed.fact.path, change.name) if surfaces else ()
    return tuple(each for each in surfaces if each in own)


def is_public(name: str) -> bool:
    """Return whether no part of a qualified name starts with an underscore, dunder methods left aside."""
    return not any(
        part.startswith("_") and not (part.startswith("__") and part.endswith("__"))
        for part in name.split(".")
    )


def _bases(placed: Placed, change: ChangedSymbol, definition: Definition | None) -> tuple[str, ...]:
    if definition is None:
        return ()
    if change.kind is DefinitionKind.CLASS:
        return definition.bases
    owner = change.name.rpartition(".")[0]
    comparison = placed.material.python
    outline = (comparison.after or comparison.before) if comparison else None
    if not owner or outline is None:
        return ()
    return next(
        (one.bases for one in outline.definitions if one.name == owner and one.kind is DefinitionKind.CLASS),
        (),
    )


def _is_still_bound(placed: Placed, change: ChangedSymbol, lookup: TreeLookup | None) -> bool:
    """Return whether what was defined here is imported here now, or set by the constructor instead of a property."""
    owner, _, name = change.name.rpartition(".")
    if not owner:
        comparison, after = placed.material.python, placed.material.after
        if comparison is not None and after is not None and stays_importable(comparison, after, name):
            return True
        return bool(lookup and placed.fact.module and lookup.binds(placed.fact.module, name))
    comparison = placed.material.python
    constructor = f"{owner}.__init__"
    return comparison is not None and any(
        item.what == "added"
        and item.signal.kind is SignalKind.ATTRIBUTE_WRITE
        and item.signal.text == f"self.{name}"
        for symbol in comparison.symbols
        if symbol.name == constructor
        for item in symbol.signals
    )


def _owner_change(placed: Placed, change: ChangedSymbol) -> str | None:
    owner = change.name.rpartition(".")[0]
    comparison = placed.material.python
    if not owner or comparison is None:
        return None
    aspects = next((one.aspects for one in comparison.symbols if one.name == owner), ())
    wholes = (Aspect.MOVED, Aspect.ADDED, Aspect.REMOVED)
    return next((aspect.value for aspect in wholes if aspect in aspects), None)


def _is_inherited(placed: Placed, change: ChangedSymbol, lookup: TreeLookup | None) -> bool:
    """Return whether a new member stands in for one that its class had from above: what was called before calls it now."""
    if lookup is None or placed.fact.category != "source" or Aspect.ADDED not in change.aspects:
        return False
    return any(lookup.declared_above(placed.fact.old_path or placed.fact.path, change.name).values())


class _Answers(TypedDict, total=False):
    users: tuple[str, ...]
    overrides: tuple[str, ...]
    tests_naming: int | UnsetType
    changed_tests_naming: int | UnsetType
    changed_tests_beside: bool
    class_tests_naming: int | UnsetType
    test_distance: int | UnsetType | None


def _lookups(placed: Placed, change: ChangedSymbol, lookup: TreeLookup | None) -> _Answers:
    if lookup is None or placed.fact.category != "source" or not _is_worth_a_look(change):
        return {}
    path, aspects = placed.fact.path, set(change.aspects)
    answers = _Answers(
        tests_naming=lookup.tests_naming(change.name),
        changed_tests_naming=lookup.changed_tests_naming(change.name),
        changed_tests_beside=lookup.changed_tests_beside(path, change.name),
        test_distance=lookup.test_distance(path),
    )
    owner = change.name.rpartition(".")[0]
    if owner and change.kind is DefinitionKind.METHOD:
        before = lookup.tests_naming(owner)
        answers["class_tests_naming"] = (
            UNSET if before is UNSET else before + lookup.changed_tests_naming(owner)
        )
    if {Aspect.REMOVED, Aspect.MOVED, Aspect.SIGNATURE} & aspects:
        answers["users"] = lookup.users(path, change.name)
    if {Aspect.REMOVED, Aspect.SIGNATURE} & aspects:
        answers["overrides"] = lookup.overrides(path, change.name)
    return answers


def _is_worth_a_look(change: ChangedSymbol) -> bool:
    return change.logic or Aspect.REMOVED in change.aspects or Aspect.MOVED in change.aspects
