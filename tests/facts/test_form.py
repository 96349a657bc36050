"""A change of form alone raises no flag of any rule: comments, layout, docstrings, annotations, import order, names of local variables."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diffscope
from diffscope.adapters.config.rule_files import load_rules
from diffscope.facts.moves.join import is_renaming
from diffscope.rules.engine.evaluate import evaluate
from diffscope.rules.language.catalogue import Catalogue
from tests.examples import examples
from tests.fact_builders import facts

ENGINE = '''
import os
import threading

import torch
import triton.language as tl
from vllm.platforms import current_platform
from vllm.logger import init_logger

logger = init_logger(__name__)


class PoolRunner(Base):
    """Runs pools."""

    def __init__(self, vllm_config: "VllmConfig", device: torch.device, size: int = 4) -> None:
        """Set up."""
        self.lock = threading.Lock()
        self.stream = torch.cuda.Stream()
        if current_platform.is_rocm() and current_platform.has_device_capability(90):
            vllm_config.cache_config.block_size = 64
        os.environ["VLLM_POOL"] = "1"

    @classmethod
    def supports_pools(cls, dtype: torch.dtype) -> bool:
        return dtype in (torch.bfloat16, torch.float16)

    async def step(self, batch: list[int], scale: torch.Tensor) -> torch.Tensor:
        """Run one step."""
        total = 0
        with self.lock:
            for item in batch:
                total += item
        weight = scale.to(torch.float32) / scale.sum()
        if len(batch) > 8:
            weight = tensor_model_parallel_all_reduce(weight)
        self.stream.wait_stream(torch.cuda.current_stream())
        result = [entry * total for entry in batch if entry]
        try:
            torch.cuda.synchronize()
        except RuntimeError as error:
            logger.warning("lost: %s", error)
        return weight * 0.125, result
'''
CONFIG = '''
import os
from dataclasses import dataclass

from vllm.config.utils import config


@config
@dataclass
class PoolConfig:
    """Pools."""

    size: int = 4
    """How many."""
    reuse: bool = True
    """Whether."""

    def verify(self, limit: int) -> int:
        """Check."""
        least = min(self.size, limit)
        return least
'''
ENVIRONMENT = """
import os
from typing import Any

VLLM_POOL: bool = True

environment_variables: dict[str, Any] = {
    "VLLM_POOL": lambda: bool(int(os.getenv("VLLM_POOL", "1"))),
}
"""
PROTOCOL = '''
from fastapi import APIRouter
from vllm.entrypoints.openai.base import OpenAIBaseModel

router = APIRouter()


class PoolRequest(OpenAIBaseModel):
    """A request."""

    model: str
    size: int | None = None


@router.post("/pool")
async def pool(request: PoolRequest) -> dict:
    """Answer."""
    answer = {"size": request.size}
    return answer
'''
TEST = '''
import pytest
import torch

from vllm.v1.worker.gpu_model_runner import PoolRunner


@pytest.mark.parametrize("size", [1, 2, 4])
def test_pool(size: int) -> None:
    """It pools."""
    expected = torch.ones(size)
    torch.testing.assert_close(PoolRunner.pool(size), expected, atol=1e-3, rtol=1e-3)
    assert expected is not None
'''
PLACES = {
    "vllm/v1/core/sched/scheduler.py": ENGINE,
    "vllm/v1/worker/gpu_model_runner.py": ENGINE,
    "vllm/v1/attention/backends/flash_attn.py": ENGINE,
    "vllm/model_executor/layers/quantization/fp8.py": ENGINE,
    "vllm/model_executor/layers/fused_moe/layer.py": ENGINE,
    "vllm/distributed/kv_transfer/kv_connector/v1/base.py": ENGINE,
    "vllm/distributed/parallel_state.py": ENGINE,
    "vllm/compilation/backends.py": ENGINE,
    "vllm/platforms/rocm.py": ENGINE,
    "vllm/entrypoints/openai/chat_completion/serving.py": ENGINE,
    "vllm/config/cache.py": CONFIG,
    "vllm/envs.py": ENVIRONMENT,
    "vllm/entrypoints/openai/chat_completion/protocol.py": PROTOCOL,
    "tests/v1/worker/test_pool.py": TEST,
}
NATIVE = "__global__ void pool(float* out, int n) {\n  int i = blockIdx.x * blockDim.x + threadIdx.x;\n  if (i < n) { out[i] = 1.f / n; }\n}\n"
OTHERS = {
    "csrc/pool.cu": (NATIVE, "// Pools.\n" + NATIVE.replace("{ out[i]", "{\n    // why\n    out[i]")),
    "requirements/common.txt": (
        "torch==2.10.0\nnumpy\n",
        "# what it needs\ntorch==2.10.0  # exactly\nnumpy\n",
    ),
    "docker/Dockerfile.rocm": (
        "FROM rocm/dev:7.0\nRUN pip install x\n",
        "# base\nFROM rocm/dev:7.0\n\nRUN pip install x\n",
    ),
    "CMakeLists.txt": ('set(POOL_ARCHS "9.0;10.0")\n', '# which\nset(POOL_ARCHS\n    "9.0;10.0")\n'),
}


@cache
def catalogue() -> Catalogue:
    return load_rules()


def commented(text: str) -> str:
    lines = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if line.strip() and not line.strip().startswith(('"', "@", ")")):
            lines += ["", f"{indent}# why: 'quotes' and (brackets"]
        lines.append(line)
    return "\n".join(lines) + "\n"


def rewritten(text: str) -> str:
    return ast.unparse(ast.parse(text)) + "\n"


def documented(text: str) -> str:
    return re.sub(r'"""[A-Z][^"]*"""', '"""Said in other words."""', text)


def reordered(text: str) -> str:
    lines = text.splitlines()
    places = [at for at, line in enumerate(lines) if line.startswith(("import ", "from "))]
    for at, line in zip(places, [lines[at] for at in reversed(places)], strict=True):
        lines[at] = line
    return "\n".join(lines) + "\n"


def unannotated(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.unparse(tree) + "\n"


def renamed(text: str) -> str:
    names = "total|item|weight|result|entry|error|least|answer|expected"
    return re.sub(rf"(?<![.\w\"%])({names})\b(?![\w\"])", r"\1_value", text)


FORMS: dict[str, Callable[[str], str]] = {
    "comments": commented,
    "layout": rewritten,
    "docstrings": documented,
    "imports": reordered,
    "annotations": unannotated,
    "local names": renamed,
}


def flags(before: dict[str, str], after: dict[str, str]) -> list[str]:
    found = evaluate(catalogue(), facts(before, after, title="[Misc] Tidy up"))
    return [f"{flag.code} {flag.message.en}" for flag in found.flags]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_changes_every_kind_of_file_and_raises_no_flag(form: str) -> None:
    after = {path: FORMS[form](text) for path, text in PLACES.items()}
    changed = {path for path, text in after.items() if text != PLACES[path]}
    assert len(changed) >= 3
    assert flags(PLACES, after) == []


@settings(max_examples=examples(25), deadline=None)
@given(st.sampled_from(sorted(PLACES)), st.permutations(sorted(FORMS)), st.integers(1, len(FORMS)))
def test_forms_in_any_mixture_raise_no_flag(path: str, order: list[str], count: int) -> None:
    text = PLACES[path]
    for form in order[:count]:
        text = FORMS[form](text)
    if text != PLACES[path]:
        assert flags({path: PLACES[path]}, {path: text}) == []


@pytest.mark.parametrize("path", OTHERS)
def test_comments_and_layout_elsewhere_raise_no_flag_of_logic(path: str) -> None:
    before, after = OTHERS[path]
    assert [one for one in flags({path: before}, {path: after}) if not one.startswith("PF305")] == []


@pytest.mark.parametrize(
    "path", sorted(Path(diffscope.__path__[0], "facts").glob("*.py"))[1::5], ids=lambda one: one.name
)
def test_real_files_in_other_form_raise_no_flag(path: Path) -> None:
    text = path.read_text("utf-8")
    place = f"vllm/v1/core/{path.name}"
    assert flags({place: text}, {place: unannotated(text)}) == []


def test_the_same_files_with_other_logic_raise_flags() -> None:
    """The places above are places where rules look: with logic that differs in each, nearly every family fires."""
    changed = {
        path: text.replace("is_rocm()", "is_xpu()")
        .replace("0.125", "0.25")
        .replace("threading.Lock()", "threading.RLock()")
        .replace(
            "total += item",
            "total -= item\n                total *= 2\n                total -= 1\n                total *= 3",
        )
        .replace("reuse: bool = True", "reuse: bool = False")
        .replace("size: int | None = None", "size: int")
        .replace("atol=1e-3", "atol=1e-1")
        for path, text in PLACES.items()
    }
    codes = {one.split()[0] for one in flags(PLACES, changed)}
    assert codes >= {"CF501", "CP101", "IF405", "PF301", "TC204"}


PAIRS = [
    pytest.param("x = 1\n    return x", "y = 1\n    return y", True, id="one name for another"),
    pytest.param("x = 1\n    return x", "y = 2\n    return y", False, id="another value beside it"),
    pytest.param("x = y = 1\n    return x", "x = y = 1\n    return y", False, id="two names that change places in one use"),
    pytest.param("x = 1\n    return len(a) + x", "len = 1\n    return len(a) + len", False, id="a name that hides another"),
    pytest.param("return a", "return b", False, id="parameters are no local names"),
    pytest.param("x = 1\n    return locals()", "y = 1\n    return locals()", False, id="names that are read as such"),
    pytest.param("global x\n    x = 1", "global y\n    y = 1", False, id="names of the module"),
    pytest.param("x = 1\n    return f'{x=}'", "y = 1\n    return f'{y=}'", False, id="a name that is printed"),
    pytest.param(
        "try:\n        a()\n    except E as x:\n        b(x)",
        "try:\n        a()\n    except E as y:\n        b(y)",
        True,
        id="the name of an exception",
    ),
    pytest.param("return [x for x in a]", "return [y for y in a]", True, id="the name in a comprehension"),
    pytest.param("x = 1\n    return x", "y = (", False, id="what does not parse"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), PAIRS)
def test_a_renaming_is_told_from_a_change(before: str, after: str, expected: bool) -> None:
    assert is_renaming(f"def f(a, b):\n    {before}\n", f"def f(a, b):\n    {after}\n") is expected
