"""``diffscope triage``: open changes compared with each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from diffscope.cli import options
from diffscope.cli.console import DONE, Console
from diffscope.cli.options import Output

FORMS = ("text", "json", "markdown", "html")
"""The names in ``diffscope.products.triage.render.FORMATS``; a test compares the two."""


@click.command()
@options.repository_option
@click.option(
    "--base",
    metavar="REF",
    help="Branch that they are to be merged into. Default: the main branch of the clone.",
)
@click.option(
    "--list",
    "listed",
    type=options.FILE,
    metavar="FILE",
    help="A saved list of open pull requests (docs/triage.md), whose heads the clone has; GitHub is not asked.",
)
@click.option(
    "--save-list",
    type=options.FILE,
    metavar="FILE",
    help="Save the list that GitHub gave, for --list.",
)
@click.option(
    "--range",
    "window",
    metavar="A..B",
    help="Compare the changes merged after A, up to B, as if all were open.",
)
@click.option(
    "--within",
    type=click.FloatRange(0),
    metavar="DAYS",
    help="With --range: compare changes merged within this many days of each other.  [default: 3]",
)
@click.option(
    "--closed",
    type=click.FloatRange(0),
    default=14.0,
    show_default=True,
    metavar="DAYS",
    help="Also compare with pull requests merged or closed in the last DAYS days, to find repeated work; 0 for none.",
)
@click.option(
    "--area", "areas", multiple=True, metavar="AREA", help="Show only changes of this area. Repeatable."
)
@click.option(
    "--label", "labels", multiple=True, metavar="LABEL", help="Show only changes with this label. Repeatable."
)
@click.option(
    "--newer-than",
    type=click.FloatRange(0),
    metavar="DAYS",
    help="Show only changes opened at most this many days before the newest.",
)
@click.option(
    "--format",
    "forms",
    type=options.OutputType(FORMS, of="a triage"),
    multiple=True,
    metavar="FORMAT[:FILE]",
    help=f"{', '.join(FORMS)}. Several: --format json:t.json --format html:t.html. [default: text]",
)
@options.language_option
@options.workers_option
@options.rules_option
@options.selection_options
@options.cache_option
@options.verbosity_options
def triage(*, repo: Path | None, forms: tuple[Output, ...], console: Console, **asked: Any) -> int:
    """Compare open pull requests with each other: semantic conflicts, duplicates, order, and a queue for reviewers.

    They come from GitHub, from a saved list, or from a range of merged changes that are treated as open. Results are stored by head
    commit: an interrupted run continues where it stopped.
    """
    from diffscope.cli.triage.run import TriageRequest, run_triage

    run_triage(TriageRequest(**asked), repo, forms, console)
    return DONE
