"""``diffscope explain``: why a rule fired or stayed silent on a change, condition by condition; why a step of CI runs or does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffscope.cli import options
from diffscope.cli.gather import SOURCES, Request, check, find_clone, gather
from diffscope.cli.progress import DONE, Talk
from diffscope.errors import UsageError

if TYPE_CHECKING:
    from diffscope.cli.gather import Gathered
    from diffscope.rules.engine.explain import Explanation, ShownRecord, Trace
    from diffscope.workspace import Workspace
from collections.abc import Iterable
from typing import TYPE_CHECKING

from diffscope.errors import NotFoundError
from diffscope.project.answers import AmdState, Reason, StepDecision
from diffscope.project.ci.mirrors import amd_states
from diffscope.project.ci.tracing import (
    PatternKind,
    PatternTrace,
    StepTrace,
    name_of,
    nearest_names,
    trace_steps,
)
from diffscope.render.sanitize import visible
from diffscope.source.model import PullRequest, Value

if TYPE_CHECKING:
    from diffscope.cli.gather import Gathered
    from diffscope.facts.ci.tree import JudgedTree
    from diffscope.workspace import Workspace

_REASONS = {
    Reason.DOCS_ONLY: "every changed path is documentation, which runs nothing",
    Reason.NOT_MIRRORED: "mirror_hardwares lacks amdproduction: the template makes no step of it",
    Reason.IMAGE_BUILD: "image builds always run",
    Reason.NIGHTLY: "the build runs everything, as a nightly one does",
    Reason.AUTORUN_ON_MAIN: "autorun_on_main, and the build is one of main",
    Reason.OPTIONAL: "optional: it lists a changed path, and runs only when it is asked for",
    Reason.OPTIONAL_NO_MATCH: "optional: it runs only when it is asked for, and lists no changed path",
    Reason.AMD_RUNTIME: "it runs natively on AMD, and the script that runs such steps changed",
    Reason.ROCM_BASE: "every mirror runs when the ROCm base image changes",
    Reason.RUN_ALL: "its pipeline runs everything that is not optional",
    Reason.DEPENDENCY: "an entry of its list matches a changed path",
    Reason.EMPTY_LIST: "its list is empty",
    Reason.NO_MATCH: "no entry of its list matches a changed path",
}
_GROUPS = (
    ("run_all patterns of the pipeline", (PatternKind.RUN_ALL, PatternKind.RUN_ALL_EXCLUDE)),
    ("entries of the step", (PatternKind.ENTRY, PatternKind.EXCLUSION)),
)
_NOTES = {
    (PatternKind.RUN_ALL_EXCLUDE, False): " (takes out)",
    (PatternKind.RUN_ALL_EXCLUDE, True): " (takes out)",
    (PatternKind.ENTRY, True): " (its own file: the group has depends_on)",
}
_TREES = {
    "base": "the declarations at the base of the change",
    "head": "the change's own declarations, since it edits .buildkite",
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
            "of a recorded change no step can be explained: its pipelines are not on record",
            hint="name a clone: --repo PATH --source clone",
        )
    return workspace.judged_steps(change, gathered.source), change.pull


def steps_text(found: ExplainedSteps) -> str:
    """Return traces for a terminal; names out of the repository are escaped."""
    lines = [line for trace in found.steps for line in (*_step_trace_lines(trace), "")]
    return "\n".join(map(visible, [*lines, *_tree_lines(found.tree, found.problem)])) + "\n"


def list_text(found: ListedSteps) -> str:
    """Return one line a step, those that run first."""
    ordered = sorted(found.steps, key=lambda one: not one.decision.selected)
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
    jobs = f", {one.parallelism} jobs" if one.parallelism > 1 else ""
    return f"{one.pipeline}, {one.device}, {limit}{jobs}"


def _why(one: StepDecision) -> str:
    matched = f": {one.entry} matches {one.path}" if one.entry and one.path else ""
    return f"{one.reason.value}{matched}"


def _step_trace_lines(trace: StepTrace) -> Iterator[str]:
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
        yield f"  {title}" + ("" if shown else ": none")
        yield from (f"    {line}" for line in _pattern_lines(shown))


def _said(one: StepDecision) -> str:
    if one.reason is Reason.EMPTY_LIST:
        after = (
            "such a step of the template always runs" if one.selected else "only a run_all pattern runs it"
        )
        return f"{_REASONS[one.reason]}: {after}"
    matched = f" ({one.entry} matches {one.path})" if one.entry and one.path else ""
    return _REASONS[one.reason] + matched


def _pattern_lines(patterns: Iterable[PatternTrace]) -> Iterator[str]:
    for each in patterns:
        is_out = each.kind in (PatternKind.EXCLUSION, PatternKind.RUN_ALL_EXCLUDE)
        mark = "-" if each.path is None else "!" if is_out else "+"
        note = _NOTES.get((each.kind, each.line is None), "")
        line = f" [line {each.line}]" if each.line else ""
        more = f" and {each.others} more" if each.others else ""
        yield f"{mark} {each.pattern}{note}{line}" + (f": {each.path}{more}" if each.path else "")


_MARKS = {"true": "+", "false": "-", "unknown": "?"}


@click.command()
@click.argument("target", metavar="PR|URL|-")
@click.argument("code", required=False)
@click.option("--step", "step", metavar="KEY", help="A step of CI instead of a rule, by its key or label.")
@click.option("--steps", "lists_steps", is_flag=True, help="Every step of CI with what decides on it.")
@options.repository_option
@click.option(
    "--source", type=click.Choice(SOURCES), default="auto", show_default=True, help="Where it comes from."
)
@options.language_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the result.",
)
@options.rules_option
@options.cache_option
@options.talk_options
def explain(
    *,
    target: str,
    code: str | None,
    step: str | None,
    lists_steps: bool,
    repo: Path | None,
    source: str,
    lang: str,
    form: str,
    rule_folders: tuple[Path, ...],
    use_cache: bool,
    talk: Talk,
) -> int:
    """Say why a rule fired or stayed silent on a change, or why a step of CI runs for it.

    Each condition stands with its truth (+ holds, - does not, ? cannot be told), the records that decided, and those that
    fail by a single test. --step KEY shows each pattern that is asked for a step (+ matches, - does not, ! takes out), --steps
    lists all steps.
    """
    if [code is not None, step is not None, lists_steps].count(True) != 1:
        raise UsageError(
            "one thing at a time: a rule, --step KEY or --steps",
            hint="diffscope explain N CODE, or diffscope explain N --step KEY",
        )
    request = check(Request(target, source=source))
    from diffscope.cli.gather import open_workspace
    from diffscope.cli.publish import write_stdout
    from diffscope.render.formats.json import indented

    clone = find_clone(repo, request)
    with open_workspace(clone, rule_folders=rule_folders, use_cache=use_cache) as workspace:
        found, text = _explained(
            gather(request, workspace, talk.note), workspace, code=code, step=step, lang=lang
        )
        for note in workspace.notes:
            talk.note(note)
    write_stdout(indented(found) if form == "json" else text, is_for_people=form == "text")
    return DONE


def _explained(
    changes: Iterator[Gathered], workspace: Workspace, *, code: str | None, step: str | None, lang: str
) -> tuple[object, str]:
    """Return the answer as a value and as text."""
    if code is None:
        from diffscope.cli.explain import explain_step, list_steps, list_text, steps_text

        (gathered,) = changes
        if step is None:
            listed = list_steps(gathered, workspace)
            return listed, list_text(listed)
        traced = explain_step(gathered, workspace, step)
        return traced, steps_text(traced)
    from diffscope.cli.rules.command import find_rule
    from diffscope.rules.engine.explain import explain as explained

    rule = find_rule(workspace.catalogue, code)
    (gathered,) = changes
    facts = gathered.facts(workspace)
    found = explained(rule, facts, catalogue=workspace.catalogue, configuration=workspace.configuration)
    return found, explanation_text(found, lang)


def explanation_text(explanation: Explanation, language: str) -> str:
    """Return an explanation for a terminal; names out of the change are escaped."""
    from diffscope.render.sanitize import visible

    lines = [f"{explanation.code} {explanation.name}: {explanation.verdict}"]
    if not explanation.is_on:
        lines.append("  (off: it runs only where --select or diffscope.yml names its code)")
    if explanation.flag is not None:
        lines.append(f"  {explanation.flag.severity.value}: {getattr(explanation.flag.message, language)}")
    lines += [f"  missing: {reason}" for reason in explanation.missing]
    lines += ["evidence", *_trace_lines(explanation.evidence, 1)]
    if explanation.when.condition != "always":
        lines += ["when", *_trace_lines(explanation.when, 1)]
    for step in explanation.severity_steps:
        lines += [f"severity {step.to} when", *_trace_lines(step.trace, 1)]
    return "\n".join(map(visible, lines)) + "\n"


def _trace_lines(trace: Trace, depth: int) -> Iterator[str]:
    indent = "  " * depth
    counted = f"  [{trace.held} of {trace.looked_at}]" if trace.looked_at is not None else ""
    measured = f"  = {trace.measured}" if trace.measured is not None else ""
    yield f"{indent}{_MARKS[trace.truth]} {trace.condition}{counted}{measured}"
    for record in trace.records:
        yield f"{indent}    {_place(record)}"
    for record in trace.near:
        yield f"{indent}    near: {_place(record)}; fails {', '.join(record.failed)}"
    for reason in trace.missing:
        yield f"{indent}    missing: {reason}"
    for part in trace.parts:
        yield from _trace_lines(part, depth + 1)


def _place(record: ShownRecord) -> str:
    place = f"{record.path}:{record.line}" if record.path is not None else "the change"
    symbol = f" {record.symbol}" if record.symbol else ""
    fields = ", ".join(f"{field.name}={field.value}" for field in record.fields)
    return f"{place}{symbol}" + (f" ({fields})" if fields else "")
