"""The dynamics layout of ``diffscope report``: GitHub activity in a window, read now or from a saved file, as a report."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from diffscope.adapters.cache.cache import open_cache
from diffscope.adapters.config.knowledge import load_knowledge
from diffscope.adapters.events import read_events
from diffscope.adapters.git.log import commit_before, merges
from diffscope.adapters.graphs.graphs import graph_at
from diffscope.batch.surrounding_pulls import merged_of
from diffscope.cli.console import Console
from diffscope.cli.gather import Request, find_clone
from diffscope.cli.open_workspace import RuleOptions, open_workspace
from diffscope.cli.options import Output
from diffscope.cli.report.outputs import ReportOutputs, read_templates
from diffscope.errors import DiffscopeError, RemoteError, UsageError
from diffscope.graph.query.graph import ModuleGraph
from diffscope.products.report.counts import OFFSET
from diffscope.products.report.dynamics.dynamics import build_dynamics, moment
from diffscope.products.report.dynamics.events import Events
from diffscope.products.report.dynamics.suspects import DAYS
from diffscope.products.report.links.nodes import Merged
from diffscope.products.report.model import ReportOptions
from diffscope.products.report.render.dynamics import render
from diffscope.render.formats.json import indented
from diffscope.source.window import Window, days, stamp
from diffscope.taxonomy.model import Taxonomy

_DAY: Final = 86_400
_MERGES: Final = 2_000
_OFFLINE = "check the network and try again, or --events FILE for what --save-events FILE kept"


class EventsRequest(NamedTuple):
    """What the command line asks for. Without ``file`` GitHub is asked, and needs ``since``."""

    file: Path | None
    save: Path | None
    since: str | None
    until: str | None
    tz: str | None
    use_cache: bool
    repo: Path | None = None


def write_dynamics(sought: EventsRequest, outputs: ReportOutputs, console: Console) -> None:
    """Read the events and write every output. The window of a file is its own unless another is named.

    Raises:
        InputError: the file holds no events.
        SourceError: GitHub gives nothing.
        UsageError: a format that this layout has not, or a window that is none.
    """
    wrong = [output.form for output in outputs.outputs if output.form not in ("markdown", "json")]
    if wrong:
        raise UsageError(f"a dynamics report has no {wrong[0]}", hint="--format markdown or json")
    offset = sought.tz or OFFSET
    events = read_events(sought.file) if sought.file else _events(_asked(sought, offset), sought, console)
    window = _window(sought.since or events.since, sought.until or events.until, offset)
    if sought.save is not None:
        outputs.put(Output("json", sought.save), indented(events))
    for gap in events.gaps:
        console.note(f"{gap.what}: {gap.reason}")
    scene = _scene(sought, window, console, needs_graph=any(item.files for item in events.pulls))
    dynamics = build_dynamics(
        events,
        since=stamp(window.start),
        until=stamp(window.end),
        taxonomy=_taxonomy(is_cached=sought.use_cache),
        graph=scene.graph,
        graph_commit=scene.commit,
        recent=scene.recent,
    )
    options = ReportOptions(layout="dynamics", templates=read_templates(outputs.request.templates))
    for output in outputs.outputs:
        is_json = output.form == "json"
        as_text = partial(render, dynamics, outputs.style, options, offset=offset)
        outputs.put_rendered(output, partial(indented, dynamics) if is_json else as_text)
    outputs.finish()


def _events(window: Window, sought: EventsRequest, console: Console) -> Events:
    # PyGithub takes longer to import than a saved file takes to be a report.
    from diffscope.adapters.github.access import find_access
    from diffscope.adapters.github.client import Client
    from diffscope.adapters.github.events import read_github_events
    from diffscope.adapters.github.trees import GitHubStore

    with open_cache(is_enabled=sought.use_cache) as cache:
        client = Client(find_access(os.environ), store=GitHubStore(cache), notice=console.note)
        try:
            events = read_github_events(client, window)
        except RemoteError as error:
            if error.hint is None or "--repo" not in error.hint:
                raise
            # No clone knows of issues and comments.
            raise RemoteError(error.message, at=error.at, hint=_OFFLINE) from None
        finally:
            client.close()
        console.detail(f"GitHub: {client.calls} requests, {client.unchanged} of them unchanged")
        for note in cache.notes:
            console.note(note)
    return events


class _Scene(NamedTuple):
    """The graph that the changes of a window are laid on, with its commit, and what was merged in the month before the window's end."""

    graph: ModuleGraph | None = None
    commit: str | None = None
    recent: tuple[Merged, ...] | None = None


def _scene(sought: EventsRequest, window: Window, console: Console, *, needs_graph: bool) -> _Scene:
    """Return the scene of the window's own commit where a clone reaches it, else the graph that comes with diffscope."""
    packaged = _Scene(*_graph()) if needs_graph else _Scene()
    clone = find_clone(sought.repo, Request())
    if clone is None:
        return packaged
    try:
        commit = commit_before(clone, window.end)
        if commit is None or clone.commit(commit).committed_at < window.start - DAYS * _DAY:
            console.note("the clone does not reach the window: no cause is looked for in its merges")
            return packaged
        found = merges(clone, commit, most=_MERGES, has_paths=True, since=window.end - DAYS * _DAY)
        recent = tuple(merged_of(squash, paths) for squash, paths in reversed(found))
        if not needs_graph:
            return _Scene(recent=recent)
        with open_workspace(clone, RuleOptions(use_cache=sought.use_cache)) as workspace:
            graph = graph_at(clone, commit, cache=workspace.cache, serving=workspace.knowledge.serving)
        return _Scene(graph, commit, recent)
    except DiffscopeError as error:
        console.note(f"the clone does not tell of the window: {error}")
        return packaged


def _taxonomy(*, is_cached: bool) -> Taxonomy:
    with open_cache(is_enabled=is_cached) as cache:
        return load_knowledge(cache=cache).taxonomy


def _graph() -> tuple[ModuleGraph | None, str | None]:
    """Return the graph that comes with diffscope and its commit; without it the report does without the reach of changes."""
    from diffscope.adapters.graphs.snapshot import bundled_snapshot

    try:
        snapshot = bundled_snapshot()
    except DiffscopeError:
        return None, None
    return snapshot.graph, snapshot.commit


def _asked(sought: EventsRequest, offset: str) -> Window:
    if sought.since is None:
        raise UsageError(
            "no window is given",
            hint="--since 2025-12-10, --since 2025-12-10T11:01Z --until 2025-12-10T12:01Z, or --events FILE",
        )
    if "T" in sought.since and sought.until is None:
        raise UsageError("--since with a time needs --until", hint="--until 2025-12-10T12:01Z")
    return _window(sought.since, sought.until or sought.since, offset)


def _window(since: str, until: str, offset: str) -> Window:
    """Return the window between both ends, each a time or a day; a day means its start, or as an end its last moment."""
    start = _seconds(since) if "T" in since else days(since, since, utc_offset=offset).start
    end = _seconds(until) if "T" in until else days(until, until, utc_offset=offset).end
    if end <= start:
        raise UsageError(f"the window ends ({until}) before it starts ({since})", hint="--since comes first")
    return Window(start=start, end=end)


def _seconds(text: str) -> int:
    return int(moment(text).timestamp())
