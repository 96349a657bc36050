"""How each step stands on AMD hardware: its mirror, or a step of the same name that the AMD template runs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diffscope.project.answers import MirrorState
from diffscope.project.devices import device_of, platform_of
from diffscope.project.selection import AMD_MIRROR
from diffscope.project.values import Dialect, Mirror, Pipeline, Step
from diffscope.source.values import RepoPath

_HARDWARE = re.compile(
    r"\s*\((?:[^()]*\b(?:\d+x)?(?:[ABH]\d{3}|MI\d{3}|L4|GH200|GB\d{3})[^()]*)\)|\s*#.*$|\s+%N\b",
    re.IGNORECASE,
)


def mirror_states(pipelines: Iterable[Pipeline]) -> tuple[MirrorState, ...]:
    """Return the AMD state of every step that runs on NVIDIA hardware, in the order of the pipelines.

    Steps on other hardware, image builds and the template's own steps have none.
    """
    pipelines = tuple(pipelines)
    twins = _twins(pipelines)
    states: dict[tuple[RepoPath, int], MirrorState] = {}
    for pipeline in pipelines:
        for step in pipeline.steps:
            if _is_nvidia(step):
                states.setdefault(
                    (step.file, step.line), _state(step, twins.get(plain_label(step.label), ()))
                )
    return tuple(states.values())


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


def _twins(pipelines: tuple[Pipeline, ...]) -> dict[str, tuple[Step, ...]]:
    found: dict[str, list[Step]] = {}
    for pipeline in pipelines:
        for step in pipeline.steps:
            if step.dialect is Dialect.AMD_TEMPLATE and AMD_MIRROR in step.mirror_hardwares:
                found.setdefault(plain_label(step.label), []).append(step)
    return {label: tuple(steps) for label, steps in found.items()}


def _state(step: Step, twins: tuple[Step, ...]) -> MirrorState:
    mirror = amd_mirror(step)
    inherited = {each.text for each in step.dependencies or ()}
    own = tuple(
        each.text for each in (mirror.dependencies if mirror else None) or () if each.text not in inherited
    )
    return MirrorState(
        label=step.label,
        file=step.file,
        line=mirror.line if mirror else step.line,
        state=_word(step, mirror, twins),
        device=mirror.device if mirror else None,
        own_dependencies=own,
        other_commands=bool(mirror and mirror.commands),
        twins=tuple(f"{each.label} ({each.device}{', optional' if each.optional else ''})" for each in twins),
    )


def _word(step: Step, mirror: Mirror | None, twins: tuple[Step, ...]) -> str:
    if mirror is None:
        return "elsewhere" if twins else "missing"
    if step.optional if mirror.optional is None else mirror.optional:
        return "optional"
    return "soft-fail" if (step.soft_fail if mirror.soft_fail is None else mirror.soft_fail) else "present"
