"""Bytes of a C++, CUDA or HIP file -> ``NativeOutline``; both sides of one -> ``NativeComparison``. Neither ever raises."""

from __future__ import annotations

from collections import Counter

from diffscope.syntax.native_bindings import find_blocks, read_bindings
from diffscope.syntax.native_calls import find_calls
from diffscope.syntax.native_changes import compare_functions, compare_operators
from diffscope.syntax.native_functions import find_functions
from diffscope.syntax.native_includes import read_includes
from diffscope.syntax.native_source import NativeSource
from diffscope.syntax.native_units import NativeUnit, read_native_units
from diffscope.syntax.values import Include, NativeComparison, NativeOutline

_EMPTY = NativeOutline()


def outline_native(source: bytes) -> NativeOutline:
    """Return the outline of a native file, every branch of its ``#if`` s included."""
    return _read(source)[0]


def compare_native(before: bytes | None, after: bytes | None) -> NativeComparison:
    """Return what changed between two versions of a native file. ``None``: the file does not exist on that side.

    What stands outside of functions (macros, types, constants) is one change under the name ``""``.
    """
    old, old_units = _read(before) if before is not None else (_EMPTY, ())
    new, new_units = _read(after) if after is not None else (_EMPTY, ())
    return NativeComparison(
        functions=compare_functions(old_units, new_units),
        operators=compare_operators(old.bindings, new.bindings),
        includes_added=_subtract(new.includes, old.includes),
        includes_removed=_subtract(old.includes, new.includes),
        before=old if before is not None else None,
        after=new if after is not None else None,
        problems=new.problems if after is not None else old.problems,
    )


def _read(data: bytes) -> tuple[NativeOutline, tuple[NativeUnit, ...]]:
    source = NativeSource(data)
    blocks = find_blocks(source.code)
    found = find_functions(source, blocks)
    outline = NativeOutline(
        includes=read_includes(source),
        functions=tuple(each.function for each in found.functions),
        bindings=read_bindings(source, blocks),
        calls=find_calls(source.code),
        code_lines=sum(1 for line in source.code.split(b"\n") if line.strip()),
        problems=found.problems,
    )
    return outline, read_native_units(source, found.functions, blocks)


def _subtract(includes: tuple[Include, ...], others: tuple[Include, ...]) -> tuple[Include, ...]:
    left = Counter((each.path, each.guards) for each in others)
    surplus = []
    for each in includes:
        if left[each.path, each.guards]:
            left[each.path, each.guards] -= 1
        else:
            surplus.append(each)
    return tuple(surplus)
