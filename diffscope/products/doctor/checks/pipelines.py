"""Configurations and steps that the generator refuses or reads in part: missing keys, dead patterns, unread keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diffscope.errors import InputError
from diffscope.products.doctor.checks.places import unique_steps
from diffscope.products.doctor.findings import Finding, Weight, make_finding
from diffscope.project.ci.buildkite import STEP_KEYS
from diffscope.project.matching.guarded_regex import compile_guarded
from diffscope.project.model import Dialect, Listed, Pipeline, Project
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath

_TEMPLATE_KEYS = frozenset(
    {
        *(
            "label",
            "command",
            "commands",
            "mirror_hardwares",
            "agent_pool",
            "agent_tags",
            "autorun_on_main",
            "dind",
        ),
        *("env", "no_gpu", "no_plugin", "num_gpus", "num_nodes", "optional", "parallelism", "working_dir"),
        *("source_file_dependencies", "timeout_in_minutes", "key", "depends_on", "soft_fail"),
    }
)
_INJECTED_KEYS = frozenset({"image-build", "image-build-amd", "pre-commit"})


def check_pipelines(project: Project, tree: TreeIndex) -> Iterator[Finding]:
    """Yield what is wrong with configurations, and with the keys of steps."""
    for pipeline in project.pipelines:
        if pipeline.dialect is Dialect.GENERATOR:
            yield from _check_configuration(pipeline, tree)
        yield from _check_waits(pipeline, project)
    yield from _check_keys(project)


def _check_configuration(pipeline: Pipeline, tree: TreeIndex) -> Iterator[Finding]:
    if pipeline.missing_keys:
        keys = ", ".join(pipeline.missing_keys)
        message = (
            f"the generator refuses '{pipeline.name}': it has no {keys}, so that none of its steps would run"
        )
        yield make_finding("DR314", pipeline.path, 1, message)
    for folder in pipeline.job_dirs:
        if not tree.is_folder(folder.text.strip("/")):
            message = f"the generator refuses '{pipeline.name}': the folder '{folder.text}' does not exist"
            nearest = tree.nearest(folder.text)
            yield make_finding(
                "DR314", pipeline.path, folder.line, message, suggestion=nearest, weight=Weight.HIGH
            )
    for name, patterns in (("run_all", pipeline.run_all), ("run_all_exclude", pipeline.run_all_exclude)):
        for pattern in patterns:
            yield from _check_pattern(pipeline, name, pattern, tree)


def _check_pattern(pipeline: Pipeline, name: str, pattern: Listed, tree: TreeIndex) -> Iterator[Finding]:
    try:
        regex = compile_guarded(pattern.text)
    except InputError as error:
        message = f"the {name} pattern '{pattern.text}' cannot be judged: {error.message}"
        yield make_finding("DR312", pipeline.path, pattern.line, message)
        return
    if not any(map(regex.match, tree.starting_with(regex.prefix))):
        message = f"the {name} pattern '{pattern.text}' of '{pipeline.name}' matches no file"
        nearest = tree.nearest(re.sub(r"\\(.)", r"\1", pattern.text).lstrip("^").rstrip("$"))
        yield make_finding("DR312", pipeline.path, pattern.line, message, suggestion=nearest)


def _check_waits(pipeline: Pipeline, project: Project) -> Iterator[Finding]:
    """``depends_on`` that names no step of any pipeline; template and generator add keys of their own."""
    if pipeline.dialect is Dialect.AMD_TEMPLATE:
        return
    keys = {step.key for each in project.pipelines for step in each.steps if step.key} | _INJECTED_KEYS
    keys |= {f"amd-{key}" for key in keys}
    reported: set[tuple[RepoPath, int]] = set()
    for step in pipeline.steps:
        waits = [*step.depends_on, *(each for mirror in step.mirrors for each in mirror.depends_on)]
        for wait in waits:
            if wait.text not in keys and (step.file, wait.line) not in reported:
                reported.add((step.file, wait.line))
                message = f"'{step.label}' waits for '{wait.text}', which is no step's key"
                yield make_finding("DR313", step.file, wait.line, message)


def _check_keys(project: Project) -> Iterator[Finding]:
    found: dict[tuple[RepoPath, str], list[int]] = {}
    dialects: dict[RepoPath, Dialect] = {}
    for place in unique_steps(project):
        known = STEP_KEYS if place.dialect is Dialect.GENERATOR else _TEMPLATE_KEYS
        dialects[place.step.file] = place.dialect
        for listed in place.step.keys:
            if listed.text not in known:
                found.setdefault((place.step.file, listed.text), []).append(listed.line)
    for (path, key), lines in sorted(found.items()):
        reader = "generator" if dialects[path] is Dialect.GENERATOR else "AMD template"
        times = "once" if len(lines) == 1 else f"{len(lines)} times"
        message = f"the {reader} does not read the key '{key}' of a step; it stands {times} in this file"
        evidence = tuple(f"line {line}" for line in lines[:20])
        yield make_finding("DR311", path, lines[0], message, evidence=evidence)
