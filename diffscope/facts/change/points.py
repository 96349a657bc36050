"""Settings, fields, limits and names that a change adds or changes, each with the places where the code checks or uses its value."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.pitfalls import collect_demands, collect_needed, collect_pitfalls
from diffscope.facts.model import OptionFact, Point
from diffscope.facts.parsed_text import Function, Functions
from diffscope.graph.query.graph import ModuleGraph
from diffscope.patterns import lazy_regex
from diffscope.syntax.model import Definition
from diffscope.syntax.nodes import clip

_MOST: Final = 3
_OWN: Final = 12
"""Letters from which on a single word is no everyday name."""
_LONGEST: Final = 80
_SHORTEST: Final = 4
"""Letters of a name that is looked for by itself."""
_NEAR: Final = 1
"""Eager imports from the serving path, up to which modules are searched for what reads a request's field."""
_BOUND: Final = lazy_regex(r"\b(ge|gt|le|lt|max_length|min_length|multiple_of|pattern)\s*=\s*([^,()\s]+)")
_ASSIGNED: Final = lazy_regex(r"\s*(\w+)\s*(?::[^=]+)?=(?!=)")
_ANSWER: Final = lazy_regex(r"(?:Response|Choice|Chunk|Usage|Delta|Logprob|Output|Stats)\w*$")
_ASKING: Final = lazy_regex(r"Request|Params?$|Inputs?$|Mixin$")
_ORDER: Final = ("assert", "index", "refusal", "comparison", "unknown")


_PITFALLS: Final = ("demanded", "partly", "due", "written", "asserted", "needed")
_LEAST_OFFERED: Final = 2
"""Settings, fields and limits that are told whatever else is."""


def collect_points(
    placed: Iterable[Placed], options: Iterable[OptionFact], graph: ModuleGraph | None
) -> tuple[Point, ...]:
    """Return the settings and fields that are new in classes that were there, and the bounds that fields got; three at most, fields of requests first."""
    source = [one for one in placed if one.fact.category == "source" and one.material.python]
    listed = list(options)
    functions = {
        one.fact.path: Functions(one.material.after.data) for one in source if one.material.after is not None
    }
    found = [
        *_fields(source, listed, graph, functions),
        *_limits(listed, source, graph),
        *_renamed(source),
        *collect_pitfalls(source, functions),
        *(collect_demands(source, graph) if graph is not None else ()),
        *(collect_needed(source, graph) if graph is not None else ()),
    ]
    order = (*_PITFALLS, "request", "limit", "option", "response", "field", "renamed")
    found.sort(key=lambda one: (order.index(one.what), -len(one.ends), one.path, one.line))
    pitfalls = [one for one in found if one.what in _PITFALLS]
    offered = [one for one in found if one.what not in _PITFALLS]
    # What may fail beside the point leaves room for the point.
    return tuple([*pitfalls[: _MOST - min(len(offered), _LEAST_OFFERED)], *offered][:_MOST])


def _renamed(source: list[Placed]) -> Iterator[Point]:
    """Yield what has another name in its file now, unless that of its owner changed with it."""
    pairs = [
        (one, change, change.moved_from.name)
        for one in source
        if one.material.python is not None
        for change in one.material.python.symbols
        if change.moved_from is not None and change.moved_from.path is None
    ]
    owners = {new.name for _, new, _ in pairs}
    named = [
        (one, change, old, old.rpartition(".")[2], change.name.rpartition(".")[2])
        for one, change, old in pairs
        if change.name.rpartition(".")[0] not in owners and len(old.rpartition(".")[2]) >= _SHORTEST
    ]
    # What a class still defines by the old name is no place where that is left.
    still = {
        each.name.rpartition(".")[2]
        for one in source
        if one.material.python is not None and one.material.python.after is not None
        for each in one.material.python.after.definitions
    }
    named = [each for each in named if each[3] != each[4] and each[3] not in still]
    for one, change, old, before, after in named[:_MOST]:
        words = [re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in (before, after)]
        left, places = [], 0
        for each in source:
            was, now = each.material.before, each.material.after
            came = len(words[1].findall(now.text)) if now else 0
            places += max(0, came - (len(words[1].findall(was.text)) if was else 0))
            lines = now.text.split("\n") if now else []
            left += [
                ("left", "", f"{each.fact.path}:{at}")
                for at, line in enumerate(lines, 1)
                if words[0].search(line)
            ]
        yield Point(
            what="renamed",
            path=one.fact.path,
            line=change.region.start if change.region else 0,
            names=(old, change.name),
            value=str(places),
            ends=tuple(left[:_MOST]),
        )


def _fields(
    source: list[Placed],
    options: Iterable[OptionFact],
    graph: ModuleGraph | None,
    functions: Mapping[str, Functions],
) -> Iterator[Point]:
    new = {
        change.name
        for one in source
        if one.material.python is not None
        for change in one.material.python.symbols
        if change.before is None
    }
    groups: defaultdict[str, list[OptionFact]] = defaultdict(list)
    for one in options:
        is_setting = one.what in ("config-field", "cli-flag", "environment-variable", "protocol-field")
        if one.change == "added" and is_setting and one.name.rpartition(".")[0] not in new:
            groups[one.name.rpartition(".")[2].lstrip("-").replace("-", "_")].append(one)
    for name, group in groups.items():
        first = min(group, key=lambda one: (one.what != "protocol-field", one.what != "cli-flag"))
        what = "option" if first.what != "protocol-field" else "request"
        owner = first.name.rpartition(".")[0]
        if what == "request" and not _ASKING.search(owner):
            what = "response" if _ANSWER.search(owner) else "field"
        declared = min(group, key=lambda one: one.what == "cli-flag")
        definition, text, about = _declared(source, declared)
        searched = name if first.what != "environment-variable" else _bound_to(first, source)
        # A word of everyday is the name of other things, too; elsewhere only what is handed on by its name is the same.
        is_own = "_" in searched or len(searched) >= _OWN
        is_handed = any(_hands_on(searched, one) for one in source)
        elsewhere = graph if what == "request" and is_handed else None
        ends = list(_ends(searched, functions, elsewhere)) if is_own else [("unknown", "", "")]
        yield Point(
            what=what,
            path=first.path,
            line=first.line,
            names=tuple(one.name for one in group if one.what == first.what),
            type=(definition.annotation or "") if definition else "",
            default=first.after or declared.after or "",
            bounds=tuple(f"{bound}={value}" for bound, value in _BOUND.findall(text)),
            about=about,
            ends=tuple(sorted(ends, key=lambda end: _ORDER.index(end[0]))[:1]),
            read=not is_own or any(_reads(searched, one) for one in source),
        )


def _bound_to(option: OptionFact, source: Iterable[Placed]) -> str:
    """Return the name by which code has a variable of the environment: that which its value is assigned to, else its own."""
    after = next((one.material.after for one in source if one.fact.path == option.path), None)
    line = after.text.split("\n")[option.line - 1 : option.line] if after is not None else []
    found = _ASSIGNED.match(line[0]) if line else None
    return found[1] if found is not None else option.name


def _declared(source: Iterable[Placed], option: OptionFact) -> tuple[Definition | None, str, str]:
    """Return the definition of a field, how it is written, and what the author says of it."""
    for one in source:
        python, after = one.material.python, one.material.after
        for change in python.symbols if python is not None and one.fact.path == option.path else ():
            if change.name == option.name and change.after is not None and after is not None:
                lines = after.text.split("\n")[change.after.start - 1 : change.after.end]
                return change.after, " ".join(lines), change.summary
    return None, "", ""


def _hands_on(name: str, one: Placed) -> bool:
    after = one.material.after
    # Few files have the name at all, and to look for it alone takes a small part of the time.
    return (
        after is not None
        and f"{name}=" in after.text
        and re.search(rf"\b{name}=(?:\w+\.)*{name}\b", after.text) is not None
    )


def _reads(name: str, one: Placed) -> bool:
    after = one.material.after
    return (
        after is not None
        and name in after.text
        and re.search(
            # A setting may be read as an attribute or imported by name from its module.
            rf"(?:\.|\bimport\b[^\n#]*\b){re.escape(name)}\b(?!\s*=[^=])",
            after.text,
        )
        is not None
    )


def _limits(
    options: Iterable[OptionFact], source: Iterable[Placed], graph: ModuleGraph | None
) -> Iterator[Point]:
    for one in options:
        if one.change != "retyped" or one.what not in ("protocol-field", "config-field"):
            continue
        was, now = (dict(_BOUND.findall(text or "")) for text in (one.before, one.after))
        for bound, value in now.items():
            if was.get(bound) != value:
                yield Point(
                    what="limit",
                    path=one.path,
                    line=one.line,
                    names=(one.name,),
                    bounds=(f"{bound}={value}",),
                    before=was.get(bound, ""),
                    value=value if value.lstrip("-").isdigit() else _value_of(value, source, graph),
                )


def _value_of(name: str, source: Iterable[Placed], graph: ModuleGraph | None) -> str:
    """Return the number that a variable of the environment or a constant of the change stands for; nothing where that is not known."""
    outlines = [one.material.python.after for one in source if one.material.python is not None]
    outlines += [graph.environment] if graph is not None else []
    last = name.rpartition(".")[2]
    values = (
        one.value or ""
        for outline in outlines
        if outline is not None
        for one in outline.definitions
        if one.name == last
    )
    return next((value for value in values if value.lstrip("-").isdigit()), "")


def _ends(
    name: str, functions: Mapping[str, Functions], graph: ModuleGraph | None
) -> Iterator[tuple[str, str, str]]:
    """Yield where code of the product asserts, compares, refuses or indexes by a value of a name, or by a local name for it."""
    texts = dict(functions)
    word = name.encode()
    for module in graph.modules if graph is not None else ():
        where = graph.path_of(module) if graph is not None else None
        near = graph.serving_distance(module) if graph is not None and where not in texts else None
        if graph is not None and where and near and near.steps <= _NEAR:
            texts[where] = Functions(graph.text_at(where) or b"")
    for path, one in sorted(texts.items(), key=lambda one: one[0]):
        for line, block in one.blocks if word in one.text else ():
            for function in one.of(line, block) if word in block else ():
                yield from _ends_in(function, name, path)


def _ends_in(function: Function, name: str, path: str) -> Iterator[tuple[str, str, str]]:
    names = {name}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _names(node.value, names) and len(node.targets) == 1:
            target = node.targets[0]
            names |= (
                {target.id}
                if isinstance(target, ast.Name) and not isinstance(node.value, ast.Call)
                else set()
            )
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) and _compares(node.test, names):
            yield "assert", _short(node.test), f"{path}:{node.lineno}"
        elif isinstance(node, ast.If) and _compares(node.test, names):
            kind = "refusal" if any(isinstance(each, ast.Raise) for each in node.body) else "comparison"
            yield kind, _short(node.test), f"{path}:{node.lineno}"
        elif isinstance(node, ast.Subscript) and _names(node.slice, names) and isinstance(node.ctx, ast.Load):
            yield "index", _short(node), f"{path}:{node.lineno}"


def _short(node: ast.AST) -> str:
    return clip(ast.unparse(node), _LONGEST)


def _names(node: ast.AST, names: set[str]) -> bool:
    return any(
        (isinstance(each, ast.Name) and each.id in names)
        or (isinstance(each, ast.Attribute) and each.attr in names)
        for each in ast.walk(node)
    )


def _compares(node: ast.AST, names: set[str]) -> bool:
    return any(
        isinstance(each, ast.Compare)
        and any(isinstance(one, ast.Lt | ast.LtE | ast.Gt | ast.GtE | ast.NotIn | ast.In) for one in each.ops)
        and any(_names(side, names) for side in (each.left, *each.comparators))
        for each in ast.walk(node)
    )
