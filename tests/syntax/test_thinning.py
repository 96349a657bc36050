"""What is cut before parsing, and what is left alone because its bounds are not certain."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.syntax.body_cutting import cut_bodies, find_bodies
from diffscope.syntax.outline.outline import declare_python, outline_python

CUT = [
    pytest.param("\ndef f(a, b=1):\n    x = 1\n    return x\n", "\ndef f(a, b=1):\n\n 0\n", id="a body becomes a number on its last line"),
    pytest.param("\ndef f():\n    '''doc\n  more'''\n    return 1\nx = 2\n", "\ndef f():\n\n\n 0\nx = 2\n", id="with its docstring"),
    pytest.param("\nclass A:\n    def f(self):\n        return 1\n\n    y = 1\n", "\nclass A:\n    def f(self):\n     0\n\n    y = 1\n", id="of a method"),
    pytest.param("\nasync def f(\n    a,\n) -> int:\n    return 1", "\nasync def f(\n    a,\n) -> int:\n 0", id="of a coroutine, up to the end of the file"),
    pytest.param("\ndef f():\n    return (\n1)\nx\n", "\ndef f():\n\n 0\nx\n", id="past lines that are not indented, in brackets"),
    pytest.param("\ndef f():\n    x = 1\n    # c\n\n# d\ny\n", "\ndef f():\n 0\n\n\n\ny\n", id="comments behind the last line are no code of it"),
]  # fmt: skip

KEPT = [
    pytest.param("\ndef f(): return 1\nclass A:\n    x = 1\n", id="a body on the line of its head"),
    pytest.param("\ndef f():\n\tx = 1\n", id="tabs"),
    pytest.param("\ndef f():\n    x = 1 + \\\n2\ny\n", id="a continued line that is not indented"),
    pytest.param("\ndef f():\n    x = (1\n", id="a bracket left open"),
    pytest.param("\ndef f():\n    x = '''a\n", id="a string left open"),
    pytest.param("\ndef f(a=')', b=(\n1):\n    x = 1\n", id="a head that cannot be told"),
    pytest.param("\r\ndef f():\r\n    x = 1\r\n", id="other line ends"),
    pytest.param("\nx = 'def f():'\n", id="no function"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CUT)
def test_a_body_is_cut_and_every_line_keeps_its_number(text: str, expected: str) -> None:
    source = text.encode()
    thinned = cut_bodies(source, [(body, ()) for body in find_bodies(source)])
    assert thinned.source.decode() == expected
    assert thinned.source.count(b"\n") == source.count(b"\n")


@pytest.mark.parametrize("text", KEPT)
def test_what_is_not_certain_is_left_alone(text: str) -> None:
    assert find_bodies(text.encode()) == []


SAME = [
    pytest.param("X = '''\ndef f():\n    return 1\n'''\n", id="a function in a string of the module"),
    pytest.param("class A:\n    X = '''\n    def f():\n        return 1\n    '''\n", id="a function in a string of a class"),
    pytest.param("Y = 1\nX = '''\ndef f():\n    don't\n'''\ndef g():\n    '''doc'''\n    return 1\nclass B:\n    z = 1\n", id="text with a lone quote"),
    pytest.param("\ndef f():\n    # '''\n    x = '''\nimport a\n'''\n    y = 1\ndef g():\n    # '''\n    x = '''\nimport b\n'''\n", id="quotes in comments"),
    pytest.param("\ndef f():\n    import a\n    from b import c\n    return c\n\ndef g():\n    return 1\n", id="plain imports are kept alone"),
    pytest.param("\ndef f():\n    if x:\n        import a\n    return c\n", id="guarded imports with their guard"),
    pytest.param("\ndef f():\n    'import x'\n    y = '''\n    import a\n    '''\n", id="imports in text"),
    pytest.param("\ndef f():\n    import a; import b\n    from c import (\n        d,\n    )\n", id="imports of other forms"),
    pytest.param("\ndef f():\n    x = 'vllm.a.b'\n    return torch.ops._C.d(x)\n", id="paths and operators"),
    pytest.param("\ndef f():\n    '''\n    register('a', 'b.c.d')\n    '''\n    return 1\n\nregister('e', 'f.g.H')\n", id="rows in a docstring"),
    pytest.param("\ndef f(a, b: 'x:y' = ')') -> dict[str, int]:\n    return 1\n\ndef g():\n    return 2\n", id="odd heads"),
    pytest.param("\ndef f():\n    return {'a': [1, (2)],\n'b': 3}\nx = 1\n", id="unindented lines in brackets"),
    pytest.param("\ndef f():\n    return f(')',\n0)\ndef g():\n    return 1\n", id="a bracket in a string that makes up for an open one"),
    pytest.param(
        "\ndef f(x):\n    y = 1\n    try:\n        import a\n    except E:\n        from b import c\n    else:\n        z = 1\n    if x:\n        return 1\n"
        "    elif y:\n        import d\n    else:\n        import e\n    return y\n",
        id="imports with all clauses of their statement",
    ),
    pytest.param("\ndef f():\n    y = 1\n    @register('a')\n    # c\n    @other\n    def g():\n        return 1\n    return g\n", id="a decorator with its function"),
    pytest.param("\ndef f():\n    y = '''\n    x = \\'''\n    '''\n    z = {\n        'a': B,\n    }\n    return z\n", id="rows behind text"),
    pytest.param("\ndef f():\n    y = 1 + \\\n    g('a.b')\n    return y\n", id="a continued line with a path"),
    pytest.param("\ndef f():\n    y = 1\n    x = ['a.b',\n    'c.d', (\n    'e.f')]\n    # import\n    'g.h'\n    return y\n    # e\n\n\nimport a\n", id="paths at the margin"),
    pytest.param("\nif x:\n    def f():\n        return 1\nelse:\n    def f():\n        return 2\n", id="functions under conditions"),
]  # fmt: skip


@pytest.mark.parametrize("text", SAME)
def test_an_outline_does_not_depend_on_what_was_cut(text: str) -> None:
    source = dedent(text).encode()
    assert outline_python(source) == declare_python(source).outline


BLOCKS = st.lists(
    st.sampled_from(
        ["x = 1", "import a", "x = 'a.b.c'", "if y:\n    import b\nelse:\n    x = 2", "try:\n    z = torch.ops.c.d\nexcept E:\n    pass",
         "for i in y:\n    t = {'a': B,\n'b': 'c.d'}", "@register('a')\ndef g():\n    return 'a.b.C'", "'''text\n    import c\n'''", "# import d\n",
         "s = '''\nx = 'a.b'\n'''", "return (\n'a.b.c')", "while y: import e", "with a.b as c:\n    # import\n    register('x', 'y')\n\n", "return 1 + \\\n2", "pass"]
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(["", "    "]), BLOCKS), max_size=4))
def test_an_outline_does_not_depend_on_what_was_cut_of_any_function(
    functions: list[tuple[str, list[str]]],
) -> None:
    text = "class A:\n    y = 1\n\n"
    for margin, blocks in functions:
        body = "\n".join(blocks).replace("\n", f"\n{margin}    ")
        text += f"{margin}def f(self):\n{margin}    {body}\n\n\n"
    source = text.encode()
    assert outline_python(source) == declare_python(source).outline


def test_a_file_with_plain_functions_is_mostly_cut() -> None:
    source = b"import a\n" + b"".join(
        b"def f%d(x):\n    y = x + %d\n    return [y]\n\n" % (at, at) for at in range(50)
    )
    assert len(find_bodies(source)) == 50
