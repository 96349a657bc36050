"""Which past changes were fixed within some days, by ``git blame`` of the lines that later fixes removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.diff.model import FileDiff
from diffscope.diff.parse import salvage_diff
from diffscope.errors import DiffscopeError
from diffscope.messages.model import message
from diffscope.products.backtest.fixes import is_code, is_fix, is_source
from diffscope.source.model import CommitId, Gap, MergedPull, RepoPath, Value
from diffscope.source.window import stamp

_ENTRY = re.compile(rb"^([0-9a-f]{40}(?:[0-9a-f]{24})?) \d+ \d+ \d+$", re.MULTILINE)
_SPANS_AT_ONCE: Final = 1_000
"""``-L`` options of one command: far below what a command line may hold."""


class BlameResult(Value, frozen=True, kw_only=True):
    """The commits that wrote what a fix took away, sorted, and the files that could not be asked."""

    commits: tuple[CommitId, ...]
    gaps: tuple[Gap, ...] = ()


def blame_fix(repository: GitRepository, fix: CommitId, *, since: int) -> BlameResult:
    """Return who wrote the source lines that ``fix`` removes or replaces, against its first parent.

    Lines written before ``since`` (seconds since the epoch) are laid to some commit before it: git need not look further. Blank lines
    and comments do not count. Nothing is fetched; a file whose blobs are missing is a gap. Never raises for what a fix holds.
    """
    try:
        parents = repository.commit(fix).parents
        if not parents:
            return BlameResult(commits=())
        patch, lost = repository.patch(parents[0], fix)
        if not patch:
            return BlameResult(commits=(), gaps=lost)
        salvage = salvage_diff(patch)
    except DiffscopeError as error:
        unreadable = message("gap.fix-unreadable", fix=fix[:12], error=str(error))
        return BlameResult(commits=(), gaps=(Gap(what="fix", message=unreadable),))
    found, gaps = set[CommitId](), [gap for gap in lost if gap.path is None or is_source(gap.path)]
    for file in salvage.diff.files:
        path = file.old_path or file.path
        if not is_source(path):
            continue
        for spans in _chunks(_spans(_removed(file))):
            blamed = _blame(repository, parents[0], path, spans, since)
            if blamed is None:
                gaps.append(_unread(fix, path))
                break
            found |= blamed
    return BlameResult(commits=tuple(sorted(found)), gaps=tuple(gaps))


def _removed(file: FileDiff) -> Iterator[int]:
    return (line.number for hunk in file.hunks for line in hunk.removed if is_code(line.text))


def _spans(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return neighbouring numbers as spans, both ends included."""
    spans: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return spans


def _chunks(spans: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    return (spans[at : at + _SPANS_AT_ONCE] for at in range(0, len(spans), _SPANS_AT_ONCE))


def _blame(
    repository: GitRepository, at: CommitId, path: RepoPath, spans: list[tuple[int, int]], since: int
) -> set[CommitId] | None:
    lines = [word for first, last in spans for word in ("-L", f"{first},{last}")]
    # --incremental prints one entry a run of lines, and not the lines.
    found = run(
        repository.objects, "blame", "--incremental", f"--since={stamp(since)}", *lines, at, "--", path
    )
    if found.code != 0:
        return None
    return {CommitId(name.decode()) for name in _ENTRY.findall(found.out)}


def _unread(fix: CommitId, path: RepoPath) -> Gap:
    return Gap(what="blame", message=message("gap.blame-unknown", fix=fix[:12]), path=path)


_SPACE: Final = "blame-2"
_DAY: Final = 86_400


class FollowUp(NamedTuple):
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
) -> FollowUp:
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
    return FollowUp(frozenset(over), frozenset(fixed), tuple(gaps))


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


def _decoded(data: bytes | None) -> BlameResult | None:
    try:
        return None if data is None else msgspec.msgpack.decode(data, type=BlameResult)
    except msgspec.MsgspecError:
        return None
