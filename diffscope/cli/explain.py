"""``diffscope explain``: why a rule fired or did not, condition by condition; why a CI step runs or does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffscope.cli import options
from diffscope.cli.console import DONE, Console
from diffscope.cli.gather import SOURCES, Request, check, find_clone, gather
from diffscope.errors import UsageError
from diffscope.messages.model import Language

if TYPE_CHECKING:
    from diffscope.cli.gather import Gathered
    from diffscope.rules.engine.explain import Explanation, ShownRecord, Trace
    from diffscope.workspace import Workspace

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
    rule_folders: tuple[Path, ...],
    use_cache: bool,
    console: Console,
) -> int:
    """Explain why a rule fired or not on a change, or why a CI step runs for it or not.

    Each condition is shown with its result (+ true, - false, ? unknown), the facts that decided it, and those that fail
    by a single test. --step KEY shows each pattern that is tried for a step (+ matches, - does not, ! excludes); --steps
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
            gather(request, workspace, console.note), workspace, code=code, step=step, lang=lang
        )
        for note in workspace.notes:
            console.note(note)
    write_stdout(indented(found) if form == "json" else text, is_for_people=form == "text")
    return DONE


def _explained(
    changes: Iterator[Gathered], workspace: Workspace, *, code: str | None, step: str | None, lang: str
) -> tuple[object, str]:
    """Return the answer as a value and as text."""
    if code is None:
        from diffscope.cli.explain_steps import explain_step, list_steps, list_text, steps_text

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

    spoken = Language(language)
    verdict = "does not fire" if explanation.verdict == "silent" else explanation.verdict
    lines = [f"{explanation.code} {explanation.name}: {verdict}"]
    if not explanation.is_on:
        lines.append("  (off: it runs only if --select or diffscope.yml names its code)")
    if explanation.flag is not None:
        lines.append(f"  {explanation.flag.severity.value}: {getattr(explanation.flag.message, language)}")
    lines += [f"  missing: {reason.pick(spoken)}" for reason in explanation.missing]
    lines += ["evidence", *_trace_lines(explanation.evidence, 1, spoken)]
    if explanation.when.condition != "always":
        lines += ["when", *_trace_lines(explanation.when, 1, spoken)]
    for step in explanation.severity_steps:
        lines += [f"severity {step.to} when", *_trace_lines(step.trace, 1, spoken)]
    return "\n".join(map(visible, lines)) + "\n"


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
