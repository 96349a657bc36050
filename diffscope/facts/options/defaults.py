"""Normalises the text of default values, so that equal defaults compare equal."""

from __future__ import annotations

import ast

from diffscope.patterns import lazy_regex

_CUT_FIELD = lazy_regex(r"(?:\w+\.)?[fF]ield\(\s*(?:default\s*=\s*)?(?P<default>[-\w.'\"]+)\s*,")

_EMPTY = {"list": "[]", "dict": "{}", "tuple": "()"}
"""What a factory of nothing makes."""

NO = ("False", '"0"', "'0'")


def default_of(value: str | None) -> str | None:
    """Return the default that a field's assigned text stands for: ``field(default=3)`` and ``Field(3, ge=1)`` stand for ``3``."""
    if value is None:
        return None
    try:
        node = ast.parse(value.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # A long text is cut; what comes first in a field is its default all the same.
        cut = _CUT_FIELD.match(value)
        return cut["default"] if cut else value
    if not (
        isinstance(node, ast.Call)
        and _callee(node) in ("field", "Field", "msgspec.field", "dataclasses.field", "pydantic.Field")
    ):
        return ast.unparse(node)
    for keyword in node.keywords:
        if keyword.arg in ("default", "default_factory"):
            return made_by(keyword.value) if keyword.arg == "default_factory" else ast.unparse(keyword.value)
    if node.args:
        return None if ast.unparse(node.args[0]) == "..." else ast.unparse(node.args[0])
    return None


def made_by(factory: ast.expr) -> str:
    """Return what a factory makes, as it would be written without one: ``lambda: 3`` makes ``3``, ``list`` makes ``[]``."""
    if isinstance(factory, ast.Lambda):
        return ast.unparse(factory.body)
    text = ast.unparse(factory)
    return _EMPTY.get(text, f"{text}()")


def turns_on(default: str | None) -> bool:
    """Return whether a default switches behaviour on. Text, numbers and names are choices, not switches."""
    return default in ("True", '"1"', "'1'")


def is_off(default: str | None) -> bool:
    """Return whether a default switches nothing on: hardly any code tells `None` from `False`."""
    return default in (None, "None", '""', "''", *NO)


def plain(default: str | None) -> str:
    """Return a default in the words that all languages share."""
    # `VLLM_X: bool = False` and `os.getenv("VLLM_X", "0")` declare the same default in two languages.
    text = (default or "None").strip("'\"")
    return {"False": "0", "True": "1", "": "None"}.get(text, text)


def _callee(node: ast.Call) -> str:
    return ast.unparse(node.func)
