"""The discussion of an item within the window: people, bots, and their first words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
        "vllm-bot",
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
    return told if told is not None else name.endswith("[bot]") or name.lower() in _BOTS


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
