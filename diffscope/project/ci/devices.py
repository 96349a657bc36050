"""Device words of step files -> hardware platforms, as vllm-project/ci-infra's ``constants.py`` and ``amd.py`` list them."""

from __future__ import annotations

import re
from typing import Final

from diffscope.project.model import Mirror, Step

DEFAULT_DEVICE: Final = "default-gpu"
"""What a step without ``device`` runs on: the NVIDIA queue for one or several small GPUs."""

_AMD = re.compile(r"mi(?:250|300|325|355)_[1248]")
_PLATFORMS: Final = {
    "cpu": "cpu",
    "cpu-small": "cpu",
    "cpu-medium": "cpu",
    "arm_cpu": "cpu",
    "zen5": "cpu",
    "intel_cpu": "cpu",
    "amd_cpu": "rocm",
    "intel_gpu": "xpu",
    "intel_hpu": "hpu",
    "ascend_npu": "npu",
}
AMD_DEFAULT_TIMEOUT: Final = 180
"""Minutes: what AMD steps get without a timeout, and the most that they may have."""
AMD_OWN_LIMITS: Final = {"refresh-rocm-base-amd": 540}
"""Minutes, by the key of a step that builds longer than any test runs: what it gets instead, and its most."""


def is_amd_gpu(device: str | None) -> bool:
    """Say whether the generator knows the word as an AMD GPU pool."""
    return device is not None and _AMD.fullmatch(device) is not None


def gpu_count(device: str) -> int | None:
    """Return the GPUs of an AMD pool by its name (``mi300_2``: 2), ``None`` for another word."""
    return int(device.rpartition("_")[2]) if is_amd_gpu(device) else None


def device_of(step: Step) -> str:
    """Return the device word of a step; image builds run on CPU agents whatever they say."""
    if step.label.startswith(":docker:"):
        return "cpu"
    return step.device or DEFAULT_DEVICE


def platform_of(device: str) -> str:
    """Return cuda, rocm, cpu, xpu, hpu or npu."""
    return "rocm" if device.startswith("mi") and is_amd_gpu(device) else _PLATFORMS.get(device, "cuda")


def timeout_of(step: Step) -> int | None:
    """Return a step's timeout in minutes, with the AMD default and cap."""
    if is_amd_gpu(step.device) or step.device == "amd_cpu":
        return amd_timeout(step.timeout, AMD_OWN_LIMITS.get(step.key or "", AMD_DEFAULT_TIMEOUT))
    return step.timeout or None


def mirror_timeout(mirror: Mirror) -> int:
    """Return a mirror's timeout in minutes; it does not inherit its parent's."""
    return amd_timeout(mirror.timeout)


def amd_timeout(timeout: int | None, limit: int = AMD_DEFAULT_TIMEOUT) -> int:
    """Return the minutes that an AMD job gets: ``limit`` without a timeout of its own, and never more."""
    return limit if timeout is None else min(timeout, limit)
