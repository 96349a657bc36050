"""Events of an hour or a day -> ``Dynamics``: items opened, closed and merged, discussion, and the part that concerns AMD.

Items to watch, each with its reasons: grave words in the title, doubts of the author, much discussion, no tests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from math import log2
from typing import Final, NamedTuple, TypedDict

from diffscope.errors import InputError
from diffscope.graph.query.graph import ModuleGraph
from diffscope.products.report.dynamics.activity import (
    Activity,
    Discussion,
    NearMiss,
    Related,
    activity,
    discussions,
    is_answered,
    is_bot,
    near_miss,
    related,
)
from diffscope.products.report.dynamics.changes import Technical, Topic, purposes, technical, topics
from diffscope.products.report.dynamics.events import EventGap, Events, Item
from diffscope.products.report.dynamics.suspects import RecentMerges, Signal, gravest, is_bug
from diffscope.products.report.links.nodes import Merged
from diffscope.source.model import Value
from diffscope.taxonomy.model import Taxonomy

_URGENT: Final = frozenset(
    ["security", "critical", "release-blocker", "release blocker", "high-priority", "high priority", "p0"]
)
_HOT_FROM: Final = 2
_OLD: Final = 30
"""Days after which an open item is old."""
_WATCHED: Final = 8
_WIDE: Final = 50
"""Modules that import one which many others depend on."""


class WatchedItem(Value, frozen=True, kw_only=True):
    """An item to look at, and every reason, the gravest first."""

    item: Item
    is_pull: bool
    signals: tuple[Signal, ...]


class WindowContext(NamedTuple):
    """What is known of the window, for the reasons to look."""

    discussions: Mapping[int, Discussion]
    told: Mapping[int, Technical]
    answered: Collection[int] | None
    """Items with a word by somebody else than their author; ``None`` where the comments are not known."""
    end: datetime


def watched(issues: Iterable[Item], pulls: Iterable[Item], scene: WindowContext) -> tuple[WatchedItem, ...]:
    """Return the gravest of them, at most eight, of equal ones those with more talk and then the newest."""
    found = [(item, False, _of_issue(item, scene)) for item in issues]
    found += [(item, True, _of_pull(item, scene)) for item in pulls]

    def rank(one: tuple[Item, bool, list[tuple[int, Signal]]]) -> tuple[int, int, int]:
        talk = scene.discussions.get(one[0].number)
        return (-sum(weight for weight, _ in one[2]), -(talk.people if talk else 0), -one[0].number)

    worth = sorted((one for one in found if any(weight >= _HOT_FROM for weight, _ in one[2])), key=rank)
    return tuple(
        WatchedItem(item=item, is_pull=is_pull, signals=tuple(signal for _, signal in signals))
        for item, is_pull, signals in worth[:_WATCHED]
    )


def _of_issue(item: Item, scene: WindowContext) -> list[tuple[int, Signal]]:
    grave = gravest(item.title, item.labels)
    found = [grave] if grave is not None else []
    if grave is None and is_bug(item.title, item.labels):
        found.append((3, Signal(kind="bug")))
    found += [*_urgent(item), *_talked(item, scene)]
    if (
        found
        and item.number in scene.told
        and scene.answered is not None
        and item.number not in scene.answered
    ):
        found.append((1, Signal(kind="unanswered")))
    return found


def _of_pull(item: Item, scene: WindowContext) -> list[tuple[int, Signal]]:
    found = list(_urgent(item))
    told = scene.told.get(item.number)
    if told is not None and told.doubt:
        found.append((6, Signal(kind="doubt", found=told.doubt)))
    reach = told.reach if told is not None and told.sources and not told.tests else None
    if reach is not None and reach.importers >= _WIDE:
        found.append((3, Signal(kind="untested", found=reach.path, count=reach.importers)))
    elif reach is not None and reach.serving:
        found.append((2, Signal(kind="untested-serving", found=reach.serving)))
    return found if item.merged_at else [*found, *_talked(item, scene)]


def _urgent(item: Item) -> Iterator[tuple[int, Signal]]:
    for label in item.labels:
        if label.lower() in _URGENT:
            yield 6, Signal(kind="label", found=label)
            return


def _talked(item: Item, scene: WindowContext) -> Iterator[tuple[int, Signal]]:
    talk = scene.discussions.get(item.number)
    people = len(talk.speakers) if talk else 0
    if people < _HOT_FROM:
        return
    yield 1 + min(people, 4), Signal(kind="talk", count=people)
    days = (scene.end - datetime.fromisoformat(item.created_at)).days
    if days >= _OLD:
        yield 2, Signal(kind="old", count=days)


DYNAMICS_SCHEMA = "diffscope.dynamics/1"
_TOLD = 8
_GRAVE = 10
"""Weight of what the title of a bug report names, from which on the report leads: wrong results, hangs, memory, crashes."""
_REPORTS_TOLD = 3


class Dynamics(Value, frozen=True, kw_only=True):
    """The whole document. Lists are sorted by number, newest first."""

    schema: str = DYNAMICS_SCHEMA
    repository: str
    since: str
    until: str
    new_issues: tuple[Item, ...]
    closed_issues: tuple[Item, ...]
    new_pulls: tuple[Item, ...]
    merged_pulls: tuple[Item, ...]
    closed_pulls: tuple[Item, ...]
    """Closed without a merge."""
    amd: tuple[Related, ...]
    amd_near: tuple[NearMiss, ...]
    """Items that name AMD, in output or as what is not there, and do not concern it."""
    amd_checked: int
    """Items that were searched for AMD's words, opened, closed or merged in the window."""
    amd_with_files: int
    """Those of them whose changed paths were known and searched too."""
    amd_with_text: int
    """Those whose text was known."""
    talks: tuple[Discussion, ...]
    """By comments of people, then of bots."""
    topics: tuple[Topic, ...]
    purposes: tuple[Topic, ...] = ()
    """What was merged or opened is for, most items first; each item has one at most."""
    changes: tuple[Technical, ...]
    """What was merged or opened: code before the rest, what requests pass, what is large and much imported first. Then bug reports, the gravest first; grave ones lead. At most eight."""
    graph_commit: str | None = None
    """The commit of the graph that tells the reach of changes; ``None`` where none was asked."""
    recent_merges: int | None = None
    """How many merges causes of what issues report were looked for in; ``None`` without a clone that reaches the window."""
    contributors: tuple[str, ...]
    """People who opened something, by name."""
    activity: Activity
    unanswered: tuple[Item, ...]
    """New items without a word by anyone but their authors and bots."""
    watch: tuple[WatchedItem, ...]
    """At most eight items with a reason to look, the gravest first."""
    gaps: tuple[EventGap, ...] = ()
    """What the events do not tell: a count under a gap is the least that it can be."""


def build_dynamics(  # noqa: PLR0913 - the events, the window, and what a clone knows of it
    events: Events,
    *,
    since: str,
    until: str,
    taxonomy: Taxonomy,
    graph: ModuleGraph | None = None,
    graph_commit: str | None = None,
    recent: Sequence[Merged] | None = None,
) -> Dynamics:
    """Return what happened from ``since`` (included) to ``until`` (not), both ISO 8601 with an offset.

    ``taxonomy`` tells the areas of paths and titles, ``graph`` who imports the changed modules, ``recent`` what was merged in the month
    before the end of the window, where a clone tells: causes of what issues report are looked for there.

    Raises:
        InputError: a time of the events cannot be read.
    """
    inside = _Inside(moment(since), moment(until))
    lists = _lists(events, inside)
    merges = None if recent is None else RecentMerges(recent)
    told = [technical(item, is_pull=False, taxonomy=taxonomy, recent=merges) for item in lists.issues]
    told += [technical(item, is_pull=True, taxonomy=taxonomy, graph=graph) for item in lists.pulls]
    spoken = discussions(events, inside)
    return Dynamics(
        repository=events.repository,
        since=since,
        until=until,
        new_issues=lists.new_issues,
        closed_issues=lists.closed_issues,
        new_pulls=lists.new_pulls,
        merged_pulls=lists.merged,
        closed_pulls=lists.dropped,
        **_amd(lists),
        talks=spoken,
        topics=topics(told),
        purposes=purposes(told),
        changes=_changes(told, lists),
        graph_commit=graph_commit,
        recent_merges=None if recent is None else len(recent),
        contributors=tuple(
            sorted({item.author for item in lists.fresh if not is_bot(item.author)}, key=str.lower)
        ),
        activity=activity(lists.new_issues, lists.new_pulls, inside.is_over),
        unanswered=tuple(item for item in lists.fresh if not is_answered(item, inside)),
        watch=_watch(events, lists, told, spoken, inside),
        gaps=events.gaps,
    )


def moment(text: str) -> datetime:
    """Return an ISO 8601 time that names its offset. Raises ``InputError``.

    The first and the last year are none: a time in them may have no time in another zone.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1 < found.year < 9999:
        raise InputError(f"{text!r} is not a time with an offset", hint="write it as 2025-12-10T11:43:00Z")
    return found


class _Amd(TypedDict):
    amd: tuple[Related, ...]
    amd_near: tuple[NearMiss, ...]
    amd_checked: int
    amd_with_files: int
    amd_with_text: int


class _Lists(NamedTuple):
    new_issues: tuple[Item, ...]
    closed_issues: tuple[Item, ...]
    new_pulls: tuple[Item, ...]
    merged: tuple[Item, ...]
    dropped: tuple[Item, ...]

    @property
    def issues(self) -> tuple[Item, ...]:
        return _listed((*self.new_issues, *self.closed_issues))

    @property
    def pulls(self) -> tuple[Item, ...]:
        return _listed((*self.new_pulls, *self.merged, *self.dropped))

    @property
    def fresh(self) -> tuple[Item, ...]:
        return _listed((*self.new_issues, *self.new_pulls))


class _Inside:
    def __init__(self, start: datetime, end: datetime) -> None:
        self._start, self.end = start, end

    def __call__(self, text: str | None) -> bool:
        return text is not None and self._start <= moment(text) < self.end

    def is_over(self, text: str) -> bool:
        return moment(text) < self.end


def _listed(items: Iterable[Item]) -> tuple[Item, ...]:
    """Return each item once, the newest first."""
    return tuple(sorted({item.number: item for item in items}.values(), key=lambda item: -item.number))


def _lists(events: Events, inside: _Inside) -> _Lists:
    return _Lists(
        new_issues=_listed(item for item in events.issues if inside(item.created_at)),
        closed_issues=_listed(item for item in events.issues if inside(item.closed_at)),
        new_pulls=_listed(item for item in events.pulls if inside(item.created_at)),
        merged=_listed(item for item in events.pulls if inside(item.merged_at)),
        dropped=_listed(item for item in events.pulls if inside(item.closed_at) and item.merged_at is None),
    )


def _amd(lists: _Lists) -> _Amd:
    seen = [
        (item, is_pull) for items, is_pull in ((lists.issues, False), (lists.pulls, True)) for item in items
    ]
    found = [(item, is_pull, related(item, is_pull=is_pull)) for item, is_pull in seen]
    near = (near_miss(item, is_pull=is_pull) for item, is_pull, one in found if one is None)
    return _Amd(
        amd=tuple(one for _, _, one in found if one is not None),
        amd_near=tuple(one for one in near if one is not None),
        amd_checked=len(seen),
        amd_with_files=sum(item.files is not None for item, _ in seen),
        amd_with_text=sum(item.body is not None for item, _ in seen),
    )


def _changes(told: Iterable[Technical], lists: _Lists) -> tuple[Technical, ...]:
    """Return what is worth telling: of pull requests those that were merged or opened, of issues the bug reports that were opened."""
    by_number = {one.number: one for one in told}
    pulls = [by_number[item.number] for item in _listed((*lists.merged, *lists.new_pulls))]
    reports = [one for item in lists.new_issues if is_bug((one := by_number[item.number]).title, one.labels)]
    grave = [one for one in reports if _gravity(one) >= _GRAVE]
    reports.sort(key=lambda one: (-(gravest(one.title, one.labels) or (0,))[0], -one.number))
    pulls.sort(key=_worth)
    room = max(_TOLD - len(reports), _TOLD - _REPORTS_TOLD)
    kept = pulls[:room]
    # What crashes or answers wrongly leads, whatever was merged beside it.
    told_reports = reports[: _TOLD - len(kept)]
    leading = [one for one in told_reports if one in grave]
    return (*leading, *kept, *(one for one in told_reports if one not in grave))


def _gravity(report: Technical) -> int:
    return (gravest(report.title, report.labels) or (0,))[0]


def _worth(one: Technical) -> tuple[bool, float, int]:
    """Return the place of a change: what a request passes, then large ones and what much depends on."""
    # Files that are not known may be code; documentation and tests are not.
    sources = 1 if one.sources is None else one.sources
    importers = one.reach.importers if one.reach else 0
    weight = log2(1 + sources) + 0.3 * log2(1 + importers) + (3 if one.reach and one.reach.serving else 0)
    return (not sources, -round(weight, 6), -one.number)


def _watch(
    events: Events, lists: _Lists, told: Iterable[Technical], spoken: Iterable[Discussion], inside: _Inside
) -> tuple[WatchedItem, ...]:
    """Return what to look at of what is open at the end and was opened or talked about, and of what was merged."""
    talked = {talk.item.number: talk for talk in spoken}
    known = all(gap.what != "comments" for gap in events.gaps)
    answered = {item.number for item in lists.fresh if is_answered(item, inside)}

    def is_live(item: Item) -> bool:
        is_open = item.closed_at is None or not inside.is_over(item.closed_at)
        return is_open and (inside(item.created_at) or item.number in talked)

    scene = WindowContext(talked, {one.number: one for one in told}, answered if known else None, inside.end)
    issues = filter(is_live, events.issues)
    return watched(issues, _listed((*filter(is_live, events.pulls), *lists.merged)), scene)
