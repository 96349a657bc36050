"""The code of a native unit -> the places in it that matter to rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.syntax.model import NativeSignal, NativeSignalKind
from diffscope.syntax.native.units import NativeUnit
from diffscope.syntax.text.tokens import clip

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
    r"USE_ROCM|__HIP\w*|HIP_\w+|USE_CUDA|__CUDACC__|VLLM_CPU\w*|__AVX\w*|__aarch64__|__powerpc\w*|__riscv\w*|__s390x__|USE_XPU"
)
_ARCHITECTURE: Final = lazy_regex(
    r"__CUDA_ARCH__|__gfx\w+__|gfx\d|SM_?\d{2,3}|CUDA_ARCH|CUDA_VERSION|CUDART_VERSION", re.IGNORECASE
)
_CONDITIONS: Final = (b"if", b"ifdef", b"ifndef", b"elif", b"elifdef", b"elifndef")


def read_native_signals(unit: NativeUnit) -> list[NativeSignal]:
    """Return the signals of a unit by line, then by kind and text."""
    signals = [*_in_code(unit), *_in_directives(unit)]
    return sorted(signals, key=lambda signal: (signal.line, signal.kind.value, signal.text))


def _in_code(unit: NativeUnit) -> Iterator[NativeSignal]:
    text = unit.code.decode("latin-1")
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield _signal(unit, kind, match[0], unit.start + match.start())


def _in_directives(unit: NativeUnit) -> Iterator[NativeSignal]:
    end = unit.start + len(unit.code)
    for directive in unit.source.directives:
        if not unit.start <= directive.start < end or directive.word not in _CONDITIONS:
            continue
        if not unit.code[directive.start - unit.start : directive.end - unit.start].strip():
            continue
        if _PLATFORM.search(directive.text):
            yield _signal(unit, NativeSignalKind.PLATFORM_GUARD, directive.text, directive.start)
        elif _ARCHITECTURE.search(directive.text):
            yield _signal(unit, NativeSignalKind.ARCHITECTURE, directive.text, directive.start)


def _signal(unit: NativeUnit, kind: NativeSignalKind, text: str, position: int) -> NativeSignal:
    return NativeSignal(
        kind=kind,
        text=clip(" ".join(text.split()), _TEXT),
        line=unit.source.line_at(position),
        guards=unit.source.guards_at(position),
    )
