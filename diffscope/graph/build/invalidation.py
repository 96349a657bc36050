"""Which references may lead elsewhere after a change, though the files that hold them are the same.

Resolving looks at three things: whether a name is a node, what imports bind in a module, and what ``import *`` hands out. A reference
is tainted when any of these may be different somewhere on its way.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Final

from diffscope.graph.model import EdgeLayer
from diffscope.graph.resolve import read_extensions
from diffscope.graph.tables import LAYER_CODES, ReferenceKind, Tables

_LAZY: Final = LAYER_CODES[EdgeLayer.LAZY]
_DOTTED: Final = int(ReferenceKind.DOTTED)
_IMPORT: Final = int(ReferenceKind.IMPORT)
_NAMED: Final = frozenset(
    {_IMPORT, *map(int, (ReferenceKind.ROW, ReferenceKind.NODE, ReferenceKind.EXTENSION))}
)


def invalid_references(before: Tables, after: Tables, fresh: Iterable[str]) -> set[int]:
    """Return the references of ``after``, by number, that have to be resolved again.

    ``fresh`` names the modules whose records are not those of before. May return too many, never too few.
    """
    changed = _Names()
    changed.add_whole(set(before.names).symmetric_difference(after.names))
    stars = before.stars.keys() | after.stars.keys()
    changed.add_whole(name for name in stars if before.stars.get(name) != after.stars.get(name))
    old, new = read_extensions(before), read_extensions(after)
    changed.add_whole(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    for name in fresh:
        if not changed.is_whole(name):
            changed.add(name, {bound for _, bound, *_ in _bindings(before, name) ^ _bindings(after, name)})
    tainted: set[int] = set()
    known = _Names()
    while changed := changed.minus(known):
        known.update(changed)
        found = _leading_to(after, changed)
        tainted.update(found)
        # A module that binds a tainted reference passes on something else than before.
        changed = _binders(after, found, changed)
    return tainted


class _Names:
    """Names of modules that may lead elsewhere: some of a module, or all and the module itself."""

    def __init__(self) -> None:
        self.whole: set[str] = set()
        self.some: dict[str, set[str]] = {}

    def __bool__(self) -> bool:
        return bool(self.whole or self.some)

    def add_whole(self, modules: Iterable[str]) -> None:
        self.whole.update(modules)

    def add(self, module: str, names: set[str]) -> None:
        """Add names of a module; the empty name is its ``import *``, which may bring any."""
        if "" in names:
            self.whole.add(module)
        elif names:
            self.some.setdefault(module, set()).update(names)

    def is_whole(self, module: str) -> bool:
        return module in self.whole

    def update(self, other: _Names) -> None:
        self.whole |= other.whole
        for module, names in other.some.items():
            self.add(module, names)

    def minus(self, known: _Names) -> _Names:
        left = _Names()
        left.add_whole(self.whole - known.whole)
        for module, names in self.some.items():
            if module not in known.whole and module not in self.whole:
                left.add(module, names - known.some.get(module, set()))
        return left


def _bindings(tables: Tables, name: str) -> set[tuple[int, str, int, str, str]]:
    """Return what imports bind in a module, and what it takes by ``import *``."""
    node = bisect_left(tables.names, name)
    strings, found = tables.strings, set()
    for at in range(tables.start[node], tables.start[node + 1]):
        if _is_binding(tables, at):
            reference = tables.record_reference[at]
            head, tail = strings[tables.reference_head[reference]], strings[tables.reference_tail[reference]]
            bound = strings[tables.record_bound[at]]
            found.add((tables.record_layer[at], bound, tables.reference_kind[reference], head, tail))
    return found


def _is_binding(tables: Tables, at: int) -> bool:
    reference = tables.record_reference[at]
    if tables.reference_kind[reference] != _IMPORT:
        return False
    if tables.record_bound[at]:
        return True
    tail = tables.strings[tables.reference_tail[reference]]
    return tail == "*" and tables.record_layer[at] != _LAZY


def _leading_to(tables: Tables, changed: _Names) -> set[int]:
    """Return the references that name, on their way, one of the modules or names."""
    strings = tables.strings
    number_of = {
        strings[at]: at for at in _places(strings, (*changed.whole, *changed.some, *_parts(changed)))
    }
    whole = {number_of[name] for name in changed.whole if name in number_of}
    pairs = set(_pairs(changed, number_of))
    star = number_of.get("*")
    partial = {number_of[name] for name in changed.some if name in number_of}
    found: set[int] = set()
    triples = zip(tables.reference_kind, tables.reference_head, tables.reference_tail, strict=True)
    for number, (kind, head, tail) in enumerate(triples):
        if head in whole or tail in whole or (head, tail) in pairs or (tail == star and head in partial):
            if kind in _NAMED or (kind == _DOTTED and head in whole):
                found.add(number)
        elif kind == _DOTTED and _passes(strings[head], changed):
            found.add(number)
    return found


def _places(strings: Sequence[str], wanted: Iterable[str]) -> Iterator[int]:
    for text in {*wanted, "*"}:
        at = bisect_left(strings, text)
        if at < len(strings) and strings[at] == text:
            yield at


def _parts(changed: _Names) -> Iterator[str]:
    for module in changed.whole:
        yield from (module.rpartition(".")[0], module.rpartition(".")[2])
    for names in changed.some.values():
        yield from names


def _pairs(changed: _Names, number_of: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Yield head and tail of references to a module by ``from package import module``, and to a name by its module."""
    split = ((module.rpartition(".")[0], module.rpartition(".")[2]) for module in changed.whole)
    named = ((module, name) for module, names in changed.some.items() for name in names)
    for head, tail in (*split, *named):
        if head in number_of and tail in number_of:
            yield number_of[head], number_of[tail]


def _passes(text: str, changed: _Names) -> bool:
    """Say whether a qualified path in a string names one of the modules or names on its way."""
    name = ""
    while text:
        if text in changed.whole or name in changed.some.get(text, ()):
            return True
        text, _, name = text.rpartition(".")
    return False


def _binders(tables: Tables, references: Set[int], changed: _Names) -> _Names:
    """Return the names that are bound to one of the references; those behind an ``import *`` are handed on by it."""
    found = _Names()
    binding = {number for number in references if tables.reference_kind[number] == _IMPORT}
    if not binding:
        return found
    strings = tables.strings
    for at in [at for at, reference in enumerate(tables.record_reference) if reference in binding]:
        if not _is_binding(tables, at):
            continue
        module = tables.names[bisect_right(tables.start, at) - 1]
        head = strings[tables.reference_head[tables.record_reference[at]]]
        if tables.record_bound[at]:
            found.add(module, {strings[tables.record_bound[at]]})
        elif head in changed.some:
            found.add(module, changed.some[head])
        else:
            found.add_whole((module,))
    return found
