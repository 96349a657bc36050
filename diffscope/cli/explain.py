"""``diffscope explain``: why a rule fired or did not, condition by condition; why a CI step runs or does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffscope.cli import options
from diffscope.cli.console import DONE, Console
from diffscope.cli.gather import SOURCES, Request, check, find_clone, gather
from diffscope.errors import NotFoundError, UsageError
from diffscope.messages.model import Language
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
from diffscope.yaml.reading import clipped

if TYPE_CHECKING:
    from diffscope.cli.gather import Gathered
    from diffscope.facts.ci.declarations import JudgedTree
    from diffscope.rules.engine.explain import Explanation, ShownRecord, Trace
    from diffscope.workspace import Workspace

_LONGEST_LINE = 200
"""Characters of a condition in what decided; the whole explanation is not cut."""
_MARKS = {"true": "+", "false": "-", "unknown": "?"}


@click.command()
@click.argument("target", metavar="PR|URL|-")
@click.argument("code", required=False)
@click.option(
    "--step", "step", metavar="KEY", help="Explain a CI step instead of a rule, by its key or label."
)
@click.option(
    "--steps", "lists_steps", is_flag=True, help="List every CI step with the reason why it runs or not."
)
@options.repository_option
@click.option(
    "--source",
    type=click.Choice(SOURCES),
    default="auto",
    show_default=True,
    help="Where to look for the pull request.",
)
@options.language_option
@options.form_option
@click.option(
    "--all",
    "is_whole",
    is_flag=True,
    help="Show every condition of a rule, also those that did not decide, and all lines of its severity.",
)
@options.rules_option
@options.cache_option
@options.verbosity_options
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
    is_whole: bool,
    rule_folders: tuple[Path, ...],
    use_cache: bool,
    console: Console,
) -> int:
    """Explain why a rule fired or not on a change, or why a CI step runs for it or not.

    The conditions that decided are shown with their result (+ true, - false, ? unknown), the facts that they saw, and
    those that fail by a single test; then the line that decided the severity. --all shows every condition. --step KEY shows each pattern that is tried for a step (+ matches, - does not, ! excludes); --steps
    lists all steps.
    """
    if [code is not None, step is not None, lists_steps].count(True) != 1:
        raise UsageError(
            "one thing at a time: a rule, --step KEY or --steps",
            hint="diffscope explain N CODE, or diffscope explain N --step KEY",
        )
    request = check(Request(target, source=source))
    from diffscope.cli.open_workspace import RuleOptions, open_workspace
    from diffscope.cli.publish import write_stdout
    from diffscope.render.formats.json import indented

    clone = find_clone(repo, request)
    with open_workspace(clone, RuleOptions(rule_folders, use_cache=use_cache)) as workspace:
        found, text = _explained(
            lambda: gather(request, workspace, console.note),
            workspace,
            code=code,
            step=step,
            lang=lang,
            is_whole=is_whole,
        )
        for note in workspace.notes:
            console.note(note)
    write_stdout(indented(found) if form == "json" else text, is_for_people=form == "text")
    return DONE


def _explained(
    gathered: Callable[[], Gathered],
    workspace: Workspace,
    *,
    code: str | None,
    step: str | None,
    lang: str,
    is_whole: bool,
) -> tuple[object, str]:
    """Return the answer as a value and as text; a rule that there is not is told before the change is looked for."""
    if code is None:
        if step is None:
            listed = list_steps(gathered(), workspace)
            return listed, list_text(listed)
        traced = explain_step(gathered(), workspace, step)
        return traced, steps_text(traced)
    from diffscope.cli.rules.command import find_rule
    from diffscope.rules.engine.explain import explain as explained

    rule = find_rule(workspace.catalogue, code)
    facts = gathered().facts(workspace)
    found = explained(rule, facts, catalogue=workspace.catalogue, configuration=workspace.configuration)
    return found, explanation_text(found, lang, is_whole=is_whole)


def explanation_text(explanation: Explanation, language: str, *, is_whole: bool = False) -> str:
    """Return an explanation for a terminal, unless it is wanted whole only of what decided; names out of the change are escaped."""
    from diffscope.render.sanitize import visible

    spoken = Language(language)
    verdict = "does not fire" if explanation.verdict == "silent" else explanation.verdict
    lines = [f"{explanation.code} {explanation.name}: {verdict}"]
    if not explanation.is_on:
        lines.append("  (off: it runs only if --select or diffscope.yml names its code)")
    if explanation.flag is not None:
        lines.append(f"  {explanation.flag.severity.value}: {getattr(explanation.flag.message, language)}")
    lines += [f"  missing: {reason.pick(spoken)}" for reason in explanation.missing]
    if not is_whole:
        lines += _deciding_lines(explanation, spoken)
        return "\n".join(map(_short, map(visible, lines))) + "\n"
    lines += ["evidence", *_trace_lines(explanation.evidence, 1, spoken)]
    if explanation.when.condition != "always":
        lines += ["when", *_trace_lines(explanation.when, 1, spoken)]
    for step in explanation.severity_steps:
        lines += [f"severity {step.to} when", *_trace_lines(step.trace, 1, spoken)]
    return "\n".join(map(visible, lines)) + "\n"


def _short(line: str) -> str:
    """Return a line of what decided: long conditions are cut, facts are not."""
    is_condition = line.lstrip()[:2] in [f"{mark} " for mark in _MARKS.values()]
    return clipped(line, _LONGEST_LINE) if is_condition or " fails " in line else line


def _deciding_lines(explanation: Explanation, language: Language) -> Iterator[str]:
    """Yield what made a rule fire or not: of its evidence and its condition what decided, of its severity the one line."""
    from diffscope.rules.engine.explain import decisive

    fires = explanation.verdict == "fires"
    for name, found in (("evidence", explanation.evidence), ("when", explanation.when)):
        if found.condition != "always" and (fires or found.truth != "true"):
            yield name
            yield from _trace_lines(decisive(found), 1, language)
            if not fires and found.truth == "false":
                break
    steps, at = explanation.severity_steps, explanation.decided_by
    if fires and steps and at is None and explanation.flag is not None:
        yield f"severity {explanation.flag.severity.value}: none of its {len(steps)} conditions holds"
    elif fires and at is not None:
        yield f"severity {steps[at - 1].to}: condition {at} of {len(steps)} is the first that holds"
        yield from _trace_lines(decisive(steps[at - 1].trace), 1, language)
    yield f"(--all shows all conditions; diffscope rules show {explanation.code} describes the rule)"


def _trace_lines(trace: Trace, depth: int, language: Language) -> Iterator[str]:
    indent = "  " * depth
    counted = f"  [{trace.held} of {trace.looked_at}]" if trace.looked_at is not None else ""
    measured = f"  = {trace.measured}" if trace.measured is not None else ""
    yield f"{indent}{_MARKS[trace.truth]} {trace.condition}{counted}{measured}"
    for record in trace.records:
        yield f"{indent}    {_place(record)}"
    for record in trace.near:
        yield f"{indent}    near: {_place(record)}; fails {', '.join(record.failed)}"
    for reason in trace.missing:
        yield f"{indent}    missing: {reason.pick(language)}"
    for part in trace.parts:
        yield from _trace_lines(part, depth + 1, language)


def _place(record: ShownRecord) -> str:
    place = f"{record.path}:{record.line}" if record.path is not None else "the change"
    symbol = f" {record.symbol}" if record.symbol else ""
    fields = ", ".join(f"{field.name}={field.value}" for field in record.fields)
    return f"{place}{symbol}" + (f" ({fields})" if fields else "")


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
    # Steps that other events start are the most, and come last.
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
