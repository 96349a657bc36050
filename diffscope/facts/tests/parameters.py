"""Parameters of tests that went, so that a test runs for less than before."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import TestFact


def removed_parameters(placed: Placed, change: ChangedSymbol) -> Iterator[TestFact]:
    """Yield the parameter sets that a test lost and got none for, one fact for each parametrised name.

    Only what is written out beside the test is compared; values that a variable holds are not known.
    """
    if change.before is None or change.after is None:
        return
    after = dict(_parameters(change.after.decorators))
    for names, old in _parameters(change.before.decorators):
        new = after.get(names)
        if new is None or len(new) >= len(old):
            continue
        gone = [text for text in old if text not in new]
        if gone and len(gone) > sum(text not in old for text in new):
            yield TestFact(
                **placed.spot(change.region, symbol=change.name),
                change="parameters-removed",
                before=f"{names}: {', '.join(gone)}"[:160],
            )


def _parameters(decorators: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the names of each ``parametrize`` with the texts of its values, without their marks and ids."""
    for text in decorators:
        if ".parametrize(" not in text:
            continue
        try:
            call = ast.parse(text.removeprefix("@"), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        match call:
            case ast.Call(
                args=[ast.Constant(value=str(names)), ast.List(elts=values) | ast.Tuple(elts=values), *_]
            ):
                if not any(isinstance(value, ast.Starred) for value in values):
                    yield names, tuple(_value(value) for value in values)


def _value(node: ast.expr) -> str:
    match node:
        case ast.Call(func=ast.Attribute(attr="param"), args=args):
            return ", ".join(map(ast.unparse, args))
    return ast.unparse(node)
