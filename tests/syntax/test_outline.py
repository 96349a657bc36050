from __future__ import annotations

from textwrap import dedent

import pytest

from diffscope.syntax.model import DefinitionKind, Outline, ParameterKind
from diffscope.syntax.outline.outline import identifiers, outline_python


def outline(text: str) -> Outline:
    return outline_python(dedent(text).encode())


def imports_of(text: str) -> list[tuple[object, ...]]:
    return [
        (each.level, each.module, each.name, each.alias, each.line, each.layer.value, each.guard)
        for each in outline(text).imports
    ]


IMPORTS = [
    pytest.param("import a.b", [(0, "a.b", None, None, 1, "eager", None)], id="a plain import has no name"),
    pytest.param(
        "import a as x, b.c as y",
        [(0, "a", None, "x", 1, "eager", None), (0, "b.c", None, "y", 1, "eager", None)],
        id="aliases are kept apart",
    ),
    pytest.param("from a.b import c as d", [(0, "a.b", "c", "d", 1, "eager", None)], id="a name from a module"),
    pytest.param("from . import a", [(1, "", "a", None, 1, "eager", None)], id="a sibling has level one and no module"),
    pytest.param("from ...a.b import c", [(3, "a.b", "c", None, 1, "eager", None)], id="three dots are level three"),
    pytest.param("from a import *", [(0, "a", "*", None, 1, "eager", None)], id="a star import names the star"),
    pytest.param("from . import *", [(1, "", "*", None, 1, "eager", None)], id="a star import from the package itself"),
    pytest.param(
        "from __future__ import annotations",
        [(0, "__future__", "annotations", None, 1, "eager", None)],
        id="a future import is an import",
    ),
    pytest.param(
        "from a import (  # why\n    b,  # this\n    c as d,\n)",
        [(0, "a", "b", None, 1, "eager", None), (0, "a", "c", "d", 1, "eager", None)],
        id="names in brackets stand on the line of the statement",
    ),
    pytest.param(
        "from a import b, \\\n    c", [(0, "a", "b", None, 1, "eager", None), (0, "a", "c", None, 1, "eager", None)],
        id="a backslash continues the statement",
    ),
    pytest.param(
        "import a; import b", [(0, "a", None, None, 1, "eager", None), (0, "b", None, None, 1, "eager", None)],
        id="semicolons separate statements",
    ),
    pytest.param("import a . b", [(0, "a.b", None, None, 1, "eager", None)], id="blanks around dots do not count"),
    pytest.param("def f():\n    import a", [(0, "a", None, None, 2, "lazy", None)], id="inside a function is lazy"),
    pytest.param(
        "class A:\n    def f(self):\n        if x:\n            from a import b\n",
        [(0, "a", "b", None, 4, "lazy", "x")],
        id="inside a method, under a condition",
    ),
    pytest.param("class A:\n    import a", [(0, "a", None, None, 2, "eager", None)], id="a class body runs at import"),
    pytest.param(
        "class A:\n    if x:\n        import a", [(0, "a", None, None, 3, "eager", "x")],
        id="an if in a class body guards",
    ),
    pytest.param(
        "def f():\n    def g():\n        import a", [(0, "a", None, None, 3, "lazy", None)],
        id="a function in a function",
    ),
    pytest.param(
        "async def f():\n    async with a:\n        import b", [(0, "b", None, None, 3, "lazy", None)],
        id="an async function is a function",
    ),
    pytest.param(
        "if TYPE_CHECKING:\n    import a", [(0, "a", None, None, 2, "typing", None)], id="the usual guard of type checkers",
    ),
    pytest.param(
        "if typing.TYPE_CHECKING:\n    import a", [(0, "a", None, None, 2, "typing", None)], id="the guard by its module",
    ),
    pytest.param(
        "import typing as t\nif t.TYPE_CHECKING:\n    import a",
        [(0, "typing", None, "t", 1, "eager", None), (0, "a", None, None, 3, "typing", None)],
        id="the guard by an alias of its module",
    ),
    pytest.param(
        "from typing import TYPE_CHECKING as TC\nif TC:\n    import a",
        [(0, "typing", "TYPE_CHECKING", "TC", 1, "eager", None), (0, "a", None, None, 3, "typing", None)],
        id="the guard by its own alias",
    ),
    pytest.param(
        "if (TYPE_CHECKING):\n    import a", [(0, "a", None, None, 2, "typing", None)], id="the guard in brackets",
    ),
    pytest.param(
        "if TYPE_CHECKING and x:\n    import a", [(0, "a", None, None, 2, "typing", None)], id="the guard and more",
    ),
    pytest.param(
        "if TYPE_CHECKING or x:\n    import a",
        [(0, "a", None, None, 2, "eager", "TYPE_CHECKING or x")],
        id="the guard or something else may run",
    ),
    pytest.param(
        "if TYPE_CHECKING:\n    import a\nelse:\n    import b",
        [(0, "a", None, None, 2, "typing", None), (0, "b", None, None, 4, "eager", None)],
        id="the else branch of the guard runs",
    ),
    pytest.param(
        "if not TYPE_CHECKING:\n    import a\nelse:\n    import b",
        [(0, "a", None, None, 2, "eager", None), (0, "b", None, None, 4, "typing", None)],
        id="the negated guard swaps the branches",
    ),
    pytest.param(
        "if not typing.TYPE_CHECKING:\n    import a\nelif x:\n    import b\nelse:\n    import c",
        [
            (0, "a", None, None, 2, "eager", None),
            (0, "b", None, None, 4, "typing", "x"),
            (0, "c", None, None, 6, "typing", "not (x)"),
        ],
        id="behind the negated guard every branch is typing",
    ),
    pytest.param(
        "if TYPE_CHECKING:\n    import a\nelif x:\n    import b",
        [(0, "a", None, None, 2, "typing", None), (0, "b", None, None, 4, "eager", "x")],
        id="an elif behind the guard runs",
    ),
    pytest.param(
        "if TYPE_CHECKING:\n    def f():\n        import a", [(0, "a", None, None, 3, "typing", None)],
        id="a function under the guard never runs",
    ),
    pytest.param(
        "def f():\n    if TYPE_CHECKING:\n        import a", [(0, "a", None, None, 3, "typing", None)],
        id="the guard in a function",
    ),
    pytest.param(
        "if p.is_rocm():\n    import a\nelif p.is_cuda():\n    import b\nelse:\n    import c",
        [
            (0, "a", None, None, 2, "eager", "p.is_rocm()"),
            (0, "b", None, None, 4, "eager", "p.is_cuda()"),
            (0, "c", None, None, 6, "eager", "not (p.is_cuda())"),
        ],
        id="each branch of a platform switch carries its condition",
    ),
    pytest.param(
        "if x:\n    if y:\n        import a", [(0, "a", None, None, 3, "eager", "y")], id="the innermost condition wins",
    ),
    pytest.param(
        "if x:\n    if TYPE_CHECKING:\n        import a", [(0, "a", None, None, 3, "typing", "x")],
        id="the guard of type checkers is no condition",
    ),
    pytest.param(
        "try:\n    import a\nexcept ImportError as e:\n    import b\nelse:\n    import c\nfinally:\n    import d",
        [
            (0, "a", None, None, 2, "eager", "try"),
            (0, "b", None, None, 4, "eager", "except ImportError"),
            (0, "c", None, None, 6, "eager", "try"),
            (0, "d", None, None, 8, "eager", None),
        ],
        id="the parts of a try are told apart",
    ),
    pytest.param(
        "try:\n    import a\nexcept* (A, B):\n    import b",
        [(0, "a", None, None, 2, "eager", "try"), (0, "b", None, None, 4, "eager", "except* (A, B)")],
        id="an exception group",
    ),
    pytest.param(
        "with a:\n    import b\nfor c in d:\n    import e\nelse:\n    import f\nwhile g:\n    import h",
        [
            (0, "b", None, None, 2, "eager", None),
            (0, "e", None, None, 4, "eager", None),
            (0, "f", None, None, 6, "eager", None),
            (0, "h", None, None, 8, "eager", None),
        ],
        id="with and loops are no conditions",
    ),
    pytest.param(
        "match a:\n    case 1 if b:\n        import c\n    case _:\n        import d",
        [(0, "c", None, None, 3, "eager", "case 1 if b"), (0, "d", None, None, 5, "eager", "case _")],
        id="a case carries its pattern",
    ),
    pytest.param("if x: import a; import b", [(0, "a", None, None, 1, "eager", "x"), (0, "b", None, None, 1, "eager", "x")], id="a suite on the same line"),
    pytest.param("x = 'import a'\n# import b\n'''\nimport c\n'''", [], id="text is no import"),
    pytest.param("\tif x:\n\t\timport a", [(0, "a", None, None, 2, "eager", "x")], id="tabs"),
    pytest.param("import a\x0c\nimport b", [(0, "a", None, None, 1, "eager", None), (0, "b", None, None, 2, "eager", None)], id="a form feed"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), IMPORTS)
def test_imports(text: str, expected: list[tuple[object, ...]]) -> None:
    assert imports_of(text) == expected


def definitions_of(text: str) -> list[tuple[object, ...]]:
    return [
        (each.name, each.kind.value, each.line, each.start, each.end) for each in outline(text).definitions
    ]


DEFINITIONS = [
    pytest.param("def f(): pass", [("f", "function", 1, 1, 1)], id="a function"),
    pytest.param("async def f():\n    pass", [("f", "function", 1, 1, 2)], id="an async function"),
    pytest.param(
        "@a\n@b(1)\ndef f():\n    pass\n    # more\n\nx", [("f", "function", 3, 1, 4)],
        id="decorators begin it, comments behind it do not end it",
    ),
    pytest.param(
        "class A(B, *C, metaclass=D):\n    x: int = 1\n    def f(self): pass",
        [("A", "class", 1, 1, 3), ("A.x", "variable", 2, 2, 2), ("A.f", "method", 3, 3, 3)],
        id="a class with a field and a method",
    ),
    pytest.param(
        "class A:\n    class B:\n        def f(self):\n            def g(): pass\n",
        [("A", "class", 1, 1, 4), ("A.B", "class", 2, 2, 4), ("A.B.f", "method", 3, 3, 4)],
        id="a nested class is qualified, a nested function belongs to its parent",
    ),
    pytest.param("def f():\n    class A:\n        x = 1", [("f", "function", 1, 1, 3)], id="a class in a function belongs to it"),
    pytest.param("x = y = 1", [("x", "variable", 1, 1, 1), ("y", "variable", 1, 1, 1)], id="a chain defines every name"),
    pytest.param(
        "a, (b, *c) = d", [("a", "variable", 1, 1, 1), ("b", "variable", 1, 1, 1), ("c", "variable", 1, 1, 1)],
        id="tuple targets define their names",
    ),
    pytest.param("(\n    a,\n    b,\n) = 1, 2", [("a", "variable", 2, 1, 4), ("b", "variable", 3, 1, 4)], id="names on their own lines"),
    pytest.param("a.b = 1\na['x'] = 2\na += 1\ndel a", [], id="attributes, items and updates define nothing"),
    pytest.param("x: int", [("x", "variable", 1, 1, 1)], id="an annotation alone declares"),
    pytest.param(
        "if a:\n    def f(): pass\nelse:\n    def f(): pass",
        [("f", "function", 2, 2, 2), ("f", "function", 4, 4, 4)],
        id="both branches of a guard",
    ),
    pytest.param(
        "try:\n    x = 1\nexcept E:\n    x = 2\nfinally:\n    y = 3",
        [("x", "variable", 2, 2, 2), ("x", "variable", 4, 4, 4), ("y", "variable", 6, 6, 6)],
        id="definitions in a try",
    ),
    pytest.param("type X[T] = list[T]", [("X", "variable", 1, 1, 1)], id="a type statement"),
    pytest.param("def f[T: int](x: T) -> T: ...\nclass A[T]: ...", [("f", "function", 1, 1, 1), ("A", "class", 2, 2, 2)], id="type parameters"),
    pytest.param("x = 1; y = 2", [("x", "variable", 1, 1, 1), ("y", "variable", 1, 1, 1)], id="two on a line"),
    pytest.param("x = lambda: 1", [("x", "variable", 1, 1, 1)], id="a lambda is a value"),
    pytest.param("with a as b:\n    x = 1\nfor i in c:\n    y = 2", [("x", "variable", 2, 2, 2), ("y", "variable", 4, 4, 4)], id="in with and for"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), DEFINITIONS)
def test_definitions(text: str, expected: list[tuple[object, ...]]) -> None:
    assert definitions_of(text) == expected


def test_a_signature_keeps_every_kind_of_parameter() -> None:
    (function,) = outline(
        "async def f(a, /, b: int = 3, *args: str, c, d=[1,\n    2], **kw) -> dict[str, int]: ..."
    ).definitions
    assert [(each.name, each.kind, each.default, each.annotation) for each in function.parameters] == [
        ("a", ParameterKind.POSITIONAL_ONLY, None, None),
        ("b", ParameterKind.POSITIONAL_OR_KEYWORD, "3", "int"),
        ("args", ParameterKind.VAR_POSITIONAL, None, "str"),
        ("c", ParameterKind.KEYWORD_ONLY, None, None),
        ("d", ParameterKind.KEYWORD_ONLY, "[1, 2]", None),
        ("kw", ParameterKind.VAR_KEYWORD, None, None),
    ]
    assert function.is_async


def test_a_bare_star_makes_keyword_only_parameters() -> None:
    (function,) = outline("def f(a, *, b): ...").definitions
    assert [each.kind for each in function.parameters] == [
        ParameterKind.POSITIONAL_OR_KEYWORD,
        ParameterKind.KEYWORD_ONLY,
    ]


def test_bases_and_decorators_read_as_written_on_one_line() -> None:
    (cls,) = outline(
        "@config\n@dataclass(\n    frozen=True,  # why\n)\nclass A(B[int],\n        c.D, metaclass=E): ..."
    ).definitions
    assert cls.bases == ("B[int]", "c.D")
    assert cls.decorators == ("config", "dataclass(frozen=True,)")


def test_a_variable_keeps_value_and_annotation() -> None:
    first, second, third = outline("x: dict[str,\n  int] = {'a  b': 1}  # c\ny, z = 1, 'a'").definitions
    assert (first.value, first.annotation) == ("{'a  b': 1}", "dict[str, int]")
    assert (second.value, third.value) == ("1", "'a'")


def test_a_long_value_is_cut() -> None:
    (variable,) = outline("x = [" + "1, " * 500 + "]").definitions
    assert variable.value is not None
    assert len(variable.value) == 200
    assert variable.value.endswith("…")


EXPORTS = [
    pytest.param("x = 1", None, id="no list"),
    pytest.param("__all__ = ['a', \"b\"]", ("a", "b"), id="a list"),
    pytest.param("__all__ = ('a', 'b' 'c')", ("a", "bc"), id="a tuple with joined strings"),
    pytest.param("__all__: list[str] = ['a']\n__all__ += ['b']", ("a", "b"), id="added to"),
    pytest.param("__all__ = ['a'] + ['b']", ("a", "b"), id="a sum"),
    pytest.param("__all__ = ['a']\n__all__.extend(['b', 'c'])\n__all__.append('d')\n__all__.remove('b')", ("a", "c", "d"), id="by methods"),
    pytest.param("__all__ = ['a'] + other.__all__", None, id="a part that is not spelled out makes it unknown"),
    pytest.param("__all__ = ['a']\n__all__ += names()", None, id="so does an addition that is not"),
    pytest.param("class A:\n    __all__ = ['a']", None, id="not in a class"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), EXPORTS)
def test_exports(text: str, expected: tuple[str, ...] | None) -> None:
    assert outline(text).exports == expected


def test_a_module_getattr_is_one_of_the_module() -> None:
    assert outline("def __getattr__(name): ...").has_module_getattr
    assert not outline("class A:\n    def __getattr__(self, name): ...").has_module_getattr


STRINGS = [
    pytest.param("x = 'vllm.v1.worker.Worker'", [("vllm.v1.worker.Worker", 1)], id="a class path"),
    pytest.param('def f():\n    return "a.b"', [("a.b", 2)], id="in a function"),
    pytest.param("x = (\n    'a.b.'\n    'c.D'\n)", [("a.b.c.D", 2)], id="split over two literals"),
    pytest.param("# 'a.b'\n'''\n'a.b'\n'''", [], id="not in comments and docstrings"),
    pytest.param("x = 'a.b c'\ny = 'a..b'\nz = 'a'\nw = '1.2'\nf = f'a.b{x}'", [], id="not what is no path as a whole"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), STRINGS)
def test_strings(text: str, expected: list[tuple[str, int]]) -> None:
    assert [(each.text, each.line) for each in outline(text).strings] == expected


OPERATORS = [
    pytest.param("def f():\n    torch.ops._C.silu(x)", [("_C", "silu", 2)], id="a call"),
    pytest.param("x = torch.ops._C.silu.default", [("_C", "silu", 1)], id="an overload counts as its operator"),
    pytest.param('if hasattr(torch.ops._C, "silu"): pass', [("_C", "silu", 1)], id="asked for by name"),
    pytest.param("# torch.ops._C.a\n'torch.ops._C.b'", [], id="not in text"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), OPERATORS)
def test_operators(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert [(each.namespace, each.name, each.line) for each in outline(text).operators] == expected


CODE_LINES = [
    pytest.param("", 0, id="nothing"),
    pytest.param('"""doc"""\n\nimport a  # x\n# comment\n', 1, id="neither docstring nor comment nor blank line"),
    pytest.param("def f():\n    '''doc\n\n    more\n    '''\n    return 1\n", 2, id="a long docstring"),
    pytest.param("def f():  # why\n    # what\n    'doc'\n    x = '''\na\n\nb'''\n", 4, id="a string that is a value counts"),
    pytest.param("x = [\n    'a',\n    'b',\n]\n", 4, id="strings of a list count"),
    pytest.param('class A:\n    r"""d"""\n\n    def f(self): ...', 2, id="a raw docstring"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CODE_LINES)
def test_code_lines(text: str, expected: int) -> None:
    assert outline_python(text.encode()).code_lines == expected


def test_what_does_not_parse_is_told_and_the_rest_goes_on() -> None:
    found = outline("import a\nx = (1,\n\ndef f():\n    import b\n\nclass A:\n    y = 1\n")
    assert next(each.module for each in found.imports) == "a"
    assert found.problems
    assert found.problems[0].line >= 2


def test_a_missing_token_is_named() -> None:
    (problem,) = outline("def f(:\n    pass\n").problems
    assert problem.line == 1


def test_names_are_told_apart_from_the_rest() -> None:
    assert identifiers(b"def test_x(): assert a.b == 'c d'  # e\n") == (
        "a",
        "assert",
        "b",
        "c",
        "d",
        "def",
        "e",
        "test_x",
    )


def test_kinds_are_those_of_the_statement() -> None:
    kinds = {
        each.name: each.kind
        for each in outline("class A:\n    def f(self): ...\n    x = 1\ny = 2\ndef g(): ...").definitions
    }
    assert kinds == {
        "A": DefinitionKind.CLASS,
        "A.f": DefinitionKind.METHOD,
        "A.x": DefinitionKind.VARIABLE,
        "y": DefinitionKind.VARIABLE,
        "g": DefinitionKind.FUNCTION,
    }
