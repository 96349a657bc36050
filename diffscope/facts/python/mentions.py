"""Names affected by a change without a symbol of their own: nested definitions, functions newly or no longer called, rows of registries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.change.changed_python import ChangedPython, ChangedSignal, ChangedSymbol
from diffscope.facts.model import Mention, RegistryFact
from diffscope.source.profile import profile
from diffscope.syntax.model import (
    Aspect,
    Definition,
    DefinitionKind,
    Import,
    Outline,
    RegistryRow,
    SignalKind,
)
from diffscope.taxonomy.counterparts import TwinRule

_MOST = 60
_FUNCTIONS = frozenset({DefinitionKind.FUNCTION, DefinitionKind.METHOD})
_OWN = frozenset({"self", "cls"})
_WHOLE = frozenset({Aspect.ADDED, Aspect.REMOVED})


def collect_mentions(placed: Iterable[Placed]) -> tuple[Mention, ...]:
    """Return the mentions of source files, by path, line and name.

    A call counts where its target is told by the file alone: a name that it defines, imports from the repository, or reaches through ``self``.
    What changed functions call comes before what new ones do; beyond sixty calls the rest is left out.
    """
    every = tuple(placed)
    changed = {change.name.rpartition(".")[2] for one in every for change in one.symbols}
    inner: list[Mention] = []
    calls: dict[tuple[str, str], tuple[bool, Mention]] = {}
    sources = ((one.fact.path, source_comparison(one)) for one in every)
    compared = {path: comparison for path, comparison in sources if comparison is not None}
    names = {path: _Names(comparison, path) for path, comparison in compared.items()}
    for one in every:
        for change in one.symbols if one.fact.path in compared else ():
            inner += _inner(one, change)
            for found in _calls(one, change, _Sides.of(change, one.fact.path, names)):
                if found[1].name.rpartition(".")[2] not in changed:
                    calls.setdefault((found[1].name, found[1].aspect), found)
    kept = sorted(calls.values(), key=lambda pair: (pair[0], _order(pair[1])))[:_MOST]
    return tuple(sorted((*inner, *(mention for _, mention in kept)), key=_order))


def _order(mention: Mention) -> tuple[str, int, str, str]:
    return mention.path, mention.line, mention.name, mention.aspect


def _inner(placed: Placed, change: ChangedSymbol) -> Iterator[Mention]:
    for each in change.inner:
        spot = placed.spot(each.region)
        yield Mention(
            path=spot["path"],
            line=spot["line"],
            name=f"{change.name}.{each.name}",
            kind=each.kind.value,
            aspect=each.aspect.value,
        )


def _calls(placed: Placed, change: ChangedSymbol, sides: _Sides) -> Iterator[tuple[bool, Mention]]:
    """Yield whether the caller itself came or went, and what it calls."""
    if not change.logic:
        return
    calls = [item for item in change.signals if item.signal.kind is SignalKind.CALL]
    words = {"added": "called", "removed": "no-longer-called"}
    texts = {what: {item.signal.text for item in calls if item.what == what} for what in words}
    for item in calls:
        aspect = words.get(item.what)
        # Called before and after, with other arguments: the call changed, not whether it is made.
        if aspect is None or item.signal.text in texts["added"] & texts["removed"]:
            continue
        target = sides.target(item)
        if target is not None:
            name, kind = target
            is_whole = bool(_WHOLE & set(change.aspects))
            spot = placed.spot(item.region)
            yield (
                is_whole,
                Mention(path=spot["path"], line=spot["line"], name=name, kind=kind, aspect=aspect),
            )


class _Sides(NamedTuple):
    """What the names in a symbol stand for: in what went from it they are those of where it was."""

    names: _Names
    caller: str
    old_names: _Names
    old_caller: str

    @classmethod
    def of(cls, change: ChangedSymbol, path: str, names: Mapping[str, _Names]) -> _Sides:
        origin = change.moved_from
        if origin is None or origin.path is None:
            return cls(names[path], change.name, names[path], change.name)
        return cls(names[path], change.name, names.get(origin.path, names[path]), origin.name)

    def target(self, item: ChangedSignal) -> tuple[str, str] | None:
        """Return the name and kind of what a call reaches; ``None`` where the file does not tell, or it lies outside."""
        if item.what == "removed":
            return self.old_names.target(item.signal.text, self.old_caller)
        return self.names.target(item.signal.text, self.caller)


class _Names:
    """What a name of a file stands for, as far as both of its sides tell."""

    def __init__(self, comparison: ChangedPython, path: str) -> None:
        outlines = [outline for outline in (comparison.before, comparison.after) if outline is not None]
        self._package = path.partition("/")[0]
        self._defined = {
            definition.name: definition for outline in outlines for definition in outline.definitions
        }
        self._imported = dict(self._imports(outlines))

    def target(self, text: str, caller: str) -> tuple[str, str] | None:
        """Return the name and kind of what a call of that text reaches; ``None`` where the file does not tell, or it lies outside."""
        head, _, rest = text.partition(".")
        if not rest:
            return self._plain(head)
        if "." in rest:
            return None
        if head in _OWN:
            return self._method(caller.rpartition(".")[0], rest)
        if head in self._imported and not head[:1].isupper():
            return rest, "function"
        return self._method(head, rest)

    def _plain(self, name: str) -> tuple[str, str] | None:
        definition = self._defined.get(name)
        if definition is not None:
            return (name, definition.kind.value) if _is_callable(definition) else None
        if name in self._imported and name not in profile().code.everywhere:
            return self._imported[name], "class" if name[:1].isupper() else "function"
        return None

    def _method(self, owner: str, name: str) -> tuple[str, str] | None:
        definition = self._defined.get(f"{owner}.{name}")
        return (f"{owner}.{name}", definition.kind.value) if definition and _is_callable(definition) else None

    def _imports(self, outlines: Iterable[Outline]) -> Iterator[tuple[str, str]]:
        for outline in outlines:
            for item in outline.imports:
                if item.name and item.name != "*" and self._is_own(item):
                    yield item.alias or item.name, item.name

    def _is_own(self, item: Import) -> bool:
        return bool(item.level) or item.module.partition(".")[0] == self._package


def _is_callable(definition: Definition) -> bool:
    return definition.kind in _FUNCTIONS or definition.kind is DefinitionKind.CLASS


def collect_registries(placed: Iterable[Placed], rules: tuple[TwinRule, ...]) -> tuple[RegistryFact, ...]:
    """Return a fact for each row of a known registry that came, went or changed, by path and line.

    A twin counts as present only where this change writes the key there: the key is new, so nobody named it before.
    """
    listed = tuple(placed)
    facts = [fact for one in listed for fact in _of_file(one, listed, rules)]
    sides = {
        side: {(fact.registry, fact.key) for fact in facts if fact.change == side}
        for side in ("added", "removed")
    }
    moved = sides["added"] & sides["removed"]
    facts = [fact for fact in facts if (fact.registry, fact.key) not in moved]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.registry, fact.key)))


def _of_file(
    placed: Placed, listed: tuple[Placed, ...], rules: tuple[TwinRule, ...]
) -> Iterator[RegistryFact]:
    comparison = source_comparison(placed)
    if comparison is None:
        return
    before, after = _rows(comparison.before, rules), _rows(comparison.after, rules)
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        standing = new or old
        if standing is None or (old and new and old.values == new.values):
            continue
        rule = next(each for each in rules if each.registry == name[0])
        is_new = old is None
        yield RegistryFact(
            **placed.spot(placed.new(standing.line) if new else placed.old(standing.line)),
            registry=rule.registry,
            key=standing.key,
            change="added" if is_new else "changed" if new else "removed",
            target=".".join(standing.values) or None,
            twins_missing=rule.missing(tuple(_naming(standing.key, listed))) if is_new else (),
        )


def _rows(outline: Outline | None, rules: tuple[TwinRule, ...]) -> dict[tuple[str, str], RegistryRow]:
    rows = outline.rows if outline else ()
    return {
        (rule.registry, row.key): row for row in rows if row.key for rule in rules if rule.holds(row.table)
    }


def _naming(key: str, listed: tuple[Placed, ...]) -> Iterator[str]:
    word = key.encode()
    return (
        one.fact.path for one in listed if one.material.after is not None and word in one.material.after.data
    )
