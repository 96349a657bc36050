"""What was merged before and after a window of a clone, for the links between its pull requests, and figures of windows that nobody judged.

Assessments are told with what users meet otherwise than a change alone tells.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from diffscope.adapters.git.log import Squash, main_tip, merges, pull_title
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.batch.patches import read_patches
from diffscope.errors import DiffscopeError
from diffscope.facts.classify.change_shape import Sizes
from diffscope.facts.classify.kinds import Signs, decide_kind, read_title
from diffscope.patterns import lazy_regex
from diffscope.products.report.links.nodes import Around, Merged
from diffscope.products.report.model import Counted, Period, TrendPoint
from diffscope.render.change_summary import option_of
from diffscope.source.profile import places
from diffscope.source.text import decode
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
    repository: GitRepository,
    commits: Sequence[str],
    judged: tuple[Assessment, ...] = (),
    inside: Sequence[Assessment] = (),
) -> Around:
    """Return what was merged before the first and after the last of the commits of a window, oldest first; ``inside`` are its assessments.

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
    start = min((one.change.pull.merged_at or "" for one in inside), default="")
    earlier = [one for one in judged if (one.change.pull.merged_at or start) < start]
    said, worked = read_patches(repository, inside, [squash for squash, _ in reversed(later)], earlier)
    return Around(
        before=tuple(merged_of(squash, files.get(squash, ())) for squash, _ in reversed(titles)),
        after=tuple(merged_of(squash, files.get(squash, ())) for squash, _ in reversed(later)),
        judged=judged,
        said=said,
        worked=worked,
    )


def unjudged_points(
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


_READ_DOCUMENTS: Final = ("docs", "examples", "README.md")


_READS: Final = 32
"""Names that are looked for, a question to git each."""


_REQUIREMENTS: Final = "requirements/"
_SETUPS: Final = ("setup.py", "pyproject.toml")
_LISTED: Final = lazy_regex(r"[\"'](?:requirements/)?([\w.-]+\.txt)[\"']")
_INCLUDES: Final = lazy_regex(r"(?m)^-r +(?:\./)?([\w.-]+\.txt)")


def as_users_meet_them(
    repository: GitRepository, assessments: Sequence[Assessment]
) -> tuple[Assessment, ...]:
    """Return assessments with what users meet otherwise than the change alone tells.

    A variable of the environment that the code read before is declared, and not new. A field of a configuration that went, and that neither
    an option of the change nor a page of the documents before it names, was nobody's to set. A row of a registry that another place still
    registers has not gone. What a file of requirements lists that no
    installation reads is only for those who install that file.
    """
    asked = 0
    kept = []
    for one in assessments:
        options = {
            option_of(each.name) for each in one.symbols if each.name.startswith(places().code.arguments)
        }
        options |= {each.name for each in one.symbols if each.kind == "cli-flag"}
        symbols = []
        for symbol in one.symbols:
            is_new = symbol.kind == "environment-variable" and "added" in symbol.aspects
            is_gone = symbol.role[:2] == ("config-field", "removed") and option_of(symbol.name) not in options
            is_row = (
                symbol.kind == "registry-row"
                and "removed" in symbol.aspects
                and symbol.role[:1] != ("models",)
            )
            if (is_new or is_gone or is_row) and asked < _READS:
                asked += 1
                head, last = one.change.pull.head or "", symbol.name.rpartition(".")[2]
                if is_row and _is_named(repository, head, f'"{symbol.name}":', _packages()):
                    # It is registered in another way.
                    symbol = msgspec.structs.replace(symbol, role=())  # noqa: PLW2901
                elif is_new and _is_named(repository, f"{head}~", last, _packages()):
                    symbol = msgspec.structs.replace(symbol, aspects=("declared",))  # noqa: PLW2901
                elif is_gone and not _is_named(repository, f"{head}~", last, _READ_DOCUMENTS):
                    symbol = msgspec.structs.replace(symbol, role=())  # noqa: PLW2901
            if symbol.kind == "dependency" and symbol.role[3:] == ("core",):
                listed = _installed(repository, one.change.pull.head)
                if symbol.path.startswith(_REQUIREMENTS) and listed and symbol.path not in listed:
                    symbol = msgspec.structs.replace(symbol, role=(*symbol.role[:3], "optional"))  # noqa: PLW2901
            symbols.append(symbol)
        kept.append(msgspec.structs.replace(one, symbols=tuple(symbols)))
    return tuple(kept)


def _packages() -> list[str]:
    return [folder.rstrip("/") for folder in places().packages]


def _is_named(repository: GitRepository, commit: str, name: str, folders: Sequence[str]) -> bool:
    """Return whether a file of the folders names something at a commit."""
    if not commit.strip("~") or not folders:
        return False
    found = run(repository.objects, "grep", "-q", "-w", "-F", "-e", name, commit, "--", *folders)
    return found.code == 0


def _installed(repository: GitRepository, head: str | None) -> frozenset[str]:
    """Return the files of requirements that the installation of a commit reads, with those that they include; none where it reads no such file."""

    def shown(path: str) -> str:
        return decode(run(repository.objects, "show", f"{head}:{path}").out)

    found = [f"{_REQUIREMENTS}{name}" for path in _SETUPS for name in _LISTED.findall(shown(path))]
    for path in found:
        included = (f"{_REQUIREMENTS}{name}" for name in _INCLUDES.findall(shown(path)))
        found += [each for each in included if each not in found]
    return frozenset(found)
