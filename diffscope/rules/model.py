"""The values that rules produce: flags with evidence, rules that could not be judged, waived flags.

With them: the risk families by name and by rule code, and the measured fire rates of rules, which a backtest writes
(``rules/statistics.json``) and the pages of rules show.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final, NewType

import msgspec

from diffscope.errors import InputError
from diffscope.messages.model import Language, Sentence, Text
from diffscope.messages.say import title
from diffscope.source.model import Value

RuleCode = NewType("RuleCode", str)
"""Two capital letters and three digits: ``CP101``. Never reused."""


class Severity(Enum):
    """How much a flag asks for; the value is the wire word. ``rank`` orders them."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Return 0 for info up to 4 for critical."""
        return list(Severity).index(self)


class Definition(Value, frozen=True, kw_only=True):
    """Where what a place belongs to is defined, on a line that did not change."""

    path: str
    line: int
    side: str = "new"


class Evidence(Value, frozen=True, kw_only=True):
    """One place that made a rule fire: the changed line nearest to the fact."""

    path: str
    line: int = 0
    side: str = "new"
    definition: Definition | None = None
    """Of a place whose own line did not change; ``None`` where ``line`` is that of the fact."""
    symbol: str | None = None
    module: str | None = None
    note: Text
    """The rule's ``says`` with this fact's fields filled in."""


class Flag(Value, frozen=True, kw_only=True):
    """One rule that fired on one change, with every place that made it fire, worst first."""

    code: RuleCode
    name: str
    family: str
    severity: Severity
    title: Text
    message: Text
    """The note of the first evidence and, where there are more, how many."""
    why: Text | None = None
    """Why the rule exists, the same for every change."""
    advice: Text
    """The rule's remedy, the same for every change."""
    check: Text | None = None
    """What to check of this change: the rule's question with the facts of the first place; ``None`` for a rule without one."""
    evidence: tuple[Evidence, ...]
    more_places: int = 0
    """Places beyond those under ``evidence``, which keeps ten."""
    confidence: str = "high"
    """``high``, ``medium`` or ``low``, from the rule's status and the facts' exactness."""
    fingerprint: str
    """Hash of code, paths and symbols; no line numbers, so that it survives a rebase."""
    covers: tuple[Flag, ...] = ()
    """Flags of other rules with the same cause, worst first."""
    covered_as: str | None = None
    """Of a covered flag, why it is one with its head: same-place, goes-along (removed with an option) or in-place-of."""

    @property
    def places(self) -> int:
        """How many places there are, those that were not kept too."""
        return len(self.evidence) + self.more_places

    @property
    def asked(self) -> Text:
        """What to check, or else the remedy."""
        return self.check or self.advice

    def asked_at(self, place: Evidence) -> Text:
        """Return what to ask at a place: the question names what the first one is about, what rules advise holds at any."""
        return self.asked if place == self.evidence[0] else self.advice


def every_flag(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    """Return flags and what they cover, worst first: what fired, for those who count by rule or family."""
    found = [each for flag in flags for each in (flag, *flag.covers)]
    return tuple(sorted(found, key=lambda flag: (-flag.severity.rank, flag.code)))


class Missing(Sentence, frozen=True, kw_only=True):
    """One thing that a rule could not be judged without."""

    family: str | None = None
    """The family of facts that could not be computed, or of the field."""
    field: str | None = None
    """The field that is not known of some records: ``distance``."""
    path: str | None = None
    """The file that it is missing of; of several the first."""
    more: int = 0
    """How many further files lack the field."""


class UnknownRule(Value, frozen=True, kw_only=True):
    """A rule that could not be judged, and what was missing."""

    code: RuleCode
    missing: tuple[Missing, ...]


class Waived(Value, frozen=True, kw_only=True):
    """A flag that the pull request waives, with its reason."""

    flag: Flag
    reason: str


class Near(Value, frozen=True, kw_only=True):
    """A rule without a flag that would have had one: it is off or on trial, or a single condition failed."""

    code: RuleCode
    name: str
    title: Text
    status: str
    """``stable``, ``preview`` or ``deprecated``; ``off`` where the configuration turned it off."""
    severity: Severity
    """What its flag would have had."""
    failed: str | None = None
    """The one condition that failed, as rule files write it; ``None`` where all hold and the rule does not run."""
    place: Evidence


FAMILIES: Final = (
    "core-path", "missing-tests", "insufficient-tests", "platform-compat", "interface-change",
    "config-default", "dependency-version", "concurrency", "kernel-safety", "quantization-numerics",
    "global-side-effect", "feature-interaction", "security", "ci-coverage", "history", "review-hygiene",
)  # fmt: skip
"""By wire word, in the order of the reports; their titles are in ``messages/texts/families.yml``."""

FAMILY_OF_PREFIX: Final[dict[str, str]] = {
    "CP": "core-path",
    "TC": "missing-tests",
    "TC203": "insufficient-tests",
    "TC204": "insufficient-tests",
    "TC205": "insufficient-tests",
    "CI": "ci-coverage",
    "PF": "platform-compat",
    "IF": "interface-change",
    "CF": "config-default",
    "DP": "dependency-version",
    "CC": "concurrency",
    "KS": "kernel-safety",
    "QN": "quantization-numerics",
    "GS": "global-side-effect",
    "FI": "feature-interaction",
    "HI": "history",
    "RH": "review-hygiene",
    "SE": "security",
}
"""The family of each code by its first letters; the longest prefix decides. Codes are never reused, so two families may share letters."""

_QUESTIONS: Final[dict[str, str]] = {
    "missing-tests": "tests",
    "insufficient-tests": "tests",
    "ci-coverage": "ci",
    "history": "history",
    "review-hygiene": "review",
}

HINTS: Final = "review-hygiene"
"""What its rules say is a hint for author and reviewer, and never raises the level, a score or a count of risk."""


def question_of(family: str) -> str:
    """Return what a family asks about: ``tests``, ``ci``, ``history``, ``review`` or, all others, ``change`` itself."""
    return _QUESTIONS.get(family, "change")


def family_of(code: str) -> str | None:
    """Return the family of a rule code; ``None`` where no prefix of the table fits it."""
    fitting = [prefix for prefix in FAMILY_OF_PREFIX if code.startswith(prefix)]
    return FAMILY_OF_PREFIX[max(fitting, key=len)] if fitting else None


def family_title(name: str) -> Text:
    """Return the title of a family; one of somebody's own goes by its name."""
    return Text(en=title("family", name, Language.ENGLISH), zh=title("family", name, Language.CHINESE))


class RuleStatistics(Value, frozen=True, kw_only=True):
    """How often one rule fired over a window; ``lift``: how much likelier a flagged change was fixed later, within size strata."""

    code: str
    fired: int
    at_medium: int
    """Flags of severity medium and above among them."""
    lift: float | None = None
    """``None``: too few flagged changes to say."""
    lift_low: float | None = None
    """The 95% interval of the lift, from here to ``lift_high``; one that spans 1 says nothing."""
    lift_high: float | None = None


class Statistics(Value, frozen=True, kw_only=True):
    """Fire rates over one window of changes."""

    window: str
    changes: int
    rules_hash: str
    rules: tuple[RuleStatistics, ...]
    followed: int = 0
    """Changes of source that could be followed for ``within_days`` after their merge: what a lift is of."""
    fixed: int = 0
    """Those of them that a later fix changed."""
    within_days: int = 0
    made_by: str = ""
    """The command that makes the file anew."""

    def of(self, code: str) -> RuleStatistics | None:
        """Return what is known of one rule."""
        return next((each for each in self.rules if each.code == code), None)


def parse_statistics(data: bytes) -> Statistics:
    """Return the statistics of a file.

    Raises:
        InputError: the file does not hold them.
    """
    try:
        return msgspec.json.decode(data, type=Statistics)
    except msgspec.MsgspecError as error:
        hint = "make it anew: diffscope backtest"
        raise InputError(
            f"the statistics cannot be read: {error}", at="rules/statistics.json", hint=hint
        ) from None
