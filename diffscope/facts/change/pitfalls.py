"""Where a change can fail beside its own lines: it writes into what the caller owns, a caller asserts more of a result, a list is empty by one branch."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import Point
from diffscope.facts.parsed_text import Function, Functions
from diffscope.graph.query.graph import ModuleGraph
from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.model import DefinitionKind
from diffscope.syntax.nodes import clip

_LONGEST: Final = 80
_OWNED: Final = lazy_regex(r"\b[A-Z]\w*Params\b")
"""What users make, hand over, and may hand over again."""
_MOST_READ: Final = 8
_ASKED_OF: Final = lazy_regex(r"\b(\w+)\.(\w+)\b")
_FAKES: Final = lazy_regex(r"\b(?:SimpleNamespace|(?:Magic|Async)?Mock)\((?:[^()]|\([^()]*\))*\)")
_NO_TUPLE: Final = lazy_regex(r"""\b[\w.]+ (?:not )?in \((["'][^"']*["'])\)""")
"""Brackets around one text are no tuple."""
_EMPTY: Final = lazy_regex(rb"\[\s*\]")


def collect_pitfalls(source: Iterable[Placed], functions: Mapping[str, Functions]) -> Iterator[Point]:
    """Yield a point for each such place in edited files of Python, by the functions of each path; ``names`` begin with the function it is about."""
    read = [one for one in source if one.fact.path in functions]
    edited = {
        change.name.rpartition(".")[2]: change.name
        for one in read
        for change in one.symbols
        if change.before is not None and change.after is not None and change.logic
    }
    called = [f".{name}".encode() for name in edited]
    for one in read:
        added = {line.number for hunk in one.material.diff.hunks for line in hunk.added}
        for came in (each for hunk in one.material.diff.hunks for each in hunk.added):
            if text := _NO_TUPLE.search(came.text):
                end = ("substring", text[0], f"{one.fact.path}:{came.number}")
                owner = _owner(one, came.number)
                yield Point(
                    what="substring",
                    path=one.fact.path,
                    line=came.number,
                    names=(owner, text[1]),
                    ends=(end,),
                )
        for line, block in functions[one.fact.path].blocks:
            # Parsing costs most: only blocks whose text can hold a pitfall are parsed.
            is_edited = not added.isdisjoint(range(line, line + block.count(b"\n") + 1))
            writes, empties = is_edited and b"Params" in block, is_edited and _EMPTY.search(block) is not None
            asserts = b"assert" in block and any(name in block for name in called)
            for function in functions[one.fact.path].of(line, block) if writes or empties or asserts else ():
                found = (
                    *(_written(function, added) if writes else ()),
                    *(_emptied(function, added) if empties else ()),
                    *(_asserted(function, added, edited) if asserts else ()),
                )
                for what, node, name in found:
                    names = (_owner(one, function.lineno), name)
                    place = (what, clip(ast.unparse(node), _LONGEST), f"{one.fact.path}:{node.lineno}")
                    yield Point(what=what, path=one.fact.path, line=node.lineno, names=names, ends=(place,))


def _owner(placed: Placed, line: int) -> str:
    outline = placed.material.python.after if placed.material.python is not None else None
    around = [one for one in outline.definitions if one.start <= line <= one.end] if outline else []
    return max(around, key=lambda one: one.start).name if around else ""


_Found = tuple[str, ast.stmt | ast.expr, str]


def _written(function: Function, added: set[int]) -> Iterator[_Found]:
    """Yield new assignments to attributes of a parameter, or of what it holds, that is never bound to a copy."""
    owned = {
        each.arg: found[0]
        for each in (*function.args.args, *function.args.kwonlyargs)
        if each.annotation is not None and (found := _OWNED.search(ast.unparse(each.annotation)))
    }
    nodes = list(ast.walk(function))
    bound = {each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    owned = {name: kind for name, kind in owned.items() if name not in bound}
    for each in nodes:
        if (
            isinstance(each, ast.For)
            and isinstance(each.iter, ast.Name)
            and isinstance(each.target, ast.Name)
        ):
            owned |= {each.target.id: owned[each.iter.id]} if each.iter.id in owned else {}
    for each in nodes:
        if (
            isinstance(each, ast.Assign)
            and each.lineno in added
            and isinstance(each.targets[0], ast.Attribute)
        ):
            holder = ast.unparse(each.targets[0].value)
            if holder in owned:
                yield "written", each, owned[holder]


def _emptied(function: Function, added: set[int]) -> Iterator[_Found]:
    """Yield what is taken by place, behind a condition, from a list that one of its branches sets to an empty one."""
    for node in ast.walk(function):
        body = getattr(node, "body", [])
        for at, each in enumerate(body if isinstance(body, list) else []):
            for name in _left_empty(each) if isinstance(each, ast.If) else ():
                after = next((one for one in body[at + 1 :] if name in ast.unparse(one)), each)
                for taken in ast.walk(after) if not isinstance(after, ast.If) else ():
                    if (
                        isinstance(taken, ast.Subscript)
                        and isinstance(taken.ctx, ast.Load)
                        and not isinstance(taken.slice, ast.Slice)
                        and ast.unparse(taken.value) == name
                        and taken.lineno in added
                    ):
                        yield "emptied", taken, name


def _left_empty(node: ast.If) -> Iterator[str]:
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        yield from _set_empty(node.body)
        node = node.orelse[0]
    yield from (*_set_empty(node.body), *_set_empty(node.orelse))


def _set_empty(body: list[ast.stmt]) -> Iterator[str]:
    for each in body if body and not isinstance(body[-1], ast.Return | ast.Raise | ast.Continue) else ():
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.List) and not each.value.elts:
            yield ast.unparse(each.targets[0])


def _asserted(function: Function, added: set[int], edited: dict[str, str]) -> Iterator[_Found]:
    """Yield assertions that stood, of the result of an edited function."""
    results: dict[str, str] = {}
    for each in ast.walk(function):
        value = getattr(each, "value", None) if isinstance(each, ast.Assign) else None
        call = value.value if isinstance(value, ast.Await) else value
        name = call.func.attr if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else ""
        # A method that delegates to another object's method of the same name does not call itself.
        for target in ast.walk(each) if name in edited and name != function.name else ():
            if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                results[target.id] = edited[name]
    for each in ast.walk(function) if results else ():
        if isinstance(each, ast.Assert) and each.lineno not in added:
            named = (one.id for one in ast.walk(each.test) if isinstance(one, ast.Name) and one.id in results)
            yield from [("asserted", each.test, results[one]) for one in named][:1]


def collect_demands(source: Iterable[Placed], graph: ModuleGraph) -> Iterator[Point]:
    """Yield a point for each fake of a test that is handed to an edited function and has not the new member that this asks it for."""
    new = {
        change.name.rpartition(".")[2]: change.name.rpartition(".")[0]
        for one in source
        for change in one.symbols
        if change.before is None and "." in change.name and not change.name.endswith("__")
    }
    for one in source if new else ():
        for change in one.symbols:
            text = "\n".join(change.whole_after.lines) if change.whole_after and change.before else ""
            asked = [
                each for each in _ASKED_OF.finditer(text) if each[2] in new and each[1] not in ("self", "cls")
            ]
            if change.kind is DefinitionKind.CLASS or not asked or change.name.startswith(new[asked[0][2]]):
                continue
            holder, member = asked[0][1], asked[0][2]
            others = {each[2] for each in _ASKED_OF.finditer(text) if each[1] == holder} - {member}
            word, _, last = change.name.partition(".")
            named = {word, last} - {"", "forward", "__call__", "__init__"}
            for path in (graph.tests_naming(word) or ())[:_MOST_READ]:
                place = _fake_without(graph.text_at(path) or b"", member, others, named)
                if place:
                    fake = ("fake", place[0], f"{path}:{place[1]}")
                    at = (
                        change.whole_after.start + text.count("\n", 0, asked[0].start())
                        if change.whole_after
                        else 0
                    )
                    yield Point(
                        what="demanded",
                        path=one.fact.path,
                        line=at,
                        names=(change.name, member),
                        ends=(fake,),
                    )
                    break


def _fake_without(text: bytes, member: str, others: set[str], named: set[str]) -> tuple[str, int] | None:
    """Return what makes a fake that has some of the other members, and its line; none of a test that knows the new one, or does not name the function."""
    told = decode(text)
    is_of = member not in told and all(re.search(rf"\b{name}\b", told) for name in named)
    for made in _FAKES.finditer(told) if is_of else ():
        if any(re.search(rf"\b{re.escape(name)}=", made[0]) for name in others):
            return made[0].partition("(")[0], told.count("\n", 0, made.start()) + 1
    return None
