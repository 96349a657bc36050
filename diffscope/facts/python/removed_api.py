"""Removed API that users of it reveal: modules renamed away, attributes whose uses this change edits."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedPython, ChangedSymbol
from diffscope.facts.model import SymbolFact
from diffscope.facts.parsed_text import parse_module
from diffscope.source.text import Region, SourceText
from diffscope.syntax.model import ImportLayer, SignalKind
from diffscope.taxonomy.model import Taxonomy

_MOST = 20
_PART = 0.25
"""The part of what left a file that arrived in another one, from which on that is where it is, too."""


def removed_modules(placed: Iterable[Placed], lookup: TreeLookup | None) -> Iterator[SymbolFact]:
    """Yield a fact for each public module of the product that was renamed and left nothing under its old name."""
    listed = tuple(placed)
    standing = {one.fact.module for one in listed if one.fact.status != "deleted"}
    for one in listed:
        old, now = _old_and_new(one, listed)
        name = lookup.module_at(old) if lookup and old and now else None
        if lookup is None or name is None or one.fact.category != "source" or name in standing:
            continue
        if any(part.startswith("_") for part in name.split(".")):
            continue
        users, edited = lookup.module_users(name)
        yield SymbolFact(
            **one.spot(one.old(1), symbol=name),
            kind="module",
            aspects=("moved",),
            logic=False,
            public=True,
            moved_to=now,
            users=tuple(user for user in users if not user.startswith(f"{old}:")),
            users_edited=tuple(user for user in edited if not user.startswith(f"{old}:")),
            overrides=(),
        )


def removed_attributes(placed: tuple[Placed, ...], taxonomy: Taxonomy) -> Iterator[SymbolFact]:
    """Yield a fact for each attribute of a class on a surface that its constructor took as a parameter and takes no more."""
    for one in placed:
        comparison = one.material.python if one.fact.category == "source" else None
        for change in comparison.symbols if comparison else ():
            owner, _, method = change.name.rpartition(".")
            after = comparison.after if comparison else None
            if method != "__init__" or change.before is None or change.after is None or after is None:
                continue
            bases = next((each.bases for each in after.definitions if each.name == owner), ())
            for name, place in _unset(change):
                surfaces = taxonomy.surfaces_of(one.fact.path, f"{owner}.{name}", bases)
                declared = any(each.name == f"{owner}.{name}" for each in after.definitions)
                written = re.search(rf"\bself\.{name}\b".encode(), _bytes(one.material.after))
                if surfaces and not declared and not written:
                    yield SymbolFact(
                        **one.spot(place, symbol=f"{owner}.{name}"),
                        kind="variable",
                        aspects=("removed",),
                        logic=False,
                        public=True,
                        bases=bases,
                        surfaces=surfaces,
                        users=(),
                        users_edited=edited_users(placed, one.fact.path, name),
                    )


def _unset(constructor: ChangedSymbol) -> Iterator[tuple[str, Region | None]]:
    """Yield attributes, and where they stood, that went together with the parameter of the same name: data for readers, not how a class works."""
    gone = {each.name for each in constructor.parameters if each.what == "removed"}
    for item in constructor.signals:
        if item.what == "removed" and item.signal.kind is SignalKind.ATTRIBUTE_WRITE:
            owner, _, name = item.signal.text.partition(".")
            if owner == "self" and name in gone and not name.startswith("_"):
                yield name, item.region


def _old_and_new(placed: Placed, others: tuple[Placed, ...]) -> tuple[str | None, str | None]:
    """Return where a file was that is there no more, and where it is; for a deleted file, where most lines of its symbols arrived, all files with much of them where it was split."""
    fact = placed.fact
    if fact.status == "renamed":
        return fact.old_path, fact.path
    if fact.status != "deleted":
        return None, None
    arrived: Counter[str] = Counter()
    for other in others:
        for change in other.symbols:
            if change.moved_from and change.moved_from.path == fact.path and change.moved_from.region:
                arrived[other.fact.path] += len(change.moved_from.region.lines)
    parts = [path for path, lines in arrived.items() if lines >= _PART * arrived.total()]
    return fact.path, ", ".join(sorted(parts, key=lambda path: (-arrived[path], path))) or None


def edited_users(placed: Iterable[Placed], path: str, name: str) -> tuple[str, ...]:
    """Return ``path:line`` of the lines of other files that named an attribute before the change, and that the change edits or removes."""
    word = re.compile(rf"\.{re.escape(name)}\b|\b{re.escape(name)}\s*[:=]".encode())
    found = (
        f"{one.fact.path}:{number}"
        for one in placed
        if one.fact.path != path and word.search(_bytes(one.material.before))
        for number, line in enumerate(_bytes(one.material.before).split(b"\n"), start=1)
        if word.search(line) and not _stands(line, one.material.after)
    )
    return tuple(sorted(found))[:_MOST]


def _stands(line: bytes, after: SourceText | None) -> bool:
    return after is not None and line.strip() in after.data


def _bytes(text: SourceText | None) -> bytes:
    return text.data if text is not None else b""


def stays_importable(comparison: ChangedPython, after: SourceText, name: str) -> bool:
    """Return whether the new side of a module still gives a name of its own that it does not define any more.

    By an import, by a star that its ``__all__`` or the change itself speaks for, or by a module's ``__getattr__`` (PEP 562) that names
    it, or that names nothing and so may give any name.
    """
    outline = comparison.after
    if outline is None:
        return False
    eager = [each for each in outline.imports if each.layer is ImportLayer.EAGER]
    if any((each.alias or each.name) == name for each in eager):
        return True
    if any(each.name == "*" for each in eager) and (
        name in (outline.exports or ())
        or any(each.name == "*" and each.layer is ImportLayer.EAGER for each in comparison.imports_added)
    ):
        return True
    return outline.has_module_getattr and _is_given(after, name)


def _is_given(after: SourceText, name: str) -> bool:
    """Return whether ``__getattr__`` of a module gives a name: it, what it calls or a table that it looks into spells the name out."""
    tree = parse_module(after.text)
    defined = _defined(tree) if tree is not None else {}
    function = defined.get("__getattr__")
    if not isinstance(function, ast.FunctionDef) or not function.args.args:
        return False
    reached = _reached(function, defined)
    if any(_spells(node, name) for each in reached for node in ast.walk(each)):
        return True
    return _gives_any(function, function.args.args[0].arg, defined)


def _defined(tree: ast.Module) -> dict[str, ast.AST]:
    """Return what each name at the top of a module, under conditions too, is defined as; of an assignment the value."""
    found: dict[str, ast.AST] = {}
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found.update((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
            found[node.target.id] = node.value
        elif isinstance(node, ast.If | ast.Try):
            waiting += [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt)]
    return found


def _reached(function: ast.AST, defined: Mapping[str, ast.AST]) -> list[ast.AST]:
    """Return a function and what it names of its module, however far."""
    reached = {id(function): function}
    waiting = [function]
    while waiting:
        for node in ast.walk(waiting.pop()):
            other = defined.get(node.id) if isinstance(node, ast.Name) else None
            if other is not None and id(other) not in reached:
                reached[id(other)] = other
                waiting.append(other)
    return list(reached.values())


def _spells(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.ImportFrom | ast.Import):
        return any((each.asname or each.name) == name for each in node.names)
    return isinstance(node, ast.Constant) and node.value == name


def _gives_any(function: ast.FunctionDef, parameter: str, defined: Mapping[str, ast.AST]) -> bool:
    """Return whether a lookup hands any name on: it asks ``getattr`` for it, and compares it with nothing that is written out."""
    is_handed_on = False
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            is_handed_on = is_handed_on or any(_is_name(each, parameter) for each in node.args)
        elif isinstance(node, ast.Compare):
            sides = (node.left, *node.comparators)
            others = [defined.get(each.id, each) if isinstance(each, ast.Name) else each for each in sides]
            if any(_is_name(each, parameter) for each in sides) and any(map(_is_written_out, others)):
                return False
    return is_handed_on


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_written_out(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant | ast.Dict | ast.List | ast.Set | ast.Tuple)
