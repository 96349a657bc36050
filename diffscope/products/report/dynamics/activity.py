"""Who was active within a window, and how far their items are reviewed. From the events alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from diffscope.products.report.dynamics.discussion import MEMBERS, is_bot
from diffscope.products.report.dynamics.events import Item, Review
from diffscope.source.model import Value

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
