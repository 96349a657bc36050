"""What callers, clients and implementers rely on besides names and parameters: how a name is used, accepted values, places of fields."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from msgspec import UNSET

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.change.changed_python import ChangedPython, ChangedSymbol
from diffscope.facts.model import ContractFact
from diffscope.facts.parsed_text import parse_expression
from diffscope.facts.python.capabilities import capabilities, deprecated_reads, undeclared, unread_switches
from diffscope.facts.python.removed_api import edited_users
from diffscope.patterns import lazy_regex
from diffscope.source.text import Region, SourceText
from diffscope.syntax.model import Aspect, Definition, DefinitionKind, Outline
from diffscope.taxonomy.model import Taxonomy

_FUNCTIONS: Final = (DefinitionKind.FUNCTION, DefinitionKind.METHOD)
_PROPERTY: Final = lazy_regex(r"(?:^|[.])(?:\w*property)$|\.setter$|\.getter$")
_ABSTRACT: Final = lazy_regex(r"(?:^|[.])abstract\w+$")
_ENUM: Final = lazy_regex(r"(?:^|[.])\w*(?:Enum|Flag)$")
_TUPLE: Final = lazy_regex(r"(?:^|[.])NamedTuple$")
_DATACLASS: Final = lazy_regex(r"(?:^|[.])(?:dataclass|define|frozen|config)(?:\(|$)")
_BY_NAME: Final = lazy_regex(r"kw_only\s*=\s*True")
_ARRAY: Final = lazy_regex(r"array_like\s*=\s*True")
_CLASS_VARIABLE: Final = lazy_regex(r"(?:typing\.)?ClassVar\b|KW_ONLY$")
_LITERAL: Final = lazy_regex(r"\bLiteral\s*\[")
_ELEMENT: Final = lazy_regex(r"(.*\.)([a-z]\w+)(\[[^\[\]]*\])(.*)")
_ANSWER: Final = lazy_regex(r"\)\s*(?:->\s*([^#]{1,200}?))?\s*:\s*(?:#.*)?$", re.MULTILINE)
_WORD: Final = lazy_regex(r"[A-Za-z_]\w*")
_NO_TYPE: Final = frozenset({"None", "Any", "object", "Optional", "Union", "typing"})
_FILES_OF_A_TYPE: Final = 5
"""Files from which on as many places that ask an attribute otherwise say that it holds something else."""
_LONG: Final = 9
"""Letters from which on a name without underscore is taken for a name of its own."""
_HEADER: Final = 30
"""Lines of the head of a class that are read for the keywords behind its bases."""


def collect_contracts(
    placed: tuple[Placed, ...], taxonomy: Taxonomy, lookup: TreeLookup | None
) -> tuple[ContractFact, ...]:
    """Return the contract facts of source files, by path, line and name."""
    changed = [(one, comparison) for one in placed if (comparison := source_comparison(one))]
    facts: list[ContractFact] = []
    read: dict[str, Mapping[str, frozenset[str]]] = {}
    for one, compared in changed:
        reader = _Reader(one, compared, placed, taxonomy, lookup)
        found = [*reader.forms(), *reader.classes(), *reader.values()]
        found += [
            _Found(each.symbol, each.place, each.what, "removed", before=each.before, after=each.after)
            for each in (
                *capabilities(one, compared, placed),
                *(undeclared(one, compared, placed, lookup) if lookup else ()),
            )
        ]
        found += [
            _Found(each.symbol, each.place, each.what, "added", before=each.before, names=(each.after or "",))
            for each in (unread_switches(one, compared, lookup) if lookup else ())
        ]
        found += [
            _Found(each.symbol, each.place, each.what, "added", after=each.after)
            for each in (deprecated_reads(one, compared, lookup, read) if lookup else ())
        ]
        facts += map(reader.fact, found)
    facts += _indexed_otherwise(changed, taxonomy)
    return tuple(
        sorted(facts, key=lambda fact: (fact.path, fact.line, fact.symbol or "", fact.what, fact.change))
    )


class _Found(NamedTuple):
    """What was found of one name."""

    name: str
    place: Region | None
    what: str
    change: str
    before: str | None = None
    after: str | None = None
    names: tuple[str, ...] = ()
    form: str | None = None


class _Shape(NamedTuple):
    """The fields of a class on one side: how they are told apart, and their names in order."""

    what: str
    """``array``, ``tuple`` or ``dataclass`` for fields by place; ``numbers`` or ``names`` for members of an enumeration."""
    fields: tuple[str, ...]
    required: frozenset[str] = frozenset()
    """Fields without a default."""


class _Reader:
    """Reads one file of a change."""

    def __init__(
        self,
        placed: Placed,
        comparison: ChangedPython,
        others: tuple[Placed, ...],
        taxonomy: Taxonomy,
        lookup: TreeLookup | None,
    ) -> None:
        self._placed = placed
        self._comparison = comparison
        self._others = others
        self._taxonomy = taxonomy
        self._lookup = lookup

    def forms(self) -> Iterator[_Found]:
        """Yield names that are there before and after and are used in another way, and what an interface asks for besides."""
        before = {each.name: each for each in _definitions(self._comparison.before)}
        for change in self._comparison.symbols:
            old = change.before or before.get(change.name)
            new = change.after
            if new is None or (change.moved_from is not None and change.moved_from.path is not None):
                continue
            if old is None:
                yield from self._demanded(change, new)
                continue
            was, now = _form(old), _form(new)
            if was and now and was != now:
                yield _Found(change.name, change.region, "form", "changed", before=was, after=now)
            elif not _is_abstract(old) and _is_abstract(new):
                yield _Found(change.name, change.region, "abstract", "added", after=_form(new))
            yield from self._answers(change)

    def _answers(self, change: ChangedSymbol) -> Iterator[_Found]:
        """Yield a method that hands back something else by its annotation, and so does code of the change that is called so."""
        if change.kind is not DefinitionKind.METHOD or Aspect.ANNOTATION not in change.aspects:
            return
        was, now = _answer(change.whole_before), _answer(change.whole_after)
        words = [set(_WORD.findall(each)) - _NO_TYPE for each in (was, now)]
        last = change.name.rpartition(".")[2]
        same = (
            other
            for one in self._others
            for other in one.symbols
            if other.name.rpartition(".")[2] == last and Aspect.BODY in other.aspects
        )
        if all(words) and not words[0] & words[1] and any(True for _ in same):
            yield _Found(change.name, change.region, "answer", "changed", before=was, after=now)

    def classes(self) -> Iterator[_Found]:
        """Yield changed places of fields, numbers of members and accepted members of classes that stay."""
        old, new = self._comparison.before, self._comparison.after
        before = {each.name: each for each in _definitions(old) if each.kind is DefinitionKind.CLASS}
        for definition in _definitions(new):
            was = before.get(definition.name)
            if definition.kind is not DefinitionKind.CLASS or was is None or old is None or new is None:
                continue
            shape = _shape(was, old, self._placed.material.before)
            other = _shape(definition, new, self._placed.material.after)
            if shape is not None and other is not None and shape != other:
                yield from self._members(definition, shape, other)

    def values(self) -> Iterator[_Found]:
        """Yield names and fields whose ``Literal`` takes other values than before."""
        for change in self._comparison.symbols:
            if change.kind is not DefinitionKind.VARIABLE or change.before is None or change.after is None:
                continue
            was = _literals(change.before, change.whole_before)
            now = _literals(change.after, change.whole_after)
            if was and now:
                yield from self._differences(change.name, change.region, was, now)

    def _demanded(self, change: ChangedSymbol, new: Definition) -> Iterator[_Found]:
        owner = change.name.rpartition(".")[0]
        owners = {each.name for each in _definitions(self._comparison.before)}
        if _is_abstract(new) and owner in owners and Aspect.ADDED in change.aspects:
            yield _Found(change.name, change.region, "abstract", "added", after=_form(new))

    def _members(self, definition: Definition, was: _Shape, now: _Shape) -> Iterator[_Found]:
        place = self._placed.new(definition.line)
        if was.what == now.what and was.what in ("numbers", "names"):
            yield from self._differences(definition.name, place, was.fields, now.fields, what="member")
        if was.what == "names" or now.what == "names":
            return
        kept = [name for name in was.fields if name in now.fields]
        shifted = tuple(name for name in kept if was.fields.index(name) != now.fields.index(name))
        if was.what != now.what:
            yield _Found(definition.name, place, "layout", "form", before=was.what, after=now.what)
        elif shifted:
            yield _Found(
                definition.name,
                place,
                "numbering" if now.what == "numbers" else "layout",
                "shifted",
                before=", ".join(was.fields),
                after=", ".join(now.fields),
                names=shifted,
                form=now.what,
            )
        elif now.what != "numbers":
            yield from self._ends(definition.name, place, was, now)

    def _ends(self, name: str, place: Region | None, was: _Shape, now: _Shape) -> Iterator[_Found]:
        gone = tuple(each for each in was.fields if each not in now.fields)
        come = tuple(each for each in now.fields if each not in was.fields)
        if gone:
            yield _Found(name, place, "layout", "removed", names=gone, form=now.what)
        needed = tuple(each for each in come if each in now.required)
        if come and not gone:
            change = "appended-required" if needed else "appended"
            yield _Found(name, place, "layout", change, names=needed or come, form=now.what)

    def _differences(
        self, name: str, place: Region | None, was: tuple[str, ...], now: tuple[str, ...], what: str = "value"
    ) -> Iterator[_Found]:
        gone = tuple(each for each in was if each not in now)
        come = tuple(each for each in now if each not in was)
        if gone:
            yield _Found(name, place, what, "removed", names=gone, after=", ".join(come) or None)
        elif come:
            yield _Found(name, place, what, "added", names=come)

    def fact(self, found: _Found) -> ContractFact:
        """Return the fact of what was found."""
        path, name = self._placed.fact.path, found.name
        old_path = self._placed.fact.old_path or path
        last = name.rpartition(".")[2]
        # A short plain word is a name of many things.
        is_telling = "_" in last.strip("_") or len(last) >= _LONG
        is_used_otherwise = found.what in ("form", "abstract") and is_telling
        return ContractFact(
            **self._placed.spot(found.place, symbol=name),
            what=found.what,
            change=found.change,
            before=found.before,
            after=found.after,
            names=found.names,
            form=found.form,
            public=not any(part.startswith("_") for part in name.split(".")),
            surfaces=self._taxonomy.surfaces_of(path, name),
            users=self._lookup.users(old_path, name.partition(".")[0]) if self._lookup else UNSET,
            users_edited=edited_users(self._others, path, last) if is_used_otherwise else (),
        )


def _indexed_otherwise(
    changed: list[tuple[Placed, ChangedPython]], taxonomy: Taxonomy
) -> Iterator[ContractFact]:
    """Yield attributes of which many places no longer ask one element, or now ask one: what they hold is of another type."""
    found: dict[tuple[str, str, str], list[tuple[Placed, ChangedSymbol, Region]]] = defaultdict(list)
    made: dict[str, tuple[Placed, ChangedSymbol, Region]] = {}
    for one, comparison in changed:
        for change in comparison.symbols:
            for each in change.edits:
                sides = _element_of(each.edit.before, each.edit.after)
                if each.region is None:
                    continue
                if sides is not None:
                    found[sides].append((one, change, each.region))
                elif each.edit.target.startswith("self.") and change.name.endswith(".__init__"):
                    made.setdefault(each.edit.target.removeprefix("self."), (one, change, each.region))
    for (name, before, after), places in sorted(found.items()):
        if len({one.fact.path for one, _, _ in places}) < _FILES_OF_A_TYPE:
            continue
        # The class that makes it says what it is.
        one, change, region = made.get(name, places[0])
        symbol = f"{change.name.removesuffix('__init__')}{name}" if name in made else change.name
        yield ContractFact(
            **one.spot(region, symbol=symbol),
            what="form",
            change="changed",
            before=before,
            after=after,
            public=not name.startswith("_"),
            surfaces=taxonomy.surfaces_of(one.fact.path, symbol),
            users_edited=tuple(sorted(f"{each.fact.path}:{at.start}" for each, _, at in places)),
        )


def _element_of(before: str, after: str) -> tuple[str, str, str] | None:
    """Return the attribute of which one side asks an element and the other all, and how each says it; ``None`` for other edits."""
    for one, other, is_gone in ((before, after, True), (after, before, False)):
        asked = _ELEMENT.fullmatch(one)
        if asked and other == f"{asked[1]}{asked[2]}{asked[4]}":
            name, element = asked[2], f"{asked[2]}{asked[3]}"
            return (name, element, name) if is_gone else (name, name, element)
    return None


def _definitions(outline: Outline | None) -> tuple[Definition, ...]:
    return outline.definitions if outline is not None else ()


def _form(definition: Definition) -> str | None:
    """Return how a name is used: called, awaited, read or built; ``None`` for a variable."""
    if definition.kind is DefinitionKind.CLASS:
        return "class"
    if definition.kind not in _FUNCTIONS:
        return None
    names = [each.partition("(")[0] for each in definition.decorators]
    if any(_PROPERTY.search(each) for each in names):
        return "property"
    kind = "method" if definition.kind is DefinitionKind.METHOD else "function"
    if kind == "method" and not {"staticmethod", "classmethod"}.isdisjoint(names):
        kind = "class method"  # both are called on the class; what a caller passes is the same
    return f"async {kind}" if definition.is_async else kind


def _answer(region: Region | None) -> str:
    """Return what a function hands back by its annotation; empty where it has none."""
    found = _ANSWER.search("\n".join(region.lines)) if region is not None else None
    return " ".join((found[1] or "").split()).strip("\"'") if found else ""


def _is_abstract(definition: Definition) -> bool:
    return any(_ABSTRACT.search(each.partition("(")[0]) for each in definition.decorators)


def _shape(definition: Definition, outline: Outline, text: SourceText | None) -> _Shape | None:
    """Return what a class makes of its fields; ``None`` for a class whose fields are told by name."""
    if text is None:
        return None
    prefix = f"{definition.name}."
    members = [
        each
        for each in outline.definitions
        if each.name.startswith(prefix) and "." not in each.name.removeprefix(prefix)
    ]
    fields = [each for each in members if each.kind is DefinitionKind.VARIABLE]
    if any(_ENUM.search(base) for base in definition.bases):
        numbered = [each for each in fields if each.value is not None and each.annotation is None]
        is_counted = any(re.search(r"\bauto\(\)", each.value or "") for each in numbered)
        names = tuple(each.name.removeprefix(prefix) for each in numbered)
        public = tuple(name for name in names if not name.startswith("_"))
        return _Shape("numbers" if is_counted else "names", public) if public else None
    what = _by_place(definition, outline, text)
    if what is None:
        return None
    own = [each for each in fields if each.annotation and not _CLASS_VARIABLE.search(each.annotation)]
    return _Shape(
        what,
        tuple(each.name.removeprefix(prefix) for each in own),
        frozenset(each.name.removeprefix(prefix) for each in own if each.value is None),
    )


def _by_place(definition: Definition, outline: Outline, text: SourceText) -> str | None:
    """Return why the places of fields count: an encoding as an array, a tuple, or a constructor; ``None`` where they do not."""
    by_name = {each.name: each for each in outline.definitions if each.kind is DefinitionKind.CLASS}
    pending, seen = [definition], {definition.name}
    while pending:
        each = pending.pop()
        if _ARRAY.search(_header(each, text)):
            return "array"
        if any(_TUPLE.search(base) for base in each.bases):
            return "tuple"
        for base in each.bases:
            if base in by_name and base not in seen:
                seen.add(base)
                pending.append(by_name[base])
    for decorator in definition.decorators:
        if _DATACLASS.search(decorator):
            return None if _BY_NAME.search(decorator) else "dataclass"
    return None


def _header(definition: Definition, text: SourceText) -> str:
    found = text.part(definition.line, min(definition.end, definition.line + _HEADER))
    lines = found.lines if found is not None else ()
    ends = (at for at, line in enumerate(lines, start=1) if line.partition("#")[0].rstrip().endswith(":"))
    return "\n".join(lines[: next(ends, len(lines))])


def _literals(definition: Definition, whole: Region | None) -> tuple[str, ...] | None:
    """Return the values that a ``Literal`` of an annotation or of an alias takes, in order; ``None`` for no literal or one that is not all spelled out."""
    text = definition.annotation or ""
    if not _LITERAL.search(text) and _LITERAL.search(definition.value or "") and whole is not None:
        text = "\n".join(whole.lines).partition("=")[2].strip()
    if not _LITERAL.search(text):
        return None
    tree = parse_expression(text.strip("'\"") if text[:1] in "'\"" else text)
    if tree is None:
        return None
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).rpartition(".")[2] == "Literal":
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if not all(isinstance(part, ast.Constant) for part in parts):
                return None
            found += [str(part.value) for part in parts if isinstance(part, ast.Constant)]
    return tuple(dict.fromkeys(found))
