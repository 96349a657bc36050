from __future__ import annotations

from textwrap import dedent

import pytest

from diffscope.syntax.compare.compare import compare_python
from diffscope.syntax.model import Comparison, SymbolChange


def compare(before: str | None, after: str | None) -> Comparison:
    return compare_python(
        None if before is None else dedent(before).encode(), None if after is None else dedent(after).encode()
    )


def describe(change: SymbolChange) -> str:
    """Return a change on one line: ``C.f: signature body; removed b`` (``~`` before what is no logic)."""
    words = " ".join(aspect.value for aspect in change.aspects)
    moved = f" from {change.moved_from}" if change.moved_from else ""
    parameters = "".join(f"; {each.what} {each.name}" for each in change.parameters)
    return f"{'' if change.logic else '~'}{change.name}: {words}{moved}{parameters}"


FORM = [
    pytest.param("def f():\n    return 1", "def f():\n    # why\n    return 1", ["~f: cosmetic"], id="a comment"),
    pytest.param("def f():\n    return 1", "def f():\n\n    return  1", ["~f: cosmetic"], id="white space"),
    pytest.param("x = 'a'", 'x = "a"', ["~x: cosmetic"], id="quotes"),
    pytest.param("x = '\\''", 'x = "\'"', ["~x: cosmetic"], id="escapes that other quotes spare"),
    pytest.param("x = r'a'", "x = 'a'", ["~x: cosmetic"], id="a raw string without backslashes"),
    pytest.param("x = f(a, b)", "x = f(\n    a,\n    b,\n)", ["~x: cosmetic"], id="a trailing comma and lines"),
    pytest.param("x = a + b * c", "x = (a + (b * c))", ["~x: cosmetic"], id="brackets that say nothing"),
    pytest.param("x = a, b", "x = (a, b)", ["~x: cosmetic"], id="brackets of a tuple"),
    pytest.param("x = y[1, 2]", "x = y[(1, 2)]", ["~x: cosmetic"], id="brackets of a tuple index"),
    pytest.param("x = sum(i for i in a)", "x = sum((i for i in a))", ["~x: cosmetic"], id="brackets of a generator"),
    pytest.param("x = 'ab'", "x = ('a'\n     'b')", ["~x: cosmetic"], id="a string split over lines"),
    pytest.param("x = f'a{b}c'", "x = 'a' f'{b}' 'c'", ["~x: cosmetic"], id="a formatted string split in parts"),
    pytest.param("x = 1000", "x = 1_000", ["~x: cosmetic"], id="grouped digits"),
    pytest.param("x = 0xFF", "x = 255", ["~x: cosmetic"], id="another base"),
    pytest.param("x = 1e-2", "x = 0.01", ["~x: cosmetic"], id="another notation"),
    pytest.param("def f():\n    if a: return b", "def f():\n    if a:\n        return b", ["~f: cosmetic"], id="a suite on its own line"),
    pytest.param("def f():\n    a = 1; b = 2", "def f():\n    a = 1\n    b = 2", ["~f: cosmetic"], id="semicolons"),
    pytest.param("def f():\n    pass", "def f(): ...", ["~f: cosmetic"], id="pass and dots"),
    pytest.param("def f():\n    x = a + \\\n        b", "def f():\n    x = a + b", ["~f: cosmetic"], id="a continued line"),
    pytest.param(
        "def f():\n    if a:\n        b()\n    else:\n        if c:\n            d()",
        "def f():\n    if a:\n        b()\n    elif c:\n        d()",
        ["~f: cosmetic"],
        id="an if in an else",
    ),
    pytest.param("def f(a, b): ...", "def f(\n    a,\n    b,\n): ...", ["~f: cosmetic"], id="a signature on several lines"),
    pytest.param("class A(): ...", "class A: ...", ["~A: cosmetic"], id="empty brackets of a class"),
    pytest.param("with (a): b()", "with a: b()", ["~<module>: cosmetic"], id="brackets of a context"),
    pytest.param("with a as b, c as d: e()", "with (a as b, c as d): e()", ["~<module>: cosmetic"], id="brackets of contexts"),
    pytest.param("import b\nimport a", "import a\nimport b", ["~<module>: cosmetic"], id="the order of imports"),
    pytest.param("from a import c, b", "from a import b, c", ["~<module>: cosmetic"], id="the order of imported names"),
    pytest.param("from a import b, c", "from a import (\n    b,\n    c,\n)", ["~<module>: cosmetic"], id="brackets of an import"),
    pytest.param(
        "def f():\n    import b\n    import a\n    a()",
        "def f():\n    import a\n    import b\n    a()",
        ["~f: cosmetic"],
        id="the order of imports in a function",
    ),
    pytest.param("x = 1  # a", "x = 1  # b", ["~<module>: cosmetic"], id="a comment behind a statement"),
    pytest.param("x = 1\n\n\ny = 2", "x = 1\ny = 2", [], id="blank lines between definitions are nothing"),
    pytest.param("class A:\n    x = 1\n    y = 2", "class A:\n\n    x = 1\n\n    y = 2", [], id="blank lines between members are nothing"),
    pytest.param("x = f'{a=}'", "x = f'a={a!r}'", ["~x: cosmetic"], id="a formatted string that shows its expression"),
]  # fmt: skip

MESSAGES = [
    pytest.param("def f():\n    g()", "def f():\n    logger.info_once('a')\n    g()", ["~f: message"], id="a new log line"),
    pytest.param("def f():\n    g()", "def f():\n    self._log_start(a)\n    trace_structured('a', b)\n    g()", ["~f: message"], id="a call of what logs"),
    pytest.param("def f():\n    g()", "def f():\n    a = log_softmax(b)\n    g()", ["f: body"], id="what is called like it and computes"),
    pytest.param("def f():\n    warnings.warn('a')", "def f():\n    warnings.warn(b)", ["~f: message"], id="another warning"),
    pytest.param("def f():\n    g()", "def f():\n    if a > 1:\n        logger.warning('x')\n    g()", ["~f: message"], id="a condition for nothing but a log line"),
    pytest.param("def f():\n    raise E('a')", "def f():\n    raise E(f'a {b} ' 'c')", ["~f: message"], id="the text of an exception"),
    pytest.param("def f():\n    return False, r('a')", "def f():\n    return False, r(f'a {b}')", ["~f: message"], id="the reason beside a refusal"),
    pytest.param("def f():\n    g()", "def f():\n    assert a is not None, 'b'\n    g()", ["~f: message"], id="an assertion for a type checker"),
    pytest.param("def f():\n    assert a > 1", "def f():\n    assert a > 1, 'b'", ["~f: message"], id="the text of an assertion"),
    pytest.param("def f():\n    raise E('a')", "def f():\n    raise F('a')", ["f: body"], id="another exception"),
    pytest.param("def f():\n    return True, 'a'", "def f():\n    return True, 'b'", ["f: body"], id="a text that is a result"),
    pytest.param("def f():\n    g()", "def f():\n    assert a > 1\n    g()", ["f: body"], id="an assertion of more than presence"),
    pytest.param("def f():\n    assert a > 1, 'b'", "def f():\n    assert a > 2, 'c'", ["f: body"], id="another condition with another text"),
    pytest.param("def f():\n    g()", "def f():\n    if a:\n        log.warning('x')\n        return\n    g()", ["f: body"], id="a log line and an exit"),
    pytest.param("def f():\n    x = math.log(a)", "def f():\n    x = math.log(b)", ["f: body"], id="a logarithm"),
    pytest.param("def f():\n    logger.info('a')", "def f():\n    logger.info((x := 1))", ["f: body"], id="a log line that binds a name"),
    pytest.param("def test_f():\n    g()", "def test_f():\n    assert a is not None\n    g()", ["test_f: body"], id="an assertion of a test"),
]  # fmt: skip

DOCUMENTATION = [
    pytest.param('"""a"""', '"""b"""', ["~<module>: docstring"], id="the module's docstring"),
    pytest.param('def f():\n    """a"""', 'def f():\n    """b"""', ["~f: docstring"], id="a function's docstring"),
    pytest.param("def f():\n    return 1", 'def f():\n    """a"""\n    return 1', ["~f: docstring"], id="a new docstring"),
    pytest.param("class A:\n    'a'", "class A:\n    'b'", ["~A: docstring"], id="a class's docstring"),
    pytest.param("class A:\n    x = 1\n    'a'", "class A:\n    x = 1\n    'b'", ["~A: docstring"], id="a field's docstring belongs to its class"),
    pytest.param("def f():\n    def g():\n        'a'", "def f():\n    def g():\n        'b'", ["~f: docstring"], id="a nested function's docstring"),
    pytest.param("def f():\n    'a'\n    return 1", "def f():\n    'b'\n    return 2", ["f: body docstring"], id="docstring and body"),
    pytest.param("def f(x): ...", "def f(x: int): ...", ["~f: annotation; annotation x"], id="a parameter's annotation"),
    pytest.param("def f(): ...", "def f() -> int: ...", ["~f: annotation"], id="a return annotation"),
    pytest.param("def f():\n    x = []", "def f():\n    x: list[int] = []", ["~f: annotation"], id="a local annotation"),
    pytest.param("def f():\n    x = 1", "def f():\n    x: int\n    x = 1", ["~f: annotation"], id="a local declaration"),
    pytest.param("class A:\n    x: int = 1", "class A:\n    x: float = 1", ["~A.x: annotation"], id="a field's annotation"),
    pytest.param("def f[T](x: T): ...", "def f[T: int](x: T): ...", ["~f: annotation"], id="a type parameter"),
    pytest.param(
        "if TYPE_CHECKING:\n    X = int", "if TYPE_CHECKING:\n    X = float", ["~X: body"], id="what type checkers alone see",
    ),
]  # fmt: skip

SYMBOLS = [
    pytest.param("", "def f(): ...", ["f: added"], id="a function is added"),
    pytest.param("def f(): ...", "", ["f: removed"], id="a function is removed"),
    pytest.param("", "class A:\n    x = 1\n    def f(self): ...", ["A: added", "A.x: added", "A.f: added"], id="a class is added with its members"),
    pytest.param("class A:\n    def f(self): ...", "class A: ...", ["A.f: removed"], id="a method is removed"),
    pytest.param("class A: ...", "class A:\n    x: int = 1", ["A.x: added"], id="a field is added, the class is not changed"),
    pytest.param("class A(B): ...", "class A(B, C): ...", ["A: bases"], id="a base is added"),
    pytest.param("class A(B): ...", "class A(B, metaclass=C): ...", ["A: bases"], id="a metaclass is added"),
    pytest.param("@a\ndef f(): ...", "@b\ndef f(): ...", ["f: decorators"], id="a decorator is exchanged"),
    pytest.param("def f(): ...", "@a\ndef f(): ...", ["f: decorators"], id="a decorator is added"),
    pytest.param("@a(x=1)\nclass A: ...", "@a(x=2)\nclass A: ...", ["A: decorators"], id="a class decorator's argument"),
    pytest.param("def f(): ...", "async def f(): ...", ["f: signature"], id="a function becomes async"),
    pytest.param("x = 1", "x = 2", ["x: body"], id="a module's variable"),
    pytest.param("class A:\n    x: int = 1", "class A:\n    x: int = 2", ["A.x: default body"], id="a field's default"),
    pytest.param("class A:\n    x: int", "class A:\n    x: int = 2", ["A.x: default body"], id="a field gets a default"),
    pytest.param(
        "class A:\n    x: int = Field(default=1, ge=0)", "class A:\n    x: int = Field(default=2, ge=0)",
        ["A.x: default body"], id="a wrapped default",
    ),
    pytest.param(
        "class A:\n    x: int = Field(default=1, ge=0)", "class A:\n    x: int = Field(default=1, ge=1)",
        ["A.x: body"], id="a constraint is no default",
    ),
    pytest.param(
        "class A:\n    x: list = field(default_factory=list)", "class A:\n    x: list = field(default_factory=dict)",
        ["A.x: default body"], id="a default factory",
    ),
    pytest.param("class A:\n    def f(self):\n        a()", "class A:\n    def f(self):\n        b()", ["A.f: body"], id="a method's body, not its class"),
    pytest.param("class A:\n    print(1)", "class A:\n    print(2)", ["A: body"], id="a class's own statement"),
    pytest.param("print(1)", "print(2)", ["<module>: body"], id="a statement of the module"),
    pytest.param("if a:\n    def f(): ...", "if b:\n    def f(): ...", ["<module>: body"], id="the condition around a definition"),
    pytest.param("x = 1\ndel x", "x = 1", ["<module>: body"], id="a statement of the module goes"),
    pytest.param("x += 1", "x += 2", ["<module>: body"], id="an update is a statement of the module"),
    pytest.param("def f(): ...", "class f: ...", ["f: added", "f: removed"], id="another kind under the same name"),
    pytest.param(
        "@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a): return a",
        "@overload\ndef f(a: int): ...\n@overload\ndef f(a: bytes): ...\ndef f(a): return a",
        ["~f: annotation; annotation a"],
        id="one of several overloads",
    ),
    pytest.param(
        "if a:\n    def f(): return 1\nelse:\n    def f(): return 2",
        "if a:\n    def f(): return 1\nelse:\n    def f(): return 3",
        ["f: body"],
        id="one of two guarded definitions",
    ),
    pytest.param("def f():\n    a()\n    b()", "def f():\n    b()\n    a()", ["f: body"], id="statements change places"),
    pytest.param("def f():\n    if a:\n        b()\n        c()", "def f():\n    if a:\n        b()\n    c()", ["f: body"], id="a statement leaves a block"),
    pytest.param("x = (a + b) * c", "x = a + b * c", ["x: body"], id="brackets that mean something"),
    pytest.param("x = (a,)", "x = a", ["x: body"], id="a tuple of one is a tuple"),
    pytest.param("x = y[1,]", "x = y[1]", ["x: body"], id="an index that is a tuple of one"),
    pytest.param("x = b'a'", "x = 'a'", ["x: body"], id="bytes are no text"),
    pytest.param("x = 1", "x = 1.0", ["x: body"], id="an integer is no float"),
    pytest.param(r"x = r'\n'", r"x = '\n'", ["x: body"], id="a raw backslash is no newline"),
    pytest.param("x = 'a b'", "x = 'a  b'", ["x: body"], id="blanks in a string count"),
    pytest.param("def f():\n    import a", "def f():\n    import b", ["f: body"], id="an import in a function is its body"),
    pytest.param("import a", "import b", [], id="imports of the module are no symbol"),
    pytest.param("try:\n    import a\nexcept E:\n    pass", "", [], id="nor is the guard of nothing but imports"),
    pytest.param(None, "import a\nx = 1\nprint(x)", ["x: added", "<module>: added"], id="a new file"),
    pytest.param(None, '"""doc"""\nimport a', [], id="a new file without definitions"),
    pytest.param("def f(): ...\nprint(f)", None, ["f: removed", "<module>: removed"], id="a deleted file"),
    pytest.param("def f(): ...", "def f(): ...", [], id="nothing"),
]  # fmt: skip

BODY = "\n    for item in items:\n        total = combine(total, item.value, key='x')\n        log(total)\n    return total * 2\n"

MOVES = [
    pytest.param(f"def old(items, total):{BODY}", f"def new(items, total):{BODY}", ["~new: moved from old"], id="a function is renamed"),
    pytest.param(
        f"class A:\n    def f(self, items, total):{BODY.replace('    ', '        ')}",
        f"class A: ...\nclass B:\n    def f(self, items, total):{BODY.replace('    ', '        ')}",
        ["B: added", "~B.f: moved from A.f"],
        id="a method goes to another class",
    ),
    pytest.param(
        f"class A:\n    def f(self, items, total):{BODY.replace('    ', '        ')}",
        f"class A: ...\ndef f(items, total):{BODY}",
        ["~f: moved from A.f"],
        id="a method becomes a function",
    ),
    pytest.param(
        f"def old(items, total):{BODY}", f"def new(items, total):{BODY.replace('* 2', '* 3')}",
        ["new: moved body from old"], id="a function is renamed and edited",
    ),
    pytest.param(f"def old(items, total):{BODY}", "def new():\n    return 1", ["new: added", "old: removed"], id="nothing alike is no rename"),
    pytest.param("def old(self):\n    return self.x", "def new(self):\n    return self.x", ["new: added", "old: removed"], id="too little to tell"),
    pytest.param(
        "class Old(Base):\n    x = compute(1, 2, 3, 4)\n    def f(self): return self.x + 1",
        "class New(Base):\n    x = compute(1, 2, 3, 4)\n    def f(self): return self.x + 1",
        ["~New: moved from Old"],
        id="a class is renamed, its members with it",
    ),
    pytest.param(
        "class Old(Base):\n    x = compute(1, 2, 3, 4)\n    def f(self): return self.x + 1",
        "class New(Base):\n    x = compute(1, 2, 3, 4)\n    def f(self): return self.x + 2",
        ["~New: moved from Old", "New.f: body from Old.f"],
        id="a class is renamed and a member edited",
    ),
    pytest.param(
        "OLD = {'a': f(1), 'b': f(2), 'c': f(3)}", "NEW = {'a': f(1), 'b': f(2), 'c': f(3)}", ["~NEW: moved from OLD"],
        id="a table is renamed",
    ),
    pytest.param("OLD = 1", "NEW = 1", ["NEW: added", "OLD: removed"], id="a small constant is no rename"),
    pytest.param(f"def a(items, total):{BODY}def b(): ...", f"def b(): ...\ndef a(items, total):{BODY}", [], id="another place is nothing"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "expected"), [*FORM, *MESSAGES, *DOCUMENTATION, *SYMBOLS, *MOVES]
)
def test_symbols(before: str | None, after: str | None, expected: list[str]) -> None:
    assert [describe(change) for change in compare(before, after).symbols] == expected


SIGNATURES = [
    pytest.param("def f(a): ...", "def f(): ...", ["removed a"], id="a parameter is removed"),
    pytest.param("def f(): ...", "def f(a): ...", ["added-required a"], id="a required one is added"),
    pytest.param("def f(): ...", "def f(a=1): ...", ["added-optional a"], id="an optional one is added"),
    pytest.param("def f(): ...", "def f(*, a): ...", ["added-required a"], id="a required keyword is added"),
    pytest.param("def f(): ...", "def f(*a): ...", ["added-optional a"], id="a variadic one is added"),
    pytest.param("def f(**a): ...", "def f(): ...", ["removed a"], id="a variadic one is removed"),
    pytest.param("def f(a=1): ...", "def f(a=2): ...", ["default a"], id="a default changes"),
    pytest.param("def f(a='x'): ...", 'def f(a="x"): ...', [], id="the quotes of a default do not"),
    pytest.param("def f(a=1): ...", "def f(a): ...", ["made-required a"], id="a default goes"),
    pytest.param("def f(a): ...", "def f(a=1): ...", ["made-optional a"], id="a default comes"),
    pytest.param("def f(a, b): ...", "def f(b, a): ...", ["moved b", "moved a"], id="two change places"),
    pytest.param("def f(a, b): ...", "def f(a, c, b): ...", ["added-required c", "moved b"], id="one is put between"),
    pytest.param("def f(a, b): ...", "def f(a, b, c): ...", ["added-required c"], id="one is put behind"),
    pytest.param("def f(a, b, c): ...", "def f(a, c): ...", ["removed b"], id="one is taken out, which moves nobody on its own"),
    pytest.param("def f(a, b): ...", "def f(a, *, b): ...", ["kind b"], id="one may only be named"),
    pytest.param("def f(a): ...", "def f(a, /): ...", ["kind a"], id="one may no more be named"),
    pytest.param("def f(a: int): ...", "def f(b: int): ...", ["renamed b"], id="another name at the same place with the same type"),
    pytest.param("def f(a):\n    return a + 1", "def f(b):\n    return b + 1", ["renamed b"], id="another name, used alike"),
    pytest.param("def f(a):\n    return a + 1", "def f(b):\n    return 1", ["removed a", "added-required b"], id="another name, not used alike"),
    pytest.param("def f(a: int): ...", "def f(b: str): ...", ["removed a", "added-required b"], id="another type is another parameter"),
    pytest.param(
        "def f(maker: Maker, raw: T): ...", "def f(weights: T, ids: T): ...", ["removed maker", "removed raw", "added-required weights", "added-required ids"],
        id="beside one that is another thing, the same type is no other name",
    ),
    pytest.param(
        "def f(maker: Maker, raw_ids: T): ...", "def f(weights: T, ids: T): ...", ["removed maker", "added-required weights", "renamed ids"],
        id="beside one that is another thing, a word in common is another name",
    ),
    pytest.param("def f(*args): ...", "def f(*rest): ...", ["renamed rest"], id="the name of a variadic one"),
    pytest.param("def f(*, a, b): ...", "def f(*, b, a): ...", [], id="keywords have no order"),
    pytest.param("def f(a: int): ...", "def f(a: str): ...", ["annotation a"], id="a type changes"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), SIGNATURES)
def test_parameters(before: str, after: str, expected: list[str]) -> None:
    changes = compare(before, after).symbols
    assert [f"{each.what} {each.name}" for change in changes for each in change.parameters] == expected


def test_a_parameter_shows_both_texts() -> None:
    (change,) = compare(
        "def f(a, b: int = 1, *, c): ...", "def f(a, b: int = 2, *, d: str = 'x', **kw): ..."
    ).symbols
    assert [(each.what, each.name, each.before, each.after) for each in change.parameters] == [
        ("removed", "c", "c", None),
        ("default", "b", "1", "2"),
        ("added-optional", "d", None, "d: str = 'x'"),
        ("added-optional", "kw", None, "**kw"),
    ]


def test_imports_come_and_go_with_layer_and_guard() -> None:
    found = compare(
        "import a\nfrom b import c\ndef f():\n    import d\n",
        "import a\nif x:\n    from b import c\ndef f():\n    import e\n",
    )
    assert [(each.module, each.name, each.layer.value, each.guard) for each in found.imports_added] == [
        ("b", "c", "eager", "x"),
        ("e", None, "lazy", None),
    ]
    assert [(each.module, each.name, each.layer.value, each.guard) for each in found.imports_removed] == [
        ("b", "c", "eager", None),
        ("d", None, "lazy", None),
    ]


def test_a_moved_import_line_is_no_change() -> None:
    found = compare("import a\nx = 1\n", "x = 1\nimport a\n")
    assert not found.imports_added
    assert not found.imports_removed


LINES = [
    pytest.param("def f():\n    a()\n    b()", "def f():\n    a()\n    c()\n    b()", (3,), (), 0, id="a line more"),
    pytest.param("def f():\n    a()\n    b()", "def f():\n    b()", (), (2,), 0, id="a line less"),
    pytest.param("def f():\n    a(1)", "def f():\n    # why\n\n    a(2)", (4,), (2,), 0, id="comments and blank lines are no code"),
    pytest.param("def f():\n    a(x, y)", "def f():\n    a(\n        x,\n        z,\n    )", (4,), (2,), 0, id="of a call split over lines the changed one"),
    pytest.param("def f():\n    a()", "def f():\n    if b:\n        a()", (2,), (), 1, id="code that is only indented is not new"),
    pytest.param("def f(a): ...", "def f(a, b): ...", (1,), (), 0, id="the signature counts"),
    pytest.param("", "def f():\n    '''doc'''\n\n    # why\n    return a and b or c", (1, 5), (), 2, id="a new function without its docstring"),
    pytest.param("x = 1", "x = [\n    1,\n    2,\n]", (1, 2, 3, 4), (), 0, id="a literal that grows"),
    pytest.param(
        "def f(): ...",
        "def f():\n    for a in b:\n        while c:\n            try:\n                d()\n            except E:\n                e if g else h",
        (2, 3, 4, 5, 6, 7),
        (),
        4,
        id="branches of every kind",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "added", "removed", "branches"), LINES)
def test_lines(
    before: str, after: str, added: tuple[int, ...], removed: tuple[int, ...], branches: int
) -> None:
    (change,) = compare(before, after).symbols
    assert (change.added_lines, change.removed_lines, change.branches_added) == (added, removed, branches)


def test_a_removed_symbol_stands_on_its_old_line() -> None:
    (change,) = compare("x = 1\ndef f():\n    return 1\n", "x = 1\n").symbols
    assert (change.line, change.end, change.after) == (2, 3, None)
    assert change.removed_lines == (2, 3)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(
            "def f(x, y):\n    start(x)\n    send(y)\n    if x:\n        stop(y)\n    log(x)\n    close(x)\n",
            ("condition", "removed", 8),
            id="a statement that leaves its condition stands where the condition held it",
        ),
        pytest.param(
            "def f(x, y):\n    if x:\n        send(y)\n        stop(y)\n    log(x)\n    close(x)\n    start(x)\n",
            ("order", "removed", 6),
            id="a call that comes after another stands where it was before",
        ),
    ],
)
def test_a_removed_edit_stands_on_its_old_line(after: str, expected: tuple[str, str, int]) -> None:
    before = "import a\nimport b\nimport c\n\ndef f(x, y):\n    start(x)\n    if x:\n        send(y)\n        stop(y)\n    log(x)\n    close(x)\n"
    found = next(change for change in compare(before, after).symbols if change.name == "f")
    assert [(edit.what, edit.change, edit.line) for edit in found.edits] == [expected]


def test_the_module_stands_where_it_changed() -> None:
    (change,) = compare("import a\n\nprint(1)\n", "import a\n\nprint(1)\nprint(2)\n").symbols
    assert (change.name, change.line, change.end, change.before, change.after) == (
        "<module>",
        4,
        4,
        None,
        None,
    )


def test_a_file_that_does_not_parse_is_compared_as_far_as_it_does() -> None:
    found = compare("def f():\n    return 1\n", "x = ((\ndef f():\n    return 2\n")
    assert found.problems
    assert found.after is not None
    assert found.before is not None
    assert not found.before.problems


def test_a_missing_side_has_no_outline() -> None:
    assert compare(None, "x = 1").before is None
    assert compare("x = 1", None).after is None
    assert compare(None, None).symbols == ()
