"""Bytes of a C++, CUDA or HIP file -> ``NativeOutline``; both sides of one -> ``NativeComparison``. Neither ever raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.syntax.model import Include, NativeComparison, NativeOutline, NativeSignal, NativeSignalKind
from diffscope.syntax.native.bindings import Block, find_blocks, find_calls, read_bindings
from diffscope.syntax.native.changes import Unit, compare_functions, compare_operators
from diffscope.syntax.native.functions import Found, find_functions, find_macros
from diffscope.syntax.native.preprocessor import NativeSource, blank
from diffscope.syntax.nodes import clip

_EMPTY = NativeOutline()
_Unit = Unit[NativeSource]


def outline_native(source: bytes) -> NativeOutline:
    """Return the outline of a native file, every branch of its ``#if`` s included."""
    return _read(source).outline


def compare_native(before: bytes | None, after: bytes | None) -> NativeComparison:
    """Return what changed between two versions of a native file. ``None``: the file does not exist on that side.

    A macro of several lines is compared like a function. What else stands outside of functions (types, constants) is one change under the name ``""``.
    """
    old = _read(before) if before is not None else None
    new = _read(after) if after is not None else None
    was, now = old.outline if old else _EMPTY, new.outline if new else _EMPTY
    return NativeComparison(
        functions=compare_functions(
            old.units() if old else (), new.units() if new else (), _read_native_signals
        ),
        operators=compare_operators(was.bindings, now.bindings),
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

    def units(self) -> tuple[_Unit, ...]:
        return _read_native_units(self.source, self.functions, self.blocks)


def _read(data: bytes) -> _Side:
    source = NativeSource(data)
    blocks = find_blocks(source.code)
    found = find_functions(source, blocks)
    lines = list(map(bytes.strip, source.code.split(b"\n")))
    # The includes, in order; those by a macro are left out.
    outline = NativeOutline(
        includes=tuple(
            Include(
                path=match[1] or match[2],
                line=source.line_at(directive.start),
                system=match[1] is None,
                guards=source.guards_at(directive.start),
            )
            for directive in source.directives
            if directive.word in (b"include", b"include_next") and (match := _PATH.match(directive.text))
        ),
        functions=tuple(each.function for each in found.functions),
        bindings=read_bindings(source, blocks),
        calls=find_calls(source.code),
        code_lines=len(lines) - lines.count(b""),
        problems=found.problems,
    )
    # The graph knows macros by what is compiled from them; only what changed in one is told.
    return _Side(outline, source, (*found.functions, *find_macros(source, found.functions)), blocks)


_PATH: Final = lazy_regex(r'^(?:"([^"]+)"|<([^>]+)>)')


_TOKEN: Final = lazy_regex(
    r"""R"([^\s()\\"]{0,16})\(.*?\)\1"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.){1,8}'|[A-Za-z_]\w*|\d[\w.']*(?:(?<=[eEpP])[+-]\w+)?"""
    r"""|<<<|>>>|->|::|\+\+|--|&&|\|\||[<>=!+\-*/%&|^]=|\S""",
    re.DOTALL,
)


def _read_native_units(
    source: NativeSource, functions: tuple[Found, ...], blocks: tuple[Block, ...]
) -> tuple[_Unit, ...]:
    """Return the units, the rest of the file first. Includes and operator blocks are compared on their own and belong to none."""
    rest = bytearray(source.code)
    cut = [(each.start, each.end) for each in functions] + [(block.start, block.end) for block in blocks]
    cut += [
        (each.start, each.end) for each in source.directives if each.word in (b"include", b"include_next")
    ]
    for start, end in cut:
        rest[start:end] = blank(bytes(rest[start:end]))
    unit = partial(
        Unit, origin=source, source=source.source, line_at=source.line_at, read_tokens=_read_tokens
    )
    return (
        unit(function=None, code=bytes(rest)),
        *(
            unit(
                function=each.function,
                code=source.code[each.start : each.end],
                start=each.start,
                body=each.body,
            )
            for each in functions
        ),
    )


def _read_tokens(code: bytes) -> list[tuple[str, int]]:
    """Return tokens with their positions; line continuations are none, and strings written side by side are one."""
    tokens: list[tuple[str, int]] = []
    for match in _TOKEN.finditer(code.decode("latin-1")):
        text = match[0]
        if text.startswith('"') and tokens and tokens[-1][0].startswith('"'):
            tokens[-1] = (tokens[-1][0][:-1] + text[1:], tokens[-1][1])
        elif text != "\\":
            tokens.append((text, match.start()))
    return tokens


_TEXT: Final = 200
_INTEGER: Final = r"(?:unsigned\s+|signed\s+)?(?:long\s+long|long|int|unsigned|size_t|ssize_t|u?int(?:8|16|32|64)_t|index_t|std::u?int\d+_t)"
_PATTERNS: Final = tuple(
    (kind, lazy_regex(pattern, re.DOTALL))
    for kind, pattern in (
        (NativeSignalKind.LAUNCH, r"(?<![\w:])[\w:]++(?:<[^;{}()]*?>)?\s*<<<[^;]{0,400}?>>>"),
        (NativeSignalKind.LAUNCH_BOUNDS, r"__launch_bounds__\s*\((?:[^()]|\([^()]*\))*\)"),
        (
            NativeSignalKind.SHARED_MEMORY,
            r"(?:extern\s+)?__shared__[^;{}]*|(?<!\w)\w*MaxDynamicSharedMemorySize\w*|sharedMemPerBlock\w*|HIP_DYNAMIC_SHARED[^;]*",
        ),
        (
            NativeSignalKind.POINTER_CAST,
            r"reinterpret_cast\s*<[^;(){}]*>|\(\s*(?:const\s+)?(?:unsigned\s+)?[A-Za-z_][\w:]*(?:\s+const)?\s*\*+\s*\)\s*(?=[\w&(*])",
        ),
        (
            NativeSignalKind.INDEX_ARITHMETIC,
            (
                rf"\[[^\[\];{{}}]*\*[^\[\];{{}}]*\]|\b(?:const\s+|constexpr\s+)?{_INTEGER}\s+(?:const\s+)?\w*"
                rf"(?:idx|index|offset|stride|_id|_off|pos)\w*\s*=[^;{{}}]*|static_cast\s*<\s*{_INTEGER}\s*>\s*\([^;{{}}()]*\)"
            ),
        ),
        (
            NativeSignalKind.DIVISION,
            r"[/%]=?\s*(?!=)(?:\((?:[^()]|\([^()]*\))*\)|[A-Za-z_][\w.:]*(?:->\w+)*(?:\((?:[^()]|\([^()]*\))*\))?)",
        ),
        (
            NativeSignalKind.ATOMIC,
            r"\b(?:atomic\w+|__atomic_\w+|red_\w+|fetch_(?:add|sub|and|or|xor))\s*(?:<[^;()]*>)?\s*\(",
        ),
        (
            NativeSignalKind.BARRIER,
            (
                r"\b(?:__syncthreads\w*|__syncwarp|__threadfence\w*|__builtin_amdgcn_s_barrier|\w*mbarrier\w*|\w*[bB]arrier\w*|cp_async_wait\w*"
                r"|cudaDeviceSynchronize|cudaStreamSynchronize|cudaGridDependencySynchronize|cudaTriggerProgrammaticLaunchCompletion|griddepcontrol|hipDeviceSynchronize|__builtin_amdgcn_s_waitcnt|grid_group|this_grid|cluster_sync\w*)\b"
            ),
        ),
        (
            NativeSignalKind.ARCHITECTURE,
            (
                r"__CUDA_ARCH__|\bCUDA_ARCH\w*|\b__gfx\w+__|\bgfx\d\w*|\b[sS][mM]_?\d{2,3}a?\b|(?<!\w)\w*cuda_device_capability\w*|\bget_sm_version_num\b"
                r"|\b(?:major|minor)\s*(?:[=!<>]=|[<>])\s*\d+|ENABLE_\w*SM\d+\w*"
            ),
        ),
    )
)
_PLATFORM: Final = lazy_regex(
    r"USE_ROCM|__HIP\w*|HIP_\w+|USE_CUDA|__CUDACC__|__AVX\w*|__aarch64__|__powerpc\w*|__riscv\w*|__s390x__|USE_XPU"
)
_ARCHITECTURE: Final = lazy_regex(
    r"__CUDA_ARCH__|__gfx\w+__|gfx\d|SM_?\d{2,3}|CUDA_ARCH|CUDA_VERSION|CUDART_VERSION", re.IGNORECASE
)
_CONDITIONS: Final = (b"if", b"ifdef", b"ifndef", b"elif", b"elifdef", b"elifndef")


def _read_native_signals(unit: _Unit) -> list[NativeSignal]:
    """Return the signals of a unit by line, then by kind and text."""
    signals = [*_in_code(unit), *_in_directives(unit)]
    return sorted(signals, key=lambda signal: (signal.line, signal.kind.value, signal.text))


def _in_code(unit: _Unit) -> Iterator[NativeSignal]:
    text = unit.code.decode("latin-1")
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield _signal(unit, kind, match[0], unit.start + match.start())


def _in_directives(unit: _Unit) -> Iterator[NativeSignal]:
    end = unit.start + len(unit.code)
    for directive in unit.origin.directives:
        if not unit.start <= directive.start < end or directive.word not in _CONDITIONS:
            continue
        if not unit.code[directive.start - unit.start : directive.end - unit.start].strip():
            continue
        if _PLATFORM.search(directive.text):
            yield _signal(unit, NativeSignalKind.PLATFORM_GUARD, directive.text, directive.start)
        elif _ARCHITECTURE.search(directive.text):
            yield _signal(unit, NativeSignalKind.ARCHITECTURE, directive.text, directive.start)


def _signal(unit: _Unit, kind: NativeSignalKind, text: str, position: int) -> NativeSignal:
    return NativeSignal(
        kind=kind,
        text=clip(" ".join(text.split()), _TEXT),
        line=unit.origin.line_at(position),
        guards=unit.origin.guards_at(position),
    )
