"""What lies around a window of a clone, for the links between its pull requests: titles and files in git, assessments in the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diffscope.adapters.git.log import Squash, main_tip, merges, pull_title
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.errors import DiffscopeError
from diffscope.products.report.links.around import Around, Merged
from diffscope.source.window import stamp

_TITLES: Final = 4_000
"""Titles before a window that the words of its own are measured against: half a year."""
_EARLIER: Final = 1_000
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
        before=tuple(_merged(squash, files) for squash, _ in reversed(titles)),
        after=tuple(_merged(squash, files) for squash, _ in reversed(later)),
        judged=judged,
    )


def _merges(
    repository: GitRepository, revisions: str, *, most: int, has_paths: bool = False
) -> list[tuple[Squash, tuple[str, ...]]]:
    try:
        return merges(repository, revisions, most=most, has_paths=has_paths)
    except DiffscopeError:
        return []


def _merged(squash: Squash, files: dict[Squash, tuple[str, ...]]) -> Merged:
    return Merged(
        number=squash.number,
        title=pull_title(squash.subject),
        merged_at=stamp(squash.committed_at),
        paths=files.get(squash, ()),
    )
