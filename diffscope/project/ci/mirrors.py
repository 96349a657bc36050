"""Where each step runs on AMD hardware for a change: by its mirror, or a step of the same name in the AMD template."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diffscope.project.answers import AmdState, Reason, StepDecision
from diffscope.project.ci.devices import device_of, platform_of
from diffscope.project.model import Dialect, Mirror, Pipeline, Step
from diffscope.source.model import RepoPath

_HARDWARE = re.compile(
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
