"""The triage of open changes: the JSON that diffscope promises (``diffscope.triage/1``)."""

from __future__ import annotations

from typing import Final, Literal

from diffscope.messages.model import Text
from diffscope.source.model import Value

SCHEMA: Final = "diffscope.triage/1"

ConflictKind = Literal[
    "removed-used",
    "removed-edited",
    "resigned-called",
    "resigned-named",
    "resigned-overridden",
    "abstract-missing",
    "edited-overridden",
    "tightened-called",
    "setting",
    "registry",
    "operator",
    "requirement",
    "constant",
    "same-name",
    "same-symbol",
]
DuplicateKind = Literal["issue", "lines", "registry", "setting", "names", "symbols", "title"]
OrderKind = Literal["stacked", "series", "needs", "rewrites", "named", "reverts"]
Bucket = Literal["first", "review", "expert", "after", "decide", "other", "author"]
Mends = Literal["wrong-output", "crash", "security", "hang", "unnamed"]
"""What goes wrong for users until a fix is merged, the gravest first; ``unnamed`` where only its place tells that something does."""


class Place(Value, frozen=True, kw_only=True):
    """A place of one of two changes."""

    path: str
    line: int
    symbol: str = ""
    side: str = "new"
    """``old`` for what the change removes."""


class Conflict(Value, frozen=True, kw_only=True):
    """Two changes that do not go together as they are, whatever git says of their lines."""

    kind: ConflictKind
    first: int
    """The change that moves what the other stands on; of two that do the same thing the one of the lower number."""
    second: int
    """The change that has to follow where the first is merged before it."""
    name: str
    """What both touch."""
    certainty: Literal["breaks", "check"]
    """``breaks`` where the second cannot work with the first; ``check`` where somebody has to look."""
    places: tuple[Place, Place]
    says: Text
    others: tuple[str, ...] = ()
    """Other names of which the same is true of these two."""
    also: tuple[int, ...] = ()
    """Other changes that collide with one of the two in the same file of tests."""
    is_textual: bool | None = None
    """Whether git cannot merge both either; ``None`` where that was not tried."""


class Share(Value, frozen=True, kw_only=True):
    """What two changes have in common."""

    kind: DuplicateKind
    names: tuple[str, ...]
    weight: float
    """From 0 to 1: how much of the smaller change it is."""


class Duplicate(Value, frozen=True, kw_only=True):
    """Two changes that do the same work."""

    first: int
    second: int
    shares: tuple[Share, ...]
    confidence: float
    says: Text


class Closed(Value, frozen=True, kw_only=True):
    """A change that is open no more and does the same work as an open one."""

    number: int
    title: str
    url: str | None
    closed_at: str
    is_merged: bool


class OrderLink(Value, frozen=True, kw_only=True):
    """One change that stands on another, or comes after it."""

    first: int
    then: int
    kind: OrderKind
    says: Text
    lines: int = 0
    """Of ``rewrites``: how many lines of one file that the first adds the other takes out."""


class Entry(Value, frozen=True, kw_only=True):
    """One open change in the queue of reviewers."""

    number: int
    title: str
    author: str | None
    url: str | None
    head: str | None
    bucket: Bucket
    reasons: tuple[Text, ...]
    level: str
    kind: str
    areas: tuple[str, ...]
    owners: tuple[str, ...]
    labels: tuple[str, ...]
    lines: int
    """Lines that came and went, of every kind."""
    code_lines: int
    """Those of them that are code of the product."""
    test_lines: int
    opened_at: str | None = None
    updated_at: str | None = None
    does: Text | None = None
    """The weightiest thing that it does."""
    flags: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    """Codes of the rules of review hygiene."""
    collides: tuple[int, ...] = ()
    same_as: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    """Open changes that have to be merged first."""
    makes_stale: tuple[int, ...] = ()
    """Open changes that have to follow once it is merged."""
    mends: Mends | None = None
    """``None`` where it is no fix, or where neither its title nor what runs its code tells that users are concerned."""
    mended_by: tuple[int, ...] = ()
    """Open fixes that change lines which it adds: it is better merged together with them."""


class RuleTitle(Value, frozen=True, kw_only=True):
    """What a rule is called."""

    code: str
    title: Text


class Load(Value, frozen=True, kw_only=True):
    """What waits for an owner, or in an area."""

    name: str
    waiting: int
    first: int
    code_lines: int


class TriageGap(Value, frozen=True, kw_only=True):
    """What was not had: a change, or a part of the list."""

    number: int | None
    reason: Text


class Triage(Value, frozen=True, kw_only=True):
    """The whole document. Field order is the order of the JSON."""

    schema: str = SCHEMA
    repository: str
    base: str
    """What the changes are to be merged into, or the window that was taken as open."""
    changes: int
    """Those that were compared; of a narrowed queue too."""
    queue: tuple[Entry, ...]
    conflicts: tuple[Conflict, ...]
    duplicates: tuple[Duplicate, ...]
    order: tuple[OrderLink, ...]
    owners: tuple[Load, ...]
    areas: tuple[Load, ...]
    gaps: tuple[TriageGap, ...] = ()
    rules: tuple[RuleTitle, ...] = ()
    """The rules that flags and hints of the queue name."""
    version: str = ""
    closed: tuple[Closed, ...] = ()
    """Those of ``duplicates`` that are merged or closed already."""
    merged: bool = False
    """Whether the changes are merged ones of a window, taken as open at once."""
