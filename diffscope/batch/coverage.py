"""The parts of a requested window that a clone does not contain: after its newest commit, or before its first."""

from __future__ import annotations

from typing import Final

from diffscope.adapters.git.log import cut_off_at, first_commit_at, main_tip
from diffscope.adapters.git.repository import GitRepository
from diffscope.errors import RepositoryError
from diffscope.messages.model import Message, message
from diffscope.source.model import CommitId, Gap
from diffscope.source.window import Window, stamp

_QUIET: Final = 86_400
"""Seconds in which nothing may be merged though the clone is fresh: most weeks end on a quiet Sunday."""


def window_gaps(repository: GitRepository, window: Window, *, is_empty: bool) -> tuple[Gap, ...]:
    """Return what of a window the clone does not reach; ``is_empty`` says that nothing was found in it.

    Raises:
        RepositoryError: the clone has no commit.
    """
    tip = newest_commit(repository)
    newest, cut = repository.commit(tip).committed_at, cut_off_at(repository, tip)
    found: list[Message] = []
    if newest < window.end - _QUIET:
        found.append(message("gap.clone-too-old", day=_day(newest)))
    if cut is not None and cut >= window.start:
        found.append(message("gap.window-cut-off", day=_day(cut)))
    elif is_empty and (first := first_commit_at(repository, tip)) is not None and first >= window.end:
        found.append(message("gap.history-too-young", day=_day(first)))
    return tuple(Gap(what="window", message=each) for each in found)


def newest_commit(repository: GitRepository) -> CommitId:
    """Return the newest commit of the main branch. Raises ``RepositoryError`` where there is none."""
    tip = main_tip(repository)
    if tip is None:
        raise RepositoryError(
            "the repository has no commit", at=str(repository.path), hint="name a clone of vLLM: --repo PATH"
        )
    return CommitId(tip)


def _day(seconds: int) -> str:
    return stamp(seconds)[:10]
