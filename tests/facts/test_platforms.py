"""The platforms of a change."""

from __future__ import annotations

import random

import pytest

from diffscope.facts.classify.classify import Places, platforms_of_change, platforms_of_symbol
from diffscope.facts.classify.kinds import read_title
from diffscope.facts.model import BuildFact, FileFact, GuardFact
from tests.taxonomies import a_file, a_symbol, bundled

CORE, ORACLE = "vllm/v1/engine/core.py", "vllm/model_executor/layers/fused_moe/oracle/fp8.py"


def platforms(title: str, *files: FileFact, **places: object) -> tuple[str, ...]:
    """Return the platforms of a change of these files and places."""
    found = Places(files=files, **places)  # type: ignore[arg-type]
    return platforms_of_change(found, read_title(title), bundled())


def a_guard(condition: str, change: str = "added", *names: str, path: str = ORACLE) -> GuardFact:
    """Return the fact of a condition; with names it is one on the architecture."""
    what = "architecture" if names else "platform"
    found = names or bundled().platforms_in(condition)
    return GuardFact(path=path, category="source", change=change, condition=condition, what=what, names=found)


@pytest.mark.parametrize(
    ("title", "files", "found"),
    [
        pytest.param("x", (a_file("vllm/platforms/rocm.py", 5),), ("rocm",), id="a file of the platform"),
        pytest.param("[ROCm] x", (a_file(CORE, 5),), ("rocm",), id="the title alone"),
        pytest.param("x", (a_file(CORE, 900), a_file("vllm/platforms/rocm.py", 1)), (), id="one line in a thousand is no platform change"),
        pytest.param("x", (a_file("docker/Dockerfile.rocm", 3), a_file("docker/Dockerfile.cpu", 3)), ("rocm", "cpu"), id="several, in the table's order"),
        pytest.param("x", (), (), id="no files"),
        pytest.param("[CPU] Speed up x", (a_file(CORE, 5),), ("cpu",), id="a tag names the platform"),
        pytest.param("Minor CPU optimizations", (a_file(CORE, 5),), (), id="the processor of the host is no platform"),
        pytest.param("Fix x on CPU", (a_file(CORE, 50), a_file("vllm/platforms/cpu.py", 1)), ("cpu",), id="unless a file agrees"),
        pytest.param("Fix x for the CPU backend", (a_file(CORE, 5),), ("cpu",), id="its backend is one"),
        pytest.param("Fix `lens_cpu` and use_rocm_x()", (a_file(CORE, 5),), (), id="names of the code are no platforms"),
        pytest.param("Fix `rocm_x`", (a_file(CORE, 900), a_file("vllm/platforms/rocm.py", 1)), ("rocm",), id="unless a file agrees here too"),
        pytest.param("Avoid quadratic ARC batch eviction", (a_file(CORE, 5),), (), id="a word that begins as the name of a card"),
        pytest.param("Tune x for Arc B580", (a_file(CORE, 5),), ("xpu",), id="a card by its number"),
        pytest.param("Guard x on ENABLE_FP4_SM100", (a_file(CORE, 5),), ("cuda",), id="an architecture in the name of a macro"),
    ],
)  # fmt: skip
def test_platforms(title: str, files: tuple[FileFact, ...], found: tuple[str, ...]) -> None:
    assert platforms(title, *files) == found


@pytest.mark.parametrize(
    ("guards", "found"),
    [
        pytest.param((a_guard("p.is_rocm()"),), ("rocm",), id="what is asked of the platform"),
        pytest.param((a_guard("p.is_xpu()", "removed"),), ("xpu",), id="or is no longer"),
        pytest.param((a_guard("p.is_cuda_alike()"),), ("cuda", "rocm"), id="two at once"),
        pytest.param((a_guard("p.is_device_capability(90)", "added", "sm90"),), ("cuda",), id="an architecture of NVIDIA's"),
        pytest.param((a_guard("on_gfx942()", "added", "gfx942"),), ("rocm",), id="an architecture of AMD's"),
        pytest.param((a_guard("p.has_device_capability(x)", "added", "capability"),), (), id="one without a number"),
        pytest.param((a_guard("p.is_rocm()", "body"),), (), id="a condition that stands"),
        pytest.param((a_guard("not p.is_rocm()"),), (), id="what is denied"),
        pytest.param((a_guard("logits.is_cuda"),), (), id="the device of a tensor"),
        pytest.param((a_guard("cpu_block_size > 0"),), (), id="a variable"),
        pytest.param((a_guard("p.is_cuda() or p.is_rocm()"), a_guard("not p.is_cuda_alike()", "removed")), (), id="the same, asked in other words"),
        pytest.param((a_guard("p.is_rocm()"), a_guard("p.is_rocm()", "removed", path=CORE)), (), id="a condition that moves to another file"),
        pytest.param((a_guard("p.is_rocm()", path="tests/x.py"),), (), id="a file that hardly counts"),
    ],
)  # fmt: skip
def test_platforms_of_conditions(guards: tuple[GuardFact, ...], found: tuple[str, ...]) -> None:
    assert platforms("x", a_file(ORACLE, 20), guards=guards) == found


def test_platforms_of_architecture_lists() -> None:
    """A list of architectures to compile for is the maker's."""
    files = (a_file("CMakeLists.txt", 9), a_file("csrc/x.cu", 50))
    spot = {"path": "CMakeLists.txt", "change": "added", "category": "build"}
    listed = BuildFact(**spot, what="arch-list", after='f(X_ARCHS "9.0a" "${CUDA_ARCHS}")')
    assert platforms("x", *files, builds=(listed,)) == ("cuda",)
    other = BuildFact(**spot, what="other", after='message(STATUS "${CUDA_ARCHS}")')
    assert platforms("x", *files, builds=(other,)) == ()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("RMSNorm.forward_hip", ("rocm",)),
        ("RMSNorm.forward_xpu", ("xpu",)),
        ("RMSNorm.forward_cpu", ("cpu",)),
        ("RMSNorm.forward_cuda", ()),
        ("RMSNorm.forward_native", ()),
        ("forward_hip", ()),
        ("Runner.to_cpu", ()),
    ],
)
def test_platforms_of_methods(name: str, found: tuple[str, ...]) -> None:
    """An operator's method for CUDA is what other platforms fall back to: it is nobody's alone."""
    assert platforms_of_symbol(name, bundled()) == found


def test_method_of_a_platform_counts_by_its_lines() -> None:
    file = a_file("vllm/model_executor/layers/x.py", 100)
    method = a_symbol(file.path, "Norm.forward_hip", "body", platforms=("rocm",), code_added=60)
    assert platforms("x", file, symbols=(method,)) == ("rocm",)
    slight = a_symbol(file.path, "Norm.forward_hip", "body", platforms=("rocm",), code_added=2)
    assert platforms("x", file, symbols=(slight,)) == ()


def test_order_changes_nothing() -> None:
    files = [
        a_file(f"vllm/platforms/{name}.py", size) for name, size in (("rocm", 3), ("xpu", 50), ("cpu", 400))
    ]
    mixed = list(files)
    random.Random(1).shuffle(mixed)
    assert platforms("x", *mixed) == platforms("x", *files)
