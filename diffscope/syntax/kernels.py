"""Kernels that are written in Python: Triton, TileLang, CuteDSL, Helion, Numba."""

from __future__ import annotations

from typing import Final

from diffscope.syntax.values import Definition

KERNEL_DECORATORS: Final = (
    "triton.jit",
    "triton.autotune",
    "triton.heuristics",
    "gluon.jit",
    "tilelang.jit",
    "tilelang_jit",
    "flyc.jit",
    "flyc.kernel",
    "T.prim_func",
    "cute.jit",
    "cute.kernel",
    "cuda.jit",
    "helion.kernel",
)
"""Ends of the dotted names that make a function a kernel. A bare ``jit`` says nothing: other things are compiled too."""


def is_kernel(definition: Definition) -> bool:
    """Return whether a definition is compiled for a device by its decorators, called or not: ``@tilelang.jit(out_idx=[1])``."""
    return any(_is_kernel_decorator(text.partition("(")[0].strip()) for text in definition.decorators)


def _is_kernel_decorator(name: str) -> bool:
    return any(name == known or name.endswith(f".{known}") for known in KERNEL_DECORATORS)
