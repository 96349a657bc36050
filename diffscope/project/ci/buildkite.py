"""Buildkite job files and configurations -> pipelines with their steps, as the programs that read them do.

Read off vllm-project/ci-infra at 3e4cfe4 (2026-08-21): ``pipeline_generator/step.py`` and ``global_config.py`` for the
folders that ``ci_config*.yaml`` name, ``bootstrap-amd.sh`` with ``test-template-amd.j2`` for ``test-amd.yaml``.
Values are text as PyYAML reads it. A step that the reader cannot make sense of is reported and left out.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

import msgspec

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
