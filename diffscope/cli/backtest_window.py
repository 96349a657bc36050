"""A window of history read for ``diffscope backtest``: judged, followed, measured, written; or fitted on.

``--fit`` makes the coefficients of the chance of a later fix anew of a clone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from diffscope.adapters.git.log import main_tip, newest_times
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.later_fixes import FollowUp, Horizon, follow, measured_changes
from diffscope.adapters.output import encoded, write_file
from diffscope.assessment.document import Assessment
from diffscope.batch.judging import Wanted
from diffscope.batch.run import Batch
from diffscope.batch.windows import find_span, newest_commit, window_gaps
from diffscope.cli.console import Console, Progress
from diffscope.cli.gather import clone_of, need_clone
from diffscope.cli.open_workspace import RuleOptions, open_workspace
from diffscope.cli.publish import WidthLimits, style_of, write_stdout
from diffscope.errors import shell_line
from diffscope.graph.history.history import is_source
from diffscope.products.backtest.fix_model import Sample, fit, trainer
from diffscope.products.backtest.measure import PRODUCT, measure, observe, statistics_of
from diffscope.products.backtest.model import Backtest, BacktestScope, Observation, RuleName
from diffscope.products.backtest.render import FORMATS, write_card, write_table
from diffscope.products.report.counts import OFFSET
from diffscope.products.report.digest import trim_for_digest
from diffscope.render.formats.json import indented
from diffscope.rules.engine.configuration import is_on
from diffscope.source.model import CommitId, Gap
from diffscope.source.window import Window, days, stamp
from diffscope.workspace import Workspace

_COLUMNS: Final = WidthLimits(fewest=100, most=140, elsewhere=110)


class BacktestRequest(NamedTuple):
    """What the command line asks for: which changes, how they are followed, and with which rules and processes."""

    since: str | None = None
    until: str | None = None
    window: str | None = None
    limit: int | None = None
    sample: int | None = None
    """So many of them, evenly spread."""
    within_days: int = 30
    as_of: str | None = None
    tz: str | None = None
    repo: Path | None = None
    rule_folders: tuple[Path, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    workers: int | None = None
    cluster: str | None = None
    use_cache: bool = True

    @property
    def label(self) -> str:
        """Return the window in words."""
        if self.window is not None:
            name = self.window
        elif self.since is not None:
            name = f"{self.since}/{self.until}" if self.until else f"from {self.since}"
        else:
            name = f"up to {self.until}" if self.until else "history"
        name = name if self.limit is None else f"{name}, the newest {self.limit:,}"
        return name if self.sample is None else f"{name}, a sample of {self.sample:,}"

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words of the command line that asks this."""
        given = {
            "--since": self.since,
            "--until": self.until,
            "--range": self.window,
            "--limit": self.limit,
            "--sample": self.sample,
            "--within": self.within_days,
            "--as-of": self.as_of,
            "--tz": self.tz,
        }
        words = (str(word) for name, value in given.items() if value is not None for word in (name, value))
        return ("diffscope", "backtest", "--repo", "PATH", *words)

    @property
    def command(self) -> str:
        """Return the command line that writes the statistics of this."""
        return shell_line(*self.words, "--statistics", "rules/statistics.json")


class History(NamedTuple):
    """The changes of a window, oldest first, when each was merged, and how far the clone follows them."""

    wanted: tuple[Wanted, ...]
    merged_at: Mapping[CommitId, int]
    horizon: Horizon
    gaps: tuple[Gap, ...] = ()
    """What of the window the clone does not reach."""


def run_backtest(asked: BacktestRequest, *, form: str, statistics: Path | None, console: Console) -> None:
    """Measure the rules and write the result.

    Raises:
        DiffscopeError: there is no clone, or no such window.
    """
    clone = need_clone(asked.repo)
    with (
        open_workspace(
            clone, RuleOptions(asked.rule_folders, asked.select, asked.ignore, asked.use_cache)
        ) as workspace,
        Batch(workspace, workers=asked.workers, cluster=asked.cluster) as batch,
    ):
        history = read_history(workspace, asked)
        kept, gaps = list[Assessment](), list[Gap]()
        with Progress("judging", console) as progress:
            for judged in batch.judge(history.wanted, progress=progress):
                if judged.assessment is not None:
                    kept.append(trim_for_digest(judged.assessment))
                elif judged.gap is not None:
                    gaps.append(judged.gap)
        assessments, lost = kept, gaps
        found = backtest_of(
            workspace, assessments, history, asked, gaps=(*history.gaps, *lost), console=console
        )
        for note in (*(gap.reason for gap in history.gaps), *batch.notes):
            console.note(note)
    write_stdout(FORMATS[form](found, style_of(None, _COLUMNS)), is_for_people=form == "text")
    if statistics is not None:
        write_file(
            statistics, encoded(indented(statistics_of(found, made_by=asked.command))), what="the statistics"
        )


def read_history(workspace: Workspace, asked: BacktestRequest) -> History:
    """Return the changes that are asked for, as far as they are known.

    Raises:
        UsageError: a day is none, or the window ends before it starts.
        SourceError: a commit of a range is not in the clone.
    """
    offset = asked.tz or OFFSET
    repository = clone_of(workspace)
    end = (
        days(asked.as_of, asked.as_of, utc_offset=offset).end
        if asked.as_of
        else repository.commit(newest_commit(repository)).committed_at + 1
    )
    gaps: tuple[Gap, ...] = ()
    if asked.window is not None:
        span = find_span(workspace, asked.window, offset=offset)
        wanted, gaps = span.wanted, span.gaps
    else:
        window = _window(asked, offset, end)
        merged = workspace.clone.window(window)
        wanted = tuple(Wanted(number=each.number, commit=each.commit) for each in merged)
        is_enough = asked.limit is not None and len(wanted) >= asked.limit
        if not is_enough:
            gaps = window_gaps(repository, window, is_empty=not wanted)
    gaps = tuple(dict.fromkeys((*workspace.profile_gaps, *gaps)))
    found = repository.commits([each.commit for each in wanted]).values()
    merged_at = {info.commit: info.committed_at for info in found if info is not None}
    kept = [each for each in wanted if merged_at.get(each.commit, end) < end]
    newest = tuple(kept if asked.limit is None else kept[-asked.limit :])
    if asked.sample is not None and asked.sample < len(newest):
        newest = tuple(newest[at * len(newest) // asked.sample] for at in range(asked.sample))
    return History(
        newest,
        {each.commit: merged_at[each.commit] for each in newest},
        Horizon(asked.within_days, end),
        gaps,
    )


def backtest_of(
    workspace: Workspace,
    assessments: Sequence[Assessment],
    history: History,
    asked: BacktestRequest,
    *,
    gaps: Sequence[Gap] = (),
    console: Console,
) -> Backtest:
    """Return the backtest of changes that were judged: follow those that wrote source, then measure."""
    times = {
        commit: history.merged_at[commit]
        for assessment in assessments
        if (commit := assessment.change.pull.head) is not None
        and any(
            file.additions and file.category in PRODUCT and is_source(file.path) for file in assessment.files
        )
    }
    followed = _followed(workspace, times, history.horizon, console)
    observations = [_observed(assessment, history, followed) for assessment in assessments]
    catalogue = workspace.catalogue
    rules = [
        RuleName(code=rule.code, name=rule.name, family=rule.family)
        for rule in catalogue.rules
        if is_on(rule, workspace.configuration)
    ]
    merged = sorted(each.merged_at for each in observations)
    frame = BacktestScope(
        repository=workspace.identity,
        window=asked.label,
        since=stamp(merged[0]) if merged else "",
        until=stamp(merged[-1]) if merged else "",
        as_of=stamp(history.horizon.as_of),
        within_days=asked.within_days,
        rules_hash=catalogue.digest,
    )
    return measure(observations, rules=rules, frame=frame, gaps=(*gaps, *followed.gaps))


def _followed(
    workspace: Workspace, times: Mapping[CommitId, int], horizon: Horizon, console: Console
) -> FollowUp:
    if not times:
        return FollowUp(frozenset(), {})
    with Progress("replaying patches", console) as progress:
        return follow(clone_of(workspace), times, horizon=horizon, progress=progress)


def _observed(assessment: Assessment, history: History, followed: FollowUp) -> Observation:
    commit = assessment.change.pull.head or CommitId("")
    was_fixed = commit in followed.fixed if commit in followed.over else None
    return observe(
        assessment, merged_at=history.merged_at[commit], was_fixed=was_fixed, is_hot=commit in followed.hot
    )


def _window(asked: BacktestRequest, offset: str, end: int) -> Window:
    if asked.since is not None and asked.until is not None:
        return days(asked.since, asked.until, utc_offset=offset)
    start = days(asked.since, asked.since, utc_offset=offset).start if asked.since else 0
    return Window(
        start=start, end=days(asked.until, asked.until, utc_offset=offset).end if asked.until else end
    )


def run_fit(asked: BacktestRequest, *, file: Path, card: Path | None, console: Console) -> None:
    """Fit on the changes of a window, and write the coefficients; the card goes to ``card``, else to stdout.

    Raises:
        DiffscopeError: there is no clone or no scikit-learn, too little can be followed, or the coefficients are no better than lines.
    """
    clone = need_clone(asked.repo)
    train = trainer()
    with open_workspace(clone, RuleOptions(use_cache=False)) as workspace:
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
    offset = asked.tz or OFFSET
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
