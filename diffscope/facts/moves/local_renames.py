"""Functions that differ in the names of their local variables alone: a matter of form, not of logic."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from textwrap import dedent

import msgspec

from diffscope.facts.change.changed_file import FileMaterial
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.syntax.model import Aspect, DefinitionKind

_FUNCTIONS = frozenset({DefinitionKind.FUNCTION, DefinitionKind.METHOD})
_FORM = frozenset({Aspect.BODY, Aspect.MESSAGE, Aspect.ANNOTATION, Aspect.DOCSTRING, Aspect.COSMETIC})
_LONGEST = 400
"""Lines of a function above which nobody renames and does nothing else."""
_BY_NAME = frozenset({"locals", "vars", "eval", "exec", "dir"})
"""What reads local variables by their names: with it a name is more than form."""
_UNREAD = frozenset({"annotation", "returns", "type_comment", "ctx", "kind"})


def without_local_renames(file: FileMaterial) -> FileMaterial:
    """Return a file where functions that only call their local variables otherwise are cosmetic."""
    if file.python is None:
        return file
    symbols = tuple(_cosmetic(change) if _renames(change) else change for change in file.python.symbols)
    if symbols == file.python.symbols:
        return file
    return msgspec.structs.replace(file, python=msgspec.structs.replace(file.python, symbols=symbols))


def is_renaming(before: str, after: str) -> bool:
    """Return whether two functions are one but for the names of local variables, annotations and docstrings."""
    pairs: set[tuple[str, str]] = set()
    try:
        old, new = ast.parse(dedent(before)), ast.parse(dedent(after))
        # Most edits change the form: what is local is asked where the names alone differ.
        return _have_one_form(old, new, pairs) and _is_one_to_one(pairs, _locals(old), _locals(new))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _renames(change: ChangedSymbol) -> bool:
    if not _may_rename(change):
        return False
    old, new = change.whole_before, change.whole_after
    if old is None or new is None:
        return False
    return is_renaming("\n".join(old.lines), "\n".join(new.lines))


def _may_rename(change: ChangedSymbol) -> bool:
    return (
        change.logic
        and change.kind in _FUNCTIONS
        and Aspect.BODY in change.aspects
        and _FORM.issuperset(change.aspects)
        and 0 < change.code_added == change.code_removed <= _LONGEST
    )


def _cosmetic(change: ChangedSymbol) -> ChangedSymbol:
    kept = tuple(aspect for aspect in change.aspects if aspect is not Aspect.BODY)
    return msgspec.structs.replace(
        change,
        aspects=kept or (Aspect.COSMETIC,),
        logic=False,
        signals=(),
        added=None,
        removed=None,
        branches_added=0,
    )


def _locals(tree: ast.AST) -> frozenset[str]:
    """Return the names that a function binds for itself, parameters left out; none where they are read by name."""
    bound, fixed = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if node.id in _BY_NAME:
                return frozenset()
            if not isinstance(node.ctx, ast.Load):
                bound.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            fixed.update(node.names)
        elif isinstance(node, ast.arg):
            fixed.add(node.arg)
    return frozenset(bound - fixed)


def _have_one_form(old: object, new: object, pairs: set[tuple[str, str]]) -> bool:
    """Return whether two trees are one but for their names, and collect which name stands for which."""
    if isinstance(old, ast.Name) and isinstance(new, ast.Name):
        pairs.add((old.id, new.id))
        return True
    if isinstance(old, ast.AST) and isinstance(new, ast.AST):
        return type(old) is type(new) and all(
            _have_one_form(left, right, pairs) for left, right in zip(_parts(old), _parts(new), strict=True)
        )
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(
            _have_one_form(left, right, pairs) for left, right in zip(old, new, strict=True)
        )
    return type(old) is type(new) and old == new


def _is_one_to_one(
    pairs: set[tuple[str, str]], old_locals: frozenset[str], new_locals: frozenset[str]
) -> bool:
    """Return whether local variables stand for local variables, each for one, and all other names for themselves."""
    among = [pair for pair in pairs if pair[0] in old_locals or pair[1] in new_locals]
    return (
        all(old == new for old, new in pairs if old not in old_locals and new not in new_locals)
        and all(old in old_locals and new in new_locals for old, new in among)
        and len({old for old, _ in among}) == len({new for _, new in among}) == len(among)
    )


def _parts(node: ast.AST) -> Iterator[object]:
    for name in node._fields:
        value = getattr(node, name, None)
        if name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield value[1:] if value and ast.get_docstring(node, clean=False) is not None else value
        elif name == "name" and isinstance(node, ast.ExceptHandler):
            yield None if value is None else ast.Name(value, ast.Store())
        elif name not in _UNREAD:
            yield value
