"""Code for a device that Python hosts: which functions are it, and what of a change changes what it computes."""

from __future__ import annotations

import pytest

from diffscope.facts.model import NativeFact
from tests.fact_builders import facts

PATH = "vllm/ops/double.py"
TRITON = """\
from vllm.triton_utils import tl, triton


@triton.autotune(configs=[triton.Config({"BLOCK": 128}, num_warps=4)], key=["n"])
@triton.jit
def _double(x_ptr, n, BLOCK: tl.constexpr):
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offs, mask=offs < n, other=0.0)
    acc = tl.zeros((BLOCK,), dtype=tl.float32)
    tl.store(x_ptr + offs, _twice(x, acc), mask=offs < n)


@triton.jit
def _twice(x, acc):
    tl.debug_barrier()
    return acc + x * 2


def double(x, n):
    grid = (triton.cdiv(n, 128),)
    _double[grid](x, n, num_stages=2)
    return x
"""


def _natives(before: str, after: str) -> tuple[NativeFact, ...]:
    return facts({PATH: before}, {PATH: after}).native


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            "offs < n, other", "offs <= n, other", ("_double", "body", "kernel", ("mask",)), id="a mask"
        ),
        pytest.param(
            "x_ptr + offs, mask=offs < n, other",
            "x_ptr + offs * 2, mask=offs < n, other",
            ("_double", "body", "kernel", ("index-arithmetic",)),
            id="the arithmetic of a pointer",
        ),
        pytest.param(
            "x_ptr, n, BLOCK",
            "x_ptr, n: tl.constexpr, BLOCK",
            ("_double", "signature", "kernel", ("compile-time",)),
            id="an annotation, which the compiler reads",
        ),
        pytest.param(
            "dtype=tl.float32",
            "dtype=tl.float16",
            ("_double", "body", "kernel", ("accumulator",)),
            id="the type of a sum",
        ),
        pytest.param("x * 2", "x * 3", ("_twice", "body", "device", ()), id="a helper that a kernel calls"),
        pytest.param(
            "    tl.debug_barrier()\n",
            "",
            ("_twice", "body", "device", ("barrier",)),
            id="a barrier that goes",
        ),
        pytest.param(
            "cdiv(n, 128)",
            "cdiv(n, 64)",
            ("double", "body", "host", ("launch",)),
            id="a grid that is computed before its launch",
        ),
        pytest.param(
            "_double[grid]",
            "_double[grid[:1]]",
            ("double", "body", "host", ("launch",)),
            id="the grid of a launch",
        ),
        pytest.param(
            "(x, n, num",
            "(x, n - 1, num",
            ("double", "body", "host", ("launch",)),
            id="what is launched with",
        ),
        pytest.param(
            "num_stages=2", "num_stages=3", ("double", "tuning", "host", ("tuning",)), id="stages of a launch"
        ),
        pytest.param(
            "num_warps=4",
            "num_warps=8",
            ("_double", "tuning", "kernel", ("tuning",)),
            id="an autotuner's table",
        ),
        pytest.param(
            '{"BLOCK": 128}',
            '{"BLOCK": 64}',
            ("_double", "tuning", "kernel", ("tuning",)),
            id="a block's size",
        ),
        pytest.param("    return acc", "    # Sum.\n    return acc", None, id="a comment"),
        pytest.param(
            "    return x\n", "    return x + 1\n", None, id="code of the host that launches nothing"
        ),
    ],
)
def test_what_changed_in_a_kernel(
    before: str, after: str, expected: tuple[str, str, str, tuple[str, ...]] | None
) -> None:
    found = _natives(TRITON, TRITON.replace(before, after))
    told = [(one.symbol, one.change, one.kernel_role, one.signals) for one in found]
    assert told == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("text", "language", "roles"),
    [
        pytest.param("from triton import jit\n\n\n@jit\ndef k(x):\n    {0}\n", "triton", {"k": "kernel"}, id="a bare name"),
        pytest.param(
            "import functools\nimport triton\n\nmy_jit = functools.partial(triton.jit, debug=True)\n\n\n@my_jit\ndef k(x):\n    {0}\n",
            "triton",
            {"k": "kernel"},
            id="a decorator under another name",
        ),
        pytest.param("import triton\n\n\ndef plain(x):\n    {0}\n\n\nk = triton.jit(plain)\n", "triton", {"plain": "kernel"}, id="a call around it"),
        pytest.param("from triton.experimental import gluon\n\n\n@gluon.jit\ndef k(x):\n    {0}\n", "gluon", {"k": "kernel"}, id="Gluon"),
        pytest.param(
            "from cutlass import cute\n\n\nclass Op:\n    @cute.kernel\n    def k(self, x):\n        {0}\n",
            "cutedsl",
            {"Op.k": "kernel"},
            id="CuTeDSL",
        ),
        pytest.param(
            "import cutlass.cute as c\n\n\n@c.jit\ndef run(x):\n    step(x)\n\n\ndef step(x):\n    {0}\n",
            "cutedsl",
            {"step": "device"},
            id="CuTeDSL, a plain function that such code calls",
        ),
        pytest.param(
            "import tilelang\nimport tilelang.language as T\n\n\n@tilelang.jit(out_idx=[1])\ndef k(n):\n    {0}\n",
            "tilelang",
            {"k": "kernel"},
            id="TileLang",
        ),
        pytest.param(
            "import flydsl.compiler as flyc\n\n\ndef build(n):\n    @flyc.kernel\n    def k(x):\n        {0}\n\n    return k\n",
            "flydsl",
            {"build": "kernel"},
            id="FlyDSL, a kernel inside of what builds it",
        ),
        pytest.param("import helion\n\n\n@helion.kernel(static_shapes=True)\ndef k(x):\n    {0}\n", "helion", {"k": "kernel"}, id="Helion"),
        pytest.param("from numba import cuda\n\n\n@cuda.jit\ndef k(x):\n    {0}\n", "numba", {"k": "kernel"}, id="Numba CUDA"),
        pytest.param("import numba\n\n\n@numba.njit\ndef k(x):\n    {0}\n", "", {}, id="Numba for the host is none"),
        pytest.param("import triton\nimport torch\n\n\n@torch.jit.script\ndef k(x):\n    {0}\n", "", {}, id="TorchScript is none"),
        pytest.param("from mine import triton\n\n\n@other.jit\ndef k(x):\n    {0}\n", "", {}, id="another jit is none"),
    ],
)  # fmt: skip
def test_which_functions_are_code_for_a_device(text: str, language: str, roles: dict[str, str]) -> None:
    found = _natives(text.format("return x + 1"), text.format("return x + 2"))
    assert {one.symbol: one.kernel_role for one in found} == roles
    assert {one.language for one in found} == ({language} if language else set())


def test_a_kernel_that_moves_to_another_file_is_neither_new_nor_gone() -> None:
    _, _, rest = TRITON.partition("\n\n\n")
    head = "from vllm.triton_utils import tl, triton\n"
    found = facts({PATH: TRITON, "vllm/ops/b.py": head}, {PATH: head, "vllm/ops/b.py": f"{head}\n\n{rest}"})
    assert {one.change for one in found.native} == {"moved"}


def test_a_file_that_does_not_parse_says_that_its_kernels_are_unknown() -> None:
    found = facts({PATH: TRITON}, {PATH: TRITON.replace("def _twice(x, acc):", "def _twice(x, acc:")})
    assert ("native", PATH) in {(one.family, one.path) for one in found.unknown}


def test_symbols_say_which_are_code_for_a_device() -> None:
    found = facts({PATH: ""}, {PATH: TRITON})
    assert {one.symbol: one.is_kernel for one in found.symbol} == {
        "_double": True,
        "_twice": True,
        "double": False,
    }
    assert {one.symbol: one.change for one in found.native} == {"_double": "added", "_twice": "added"}


def test_an_expression_of_any_depth_is_read() -> None:
    deep = TRITON.replace("x * 2", "x" + " + 1" * 3000)
    assert [one.symbol for one in _natives(TRITON, deep)] == ["_twice"]


def test_a_constant_that_a_launch_names_is_part_of_it() -> None:
    before = TRITON.replace("def double", "WORKERS = 128\n\n\ndef double").replace("[grid](", "[(WORKERS,)](")
    found = _natives(before, before.replace("WORKERS = 128", "WORKERS = 256"))
    assert [(one.symbol, one.change, one.kernel_role) for one in found] == [("WORKERS", "body", "host")]


def test_a_constant_that_only_other_code_names_is_none() -> None:
    before = TRITON + "\n\nLIMIT = 1\n\n\ndef limit():\n    return LIMIT\n"
    assert _natives(before, before.replace("LIMIT = 1", "LIMIT = 2")) == ()


def test_tests_of_a_new_kernel_are_those_of_what_comes_to_import_it() -> None:
    caller = "{0}\n\ndef run(x):\n    return x\n"
    found = facts(
        {"vllm/ops/run.py": caller.format("import torch")},
        {"vllm/ops/run.py": caller.format("from vllm.ops.double import double"), PATH: TRITON},
        tree={
            "vllm/__init__.py": "",
            "vllm/ops/__init__.py": "",
            "tests/kernels/test_run.py": "from vllm.ops.run import run\n\n\ndef test_run():\n    run(1)\n",
        },
    )
    assert {one.tests for one in found.native if one.path == PATH} == {("tests/kernels/test_run.py",)}
