"""Kernels that are written in Python: Triton, TileLang, CuteDSL, Helion, Numba."""

from __future__ import annotations

from typing import Final

from diffscope.syntax.model import Definition

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

_READERS: Final = (
    *KERNEL_DECORATORS,
    "T.macro",
    "tilelang.lazy_jit",
    "custom_op",
    "validate_call",
    "validate_arguments",
    *(
        f"{owner}.{verb}"
        for owner in ("app", "router")
        for verb in ("get", "post", "put", "patch", "delete", "websocket")
    ),
)
"""Ends of the names of decorators that read the annotations of what they decorate."""


def is_kernel(definition: Definition) -> bool:
    """Return whether a definition is compiled for a device by its decorators, called or not: ``@tilelang.jit(out_idx=[1])``."""
    return any(_is_kernel_decorator(text.partition("(")[0].strip()) for text in definition.decorators)


def reads_annotations(decorator: str) -> bool:
    """Return whether a decorator, written with its ``@`` or without, makes something of the annotations in a function."""
    name = decorator.removeprefix("@").strip()
    # So does the decorator of a dispatch by type, where it is not called: ``@show.register``.
    return name.endswith(".register") or _ends_with(name.partition("(")[0].strip(), _READERS)


def _is_kernel_decorator(name: str) -> bool:
    return _ends_with(name, KERNEL_DECORATORS)


def _ends_with(name: str, known: tuple[str, ...]) -> bool:
    return any(name == each or name.endswith(f".{each}") for each in known)
