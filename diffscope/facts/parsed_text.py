"""Texts of a change, as Python's own parser reads them: ``None`` for what does not parse, is cut off or nested too deep. And what their conditions say of platforms."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.source.profile import EVERY_PLATFORM, places

_UNREADABLE: Final = (SyntaxError, ValueError, RecursionError, MemoryError)
_DEFINES: Final = lazy_regex(rb"(?m)^([ \t]*)(?:async[ \t]+)?def[ \t]")
_CONTINUES: Final = rb"[^\s#)\]}]"
Function = ast.FunctionDef | ast.AsyncFunctionDef
Span = tuple[tuple[int, int], tuple[int, int]]
"""Where something begins and ends: each a line, counted from 1, and a column, counted from 0."""


class Functions:
    """The functions of a module, parsed one by one when they are asked for: of a long file few are needed."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._parsed: dict[int, list[Function]] = {}

    @cached_property
    def blocks(self) -> list[tuple[int, bytes]]:
        """The text of each outermost function with its first line, those of the module before those of classes."""
        found: list[tuple[int, int, bytes]] = []
        text, end, line, at = self.text, 0, 1, 0
        for match in _DEFINES.finditer(text):
            if match.start() < end:
                continue
            indent = len(match[1])
            after = re.compile(rb"(?m)^[ \t]{0,%d}%s" % (indent, _CONTINUES)).search(text, match.end())
            end = after.start() if after else len(text)
            line, at = line + text.count(b"\n", at, match.start()), match.start()
            found.append((indent, line, text[at:end]))
        return [(line, block) for _, line, block in sorted(found, key=lambda one: one[0])]

    def of(self, line: int, block: bytes) -> list[Function]:
        """Return the function of a block and those inside of it, their lines counted in the module; none of what does not parse."""
        if line not in self._parsed:
            head = b"" if block.startswith((b"def", b"async")) else b"if 1:\n"
            tree = parse_module(b"\n" * (line - 1 - bool(head)) + head + block)
            nodes = ast.walk(tree) if tree is not None else self._of_module(line, block)
            self._parsed[line] = [node for node in nodes if isinstance(node, Function)]
        return self._parsed[line]

    def _of_module(self, line: int, block: bytes) -> Iterator[ast.AST]:
        """Yield what stands in a block that another end than its own was found for: a string with lines like code."""
        last = line + block.count(b"\n")
        nodes = ast.walk(self._module) if self._module is not None else ()
        return (node for node in nodes if line <= getattr(node, "lineno", 0) <= last)

    @cached_property
    def _module(self) -> ast.Module | None:
        return parse_module(self.text)


def parse_module(text: str | bytes) -> ast.Module | None:
    """Return the statements of a text."""
    try:
        return ast.parse(text)
    except _UNREADABLE:
        return None


def prose_spans(lines: Sequence[str]) -> tuple[Span, ...]:
    """Return where the comments and the strings of a module stand; not those strings that may hold code (f-strings), and none behind what cannot be read."""
    rest = (f"{line}\n" for line in lines)
    found: list[Span] = []
    try:
        for token in tokenize.generate_tokens(lambda: next(rest, "")):
            prefix = token.string.partition('"')[0].partition("'")[0].lower()
            if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and "f" not in prefix):
                found.append((token.start, token.end))
    except (tokenize.TokenError, SyntaxError):
        pass
    return tuple(found)


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


def turns_on(default: str | None) -> bool:
    """Return whether a default switches behaviour on. Text, numbers and names are choices, not switches."""
    return default in ("True", '"1"', "'1'")
