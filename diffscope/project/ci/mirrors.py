"""Where each CI step runs on AMD hardware: by its mirror or a step of the same name; device words of step files -> platforms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.project.answers import AmdState, Reason, StepDecision
from diffscope.project.model import Dialect, Mirror, Pipeline, Step
from diffscope.source.model import RepoPath

DEFAULT_DEVICE: Final = "default-gpu"
"""What a step without ``device`` runs on: the NVIDIA queue for one or several small GPUs."""

_AMD = lazy_regex(r"mi(?:250|300|325|355)_[1248]")
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


UNKNOWN_PLATFORM: Final = "unknown"
_RUNNERS: Final = {
    "cpu": lazy_regex(r"\b(?:ubuntu|windows|macos)-", re.IGNORECASE),
    "rocm": lazy_regex(r"rocm|\bmi\d{3}|amd-?gpu", re.IGNORECASE),
    "npu": lazy_regex(r"\bnpu|ascend", re.IGNORECASE),
    "xpu": lazy_regex(r"\bxpu", re.IGNORECASE),
    "hpu": lazy_regex(r"\bhpu|gaudi", re.IGNORECASE),
    "tpu": lazy_regex(r"\btpu", re.IGNORECASE),
    "cuda": lazy_regex(r"cuda|nvidia|\b[ahlbv]\d{2,3}\b|\b(?:t4|l4)\b", re.IGNORECASE),
}
"""What labels of GitHub's runners name; hosted ones are machines without accelerators."""


def platform_of(device: str, dialect: Dialect = Dialect.GENERATOR) -> str:
    """Return cuda, rocm, cpu, xpu, hpu, npu or tpu; of a runner of GitHub whose labels tell none, ``UNKNOWN_PLATFORM``."""
    if dialect is Dialect.GITHUB:
        return next((name for name, labels in _RUNNERS.items() if labels.search(device)), UNKNOWN_PLATFORM)
    return "rocm" if device.startswith("mi") and is_amd_gpu(device) else _PLATFORMS.get(device, "cuda")


def timeout_of(step: Step) -> int | None:
    """Return a step's timeout in minutes, with the AMD default and cap."""
    if is_amd_gpu(step.device) or step.device == "amd_cpu":
        return amd_timeout(step.timeout, AMD_OWN_LIMITS.get(step.key or "", AMD_DEFAULT_TIMEOUT))
    return step.timeout or None


def amd_timeout(timeout: int | None, limit: int = AMD_DEFAULT_TIMEOUT) -> int:
    """Return the minutes that an AMD job gets: ``limit`` without a timeout of its own, and never more."""
    return limit if timeout is None else min(timeout, limit)


_HARDWARE = lazy_regex(
    r"\s*\((?:[^()]*\b(?:\d+x)?(?:[ABH]\d{3}|MI\d{3}|L4|GH200|GB\d{3})[^()]*)\)|\s*#.*$|\s+%N\b",
    re.IGNORECASE,
)


def amd_states(
    pipelines: Iterable[Pipeline], decisions: Iterable[StepDecision]
) -> dict[tuple[RepoPath, int], AmdState]:
    """Return where each step runs on AMD hardware, by its file and line; ``decisions`` are those on one change.

    Steps with an AMD mirror and steps on NVIDIA hardware have a state; image builds, steps on other hardware and the
    template's own have none.
    """
    pipelines, decisions = tuple(pipelines), tuple(decisions)
    # Two pipelines may hold the same step: what one of them runs, runs.
    judged = sorted((each for each in decisions if each.mirror == "amd"), key=lambda each: each.selected)
    mirrors = {(each.file, each.line): each for each in judged}
    twins = _twins(decisions)
    states: dict[tuple[RepoPath, int], AmdState] = {}
    for pipeline in pipelines:
        for step in pipeline.steps:
            mirror = amd_mirror(step)
            decided = mirrors.get((step.file, mirror.line)) if mirror else None
            if decided is not None:
                states.setdefault((step.file, step.line), _state_of(decided))
            elif _is_nvidia(step):
                runs = twins.get(plain_label(step.label))
                state = AmdState.ELSEWHERE if runs else AmdState.ELSEWHERE_NOT_RUN
                states.setdefault((step.file, step.line), AmdState.MISSING if runs is None else state)
    return states


def plain_label(label: str) -> str:
    """Return a step's label without hardware in brackets, shard marks and comments, in lower case."""
    return " ".join(_HARDWARE.sub("", label).split()).lower()


def amd_mirror(step: Step) -> Mirror | None:
    """Return a step's AMD mirror, ``None`` where it has none."""
    return next((mirror for mirror in step.mirrors if mirror.name == "amd"), None)


def _is_nvidia(step: Step) -> bool:
    is_image = bool(step.key and step.key.startswith("image-build")) or step.label.startswith(":docker:")
    is_ours = step.dialect is Dialect.GENERATOR and not step.file.startswith(".buildkite/hardware_tests/")
    return is_ours and not is_image and platform_of(device_of(step)) == "cuda"


def _twins(decisions: Iterable[StepDecision]) -> dict[str, bool]:
    """By plain label, whether a step of the AMD template runs."""
    found: dict[str, bool] = {}
    for each in decisions:
        if each.dialect is Dialect.AMD_TEMPLATE and each.reason is not Reason.NOT_MIRRORED:
            label = plain_label(each.label)
            found[label] = found.get(label, False) or each.selected
    return found


def _state_of(mirror: StepDecision) -> AmdState:
    if mirror.selected:
        return AmdState.SOFT_FAIL if mirror.soft_fail else AmdState.PRESENT
    return AmdState.OPTIONAL if mirror.optional else AmdState.NOT_RUN
