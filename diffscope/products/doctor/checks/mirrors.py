"""AMD mirrors that disagree with their step, and shard arguments that disagree with parallel jobs."""

from __future__ import annotations

from collections.abc import Iterator

from diffscope.products.doctor.checks.places import StepPlace, unique_steps
from diffscope.products.doctor.findings import Finding, Weight, make_finding
from diffscope.project.ci.buildkite import MIRROR_KEYS
from diffscope.project.ci.devices import gpu_count, is_amd_gpu
from diffscope.project.matching.matching import matches_dependency
from diffscope.project.model import Dialect, Listed, Mirror, Project

_JOB = "BUILDKITE_PARALLEL_JOB"
_SHARDS = ("--shard-id", "--num-shards", _JOB)


def check_mirrors(project: Project) -> Iterator[Finding]:
    """Yield where a mirror, or a step's own sharding, contradicts what runs."""
    for place in unique_steps(project):
        yield from _check_shards(place, place.step.commands, place.step.line, "")
        for mirror in place.step.mirrors:
            if mirror.name == "amd" and place.dialect is Dialect.GENERATOR:
                yield from _check_mirror(place, mirror)


def _check_mirror(place: StepPlace, mirror: Mirror) -> Iterator[Finding]:
    step, where = place.step, f"the AMD mirror of '{place.step.label}'"
    yield from _check_device(place, mirror, where)
    for key in mirror.keys:
        if key.text not in MIRROR_KEYS:
            whose = "; the step's own is used" if key.text == "parallelism" else ""
            message = f"{where} has the key '{key.text}', which the generator does not read{whose}"
            yield make_finding("DR310", step.file, key.line, message)
    if mirror.dependencies is not None:
        own = [each.text for each in mirror.dependencies]
        left = tuple(each.text for each in step.dependencies or () if not _is_covered(each.text, own))
        if left:
            message = (
                f"{where} lists its own dependencies without {len(left)} of its step's; "
                "the generator unites both lists, so that it runs for those all the same"
            )
            yield make_finding("DR310", step.file, mirror.line, message, evidence=left, weight=Weight.INFO)
    if mirror.commands is not None:
        yield from _check_shards(place, mirror.commands, mirror.line, f" in {where}")


def _is_covered(entry: str, own: list[str]) -> bool:
    return any(matches_dependency(each, entry.rstrip("/")) for each in own) or entry in own


def _check_device(place: StepPlace, mirror: Mirror, where: str) -> Iterator[Finding]:
    step = place.step
    if not is_amd_gpu(mirror.device):
        message = (
            f"{where} has the device '{mirror.device}', which is no AMD pool: the generator refuses the step"
        )
        yield make_finding("DR314", step.file, mirror.line, message, weight=Weight.HIGH)
        return
    wanted = mirror.num_devices if mirror.num_devices is not None else step.num_devices
    has = gpu_count(mirror.device or "")
    no_gpu = any(each.text == "no_gpu" for each in mirror.keys) or step.no_gpu
    if wanted is not None and wanted != has and not no_gpu:
        message = f"{where} asks for {wanted} devices of '{mirror.device}', which has {has}: the generator refuses it"
        yield make_finding("DR314", step.file, mirror.line, message, weight=Weight.HIGH)


def _check_shards(place: StepPlace, commands: tuple[Listed, ...], line: int, note: str) -> Iterator[Finding]:
    step = place.step
    sharded = [each for each in commands if any(sign in each.text for sign in _SHARDS)]
    is_parallel = (step.parallelism or 1) > 1
    if sharded and not is_parallel and any(_JOB in each.text for each in sharded):
        message = f"a command{note} of '{step.label}' takes its shard from the parallel job, but there is one job only"
        yield make_finding("DR316", step.file, sharded[0].line, message, evidence=(sharded[0].text,))
    if is_parallel and not sharded and not any("PARALLEL" in each.text for each in commands):
        message = f"'{step.label}' runs {step.parallelism} jobs{note}, but no command takes a shard: each runs all of it"
        yield make_finding("DR316", step.file, line, message)
