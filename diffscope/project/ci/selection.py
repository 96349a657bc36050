"""Pipelines and changed paths -> which steps run by themselves, in the order of decision of the programs that decide.

The generator (ci-infra@3e4cfe4, ``buildkite_step.py::_step_should_run``): image builds run; nightly runs all;
``optional`` does not run; a native AMD step runs when its runner script changed; ``run_all`` runs the rest; else one
changed path must match the dependencies. A dependency matches a path that is equal, or lies below it at a ``/``; no
globs; ``!x`` excludes; **an empty list never matches**. The mirror has its own entries and its parent's, inherits
``optional``, and runs whenever the ROCm base Dockerfile changes. A diff of documentation alone runs nothing.

The AMD template (``test-amd.yaml``) differs: an entry matches every path that *starts with* it, without a boundary
and without ``!``; **an empty list always runs**; its ``run_all`` paths stand in ``bootstrap-amd.sh``; only steps
that mirror ``amdproduction`` exist at all.

Workflows of GitHub have rules of their own: ``workflow_jobs``.

Both programs see ``git diff --name-only``: of a rename the new path alone, and a non-ASCII path in quotes (``visible_paths``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from diffscope.project.answers import DeviceCount, Reason, RunAll, Selection, StepDecision
from diffscope.project.ci.buildkite import amd_timeout, device_of, is_amd_gpu, platform_of, timeout_of
from diffscope.project.matching import dependencies_of, first_match, first_regex
from diffscope.project.model import Dialect, Listed, Mirror, Pipeline, Step
from diffscope.source.model import RepoPath

AMD_RUNNER: Final = RepoPath(".buildkite/scripts/hardware_ci/run-amd-test.sh")
ROCM_BASE: Final = RepoPath("docker/Dockerfile.rocm_base")
AMD_MIRROR: Final = "amdproduction"
RUN_ALL_LABEL: Final = "ready-run-all-tests"
ALWAYS_RUN_KEYS: Final = frozenset({"ensure-ci-base-amd", "refresh-rocm-base-amd"})
"""Steps that the generator runs for every change, whatever their dependencies say: ``AMD_ALWAYS_RUN_STEP_KEYS`` of ci-infra."""
_RUNNING: Final = frozenset(
    {
        *(Reason.IMAGE_BUILD, Reason.NIGHTLY, Reason.AMD_RUNTIME, Reason.RUN_ALL, Reason.DEPENDENCY),
        Reason.ROCM_BASE,
    }
)
TEMPLATE_RUN_ALL: Final = (
    *("docker/Dockerfile.rocm", "CMakeLists.txt", "requirements/common.txt", "requirements/rocm.txt"),
    *("requirements/build/rocm.txt", "requirements/test/rocm.txt", "setup.py", "csrc/", "cmake/"),
)
TEMPLATE_RUN_ALL_EXCLUDE: Final = ("csrc/cpu", "cmake/cpu_extension.cmake")
_KINDS: Final = ("selected", "optional", "unselected")


class Trigger(NamedTuple):
    """What a build is started with, besides its paths."""

    nightly: bool = False
    run_all: bool = False


class _Why(NamedTuple):
    selected: bool
    reason: Reason
    entry: Listed | None = None
    path: RepoPath | None = None


def select_steps(
    pipelines: Iterable[Pipeline],
    paths: Iterable[RepoPath],
    *,
    labels: Iterable[str] = (),
    trigger: Trigger = Trigger(),  # noqa: B008 - an immutable tuple
) -> Selection:
    """Return what every pipeline decides for the changed paths (as ``visible_paths`` gives them)."""
    seen = tuple(paths)
    trigger = trigger._replace(nightly=True, run_all=True) if RUN_ALL_LABEL in set(labels) else trigger
    pipelines = tuple(pipelines)
    has_workflows = any(pipeline.event for pipeline in pipelines)
    is_docs = bool(seen) and all(map(is_documentation, seen)) and not has_workflows
    decisions: list[StepDecision] = []
    run_all: list[RunAll] = []
    for pipeline in pipelines:
        if pipeline.missing_keys:
            # The generator refuses such a configuration, so that nothing runs by it.
            continue
        if pipeline.event is not None:
            from diffscope.project.ci.workflow_jobs import decide_jobs  # noqa: PLC0415 - only workflows ask it

            decisions += decide_jobs(pipeline, pipeline.event, seen)
            continue
        mode, found = run_all_of(pipeline, seen, trigger)
        run_all += found
        # The template's wrapper gives up on documentation before it looks for a reason to run all.
        is_skipped = is_docs and (pipeline.dialect is Dialect.AMD_TEMPLATE or not mode.run_all)
        for step in pipeline.steps:
            decided = _decide(pipeline, step, seen, mode, is_docs_only=is_skipped)
            decisions += (_with_pattern(each, found[0]) for each in decided) if found else decided
    chosen = [each for each in decisions if each.selected]
    return Selection(
        decisions=tuple(decisions),
        run_all=tuple(run_all),
        docs_only=is_docs,
        devices=_count_devices(decisions),
        minutes=sum((each.timeout or 0) * each.parallelism for each in chosen),
        without_timeout=sum(each.timeout is None for each in chosen),
    )


def _with_pattern(decision: StepDecision, found: RunAll) -> StepDecision:
    if decision.reason is not Reason.RUN_ALL:
        return decision
    return msgspec.structs.replace(decision, entry=found.entry, path=found.path)


def is_documentation(path: str) -> bool:
    """Say whether a path is documentation to both programs: a change of nothing else runs nothing."""
    return path.startswith("docs/") or path.endswith(".md") or path == "mkdocs.yaml"


def run_all_of(
    pipeline: Pipeline, paths: tuple[RepoPath, ...], trigger: Trigger
) -> tuple[Trigger, list[RunAll]]:
    """Return the trigger as a pipeline takes it, and why it runs all, if it does."""
    if trigger.run_all:
        return trigger, [RunAll(pipeline=pipeline.name, entry=RUN_ALL_LABEL, path=None)]
    if pipeline.dialect is Dialect.AMD_TEMPLATE:
        return _amd_mode(pipeline, paths, trigger)
    for path in paths:
        entry = first_regex(pipeline.run_all, path)
        if entry is not None and first_regex(pipeline.run_all_exclude, path) is None:
            return trigger._replace(run_all=True), [RunAll(pipeline=pipeline.name, entry=entry, path=path)]
    return trigger, []


def _amd_mode(
    pipeline: Pipeline, paths: tuple[RepoPath, ...], trigger: Trigger
) -> tuple[Trigger, list[RunAll]]:
    found: list[RunAll] = []
    for path in paths:
        if path.startswith(ROCM_BASE):
            trigger = trigger._replace(nightly=True)
            continue
        entry = next((each for each in TEMPLATE_RUN_ALL if path.startswith(each)), None)
        if entry is not None and not path.startswith(TEMPLATE_RUN_ALL_EXCLUDE) and not found:
            found.append(RunAll(pipeline=pipeline.name, entry=entry, path=path))
    return trigger._replace(run_all=bool(found)), found


def _decide(
    pipeline: Pipeline, step: Step, paths: tuple[RepoPath, ...], trigger: Trigger, *, is_docs_only: bool
) -> list[StepDecision]:
    if step.dialect is Dialect.AMD_TEMPLATE:
        why = _template_why(step, paths, trigger)
    else:
        why = _generator_why(step, paths, trigger, dependencies_of(step))
    why = why._replace(selected=False, reason=Reason.DOCS_ONLY) if is_docs_only else why
    decisions = [_decision(pipeline, step, why)]
    for mirror in step.mirrors:
        if mirror.name == "amd" and step.dialect is Dialect.GENERATOR and not is_amd_gpu(step.device):
            because = _mirror_why(step, mirror, paths, trigger)
            because = because._replace(selected=False, reason=Reason.DOCS_ONLY) if is_docs_only else because
            decisions.append(_mirror_decision(decisions[0], step, mirror, because))
    return decisions


def _generator_why(
    step: Step, paths: tuple[RepoPath, ...], trigger: Trigger, dependencies: tuple[Listed, ...]
) -> _Why:
    found = first_match(dependencies, paths)
    if step.key and (step.key.startswith("image-build") or step.key in ALWAYS_RUN_KEYS):
        reason = Reason.IMAGE_BUILD
    elif trigger.nightly:
        reason = Reason.NIGHTLY
    elif step.optional:
        reason = Reason.OPTIONAL_NO_MATCH if found is None else Reason.OPTIONAL
    elif is_amd_gpu(step.device) and not step.dind and AMD_RUNNER in paths:
        reason = Reason.AMD_RUNTIME
    elif trigger.run_all:
        reason = Reason.RUN_ALL
    elif found is not None:
        reason = Reason.DEPENDENCY
    else:
        reason = Reason.NO_MATCH if dependencies else Reason.EMPTY_LIST
    return _why(reason, found, selected=reason in _RUNNING)


def _mirror_why(step: Step, mirror: Mirror, paths: tuple[RepoPath, ...], trigger: Trigger) -> _Why:
    dependencies = dependencies_of(step, mirror)
    # What the generator judges in the mirror's place has no key.
    effective = Step(
        file=step.file,
        line=mirror.line,
        label=step.label,
        device=mirror.device,
        dind=mirror.dind,
        optional=step.optional if mirror.optional is None else mirror.optional,
        dependencies=dependencies,
    )
    why = _generator_why(effective, paths, trigger, dependencies)
    if not why.selected and ROCM_BASE in paths:
        return _Why(selected=True, reason=Reason.ROCM_BASE, path=ROCM_BASE)
    return why


def _template_why(step: Step, paths: tuple[RepoPath, ...], trigger: Trigger) -> _Why:
    found = first_match(step.dependencies or (), paths, Dialect.AMD_TEMPLATE)
    if AMD_MIRROR not in step.mirror_hardwares:
        reason = Reason.NOT_MIRRORED
    elif trigger.nightly:
        reason = Reason.NIGHTLY
    elif step.optional:
        reason = Reason.OPTIONAL_NO_MATCH if found is None else Reason.OPTIONAL
    elif trigger.run_all:
        reason = Reason.RUN_ALL
    elif not step.dependencies:
        reason = Reason.EMPTY_LIST
    elif not step.dind and AMD_RUNNER in paths:
        reason = Reason.AMD_RUNTIME
    else:
        reason = Reason.NO_MATCH if found is None else Reason.DEPENDENCY
    return _why(reason, found, selected=reason in _RUNNING or reason is Reason.EMPTY_LIST)


def _why(reason: Reason, found: tuple[Listed, RepoPath] | None, *, selected: bool) -> _Why:
    if found is not None and reason in {Reason.DEPENDENCY, Reason.OPTIONAL}:
        return _Why(selected, reason, *found)
    return _Why(selected, reason, path=AMD_RUNNER if reason is Reason.AMD_RUNTIME else None)


def _decision(pipeline: Pipeline, step: Step, why: _Why) -> StepDecision:
    device = device_of(step)
    is_template = step.dialect is Dialect.AMD_TEMPLATE
    return StepDecision(
        pipeline=pipeline.name,
        label=step.label,
        file=step.file,
        line=step.line,
        selected=why.selected,
        reason=why.reason,
        dialect=step.dialect,
        key=step.key,
        group=step.group,
        device=device,
        platform="rocm" if is_template else platform_of(device),
        entry=why.entry.text if why.entry else None,
        entry_line=why.entry.line if why.entry else None,
        path=why.path,
        optional=step.optional,
        soft_fail=step.soft_fail,
        timeout=amd_timeout(step.timeout) if is_template else timeout_of(step),
        parallelism=step.parallelism or 1,
    )


def _mirror_decision(parent: StepDecision, step: Step, mirror: Mirror, why: _Why) -> StepDecision:
    # A mirror's timeout in minutes; it does not inherit its parent's.
    return msgspec.structs.replace(
        parent,
        line=mirror.line,
        selected=why.selected,
        reason=why.reason,
        mirror=mirror.name,
        key=f"amd-{step.key}" if step.key else None,
        device=mirror.device or "",
        platform="rocm",
        entry=why.entry.text if why.entry else None,
        entry_line=why.entry.line if why.entry else None,
        path=why.path,
        optional=step.optional if mirror.optional is None else mirror.optional,
        soft_fail=step.soft_fail if mirror.soft_fail is None else mirror.soft_fail,
        timeout=amd_timeout(mirror.timeout),
    )


def _count_devices(decisions: list[StepDecision]) -> tuple[DeviceCount, ...]:
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for each in decisions:
        kind = "selected" if each.selected else "optional" if each.optional else "unselected"
        counts[each.platform, each.device][kind] += 1
    return tuple(
        DeviceCount(device=device, platform=platform, **dict.fromkeys(_KINDS, 0) | counted)
        for (platform, device), counted in sorted(counts.items())
    )
