"""Texts of a change, as Python's own parser reads them: ``None`` for what does not parse, is cut off or nested too deep. And what their conditions say of platforms."""

from __future__ import annotations

import ast
from typing import Final

from diffscope.source.profile import EVERY_PLATFORM, places

_UNREADABLE: Final = (SyntaxError, ValueError, RecursionError, MemoryError)


def parse_module(text: str | bytes) -> ast.Module | None:
    """Return the statements of a text."""
    try:
        return ast.parse(text)
    except _UNREADABLE:
        return None


def parse_lines(lines: bytes) -> list[ast.stmt]:
    """Return the statements of some whole lines, however far in they stand; none where they do not parse."""
    is_inner = lines.startswith((b" ", b"\t"))
    tree = parse_module(b"if 1:\n" + lines if is_inner else lines)
    found = tree.body if tree else []
    return [each for one in found for each in (one.body if is_inner and isinstance(one, ast.If) else [one])]


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


def platforms_left(condition: str) -> frozenset[str]:
    """Return the platforms on which a skip's condition can hold; none where it can hold on all of them.

    ``condition`` is the text of an expression, or of the arguments of a mark; what is no expression tells nothing.
    """
    answers = _answers(condition)
    left = frozenset(name for name, answer in answers.items() if answer is not False)
    return left if len(left) < len(answers) else frozenset()


def platforms_skipped(condition: str) -> frozenset[str]:
    """Return the platforms on which a skip's condition holds whatever else it asks for."""
    answers = _answers(condition)
    is_told = len(set(answers.values())) > 1
    return frozenset(name for name, answer in answers.items() if answer is True and is_told)


def _answers(condition: str) -> dict[str, bool | None]:
    """Return for each platform what the condition answers there; ``None`` where that hangs on something else."""
    tree = parse_call(condition)
    if tree is None or not tree.args:
        return {}
    try:
        return {name: _answer(tree.args[0], name) for name in sorted(EVERY_PLATFORM)}
    except RecursionError:
        return {}


def _answer(node: ast.expr, platform: str) -> bool | None:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            answer = _answer(operand, platform)
            return None if answer is None else not answer
        case ast.BoolOp(op=operator, values=values):
            decisive = isinstance(operator, ast.Or)
            answers = [_answer(value, platform) for value in values]
            return decisive if decisive in answers else None if None in answers else not decisive
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[], keywords=[]):
            asked = places().code.asked_platforms(name)
            return platform in asked if asked else None
        case ast.Constant(value=bool(value)):
            return value
    return None
