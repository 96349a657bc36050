"""Bytes that are no Python, or that are made to hurt: neither verb raises, and neither takes long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffscope.syntax.compare.compare import compare_python
from diffscope.syntax.native.native import compare_native, outline_native
from diffscope.syntax.outline.outline import identifiers, outline_python
from tests.examples import THOROUGH, examples


def many(count: int) -> int:
    """Return ``count``, or an eighth of it where a run is not thorough: enough to pass every limit."""
    return count if THOROUGH else count // 8


HOSTILE = {
    "brackets nested ten thousand deep": b"x = " + b"(" * 10_000 + b"1" + b")" * 10_000 + b"\nimport a\n",
    "brackets never closed": b"(" * many(20_000),
    "conditions nested too deep": b"".join(
        b" " * at + b"if x:\n" for at in range(1_000 if THOROUGH else 500)
    ),
    "classes nested too deep": b"".join(b" " * at + b"class A:\n" for at in range(220))
    + b" " * 220
    + b"x = 1\n",
    "functions nested too deep": b"".join(b" " * at + b"def f():\n" for at in range(220))
    + b" " * 220
    + b"import a\n",
    "a NUL byte": b"import a\x00\nimport b\n",
    "two bytes a character": "import a\n".encode("utf-16"),
    "Latin-1": b"# -*- coding: latin-1 -*-\nx = '\xe9'\nimport a\n",
    "a byte order mark": b"\xef\xbb\xbfimport a\n",
    "line ends of an old Mac": b"import a\rimport b\r",
    "line ends of Windows": b"import a\r\nclass A:\r\n    x = 1\r\n",
    "Python 2": b'print "x"\nexec "y"\nimport z\ntry:\n    import q\nexcept X, e:\n    raise A, "b"\nx = `a` <> 0777\n',
    "a line of a megabyte": b"x = '" + b"a" * 1_000_000 + b"'\nimport a\n",
    "a long list": b"x = [" + b"1, " * many(30_000) + b"]\nimport a\n",
    "a sum of ten thousand": b"x = " + b"1 + " * 10_000 + b"1\nimport a\n",
    "every byte": bytes(range(256)) * 100,
    "quotes": b'"""' * 3_001,
    "colons": b":\n" * many(20_000),
    "continued lines": b"\\\n" * 50_000,
    "branches": b"if a:\n    pass\n" + b"elif b:\n    import c\n" * many(2_000),
    "formatted strings in one another": b"f'{" * 500,
    "functions without a body": b"\ndef f(" * many(5_000),
    "heads without an end": b"\ndef f():\n" * many(5_000),
    "comments at the end of a body": b"\ndef f():\n    x = 1\n" + b"    # c\n" * many(20_000),
    "comment signs in a comment in a list": b"X = [\n" + b"# a # b # c\n" * 200 + b"x]\n",
    "the same line": b"x()\n" * many(8_000),
    "a number of a megabyte": b"x = " + b"9" * 1_000_000 + b"\n",
    "nothing": b"",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_python_is_outlined_and_compared(source: bytes) -> None:
    outline_python(source)
    identifiers(source)
    compare_python(source, source[: len(source) // 2] + b"\nimport b\n")
    assert compare_python(source, source).symbols == ()


def test_what_is_asked_of_a_long_list_is_compared_at_once() -> None:
    before = b"def f(x):\n    return x in [" + b"Activation.SILU, " * 6 + b"f(1)]\n"
    (found,) = compare_python(before, b"def f(x):\n    return x.is_gated\n").symbols
    assert [edit.what for edit in found.edits] == ["return"]


def test_what_stands_behind_hostile_text_is_read() -> None:
    assert [each.module for each in outline_python(HOSTILE["brackets nested ten thousand deep"]).imports] == [
        "a"
    ]
    assert [each.module for each in outline_python(HOSTILE["line ends of an old Mac"]).imports] == ["a", "b"]
    assert [each.module for each in outline_python(HOSTILE["Python 2"]).imports] == ["z", "q"]
    assert outline_python(HOSTILE["a NUL byte"]).problems
    assert outline_python(HOSTILE["conditions nested too deep"]).problems


NATIVE = {
    "braces never closed": b"void f() {" * many(5_000),
    "braces never opened": b"}" * 20_000,
    "conditions never closed": b"#if A\nvoid f() {\n" * many(500),
    "branches without a condition": b"#else\n#elif\n#endif\n" * 500,
    "a library without an end": b"TORCH_LIBRARY(_C, ops) {\n  ops.def(",
    "many libraries": b"TORCH_LIBRARY(_C, ops) {\n" * many(300),
    "a comment without an end": b"/* " * many(5_000),
    "a string without an end": b'"abc\n' * many(5_000),
    "a raw string without an end": b'R"x(' * 1_000,
    "templates": b"template <" * 3_000,
    "launches": b"f<<<a, " * many(2_000),
    "every byte": bytes(range(256)) * 100,
    "Windows line ends": b"#ifdef A \\\r\n B\r\nvoid f() { }\r\n#endif\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("source", NATIVE.values(), ids=NATIVE.keys())
def test_hostile_native_code_is_outlined_and_compared(source: bytes) -> None:
    outline_native(source)
    compare_native(source, source[: len(source) // 2] + b"\nint g() { return 1; }\n")
    assert compare_native(source, source).functions == ()


PIECES = st.lists(
    st.sampled_from(
        ["def f(a, b=1):", "class A(B):", "\n", "    ", "        ", "x = 1", "import a", "if x:", "else:", "return", "(", ")", "[", "]", "{", "}",
         "'", '"', '"""', "'''", "#", "\\\n", "@d\n", "f'{x}'", ":", ",", "\t", "\x00", "é", "lambda: 0", "async ", "match x:", "case 1:", "try:",
         "except E:", "\r\n", "\x0c", "type X = int", ";"]
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=examples(300), deadline=None)
@given(PIECES, PIECES)
def test_pieces_of_python_in_any_order_are_compared(before: list[str], after: list[str]) -> None:
    old, new = "".join(before).encode(), "".join(after).encode()
    found = compare_python(old, new)
    assert found.before is not None
    assert compare_python(new, new).symbols == ()


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_outlined(source: bytes) -> None:
    outline_python(source)
    outline_native(source)
