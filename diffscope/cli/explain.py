"""``diffscope explain``: why a rule fired or stayed silent on a change, condition by condition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffscope.cli import options
from diffscope.cli.exits import DONE
from diffscope.cli.gather import SOURCES, Request, check, find_clone, gather
from diffscope.cli.talk import Talk

if TYPE_CHECKING:
    from diffscope.rules.engine.explain import Explanation, ShownRecord, Trace

_MARKS = {"true": "+", "false": "-", "unknown": "?"}


@click.command()
@click.argument("target", metavar="PR|URL|-")
@click.argument("code")
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
    code: str,
    repo: Path | None,
    source: str,
    lang: str,
    form: str,
    rule_folders: tuple[Path, ...],
    use_cache: bool,
    talk: Talk,
) -> int:
    """Say why a rule fired or stayed silent on a change.

    Each condition stands with its truth (+ holds, - does not, ? cannot be told), the records that decided, and those that
    fail by a single test.
    """
    request = check(Request(target, source=source))
    from diffscope.cli.opened import open_workspace
    from diffscope.cli.publish import write_stdout
    from diffscope.cli.rules import find_rule
    from diffscope.render.json import indented
    from diffscope.rules.engine.explain import explain as explained

    clone = find_clone(repo, request)
    with open_workspace(clone, rule_folders=rule_folders, use_cache=use_cache) as workspace:
        rule = find_rule(workspace.catalogue, code)
        (gathered,) = gather(request, workspace, talk.note)
        facts = gathered.facts(workspace)
        found = explained(rule, facts, catalogue=workspace.catalogue, configuration=workspace.configuration)
    write_stdout(
        indented(found) if form == "json" else explanation_text(found, lang), is_for_people=form == "text"
    )
    return DONE


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
