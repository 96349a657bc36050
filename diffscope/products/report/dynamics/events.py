"""GitHub activity in a time span as a saved file holds it (``diffscope.events/1``): the input of dynamics reports."""

from __future__ import annotations

from diffscope.messages.model import Message
from diffscope.source.model import Gap, Value
from diffscope.source.profile import UNKNOWN_REPOSITORY

EVENTS_SCHEMA = "diffscope.events/1"


class Comment(Value, frozen=True, kw_only=True):
    """One comment or review comment."""

    author: str
    created_at: str
    """ISO 8601, as all times here: ``2025-12-10T11:43:00Z``."""
    is_bot: bool | None = None
    """What GitHub says (type ``Bot``); ``None`` lets the name tell."""
    association: str | None = None
    """What GitHub says of the author: ``MEMBER``, ``COLLABORATOR``, ``CONTRIBUTOR``, ``FIRST_TIME_CONTRIBUTOR``, ``NONE`` ..."""
    text: str | None = None
    """Its words, where they are known; the first 2,000 characters are enough."""


class Review(Value, frozen=True, kw_only=True):
    """One review of a pull request."""

    author: str
    state: str
    """As GitHub says it: ``APPROVED``, ``CHANGES_REQUESTED``, ``COMMENTED``, ``DISMISSED``."""
    created_at: str
    is_bot: bool | None = None


class Item(Value, frozen=True, kw_only=True):
    """An issue or a pull request."""

    number: int
    title: str
    author: str
    created_at: str
    closed_at: str | None = None
    merged_at: str | None = None
    """Of pull requests only."""
    labels: tuple[str, ...] = ()
    body: str | None = None
    files: tuple[str, ...] | None = None
    """Changed paths of a pull request, where they are known."""
    comments: tuple[Comment, ...] = ()
    association: str | None = None
    """What GitHub says of the author, as of a comment's."""
    is_draft: bool | None = None
    """Of pull requests only, where it is known."""
    reviews: tuple[Review, ...] | None = None
    """Of pull requests only, whenever they were written; ``None`` where they are not known."""


class EventGap(Value, frozen=True, kw_only=True):
    """What a saved events file lacks, and why: in words, and as a message where diffscope wrote it."""

    what: str
    """``new-issues``, ``closed-issues``, ``new-pulls``, ``closed-pulls``, ``files`` or ``comments``."""
    reason: str
    message: Message | None = None


def event_gap(gap: Gap) -> EventGap:
    """Return a gap as an events file holds it."""
    return EventGap(what=gap.what, reason=gap.reason, message=gap.message)


class Events(Value, frozen=True, kw_only=True):
    """A saved events file: every issue and pull request that was opened, closed, merged or talked about."""

    schema: str = EVENTS_SCHEMA
    repository: str = UNKNOWN_REPOSITORY
    since: str
    until: str
    issues: tuple[Item, ...] = ()
    pulls: tuple[Item, ...] = ()
    gaps: tuple[EventGap, ...] = ()
