"""Where a change can fail beside its own lines: it writes into what the caller owns, a caller asserts more of a result, a note waits for it, a class is asked for half of what it supports."""

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
from diffscope.source.model import RepoPath
from diffscope.source.profile import places
from diffscope.source.text import decode
from diffscope.syntax.model import DefinitionKind
from diffscope.syntax.nodes import clip

_LONGEST: Final = 80
_OWNED: Final = lazy_regex(r"\b[A-Z]\w*Params\b")
"""What users make, hand over, and may hand over again."""
_MOST_READ: Final = 8
_ASKED_OF: Final = lazy_regex(r"\b(\w+)\.(\w+)\b")
_FAKES: Final = lazy_regex(r"\b(?:SimpleNamespace|(?:Magic|Async)?Mock)\((?:[^()]|\([^()]*\))*\)")
_DUE: Final = lazy_regex(r"#[ \t]*(?:TODO|FIXME)\b[^\n]*(?:\n[ \t]*#[^\n]*)*")
_DUE_WHEN: Final = lazy_regex(r"\b(?:once|until|as soon as)\b([^.;—]*)")
_TOLD_WORD: Final = lazy_regex(r"[A-Za-z_]\w{5,}")
_LEAST_WORDS: Final = 2
"""Words of what a note waits for that the change has on one of its new lines."""
_ASKED_FOR_SUPPORT: Final = lazy_regex(r"\b([A-Z]\w+)\.(_?supports_\w+)\(")
_SUPPORT: Final = lazy_regex(r"_?supports_\w+$")
_MOST_USERS: Final = 40
_NOTE: Final = 160


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
    new = {
        frozenset(_TOLD_WORD.findall(line.text))
        for one in read
        for hunk in one.material.diff.hunks
        for line in hunk.added
    }
    members = {
        each.name
        for one in read
        if one.material.python is not None and one.material.python.after is not None
        for each in one.material.python.after.definitions
    }
    for one in read:
        yield from _due(one, new)
        yield from _partly_asked(one, members)
        added = {line.number for hunk in one.material.diff.hunks for line in hunk.added}
        for line, block in functions[one.fact.path].blocks:
            # Parsing costs most: only blocks whose text can hold a pitfall are parsed.
            is_edited = not added.isdisjoint(range(line, line + block.count(b"\n") + 1))
            writes = is_edited and b"Params" in block
            asserts = b"assert" in block and any(name in block for name in called)
            for function in functions[one.fact.path].of(line, block) if writes or asserts else ():
                found = (
                    *(_written(function, added) if writes else ()),
                    *(_asserted(function, added, edited) if asserts else ()),
                )
                for what, node, name in found:
                    names = (_owner(one, function.lineno), name)
                    place = (what, clip(ast.unparse(node), _LONGEST), f"{one.fact.path}:{node.lineno}")
                    yield Point(what=what, path=one.fact.path, line=node.lineno, names=names, ends=(place,))


def _due(one: Placed, new: set[frozenset[str]]) -> Iterator[Point]:
    """Yield notes of what is to be done once something is so, of which the change has the words on one new line."""
    text = one.material.after.text if one.material.after else ""
    known = one.material.before.text if one.material.before else ""
    for note in _DUE.finditer(text) if "TODO" in text or "FIXME" in text else ():
        told = " ".join(part.strip(" #\t") for part in note[0].split("\n"))
        waits = _DUE_WHEN.search(told)
        words = {*_TOLD_WORD.findall(waits[1])} if waits and note[0] in known else set[str]()
        if len(words) >= _LEAST_WORDS and any(len(words & line) >= _LEAST_WORDS for line in new):
            line = text.count("\n", 0, note.start()) + 1
            place = ("due", clip(told, _NOTE), f"{one.fact.path}:{line}")
            yield Point(
                what="due", path=one.fact.path, line=line, names=(_owner(one, line), ""), ends=(place,)
            )


def _partly_asked(one: Placed, members: set[str]) -> Iterator[Point]:
    """Yield where a class of the change is asked for one part of what it supports, and for none of the others that it declares."""
    lines = [line for hunk in one.material.diff.hunks for line in hunk.added]
    asked = [(line.number, *found) for line in lines for found in _ASKED_FOR_SUPPORT.findall(line.text)]
    text = one.material.after.text if one.material.after else ""
    for number, owner, member in asked:
        declared = {name.rpartition(".")[2] for name in members if name.startswith(f"{owner}.")}
        others = sorted(name for name in declared if _SUPPORT.match(name) and name != member)
        if (
            others
            and f"{owner}.is_supported" not in text
            and not any(f"{owner}.{each}(" in text for each in others)
        ):
            place = ("partly", f"{owner}.{member}()", f"{one.fact.path}:{number}")
            names = (_owner(one, number), ", ".join(f"`{each}`" for each in others[:3]))
            yield Point(what="partly", path=one.fact.path, line=number, names=names, ends=(place,))


def collect_needed(source: Iterable[Placed], graph: ModuleGraph) -> Iterator[Point]:
    """Yield a point for each new method of a class that was there which code that did not change calls already, of something that it is handed."""
    for one in source:
        classes = {change.name for change in one.symbols if change.before is None}
        for change in one.symbols:
            owner, _, name = change.name.rpartition(".")
            is_new = change.before is None and owner and owner not in classes and change.moved_from is None
            if (
                not is_new
                or change.kind is DefinitionKind.VARIABLE
                or "_" not in name.strip("_")
                or name[0] == "_"
            ):
                continue
            for path in _near_users(one, graph):
                text = graph.text_at(RepoPath(path)) or b""
                at = text.find(f".{name}(".encode())
                if at >= 0 and not places().is_test(path):
                    line = text.count(b"\n", 0, at) + 1
                    outline = graph.outline_at(RepoPath(path))
                    around = (
                        [each for each in outline.definitions if each.start <= line <= each.end]
                        if outline
                        else []
                    )
                    caller = max(around, key=lambda each: each.start).name if around else path
                    place = ("needed", f".{name}()", f"{path}:{line}")
                    yield Point(
                        what="needed",
                        path=one.fact.path,
                        line=change.region.start if change.region else 0,
                        names=(change.name, caller),
                        ends=(place,),
                    )
                    break


def _near_users(one: Placed, graph: ModuleGraph) -> list[str]:
    """Return the files that import that of a change, and those that import these."""
    module = graph.module_of(RepoPath(one.fact.path))
    found: dict[str, None] = {}
    level = [module] if module is not None else []
    for _ in range(2):
        level = [user for each in level for users in graph.users(each).values() for user in users][
            :_MOST_USERS
        ]
        found |= dict.fromkeys(path for each in level if (path := graph.path_of(each)))
    return list(found)[: 2 * _MOST_USERS]


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
