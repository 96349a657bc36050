"""What concerns AMD, by each kind of evidence, and what only names it."""

from __future__ import annotations

import pytest

from diffscope.products.report.dynamics.activity import near_miss, related
from diffscope.products.report.dynamics.descriptions import Environment
from diffscope.products.report.dynamics.events import Item

NVIDIA = """### Your current environment
<details>
```text
ROCM used to build PyTorch   : N/A
GPU models and configuration :
GPU 0: NVIDIA H100 80GB HBM3
CUDA runtime version         : 12.8.93
HIP runtime version          : N/A
MIOpen runtime version       : N/A
ROCM Version                 : Could not collect
vLLM Build Flags:
  CUDA Archs: Not Set; ROCm: Disabled
```
</details>

### Describe the bug

It crashes.
"""
ROCM = NVIDIA.replace("PyTorch   : N/A", "PyTorch   : 7.0.5").replace(
    "configuration :\nGPU 0: NVIDIA H100 80GB HBM3", "configuration : AMD Instinct MI300X (gfx942)"
)


def item(**fields: object) -> Item:
    known = {"number": 7, "title": "[Bug]: it crashes", "author": "ann", "created_at": "2025-01-01T00:00:00Z"}
    return Item(**(known | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        pytest.param({"author": "kay-amd"}, [("author", "kay-amd", None)], id="author"),
        pytest.param({"title": "[ROCm] x"}, [("title", "ROCm", None)], id="title"),
        pytest.param({"body": "It fails on MI300X with `fp8`"}, [("text", "MI300X", None)], id="text"),
        pytest.param({"labels": ("bug", "rocm")}, [("label", "rocm", None)], id="label"),
        pytest.param({"files": ("a.py", "csrc/rocm/a.cu", "vllm/_aiter_ops.py")}, [("file", "csrc/rocm/a.cu", 2)], id="paths"),
        pytest.param({"body": ROCM}, [("environment", "AMD Instinct MI300X, ROCm 7.0.5", None)], id="in use"),
        pytest.param({"body": "ROCM used to build PyTorch : 6.3\nIt fails."}, [("environment", "ROCm 6.3", None)], id="in use, not folded"),
        pytest.param({"body": "<details>\nPYTORCH_ROCM_ARCH=gfx942\n</details>"}, [("environment", "gfx942", None)], id="an architecture"),
        pytest.param({"body": NVIDIA}, None, id="not there"),
        pytest.param({"body": "HIP runtime version: N/A\nROCM used to build PyTorch: None"}, None, id="pasted"),
        pytest.param({"body": "Runs on an AMD EPYC with eight H100, linux/amd64."}, None, id="a processor"),
        pytest.param({"body": "```\nhipErrorNoDevice: HIP error\n```"}, None, id="code"),
    ],
)  # fmt: skip
def test_what_concerns_amd(
    fields: dict[str, object], because: list[tuple[str, str, int | None]] | None
) -> None:
    """Every reason, and none where it is only named."""
    found = related(item(**fields), is_pull=False)
    assert (found and [(one.where, one.found, one.files) for one in found.because]) == because


def test_a_near_miss_is_named_with_what_it_ran_on() -> None:
    """What is N/A, and what stands in output or code only."""
    near = near_miss(item(body=NVIDIA), is_pull=False)
    assert near is not None
    assert (near.words, near.is_absent) == (("ROCm", "HIP"), True)
    assert near.environment == Environment(gpus=("1 × NVIDIA H100 80GB HBM3",), cuda="12.8.93")
    near = near_miss(item(body="```\nHIP error\n```"), is_pull=False)
    assert near is not None
    assert (near.words, near.is_absent) == (("HIP",), False)
    assert near_miss(item(body="nothing"), is_pull=False) is None
    assert near_miss(item(), is_pull=False) is None
