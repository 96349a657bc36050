"""Whether a name that is no longer defined in a module can still be imported from it."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from diffscope.facts.change.changed_python import ChangedPython
from diffscope.source.text import SourceText
from diffscope.syntax.model import ImportLayer


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
    try:
        tree = ast.parse(after.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    defined = _defined(tree)
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
