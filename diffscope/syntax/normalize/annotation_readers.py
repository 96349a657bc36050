"""Decorators that read annotations: kernel compilers and argument checkers."""

from __future__ import annotations

from typing import Final

_READERS: Final = (
    "triton.jit",
    "triton.autotune",
    "triton.heuristics",
    "gluon.jit",
    "tilelang.jit",
    "tilelang_jit",
    "tilelang.lazy_jit",
    "flyc.jit",
    "flyc.kernel",
    "T.prim_func",
    "T.macro",
    "cute.jit",
    "cute.kernel",
    "dsl_user_op",
    "cuda.jit",
    "helion.kernel",
    "register_kernel",
    "custom_op",
    "validate_call",
    "validate_arguments",
    *(
        f"{owner}.{verb}"
        for owner in ("app", "router")
        for verb in ("get", "post", "put", "patch", "delete", "websocket")
    ),
)
"""Ends of their dotted names. A bare ``jit`` says nothing: other things are compiled too."""


def reads_annotations(decorator: str) -> bool:
    """Return whether a decorator, written with its ``@`` or without, makes something of the annotations in a function."""
    name = decorator.removeprefix("@").strip()
    # So does the decorator of a dispatch by type, where it is not called: ``@show.register``.
    return name.endswith(".register") or _ends_with(name.partition("(")[0].strip(), _READERS)


def _ends_with(name: str, known: tuple[str, ...]) -> bool:
    return any(name == each or name.endswith(f".{each}") for each in known)
