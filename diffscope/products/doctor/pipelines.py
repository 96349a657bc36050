"""CI configurations and steps that the generator refuses or reads in part: missing keys, dead patterns, unread keys, mirrors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from diffscope.errors import InputError
from diffscope.products.doctor.findings import Edit, Finding, Weight, make_finding
from diffscope.project.ci.buildkite import MIRROR_KEYS, STEP_KEYS, gpu_count, is_amd_gpu
from diffscope.project.ci.selection import ALWAYS_RUN_KEYS, TEMPLATE_RUN_ALL, TEMPLATE_RUN_ALL_EXCLUDE
from diffscope.project.matching import compile_guarded, first_regex, matches_dependency
from diffscope.project.model import Dialect, Listed, Mirror, Pipeline, Project, Step
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath


class StepPlace(NamedTuple):
    """A step and the pipelines that hold it; one that the generator refuses holds none."""

    pipelines: tuple[Pipeline, ...]
    step: Step

    @property
    def dialect(self) -> Dialect:
        """Return which program reads the step."""
        return self.step.dialect

    @property
    def runs_all(self) -> bool:
        """Return whether some pipeline of the step has patterns that run all of it."""
        return self.dialect is Dialect.GENERATOR and any(each.run_all for each in self.pipelines)


def unique_steps(project: Project) -> Iterator[StepPlace]:
    """Yield each step once, in the order of the pipelines and files."""
    holders: dict[tuple[RepoPath, int], list[Pipeline]] = {}
    steps: dict[tuple[RepoPath, int], Step] = {}
    for pipeline in project.pipelines:
        for step in pipeline.steps:
            steps.setdefault((step.file, step.line), step)
            found = holders.setdefault((step.file, step.line), [])
            if not pipeline.missing_keys:
                found.append(pipeline)
    for place, step in steps.items():
        yield StepPlace(tuple(holders[place]), step)


def check_dependencies(project: Project, tree: TreeIndex) -> Iterator[Finding]:
    """Yield what is wrong with the dependency lists of each step and mirror."""
    for place in unique_steps(project):
        lists = [("", place.step.dependencies)]
        lists += [(f" (mirror '{mirror.name}')", mirror.dependencies) for mirror in place.step.mirrors]
        for note, listed in lists:
            yield from _check_list(place, note, listed or (), tree)
        yield from _check_empty(place)


def _check_list(
    place: StepPlace, note: str, listed: tuple[Listed, ...], tree: TreeIndex
) -> Iterator[Finding]:
    first: dict[str, Listed] = {}
    for entry in listed:
        known = first.setdefault(_plain(entry.text, place.dialect), entry)
        if known is not entry:
            message = (
                f"'{entry.text}' is listed twice in '{place.step.label}'{note}, first on line {known.line}"
            )
            edit = Edit(line=entry.line, old=entry.text)
            yield make_finding("DR302", place.step.file, entry.line, message, edit=edit)
        elif _is_exclusion(entry, place.dialect):
            yield from _check_exclusion(place, note, entry, listed, tree)
        elif not _matches_any(entry.text, place.dialect, tree):
            if not _is_under_run_all(place, entry):
                yield _dead(place, note, entry, listed, tree)
        else:
            yield from _check_covered(place, note, entry, listed)


def _is_under_run_all(place: StepPlace, entry: Listed) -> bool:
    """Say whether whatever comes to lie under an entry runs the whole pipeline anyway: whether the entry is dead matters to nobody."""
    below = f"{entry.text.rstrip('/')}/"
    if place.dialect is Dialect.AMD_TEMPLATE:
        is_out = entry.text.startswith(TEMPLATE_RUN_ALL_EXCLUDE)
        return entry.text.startswith(TEMPLATE_RUN_ALL) and not is_out
    return bool(place.pipelines) and all(
        first_regex(each.run_all, below) is not None and first_regex(each.run_all_exclude, below) is None
        for each in place.pipelines
    )


def _dead(place: StepPlace, note: str, entry: Listed, listed: tuple[Listed, ...], tree: TreeIndex) -> Finding:
    message = f"'{entry.text}' in '{place.step.label}'{note} matches no file"
    nearest = tree.nearest(entry.text)
    edit = None
    if nearest == f"{entry.text.strip('/')}.py":
        message = f"{message}: the name lacks '.py'"
        is_known = any(
            matches_dependency(each.text, nearest, place.dialect) for each in listed if each is not entry
        )
        edit = Edit(line=entry.line, old=entry.text, new=None if is_known else nearest)
    if any(char in entry.text for char in "*?["):
        message = f"{message}: entries are paths, not globs"
    return make_finding("DR301", place.step.file, entry.line, message, suggestion=nearest, edit=edit)


def _check_covered(
    place: StepPlace, note: str, entry: Listed, listed: tuple[Listed, ...]
) -> Iterator[Finding]:
    if any(_is_exclusion(each, place.dialect) for each in listed):
        return
    plain = _plain(entry.text, place.dialect)
    cover = next(
        (
            each
            for each in listed
            if _plain(each.text, place.dialect) != plain
            and matches_dependency(each.text, plain, place.dialect)
        ),
        None,
    )
    if cover is not None:
        message = f"'{entry.text}' in '{place.step.label}'{note} adds nothing to '{cover.text}' on line {cover.line}"
        edit = Edit(line=entry.line, old=entry.text)
        yield make_finding("DR303", place.step.file, entry.line, message, edit=edit)


def _check_exclusion(
    place: StepPlace, note: str, entry: Listed, listed: tuple[Listed, ...], tree: TreeIndex
) -> Iterator[Finding]:
    excluded = _matched(entry.text[1:], place.dialect, tree)
    includes = [each.text for each in listed if not _is_exclusion(each, place.dialect)]
    where = f"'{entry.text}' in '{place.step.label}'{note}"
    if not excluded:
        message = f"{where} excludes a path that does not exist"
        nearest = tree.nearest(entry.text[1:])
        suggestion = f"!{nearest}" if nearest else None
        yield make_finding("DR301", place.step.file, entry.line, message, suggestion=suggestion)
    elif not any(matches_dependency(each, path) for each in includes for path in excluded):
        yield make_finding(
            "DR315", place.step.file, entry.line, f"{where} excludes nothing that the list includes"
        )


def _check_empty(place: StepPlace) -> Iterator[Finding]:
    step = place.step
    if step.optional or step.dependencies or (step.key or "").startswith("image-build"):
        return
    if step.key in ALWAYS_RUN_KEYS:
        return
    if step.dialect is Dialect.AMD_TEMPLATE:
        so = "it runs for every change that is not documentation"
    elif step.watches_own_file:
        so = f"it runs only when {step.file} changes" + (" or everything runs" if place.runs_all else "")
    elif place.runs_all:
        so = "it runs only when a run_all pattern of its pipeline matches"
    else:
        so = "the generator never runs it by itself"
    weight = Weight.INFO if place.runs_all else Weight.MEDIUM
    message = f"'{step.label}' has no dependencies: {so}"
    yield make_finding("DR304", step.file, step.line, message, weight=weight)


def _is_exclusion(entry: Listed, dialect: Dialect) -> bool:
    return dialect is Dialect.GENERATOR and entry.text.startswith("!")


def _plain(text: str, dialect: Dialect) -> str:
    return text if dialect is Dialect.AMD_TEMPLATE else text.rstrip("/")


def _matches_any(entry: str, dialect: Dialect, tree: TreeIndex) -> bool:
    if dialect is Dialect.AMD_TEMPLATE:
        return bool(tree.starting_with(entry))
    return tree.exists(entry.rstrip("/")) and bool(entry.rstrip("/"))


def _matched(entry: str, dialect: Dialect, tree: TreeIndex) -> tuple[str, ...]:
    start = entry if dialect is Dialect.AMD_TEMPLATE else entry.rstrip("/")
    return tuple(path for path in tree.starting_with(start) if matches_dependency(entry, path, dialect))


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
        message = f"{where} has the device '{mirror.device}', which is not an AMD pool: the generator refuses the step"
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


_TEMPLATE_KEYS = frozenset({
    "label", "command", "commands", "mirror_hardwares", "agent_pool", "agent_tags", "autorun_on_main", "dind", "env",
    "no_gpu", "no_plugin", "num_gpus", "num_nodes", "optional", "parallelism", "working_dir", "source_file_dependencies",
    "timeout_in_minutes", "key", "depends_on", "soft_fail",
})  # fmt: skip
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
                message = f"'{step.label}' waits for '{wait.text}', which is not a step's key"
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
        message = f"the {reader} does not read the key '{key}' of a step; it occurs {times} in this file"
        evidence = tuple(f"line {line}" for line in lines[:20])
        yield make_finding("DR311", path, lines[0], message, evidence=evidence)
