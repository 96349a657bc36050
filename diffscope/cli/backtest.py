"""``diffscope backtest``: how each rule performed over a window of history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from diffscope.cli import options
from diffscope.cli.console import DONE, Console
from diffscope.errors import UsageError


@click.command()
@click.option("--since", metavar="DAY", help="First day: 2026-03-01. Default: as far back as --limit goes.")
@click.option("--until", metavar="DAY", help="Last day, included. Default: up to the newest change.")
@options.range_option
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="Only the newest N changes of the window.  [default: 1000 without --since or --range, else all]",
)
@click.option(
    "--sample", type=click.IntRange(1), metavar="N", help="Only N changes, evenly spread over the window."
)
@click.option(
    "--within",
    "within_days",
    type=click.IntRange(1, 365),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="How many days after its merge a change is followed.",
)
@click.option(
    "--as-of", metavar="DAY", help="Ignore everything merged after that day.  [default: all of the clone]"
)
@options.offset_option
@options.repository_option
@options.form_option
@click.option(
    "--statistics",
    type=options.FILE,
    metavar="FILE",
    help="Also write the statistics that `rules show` prints; in a checkout these are in rules/statistics.json.",
)
@click.option(
    "--fit",
    "fit_file",
    type=options.FILE,
    metavar="FILE",
    help="Instead: fit the coefficients of fix_risk and write them to FILE; in a checkout they are read from rules/fix_risk.yml. Needs vllm-diffscope[fit].",
)
@click.option(
    "--card",
    type=options.FILE,
    metavar="FILE",
    help="With --fit: write the evaluation of the coefficients to FILE.  [default: stdout]",
)
@options.workers_option
@options.cluster_option
@options.rules_option
@options.selection_options
@options.cache_option
@options.verbosity_options
def backtest(
    *,
    form: str,
    statistics: Path | None,
    fit_file: Path | None,
    card: Path | None,
    console: Console,
    limit: int | None,
    **given: Any,
) -> int:
    """Measure the rules on history: how often each fires, and how often what it flags is fixed later.

    A change counts as fixed when a pull request that calls itself a fix or a revert changes source lines that it wrote, within --within
    days. Results are stored: an interrupted run continues where it stopped.
    """
    since, window = given["since"], given["window"]
    if window is not None and (since is not None or given["until"] is not None):
        raise UsageError("--range and --since or --until exclude each other", hint="name one window")
    if fit_file is not None and (window or limit or given["sample"] or statistics):
        raise UsageError(
            "--fit takes no --range, --limit, --sample or --statistics",
            hint="name a window by --since and --until",
        )
    if card is not None and fit_file is None:
        raise UsageError("--card needs --fit", hint="name the file of the coefficients too: --fit FILE")
    from diffscope.cli.backtest_window import BacktestRequest, run_backtest, run_fit

    asked = BacktestRequest(**given, limit=limit or (None if since or window or fit_file else 1000))
    if fit_file is not None:
        run_fit(asked, file=fit_file, card=card, console=console)
    else:
        run_backtest(asked, form=form, statistics=statistics, console=console)
    return DONE
