"""Bytes of a C++, CUDA or HIP file -> ``NativeOutline``; both sides of one -> ``NativeComparison``. Neither ever raises."""

from __future__ import annotations

from typing import NamedTuple

from diffscope.source.pairing import pair_equal
from diffscope.syntax.model import NativeComparison, NativeOutline
from diffscope.syntax.native.bindings import Block, find_blocks, read_bindings
from diffscope.syntax.native.changes import compare_functions, compare_operators
from diffscope.syntax.native.functions import Found, find_functions
from diffscope.syntax.native.preprocessor import NativeSource
from diffscope.syntax.native.references import find_calls, read_includes
from diffscope.syntax.native.units import NativeUnit, read_native_signals, read_native_units

_EMPTY = NativeOutline()


def outline_native(source: bytes) -> NativeOutline:
    """Return the outline of a native file, every branch of its ``#if`` s included."""
    return _read(source).outline


def compare_native(before: bytes | None, after: bytes | None) -> NativeComparison:
    """Return what changed between two versions of a native file. ``None``: the file does not exist on that side.

    What stands outside of functions (macros, types, constants) is one change under the name ``""``.
    """
    old = _read(before) if before is not None else None
    new = _read(after) if after is not None else None
    was, now = old.outline if old else _EMPTY, new.outline if new else _EMPTY
    includes = pair_equal(was.includes, now.includes, key=lambda each: (each.path, each.guards))
    return NativeComparison(
        functions=compare_functions(
            old.units() if old else (), new.units() if new else (), read_native_signals
        ),
        operators=compare_operators(was.bindings, now.bindings),
        includes_added=tuple(includes.come),
        includes_removed=tuple(includes.gone),
        before=old.outline if old else None,
        after=new.outline if new else None,
        problems=now.problems if after is not None else was.problems,
    )


class _Side(NamedTuple):
    """One version of a file."""

    outline: NativeOutline
    source: NativeSource
    functions: tuple[Found, ...]
    blocks: tuple[Block, ...]

    def units(self) -> tuple[NativeUnit, ...]:
        return read_native_units(self.source, self.functions, self.blocks)


def _read(data: bytes) -> _Side:
    source = NativeSource(data)
    blocks = find_blocks(source.code)
    found = find_functions(source, blocks)
    lines = list(map(bytes.strip, source.code.split(b"\n")))
    outline = NativeOutline(
        includes=read_includes(source),
        functions=tuple(each.function for each in found.functions),
        bindings=read_bindings(source, blocks),
        calls=find_calls(source.code),
        code_lines=len(lines) - lines.count(b""),
        problems=found.problems,
    )
    return _Side(outline, source, found.functions, blocks)
