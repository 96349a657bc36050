"""Who was active within a window, and how far their items are reviewed. From the events alone.

The discussion of an item within the window: people, bots, and their first words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from diffscope.products.report.dynamics.descriptions import said
from diffscope.products.report.dynamics.events import Comment, Events, Item, Review
from diffscope.source.model import Value

Inside = Callable[[str | None], bool]
"""Whether a time is within the window."""

MEMBERS: Final = frozenset(["OWNER", "MEMBER", "COLLABORATOR"])
"""What GitHub calls those who may decide; ``MEMBER`` is one of the organization's."""
_BOTS: Final = frozenset(
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
        "buildkite",
    ]
)
_QUOTED: Final = 2


class Quote(Value, frozen=True, kw_only=True):
    """The first sentence of a comment."""

    author: str
    text: str


class Discussion(Value, frozen=True, kw_only=True):
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
    members: tuple[str, ...] = ()
    """Those of the people whom GitHub calls members, collaborators or owners."""
    quotes: tuple[Quote, ...] = ()
    """The first sentences of the first two people who said one; of bots, each its first, where no person spoke."""


def is_bot(name: str, *, told: bool | None = None) -> bool:
    """Return whether an account is a program: as GitHub told, else by its name."""
    return told if told is not None else name.endswith(("[bot]", "-bot")) or name.lower() in _BOTS


def is_answered(item: Item, inside: Inside) -> bool:
    """Return whether a person other than its author commented on an item or reviewed it."""
    words: tuple[Comment | Review, ...] = (*item.comments, *(item.reviews or ()))
    return any(inside(each.created_at) and _is_person(each) and each.author != item.author for each in words)


def discussions(events: Events, inside: Inside) -> tuple[Discussion, ...]:
    """Return the talk about every item that was talked about, by comments of people, then of bots."""
    kinds = ((events.issues, False), (events.pulls, True))
    found = [_talk(item, inside, is_pull=is_pull) for items, is_pull in kinds for item in items]
    told = (talk for talk in found if talk.people or talk.bots)
    return tuple(sorted(told, key=lambda talk: (-talk.people, -talk.bots, -talk.item.number)))


def _talk(item: Item, inside: Inside, *, is_pull: bool) -> Discussion:
    spoken = sorted(
        (each for each in item.comments if inside(each.created_at)), key=lambda each: each.created_at
    )
    people = [each for each in spoken if _is_person(each)]
    bots = [each for each in spoken if not _is_person(each)]
    return Discussion(
        item=item,
        is_pull=is_pull,
        people=len(people),
        bots=len(bots),
        speakers=_names(people),
        bot_names=_names(bots),
        members=_names(each for each in people if each.association in MEMBERS),
        quotes=_quotes(people)[:_QUOTED] if people else _quotes(bots),
    )


def _is_person(comment: Comment | Review) -> bool:
    return not is_bot(comment.author, told=comment.is_bot)


def _names(comments: Iterable[Comment]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.author for each in comments))


def _quotes(comments: Iterable[Comment]) -> tuple[Quote, ...]:
    first: dict[str, str] = {}
    for each in comments:
        text = said(each.text or "", is_pull=True)
        if text:
            first.setdefault(each.author, text)
    return tuple(Quote(author=author, text=text) for author, text in first.items())


_NEW: Final = frozenset(["FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR"])


class Contributor(Value, frozen=True, kw_only=True):
    """A person who opened something."""

    name: str
    issues: int
    pulls: int


class Activity(Value, frozen=True, kw_only=True):
    """People who opened something, and the state of the new pull requests. What GitHub did not tell is counted as unknown."""

    contributors: tuple[Contributor, ...]
    """Most opened first, then by name."""
    newcomers: tuple[str, ...]
    """Those of them whom GitHub calls first-time contributors."""
    members: tuple[str, ...]
    """Those of them whom GitHub calls members, collaborators or owners."""
    strangers: int
    """Those of whom GitHub's word is not known."""
    drafts: tuple[int, ...]
    approved: tuple[int, ...]
    """New pull requests whose reviews by people end in an approval and no request for changes."""
    disputed: tuple[int, ...]
    """Those of which the last word of one reviewer is a request for changes."""
    commented: tuple[int, ...]
    """Those with reviews by people that decide nothing."""
    unreviewed: tuple[int, ...]
    """Those without a review by a person."""
    reviews_unknown: int
    """Those whose reviews are not known."""


def activity(issues: Sequence[Item], pulls: Sequence[Item], is_over: Callable[[str], bool]) -> Activity:
    """Return who opened these, and how far the pull requests are; a review counts where its time ``is_over``."""
    people = [item for item in (*issues, *pulls) if not is_bot(item.author)]
    opened = Counter(item.author for item in people)
    by_pull = Counter(item.author for item in pulls)
    names = sorted(opened, key=lambda name: (-opened[name], name.lower()))
    told = {item.author: item.association for item in people if item.association is not None}
    states = {
        item.number: _state(each for each in item.reviews if is_over(each.created_at))
        for item in pulls
        if item.reviews is not None
    }
    return Activity(
        contributors=tuple(
            Contributor(name=name, issues=opened[name] - by_pull[name], pulls=by_pull[name]) for name in names
        ),
        newcomers=tuple(name for name in names if told.get(name) in _NEW),
        members=tuple(name for name in names if told.get(name) in MEMBERS),
        strangers=sum(name not in told for name in names),
        drafts=tuple(item.number for item in pulls if item.is_draft),
        approved=tuple(number for number, state in states.items() if state == "APPROVED"),
        disputed=tuple(number for number, state in states.items() if state == "CHANGES_REQUESTED"),
        commented=tuple(number for number, state in states.items() if state == "COMMENTED"),
        unreviewed=tuple(number for number, state in states.items() if not state),
        reviews_unknown=len(pulls) - len(states),
    )


def _state(reviews: Iterable[Review]) -> str:
    """Return what the last decisions of all reviewers come to; nothing where no person reviewed."""
    last: dict[str, str] = {}
    for each in sorted(reviews, key=lambda each: each.created_at):
        if is_bot(each.author, told=each.is_bot):
            continue
        # A later comment takes back no decision.
        if each.state != "COMMENTED" or each.author not in last:
            last[each.author] = each.state
    states = set(last.values())
    return next(
        (state for state in ("CHANGES_REQUESTED", "APPROVED") if state in states),
        "COMMENTED" if states else "",
    )
