"""Why one step runs for a change or does not: its decision, with every pattern tried and what it matched."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from enum import Enum

from diffscope.errors import InputError
from diffscope.project.answers import AmdState, StepDecision
from diffscope.project.ci.buildkite import amd_states
from diffscope.project.ci.selection import TEMPLATE_RUN_ALL, TEMPLATE_RUN_ALL_EXCLUDE, select_steps
from diffscope.project.matching import compile_guarded, dependencies_of, matches_dependency
from diffscope.project.model import Dialect, Listed, Mirror, Pipeline, Step, WorkflowEvent
from diffscope.source.model import RepoPath, Value


class PatternKind(Enum):
    """What a pattern does where it matches. The value is the wire word."""

    ENTRY = "entry"
    EXCLUSION = "exclusion"
    RUN_ALL = "run-all"
    RUN_ALL_EXCLUDE = "run-all-exclude"
    IGNORED = "ignored"


class PatternTrace(Value, frozen=True, kw_only=True):
    """One pattern, and which of the changed paths it matches."""

    kind: PatternKind
    pattern: str
    line: int | None
    """In the job file or the configuration; ``None`` for what stands in neither: a path of ``bootstrap-amd.sh``, and the job file
    itself, which the generator adds to the entries of a group with ``depends_on``."""
    path: RepoPath | None
    """The first path that it matches; ``None`` for none."""
    others: int = 0
    """How many more it matches."""


class StepTrace(Value, frozen=True, kw_only=True):
    """A decision with what was asked for it, in the order of asking."""

    decision: StepDecision
    amd: AmdState | None
    run_all: tuple[PatternTrace, ...]
    entries: tuple[PatternTrace, ...]


def trace_steps(
    pipelines: Iterable[Pipeline], paths: Iterable[RepoPath], wanted: str, *, labels: Iterable[str] = ()
) -> tuple[StepTrace, ...]:
    """Return the steps and mirrors of that key or label, case ignored, each with its patterns; empty for none."""
    pipelines, paths = tuple(pipelines), tuple(paths)
    decisions = select_steps(pipelines, paths, labels=labels).decisions
    states = amd_states(pipelines, decisions)
    steps = {
        (pipeline.name, step.file, line): (pipeline, step, mirror)
        for pipeline in pipelines
        for step in pipeline.steps
        for line, mirror in ((step.line, None), *((each.line, each) for each in step.mirrors))
    }
    found = []
    for each in decisions:
        key = (each.key or "").lower()
        if wanted.lower() in {key, key.rpartition("/")[2], each.label.lower(), name_of(each).lower()}:
            pipeline, step, mirror = steps[each.pipeline, each.file, each.line]
            found.append(
                StepTrace(
                    decision=each,
                    amd=None if mirror else states.get((each.file, each.line)),
                    run_all=tuple(_run_all(pipeline, paths)),
                    entries=tuple(_entries(step, mirror, paths)),
                )
            )
    return tuple(found)


def name_of(decision: StepDecision) -> str:
    """Return by what a step is asked for: its key, its label where it has none."""
    if decision.key:
        return decision.key
    return f"{decision.label} ({decision.mirror})" if decision.mirror else decision.label


_MOST_NAMES = 3


def nearest_names(pipelines: Iterable[Pipeline], wanted: str) -> tuple[str, ...]:
    """Return the names of steps that are spelt most like a word, nearest first."""
    names = {
        name for pipeline in pipelines for step in pipeline.steps for name in (step.key, step.label) if name
    }
    lower: dict[str, str] = {}
    for name in sorted(names):
        lower.setdefault(name.lower(), name)
    close = difflib.get_close_matches(wanted.lower(), list(lower), n=_MOST_NAMES)
    inside = [name for name in lower if wanted.lower() in name]
    return tuple(lower[name] for name in dict.fromkeys((*close, *inside)))[:_MOST_NAMES]


def _run_all(pipeline: Pipeline, paths: tuple[RepoPath, ...]) -> Iterator[PatternTrace]:
    kinds = (PatternKind.RUN_ALL, PatternKind.RUN_ALL_EXCLUDE)
    if pipeline.dialect is Dialect.AMD_TEMPLATE:
        for kind, starts in zip(kinds, (TEMPLATE_RUN_ALL, TEMPLATE_RUN_ALL_EXCLUDE), strict=True):
            for start in starts:
                yield _trace(kind, start, None, [path for path in paths if path.startswith(start)])
        return
    if pipeline.event is not None:
        yield from _ignored(pipeline.event, paths)
    for kind, patterns in zip(kinds, (pipeline.run_all, pipeline.run_all_exclude), strict=True):
        for pattern in patterns:
            yield _trace(kind, pattern.text, pattern.line, _matched(pattern, paths))


def _ignored(event: WorkflowEvent, paths: tuple[RepoPath, ...]) -> Iterator[PatternTrace]:
    for each in event.paths_ignore or ():
        found = [path for path in paths if matches_dependency(each.text, path, Dialect.GITHUB)]
        yield _trace(PatternKind.IGNORED, each.text, each.line, found)


def _matched(pattern: Listed, paths: tuple[RepoPath, ...]) -> list[RepoPath]:
    try:
        regex = compile_guarded(pattern.text)
    except InputError:
        return []
    return [path for path in paths if regex.match(path)]


def _entries(step: Step, mirror: Mirror | None, paths: tuple[RepoPath, ...]) -> Iterator[PatternTrace]:
    listed = (
        step.dependencies or () if step.dialect is Dialect.AMD_TEMPLATE else dependencies_of(step, mirror)
    )
    for entry in listed:
        is_exclusion = entry.text.startswith("!") and step.dialect is not Dialect.AMD_TEMPLATE
        kind = PatternKind.EXCLUSION if is_exclusion else PatternKind.ENTRY
        text = entry.text[1:] if is_exclusion else entry.text
        found = [path for path in paths if matches_dependency(text, path, step.dialect)]
        is_added = step.watches_own_file and entry.text == step.file and entry.line == step.line
        yield _trace(kind, entry.text, None if is_added else entry.line, found)


def _trace(kind: PatternKind, pattern: str, line: int | None, found: list[RepoPath]) -> PatternTrace:
    first = found[0] if found else None
    return PatternTrace(kind=kind, pattern=pattern, line=line, path=first, others=max(0, len(found) - 1))
