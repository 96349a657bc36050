"""Buildkite job files and configurations -> pipelines with their steps, as the programs that read them do; where each step runs on AMD hardware.

Read off vllm-project/ci-infra at 3e4cfe4 (2026-08-21): ``pipeline_generator/step.py`` and ``global_config.py`` for the
folders that ``ci_config*.yaml`` name, ``bootstrap-amd.sh`` with ``test-template-amd.j2`` for ``test-amd.yaml``.
Values are text as PyYAML reads it. A step that the reader cannot make sense of is reported and left out.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from diffscope.patterns import lazy_regex
from diffscope.project.answers import AmdState, Reason, StepDecision
from diffscope.project.model import Dialect, Listed, Mirror, Pipeline, Problem, Step
from diffscope.project.tree import TreeIndex
from diffscope.project.yaml_shapes import Shapes, line_of
from diffscope.source.model import RepoPath
from diffscope.source.profile import profile
from diffscope.yaml.strict import ListNode, MapNode, Node, ScalarNode

FOLDER: Final = ".buildkite/"
AMD_JOB_FILE: Final = RepoPath(".buildkite/test-amd.yaml")
AMD_PIPELINE: Final = "amd"
_TESTS: Final = "tests"
"""The folder of CI's workspace that the generator gives a step without ``working_dir`` in a group with ``depends_on``, and the template any step."""

REQUIRED_KEYS: Final = ("name", "job_dirs", "registries", "repositories")
STEP_KEYS: Final = frozenset({
    "label", "group", "working_dir", "key", "depends_on", "commands", "device", "agent_tags", "num_devices",
    "num_nodes", "source_file_dependencies", "soft_fail", "parallelism", "concurrency", "concurrency_group",
    "timeout_in_minutes", "mount_buildkite_agent", "env", "retry", "optional", "no_plugin", "no_gpu", "dind",
    "mirror",
})  # fmt: skip
"""The keys of a step that the generator reads; it drops others without a word."""

MIRROR_KEYS: Final = frozenset({
    "device", "commands", "working_dir", "no_plugin", "no_gpu", "num_devices", "num_gpus", "env", "depends_on",
    "dind", "num_nodes", "soft_fail", "concurrency", "concurrency_group", "timeout_in_minutes", "agent_tags",
    "label", "optional", "source_file_dependencies",
})  # fmt: skip
"""The keys of an AMD mirror that the generator reads; ``parallelism`` is the step's."""


def read_pipelines(
    contents: Mapping[RepoPath, bytes], tree: TreeIndex
) -> tuple[tuple[Pipeline, ...], tuple[Problem, ...]]:
    """Return every pipeline that the tree declares, sorted by configuration file, and what could not be read."""
    problems: list[Problem] = []
    files: dict[RepoPath, tuple[Step, ...]] = {}
    pipelines: list[Pipeline] = []
    for path in tree.starting_with(f"{FOLDER}ci_config"):
        if not path.endswith((".yaml", ".yml")) or path not in contents:
            continue
        shapes = Shapes(path)
        root = shapes.load(contents[path]) or MapNode((), 1, 1)
        pipeline = Pipeline(
            name=shapes.text(root, "name") or shapes.path,
            path=shapes.path,
            dialect=Dialect.GENERATOR,
            job_dirs=shapes.texts(root, "job_dirs") or (),
            run_all=shapes.texts(root, "run_all_patterns") or (),
            run_all_exclude=shapes.texts(root, "run_all_exclude_patterns") or (),
            missing_keys=tuple(key for key in REQUIRED_KEYS if _is_empty(root.get(key))),
        )
        problems += shapes.problems
        steps: list[Step] = []
        for job_file in _job_files(pipeline, tree):
            if job_file not in files:
                files[job_file] = _read_job_file(job_file, contents, problems, Dialect.GENERATOR)
            steps += files[job_file]
        pipelines.append(msgspec.structs.replace(pipeline, steps=tuple(steps)))
    if tree.is_file(AMD_JOB_FILE):
        amd_steps = _read_job_file(AMD_JOB_FILE, contents, problems, Dialect.AMD_TEMPLATE)
        pipelines.append(
            Pipeline(name=AMD_PIPELINE, path=AMD_JOB_FILE, dialect=Dialect.AMD_TEMPLATE, steps=amd_steps)
        )
    return tuple(pipelines), tuple(problems)


def _is_empty(node: Node | None) -> bool:
    if isinstance(node, ScalarNode):
        return not node.value
    if isinstance(node, ListNode):
        return not node.items
    return node is None or not node.entries


def _job_files(pipeline: Pipeline, tree: TreeIndex) -> tuple[RepoPath, ...]:
    """The job files below the folders that a configuration names; the generator reads ``.yaml`` alone."""
    folders = [name for folder in pipeline.job_dirs if (name := folder.text.strip("/"))]
    return tuple(
        dict.fromkeys(path for name in folders for path in tree.below(name) if path.endswith(".yaml"))
    )


def _read_job_file(
    path: RepoPath, contents: Mapping[RepoPath, bytes], problems: list[Problem], dialect: Dialect
) -> tuple[Step, ...]:
    if path not in contents:
        problems.append(Problem(path=path, line=1, message="the file could not be read", kind="missing"))
        return ()
    steps, found = _parse_job_file(path, contents[path], dialect)
    problems += found
    return steps


@functools.lru_cache(maxsize=256)
def _parse_job_file(
    path: RepoPath, data: bytes, dialect: Dialect
) -> tuple[tuple[Step, ...], tuple[Problem, ...]]:
    # Kept: of some fifty files, a commit changes one or two.
    shapes = Shapes(path)
    root = shapes.load(data)
    steps: tuple[Step, ...] = ()
    if root is not None:
        group = shapes.text(root, "group")
        depends_on = shapes.texts(root, "depends_on") or ()
        nodes = shapes.maps(root, "steps")
        steps = tuple(_step(shapes, node, (group, depends_on), dialect) for node in nodes)
    return tuple(step for step in steps if step.label), tuple(shapes.problems)


def _step(
    shapes: Shapes, node: MapNode, group: tuple[str | None, tuple[Listed, ...]], dialect: Dialect
) -> Step:
    label = shapes.text(node, "label")
    if label is None and node.get("block") is None:
        shapes.report(node.line, "a step has no label")
    is_template = dialect is Dialect.AMD_TEMPLATE
    in_waiting_group = bool(group[1]) and not is_template
    working_dir = shapes.text(node, "working_dir")
    if not working_dir and (in_waiting_group or is_template):
        working_dir = f"{profile().workspace or ''}/{_TESTS}"
    commands = (
        shapes.texts(node, "commands") or (shapes.texts(node, "command") if is_template else None) or ()
    )
    return Step(
        file=shapes.path,
        line=node.line,
        label=label or "",
        key=shapes.text(node, "key"),
        group=group[0] or shapes.text(node, "group"),
        dialect=dialect,
        device=shapes.text(node, "agent_pool" if is_template else "device"),
        num_devices=shapes.number(node, "num_gpus" if is_template else "num_devices"),
        num_nodes=shapes.number(node, "num_nodes"),
        working_dir=working_dir,
        commands=commands,
        dependencies=shapes.texts(node, "source_file_dependencies"),
        watches_own_file=in_waiting_group,
        optional=bool(shapes.flag(node, "optional")),
        soft_fail=bool(shapes.flag(node, "soft_fail")),
        timeout=shapes.number(node, "timeout_in_minutes"),
        parallelism=shapes.number(node, "parallelism"),
        dind=shapes.flag(node, "dind") is not False,
        no_gpu=bool(shapes.flag(node, "no_gpu")),
        depends_on=shapes.texts(node, "depends_on") or (() if is_template else group[1]),
        mirrors=_mirrors(shapes, node),
        keys=_keys(node),
        mirror_hardwares=tuple(each.text for each in shapes.texts(node, "mirror_hardwares") or ()),
    )


def _mirrors(shapes: Shapes, node: MapNode) -> tuple[Mirror, ...]:
    mirror = node.get("mirror")
    if not isinstance(mirror, MapNode):
        if mirror is not None and not _is_empty(mirror):
            shapes.report(line_of(mirror, node.line), "'mirror' is not a mapping")
        return ()
    found = []
    for entry in mirror.entries:
        if isinstance(entry.value, MapNode):
            found.append(_mirror(shapes, entry.key, entry.line, entry.value))
        elif not _is_empty(entry.value):
            shapes.report(entry.line, f"the mirror '{entry.key}' is not a mapping")
    return tuple(found)


def _mirror(shapes: Shapes, name: str, line: int, node: MapNode) -> Mirror:
    devices = shapes.number(node, "num_devices")
    return Mirror(
        name=name,
        line=line,
        device=shapes.text(node, "device"),
        dependencies=shapes.texts(node, "source_file_dependencies"),
        commands=shapes.texts(node, "commands"),
        working_dir=shapes.text(node, "working_dir"),
        num_devices=devices if devices is not None else shapes.number(node, "num_gpus"),
        optional=shapes.flag(node, "optional"),
        soft_fail=shapes.flag(node, "soft_fail"),
        timeout=shapes.number(node, "timeout_in_minutes"),
        dind=shapes.flag(node, "dind") is not False,
        depends_on=shapes.texts(node, "depends_on") or (),
        keys=_keys(node),
    )


def _keys(node: MapNode) -> tuple[Listed, ...]:
    return tuple(Listed(text=entry.key, line=entry.line) for entry in node.entries)


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
