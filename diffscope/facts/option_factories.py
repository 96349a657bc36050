"""What a new setting is where nobody sets it, read off the function that makes its default; and the variable that it decides about from now on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

import msgspec

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import OptionFact
from diffscope.facts.option_defaults import plain
from diffscope.facts.parsed_text import parse_module
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places
from diffscope.source.text import SourceText

_CALL = lazy_regex(r"([A-Za-z_]\w*)\(\)")
_RELEASE = lazy_regex(r"v?\d+\.\d+(?:\.\d+)?")
_READS = lazy_regex(r"(?:^|[._])(?:getenv|environ\.get)$")
_CASTS = frozenset({"int", "float", "bool", "str"})


class _Made(NamedTuple):
    """What a factory makes where nothing is set, the line that says so, and what it reads."""

    value: str | None
    line: int
    variables: tuple[str, ...]
    deprecated_until: str | None


def with_factories(facts: Iterable[OptionFact], placed: Iterable[Placed]) -> Iterator[OptionFact]:
    """Yield the facts: a new field whose factory stands in its file has what that makes as its default.

    Where the factory reads a variable of the environment that the tree declared with another default, a fact for that follows it.
    """
    files = {one.fact.path: one for one in placed}
    tables = [one.material.before for one in files.values() if _is_of_variables(one.fact.path)]
    for fact in facts:
        call = _CALL.fullmatch(fact.after or "") if fact.change == "added" else None
        home = files.get(fact.path) if call and fact.what == "config-field" else None
        made = _made(home.material.after, call[1]) if home is not None and call is not None else None
        if home is None or made is None or made.value is None:
            yield fact
            continue
        yield msgspec.structs.replace(fact, after=made.value)
        for variable in made.variables:
            before = next((found for table in tables if (found := _declared(table, variable))), None)
            if before is None or plain(before) == plain(made.value):
                continue
            yield OptionFact(
                **home.spot(home.new(made.line), symbol=call[1] if call else None),
                what="environment-variable",
                name=variable,
                change="default",
                before=before,
                after=made.value,
                decider=f"{fact.path}:{made.line}",
                replaced_by=fact.name,
                deprecated_until=made.deprecated_until,
            )


def _is_of_variables(path: str) -> bool:
    return PurePosixPath(path).name == places().code.environment_file


def _made(content: SourceText | None, name: str) -> _Made | None:
    tree = parse_module(content.text) if content is not None else None
    function = next(
        (one for one in (tree.body if tree else ()) if isinstance(one, ast.FunctionDef) and one.name == name),
        None,
    )
    if function is None:
        return None
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    texts = {
        call: [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        for call in calls
    }
    read = {
        call: found
        for call, words in texts.items()
        if (found := [w for w in words if places().variable.fullmatch(w)])
    }
    until = next(
        (
            w
            for call in read
            if "deprecated" in ast.unparse(call.func)
            for w in texts[call]
            if _RELEASE.fullmatch(w)
        ),
        None,
    )
    value, line = _result(function)
    return _Made(value, line, tuple(sorted({each for found in read.values() for each in found})), until)


def _result(function: ast.FunctionDef) -> tuple[str | None, int]:
    """Return what a function gives where what it reads is not set, and the line of it; the first return that is for that case."""
    for node in function.body:
        if isinstance(node, ast.Return) and node.value is not None:
            return unset_value(node.value), node.lineno
        if (
            isinstance(node, ast.If)
            and isinstance(first := node.body[0], ast.Return)
            and first.value is not None
        ):
            case = _case(node.test)
            if case is True:
                return unset_value(first.value), first.lineno
            if case is None:
                return None, node.lineno
    return None, function.lineno


def _case(test: ast.expr) -> bool | None:
    """Return whether a test holds where nothing is set; ``None`` for a test of something else."""
    text = ast.unparse(test)
    if re.fullmatch(r"[\w.]+ is None|['\"]\w+['\"] not in (?:os\.)?environ|not [\w.]+", text):
        return True
    return (
        False if re.fullmatch(r"[\w.]+ is not None|['\"]\w+['\"] in (?:os\.)?environ|[\w.]+", text) else None
    )


def unset_value(node: ast.expr) -> str | None:  # noqa: PLR0911 - one for each form
    """Return the value of an expression where the variable that it reads is not set; ``None`` where that cannot be told."""
    match node:
        case ast.Constant():
            return ast.unparse(node)
        case ast.Lambda():
            return unset_value(node.body)
        case ast.IfExp():
            case = _case(node.test)
            return None if case is None else unset_value(node.body if case else node.orelse)
        case ast.BoolOp(op=ast.Or(), values=[*_, last]):
            return unset_value(last)
        case ast.Call(func=function, args=[_, *rest]) if _READS.search(ast.unparse(function)):
            return unset_value(rest[0]) if rest else "None"
        case ast.Call(func=ast.Name(id=name), args=[inner]) if name in _CASTS:
            found = unset_value(inner)
            return found if found in (None, "None") else (found or "").strip("'\"")
    return None


def _declared(table: SourceText | None, variable: str) -> str | None:
    """Return the default of a variable in the file that declares variables: of its entry in a table."""
    tree = parse_module(table.text) if table is not None else None
    for node in ast.walk(tree) if tree is not None else ():
        for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
            if isinstance(key, ast.Constant) and key.value == variable:
                return unset_value(value)
    return None
