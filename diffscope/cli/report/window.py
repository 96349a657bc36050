"""A window read for ``diffscope report``: judged with a progress bar, compared, handed to the outputs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

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
from diffscope.cli.console import Console, Progress
from diffscope.cli.gather import need_clone
from diffscope.cli.open_workspace import RuleOptions, open_workspace
from diffscope.cli.report.outputs import ReportOutputs
from diffscope.errors import SourceError
from diffscope.products.report.trend import OFFSET
from diffscope.workspace import Workspace


class WindowRequest(NamedTuple):
    """What the command line asks for."""

    window: str
    compare: str | None
    tz: str | None
    repo: Path | None
    rule_folders: tuple[Path, ...]
    workers: int | None
    cluster: str | None
    use_cache: bool


def write_window(sought: WindowRequest, outputs: ReportOutputs, console: Console) -> None:
    """Read the window and write every output.

    Raises:
        DiffscopeError: there is no clone, or no such window.
    """
    clone = need_clone(sought.repo)
    offset = sought.tz or OFFSET
    with (
        open_workspace(clone, RuleOptions(sought.rule_folders, use_cache=sought.use_cache)) as workspace,
        Batch(workspace, workers=sought.workers, cluster=sought.cluster) as batch,
    ):
        span = find_span(workspace, sought.window, offset=offset)
        with console.resumable(), outputs.stream() as each, Progress(span.period.label, console) as progress:
            read = read_span(batch, span, progress=progress, each=each)
        if read.is_lost:
            # Zeros would be a lie.
            raise SourceError(
                f"none of {len(read.gaps)} changes could be judged; the first: {read.gaps[0].reason}",
                hint="classify one of them alone to see more",
            )
        if outputs.need_digest:
            compared = _compared(sought, workspace, batch, (span, console))
            outputs.write(digest_of(workspace, batch, span, read, compared=compared))
        for note in (*(gap.reason for gap in (*span.gaps, *read.gaps)), *batch.notes):
            console.note(note)
    outputs.finish()


def _compared(
    sought: WindowRequest, workspace: Workspace, batch: Batch, at: tuple[Span, Console]
) -> tuple[Span, Read] | None:
    span, console = at
    asked = sought.compare
    if asked == "none" or (asked is None and span.is_range):
        return None
    if asked in (None, "before"):
        other = span_before(workspace, span)
        if asked is None and not is_at_hand(batch, other):
            if other.wanted:
                console.note(
                    f"{other.period.label} is not in the store, so nothing is compared; --compare before reads it"
                )
            return None
        if asked is None:
            return other, read_stored(batch, other)
    else:
        other = find_span(workspace, str(asked), offset=sought.tz or OFFSET)
    with console.resumable(), Progress(other.period.label, console) as progress:
        return other, read_span(batch, other, progress=progress)
