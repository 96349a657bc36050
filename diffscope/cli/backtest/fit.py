"""``diffscope backtest --fit``: the coefficients of the chance of a later fix, made anew of a clone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from diffscope.adapters.git.log import main_tip, newest_times
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.later_fixes import Horizon, measured_changes
from diffscope.adapters.output import encoded, write_file
from diffscope.cli.backtest.window import BacktestRequest
from diffscope.cli.console import Console
from diffscope.cli.gather import Request, find_clone, no_clone
from diffscope.cli.open_workspace import open_workspace
from diffscope.cli.progress import Progress
from diffscope.cli.publish import write_stdout
from diffscope.errors import shell_line
from diffscope.products.backtest import training
from diffscope.products.backtest.fix_model import Sample, fit
from diffscope.products.backtest.model_card import write_card, write_table
from diffscope.products.report.trend import OFFSET
from diffscope.source.window import days, stamp


def run_fit(
    asked: BacktestRequest, repo: Path | None, *, file: Path, card: Path | None, console: Console
) -> None:
    """Fit on the changes of a window, and write the coefficients; the card goes to ``card``, else to stdout.

    Raises:
        DiffscopeError: there is no clone or no scikit-learn, too little can be followed, or the coefficients are no better than lines.
    """
    clone = find_clone(repo, Request())
    if clone is None:
        raise no_clone()
    train = training.trainer()
    with open_workspace(clone, use_cache=False) as workspace:
        samples, name = _samples(clone, asked, console), workspace.identity
    merged = [one.merged_at for one in samples] or [0]
    trained = (
        f"{len(samples):,} changes of {name} merged {stamp(min(merged))[:10]} to {stamp(max(merged))[:10]} (UTC), "
        f"{sum(one.was_fixed for one in samples):,} of them fixed within {asked.within_days} days"
    )
    command = shell_line(*asked.words, "--fit", file.name)
    found = fit(samples, train, repository=name, within_days=asked.within_days, trained=trained)
    page = write_card(found, command=command)
    write_file(file, encoded(write_table(found.table, command=command)), what="the coefficients")
    if card is None:
        write_stdout(page)
    else:
        write_file(card, encoded(page), what="the model card")


def _samples(repository: GitRepository, asked: BacktestRequest, console: Console) -> tuple[Sample, ...]:
    offset = asked.offset or OFFSET
    tip = main_tip(repository) or repository.resolve("HEAD")
    end = (
        days(asked.as_of, asked.as_of, utc_offset=offset).end
        if asked.as_of
        else _known_until(repository, tip)
    )
    until = days(asked.until, asked.until, utc_offset=offset).end if asked.until else end
    since = days(asked.since, asked.since, utc_offset=offset).start if asked.since else 0
    with Progress("replaying patches", console) as progress:
        found = measured_changes(
            repository, tip, since=since, horizon=Horizon(asked.within_days, end), progress=progress
        )
    return tuple(one for one in found if since <= one.merged_at < until)


def _known_until(repository: GitRepository, tip: str) -> int:
    """Return when what is known ends: a commit or two whose clocks run ahead do not say."""
    times = sorted(newest_times(repository, tip, _NEWEST))
    return times[-min(_AHEAD, len(times))] + 1


_NEWEST: Final = 1_000
_AHEAD: Final = 10
