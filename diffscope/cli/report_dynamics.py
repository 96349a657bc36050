"""The dynamics layout of ``diffscope report``: saved events in, what happened in the window out."""

from __future__ import annotations

from pathlib import Path

from diffscope.adapters.saved_events import read_events
from diffscope.cli.report_outputs import ReportOutputs, read_templates
from diffscope.errors import UsageError
from diffscope.render.digest_wish import Wish
from diffscope.render.dynamics import render
from diffscope.render.json import indented
from diffscope.report.dynamics import build_dynamics
from diffscope.report.periods import OFFSET
from diffscope.source.window import days, stamp


def write_dynamics(
    file: Path, outputs: ReportOutputs, *, since: str | None, until: str | None, offset: str | None
) -> None:
    """Read the events and write every output. The window is the file's own unless another is named.

    Raises:
        InputError: the file holds no events.
        UsageError: a format that this layout has not, or a window that is none.
    """
    wrong = [output.form for output in outputs.outputs if output.form not in ("markdown", "json")]
    if wrong:
        raise UsageError(f"a dynamics report has no {wrong[0]}", hint="--format markdown or json")
    events = read_events(file)
    zone = offset or OFFSET
    first, last = _window(since or events.since, until or events.until, zone)
    dynamics = build_dynamics(events, since=first, until=last)
    wish = Wish(layout="dynamics", templates=read_templates(outputs.wishes.templates))
    for output in outputs.outputs:
        is_json = output.form == "json"
        text = indented(dynamics) if is_json else render(dynamics, outputs.style, wish, offset=zone)
        outputs.put(output, text)


def _window(since: str, until: str, offset: str) -> tuple[str, str]:
    """Return both ends as times; a day means its start, or as an end its last moment."""
    first = since if "T" in since else stamp(days(since, since, utc_offset=offset).start)
    last = until if "T" in until else stamp(days(until, until, utc_offset=offset).end)
    return first, last
