"""The values that rules produce: flags with evidence, rules that could not be judged, waived flags."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NewType

from diffscope.messages.model import Sentence, Text
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
    advice: Text
    """What to check: the rule's ``check`` with the facts of the first place, or else its ``remedy``."""
    asks: bool = False
    """``advice`` is a question about this change, not the rule's general remedy."""
    evidence: tuple[Evidence, ...]
    confidence: str = "high"
    """``high``, ``medium`` or ``low``, from the rule's status and the facts' exactness."""
    fingerprint: str
    """Hash of code, paths and symbols; no line numbers, so that it survives a rebase."""
    covers: tuple[Flag, ...] = ()
    """Flags of other rules that stand on the same cause, worst first: one change is one flag."""
    covered_as: str | None = None
    """Of a covered flag, why it is one with its head: same-place, goes-along (removed with an option) or in-place-of."""


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
