"""Settings that a user can see: configuration fields, CLI flags, variables of the environment, fields of wire protocols."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

import msgspec

from diffscope.facts.change.changed_file import Placed, is_still_defined, source_comparison
from diffscope.facts.change.changed_python import ChangedPython, ChangedSymbol
from diffscope.facts.model import OptionFact
from diffscope.facts.moves.facts import successor
from diffscope.facts.option_defaults import NO, default_of, is_off, made_by, plain
from diffscope.facts.parsed_text import parse_call, turns_on
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places, profile
from diffscope.source.text import Region
from diffscope.syntax.model import Aspect, Definition, DefinitionKind, Signal, SignalKind

_PROTOCOL_BASE = lazy_regex(r"(?:^|\.)\w*(?:BaseModel|(?:Request|Response)(?:Base)?(?:Mixin)?)$")
_CONFIG_BASE = lazy_regex(r"(?:^|\.)\w*Config$")
_NOT_GIVEN = lazy_regex(r"\binit\s*=\s*False\b")
_FIELD_OF = lazy_regex(r"""get_field\((\w+),\s*['"](\w+)['"]\)""")
_HELPER = lazy_regex(r"^[a-z_]\w*$")
_Read = tuple[Region | None, str | None, str | None]
"""Where an option is read, its default and its type."""


def collect_options(placed: Iterable[Placed]) -> tuple[OptionFact, ...]:
    """Return the option facts of source files, by path, line and name."""
    placed = tuple(placed)
    compared = [(one, found) for one in placed if (found := source_comparison(one))]
    facts = [fact for one, found in compared for fact in _options_of_file(one, found)]
    bases = _Bases(found for _, found in compared)
    facts = [fact for fact in facts if not (fact.change == "removed" and bases.give(fact.name))]
    facts += [fact for one in placed if _is_tool(one) for fact in _defaults_of_flags(one)]
    kept = _without_aliases(_joined(facts), constants=_constants(found for _, found in compared))
    kept = _with_successor([_with_decider(fact, placed=compared) for fact in kept])
    return tuple(sorted(kept, key=lambda fact: (fact.path, fact.line, fact.name, fact.change)))


def _is_tool(placed: Placed) -> bool:
    """Return whether a file measures, and is installed with the product: users type its flags as they do others."""
    return placed.fact.category == "benchmark" and places().is_product(placed.fact.module or "")


def _defaults_of_flags(placed: Placed) -> Iterator[OptionFact]:
    for change in placed.symbols:
        yield from (one for one in _read_options(placed, change) if one.change == "default")


def _with_successor(facts: list[OptionFact]) -> Iterator[OptionFact]:
    """Yield the facts; one that is gone names the one that came in its place."""
    for fact in facts:
        came = [
            one.name
            for one in facts
            if (one.what, one.change, plain(one.after)) == (fact.what, "added", plain(fact.before))
        ]
        if fact.change == "removed" and came:
            yield msgspec.structs.replace(fact, successor=successor(fact.name, came))
        else:
            yield fact


class _Constants(NamedTuple):
    """What names stood for on each side, in the files that the change touches."""

    before: dict[str, str]
    after: dict[str, str]


class _Bases:
    """The classes of the files that a change touches, after it, and what they declare themselves."""

    def __init__(self, comparisons: Iterable[ChangedPython]) -> None:
        self._bases: dict[str, tuple[str, ...]] = {}
        self._fields: set[str] = set()
        for one in comparisons:
            for definition in one.after.definitions if one.after else ():
                if definition.kind is DefinitionKind.CLASS:
                    self._bases[definition.name] = definition.bases
                elif definition.kind is DefinitionKind.VARIABLE and definition.annotation is not None:
                    self._fields.add(definition.name)

    def give(self, name: str) -> bool:
        """Return whether a field, named with its class, is one that the class has from a base now."""
        owner, _, field = name.rpartition(".")
        pending, seen = list(self._bases.get(owner, ())), {owner}
        while pending:
            base = pending.pop().partition("[")[0].rpartition(".")[2]
            if f"{base}.{field}" in self._fields:
                return True
            pending += self._bases.get(base, ()) if base not in seen else ()
            seen.add(base)
        return False


def _constants(comparisons: Iterable[ChangedPython]) -> _Constants:
    found = _Constants({}, {})
    for comparison in comparisons:
        for side, outline in ((found.before, comparison.before), (found.after, comparison.after)):
            for definition in outline.definitions if outline else ():
                if definition.kind is DefinitionKind.VARIABLE and definition.value is not None:
                    side[definition.name] = default_of(definition.value) or "None"
    return found


def _without_aliases(facts: Iterable[OptionFact], *, constants: _Constants) -> Iterator[OptionFact]:
    """Leave out defaults that are spelled by another name for the same value: `OldConfig.size` -> `NewConfig.size`, both 4."""
    for fact in facts:
        if fact.change == "default":
            old = constants.before.get((fact.before or "").removeprefix("envs."))
            new = constants.after.get((fact.after or "").removeprefix("envs."))
            if (old or new) and plain(old or fact.before) == plain(new or fact.after):
                continue
            if is_off(fact.before) and is_off(fact.after) and not _is_left_open(fact):
                continue
        yield fact


def _is_left_open(fact: OptionFact) -> bool:
    """Return whether a switch that was off has no value of its own now: what it is without one, other code decides."""
    # A flag of a parser is mostly without a value so that the field behind it keeps its own.
    return fact.what != "cli-flag" and fact.before in NO and fact.after == "None"


def _with_decider(fact: OptionFact, *, placed: Iterable[tuple[Placed, ChangedPython]]) -> OptionFact:
    """Add the place in the change that asks whether a setting without a value has got one, and so decides what it is by default."""
    # What was on mostly goes on by that choice too.
    if fact.change != "default" or fact.after != "None" or turns_on(fact.before):
        return fact
    name = fact.name.rpartition(".")[2]
    if fact.what == "cli-flag":
        # What a parser reads from `--pool-size` it calls `pool_size`.
        name = name.lstrip("-").replace("-", "_")
    declared = profile().environment
    prefix = declared.prefix if declared else ""
    words = {name, name.removeprefix(prefix).lower()} if name.isupper() else {name}
    asks = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, words)))})\s+is\s+(?:not\s+)?None\b")
    for one, comparison in placed:
        for change in comparison.symbols:
            for line in change.added.regions if change.added is not None else ():
                if asks.search(line.lines[0]):
                    return msgspec.structs.replace(fact, decider=f"{one.fact.path}:{line.start}")
    return fact


def _joined(facts: Iterable[OptionFact]) -> Iterator[OptionFact]:
    """Yield one fact for each option and change; an option that left one place and arrived in another has only moved."""
    grouped: defaultdict[tuple[str, str], dict[str, OptionFact]] = defaultdict(dict)
    for fact in sorted(facts, key=lambda one: (one.path, one.line)):
        known = grouped[fact.what, fact.name].setdefault(fact.change, fact)
        if fact.what == "environment-variable" and (known.path, known.side) == (fact.path, fact.side):
            # What reads it decides, and stands behind what type checkers are told.
            grouped[fact.what, fact.name][fact.change] = msgspec.structs.replace(known, line=fact.line)
    arrived = {
        (what, name.rpartition(".")[2]) for (what, name), changes in grouped.items() if "added" in changes
    }
    relocated = _relocated(grouped)
    for (what, name), changes in grouped.items():
        if "removed" in changes and name in relocated:
            continue
        if "removed" in changes and what == "protocol-field" and (what, name.rpartition(".")[2]) in arrived:
            # A field that left some models for one of the same change went up into a base of theirs.
            continue
        if "removed" in changes and "added" in changes:
            gone, come = changes.pop("removed"), changes.pop("added")
            if plain(gone.before) != plain(come.after):
                changes.setdefault(
                    "default", msgspec.structs.replace(come, change="default", before=gone.before)
                )
        yield from changes.values()


def _relocated(grouped: dict[tuple[str, str], dict[str, OptionFact]]) -> set[str]:
    """Return fields that an option took its default from, and takes from a new field with the same default now: they moved there."""
    found = set()
    for changes in grouped.values():
        fact = changes.get("default")
        old, new = (_field_of(fact.before), _field_of(fact.after)) if fact else ("", "")
        gone = grouped.get(("config-field", old), {}).get("removed")
        come = grouped.get(("config-field", new), {}).get("added")
        if gone and come and plain(gone.before) == plain(come.after):
            found.add(old)
    return found


def _field_of(default: str | None) -> str:
    return _FIELD_OF.sub(r"\1.\2", default or "")


def _options_of_file(placed: Placed, comparison: ChangedPython) -> Iterator[OptionFact]:
    for change in comparison.symbols:
        if change.kind is DefinitionKind.VARIABLE:
            fields = _field(placed, change, comparison)
            yield from (one for one in fields if not _is_kept(placed, one) and not _is_a_stub(placed, one))
        yield from (fact for fact in _read_options(placed, change) if not _is_kept(placed, fact))


def _is_kept(placed: Placed, fact: OptionFact) -> bool:
    """Return whether a variable that is declared or read in one place no more still has an entry or a declaration in its file."""
    if fact.what != "environment-variable" or fact.change != "removed":
        return False
    entry = rf"""^[ \t]*(['"]?){re.escape(fact.name)}\1[ \t]*:"""
    after = placed.material.after
    return after is not None and re.search(entry.encode(), after.data, re.MULTILINE) is not None


def _is_a_stub(placed: Placed, fact: OptionFact) -> bool:
    """Return whether another default is told to type checkers alone: the entry that reads the variable stands as it was."""
    if fact.what != "environment-variable" or fact.change not in ("default", "retyped"):
        return False
    entry = re.compile(
        rf"""^[ \t]*(['"]){re.escape(fact.name)}\1[ \t]*:.*?(?=^[ \t]*['"]\w+['"][ \t]*:|^\S|\Z)""".encode(),
        re.MULTILINE | re.DOTALL,
    )
    texts = (placed.material.before, placed.material.after)
    found = [entry.search(text.data) if text is not None else None for text in texts]
    return all(found) and len({one.group() for one in found if one}) == 1


def _field(placed: Placed, change: ChangedSymbol, comparison: ChangedPython) -> Iterator[OptionFact]:
    what = _field_kind(placed, change, comparison)
    if (
        what is None
        or (Aspect.MOVED in change.aspects and not change.logic)
        or (change.after is None and is_still_defined(change, comparison))
    ):
        return
    before = default_of(change.before.value) if change.before else None
    after = default_of(change.after.value) if change.after else None
    for kind, old, new in _field_changes(change, before, after):
        removed = change.after is None
        yield OptionFact(
            **placed.spot(change.region, symbol=change.name),
            what=what,
            name=change.name,
            change=kind,
            before=old,
            after=new,
            turns_on=kind in ("added", "default") and turns_on(after) and not turns_on(before),
            required=not removed and after is None,
        )


def _field_kind(placed: Placed, change: ChangedSymbol, comparison: ChangedPython) -> str | None:
    path = PurePosixPath(placed.fact.path)
    owner_name, _, field = change.name.rpartition(".")
    if not owner_name:
        is_variable = (
            path.name == places().code.environment_file and field.isupper() and not field.startswith("_")
        )
        return "environment-variable" if is_variable else None
    definition, owner = change.after or change.before, _class(comparison, owner_name)
    if owner is None or definition is None or definition.annotation is None or field.startswith("_"):
        return None
    if "ClassVar" in definition.annotation or _NOT_GIVEN.search(definition.value or ""):
        # Code sets it later; nobody can give it.
        return None
    if any(_PROTOCOL_BASE.search(base) for base in owner.bases) and _holds_messages(path):
        return "protocol-field"
    return "config-field" if _is_configuration(path, owner) else None


def _holds_messages(path: PurePosixPath) -> bool:
    return not set(path.parts).isdisjoint(places().code.names.protocols)


def _is_configuration(path: PurePosixPath, owner: Definition) -> bool:
    code = places().code
    is_data = any(map(code.dataclass.match, owner.decorators))
    if owner.name.endswith(code.names.options):
        return True
    # A layer's own `PoolConfig` is built by code, not set by a user: what users set lives in a folder `config`.
    if owner.name.endswith(code.names.arguments) or path.parent.name == "config":
        return is_data or any(_CONFIG_BASE.search(base) for base in owner.bases)
    return is_data and str(path).endswith(code.names.argument_files)


def _field_changes(
    change: ChangedSymbol, before: str | None, after: str | None
) -> Iterator[tuple[str, str | None, str | None]]:
    if change.before is None:
        yield "added", None, after
    elif change.after is None:
        yield "removed", before, None
    else:
        if before != after:
            kind = "made-required" if after is None else "made-optional" if before is None else "default"
            yield kind, before, after
        if change.before.annotation != change.after.annotation:
            yield "retyped", change.before.annotation, change.after.annotation


def _class(comparison: ChangedPython, name: str) -> Definition | None:
    found = (
        definition
        for outline in (comparison.after, comparison.before)
        for definition in (outline.definitions if outline is not None else ())
        if definition.name == name and definition.kind is DefinitionKind.CLASS
    )
    return next(found, None)


def _read_options(placed: Placed, change: ChangedSymbol) -> Iterator[OptionFact]:
    sides: dict[str, dict[str, _Read]] = {"removed": {}, "added": {}}
    for item in change.signals:
        found = _flag(item.signal) or _variable(item.signal, placed.fact.path)
        if found and item.what in sides:
            what, name, default, type_text = found
            sides[item.what][f"{what} {name}"] = (item.region, default, type_text)
    for key in sorted({*sides["removed"], *sides["added"]}):
        what, _, name = key.partition(" ")
        if what == "environment-variable" and not _declares(placed, change, key, sides):
            continue
        yield from _read_option(
            placed, change, what, name, sides["removed"].get(key), sides["added"].get(key)
        )


def _declares(placed: Placed, change: ChangedSymbol, key: str, sides: dict[str, dict[str, _Read]]) -> bool:
    """Return whether the read of a variable declares it: in the file that declares variables, outside functions or with another default than before."""
    if PurePosixPath(placed.fact.path).name != places().code.environment_file:
        return False
    in_function = change.kind in (DefinitionKind.FUNCTION, DefinitionKind.METHOD)
    return not in_function or (key in sides["removed"] and key in sides["added"])


def _read_option(
    placed: Placed, change: ChangedSymbol, what: str, name: str, before: _Read | None, after: _Read | None
) -> Iterator[OptionFact]:
    place = after[0] if after else before[0] if before else None
    old, new = (before[1] if before else None), (after[1] if after else None)
    if before and after:
        changes = [("default", old, new)] if old != new else []
        changes += [("retyped", before[2], after[2])] if before[2] != after[2] else []
    else:
        changes = [("added", None, new)] if after else [("removed", old, None)]
    for kind, text_before, text_after in changes:
        yield OptionFact(
            **placed.spot(place, symbol=change.name),
            what=what,
            name=name,
            change=kind,
            before=text_before,
            after=text_after,
            turns_on=kind in ("added", "default") and turns_on(new) and not turns_on(old),
        )


def _flag(signal: Signal) -> tuple[str, str, str | None, str | None] | None:
    if signal.kind is not SignalKind.CALL or not signal.text.endswith(".add_argument"):
        return None
    call = parse_call(signal.detail)
    names = [argument.value for argument in call.args if isinstance(argument, ast.Constant)] if call else []
    flags = [name for name in names if isinstance(name, str) and name.startswith("--")]
    if not flags or call is None:
        return None
    keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg}
    default = keywords.get(
        "default", "False" if keywords.get("action") in ("'store_true'", '"store_true"') else None
    )
    return "cli-flag", flags[0], default, keywords.get("type") or keywords.get("choices")


def _variable(signal: Signal, path: str) -> tuple[str, str, str | None, str | None] | None:
    code = places().code
    is_read = code.reads_environment.match(signal.text) is not None
    # Where variables are declared, an own helper that is given a name and a default reads the variable too.
    is_helper = (
        not is_read and _HELPER.match(signal.text) and PurePosixPath(path).name == code.environment_file
    )
    if signal.kind is not SignalKind.CALL or not (is_read or is_helper):
        return None
    call = parse_call(signal.detail)
    match call.args if call is not None else []:
        case [ast.Constant(value=str(name)), *rest] if places().variable.fullmatch(name):
            if is_helper and not rest:
                return None
        case _:
            return None
    default = "None"
    if rest:
        default = made_by(rest[0]) if isinstance(rest[0], ast.Lambda) else ast.unparse(rest[0])
    return "environment-variable", name, default, None
