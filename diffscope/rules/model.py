"""What a rule says when it fires, and when it cannot tell."""

from __future__ import annotations

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
    evidence: tuple[Evidence, ...]
    confidence: str = "high"
    """``high``, ``medium`` or ``low``, from the rule's status and the facts' exactness."""
    fingerprint: str
    """Hash of code, paths and symbols; no line numbers, so that it survives a rebase."""


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
