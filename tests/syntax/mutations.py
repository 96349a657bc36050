"""Programs of our own, and edits of them that ``ast`` can judge: one operator for each kind of thing that an edit may change."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.syntax.ast_oracle import parse

Mutate = Callable[[ast.Module, random.Random], bool]
"""Edits a tree in place; false where it finds nothing to edit."""

SNIPPET: Final = r'''
import os, sys
import a.b, a.c
from . import sibling
from ..pkg import thing as other
from x import one, two
try:
    from fast import run
except ImportError:
    from slow import run
if sys.platform == "win32":
    def where(path, sep="\\"):
        return path.split(sep)
else:
    def where(path, sep="/"):
        return path.split(sep) or None
__all__ = ["where", "Wire"]
LIMIT = 0x1F
RATE: float = 1e-3
RAW, COOKED = b"ab\x00", r"\d+\n"
print(LIMIT, end="")
class Colour(enum.Enum):
    RED = enum.auto()
    BLUE = enum.auto()
@dataclass
class Point:
    left: int
    right: int = 3
    label: ClassVar[str] = "p"
class Wire(msgspec.Struct, array_like=True, tag="w"):
    first: int
    second: str = ""
class Pair(NamedTuple):
    key: str
    value: bytes = b""
class Plain(Base, metaclass=Meta):
    """About it."""
    size = 4
    names: list[str] = []
    @property
    def area(self) -> int:
        return self.size ** 2
    @staticmethod
    def build(*parts, sep=",", **rest):
        return sep.join(parts, **rest)
    @area.setter
    def area(self, value):
        self.size = value
@triton.jit
def kernel(x_ptr, n: tl.constexpr, BLOCK: tl.constexpr = 64):
    offset: tl.int64 = tl.program_id(0) * BLOCK
    return tl.load(x_ptr + offset, mask=offset < n)
async def serve(queue, *, limit=5, timeout=None):
    async with queue.lock as lock, open("x") as handle:
        async for item in queue:
            await item.run(f"{item.name!r:>{limit}} {limit:02d} {item=} {{x}}")
    return [i async for i in queue if i if not i.done]
def compute(a, b=2, /, c=None, *args, flag=True, **kw):
    global STATE
    total = 0
    for i, (x, y) in enumerate(zip(a, b)):
        if x < y <= 10 and (c is not None or flag):
            total += x * y - (x // 2)
            continue
        elif not flag:
            break
        else:
            del a[i], b
    else:
        total = -1
    while (n := total) > 100:
        total >>= 1
    try:
        value = kw["key"][1:n:2, ...]
    except (KeyError, IndexError) as error:
        raise ValueError("bad", 3) from error
    finally:
        STATE = None
    match value:
        case [1, *rest] if rest:
            return {**kw, "rest": rest}
        case {"k": v, **more} | Point(left=v, right=more):
            yield v, more
        case _:
            yield from (lambda q, r=1: q + r)(total)
    def inner(z):
        nonlocal total
        total = z if z else {k: v for k, v in kw.items() if v}
        return {z for z in a}, (z for z in b), [*a, *args]
    assert inner(1), "why"
    return inner(*args, **kw) @ total, b"" "" if False else f"a" "b"
if __name__ == "__main__":
    compute(sys.argv)
'''.replace('b"" "" if', 'b"" if')

TREE: Final = Path(__file__).parents[2] / "fixtures" / "minivllm"


def corpus() -> list[str]:
    """Return programs that ``ast`` can read: the snippet above, and the files of the small tree."""
    files = [path.read_text(encoding="utf-8") for path in sorted(TREE.rglob("*.py"))]
    return [SNIPPET, *(text for text in files if len(text) > 200 and parse(text.encode()) is not None)]


def pick(tree: ast.AST, random_: random.Random, *kinds: type[ast.AST]) -> ast.AST | None:
    found = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return random_.choice(found) if found else None


def _swap(items: list[object], random_: random.Random) -> bool:
    if len(items) < 2:
        return False
    at = random_.randrange(len(items) - 1)
    items[at], items[at + 1] = items[at + 1], items[at]
    return True


def operator(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.BinOp, ast.AugAssign)
    if node is None:
        return False
    node.op = random_.choice([ast.Add(), ast.Mult(), ast.LShift(), ast.FloorDiv()])  # type: ignore[attr-defined]
    return True


def comparison(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.Compare)
    if not isinstance(node, ast.Compare):
        return False
    node.ops[0] = random_.choice([ast.Lt(), ast.GtE(), ast.IsNot(), ast.In(), ast.NotIn(), ast.Is()])
    return True


def comparison_chain(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.Compare)
    if not isinstance(node, ast.Compare):
        return False
    node.left = ast.Compare(node.left, [ast.Lt()], [ast.Name("q")])
    return True


def boolean(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.BoolOp)
    if not isinstance(node, ast.BoolOp):
        return False
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return True


def constant(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.Constant)
    if not isinstance(node, ast.Constant):
        return False
    changed = {int: 77, float: 1.25, str: "other\n", bytes: b"\xff", bool: None, type(None): True}
    node.value = changed.get(type(node.value), 3)
    return True


def bytes_or_text(tree: ast.Module, random_: random.Random) -> bool:
    found = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Constant) and isinstance(each.value, (str, bytes))
    ]
    held = {id(part) for each in ast.walk(tree) if isinstance(each, ast.JoinedStr) for part in each.values}
    found = [each for each in found if id(each) not in held]
    if not found:
        return False
    node = random_.choice(found)
    node.value = node.value.encode() if isinstance(node.value, str) else node.value.decode("latin-1")
    return True


def name(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.Name)
    if node is None:
        return False
    node.id = "renamed"  # type: ignore[attr-defined]
    return True


def attribute(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.Attribute)
    if node is None:
        return False
    node.attr = "elsewhere"  # type: ignore[attr-defined]
    return True


def statement_order(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.FunctionDef, ast.If, ast.For, ast.With, ast.AsyncFunctionDef, ast.Try)
    return node is not None and _swap(node.body, random_)  # type: ignore[attr-defined]


def statement_gone(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.FunctionDef, ast.If, ast.For, ast.With, ast.ClassDef, ast.Module)
    body: list[ast.stmt] = getattr(node, "body", [])
    if len(body) < 2:
        return False
    body.pop(random_.randrange(len(body)))
    return True


def statement_out_of_its_block(tree: ast.Module, random_: random.Random) -> bool:
    for node in random_.sample(list(ast.walk(tree)), len(list(ast.walk(tree)))):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for at, inner in enumerate(body):
            nested = getattr(inner, "body", None)
            if isinstance(inner, ast.If | ast.For | ast.With | ast.While) and len(nested or []) > 1:
                body.insert(at + 1, inner.body.pop())
                return True
    return False


def field_order(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.ClassDef)
    fields = [
        at
        for at, each in enumerate(getattr(node, "body", []))
        if isinstance(each, ast.Assign | ast.AnnAssign)
    ]
    if not isinstance(node, ast.ClassDef) or len(fields) < 2:
        return False
    node.body[fields[0]], node.body[fields[1]] = node.body[fields[1]], node.body[fields[0]]
    return True


def condition(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.If, ast.While, ast.IfExp, ast.Assert)
    if node is None:
        return False
    node.test = ast.UnaryOp(ast.Not(), node.test)  # type: ignore[attr-defined]
    return True


def branches_exchanged(tree: ast.Module, random_: random.Random) -> bool:
    found = [each for each in ast.walk(tree) if isinstance(each, ast.If) and each.orelse]
    if not found:
        return False
    node = random_.choice(found)
    node.body, node.orelse = node.orelse, node.body
    return True


def default(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.arguments)
    if not isinstance(node, ast.arguments) or not node.defaults:
        return False
    node.defaults[random_.randrange(len(node.defaults))] = ast.Constant("changed")
    return True


def parameter_kind(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.arguments)
    if not isinstance(node, ast.arguments):
        return False
    if node.posonlyargs:
        node.args = [*node.posonlyargs, *node.args]
        node.posonlyargs = []
    elif node.args and not node.defaults:
        node.posonlyargs, node.args = [node.args[0]], node.args[1:]
    else:
        return False
    return True


def decorator(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
    if node is None:
        return False
    node.decorator_list.append(ast.Name("wrapped"))  # type: ignore[attr-defined]
    return True


def property_or_method(tree: ast.Module, random_: random.Random) -> bool:
    found = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.decorator_list]
    if not found:
        return False
    random_.choice(found).decorator_list.pop()
    return True


def base_or_class_keyword(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.ClassDef)
    if not isinstance(node, ast.ClassDef):
        return False
    if node.keywords and random_.random() < 0.5:
        node.keywords.pop()
    else:
        node.bases.append(ast.Name("Mixin"))
    return True


def asynchronous(tree: ast.Module, random_: random.Random) -> bool:
    found = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef)
        and not any(isinstance(inner, ast.YieldFrom) for inner in ast.walk(each))
    ]
    if not found:
        return False
    node = random_.choice(found)
    for parent in ast.walk(tree):
        body = getattr(parent, "body", None)
        if isinstance(body, list) and node in body:
            new = ast.AsyncFunctionDef(**{field: getattr(node, field) for field in node._fields})
            body[body.index(node)] = new
    return True


def function_or_class(tree: ast.Module, random_: random.Random) -> bool:
    found = [at for at, each in enumerate(tree.body) if isinstance(each, ast.FunctionDef)]
    if not found:
        return False
    at = random_.choice(found)
    tree.body[at] = ast.ClassDef(tree.body[at].name, [], [], [ast.Pass()], [])  # type: ignore[attr-defined]
    return True


def subscript_slice(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.Slice)
    if not isinstance(node, ast.Slice):
        return False
    node.lower, node.upper, node.step = node.upper, node.step, node.lower
    return True


def keyword(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.keyword)
    if node is None:
        return False
    node.arg = "other_keyword"  # type: ignore[attr-defined]
    return True


def argument_order(tree: ast.Module, random_: random.Random) -> bool:
    found = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and len(each.args) > 1]
    return bool(found) and _swap(random_.choice(found).args, random_)  # type: ignore[arg-type]


def star(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.Call, ast.List)
    items: list[ast.expr] = getattr(node, "args", getattr(node, "elts", []))
    if not items:
        return False
    items[0] = items[0].value if isinstance(items[0], ast.Starred) else ast.Starred(items[0])
    return True


def walrus(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.If, ast.While, ast.IfExp)
    if node is None:
        return False
    node.test = ast.NamedExpr(ast.Name("bound", ast.Store()), node.test)  # type: ignore[attr-defined]
    return True


def scope(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.FunctionDef)
    if not isinstance(node, ast.FunctionDef):
        return False
    if isinstance(node.body[0], ast.Global | ast.Nonlocal):
        node.body.pop(0)
        node.body = node.body or [ast.Pass()]
    else:
        node.body.insert(0, ast.Global(["scoped"]))
    return True


def comprehension(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.comprehension)
    if not isinstance(node, ast.comprehension):
        return False
    if node.ifs:
        node.ifs.pop()
    else:
        node.ifs.append(ast.Name("wanted"))
    return True


def lambda_body(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.Lambda)
    if not isinstance(node, ast.Lambda):
        return False
    node.body = ast.Tuple([node.body, ast.Constant(1)])
    return True


def pattern(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.match_case)
    if not isinstance(node, ast.match_case):
        return False
    if node.guard is not None:
        node.guard = None
    else:
        node.pattern = ast.MatchValue(ast.Constant(9))
    return True


def exception(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.ExceptHandler, ast.Raise)
    if isinstance(node, ast.ExceptHandler):
        node.type = ast.Name("OtherError")
        return True
    if isinstance(node, ast.Raise) and node.exc is not None:
        node.cause = None if node.cause is not None else ast.Constant(None)
        return True
    return False


def group_of_exceptions(tree: ast.Module, random_: random.Random) -> bool:
    found = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Try) and each.handlers and all(h.type for h in each.handlers)
    ]
    found = [
        each
        for each in found
        if not any(isinstance(x, ast.Return | ast.Break | ast.Continue) for x in ast.walk(each))
    ]
    if not found:
        return False
    node = random_.choice(found)
    for parent in ast.walk(tree):
        for block in (getattr(parent, part, None) for part in ("body", "orelse", "finalbody")):
            if isinstance(block, list) and node in block:
                block[block.index(node)] = ast.TryStar(node.body, node.handlers, node.orelse, node.finalbody)
    return True


def with_items(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.With, ast.AsyncWith)
    if node is None:
        return False
    items: list[ast.withitem] = node.items  # type: ignore[attr-defined]
    if len(items) > 1:
        items.reverse()
    else:
        items[0].optional_vars = None if items[0].optional_vars else ast.Name("held", ast.Store())
    return True


def delete(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.Delete)
    return isinstance(node, ast.Delete) and _swap(node.targets, random_)  # type: ignore[arg-type]


def yielded(tree: ast.Module, random_: random.Random) -> bool:
    found = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Expr | ast.Return) and isinstance(each.value, ast.expr)
    ]
    if not found:
        return False
    node = random_.choice(found)
    node.value = ast.Tuple([node.value, ast.Constant(0)])  # type: ignore[list-item]
    return True


def format_of_text(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.FormattedValue)
    if not isinstance(node, ast.FormattedValue):
        return False
    if random_.random() < 0.5:
        node.conversion = -1 if node.conversion == ord("r") else ord("r")
    else:
        node.format_spec = ast.JoinedStr([ast.Constant(random_.choice(["03x", ".2f", "=5", ">9"]))])
    return True


def assignment_targets(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.Assign)
    if not isinstance(node, ast.Assign):
        return False
    target = node.targets[0]
    if isinstance(target, ast.Tuple):
        target.elts.reverse()
    else:
        node.targets.append(ast.Name("also", ast.Store()))
    return True


def import_level(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.ImportFrom)
    if not isinstance(node, ast.ImportFrom):
        return False
    node.level = (node.level or 0) + 1
    return True


def import_star(tree: ast.Module, random_: random.Random) -> bool:
    found = [each for each in tree.body if isinstance(each, ast.ImportFrom)]
    if not found:
        return False
    random_.choice(found).names = [ast.alias("*")]
    return True


def import_rebound(tree: ast.Module, random_: random.Random) -> bool:
    at = next(
        (
            at
            for at, each in enumerate(tree.body)
            if isinstance(each, ast.ImportFrom) and each.module != "__future__"
        ),
        None,
    )
    if at is None:
        return False
    node = tree.body[at]
    assert isinstance(node, ast.ImportFrom)
    tree.body.insert(
        at + random_.randrange(2),
        ast.ImportFrom("rebinding", [ast.alias("q", node.names[0].asname or node.names[0].name)], 0),
    )
    return True


def exported(tree: ast.Module, random_: random.Random) -> bool:
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and getattr(node.targets[0], "id", "") == "__all__"
            and isinstance(node.value, ast.List)
        ):
            return _swap(node.value.elts, random_)  # type: ignore[arg-type]
    return False


def kernel_annotation(tree: ast.Module, random_: random.Random) -> bool:
    found = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef) and "jit" in "".join(map(ast.unparse, each.decorator_list))
    ]
    found = [each for each in found if each.args.args]
    if not found:
        return False
    argument = random_.choice(random_.choice(found).args.args)
    argument.annotation = ast.Name("other_type") if argument.annotation else ast.Name("constexpr")
    return True


def field_annotation(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.AnnAssign)
    if node is None:
        return False
    node.annotation = ast.Name("Another")  # type: ignore[attr-defined]
    return True


def extra_nesting(tree: ast.Module, random_: random.Random) -> bool:
    node = pick(tree, random_, ast.FunctionDef, ast.ClassDef, ast.Module)
    body: list[ast.stmt] = getattr(node, "body", [])
    if not body:
        return False
    at = random_.randrange(len(body))
    if isinstance(body[at], ast.ImportFrom) and body[at].module == "__future__":  # type: ignore[attr-defined]
        return False
    body[at] = ast.If(ast.Name("enabled"), [body[at]], [])
    return True


TREES: Final[dict[str, Mutate]] = {
    mutate.__name__.replace("_", " "): mutate
    for mutate in (
        operator, comparison, comparison_chain, boolean, constant, bytes_or_text, name, attribute, statement_order, statement_gone,
        statement_out_of_its_block, field_order, condition, branches_exchanged, default, parameter_kind, decorator, property_or_method,
        base_or_class_keyword, asynchronous, function_or_class, subscript_slice, keyword, argument_order, star, walrus, scope,
        comprehension, lambda_body, pattern, exception, group_of_exceptions, with_items, delete, yielded, format_of_text,
        assignment_targets, import_level, import_star, import_rebound, exported, kernel_annotation, field_annotation, extra_nesting,
    )
}  # fmt: skip

TEXTS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "text prefix": (r"(?<![\w'\"])[rbfuRBFU]{0,2}(?=['\"][^'\"\n])", ("", "b", "f", "r", "rb", "u", "fr")),
    "escape": (r"\\[nd0x\\\\]", (r"\\n", r"\\t", r"\\x41", r"\\101", r"\\u0041", r"\\N{DASH}", "\\\\\n")),
    "format": (
        r"(?<=\{)(\w+)(?=[}!:=])",
        (r"\1=", r"\1:>5", r"\1!r", r"\1:=5", r"(\1:=5)", r"\1 = ", r"\1:{\1}"),
    ),
    "number": (r"(?<![\w.])\d+(?![\w.])", ("0x10", "1_6", "16.0", "1.6e1", "0b10000", "0o20", "16j")),
    "line continued": (r"(?<= )(and|or|=|\+|in) ", (r"\1 \\\n  ", r"\1  ", r"\1 ")),
    "semicolon": (r"(?m)^( +)(\w+ = .+)$", (r"\1\2; pass", r"\1\2;", r"\1\2; also()")),
    "comment": (r"(?m)$(?<=.)", ("  # type: ignore", "  # noqa", "\n# \u2028 note")),
    "brackets": (r"(?m)(?<== )([^\n()\[\]{}#'\"]+)$", (r"(\1)", r"(\1,)", r"[\1]")),
    "line ends": (r"\n", ("\r\n", "\n\x0c", "\n")),
    "name spelled otherwise": (r"\bfi(?=\w)|\btotal\b", ("\ufb01", "\uff54otal")),
    "text split": (r"(?<=[\"'])(\w)(\w+)(?=[\"'])", (r"\1' '\2", r"\1\" \"\2", r"\1\2 ")),
    "import order": (r"(?m)^(from \S+ import .+)\n(from \S+ import .+)$", (r"\2\n\1",)),
}
"""Patterns and what stands in their place, for what no tree shows."""


def mutants(text: str, kind: str, random_: random.Random) -> Iterator[tuple[bytes, bytes]]:
    """Yield versions of a program before and after one edit, as written and as ``ast.unparse`` writes them."""
    if kind in TEXTS:
        pattern_, replacements = TEXTS[kind]
        found = list(re.finditer(pattern_, text))
        if found:
            match = random_.choice(found)
            try:
                new = match.expand(random_.choice(replacements))
            except re.error:
                return
            yield text.encode(), (text[: match.start()] + new + text[match.end() :]).encode()
        return
    tree = ast.parse(text)
    before = ast.unparse(tree)
    if TREES[kind](tree, random_):
        try:
            after = ast.unparse(ast.fix_missing_locations(tree))
        except (ValueError, RecursionError):
            return
        yield before.encode(), after.encode()
        yield text.encode(), after.encode()


KINDS: Final = (*TREES, *TEXTS)
