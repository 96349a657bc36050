"""Which past changes were fixed within some days: by the lines that later fixes take away, and by what these fixes name.

The source lines that each commit of the main line removes and adds are streamed from one ``git log``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from diffscope.adapters.git.log import cut_commits, main_tip, pull_number
from diffscope.adapters.git.objects import CommitInfo
from diffscope.adapters.git.process import stream
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.history import HistoryPerCommit
from diffscope.diff.model import unquote
from diffscope.errors import RepositoryError, shell_line
from diffscope.facts.classify.fix_measures import EditedFile, measure_fix_risk
from diffscope.facts.model import FixMeasures
from diffscope.graph.history.history import RUST, is_fix, named_commits, named_pulls
from diffscope.messages.model import message
from diffscope.patterns import lazy_regex
from diffscope.products.backtest.fix_model import Sample
from diffscope.products.backtest.model import LineOwners, PatchedFile, PatchedHunk, mended
from diffscope.source.model import CommitId, Gap
from diffscope.source.profile import places

_DAY: Final = 86_400
HOT_DAYS: Final = 7
"""Days within which a fix is a hot one."""
_MARGIN: Final = 2 * _DAY
"""Seconds. The log starts a little earlier, for committers' clocks differ."""
_AT_ONCE: Final = 500


class FollowUp(NamedTuple):
    """What came of changes: those whose days are over, and of them those that a fix changed, each with the days until its first."""

    over: frozenset[CommitId]
    fixed_after: Mapping[CommitId, float]
    gaps: tuple[Gap, ...] = ()

    @property
    def fixed(self) -> frozenset[CommitId]:
        """The changes that were fixed."""
        return frozenset(self.fixed_after)

    @property
    def hot(self) -> frozenset[CommitId]:
        """Those that were fixed within ``HOT_DAYS``."""
        return frozenset(commit for commit, days in self.fixed_after.items() if days <= HOT_DAYS)


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
    *,
    horizon: Horizon,
    progress: Callable[[int, int], None] | None = None,
) -> FollowUp:
    """Return what came of changes of the main line, given with the seconds of their merges.

    One pass over the patches from the first of them to the horizon. Nothing is fetched; a commit whose contents are missing is a gap.

    Raises:
        RepositoryError: the clone lacks the contents of its past.
    """
    over = {commit: at for commit, at in merged_at.items() if horizon.is_over(at)}
    if not over:
        return FollowUp(frozenset(), {})
    follower = _Follower(over, horizon)
    unreadable: list[CommitId] = []
    total = len(merged_at)
    start = min(over.values()) - _MARGIN
    tip = main_tip(repository) or repository.resolve("HEAD")
    for done, (info, blamed, _, is_readable) in enumerate(_replayed(repository, tip, start), start=1):
        if not is_readable:
            unreadable.append(info.commit)
        follower.see(info, blamed)
        if progress is not None:
            progress(done, max(done, total))
    gaps = tuple(
        Gap(what="blame", message=message("gap.blame-unknown", fix=commit[:12])) for commit in unreadable
    )
    return FollowUp(frozenset(over), follower.fixed_after, gaps)


def measured_changes(
    repository: GitRepository,
    tip: str,
    *,
    since: int,
    horizon: Horizon,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Sample, ...]:
    """Return every change of source that was merged from ``since`` on and followed to the end of its days, oldest first, with its measures.

    Measures are those of the commit before it. A change before which the history is cut off within the days looked back is left out.

    Raises:
        RepositoryError: the clone lacks the contents of its past.
    """
    pasts = HistoryPerCommit(repository, tip, since=since)
    follower = _Follower(None, horizon)
    found: dict[CommitId, tuple[int, FixMeasures]] = {}
    for done, (info, blamed, files, is_readable) in enumerate(_replayed(repository, tip, since), start=1):
        follower.see(info, blamed)
        past = pasts.before(info.commit) if is_readable and info.committed_at >= since else None
        if past is not None and horizon.is_over(info.committed_at):
            measures = measure_fix_risk(map(_edited, files), past)
            if measures is not None:
                found[info.commit] = info.committed_at, measures
        if progress is not None:
            progress(done, max(done, pasts.count))
    fixed = follower.fixed_after
    return tuple(
        Sample(commit, at, measures, commit in fixed, fixed.get(commit, HOT_DAYS + 1) <= HOT_DAYS)
        for commit, (at, measures) in found.items()
    )


def _edited(file: PatchedFile) -> EditedFile:
    return EditedFile(
        file.new or file.old or "",
        file.old if file.new else None,
        [line for hunk in file.hunks for line in hunk.added],
        [line for hunk in file.hunks for line in hunk.removed],
        is_new=file.old is None,
    )


class _Replayed(NamedTuple):
    info: CommitInfo
    mended: frozenset[CommitId]
    """Those whose lines the commit took away, if it is a fix."""
    files: tuple[PatchedFile, ...]
    is_readable: bool


def _replayed(repository: GitRepository, tip: str, since: int) -> Iterator[_Replayed]:
    owners, commits = LineOwners(), list[CommitId]()
    for some in _batches(patched_commits(repository, tip, since=since), _AT_ONCE):
        infos = repository.commits([each.commit for each in some])
        for each in some:
            commits.append(each.commit)
            taken = owners.apply(len(commits) - 1, each.files)
            info = infos[each.commit]
            if info is not None:
                blamed = frozenset(commits[owner] for owner in mended(taken))
                yield _Replayed(info, blamed, each.files, each.is_readable)


class _Follower:
    """Sees every commit of the main line, oldest first, and keeps which of the followed ones was fixed first when."""

    def __init__(self, over: Mapping[CommitId, int] | None, horizon: Horizon) -> None:
        """``over`` has the merges of the followed changes; ``None`` follows all."""
        self._follows_all = over is None
        self._over = dict(over or {})
        self._horizon = horizon
        self._by_number: dict[int, CommitId] = {}
        self.fixed_after: dict[CommitId, float] = {}

    def see(self, info: CommitInfo, blamed: frozenset[CommitId]) -> None:
        at = info.committed_at
        if is_fix(info.subject) and at < self._horizon.as_of:
            for commit in {*blamed, *self._named(info)}:
                since = self._over.get(commit)
                if since is not None and 0 <= at - since <= self._horizon.within_days * _DAY:
                    self.fixed_after.setdefault(commit, (at - since) / _DAY)
        if self._follows_all:
            self._over[info.commit] = at
        number = pull_number(info.subject)
        if info.commit in self._over and number is not None:
            self._by_number.setdefault(number, info.commit)

    def _named(self, info: CommitInfo) -> Iterator[CommitId]:
        for number in named_pulls(info.subject, info.body):
            if number in self._by_number:
                yield self._by_number[number]
        for digits in named_commits(info.body):
            yield from (commit for commit in self._by_number.values() if commit.startswith(digits))


def _batches(items: Iterable[PatchedCommit], size: int) -> Iterator[list[PatchedCommit]]:
    batch: list[PatchedCommit] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


_HUNK = lazy_regex(rb"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_COMMIT: Final = b"\x00commit "
_MOST_UNREADABLE: Final = 50
"""Commits that cannot be read before a clone is said to lack its contents."""


class PatchedCommit(NamedTuple):
    """One commit and what it did to source; without files if its contents are not available."""

    commit: CommitId
    files: tuple[PatchedFile, ...]
    is_readable: bool = True


def patched_commits(repository: GitRepository, tip: str, *, since: int) -> Iterator[PatchedCommit]:
    """Yield the first parents of ``tip`` committed from ``since`` on (seconds since the epoch), oldest first.

    A commit whose contents the clone lacks is passed over and says so.

    Raises:
        RepositoryError: so many lack them that this is a partial clone.
    """
    cut, unreadable, after = cut_commits(repository), 0, ""
    while True:
        revisions = f"{after}..{tip}" if after else tip
        lines = stream(
            repository.objects,
            *_LOG,
            f"--since=@{max(0, since)} +0000",
            revisions,
            "--",
            *(folder.rstrip("/") for folder in (*places().product, RUST)),
        )
        last: PatchedCommit | None = None
        for found in _commits(lines):
            if last is not None:
                yield last if last.commit not in cut else _without_files(last)
            last = found
        if last is None:
            return
        # git ends at a commit whose contents are missing: it is the last one told.
        yield last if lines.code == 0 and last.commit not in cut else _without_files(last)
        if lines.code == 0:
            return
        unreadable += 1
        if unreadable > _MOST_UNREADABLE or last.commit == after:
            cure = shell_line("git", "-C", repository.path, "fetch", "--refetch", "--no-filter", "origin")
            raise RepositoryError(
                "the clone lacks the contents of its past: it is partial",
                at=str(repository.path),
                hint=f"fetch them: {cure}",
            )
        after = last.commit


def _without_files(commit: PatchedCommit) -> PatchedCommit:
    return commit._replace(files=(), is_readable=False)


_LOG: Final = (
    *("log", "--first-parent", "--reverse", "-p", "-U0", "-M", "-l1000", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--format=%x00commit %H"),
)  # fmt: skip


class _File:
    """A file as its part of a patch is read."""

    def __init__(self) -> None:
        self.old: str | None = None
        self.new: str | None = None
        self.is_renamed = False
        self.hunks: list[PatchedHunk] = []

    def take(self, line: bytes) -> None:
        """Read a line of the head."""
        if line.startswith((b"--- ", b"+++ ")):
            name = unquote(line[4:].rstrip(b"\t\r").decode("utf-8", "surrogateescape"))
            path = None if name == "/dev/null" else name[2:]
            if line[:1] == b"-":
                self.old = path
            else:
                self.new = path
        elif line.startswith(b"rename from "):
            self.old, self.is_renamed = unquote(line[12:].decode("utf-8", "surrogateescape")), True
        elif line.startswith(b"rename to "):
            self.new = unquote(line[10:].decode("utf-8", "surrogateescape"))

    def patched(self) -> PatchedFile:
        return PatchedFile(self.old, self.new, tuple(self.hunks), self.is_renamed)


def _commits(lines: Iterable[bytes]) -> Iterator[PatchedCommit]:
    """Yield the commits of ``git log -p -U0``. Lines of a hunk are counted, so that none of them is taken for anything else."""
    commit, files, file = "", list[_File](), _File()
    removed, added, missing, coming = list[str](), list[str](), 0, 0
    for raw in lines:
        line = raw.rstrip(b"\n")
        if missing and line[:1] == b"-":
            removed.append(line[1:].decode("latin-1"))
            missing -= 1
        elif coming and line[:1] == b"+":
            added.append(line[1:].decode("latin-1"))
            coming -= 1
        elif line.startswith(_COMMIT):
            if commit:
                yield PatchedCommit(CommitId(commit), tuple(one.patched() for one in files))
            commit, files = line[len(_COMMIT) :].decode("ascii"), []
        elif line.startswith(b"diff --git "):
            file = _File()
            files.append(file)
        elif (head := _HUNK.match(line)) is not None:
            missing, coming = (int(each) if each is not None else 1 for each in head.groups()[1:])
            removed, added = [], []
            file.hunks.append(PatchedHunk(int(head[1]) - (1 if missing else 0), removed, added))
        elif not missing and not coming:
            file.take(line)
    if commit:
        yield PatchedCommit(CommitId(commit), tuple(one.patched() for one in files))
