"""What a version of a file does, as CPython's ``ast`` tells it: the independent judge of what is form and what is logic.

What diffscope documents as form is normalised away: docstrings, ``pass``, annotations that no run depends on, import order,
the order of definitions that do not depend on one another; messages too, where asked.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tests.syntax.ast_oracle import parse

LOGS: Final = {"debug", "info", "warning", "warn", "error", "exception", "critical"}
DATA_BASES: Final = {"NamedTuple", "Struct", "BaseModel", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"}
ENUM_BASES: Final = {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"}
KERNELS: Final = (
    "triton.jit", "gluon.jit", "cute.jit", "cute.kernel", "tilelang.jit", "T.prim_func", "helion.kernel", "cuda.jit",
)  # fmt: skip
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS: Final = (*FUNCTIONS, ast.ClassDef)


class Meaning(NamedTuple):
    """Dumps by symbol: with messages and without. Only names that a file defines once; ``""`` is all that is left."""

    exact: dict[str, str]
    silent: dict[str, str]


def read_meanings(before: bytes, after: bytes) -> tuple[Meaning, Meaning] | None:
    """Return what two versions of a file mean; ``None`` where this Python cannot read one of them.

    Functions whose whole text stands on both sides under one name are left empty: that they are equal needs no proof.
    """
    if parse(before) is None or parse(after) is None:
        return None
    try:
        exact = [_symbols(_normalised(tree, messages=True)) for tree in _without_equal(before, after)]
        silent = [_symbols(_normalised(tree, messages=False)) for tree in _without_equal(before, after)]
    except RecursionError:
        return None
    return Meaning(exact[0], silent[0]), Meaning(exact[1], silent[1])


def is_same_program(before: bytes, after: bytes) -> bool:
    """Return whether two versions mean the same with all definitions in their order."""
    old, new = (
        ast.dump(_normalised(tree, messages=True, order=True)) for tree in _without_equal(before, after)
    )
    return old == new


def _without_equal(*sources: bytes) -> list[ast.Module]:
    trees = [tree for tree in map(parse, sources) if tree is not None]
    sides = [
        {name: (node, text) for name, node, text in _functions(tree, source)}
        for tree, source in zip(trees, sources, strict=True)
    ]
    for name in set(sides[0]) & set(sides[1]):
        (old, text), (new, other) = sides[0][name], sides[1][name]
        if text == other:
            old.body = new.body = []
    return trees


def _functions(
    tree: ast.Module, source: bytes
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, bytes]]:
    lines = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    for owner, statements in _owners(tree):
        names = [_name(each) for each in statements]
        for each in statements:
            if isinstance(each, FUNCTIONS) and names.count(each.name) == 1:
                yield owner + each.name, each, b"\n".join(lines[each.lineno - 1 : each.end_lineno])


def _symbols(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    twice: set[str] = set()
    for owner, statements in _owners(tree):
        for statement in statements:
            name = owner + _name(statement)
            if name in found:
                twice.add(name)
            found[name] = _head(statement) if isinstance(statement, ast.ClassDef) else ast.dump(statement)
    kept = {name: dump for name, dump in found.items() if name not in twice}
    for owner, statements in list(_owners(tree)):
        for statement in statements:
            if owner + _name(statement) in kept and not isinstance(statement, ast.ClassDef):
                _owner_body(tree, owner).remove(statement)
    for _, statements in list(_owners(tree)):
        for statement in statements:
            if isinstance(statement, ast.ClassDef):
                statement.decorator_list, statement.bases, statement.keywords = [], [], []
    return {**kept, "": ast.dump(tree)}


def _owners(tree: ast.Module) -> Iterator[tuple[str, list[ast.stmt]]]:
    """Yield the bodies of the module and of its classes with the definitions that stand in them directly."""
    pending: list[tuple[str, list[ast.stmt]]] = [("", tree.body)]
    while pending:
        owner, body = pending.pop()
        yield owner, [each for each in body if _name(each)]
        names = [each.name for each in body if isinstance(each, ast.ClassDef)]
        pending += [
            (f"{owner}{each.name}.", each.body)
            for each in body
            if isinstance(each, ast.ClassDef) and names.count(each.name) == 1
        ]


def _owner_body(tree: ast.Module, owner: str) -> list[ast.stmt]:
    body = tree.body
    for name in owner.split(".")[:-1]:
        body = next(each.body for each in body if isinstance(each, ast.ClassDef) and each.name == name)
    return body


def _name(statement: ast.stmt) -> str:
    if isinstance(statement, DEFINITIONS):
        return statement.name
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        return target.id if isinstance(target, ast.Name) else ""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id
    return ""


def _head(node: ast.ClassDef) -> str:
    parts = [*node.decorator_list, *node.bases, *node.keywords, *getattr(node, "type_params", [])]
    return "class " + " ".join(ast.dump(part) for part in parts)


def _normalised(tree: ast.Module, *, messages: bool, order: bool = False) -> ast.Module:
    result = _Normalising(messages=messages, order=order).visit(tree)
    assert isinstance(result, ast.Module)
    return result


class _Normalising(ast.NodeTransformer):
    def __init__(self, *, messages: bool, order: bool) -> None:
        self._messages = messages
        self._order = order
        self._keeps_annotations = False
        self._inside: list[ast.AST] = []
        self._sheds_texts = False
        self._keeps_messages = True
        """Outside of functions, and in tests, a message is logic."""

    def visit_Module(self, node: ast.Module) -> ast.AST:
        self._inside.append(node)
        node.body = self._block(node.body)
        self._inside.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = [self.visit(each) for each in node.decorator_list]
        node.bases = [self.visit(each) for each in node.bases]
        node.keywords = [self.visit(each) for each in node.keywords]
        self._inside.append(node)
        node.body = self._block(node.body)
        self._inside.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        before = self._keeps_annotations, self._keeps_messages
        names = [
            ast.unparse(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list
        ]
        self._keeps_annotations |= any(name.endswith(KERNELS) for name in names)
        if not any(isinstance(each, FUNCTIONS) for each in self._inside):
            self._keeps_messages = node.name.startswith("test")
        if not self._keeps_annotations:
            node.returns = None
            if hasattr(node, "type_params"):
                node.type_params = []
        node.decorator_list = [self.visit(each) for each in node.decorator_list]
        node.args = self.visit(node.args)
        if node.returns is not None:
            node.returns = self.visit(node.returns)
        self._inside.append(node)
        node.body = self._block(node.body)
        self._inside.pop()
        self._keeps_annotations, self._keeps_messages = before
        return node

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        self.generic_visit(node)
        # Keywords have no order.
        pairs = sorted(zip(node.kwonlyargs, node.kw_defaults, strict=True), key=lambda pair: pair[0].arg)
        node.kwonlyargs, node.kw_defaults = [name for name, _ in pairs], [value for _, value in pairs]
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        if not self._keeps_annotations:
            node.annotation = None
        node.type_comment = None
        self.generic_visit(node)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, self._block(block))
        for name, value in ast.iter_fields(node):
            if name in ("body", "orelse", "finalbody") and isinstance(value, list):
                continue
            if isinstance(value, list):
                setattr(
                    node, name, [self.visit(each) if isinstance(each, ast.AST) else each for each in value]
                )
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
        return node

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in statements:
            if self._is_dropped(statement):
                continue
            visited = self.visit(statement)
            found += visited if isinstance(visited, list) else [visited]
        return self._sorted(found)

    def _is_dropped(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Pass):
            return True
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return isinstance(node.value.value, (str, bytes)) or node.value.value is ...
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.JoinedStr):
            return all(isinstance(each, ast.Constant) for each in node.value.values)
        if isinstance(node, ast.AnnAssign) and node.value is None and isinstance(self._inside[-1], FUNCTIONS):
            return True
        return not self._messages and not self._keeps_messages and is_message(node)

    def _sorted(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        owner = self._inside[-1]
        if self._order:
            return statements
        if isinstance(owner, FUNCTIONS):
            return _sorted_runs(statements)
        imports = [each for each in statements if isinstance(each, ast.Import | ast.ImportFrom)]
        named = [each for each in statements if _name(each)]
        rest = [each for each in statements if each not in imports and not _name(each)]
        if not (isinstance(owner, ast.ClassDef) and _is_positional(owner)):
            named.sort(key=_name)
        return [*sorted(imports, key=_bound), *named, *rest]

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        return [ast.Import([each]) for each in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        return [ast.ImportFrom(node.module, [each], node.level) for each in node.names]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        owner = self._inside[-1]
        if self._keeps_annotations or (isinstance(owner, ast.ClassDef) and _keeps_types(owner)):
            return self.generic_visit(node)
        if node.value is None:
            node.annotation = ast.Constant(0)
            return self.generic_visit(node)
        return self.generic_visit(ast.Assign([node.target], node.value))

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.type_comment = None
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        if not any(isinstance(each, FUNCTIONS) for each in self._inside) and "TYPE_CHECKING" in ast.unparse(
            node.test
        ):
            node.body = [each for each in node.body if not _name(each)]
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        first = node.values[0]
        if isinstance(first, ast.BoolOp) and type(first.op) is type(node.op):
            node.values = [*first.values, *node.values[1:]]
        return node

    def visit_Delete(self, node: ast.Delete) -> ast.AST:
        self.generic_visit(node)
        node.targets = [
            part
            for each in node.targets
            for part in (each.elts if isinstance(each, ast.Tuple) and len(node.targets) == 1 else [each])
        ]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        node.kind = None
        if self._sheds_texts and isinstance(node.value, (str, bytes)):
            return ast.Constant("")
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        if self._sheds_texts:
            return ast.Constant("")
        self.generic_visit(node)
        if all(isinstance(each, ast.Constant) for each in node.values):
            return ast.Constant("".join(each.value for each in node.values))  # type: ignore[attr-defined]
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        node.value = self.visit(node.value)
        if node.format_spec is not None:
            node.format_spec = ast.JoinedStr([self.visit(each) for each in node.format_spec.values])  # type: ignore[attr-defined]
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        if not self._messages and not self._keeps_messages:
            node.msg = None
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return self._told(node)

    def visit_Return(self, node: ast.Return) -> ast.AST:
        value = node.value
        if isinstance(value, ast.Tuple) and value.elts and _is_false(value.elts[0]):
            return self._told(node)
        return self.generic_visit(node)

    def _told(self, node: ast.stmt) -> ast.AST:
        self._sheds_texts = not self._messages and not self._keeps_messages
        self.generic_visit(node)
        self._sheds_texts = False
        return node


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _is_positional(node: ast.ClassDef) -> bool:
    bases = {ast.unparse(each).rpartition(".")[2] for each in node.bases}
    if bases & (ENUM_BASES | {"NamedTuple"}):
        return True
    decorators = [ast.unparse(each) for each in node.decorator_list]
    keywords = {each.arg: ast.unparse(each.value) for each in node.keywords}
    if "Struct" in bases:
        return keywords.get("kw_only") != "True" or keywords.get("array_like") == "True"
    return any("dataclass" in each and "kw_only=True" not in each for each in decorators)


def _keeps_types(node: ast.ClassDef) -> bool:
    bases = {ast.unparse(each).rpartition(".")[2] for each in node.bases}
    return bool(bases & {"NamedTuple", "Struct", "BaseModel"}) or any(
        "dataclass" in ast.unparse(each) for each in node.decorator_list
    )


def _bound(node: ast.stmt) -> str:
    assert isinstance(node, ast.Import | ast.ImportFrom)
    alias = node.names[0]
    return alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)


def _sorted_runs(statements: Iterable[ast.stmt]) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    run: list[ast.stmt] = []
    for each in statements:
        if isinstance(each, ast.Import | ast.ImportFrom):
            run.append(each)
        else:
            found += [*_unique(run), each]
            run = []
    return found + _unique(run)


def _unique(run: list[ast.stmt]) -> list[ast.stmt]:
    """Sort by bound name, then by origin where several names of one package are bound alike."""

    def key(each: ast.stmt) -> tuple[str, str]:
        plain = isinstance(each, ast.Import) and each.names[0].asname is None
        return _bound(each), ast.dump(each) if plain else ""

    return sorted(run, key=key)


def is_message(node: ast.stmt) -> bool:
    """Return whether a statement only tells somebody something."""
    if isinstance(node, ast.If):
        body = [each for each in node.body if not isinstance(each, ast.Pass)]
        return not node.orelse and bool(body) and all(map(_tells, body)) and not _binds(node.test)
    return _tells(node)


def _tells(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        owner, _, name = ast.unparse(node.value.func).rpartition(".")
        is_log = name.removesuffix("_once") in LOGS and owner.rpartition(".")[2].lower().endswith(
            ("logger", "logging", "log")
        )
        return (is_log or (owner, name) == ("warnings", "warn")) and not _binds(node.value)
    return isinstance(node, ast.Assert) and _narrows(node.test) and not _binds(node.test)


def _narrows(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp):
        return isinstance(test.op, ast.And) and all(map(_narrows, test.values))
    if isinstance(test, ast.Compare):
        return (
            len(test.ops) == 1
            and isinstance(test.ops[0], ast.IsNot)
            and isinstance(test.comparators[0], ast.Constant)
            and test.comparators[0].value is None
        )
    return isinstance(test, ast.Call) and ast.unparse(test.func) == "isinstance"


def _binds(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom) for each in ast.walk(node)
    )
