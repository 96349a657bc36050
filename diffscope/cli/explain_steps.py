"""``diffscope explain --step``: why a step of CI runs for a change or does not, pattern by pattern."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from diffscope.errors import NotFoundError, UsageError
from diffscope.project.answers import AmdState, Reason, StepDecision
from diffscope.project.ci.buildkite import amd_states
from diffscope.project.ci.tracing import (
    PatternKind,
    PatternTrace,
    StepTrace,
    name_of,
    nearest_names,
    trace_steps,
)
from diffscope.project.model import Dialect
from diffscope.render.sanitize import visible
from diffscope.source.model import PullRequest, Value

if TYPE_CHECKING:
    from diffscope.cli.gather import Gathered
    from diffscope.facts.ci.declarations import JudgedTree
    from diffscope.workspace import Workspace

_REASONS = {
    Reason.DOCS_ONLY: "every changed path is documentation, which runs nothing",
    Reason.NOT_MIRRORED: "mirror_hardwares lacks amdproduction: the template makes no step of it",
    Reason.IMAGE_BUILD: "image builds always run",
    Reason.NIGHTLY: "the build runs everything, as a nightly one does",
    Reason.OPTIONAL: "optional: it lists a changed path, and runs only when it is asked for",
    Reason.OPTIONAL_NO_MATCH: "optional: it runs only when it is asked for, and lists no changed path",
    Reason.AMD_RUNTIME: "it runs natively on AMD, and the script that runs such steps changed",
    Reason.ROCM_BASE: "every mirror runs when the ROCm base image changes",
    Reason.RUN_ALL: "its pipeline runs everything that is not optional",
    Reason.DEPENDENCY: "an entry of its list matches a changed path",
    Reason.EMPTY_LIST: "its list is empty",
    Reason.NO_MATCH: "no entry of its list matches a changed path",
    Reason.ALWAYS: "its workflow lists no paths: every pull request starts it",
    Reason.NOT_IGNORED: "a changed path is none that its workflow ignores",
    Reason.IGNORED: "its workflow ignores every changed path",
    Reason.EVENT: "opening a pull request, or pushing to it, does not start its workflow",
    Reason.CONDITION: "its condition does not hold for a pull request",
    Reason.NEEDS: "a job that it needs does not run",
    Reason.UNDECIDED: "whether it runs hangs on what the change does not tell",
}
_GROUPS = (
    ("run_all patterns of the pipeline", (PatternKind.RUN_ALL, PatternKind.RUN_ALL_EXCLUDE)),
    ("paths that its workflow ignores", (PatternKind.IGNORED,)),
    ("entries of the step", (PatternKind.ENTRY, PatternKind.EXCLUSION)),
)
_OF_GITHUB = {"entries of the step": "paths of its workflow, of which the last that matches decides"}
_NOTES = {
    (PatternKind.RUN_ALL_EXCLUDE, False): " (takes out)",
    (PatternKind.RUN_ALL_EXCLUDE, True): " (takes out)",
    (PatternKind.ENTRY, True): " (its own file: the group has depends_on)",
}
_TREES = {
    "base": "the declarations at the base of the change",
    "head": "the change's own declarations, since it edits them",
}


class ExplainedSteps(Value, frozen=True, kw_only=True):
    """Steps of a change with what decided on each."""

    tree: str
    """Whose declarations select the steps: ``base`` or ``head``."""
    problem: str | None
    steps: tuple[StepTrace, ...]


class ListedStep(Value, frozen=True, kw_only=True):
    """One decision, and where the step runs on AMD hardware."""

    decision: StepDecision
    amd: AmdState | None


class ListedSteps(Value, frozen=True, kw_only=True):
    """Every step of every pipeline, those that do not run too."""

    tree: str
    problem: str | None
    steps: tuple[ListedStep, ...]


def explain_step(gathered: Gathered, workspace: Workspace, wanted: str) -> ExplainedSteps:
    """Return why the steps of that key or label run or do not.

    Raises:
        NotFoundError: no step goes by that name, or no step is known.
        UsageError: the change is a recorded one, of which no patterns are kept.
    """
    judged, pull = _judged(gathered, workspace)
    pipelines = judged.declarations.project.pipelines
    found = trace_steps(pipelines, judged.paths, wanted, labels=pull.labels or ())
    if not found:
        near = nearest_names(pipelines, wanted)
        hint = f"did you mean {', '.join(near)}?" if near else "diffscope explain N --steps lists them"
        raise NotFoundError(f"no step has the key or label '{wanted}'", hint=hint)
    return ExplainedSteps(tree=judged.tree, problem=judged.problem, steps=found)


def list_steps(gathered: Gathered, workspace: Workspace) -> ListedSteps:
    """Return every step with its decision. Raises as ``explain_step`` does."""
    judged, pull = _judged(gathered, workspace)
    decisions = judged.select(pull).decisions
    states = amd_states(judged.declarations.project.pipelines, decisions)
    return ListedSteps(
        tree=judged.tree,
        problem=judged.problem,
        steps=tuple(
            ListedStep(decision=one, amd=None if one.mirror else states.get((one.file, one.line)))
            for one in decisions
        ),
    )


def _judged(gathered: Gathered, workspace: Workspace) -> tuple[JudgedTree, PullRequest]:
    change = gathered.change
    if change is None:
        raise UsageError(
            "CI steps cannot be explained from recorded facts, which hold no pipelines",
            hint="name a clone: --repo PATH --source clone",
        )
    return workspace.judged_steps(change, gathered.source), change.pull


def steps_text(found: ExplainedSteps) -> str:
    """Return traces for a terminal; names out of the repository are escaped."""
    lines = [line for trace in found.steps for line in (*_step_lines(trace), "")]
    return "\n".join(map(visible, [*lines, *_tree_lines(found.tree, found.problem)])) + "\n"


def list_text(found: ListedSteps) -> str:
    """Return one line a step, those that run first."""
    # What some other event starts comes last: of it there is most.
    ordered = sorted(
        found.steps, key=lambda one: (not one.decision.selected, one.decision.reason is Reason.EVENT)
    )
    lines = [
        f"{'+' if one.decision.selected else '-'} {name_of(one.decision)}  {_where(one.decision)}  {_why(one.decision)}"
        for one in ordered
    ]
    return "\n".join(map(visible, [*lines, *_tree_lines(found.tree, found.problem)])) + "\n"


def _tree_lines(tree: str, problem: str | None) -> Iterator[str]:
    yield f"judged by {_TREES[tree]}"
    if problem is not None:
        yield f"its own could not be read: {problem}"


def _where(one: StepDecision) -> str:
    limit = "no time limit" if one.timeout is None else f"{one.timeout} min"
    count = one.parallelism or "an unknown number of"
    jobs = f", {count} jobs" if one.parallelism != 1 else ""
    return f"{one.pipeline}, {one.device}, {limit}{jobs}"


def _why(one: StepDecision) -> str:
    matched = f": {one.entry} matches {one.path}" if one.entry and one.path else ""
    return f"{one.reason.value}{matched}"


def _step_lines(trace: StepTrace) -> Iterator[str]:
    one = trace.decision
    label = "" if one.label == name_of(one) else f" ({one.label}{', AMD mirror' if one.mirror else ''})"
    yield f"{name_of(one)}{label}: {'runs' if one.selected else 'does not run'}"
    yield f"  {one.file}:{one.line}  {_where(one)}"
    yield f"  {one.reason.value}: {_said(one)}"
    if trace.amd is not None:
        yield f"  on AMD: {trace.amd.value}"
    patterns = (*trace.run_all, *trace.entries)
    for title, kinds in _GROUPS:
        shown = [each for each in patterns if each.kind in kinds]
        if one.dialect is Dialect.GITHUB:
            if not shown:
                continue
            title = _OF_GITHUB.get(title, title)  # noqa: PLW2901 - the same list under its other name
        elif PatternKind.IGNORED in kinds:
            continue
        yield f"  {title}" + ("" if shown else ": none")
        yield from (f"    {line}" for line in _pattern_lines(shown))


def _said(one: StepDecision) -> str:
    if one.reason is Reason.EMPTY_LIST:
        after = (
            "such a step of the template always runs" if one.selected else "only a run_all pattern runs it"
        )
        return f"{_REASONS[one.reason]}: {after}"
    matched = f" ({one.entry} matches {one.path})" if one.entry and one.path else ""
    if not matched and one.dialect is Dialect.GITHUB:
        line = f" (line {one.entry_line})" if one.entry_line else ""
        matched = f": {one.entry}{line}" if one.entry else f": {one.path}" if one.path else ""
    return _REASONS[one.reason] + matched


def _pattern_lines(patterns: Iterable[PatternTrace]) -> Iterator[str]:
    for each in patterns:
        is_out = each.kind in (PatternKind.EXCLUSION, PatternKind.RUN_ALL_EXCLUDE)
        mark = "-" if each.path is None else "!" if is_out else "+"
        note = _NOTES.get((each.kind, each.line is None), "")
        line = f" [line {each.line}]" if each.line else ""
        more = f" and {each.others} more" if each.others else ""
        yield f"{mark} {each.pattern}{note}{line}" + (f": {each.path}{more}" if each.path else "")
