"""A window of a clone -> its digest: lists the merged changes, has them judged, adds the figures of earlier windows.

What the clone does not contain of a window, after its newest commit or before its first, is a gap of the digest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from diffscope.adapters.changes.clone import commits_between
from diffscope.adapters.git.log import (
    clone_mark,
    cut_off_at,
    first_commit_at,
    first_release,
    logins_of,
    main_tip,
    pull_number,
)
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.batch.judging import Wanted, name_of
from diffscope.batch.rechecks import recheck
from diffscope.batch.run import Batch, Progress
from diffscope.batch.surrounding_pulls import as_users_meet_them, find_around, unjudged_points
from diffscope.errors import RepositoryError, UsageError
from diffscope.messages.model import Message, message
from diffscope.products.report.counts import (
    OFFSET,
    period_after,
    period_before,
    period_of_days,
    period_of_range,
    period_of_week,
    trend_point,
)
from diffscope.products.report.digest import build_digest, trim_for_digest
from diffscope.products.report.model import Digest, Period, TrendPoint
from diffscope.source.model import CommitId, Gap
from diffscope.source.window import Window, stamp
from diffscope.workspace import Workspace

TREND = 8
"""Earlier windows that a trend goes back to."""


class Span(NamedTuple):
    """A window by name, and the changes that were merged in it, oldest first."""

    period: Period
    wanted: tuple[Wanted, ...]
    is_range: bool = False
    gaps: tuple[Gap, ...] = ()
    """What of the window the clone does not reach."""


class Read(NamedTuple):
    """The assessments of a span, trimmed for the digest, and the gaps. A change that could not be judged is represented by its list of files."""

    assessments: tuple[Assessment, ...]
    gaps: tuple[Gap, ...]
    is_lost: bool = False
    """The clone could not give one of its changes: figures of none would be a lie."""


def find_span(workspace: Workspace, text: str, *, offset: str = OFFSET) -> Span:
    """Return the span that a word names: ``2026-W13``, ``2026-03-23/2026-03-29``, ``2026-03-23`` or ``A..B``.

    Raises:
        UsageError: it is none of these.
        SourceError: there is no clone, or a commit is not in it.
    """
    if ".." in text:
        return find_range(workspace, text, offset=offset)
    if "W" in text:
        return _span(workspace, *period_of_week(text, offset=offset))
    since, _, until = text.partition("/")
    return _span(workspace, *period_of_days(since, until or since, offset=offset))


def find_range(workspace: Workspace, text: str, *, offset: str = OFFSET) -> Span:
    """Return the span of ``A..B``: every change merged after A, up to B, oldest first. Raises as ``find_span`` does."""
    base, head = range_ends(text)
    repository = workspace.cloned()
    newest_commit(repository)
    commits = commits_between(repository, base, head or "HEAD")
    known = repository.commits(commits)
    infos = [(commit, known[commit]) for commit in commits]
    # A commit that cannot be read is wanted all the same: it becomes a gap, and is not left out in silence.
    wanted = (
        Wanted(number=(pull_number(info.subject) or 0) if info else 0, commit=commit)
        for commit, info in infos
    )
    period = period_of_range(text, tuple(info.committed_at for _, info in infos if info), offset=offset)
    return Span(period, tuple(wanted), is_range=True, gaps=workspace.profile_gaps)


def range_ends(text: str) -> tuple[str, str]:
    """Return both ends of ``A..B``; without B it is empty, and HEAD is meant. Raises ``UsageError``."""
    base, separator, head = text.partition("..")
    if not separator or head.startswith("."):
        raise UsageError(f"{text!r} is not a range", hint="write A..B: every change merged after A, up to B")
    if not base:
        hint = f"name the commit after which it begins: A..{head or 'B'}"
        raise UsageError(f"{text!r} has no start", hint=hint)
    return base, head


def span_before(workspace: Workspace, span: Span) -> Span:
    """Return the span of the same length before.

    Raises:
        UsageError: a range of commits has none.
    """
    if span.is_range:
        raise UsageError("a range of commits has no window before it", hint="--compare A..B names one")
    return _span(workspace, *period_before(span.period))


def read_span(
    batch: Batch,
    span: Span,
    *,
    progress: Progress | None = None,
    each: Callable[[Assessment], None] | None = None,
) -> Read:
    """Return the assessments of a span; ``each`` is handed every one as it comes, in order."""
    kept, gaps, empty, judged_whole = list[Assessment](), list[Gap](), list[Wanted](), 0
    for judged in batch.judge(span.wanted, progress=progress):
        if judged.gap is not None and judged.gap.code == "gap.change-empty":
            empty.append(judged.wanted)
            continue
        if judged.gap is not None:
            gaps.append(judged.gap)
        judged_whole += judged.assessment is not None
        known = judged.assessment or judged.stand_in
        if known is not None:
            kept.append(trim_for_digest(known))
            if each is not None:
                each(known)
    is_lost = not judged_whole and bool(gaps) and all(gap.code == "gap.change-unavailable" for gap in gaps)
    return Read(tuple(kept), (*gaps, *empty_gaps(empty)), is_lost)


def empty_gaps(empty: Sequence[Wanted]) -> tuple[Gap, ...]:
    """Return one gap for all changes that change nothing, or none where there is none."""
    if not empty:
        return ()
    return (Gap(what="change", message=changing_nothing(list(map(name_of, empty)))),)


def changing_nothing(names: Sequence[str]) -> Message:
    """Return what is said of changes that change nothing."""
    return message("gap.changes-empty", count=len(names), names=tuple(names))


def read_stored(batch: Batch, span: Span) -> Read:
    """Return what the store has of a span; nothing is judged."""
    return Read(tuple(map(trim_for_digest, batch.stored(span.wanted))), ())


def digest_of(
    workspace: Workspace, batch: Batch, span: Span, read: Read, *, compared: tuple[Span, Read] | None = None
) -> Digest:
    """Return the digest of a span that was read, with the trend that the store allows.

    It is kept by all that it is made of: the same report again costs next to nothing.
    """
    earlier = _spans_before(workspace, span)
    around = () if span.is_range else (*earlier[:1], _span(workspace, *period_after(span.period)))
    digests = batch.digests
    tip, mark = None, ""
    if (repository := workspace.repository) is not None:
        tip, mark = main_tip(repository), clone_mark(repository)
    held = [batch.held(each.wanted) for each in (*earlier, *around)]
    name = digests.name((workspace.identity, span, read, compared, held, tip, mark))
    digest = digests.get(name)
    if digest is None:
        digest = _digest_of(workspace, batch, (span, read), compared, (earlier, around))
        digests.put(name, digest)
    return digest


def _digest_of(
    workspace: Workspace,
    batch: Batch,
    window: tuple[Span, Read],
    compared: tuple[Span, Read] | None,
    others: tuple[Sequence[Span], Sequence[Span]],
) -> Digest:
    repository, (span, read), (earlier, around) = workspace.repository, window, others
    commits = [wanted.commit for wanted in span.wanted]
    judged = _neighbours(batch, around, compared)
    newest, rechecked = (
        recheck(repository, read.assessments, commits[-1])
        if repository is not None and commits
        else (None, ())
    )
    if repository is not None:
        read = read._replace(assessments=as_users_meet_them(repository, read.assessments))
    return build_digest(
        read.assessments,
        repository=workspace.identity,
        period=span.period,
        before=compared[1].assessments if compared else None,
        compared_with=compared[0].period if compared else None,
        logins=logins_of(repository, commits) if repository is not None else {},
        trend=_trend(workspace, batch, span, earlier),
        release=first_release(repository, commits[-1]) if repository is not None and commits else "",
        newest=newest,
        rechecked=rechecked,
        around=find_around(repository, commits, judged, read.assessments) if repository is not None else None,
        gaps=(*span.gaps, *read.gaps, *((*compared[0].gaps, *compared[1].gaps) if compared else ())),
    )


def _neighbours(
    batch: Batch, around: Sequence[Span], compared: tuple[Span, Read] | None
) -> tuple[Assessment, ...]:
    """Return what the store has of the windows before and after; what is compared is known already."""
    if not around:
        return ()
    found = {
        assessment.change.pull.head: assessment
        for assessment in (compared[1].assessments if compared else ())
    }
    for other in around:
        found |= {one.change.pull.head: one for one in map(trim_for_digest, batch.stored(other.wanted))}
    return tuple(found.values())


def _spans_before(workspace: Workspace, span: Span) -> tuple[Span, ...]:
    """Return the earlier windows that a trend goes back to, the latest first; none of a range."""
    found = list[Span]()
    while not span.is_range and len(found) < TREND:
        span = _span(workspace, *period_before(span.period))
        found.append(span)
    return tuple(found)


def is_at_hand(batch: Batch, span: Span) -> bool:
    """Return whether the store has all of a span that is not empty."""
    return bool(span.wanted) and not batch.missing(span.wanted)


def _trend(workspace: Workspace, batch: Batch, span: Span, earlier: Sequence[Span]) -> tuple[TrendPoint, ...]:
    """Return the figures of the windows before, oldest first: what the store lacks by titles and paths alone."""
    if not span.wanted:
        return ()
    points, lacking = dict[str, TrendPoint](), list[tuple[Period, Window]]()
    for after, one in zip((span, *earlier), earlier, strict=False):
        if is_at_hand(batch, one):
            points[one.period.label] = trend_point(
                one.period, tuple(map(trim_for_digest, batch.stored(one.wanted)))
            )
        elif one.wanted:
            lacking.append(period_before(after.period))
    if lacking and workspace.repository is not None:
        taxonomy, first = workspace.knowledge.taxonomy, span.wanted[0].commit
        points |= unjudged_points(workspace.repository, first, lacking, taxonomy)
    return tuple(sorted(points.values(), key=lambda point: point.period.since))


def _span(workspace: Workspace, period: Period, window: Window) -> Span:
    merged = workspace.clone.window(window)
    gaps = window_gaps(workspace.cloned(), window, is_empty=not merged)
    wanted = tuple(Wanted(number=each.number, commit=each.commit) for each in merged)
    return Span(period, wanted, gaps=(*workspace.profile_gaps, *gaps))


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
            "the repository has no commit", at=str(repository.path), hint="name a clone: --repo PATH"
        )
    return CommitId(tip)


def _day(seconds: int) -> str:
    return stamp(seconds)[:10]
