"""The values of a backtest (``diffscope.backtest/2``): how each rule performed over a window of history."""

from __future__ import annotations

from diffscope.assessment.document import ReportedGap, RiskLevel
from diffscope.rules.model import Severity
from diffscope.source.model import CommitId, Value

BACKTEST_SCHEMA = "diffscope.backtest/2"


class FlagObservation(Value, frozen=True, kw_only=True):
    """One flag of a past change."""

    code: str
    family: str
    severity: Severity


class Observation(Value, frozen=True, kw_only=True):
    """One past change: what was said of it, and whether it was fixed later."""

    number: int
    commit: CommitId
    merged_at: int
    """Seconds since the epoch, UTC."""
    size: int
    """Lines added to source and native files."""
    importance: float
    flags: tuple[FlagObservation, ...]
    """Waived ones too: a rule fired."""
    unknown: tuple[str, ...] = ()
    """Codes of rules that could not be judged."""
    level: RiskLevel = RiskLevel.UNKNOWN
    was_fixed: bool | None = None
    """``None``: it changes no source, or the clone does not reach far enough past its merge to tell."""

    is_hot: bool = False
    """Fixed within a week."""


class RuleName(Value, frozen=True, kw_only=True):
    """A rule that was run."""

    code: str
    name: str
    family: str


class BacktestScope(Value, frozen=True, kw_only=True):
    """What was asked and of what: everything but the numbers."""

    repository: str
    window: str
    since: str
    """Merge of the oldest change, ISO 8601, UTC; empty where there is none."""
    until: str
    as_of: str
    """Nothing merged at this time or later is known."""
    within_days: int
    rules_hash: str


class Share(Value, frozen=True, kw_only=True):
    """``count`` of ``of``, with the 95% interval of the share (Wilson)."""

    count: int
    of: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """Return the share; 0 of nothing."""
        return self.count / self.of if self.of else 0.0


class Lift(Value, frozen=True, kw_only=True):
    """How many times likelier a flagged change was fixed later than one of its size without the flag, with the 95% interval."""

    ratio: float
    low: float
    high: float
    flagged: int
    flagged_fixed: int

    @property
    def is_significant(self) -> bool:
        """Whether the interval leaves out 1."""
        return not self.low <= 1 <= self.high


class Measure(Value, frozen=True, kw_only=True):
    """What one rule or family did at one threshold of severity."""

    fired: int
    """Changes, of all."""
    followed: int
    """Flagged changes among those that were followed."""
    fixed: int
    """Those that were fixed later."""
    lift: Lift | None
    """``None``: too few to say."""


class RuleMeasure(Value, frozen=True, kw_only=True):
    """One rule, or one family where ``code`` is its name, over the window."""

    code: str
    name: str
    family: str
    unknown: int
    """Changes on which it could not be judged."""
    any: Measure
    medium: Measure
    """Counting flags of severity medium and above alone."""


class Stratum(Value, frozen=True, kw_only=True):
    """Changes of about one size."""

    smallest: int
    largest: int
    changes: int
    fixed: int


class Ranking(Value, frozen=True, kw_only=True):
    """How often a number is higher for a change that was fixed than for one that was not (AUC), with the 95% interval (DeLong)."""

    auc: float
    low: float
    high: float


class Rankings(Value, frozen=True, kw_only=True):
    """Importance beside plain added lines, over the changes that were followed."""

    importance: Ranking
    added_lines: Ranking
    difference: Ranking
    """Importance less added lines; ``auc`` is the difference of the two."""


class LevelMeasure(Value, frozen=True, kw_only=True):
    """What one level of risk has meant: how many changes had it, and how many of those that were followed were fixed later."""

    level: RiskLevel
    changes: int
    fixed: Share


class Backtest(Value, frozen=True, kw_only=True):
    """The whole document. Field order is the order of the JSON."""

    schema: str = BACKTEST_SCHEMA
    frame: BacktestScope
    changes: int
    flags_a_change: float
    """Flags of severity medium and above for each change of the window."""
    base: Share
    """Changes fixed later, of those that were followed."""
    hot: Share
    """Those fixed within a week."""
    levels: tuple[LevelMeasure, ...]
    """The levels that changes of the window had, the calmest first."""
    flags_per_100_unfixed: float | None
    """Flags of severity medium and above for each hundred followed changes that nobody had to fix."""
    strata: tuple[Stratum, ...]
    rankings: Rankings | None
    """``None``: all followed changes ended alike, or there are fewer than ten of a kind."""
    rules: tuple[RuleMeasure, ...]
    families: tuple[RuleMeasure, ...]
    gaps: tuple[ReportedGap, ...]
