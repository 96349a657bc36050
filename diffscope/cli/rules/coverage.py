"""``diffscope rules coverage``: judges a window of a clone and lists parts of its tree that no rule covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from diffscope.adapters.config.rule_tables import read_registries
from diffscope.adapters.graphs.graphs import graph_at
from diffscope.batch.run import Batch
from diffscope.batch.windows import Span, find_span, newest_commit
from diffscope.cli.console import Console, Progress
from diffscope.cli.gather import need_clone
from diffscope.cli.open_workspace import RuleOptions, open_workspace
from diffscope.errors import NotFoundError, UsageError
from diffscope.products.coverage import BlindSpot, Coverage, SpotKind, Tables, measure_coverage
from diffscope.render.sanitize import visible

if TYPE_CHECKING:
    from diffscope.adapters.git.repository import GitRepository
    from diffscope.workspace import Workspace

_DAYS = 30
_MOST = 25
_HEADS: dict[SpotKind, str] = {
    "area": "source files that no area of areas.yml claims, by folder",
    "language": "languages of which hardly a changed file names a changed symbol",
    "kernel": "decorators like those of device code that kernels.yml does not know",
    "registry": "tables of classes that registries.yml does not know",
    "twin": "files of the same name for several platforms, of which changes edit one without a flag",
    "silence": "changes without a flag at medium or above, far more often than others",
}


class CoverageRequest(NamedTuple):
    """What the command line asks for: days, both included; without ``until`` up to the newest commit, without ``since`` thirty days."""

    since: str | None
    until: str | None
    tz: str
    repo: Path | None
    workers: int | None
    use_cache: bool


def find_coverage(asked: CoverageRequest, console: Console) -> Coverage:
    """Return what the rules cannot see of the tree at the end of the window.

    Raises:
        SourceError: there is no clone.
        NotFoundError: no change was merged in the window.
    """
    clone = need_clone(asked.repo)
    with (
        clone,
        open_workspace(clone, RuleOptions(use_cache=asked.use_cache)) as workspace,
        Batch(workspace, workers=asked.workers) as batch,
        Progress("changes", console) as progress,
    ):
        span = _span(asked, workspace, clone)
        judged = [each.assessment or each.stand_in for each in batch.judge(span.wanted, progress=progress)]
        revision = span.wanted[-1].commit
        paths = [entry.path for entry in clone.entries(revision)]
        return measure_coverage(
            paths,
            graph_at(clone, revision, cache=workspace.cache, serving=workspace.knowledge.serving),
            [each for each in judged if each is not None],
            tables=Tables(
                taxonomy=workspace.knowledge.taxonomy,
                kernels=workspace.knowledge.kernels,
                registries=read_registries(Path(workspace.profile.folder)),
            ),
            revision=revision,
        )


def _span(asked: CoverageRequest, workspace: Workspace, clone: GitRepository) -> Span:
    newest = newest_commit(clone)
    known = clone.commits([newest])[newest]
    until = (
        asked.until or datetime.fromtimestamp((known.committed_at if known else 0), UTC).date().isoformat()
    )
    try:
        since = asked.since or str(datetime.fromisoformat(until).date() - timedelta(days=_DAYS))
    except ValueError:
        raise UsageError(f"{until!r} is not a day", hint="write it as 2026-03-29") from None
    span = find_span(workspace, f"{since}/{until}", offset=asked.tz)
    if not span.wanted:
        raise NotFoundError(
            f"no change was merged from {since} to {until}", hint="--since and --until name another window"
        )
    return span


def coverage_text(found: Coverage) -> str:
    """Return the coverage for people."""
    share = f"{found.silent:,} of {found.changes:,} changes to source code have no flag at medium or above"
    lines = [f"{found.files:,} source files at {found.revision[:12]}; {share}"]
    for kind, head in _HEADS.items():
        spots = [spot for spot in found.spots if spot.kind == kind]
        if spots:
            lines += ["", f"{head}: {len(spots)}", *map(_line, spots[:_MOST])]
        if len(spots) > _MOST:
            lines.append(f"  and {len(spots) - _MOST} more (--format json lists all)")
    weighty = len(found.weighty)
    lines += ["", f"{weighty} of {len(found.spots)} are of weight: three changes or more touched them"]
    return "\n".join(lines) + "\n"


def _line(spot: BlindSpot) -> str:
    size = f"{spot.files} files, " if spot.files else ""
    expected = f", {spot.expected} expected" if spot.expected is not None else ""
    changes = f"{spot.changes} changes, {spot.silent} without a flag{expected}"
    return visible(f"  {spot.name}: {size}{changes} ({', '.join(spot.examples[:2])})")
