"""``diffscope triage``: open changes compared with each other."""

from __future__ import annotations

from pathlib import Path

import click

from diffscope.cli import options
from diffscope.cli.console import Console
from diffscope.cli.exits import DONE
from diffscope.cli.options import Output

FORMS = ("text", "json", "markdown", "html")
"""The names in ``diffscope.products.triage.render.FORMATS``; a test compares the two."""


@click.command()
@options.repository_option
@click.option(
    "--base", metavar="REF", help="What they are to be merged into. Default: the main branch of the clone."
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
    help="Keep the list that GitHub gave, for --list.",
)
@click.option(
    "--range", "window", metavar="A..B", help="Take the changes merged after A, up to B, as open at once."
)
@click.option(
    "--within",
    type=click.FloatRange(0),
    metavar="DAYS",
    help="Of a --range: compare changes merged within so many days of each other.  [default: 3]",
)
@click.option(
    "--closed",
    type=click.FloatRange(0),
    default=14.0,
    show_default=True,
    metavar="DAYS",
    help="Say of open changes too that they do the work of one that was merged, or closed, in the last so many days.",
)
@click.option(
    "--area", "areas", multiple=True, metavar="AREA", help="Show changes of this area only. Repeatable."
)
@click.option(
    "--label", "labels", multiple=True, metavar="LABEL", help="Show changes with this label only. Repeatable."
)
@click.option(
    "--newer-than",
    type=click.FloatRange(0),
    metavar="DAYS",
    help="Show changes opened at most so many days before the newest.",
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
def triage(
    *,
    repo: Path | None,
    base: str | None,
    listed: Path | None,
    save_list: Path | None,
    window: str | None,
    within: float | None,
    closed: float,
    areas: tuple[str, ...],
    labels: tuple[str, ...],
    newer_than: float | None,
    forms: tuple[Output, ...],
    lang: str,
    workers: int | None,
    rule_folders: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    use_cache: bool,
    console: Console,
) -> int:
    """Compare open pull requests with each other: conflicts of meaning, duplicates, order, and a queue for reviewers.

    They come from GitHub, from a saved list, or from a range of merged changes taken as open at once. What is judged is kept by head:
    a run that was interrupted goes on where it stopped.
    """
    from diffscope.cli.triage.run import TriageRequest, run_triage

    asked = TriageRequest(
        base=base,
        listed=listed,
        save_list=save_list,
        window=window,
        within=within,
        closed=closed,
        areas=areas,
        labels=labels,
        newer_than=newer_than,
        lang=lang,
        workers=workers,
        rule_folders=rule_folders,
        select=select,
        ignore=ignore,
        use_cache=use_cache,
    )
    run_triage(asked, repo, forms, console)
    return DONE
