"""Items to watch, each with its reasons: grave words in the title, doubts of the author, much discussion, no tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from diffscope.products.report.dynamics.changes import Technical
from diffscope.products.report.dynamics.discussion import Discussion
from diffscope.products.report.dynamics.events import Item
from diffscope.products.report.dynamics.symptoms import Signal, gravest, is_bug
from diffscope.source.model import Value

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
