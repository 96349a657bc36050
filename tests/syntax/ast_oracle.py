"""What ``ast`` says of a file, in the terms of an outline: the independent judge of imports and definitions."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from diffscope.syntax.model import Outline


class Facts(NamedTuple):
    """Imports as (module, name, alias, level, line, layer); definitions with lines, parameters and counts."""

    imports: list[tuple[object, ...]]
    definitions: list[tuple[object, ...]]


def read_outline(outline: Outline) -> Facts:
    """Return the facts of an outline."""
    imports: list[tuple[object, ...]] = [
        (each.module, each.name, each.alias, each.level, each.line, each.layer.value)
        for each in outline.imports
    ]
    definitions: list[tuple[object, ...]] = [
        (
            each.name,
            each.kind.value,
            (each.line, each.start, each.end),
            tuple(
                (p.name, p.kind.value, p.default is not None, p.annotation is not None)
                for p in each.parameters
            ),
            len(each.bases),
            len(each.decorators),
            each.is_async,
        )
        for each in outline.definitions
    ]
    return Facts(imports, definitions)


def parse(source: bytes) -> ast.Module | None:
    """Return the tree; ``None`` where this Python cannot read it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def read_ast(tree: ast.Module) -> Facts:
    """Return the facts of a file as ``ast`` sees it."""
    reader = _Reader()
    reader.statements(tree.body, "", "eager", in_class=False, in_function=False)
    return Facts(reader.imports, reader.definitions)


class _Reader:
    def __init__(self) -> None:
        self.imports: list[tuple[object, ...]] = []
        self.definitions: list[tuple[object, ...]] = []

    def statements(
        self, nodes: list[ast.stmt], prefix: str, layer: str, *, in_class: bool, in_function: bool
    ) -> None:
        for node in nodes:
            self.statement(node, prefix, layer, in_class=in_class, in_function=in_function)

    def statement(  # noqa: C901 - one branch for each statement that matters
        self, node: ast.stmt, prefix: str, layer: str, *, in_class: bool, in_function: bool
    ) -> None:
        where = {"in_class": in_class, "in_function": in_function}
        if isinstance(node, ast.Import):
            self.imports += [(each.name, None, each.asname, 0, node.lineno, layer) for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = (node.module or "", node.level)
            self.imports += [
                (origin[0], each.name, each.asname, origin[1], node.lineno, layer) for each in node.names
            ]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not in_function:
                self._add(
                    node,
                    prefix + node.name,
                    "method" if in_class else "function",
                    parameters=tuple(_parameters(node.args)),
                )
            inner = layer if layer == "typing" else "lazy"
            self.statements(node.body, prefix, inner, in_class=False, in_function=True)
        elif isinstance(node, ast.ClassDef):
            if not in_function:
                self._add(node, prefix + node.name, "class", bases=len(node.bases))
            self.statements(node.body, f"{prefix}{node.name}.", layer, in_class=True, in_function=in_function)
        elif isinstance(node, ast.If):
            self.statements(node.body, prefix, "typing" if _is_guard(node.test) else layer, **where)
            self.statements(node.orelse, prefix, "typing" if _is_negated_guard(node.test) else layer, **where)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in [] if in_function else [name for target in targets for name in _names(target)]:
                self.definitions.append(
                    (
                        prefix + name.id,
                        "variable",
                        (name.lineno, node.lineno, node.end_lineno),
                        (),
                        0,
                        0,
                        False,
                    )
                )
        else:
            for block in _blocks(node):
                self.statements(block, prefix, layer, **where)

    def _add(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
        name: str,
        kind: str,
        *,
        parameters: tuple[object, ...] = (),
        bases: int = 0,
    ) -> None:
        start = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        lines = (node.lineno, start, node.end_lineno)
        is_async = isinstance(node, ast.AsyncFunctionDef)
        self.definitions.append((name, kind, lines, parameters, bases, len(node.decorator_list), is_async))


def _is_guard(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _is_negated_guard(test: ast.expr) -> bool:
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _is_guard(test.operand)


def _parameters(arguments: ast.arguments) -> Iterator[tuple[object, ...]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    without = len(positional) - len(arguments.defaults)
    for at, each in enumerate(positional):
        kind = "positional-only" if at < len(arguments.posonlyargs) else "positional-or-keyword"
        yield each.arg, kind, at >= without, each.annotation is not None
    if arguments.vararg is not None:
        yield arguments.vararg.arg, "var-positional", False, arguments.vararg.annotation is not None
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield each.arg, "keyword-only", default is not None, each.annotation is not None
    if arguments.kwarg is not None:
        yield arguments.kwarg.arg, "var-keyword", False, arguments.kwarg.annotation is not None


def _names(target: ast.expr) -> Iterator[ast.Name]:
    if isinstance(target, ast.Name):
        yield target
    elif isinstance(target, ast.Starred):
        yield from _names(target.value)
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _names(element)


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        for part in getattr(node, name, []):
            yield part.body if isinstance(part, ast.ExceptHandler | ast.match_case) else [part]
