"""Texts of a change, as Python's own parser reads them: ``None`` for what does not parse, is cut off or nested too deep."""

from __future__ import annotations

import ast
from typing import Final

_UNREADABLE: Final = (SyntaxError, ValueError, RecursionError, MemoryError)


def parse_module(text: str | bytes) -> ast.Module | None:
    """Return the statements of a text."""
    try:
        return ast.parse(text)
    except _UNREADABLE:
        return None


def parse_expression(text: str) -> ast.expr | None:
    """Return the one expression that a text is."""
    try:
        return ast.parse(text, mode="eval").body
    except _UNREADABLE:
        return None


def parse_call(arguments: str) -> ast.Call | None:
    """Return a call with these arguments, given as they stand between its brackets."""
    call = parse_expression(f"_({arguments})")
    return call if isinstance(call, ast.Call) else None
