"""The scope of a write: which object a local name refers to, and whether the old value is restored."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from diffscope.facts.parsed_text import parse_module
from diffscope.patterns import lazy_regex
from diffscope.source.text import Region

_LONGEST: Final = 200
"""Characters of a name that is followed to its root; what is longer is an expression and no name."""
_MOST_LINES: Final = 3000
_COPIES: Final = lazy_regex(
    r"(?:^|\.)(?:copy|deepcopy|replace|clone|fork|model_copy|Namespace|SimpleNamespace|[A-Z]\w*Config)$"
)
"""Callables that make a new object: who writes to it writes to nobody else's."""
_KEEPERS: Final = lazy_regex(
    r"(?i)catch_warnings|fork_rng|(?:^|[._])patch(?:$|[._(])|preserve|restore|temporar|overrid|isolat|swap|(?:^|_)saved?_"
)
"""Names of context managers that put back what is changed inside of them."""
_UNDONE_BY: Final = {
    "gc.disable": "gc.enable",
    "gc.freeze": "gc.unfreeze",
    "random.seed": "random.setstate",
    "np.random.seed": "np.random.set_state",
    "torch.manual_seed": "torch.set_rng_state",
    "torch.cuda.manual_seed": "torch.cuda.set_rng_state",
    "torch.cuda.manual_seed_all": "torch.cuda.set_rng_state_all",
    "os.putenv": "os.unsetenv",
    "os.environ.setdefault": "os.environ.pop",
    "sys.path.insert": "sys.path.remove",
    "sys.path.append": "sys.path.remove",
}
"""Calls that change the state of a process, and what takes it back besides the same call."""


_STATES: Final = frozenset(name for name in _UNDONE_BY.values() if "state" in name)


class Alias(NamedTuple):
    """What a written name stands for."""

    target: str
    """The name with local names replaced by what they were assigned."""
    is_copy: bool = False
    """The object was made in the function itself."""


class WriteScope:
    """One function, method, class body or module, read for what it does with the state that it writes."""

    def __init__(self, tree: ast.AST, first: int, partner: ast.AST | None = None) -> None:
        self._tree = tree
        self._first = first
        self._bound = _bindings(tree)
        self._undone = set(_undone_in(tree)) | (set(_written(partner)) if partner is not None else set())
        # A state of a generator is no name of the module: who sets one has kept it before.
        self._undone |= _STATES.intersection(_written(tree))
        self._kept_lines = tuple(_kept_lines(tree))

    def is_local(self, name: str) -> bool:
        """Return whether the function itself binds a name, so that no import of the module is meant by it."""
        return name in self._bound

    def resolve(self, target: str) -> Alias | None:
        """Return what a written name stands for; ``None`` where it could be several things, or names go round in a circle."""
        seen: set[str] = set()
        while True:
            root, dot, rest = target.partition(".")
            values = self._bound.get(root)
            if values is None or values == [None]:
                return Alias(target)
            value = next((each for each in values if each is not None), None)
            if value is None or (len(values) > 1 and (None not in values or len(values) > 2)):
                return None
            text = _dotted(value)
            is_rebound = text is not None and text.partition(".")[0].partition("(")[0] == root
            if isinstance(value, ast.Call) and _COPIES.search(ast.unparse(value.func)):
                return Alias(target, is_copy=True)
            if text is None:
                return Alias(target)
            if root in seen or (len(values) > 1 and not is_rebound):
                return None
            seen.add(root)
            target = f"{text}{dot}{rest}"
            if is_rebound or len(target) > _LONGEST:
                return Alias(target)

    def restores(self, line: int, target: str) -> bool:
        """Return whether what is written at a line of the file is put back by the function itself, or is the putting back."""
        at = line - self._first + 1
        if any(start <= at <= end for start, end in self._kept_lines):
            return True
        # A parsed name has its strings in single quotes.
        name = target.replace('"', "'")
        return name in self._undone or _UNDONE_BY.get(name, name) in self._undone


def read_scope(whole: Region | None, partner: Region | None = None) -> WriteScope | None:
    """Return the scope of a definition; ``None`` where its text is no Python of this interpreter, or too long to be read again.

    ``partner`` is the ``__exit__`` that belongs to an ``__enter__``.
    """
    tree = _parse(whole)
    return WriteScope(tree, whole.start, _parse(partner)) if tree is not None and whole is not None else None


def _parse(whole: Region | None) -> ast.AST | None:
    if whole is None or len(whole.lines) > _MOST_LINES:
        return None
    text = "\n".join(whole.lines) + "\n"
    if text[:1] not in " \t":
        return parse_module(text)
    # The lines keep their indentation, which text in several lines may depend on.
    tree = parse_module(f"if 1:\n{text}")
    return ast.increment_lineno(tree, -1) if tree is not None else None


def _bindings(tree: ast.AST) -> dict[str, list[ast.expr | None]]:
    """Return what each local name is assigned, in source order; ``None`` for what is no assignment of an expression."""
    found: defaultdict[str, list[ast.expr | None]] = defaultdict(list)
    for node in ast.walk(tree):
        for name, value in _bound_by(node):
            found[name].append(value)
    return dict(found)


def _bound_by(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(node, ast.arg):
        yield node.arg, None
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _pairs(target, node.value)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        yield from _pairs(node.target, node.value)
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield from ((name, None) for name in _names(node.target))
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from ((name, None) for name in _names(node.optional_vars))


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        if len(parts) == len(target.elts):
            for each, part in zip(target.elts, parts, strict=True):
                yield from _pairs(each, part)
        else:
            yield from ((name, None) for name in _names(target))


def _names(target: ast.expr) -> Iterator[str]:
    return (
        node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )


def _dotted(value: ast.expr) -> str | None:
    """Return a dotted name, calls without arguments included, as written; ``None`` for any other expression."""
    inner: ast.expr = value
    while isinstance(inner, (ast.Attribute, ast.Call)):
        if isinstance(inner, ast.Call) and (inner.args or inner.keywords):
            return None
        inner = inner.func if isinstance(inner, ast.Call) else inner.value
    text = ast.unparse(value) if isinstance(inner, ast.Name) else ""
    return text if 0 < len(text) <= _LONGEST else None


def _undone_in(tree: ast.AST) -> Iterator[str]:
    """Yield what is written or called in ``finally``, and behind the ``yield`` of a context manager."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            for statement in node.finalbody:
                yield from _written(statement)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and any(
            "contextmanager" in ast.unparse(each) for each in node.decorator_list
        ):
            given = [each.lineno for each in ast.walk(node) if isinstance(each, ast.Yield)]
            for statement in node.body:
                if given and statement.lineno > min(given):
                    yield from _written(statement)


def _written(tree: ast.AST) -> Iterator[str]:
    """Yield the targets of assignments and deletions below a node, and the names that it calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
            # `os.environ.pop("X")` undoes `os.environ["X"] = ...`.
            if isinstance(node.func, ast.Attribute) and node.func.attr == "pop" and node.args:
                yield f"{ast.unparse(node.func.value)}[{ast.unparse(node.args[0])}]"
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            yield ast.unparse(node)


def _kept_lines(tree: ast.AST) -> Iterator[tuple[int, int]]:
    """Yield first and last line of each ``with`` whose context manager puts back what is changed inside."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.With, ast.AsyncWith)) and any(
            _KEEPERS.search(ast.unparse(item.context_expr).partition("(")[0]) for item in node.items
        ):
            yield node.lineno, node.end_lineno or node.lineno
