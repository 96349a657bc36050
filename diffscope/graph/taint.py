"""Which references may lead elsewhere after a change, though the files that hold them are the same.

Resolving looks at three things: whether a name is a node, what imports bind in a module, and what ``import *`` hands out. A reference
is tainted when any of these may be different somewhere on its way.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Set
from typing import Final

from diffscope.graph.records import LAYER_CODES, ReferenceKind
from diffscope.graph.resolve import read_extensions
from diffscope.graph.tables import Tables
from diffscope.graph.values import EdgeLayer

_LAZY: Final = LAYER_CODES[EdgeLayer.LAZY]
_DOTTED: Final = int(ReferenceKind.DOTTED)
_IMPORT: Final = int(ReferenceKind.IMPORT)
_NAMED: Final = frozenset(
    {_IMPORT, *map(int, (ReferenceKind.ROW, ReferenceKind.NODE, ReferenceKind.EXTENSION))}
)


def tainted_references(before: Tables, after: Tables, fresh: Iterable[str]) -> set[int]:
    """Return the references of ``after``, by number, that have to be resolved again.

    ``fresh`` names the modules whose records are not those of before. May return too many, never too few.
    """
    named = set(before.names).symmetric_difference(after.names)
    bound = {
        name for name in fresh if name not in named and _bindings(before, name) != _bindings(after, name)
    }
    starred = {
        name
        for name in before.stars.keys() | after.stars.keys()
        if before.stars.get(name) != after.stars.get(name)
    }
    old, new = read_extensions(before), read_extensions(after)
    extended = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    sources = named | bound | starred | extended
    tainted: set[int] = set()
    while sources:
        found = _leading_to(after, sources) - tainted
        tainted |= found
        # A module that binds a tainted reference passes on something else than before.
        sources = _binders(after, found)
    return tainted


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


def _leading_to(tables: Tables, modules: Set[str]) -> set[int]:
    """Return the references that name one of the modules on their way."""
    strings = tables.strings
    found: set[int] = set()
    triples = zip(tables.reference_kind, tables.reference_head, tables.reference_tail, strict=True)
    for number, (kind, head, tail) in enumerate(triples):
        text = strings[head]
        if kind in _NAMED:
            last = strings[tail]
            if text in modules or last in modules or (last and f"{text}.{last}" in modules):
                found.add(number)
        elif kind == _DOTTED:
            while text:
                if text in modules:
                    found.add(number)
                    break
                text = text.rpartition(".")[0]
    return found


def _binders(tables: Tables, references: Set[int]) -> set[str]:
    return {
        tables.names[bisect_right(tables.start, at) - 1]
        for at, reference in enumerate(tables.record_reference)
        if reference in references and _is_binding(tables, at)
    }
