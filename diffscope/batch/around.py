"""What lies around a window of a clone, for the links between its pull requests: titles and files in git, assessments in the store."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from diffscope.adapters.git.log import Squash, main_tip, merges, pull_title
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.errors import DiffscopeError
from diffscope.facts.classify.change_shape import Sizes
from diffscope.facts.classify.kinds import Signs, decide_kind
from diffscope.facts.classify.titles import read_title
from diffscope.products.report.links.nodes import Around, Merged
from diffscope.products.report.model import Counted, Period, TrendPoint
from diffscope.source.window import Window, stamp
from diffscope.taxonomy.model import Taxonomy

_TITLES: Final = 4_000
"""Titles before a window that the words of its own are measured against: half a year."""
_EARLIER: Final = 1_000
_HOT: Final = 100
_WORKED_ON: Final = 0.2
_LINES: Final = 20
_LATER: Final = 600
"""Commits before and after a window whose files are looked at: five weeks, and three."""


def find_around(
    repository: GitRepository, commits: Sequence[str], judged: tuple[Assessment, ...] = ()
) -> Around:
    """Return what was merged before the first and after the last of the commits of a window, oldest first.

    What git cannot tell, because the clone is cut off there, is left out.
    """
    if not commits:
        return Around(judged=judged)
    first, last = commits[0], commits[-1]
    titles = _merges(repository, f"{first}~", most=_TITLES)
    files = dict(_merges(repository, f"{first}~", most=_EARLIER, has_paths=True))
    later = _merges(repository, f"{last}..{main_tip(repository) or last}", most=10 * _TITLES)
    soon = later[-_LATER:][:1]
    files |= dict(
        _merges(repository, f"{last}..{soon[0][0].commit}", most=_LATER, has_paths=True) if soon else ()
    )
    return Around(
        before=tuple(merged_of(squash, files.get(squash, ())) for squash, _ in reversed(titles)),
        after=tuple(merged_of(squash, files.get(squash, ())) for squash, _ in reversed(later)),
        judged=judged,
    )


def light_points(
    repository: GitRepository, first: str, periods: Sequence[tuple[Period, Window]], taxonomy: Taxonomy
) -> dict[str, TrendPoint]:
    """Return by label the figures of windows before a commit that nobody judged: kinds by titles, areas by paths, no risks."""
    since = min(window.start for _, window in periods)
    found = _merges(repository, f"{first}~", most=len(periods) * _EARLIER, has_paths=True, since=since)
    points = {}
    for period, window in periods:
        own = [(squash, paths) for squash, paths in found if window.start <= squash.committed_at < window.end]
        if own:
            points[period.label] = _light_point(period, own, taxonomy)
    return points


def _light_point(
    period: Period, merged: Sequence[tuple[Squash, tuple[str, ...]]], taxonomy: Taxonomy
) -> TrendPoint:
    kinds, areas, files = (defaultdict[str, list[int]](list) for _ in range(3))
    for squash, paths in merged:
        kinds[_kind(squash, paths, taxonomy)].append(squash.number)
        own = Counter(taxonomy.main_area_of(path) for path in paths)
        for area in own:
            if own[area] >= _WORKED_ON * len(paths):
                areas[area].append(squash.number)
        for path in paths:
            files[path].append(squash.number)
    hot = sorted((path for path in files if len(files[path]) > 1), key=lambda path: (-len(files[path]), path))
    return TrendPoint(
        period=period,
        source_pulls=len(merged),
        churn=0,
        mean_importance=0.0,
        risks=(),
        kinds=_counted(kinds),
        areas=_counted(areas),
        hot_files=tuple(hot[:_HOT]),
        is_judged=False,
    )


def _kind(squash: Squash, paths: Sequence[str], taxonomy: Taxonomy) -> str:
    """Return the kind that a title says; each file counts as a few lines, for nobody has counted them."""
    categories = Counter(taxonomy.category_of(path) for path in paths)
    product = _LINES * (categories["source"] + categories["native"])
    sizes = Sizes(
        by_category={name: _LINES * count for name, count in categories.items()},
        product=product,
        total=_LINES * len(paths),
        product_added=product // 2,
        product_removed=product // 2,
    )
    signs = Signs(sizes=sizes, shapes=frozenset())
    return decide_kind(read_title(pull_title(squash.subject)), signs, taxonomy).kind


def _counted(found: Mapping[str, list[int]]) -> tuple[Counted, ...]:
    listed = (Counted(name=name, count=len(each), pulls=tuple(sorted(each))) for name, each in found.items())
    return tuple(sorted(listed, key=lambda one: (-one.count, one.name)))


def _merges(
    repository: GitRepository, revisions: str, *, most: int, has_paths: bool = False, since: int = 0
) -> list[tuple[Squash, tuple[str, ...]]]:
    try:
        return merges(repository, revisions, most=most, has_paths=has_paths, since=since)
    except DiffscopeError:
        return []


def merged_of(squash: Squash, paths: tuple[str, ...]) -> Merged:
    """Return a squash commit as the graph of pull requests sees it."""
    return Merged(
        number=squash.number,
        title=pull_title(squash.subject),
        merged_at=stamp(squash.committed_at),
        paths=paths,
    )
