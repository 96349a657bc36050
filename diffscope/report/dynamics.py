"""Events of an hour or a day -> ``Dynamics``: who opened, closed, merged and said what, and what of it is AMD's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from diffscope.errors import InputError
from diffscope.report.dynamics_changes import Technical, Topic, technical, topics
from diffscope.report.events import Comment, Events, Item
from diffscope.source.values import Gap, Value
from diffscope.taxonomy.model import Taxonomy

DYNAMICS_SCHEMA = "diffscope.dynamics/1"
AMD_WORDS = (
    "ROCm",
    "HIP",
    "AMD",
    "AITER",
    "Quark",
    "MI2xx/MI3xx",
    "gfx9…/gfx1…",
    "RCCL",
    "Instinct",
    "Radeon",
)
"""What a title, a label, a text or a path is searched for; ``_AMD`` is the same as a pattern."""

_AMD = re.compile(
    r"(?<![a-z])(?:rocm|hip(?:ify|blas\w*)?|amd|aiter|quark|mi[23]\d{2}[a-z]?|gfx(?:9|1)[0-9a-f]+|rccl|instinct|radeon)(?![a-z])",
    re.IGNORECASE,
)
_BOTS = frozenset(
    [
        "chatgpt-codex-connector",
        "claude",
        "codecov",
        "copilot",
        "coderabbitai",
        "cursor",
        "dependabot",
        "gemini-code-assist",
        "github-actions",
        "mergify",
        "pre-commit-ci",
        "renovate",
        "vllm-bot",
        "buildkite",
    ]
)
_HOT_FROM = 2
_WATCHED = 5
_TOLD = 8


class Talk(Value, frozen=True, kw_only=True):
    """How much was said about an item within the window."""

    item: Item
    is_pull: bool
    people: int
    """Comments by people."""
    bots: int
    """Comments by bots."""
    speakers: tuple[str, ...]
    """The people, in order of their first word."""
    bot_names: tuple[str, ...]


class Related(Value, frozen=True, kw_only=True):
    """An item that concerns AMD, and what says so."""

    item: Item
    is_pull: bool
    because: tuple[str, ...]
    """``title: ROCm``, ``author: ann-amd``, ``file: csrc/rocm/ops.h`` ..."""


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
    amd_checked: int
    """Items that were searched for AMD's words, opened, closed or merged in the window."""
    amd_with_files: int
    """Those of them whose changed paths were known and searched too."""
    amd_with_text: int
    """Those whose text was known."""
    talks: tuple[Talk, ...]
    """By comments of people, then of bots."""
    topics: tuple[Topic, ...]
    changes: tuple[Technical, ...]
    """What was merged, then what was opened, the largest first; then open bug reports. At most eight."""
    contributors: tuple[str, ...]
    """People who opened something."""
    unanswered: tuple[Item, ...]
    """New items without a word by anyone but their authors and bots."""
    watch: tuple[Talk, ...]
    """Open bug reports, and open items with talk of two people or more."""
    gaps: tuple[Gap, ...] = ()
    """What the events do not tell: a count under a gap is the least that it can be."""


def build_dynamics(events: Events, *, since: str, until: str, taxonomy: Taxonomy) -> Dynamics:
    """Return what happened from ``since`` (included) to ``until`` (not), both ISO 8601 with an offset.

    ``taxonomy`` tells the areas of paths and titles.

    Raises:
        InputError: a time of the events cannot be read.
    """
    start, end = moment(since), moment(until)
    inside = _Inside(start, end)
    new_issues = _listed(item for item in events.issues if inside(item.created_at))
    closed_issues = _listed(item for item in events.issues if inside(item.closed_at))
    new_pulls = _listed(item for item in events.pulls if inside(item.created_at))
    merged = _listed(item for item in events.pulls if inside(item.merged_at))
    dropped = _listed(item for item in events.pulls if inside(item.closed_at) and item.merged_at is None)
    issues = _listed({item.number: item for item in (*new_issues, *closed_issues)}.values())
    pulls = _listed({item.number: item for item in (*new_pulls, *merged, *dropped)}.values())
    talks = _talks(events, inside)
    fresh = (*new_issues, *new_pulls)
    seen = (*issues, *pulls)
    told = [technical(item, is_pull=False, taxonomy=taxonomy) for item in issues]
    told += [technical(item, is_pull=True, taxonomy=taxonomy) for item in pulls]
    return Dynamics(
        repository=events.repository,
        since=since,
        until=until,
        new_issues=new_issues,
        closed_issues=closed_issues,
        new_pulls=new_pulls,
        merged_pulls=merged,
        closed_pulls=dropped,
        amd=tuple(related for item in seen for related in _related(item, is_pull=item in pulls)),
        amd_checked=len(seen),
        amd_with_files=sum(item.files is not None for item in seen),
        amd_with_text=sum(item.body is not None for item in seen),
        talks=tuple(talk for talk in talks if talk.people or talk.bots),
        topics=topics(told),
        changes=_changes(told, merged, new_pulls, new_issues),
        contributors=tuple(sorted({item.author for item in fresh if not is_bot(item.author)}, key=str.lower)),
        unanswered=tuple(item for item in _listed(fresh) if not _others(item, inside)),
        watch=_watch(events, talks, end),
        gaps=events.gaps,
    )


def moment(text: str) -> datetime:
    """Return an ISO 8601 time that names its offset. Raises ``InputError``."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InputError(f"{text!r} is no time with an offset", hint="write it as 2025-12-10T11:43:00Z")
    return found


def is_bot(name: str, *, told: bool | None = None) -> bool:
    """Return whether an account is a program: as GitHub told, else by its name."""
    return told if told is not None else name.endswith("[bot]") or name.lower() in _BOTS


class _Inside:
    def __init__(self, start: datetime, end: datetime) -> None:
        self._start, self._end = start, end

    def __call__(self, text: str | None) -> bool:
        return text is not None and self._start <= moment(text) < self._end


def _listed(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: -item.number))


def _related(item: Item, *, is_pull: bool) -> Iterable[Related]:
    because = [f"author: {item.author}"] if item.author.lower().endswith("-amd") else []
    for what, text in (("title", item.title), ("text", item.body or "")):
        match = _AMD.search(text)
        if match is not None:
            because.append(f"{what}: {match[0]}")
    because += [f"label: {label}" for label in item.labels if _AMD.search(label)]
    because += [f"file: {path}" for path in (item.files or ()) if _AMD.search(path.replace("_", " "))][:1]
    if because:
        yield Related(item=item, is_pull=is_pull, because=tuple(because))


def _talks(events: Events, inside: _Inside) -> tuple[Talk, ...]:
    kinds = ((events.issues, False), (events.pulls, True))
    found = [_talk(item, inside, is_pull=is_pull) for items, is_pull in kinds for item in items]
    return tuple(sorted(found, key=lambda talk: (-talk.people, -talk.bots, -talk.item.number)))


def _talk(item: Item, inside: _Inside, *, is_pull: bool) -> Talk:
    said = sorted(
        (each for each in item.comments if inside(each.created_at)), key=lambda each: each.created_at
    )
    people = [each for each in said if not is_bot(each.author, told=each.is_bot)]
    bots = [each for each in said if is_bot(each.author, told=each.is_bot)]
    return Talk(
        item=item,
        is_pull=is_pull,
        people=len(people),
        bots=len(bots),
        speakers=_names(people),
        bot_names=_names(bots),
    )


def _names(comments: list[Comment]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.author for each in comments))


def _changes(told: Iterable[Technical], *lists: Iterable[Item]) -> tuple[Technical, ...]:
    """Return what is worth telling, list by list, each item once; of issues only bug reports."""
    by_number = {one.number: one for one in told}
    found: dict[int, Technical] = {}
    for items in lists:
        worth = [by_number[item.number] for item in items if item.number in by_number]
        for one in sorted(worth, key=lambda one: (-(one.sources or 0), -one.number)):
            if one.is_pull or is_bug(one.title, one.labels):
                found.setdefault(one.number, one)
    return tuple(found.values())[:_TOLD]


def is_bug(title: str, labels: Iterable[str]) -> bool:
    """Return whether an issue reports a bug, by its label or the bracket of its title."""
    return "bug" in map(str.lower, labels) or title.lower().startswith("[bug")


def _others(item: Item, inside: _Inside) -> bool:
    return any(
        inside(each.created_at) and each.author != item.author and not is_bot(each.author, told=each.is_bot)
        for each in item.comments
    )


def _watch(events: Events, talks: tuple[Talk, ...], end: datetime) -> tuple[Talk, ...]:
    known = {item.number for item in events.issues}

    def is_open(item: Item) -> bool:
        return item.closed_at is None or moment(item.closed_at) >= end

    def is_watched(talk: Talk) -> bool:
        is_report = talk.item.number in known and is_bug(talk.item.title, talk.item.labels)
        return is_open(talk.item) and (is_report or len(talk.speakers) >= _HOT_FROM)

    return tuple(talk for talk in talks if is_watched(talk))[:_WATCHED]
