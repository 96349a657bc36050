"""Links between pull requests, and who belongs to a theme: the values of the digest that the graph fills."""

from __future__ import annotations

from typing import Literal

from diffscope.source.model import Value

LinkReason = Literal[
    "reverts",
    "reapplies",
    "fixes",
    "removes",
    "builds-on",
    "uses",
    "changes-again",
    "names",
    "shares",
]
"""Why one pull request follows another: it takes the other one back, or does it again; it changes what the other one added, as a bug fix or
not (``fixes``, ``builds-on``), takes most of it out (``removes``) or begins to call it (``uses``); it changes what the other one changed shortly
before, or among much else what the other one added (``changes-again``); it names the other one; both change what few others change (``shares``)."""


class Link(Value, frozen=True, kw_only=True):
    """One pull request that follows another: ``source`` is the later one."""

    source: int
    target: int
    reason: LinkReason
    names: tuple[str, ...]
    """What tells it: symbols and paths of both, the title or the line that says so; at most four."""
    weight: float


class RelatedPull(Value, frozen=True, kw_only=True):
    """A pull request outside of the window that a link leads to or comes from."""

    number: int
    title: str
    merged_at: str | None
    url: str | None


MemberReason = Literal["term", "series", "chain", "registry", "linked", "together", "area"]
"""Why a pull request belongs to a theme: its title has the term, or names the series; it is a link of the chain; it adds a row to the
registry; links lead to members (``linked``), or it and they are linked with each other more than with
others (``together``); it lies in the area and in no other theme."""


class Member(Value, frozen=True, kw_only=True):
    """One pull request of a theme, and why it is there."""

    number: int
    reason: MemberReason
    to: tuple[int, ...] = ()
    """The members that links lead to, where these are the reason."""


ThemeSeed = Literal["term", "series", "chain", "registry", "together", "area"]
