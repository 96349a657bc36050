"""The digest of a window: the JSON that report generators feed on (``diffscope.digest/5``).

Every count comes with the pull requests behind it, as ``pulls``: numbers, ascending unless said otherwise.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from diffscope.assessment.document import ReportedGap
from diffscope.messages.model import Text
from diffscope.products.report.link_model import Link, Member, RelatedPull, ThemeSeed
from diffscope.rules.model import Missing, RuleCode, Severity
from diffscope.source.model import Value

DIGEST_SCHEMA = "diffscope.digest/5"


class Period(Value, frozen=True, kw_only=True):
    """The window: both days included, in the time zone named by ``offset`` (``+08:00``)."""

    since: str
    until: str
    offset: str
    label: str
    """``2026-W13``, else ``2026-03-23/2026-03-25``, ``2026-03-23`` or ``A..B``."""


class Counted(Value, frozen=True, kw_only=True):
    """One word, how many pull requests it holds for, and which."""

    name: str
    count: int
    pulls: tuple[int, ...]
    before: int | UnsetType = UNSET
    """The same count in the window before; absent where that window was not read."""


class HotFile(Value, frozen=True, kw_only=True):
    """A file that several pull requests changed."""

    path: str
    area: str
    count: int
    churn: int
    """Lines added and removed over the window."""
    pulls: tuple[int, ...]
    streak: int = 1
    """Windows in a row, this one included, in which several pull requests changed it, as far as the trend reaches."""


class AreaChange(Value, frozen=True, kw_only=True):
    """One area of the target repository: how much changed in its files, and in pull requests of which risk."""

    area: str
    churn: int
    files: int
    pulls: tuple[int, ...]
    medium: tuple[int, ...]
    high: tuple[int, ...]
    """High and critical."""


class Author(Value, frozen=True, kw_only=True):
    """Who merged work in the window."""

    name: str
    login: str | None
    count: int
    pulls: tuple[int, ...]


class Revert(Value, frozen=True, kw_only=True):
    """A pull request that takes another one back."""

    number: int
    title: str
    reverts: int | None
    flagged: tuple[RuleCode, ...] | UnsetType = UNSET
    """Codes that the reverted one had earned, where it is in the window or the store."""


class RiskItem(Value, frozen=True, kw_only=True):
    """One flag of one pull request, ready to be cited."""

    number: int
    title: str
    code: RuleCode
    severity: Severity
    message: Text
    path: str | None
    line: int
    symbol: str | None


class FamilyRisk(Value, frozen=True, kw_only=True):
    """One risk family over the window. ``count`` and ``pulls`` hold what is medium or worse; ``minor`` the rest."""

    family: str
    title: Text
    count: int
    pulls: tuple[int, ...]
    minor: tuple[int, ...]
    items: tuple[RiskItem, ...]
    """Worst first, one a pull request."""
    before: int | UnsetType = UNSET


class WaivedItem(Value, frozen=True, kw_only=True):
    """A flag that a pull request waived."""

    number: int
    code: RuleCode
    reason: str


class UnknownItem(Value, frozen=True, kw_only=True):
    """What could not be judged in one pull request."""

    number: int
    codes: tuple[RuleCode, ...]
    missing: tuple[Missing, ...]


class RiskSection(Value, frozen=True, kw_only=True):
    """The risk section of a report."""

    families: tuple[FamilyRisk, ...]
    """By count, then by the order of the catalogue; families without any flag are left out."""
    levels: tuple[Counted, ...]
    waived: tuple[WaivedItem, ...]
    unknown: tuple[UnknownItem, ...]
    still_open: tuple[RiskItem, ...] | UnsetType = UNSET
    """Test flags of the window before that nothing in this one has followed; absent where that window was not read."""


class TrendPoint(Value, frozen=True, kw_only=True):
    """The figures of one window, to stand beside another's."""

    period: Period
    source_pulls: int
    churn: int
    mean_importance: float
    risks: tuple[Counted, ...]
    levels: tuple[Counted, ...] = ()
    kinds: tuple[Counted, ...] = ()
    areas: tuple[Counted, ...] = ()
    hot_files: tuple[str, ...] = ()
    """Files that several pull requests changed."""
    is_judged: bool = True
    """False where only titles and paths were read: kinds and areas by these, no risks."""


NoticeKind = Literal[
    "model",
    "endpoint",
    "option",
    "variable",
    "setting",
    "value",
    "entry",
    "metric",
    "default",
    "refused",
    "removed",
    "dependency",
    "request",
]
"""What users notice: new models, endpoints, parameters of requests, command line options, environment variables, fields of configurations, values that a setting takes, entries of other
registries (a tool parser), metrics; another default; requests that are refused now; what is gone; another version of a dependency."""


class Notice(Value, frozen=True, kw_only=True):
    """Something that users of the window's end notice."""

    kind: NoticeKind
    name: str
    text: Text
    pulls: tuple[int, ...]
    undone_by: int | None = None
    """The pull request that took it back, in the window or after it."""
    reason: str = ""
    """What the author says that it does, in the author's own words."""
    keep: Text | None = None
    """What who upgrades does about it, in each case."""
    effect: Text | None = None
    """What it does to a server."""
    subject: Text | None = None
    """What changed, and where; with it ``was`` and ``now`` say the states before and after."""
    was: Text | None = None
    now: Text | None = None
    gist: Text | None = None
    """The change in a few words, for a sentence on the window."""
    is_weighty: bool = False
    """Of a dependency of the engine: other major versions are allowed, or another one is asked for."""


RecheckState = Literal["still", "changed", "gone", "tested"]
"""Of a flag at the newest commit of the clone: the line stands as it was, or no test names the symbol yet (``still``); the line was changed,
or its file is gone; a test names the symbol now (``tested``)."""


class Recheck(Value, frozen=True, kw_only=True):
    """What became of a flag until the newest commit of the clone."""

    number: int
    code: RuleCode
    state: RecheckState
    by: int | None = None
    """The pull request that changed the line last, where it is known."""
    path: str | None = None
    """The test that names the symbol."""


class Newest(Value, frozen=True, kw_only=True):
    """The newest commit of the clone: what flags are checked again at."""

    commit: str
    day: str


class Theme(Value, frozen=True, kw_only=True):
    """A line of work in the window."""

    key: str
    """``term:turboquant``, ``chain:38479``, ``area:quantization``; the same for the same seed from one window to the next."""
    seed: ThemeSeed
    title: Text
    strength: float
    """Of a term: the likelihood ratio of its count against the titles before."""
    area: str
    """The area that most of its pull requests lie in."""
    count: int
    churn: int
    pulls: tuple[int, ...]
    members: tuple[Member, ...]
    kinds: tuple[Counted, ...]
    leading: tuple[int, ...]
    """At most five, by importance."""
    hot_files: tuple[str, ...]
    risks: tuple[Counted, ...]


class PullSummary(Value, frozen=True, kw_only=True):
    """The short assessment of one pull request."""

    number: int
    title: str
    url: str | None
    author: str | None
    merged_at: str | None
    kind: str
    tags: tuple[str, ...]
    areas: tuple[str, ...]
    platforms: tuple[str, ...]
    level: str
    importance: float
    insight: float
    additions: int
    deletions: int
    files: int
    flags: tuple[RiskItem, ...]
    complete: bool
    tests: int = 0
    """Changed test files."""
    gist: tuple[Text, ...] = ()
    """What it does, in clauses of names; the most telling first."""
    telling: int = 0
    """How many of the clauses of ``gist`` say more than which code was edited."""
    checks: tuple[Text, ...] = ()
    """What to check, a question each."""
    audience: str = ""
    """Who notices it: users, operators or developers."""
    plain: tuple[Text, ...] = ()
    """What is other now, in statements that need no code beside them, two at most."""
    affects: Text | None = None
    """Who is affected."""
    switch: tuple[Text, ...] = ()
    """How it is switched on, each option, variable, value or setting with its default."""
    costs: tuple[Text, ...] = ()
    """What it costs or breaks: settings that code decides now, warnings, refusals, public signatures; two at most."""
    paths: tuple[str, ...] = ()
    """Its files, those with most lines changed first; at most forty."""
    later_fixes: tuple[int, ...] = ()
    """Fixes since, in the window and until the newest commit, that name it or what it brought, or of whose removed code much is its own, oldest first."""


class RuleName(Value, frozen=True, kw_only=True):
    """What a rule is called."""

    code: RuleCode
    title: Text
    advice: Text | None = None
    """What to do about it."""


class Digest(Value, frozen=True, kw_only=True):
    """The whole document. Field order is the order of the JSON."""

    schema: str = DIGEST_SCHEMA
    repository: str
    project: str = ""
    """What people call the repository; empty in documents of before, and where nothing tells."""
    period: Period
    source_pulls: int
    """Changes that were merged. One that is of no pull request stands by a negative number: its commit's first twelve digits."""
    highlighted: int
    mean_importance: float
    mean_insight: float
    additions: int
    deletions: int
    kinds: tuple[Counted, ...]
    top_tags: tuple[Counted, ...]
    top_areas: tuple[Counted, ...]
    platforms: tuple[Counted, ...]
    top_risks: tuple[Counted, ...]
    area_map: tuple[AreaChange, ...] = ()
    hot_files: tuple[HotFile, ...]
    hot_modules: tuple[Counted, ...]
    authors: tuple[Author, ...]
    reverts: tuple[Revert, ...]
    risk: RiskSection
    themes: tuple[Theme, ...]
    """The lines of work, those told first that weigh most; each pull request is in one at most."""
    links: tuple[Link, ...] = ()
    """Who follows whom, by the later and then the earlier pull request."""
    related: tuple[RelatedPull, ...] = ()
    """What links name outside of the window."""
    notices: tuple[Notice, ...] = ()
    """What users notice, in the order of a release note."""
    release: str = ""
    """The first release that has all of it, by the tags of the clone; empty where there is none."""
    newest: Newest | None = None
    """What ``rechecked`` is told of; ``None`` where the clone ends with the window."""
    rechecked: tuple[Recheck, ...] = ()
    """The gravest flags, looked at again at the newest commit."""
    highlights: tuple[int, ...]
    """The most important pull requests, the most important first."""
    pulls: tuple[PullSummary, ...]
    compared_with: Period | None = None
    compared_pulls: int | UnsetType = UNSET
    """How many pull requests the window compared with has: what the counts ``before`` are parts of."""
    compared: TrendPoint | UnsetType = UNSET
    """The further figures of the window compared with; absent where there is none."""
    trend: tuple[TrendPoint, ...] = ()
    """Earlier windows of the same length, oldest first, as far as they were at hand."""
    source_commits: int = 0
    """Those of ``source_pulls`` that are commits without a pull request."""
    gaps: tuple[ReportedGap, ...] = ()
    rules: tuple[RuleName, ...] = ()
    """The rules that flagged or were waived, by code."""
    rules_hash: str
    version: str


class ReportOptions(Value, frozen=True, kw_only=True):
    """Layout and templates of a report."""

    layout: str = "weekly"
    templates: dict[str, str] = msgspec.field(default_factory=dict)
    """Text of the templates that replace bundled ones, by file name."""
