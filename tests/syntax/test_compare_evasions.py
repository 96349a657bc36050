"""What was once called cosmetic, or not seen at all, and changes what runs; and what looks like it and is form."""

from __future__ import annotations

import pytest

from diffscope.syntax.compare.compare import compare_python

SEEN = [
    pytest.param("x = f'{a:02d}'", "x = f'{a:03x}'", ["x: body"], id="the format of a formatted string"),
    pytest.param("x = f'{a:>{w}}'", "x = f'{a:<{w}}'", ["x: body"], id="the text of a format beside what is interpolated in it"),
    pytest.param("x = f'{a:{w}.2f}'", "x = f'{a:{w}.3f}'", ["x: body"], id="the text of a format behind what is interpolated in it"),
    pytest.param("x = f'{a}'", "x = f'{a=}'", ["x: body"], id="an equals sign that shows the expression"),
    pytest.param("x = f'{a=}'", "x = f'{a = }'", ["x: body"], id="blanks around an equals sign that shows the expression"),
    pytest.param("x = f'{a:=5}'", "x = f'{(a:=5)}'", ["x: body"], id="a format that begins with an equals sign is no assignment"),
    pytest.param("x = f'{a:=5}'", "x = f'{a:=6}'", ["x: body"], id="the width behind an equals sign"),
    pytest.param("f'{g()}'", "f'{h()}'", ["<module>: body"], id="a formatted string that stands alone is evaluated"),
    pytest.param("x = b''", "x = ''", ["x: body"], id="bytes are no text where both are empty"),
    pytest.param(r"x = b'\u0041'", "x = b'A'", ["x: body"], id="bytes know no escapes of four digits"),
    pytest.param(r"x = b'\N{DASH}'", r"x = b'\\N'", ["x: body"], id="bytes know no names of characters"),
    pytest.param("x = t'a{b}'", "x = f'a{b}'", ["x: body"], id="a template is no text"),
    pytest.param("x = t'{b }'", "x = t'{c }'", ["x: body"], id="the expression of a template"),
    pytest.param("a, b = f()", "b, a = f()", ["a: body", "b: body"], id="targets of one assignment change places"),
    pytest.param("X = int", "type X = int", ["X: body"], id="an alias that is a statement"),
    pytest.param("if a:\n    b()\n    c()", "if a:\n    b()\nc()", ["<module>: body"], id="a statement of the module leaves its block"),
    pytest.param("class A:\n    if a:\n        b()\n        c()", "class A:\n    if a:\n        b()\n    c()", ["A: body"], id="a statement of a class leaves its block"),
    pytest.param(
        "if a:\n    def f(): return 1\nelse:\n    def f(): return 2", "if a:\n    def f(): return 2\nelse:\n    def f(): return 1",
        ["f: body", "f: body"], id="definitions of one name change branches",
    ),
    pytest.param(
        "class A:\n    try:\n        x = 1\n    except E:\n        x = 2", "class A:\n    try:\n        x = 2\n    except E:\n        x = 1",
        ["A.x: default body", "A.x: default body"], id="fields of one name change branches",
    ),
    pytest.param("if a:\n    class A:\n        x = 1\nelse:\n    class A:\n        x = 2", "if a:\n    class A:\n        x = 2\nelse:\n    class A:\n        x = 1", ["A.x: default body", "A.x: default body"], id="members of classes of one name change branches"),
    pytest.param("if a:\n    def f(): return 1\nelse:\n    g()", "if a:\n    pass\nelse:\n    g()\n    def f(): return 1", ["<module>: order"], id="a definition goes to the other branch"),
    pytest.param("if a:\n    def f(): return 1\n    g()", "if a:\n    g()\ndef f(): return 1", ["<module>: order"], id="a definition leaves its branch"),
    pytest.param("def f(): return 1\ndef f(): return 2", "def f(): return 2\ndef f(): return 1", ["<module>: order"], id="the last definition of a name is the one that counts"),
    pytest.param("x = 1\ny = x", "y = x\nx = 1", ["<module>: order"], id="a value stands in front of what it needs"),
    pytest.param("x = f()\ny = g()", "y = g()\nx = f()", ["<module>: order"], id="two calls change places"),
    pytest.param("x = 1\nregister(x)", "register(x)\nx = 1", ["<module>: order"], id="a statement stands in front of what it needs"),
    pytest.param("import a\nos.environ['X'] = '1'", "os.environ['X'] = '1'\nimport a", ["<module>: order"], id="a setting that an import finds"),
    pytest.param("from a import f\nfrom b import f", "from b import f\nfrom a import f", ["<module>: order"], id="imports that rebind a name change places"),
    pytest.param("from a import *\nfrom b import *", "from b import *\nfrom a import *", ["<module>: order"], id="stars may rebind a name"),
    pytest.param("def g():\n    from a import f\n    from b import f", "def g():\n    from b import f\n    from a import f", ["g: body"], id="imports in a function that rebind a name"),
    pytest.param("try:\n    import a\nexcept ImportError:\n    pass", "try:\n    import a\nexcept E:\n    pass", ["<module>: order"], id="what an import is guarded against"),
    pytest.param("with x():\n    import a", "with y():\n    import a", ["<module>: order"], id="the context of an import"),
    pytest.param("@triton.jit\ndef f(n): ...", "@triton.jit\ndef f(n: tl.constexpr): ...", ["f: annotation"], id="an annotation of a kernel's parameter"),
    pytest.param("@cute.kernel\ndef f(n):\n    x: cutlass.Int32 = n", "@cute.kernel\ndef f(n):\n    x: cutlass.Int64 = n", ["f: annotation"], id="an annotation in a kernel"),
    pytest.param(
        "@tilelang.jit(out_idx=[1])\ndef f(n):\n    @T.prim_func\n    def main(a: T.Tensor(n)): ...",
        "@tilelang.jit(out_idx=[1])\ndef f(n):\n    @T.prim_func\n    def main(a: T.Tensor(2 * n)): ...",
        ["f: annotation"], id="an annotation of a kernel in a function",
    ),
    pytest.param("from triton import jit as j\n@j\ndef f(n): ...", "from triton import jit as j\n@j\ndef f(n: tl.constexpr): ...", ["f: annotation"], id="an annotation of a kernel whose compiler has another name"),
    pytest.param("import triton as t\n@t.jit\ndef f(n): ...", "import triton as t\n@t.jit\ndef f(n: tl.constexpr): ...", ["f: annotation"], id="an annotation of a kernel whose compiler's module has another name"),
    pytest.param("import tilelang.language as L\n@L.prim_func\ndef f(n: L.int32): ...", "import tilelang.language as L\n@L.prim_func\ndef f(n: L.int64): ...", ["f: annotation"], id="an annotation of a kernel of a language of another name"),
    pytest.param("class A(OpenAIBaseModel):\n    x: int", "class A(OpenAIBaseModel):\n    x: str", ["A.x: annotation"], id="the type of a model's field whose base is in another file"),
    pytest.param("from pydantic import BaseModel as B\nclass A(B):\n    x: int", "from pydantic import BaseModel as B\nclass A(B):\n    x: str", ["A.x: annotation"], id="the type of a model's field whose base has another name"),
    pytest.param("import f\nfor f in x: ...", "for f in x: ...\nimport f", ["<module>: order"], id="an import and a loop that bind one name change places"),
    pytest.param("import f\nwith o() as f: ...", "with o() as f: ...\nimport f", ["<module>: order"], id="an import and a context that bind one name change places"),
    pytest.param("import f\nmatch q:\n    case f: pass", "match q:\n    case f: pass\nimport f", ["<module>: order"], id="an import and a pattern that bind one name change places"),
    pytest.param("@router.post('/x')\nasync def f(r: A): ...", "@router.post('/x')\nasync def f(r: B): ...", ["f: annotation"], id="the type of a request"),
    pytest.param("@dataclass\nclass A:\n    x: int = 1", "@dataclass\nclass A:\n    x: ClassVar[int] = 1", ["A.x: annotation"], id="a field of a data class becomes none"),
    pytest.param("class A(msgspec.Struct):\n    x: int", "class A(msgspec.Struct):\n    x: float", ["A.x: annotation"], id="the type of a struct's field"),
    pytest.param("class A(BaseModel):\n    x: int", "class A(BaseModel):\n    x: float", ["A.x: annotation"], id="the type of a model's field"),
    pytest.param("def f():\n    return 1", "async def f():\n    return 1", ["f: signature"], id="a function becomes asynchronous"),
    pytest.param("class A:\n    @property\n    def f(self): return 1", "class A:\n    def f(self): return 1", ["A.f: decorators"], id="a property becomes a method"),
    pytest.param("def f(): return 1", "class f: ...", ["f: added", "f: removed"], id="a function becomes a class"),
]  # fmt: skip

FIELDS = [
    pytest.param("@dataclass\nclass A:", ": int", True, id="a data class"),
    pytest.param("@dataclasses.dataclass(frozen=True)\nclass A:", ": int", True, id="a data class with options"),
    pytest.param("@dataclass(kw_only=True)\nclass A:", ": int", False, id="a data class that is made by keywords"),
    pytest.param("@dataclass(kw_only=True, order=True)\nclass A:", ": int", True, id="a data class that is compared by its fields"),
    pytest.param("from dataclasses import dataclass as d\n@d\nclass A:", ": int = 1", True, id="a data class by another name"),
    pytest.param("frozen_one = partial(dataclass, frozen=True)\n@frozen_one\nclass A:", ": int = 1", True, id="a data class by a decorator of the file"),
    pytest.param("from msgspec import Struct as S\nclass A(S):", ": int = 1", True, id="a struct by another name"),
    pytest.param("S = NamedTuple\nclass A(S):", ": int = 1", True, id="a named tuple by another name"),
    pytest.param("class A(metaclass=EnumMeta):", " = 1", True, id="an enumeration by its metaclass"),
    pytest.param("class A(OpenAIBaseModel):", ": int", False, id="a model of another file"),
    pytest.param("@attrs.define\nclass A:", ": int", True, id="a class of attrs"),
    pytest.param("@config\nclass A:", ": int = 1", True, id="a configuration"),
    pytest.param("class A(NamedTuple):", ": int", True, id="a named tuple"),
    pytest.param("class A(msgspec.Struct, array_like=True, kw_only=True):", ": int", True, id="a struct that is encoded by place"),
    pytest.param("class A(msgspec.Struct):", ": int", True, id="a struct"),
    pytest.param("class A(msgspec.Struct, kw_only=True):", ": int", False, id="a struct that is made by keywords"),
    pytest.param("class A(enum.Enum):", " = enum.auto()", True, id="an enumeration that numbers itself"),
    pytest.param("class A(IntFlag):", " = 1", True, id="an enumeration that is listed in order"),
    pytest.param("class A(Unknown):", ": int", True, id="fields without values below a class that is not known"),
    pytest.param("class A(Unknown):", " = 1", False, id="constants below a class that is not known"),
    pytest.param("class A:", " = 1", False, id="constants of a plain class"),
    pytest.param("class A:", ": int = 1", False, id="annotated constants of a plain class"),
    pytest.param("class A(BaseModel):", ": int", False, id="a model, which is made by keywords"),
    pytest.param("class A(TypedDict):", ": int", False, id="a typed dictionary"),
    pytest.param("class A(nn.Module):", ": int", False, id="a module of torch"),
    pytest.param("class B(NamedTuple):\n    z: int\nclass A(B):", ": int", True, id="a class below a named tuple of the file"),
]  # fmt: skip

FORM = [
    pytest.param(b"x = '''a\r\nb'''\r\n", b"x = '''a\nb'''\n", id="line ends of a text, which Python reads as one"),
    pytest.param(b"def f():\r\n    return 1\r\n", b"def f():\n    return 1\n", id="line ends"),
    pytest.param(b"# coding: latin-1\nx = '\xe9'\n", "# coding: utf-8\nx = 'é'\n".encode(), id="another encoding of one text"),
    pytest.param(b"x = '\\N{EM DASH}'", "x = '—'".encode(), id="the name of a character"),
    pytest.param("ﬁrst = 1".encode(), b"first = 1", id="another spelling of a name"),
    pytest.param(b"x = b'\\x41'", b"x = b'A'", id="an escape in bytes"),
    pytest.param(b"x = f'{a}'", b"x = f'{a  # why\n}'", id="a comment in a formatted string"),
    pytest.param(b"x = f'{a!r:>5}'", b"x = f'{(a)!r:>5}'", id="brackets in a formatted string"),
    pytest.param(b"def f(): ...\nx = 1", b"x = 1\ndef f(): ...", id="definitions that do not need one another"),
    pytest.param(b"import a.b\nimport a.c", b"import a.c\nimport a.b", id="imports that bind one package"),
    pytest.param(b"import a\nlogger = init_logger(__name__)", b"logger = init_logger(__name__)\nimport a", id="an import and a logger"),
    pytest.param(b"if a:\n    def f(): return 1\nelif b:\n    x = 1", b"if a:\n    def f(): return 1\nelse:\n    if b:\n        x = 1", id="an elif that is an if in an else"),
    pytest.param(b"def f(x: int): ...", b"def f(x: str): ...", id="an annotation that nothing reads"),
]  # fmt: skip


def describe(before: str, after: str) -> list[str]:
    found = compare_python(before.encode(), after.encode())
    return [
        f"{change.name}: {' '.join(aspect.value for aspect in change.aspects)}"
        for change in found.symbols
        if change.logic
    ]


@pytest.mark.parametrize(("before", "after", "expected"), SEEN)
def test_what_changes_a_run_is_logic(before: str, after: str, expected: list[str]) -> None:
    assert describe(before, after) == expected
    assert len(describe(after, before)) == len(expected)


@pytest.mark.parametrize(("head", "field", "counts"), FIELDS)
def test_the_order_of_fields_counts_where_they_are_told_by_their_place(
    head: str, field: str, counts: bool
) -> None:
    before, after = (
        f"{head}\n    {first}{field}\n    {second}{field}\n" for first, second in (("x", "y"), ("y", "x"))
    )
    assert describe(before, after) == (["A: field-order"] if counts else [])


def test_fields_behind_a_mark_have_no_order_and_crossing_it_counts() -> None:
    head = "@dataclass\nclass A:\n    x: int\n"
    behind = f"{head}    _: KW_ONLY\n    y: int\n    z: int\n"
    assert describe(behind, f"{head}    _: KW_ONLY\n    z: int\n    y: int\n") == []
    assert describe(behind, f"{head}    y: int\n    _: KW_ONLY\n    z: int\n") == ["A: field-order"]


def test_a_reordered_class_stands_where_its_fields_moved() -> None:
    before = b"class A(NamedTuple):\n    x: int\n    y: int\n    z: int\n"
    [change] = compare_python(before, b"class A(NamedTuple):\n    y: int\n    z: int\n    x: int\n").symbols
    assert (change.added_lines, change.removed_lines) == ((4,), (2,))


@pytest.mark.parametrize(("before", "after"), FORM)
def test_what_changes_no_run_is_form(before: bytes, after: bytes) -> None:
    assert [change for change in compare_python(before, after).symbols if change.logic] == []


def test_texts_of_a_file_in_another_encoding_are_read_in_it() -> None:
    one, other = (b"# -*- coding: latin-1 -*-\ndef f():\n    return '%c'\n" % byte for byte in (0xE9, 0xE8))
    [change] = compare_python(one, other).symbols
    assert (change.name, change.logic, change.added_lines) == ("f", True, (3,))


UNREADABLE = [
    pytest.param(b"x = '\xff'\n", 1, id="bytes that are no UTF-8"),
    pytest.param(b"# note\rx = 1\ny = 2\n", 1, id="a carriage return that ends a comment for Python alone"),
    pytest.param(b"# coding: unicode_escape\n# \\nx = 1\n", 1, id="an encoding that makes lines"),
]


@pytest.mark.parametrize(("source", "line"), UNREADABLE)
def test_what_python_reads_otherwise_is_a_problem(source: bytes, line: int) -> None:
    found = compare_python(b"x = 1\n", source)
    assert [problem.line for problem in found.problems][:1] == [line]
