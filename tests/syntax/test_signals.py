from __future__ import annotations

from textwrap import dedent

import pytest

from diffscope.syntax.compare.compare import compare_python
from diffscope.syntax.model import SignalChange


def signals(before: str | None, after: str | None) -> list[SignalChange]:
    old = None if before is None else dedent(before).encode()
    new = None if after is None else dedent(after).encode()
    return [signal for change in compare_python(old, new).symbols for signal in change.signals]


def describe(change: SignalChange) -> str:
    """Return a signal on one line: ``+call a.b(x) [guard][guard]``."""
    sign = {"added": "+", "removed": "-", "reguarded": "~"}[change.what]
    signal = change.signal
    detail = f"({signal.detail})" if signal.detail else ""
    guards = "".join(f" [{guard}]" for guard in signal.guards)
    marks = (" async" if signal.in_async else "") + (" loop" if signal.in_loop else "")
    return f"{sign}{signal.kind.value} {signal.text}{detail}{guards}{marks}"


def in_function(body: str, head: str = "def f():") -> str:
    return head + "\n" + "\n".join(f"    {line}" for line in body.splitlines()) + "\n"


KINDS = [
    pytest.param("a.b(x, y=1)", ["+call a.b(x, y=1)"], id="a call with its arguments on one line"),
    pytest.param("a(\n    x,\n    y,\n)", ["+call a(x, y,)"], id="a call on several lines"),
    pytest.param("a(b(c))", ["+call a(b(c))", "+call b(c)"], id="a call in a call"),
    pytest.param("a.b(1).c(2)", ["+call a.b(1)", "+call a.b(1).c(2)"], id="a chain of calls"),
    pytest.param("if a.b > 3: c()", ["+call c [a.b > 3]", "+guard a.b > 3", "+number 3", "+reference a.b"], id="an if guards its block"),
    pytest.param(
        "if a: b()\nelif c: d()\nelse: e()",
        ["+call b [a]", "+guard a", "+call d [not (a)] [c]", "+guard c [not (a)]", "+call e [not (a)] [not (c)]"],
        id="every branch carries what was false before it",
    ),
    pytest.param("while a: b()", ["+call b [a] loop", "+guard a loop"], id="a while is a guard and a loop"),
    pytest.param("assert a", ["+guard a"], id="an assert"),
    pytest.param("x = a() if b else c()", ["+call a [b]", "+call c [not (b)]", "+guard b"], id="a conditional expression"),
    pytest.param("x = a and b()", ["+call b [a]"], id="behind an and the left side holds"),
    pytest.param("x = a or b()", ["+call b [not (a)]"], id="behind an or it does not"),
    pytest.param("x = [a(i) for i in b() if c]", ["+call a(i) [c] loop", "+call b", "+guard c loop"], id="a comprehension is a loop, its first source is not"),
    pytest.param("for i in a(): b()", ["+call a", "+call b loop"], id="a for is a loop, what it goes over is not"),
    pytest.param("match a:\n    case 1 if b: c()", ["+call c [case 1] [b]", "+guard b [case 1]"], id="a case"),
    pytest.param("x = a / b", ["+division b"], id="a division"),
    pytest.param("x = a // (b + c)", ["+division b + c"], id="a floor division, without brackets"),
    pytest.param("x /= b", ["+division b"], id="a division in place"),
    pytest.param("x = a / 2\ny = p / 'name'", ["+string name(y)"], id="neither a number nor a path divides"),
    pytest.param("a.b.c = x", ["+attribute-write a.b.c(x)"], id="an attribute is written"),
    pytest.param("self.a, b.c = x", ["+attribute-write b.c(x)", "+attribute-write self.a(x)"], id="two attributes at once"),
    pytest.param("a.b += 3", ["+attribute-write a.b(+= 3)", "+number 3(a.b)"], id="an update says how"),
    pytest.param("os.environ['X'] = '1'", ["+string 1(os.environ['X'])", "+string X", "+subscript-write os.environ['X']('1')"], id="an item is written"),
    pytest.param("del os.environ['X']", ["+string X", "+subscript-write os.environ['X'](del)"], id="an item is deleted"),
    pytest.param("global a, b\na = 1\nc = 2", ["+global-write a(1)"], id="a global is written"),
    pytest.param("for a.b in c: pass\nwith d as e.f: pass", ["+attribute-write a.b", "+attribute-write e.f", "+with d"], id="loops and contexts write too"),
    pytest.param("x = torch.float8_e4m3fn", ["+reference torch.float8_e4m3fn"], id="a dotted name"),
    pytest.param("x = self.a.b\ny = cls.c", [], id="own attributes are no references"),
    pytest.param("x = 1e-6", ["+number 1e-6(x)"], id="a number by the name it goes to"),
    pytest.param("f(eps=1e-6, n=-5)", ["+call f(eps=1e-6, n=-5)", "+number -5(n)", "+number 1e-6(eps)"], id="numbers by their keywords"),
    pytest.param("x = {'a': 7}", ["+number 7(a)", "+string a(x)"], id="a number by its key"),
    pytest.param("x = [0, 1, 2, -1, 1.0]", [], id="small numbers say nothing"),
    pytest.param("x = 'abc'", ["+string abc(x)"], id="a string"),
    pytest.param("x = 'a' * 3 + '" + "b" * 90 + "'", ["+number 3(x)", "+string a(x)"], id="a long string is left out"),
    pytest.param("'''doc'''", [], id="a docstring is no string"),
    pytest.param("with self.lock, open(a) as b: c()", ["+call c", "+call open(a)", "+with open(a)", "+with self.lock"], id="contexts"),
    pytest.param("raise ValueError('x') from e", ["+call ValueError('x')", "+raise ValueError('x')", "+string x"], id="an exception"),
    pytest.param("raise", ["+raise "], id="the same exception again"),
    pytest.param("def g():\n    a()", ["+call a"], id="a function in the function"),
    pytest.param("if a:\n    return\nb()", ["+guard a", "+call b [not (a)]"], id="behind a return the condition is false"),
    pytest.param(
        "if a:\n    raise E\nelif b:\n    return\nc()",
        ["+guard a", "+raise E [a]", "+guard b [not (a)]", "+call c [not (a)] [not (b)]"],
        id="behind several exits all are",
    ),
    pytest.param("if a:\n    b()\nelif c:\n    return\nd()", ["+guard a", "+call b [a]", "+guard c [not (a)]", "+call d"], id="a branch that goes on promises nothing"),
    pytest.param("for i in a:\n    if b:\n        continue\n    c()\nd()", ["+guard b loop", "+call c [not (b)] loop", "+call d"], id="a continue holds to the end of the loop"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), KINDS)
def test_signals_of_new_code(body: str, expected: list[str]) -> None:
    found = signals("def f(): ...", in_function(body))
    by_line: dict[int, list[str]] = {}
    for change in found:
        by_line.setdefault(change.signal.line, []).append(describe(change))
    assert [text for line in sorted(by_line) for text in sorted(by_line[line])] == expected


def test_async_functions_are_told_apart_from_the_functions_in_them() -> None:
    found = signals("async def f(): ...", "async def f():\n    await a.b(c)\n    def g():\n        d()\n")
    assert [describe(change) for change in found] == ["+await a.b async", "+call a.b(c) async", "+call d"]


DIFFERENCES = [
    pytest.param("a(x)", "a(y)", ["+call a(y)", "-call a(x)"], id="other arguments"),
    pytest.param("a(x, 'k')", 'a(\n    x,\n    "k",\n)', [], id="another layout is nothing"),
    pytest.param("a()\na()", "a()", ["-call a"], id="one of two"),
    pytest.param("a()", "if b:\n    a()", ["+guard b", "~call a [b]"], id="a condition comes around it"),
    pytest.param("if b:\n    a()", "a()", ["-guard b", "~call a"], id="a condition goes"),
    pytest.param("if b:\n    a()", "if c:\n    a()", ["+guard c", "-guard b", "~call a [c]"], id="another condition"),
    pytest.param("if b:\n    a()", "if (b):\n    a()", [], id="brackets are no other condition"),
    pytest.param("a()\nb()", "b()\na()", [], id="order is no difference of signals"),
    pytest.param("x = torch.float16", "x = torch.bfloat16", ["+reference torch.bfloat16", "-reference torch.float16"], id="another data type"),
    pytest.param("f(atol=1e-2)", "f(atol=5e-2)", ["+call f(atol=5e-2)", "+number 5e-2(atol)", "-call f(atol=1e-2)", "-number 1e-2(atol)"], id="another tolerance"),
    pytest.param("x = 1e-2 * a()", "x = 0.01 * b()", ["+call b", "-call a"], id="another notation of a number is nothing"),
    pytest.param("if not p.is_rocm():\n    return\na()", "a()", ["-call p.is_rocm", "-guard not p.is_rocm()", "~call a"], id="an early return goes"),
    pytest.param("x.y = 3", "if b:\n    return\nx.y = 3", ["+guard b"], id="an early return reguards calls alone"),
    pytest.param("if a:\n    return\nf()", "if b:\n    return\nf()", ["+guard b", "-guard a"], id="another condition of an early return reguards nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), DIFFERENCES)
def test_signals_of_a_change(before: str, after: str, expected: list[str]) -> None:
    assert sorted(describe(change) for change in signals(in_function(before), in_function(after))) == expected


def test_a_reguarded_signal_keeps_its_old_place() -> None:
    (moved,) = [
        change
        for change in signals(in_function("a()"), in_function("x\nif b:\n    a()"))
        if change.what == "reguarded"
    ]
    assert moved.before is not None
    assert (moved.before.line, moved.before.guards) == (2, ())
    assert (moved.signal.line, moved.signal.guards) == (4, ("b",))


def test_import_aliases_are_resolved() -> None:
    found = signals(
        None,
        "import torch.distributed as dist\nfrom torch import cuda\nfrom . import near\ndef f():\n"
        "    import numpy as np\n    dist.barrier()\n    cuda.synchronize()\n    np.abs(x)\n    near.far()\n",
    )
    assert {change.signal.text: change.signal.resolved for change in found} == {
        "dist.barrier": "torch.distributed.barrier",
        "cuda.synchronize": "torch.cuda.synchronize",
        "np.abs": "numpy.abs",
        "near.far": None,
    }


def test_a_variable_and_the_module_have_signals() -> None:
    found = signals("x = a(1)\n", "x = b(1)\nc.d = 3\n")
    assert [describe(change) for change in found] == [
        "+call b(1)",
        "-call a(1)",
        "+attribute-write c.d(3)",
        "+number 3(c.d)",
    ]


def test_a_class_does_not_repeat_the_signals_of_its_members() -> None:
    found = signals(None, "class A:\n    register(A)\n    def f(self):\n        a()\n    x = b()\n")
    assert sorted(describe(change) for change in found) == ["+call a", "+call b", "+call register(A)"]


def test_what_only_moved_has_no_signals() -> None:
    body = in_function("for i in a:\n    b(i, key='c')\nreturn d(1, 2, 3)", head="def {name}(a):")
    assert signals(body.format(name="old"), body.format(name="new")) == []
