"""``diffscope report``: which window is meant, its changes to a digest, and the digest to a report."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from diffscope.batch.run import Batch
from diffscope.batch.windows import (
    Read,
    Span,
    digest_of,
    find_span,
    is_at_hand,
    read_span,
    read_stored,
    span_before,
)
from diffscope.cli import options
from diffscope.cli.gather import Request, find_clone, no_clone, open_workspace
from diffscope.cli.options import Output
from diffscope.cli.progress import DONE, Progress, Talk
from diffscope.cli.report.outputs import ReportOutputs
from diffscope.errors import SourceError, UsageError
from diffscope.products.report.trend import OFFSET
from diffscope.workspace import Workspace


class Sought(NamedTuple):
    """What the command line asks for."""

    window: str
    compare: str | None
    offset: str | None
    repo: Path | None
    rule_folders: tuple[Path, ...]
    workers: int | None
    use_cache: bool


def write_window(sought: Sought, outputs: ReportOutputs, talk: Talk) -> None:
    """Read the window and write every output.

    Raises:
        DiffscopeError: there is no clone, or no such window.
    """
    clone = find_clone(sought.repo, Request())
    if clone is None:
        raise no_clone()
    offset = sought.offset or OFFSET
    with (
        open_workspace(clone, rule_folders=sought.rule_folders, use_cache=sought.use_cache) as workspace,
        Batch(workspace, workers=sought.workers) as batch,
    ):
        span = find_span(workspace, sought.window, offset=offset)
        with _telling(talk), outputs.stream() as each, Progress(span.period.label, talk) as progress:
            read = read_span(batch, span, progress=progress, each=each)
        if read.is_lost:
            raise none_judged(len(read.gaps), read.gaps[0].reason)
        if outputs.need_digest:
            compared = _compared(sought, workspace, batch, (span, talk))
            outputs.write(digest_of(workspace, batch, span, read, compared=compared))
        for note in (*(gap.reason for gap in (*span.gaps, *read.gaps)), *batch.notes):
            talk.note(note)
    outputs.finish()


def none_judged(count: int, reason: str) -> SourceError:
    """Return the error of a window of which nothing could be judged: zeros would be a lie."""
    return SourceError(
        f"none of {count} changes could be judged; the first: {reason}",
        hint="classify one of them alone to see more",
    )


@contextlib.contextmanager
def _telling(talk: Talk) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        talk.note("interrupted; what was judged is kept, and the same command goes on from there")
        raise


def _compared(
    sought: Sought, workspace: Workspace, batch: Batch, at: tuple[Span, Talk]
) -> tuple[Span, Read] | None:
    span, talk = at
    asked = sought.compare
    if asked == "none" or (asked is None and span.is_range):
        return None
    if asked in (None, "before"):
        other = span_before(workspace, span)
        if asked is None and not is_at_hand(batch, other):
            if other.wanted:
                talk.note(
                    f"{other.period.label} is not in the store, so nothing is compared; --compare before reads it"
                )
            return None
        if asked is None:
            return other, read_stored(batch, other)
    else:
        other = find_span(workspace, str(asked), offset=sought.offset or OFFSET)
    with _telling(talk), Progress(other.period.label, talk) as progress:
        return other, read_span(batch, other, progress=progress)


FORMS = ("markdown", "json", "jsonl", "html", "atom")
"""The names in ``diffscope.products.report.render.formats.RENDERERS`` and ``jsonl``; a test compares the two."""


class FormType(options.OutputType):
    """``FORMAT`` or ``FORMAT:FILE``, of a report."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        """Return the output that the text names."""
        if isinstance(value, Output):
            return value
        form, separator, file = str(value).partition(":")
        if form not in FORMS:
            self.fail(f"{form!r} is no format of a report; there are {', '.join(FORMS)}", param, ctx)
        if separator and not file:
            self.fail(f"{value!r} names no file", param, ctx)
        return Output(form, Path(file) if file else None)


@click.command()
@click.option("--week", metavar="WEEK", help="An ISO week, Monday to Sunday: 2026-W13.")
@click.option("--since", metavar="DAY", help="First day: 2026-03-23. Of a dynamics report also a time.")
@click.option("--until", metavar="DAY", help="Last day, included. Default: the first.")
@click.option("--range", "window", metavar="A..B", help="Every change merged after commit A, up to B.")
@click.option("--tz", metavar="OFFSET", help="Where days begin, as an offset from UTC.  [default: +08:00]")
@click.option(
    "--compare",
    metavar="before|none|WINDOW",
    help="What to compare with: the window before, none, or another (2026-W12, 2026-03-16/2026-03-22, A..B). "
    "Default: the window before where the store has all of it.",
)
@options.repository_option
@click.option(
    "--format",
    "forms",
    type=FormType(),
    multiple=True,
    metavar="FORMAT[:FILE]",
    envvar="DIFFSCOPE_REPORT_FORMAT",
    help=f"{', '.join(FORMS)}. Several: --format json:w.json --format html:w.html. [default: markdown]",
)
@click.option(
    "--layout",
    type=click.Choice(["weekly", "dynamics"]),
    default="weekly",
    show_default=True,
    help="weekly: merged changes; dynamics: issues, pull requests and talk of an hour or a day.",
)
@click.option(
    "--events",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Of a dynamics report: saved events, instead of asking GitHub.",
)
@click.option(
    "--save-events",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Of a dynamics report: keep what GitHub told, for --events.",
)
@click.option(
    "--templates",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Templates of your own; what DIR lacks comes from diffscope.",
)
@click.option(
    "--charts",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also write the charts to DIR as SVG files.",
)
@options.language_option
@click.option("--workers", type=click.IntRange(1, 64), help="Processes.  [default: the number of cores]")
@options.rules_option
@options.cache_option
@options.talk_options
def report(
    *,
    week: str | None,
    since: str | None,
    until: str | None,
    window: str | None,
    tz: str | None,
    compare: str | None,
    repo: Path | None,
    forms: tuple[Output, ...],
    layout: str,
    events: Path | None,
    save_events: Path | None,
    templates: Path | None,
    charts: Path | None,
    lang: str,
    workers: int | None,
    rule_folders: tuple[Path, ...],
    use_cache: bool,
    talk: Talk,
) -> int:
    """Aggregate the changes of a window into a report.

    What is judged is kept: a report that was interrupted goes on where it stopped, and a second one is instant.
    """
    from diffscope.cli.report.outputs import ReportOutputs, Wishes

    outputs = ReportOutputs(forms, Wishes(lang=lang, layout=layout, templates=templates, charts=charts))
    if layout == "dynamics":
        from diffscope.cli.report.dynamics import SoughtEvents, write_dynamics

        if week or window or charts or compare:
            raise UsageError(
                "a dynamics report has no week, range, comparison or charts", hint="--since, --until"
            )
        write_dynamics(SoughtEvents(events, save_events, since, until, tz, use_cache), outputs, talk)
        return DONE
    if events or save_events:
        raise UsageError("events are what a dynamics report is made from", hint="add --layout dynamics")
    asked = window_text(week, since, until, window)
    from diffscope.cli.report.command import Sought, write_window

    write_window(Sought(asked, compare, tz, repo, rule_folders, workers, use_cache=use_cache), outputs, talk)
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
        what = f"{' and '.join(given)} exclude each other" if given else "no window is named"
        raise UsageError(what, hint="--week 2026-W13, --since DAY --until DAY, or --range A..B")
    if window is not None and ".." not in window:
        raise UsageError(f"{window!r} is no range", hint="write A..B: every change merged after A, up to B")
    if week is not None and "W" not in week:
        raise UsageError(f"{week!r} is not a week", hint="write it as 2026-W13")
    return week or window or f"{since}/{until or since}"
