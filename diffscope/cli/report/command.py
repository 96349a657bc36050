"""``diffscope report``: the changes of a window to a digest, and the digest to a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from diffscope.cli import options
from diffscope.cli.console import DONE, Console
from diffscope.cli.options import Output
from diffscope.errors import UsageError

FORMS = ("markdown", "json", "jsonl", "html", "atom", "text", "brief", "brief-json")
"""The names in ``diffscope.products.report.render.formats.RENDERERS`` and ``jsonl``; a test compares the two."""


@click.command()
@click.option("--week", metavar="WEEK", help="An ISO week, Monday to Sunday: 2026-W13.")
@click.option(
    "--since",
    metavar="DAY",
    help="First day: 2026-03-23. For --layout dynamics also a time: 2025-12-10T11:01Z.",
)
@click.option("--until", metavar="DAY", help="Last day, included. Default: the first day.")
@options.range_option
@options.offset_option
@click.option(
    "--compare",
    metavar="before|none|WINDOW",
    help="What to compare with: the window before, none, or another (2026-W12, 2026-03-16/2026-03-22, A..B). "
    "Default: the window before, if the store has all of it.",
)
@options.repository_option
@click.option(
    "--format",
    "forms",
    type=options.OutputType(FORMS, of="a report"),
    multiple=True,
    metavar="FORMAT[:FILE]",
    envvar="DIFFSCOPE_REPORT_FORMAT",
    help=f"{', '.join(FORMS)}. Several: --format json:w.json --format html:w.html. [default: markdown]",
)
@click.option(
    "--layout",
    type=click.Choice(["weekly", "release", "dynamics"]),
    default="weekly",
    show_default=True,
    help="weekly: merged changes; release: upgrade notes of merged changes, in Markdown; dynamics: issues, pull requests and comments of an hour or a day.",
)
@click.option(
    "--events",
    type=options.FILE,
    metavar="FILE",
    help="For --layout dynamics: read saved events instead of asking GitHub.",
)
@click.option(
    "--save-events",
    type=options.FILE,
    metavar="FILE",
    help="For --layout dynamics: save GitHub's answers, for --events.",
)
@click.option(
    "--templates",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Folder of your own templates; diffscope's are used for those that it lacks.",
)
@click.option(
    "--charts",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also write charts to DIR as SVG files (needs the extra charts).",
)
@options.language_option
@options.workers_option
@options.cluster_option
@options.rules_option
@options.cache_option
@options.verbosity_options
def report(
    *,
    forms: tuple[Output, ...],
    lang: str,
    layout: str,
    templates: Path | None,
    charts: Path | None,
    events: Path | None,
    save_events: Path | None,
    console: Console,
    **given: Any,
) -> int:
    """Write a report on the changes of a week, a range or another window.

    Results are stored: an interrupted run continues where it stopped, and a second one is instant.
    """
    from diffscope.cli.report.outputs import ReportOutputs, ReportRequest

    outputs = ReportOutputs(
        forms, ReportRequest(lang=lang, layout=layout, templates=templates, charts=charts)
    )
    if layout == "dynamics":
        from diffscope.cli.report.dynamics import EventsRequest, write_dynamics

        if given["week"] or given["window"] or charts or given["compare"]:
            raise UsageError(
                "a dynamics report has no week, range, comparison or charts", hint="--since, --until"
            )
        asked = {name: given[name] for name in ("since", "until", "tz", "use_cache", "repo")}
        write_dynamics(EventsRequest(file=events, save=save_events, **asked), outputs, console)
        return DONE
    if events or save_events:
        raise UsageError("--events and --save-events need --layout dynamics", hint="add --layout dynamics")
    window = window_text(*(given.pop(name) for name in ("week", "since", "until", "window")))
    from diffscope.cli.report.outputs import WindowRequest, write_window

    write_window(WindowRequest(window, **given), outputs, console)
    return DONE


def window_text(week: str | None, since: str | None, until: str | None, window: str | None) -> str:
    """Return the one word that names the window.

    Raises:
        UsageError: none is named, or several are.
    """
    named = {"--week": week, "--since": since, "--range": window}
    given = [name for name, value in named.items() if value is not None]
    if until is not None and since is None:
        raise UsageError("--until has no --since", hint="--since 2026-03-23 --until 2026-03-29")
    if len(given) != 1:
        what = f"{' and '.join(given)} exclude each other" if given else "no window is given"
        raise UsageError(what, hint="--week 2026-W13, --since DAY --until DAY, or --range A..B")
    if window is not None and ".." not in window:
        raise UsageError(
            f"{window!r} is not a range", hint="write A..B: every change merged after A, up to B"
        )
    if week is not None and "W" not in week:
        raise UsageError(f"{week!r} is not a week", hint="write it as 2026-W13")
    return week or window or f"{since}/{until or since}"
