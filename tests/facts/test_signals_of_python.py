"""Guards, calls, numbers and writes, out of the syntax of both sides."""

from __future__ import annotations

import pytest

from diffscope.facts.python.guards import architectures_in
from diffscope.facts.python.numerics import is_protected
from tests.fact_builders import edit

PATH = "vllm/model_executor/layers/quantization/pool.py"


def test_a_condition_that_comes_and_one_whose_code_changes() -> None:
    """The condition that stands is told apart from the one that is new."""
    before = "def run(x):\n    if current_platform.is_rocm():\n        return x\n    return None\n"
    after = "def run(x):\n    if current_platform.is_rocm():\n        return scale(x)\n    if current_platform.is_xpu():\n        return 1\n    return None\n"
    found = edit(PATH, before, after).guard
    assert {(one.change, one.condition, one.names) for one in found} >= {
        ("added", "current_platform.is_xpu()", ("xpu",)),
        ("body", "current_platform.is_rocm()", ("rocm",)),
    }


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        pytest.param(
            "    if current_platform.is_cpu() or x.given:\n        return\n    set_threads(x)\n", {"body"}, id="the rest stands behind a return"
        ),
        pytest.param("    if current_platform.is_cpu():\n        set_threads(x)\n", {"added", "removed"}, id="the opposite"),
        pytest.param("    if current_platform.is_xpu():\n        return\n    set_threads(x)\n", {"added", "removed"}, id="another platform"),
    ],
)  # fmt: skip
def test_the_same_question_with_an_early_return_is_no_new_one(after: str, changes: set[str]) -> None:
    before = "def run(x):\n    if not current_platform.is_cpu():\n        set_threads(x)\n"
    assert {one.change for one in edit(PATH, before, f"def run(x):\n{after}").guard} == changes


def test_a_function_that_goes_takes_its_conditions_along() -> None:
    """Removed code is no changed branch."""
    before = (
        "def run(x):\n    if current_platform.is_rocm():\n        return x\n\n\ndef keep():\n    return 1\n"
    )
    assert edit(PATH, before, "def keep():\n    return 1\n").guard == ()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param("on_gfx950()", ("gfx950",), id="a ROCm architecture"),
        pytest.param("current_platform.has_device_capability(90)", ("sm90",), id="a capability by number"),
        pytest.param("capability >= compute_capability", ("capability",), id="a capability without a number"),
        pytest.param("is_sm100_supported() or SM_90", ("sm100", "sm90"), id="several"),
        pytest.param("x.is_small", (), id="none"),
    ],
)
def test_architectures_of_a_condition(condition: str, expected: tuple[str, ...]) -> None:
    assert architectures_in(condition) == expected


def test_calls_have_roles_guards_and_places() -> None:
    """A call without a role is no fact; one with a role tells where it stands."""
    before = "import time\nimport torch\n\n\nasync def run(x):\n    return x\n"
    after = (
        "import time\nimport torch\n\n\nasync def run(x):\n    print(x)\n    time.sleep(1)\n    if current_platform.is_cuda():\n"
        "        torch.cuda.empty_cache()\n    return x\n"
    )
    found = edit("vllm/v1/engine/pool.py", before, after).call
    assert [(one.role, one.callee, one.line, one.in_async, one.guard_platforms) for one in found] == [
        ("blocking", "time.sleep", 7, True, ()),
        ("cuda-only", "torch.cuda.empty_cache", 9, True, ("cuda",)),
    ]


def test_a_moved_call_neither_comes_nor_goes() -> None:
    """The same call elsewhere in the same function is no difference."""
    before = "import time\n\n\ndef run(x):\n    time.sleep(1)\n    y = x + 3\n    return y\n"
    after = "import time\n\n\ndef run(x):\n    y = x + 3\n    time.sleep(1)\n    return y\n"
    assert edit("vllm/v1/engine/pool.py", before, after).call == ()


def test_a_type_that_becomes_another_is_one_change() -> None:
    """What goes and what comes for the same name make one fact."""
    before = "import torch\n\n\ndef pack(x):\n    return x.to(torch.float16)\n"
    found = edit(PATH, before, before.replace("float16", "float32")).numeric
    assert [(one.what, one.change, one.before, one.text) for one in found] == [
        ("dtype", "changed", "torch.float16", "torch.float32")
    ]


def test_a_function_that_goes_computes_nothing() -> None:
    """Numbers of removed functions are left out."""
    before = "import torch\n\n\ndef pack(x):\n    return x.to(torch.float16) / x.sum()\n\n\ndef keep():\n    return 1\n"
    assert edit(PATH, before, "import torch\n\n\ndef keep():\n    return 1\n").numeric == ()


@pytest.mark.parametrize(
    ("divisor", "guards", "expected"),
    [
        pytest.param("scale", (), False, id="bare"),
        pytest.param("scale.clamp(min=1e-6)", (), True, id="clamped"),
        pytest.param("scale + eps", (), True, id="epsilon added"),
        pytest.param("scale", ("scale > 0",), True, id="a condition names it"),
        pytest.param("scale", ("scales > 0",), False, id="a condition names another"),
        pytest.param("max(scale, 1)", (), True, id="at least one"),
    ],
)
def test_divisors_that_cannot_be_zero(divisor: str, guards: tuple[str, ...], expected: bool) -> None:
    assert is_protected(divisor, guards) is expected


WRITES = [
    pytest.param(
        "self.vllm_config.cache_config.block_size = 32", ("config", "self.vllm_config.cache_config.block_size"), id="into a configuration tree"
    ),
    pytest.param("os.environ['OMP_NUM_THREADS'] = '1'", ("environment", "os.environ['OMP_NUM_THREADS']"), id="into the environment"),
    pytest.param("os.environ.setdefault('A', '1')", ("environment", "os.environ.setdefault"), id="into the environment by a call"),
    pytest.param("torch.set_default_dtype(x)", ("library-state", "torch.set_default_dtype"), id="into the state of a library"),
    pytest.param("self.pool_config = x", None, id="its own attribute"),
    pytest.param("self.size = x", None, id="an ordinary attribute"),
    pytest.param("os.environ['A'].split(',')", None, id="reading the environment"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "expected"), WRITES)
def test_state_that_outlives_its_function(statement: str, expected: tuple[str, str] | None) -> None:
    before = "import os\n\nimport torch\n\n\nclass Pool:\n    def run(self, x):\n        return x\n"
    after = before.replace("        return x\n", f"        {statement}\n        return x\n")
    found = [(one.what, one.target) for one in edit("vllm/v1/worker/pool.py", before, after).write]
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("HTTPStatus.BAD_REQUEST", "HTTPStatus.NOT_FOUND", ["exchanged"], id="another status"),
        pytest.param("HTTPStatus.BAD_REQUEST", "STATUS", ["exchanged"], id="none that is written"),
        pytest.param('HTTPStatus.OK, "a"', 'HTTPStatus.OK, "b"', [], id="another text"),
    ],
)
def test_an_answer_with_another_status(before: str, after: str, expected: list[str]) -> None:
    text = "def answer(error):\n    return create_error_response(error, {})\n"
    found = edit("vllm/entrypoints/answer.py", text.format(before), text.format(after)).call
    assert [one.change for one in found if one.role == "http-status"] == expected
