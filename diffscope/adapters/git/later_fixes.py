"""What came of past changes: which of them were fixed within some days, as the clone knows it at some time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.git.blame import Blamed, blame_fix
from diffscope.adapters.git.repository import GitRepository
from diffscope.products.backtest.fixes import is_fix
from diffscope.source.model import CommitId, Gap, MergedPull

_SPACE: Final = "blame-2"
_DAY: Final = 86_400


class Followed(NamedTuple):
    """What came of changes: those whose days are over, and of them those that a fix changed."""

    over: frozenset[CommitId]
    fixed: frozenset[CommitId]
    gaps: tuple[Gap, ...] = ()


class Horizon(NamedTuple):
    """How far a change is followed, in days, and from when on (seconds since the epoch) nothing is known."""

    within_days: int
    as_of: int

    def is_over(self, merged_at: int) -> bool:
        """Say whether all days after a merge are known."""
        return merged_at + self.within_days * _DAY < self.as_of


def follow(
    repository: GitRepository,
    merged_at: Mapping[CommitId, int],
    later: Sequence[MergedPull],
    *,
    horizon: Horizon,
    cache: Cache,
    progress: Callable[[int, int], None] | None = None,
) -> Followed:
    """Return what came of changes.

    ``later`` is everything merged from the first of them on; only what calls itself a fix and was merged before the horizon is blamed.
    Each answer is kept in the cache as it comes, so an interrupted run goes on where it stopped.
    """
    over = {commit: at for commit, at in merged_at.items() if horizon.is_over(at)}
    fixes = _fixes(repository, later, over, horizon)
    kept = cache.get_many(_SPACE, [_name(fix, horizon) for fix in fixes])
    fixed, gaps = set[CommitId](), list[Gap]()
    for done, (fix, at) in enumerate(fixes.items(), start=1):
        name = _name(fix, horizon)
        blamed = _decoded(kept.get(name))
        if blamed is None:
            blamed = blame_fix(repository, fix, since=at - (horizon.within_days + 1) * _DAY)
            cache.put_many(_SPACE, {name: msgspec.msgpack.encode(blamed)})
        gaps.extend(blamed.gaps)
        length = horizon.within_days * _DAY
        fixed.update(
            each for each in blamed.commits if each in over and each != fix and 0 <= at - over[each] <= length
        )
        if progress is not None:
            progress(done, len(fixes))
    return Followed(frozenset(over), frozenset(fixed), tuple(gaps))


def _fixes(
    repository: GitRepository, later: Sequence[MergedPull], over: Mapping[CommitId, int], horizon: Horizon
) -> dict[CommitId, int]:
    """Return the fixes that may have changed what these changes wrote, and when each was merged."""
    if not over:
        return {}
    named = [each.commit for each in later if is_fix(each.subject)]
    found = {
        info.commit: info.committed_at for info in repository.commits(named).values() if info is not None
    }
    first, last = min(over.values()), max(over.values()) + horizon.within_days * _DAY
    chosen = [(found[commit], commit) for commit in named if commit in found]
    return {commit: at for at, commit in sorted(chosen) if first <= at <= last and at < horizon.as_of}


def _name(fix: CommitId, horizon: Horizon) -> str:
    return f"{fix} {horizon.within_days}"


def _decoded(data: bytes | None) -> Blamed | None:
    try:
        return None if data is None else msgspec.msgpack.decode(data, type=Blamed)
    except msgspec.MsgspecError:
        return None
