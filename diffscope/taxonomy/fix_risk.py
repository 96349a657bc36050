"""The coefficients of the chance of a later fix: ``rules/fix_risk.yml`` as a table. ``diffscope backtest --fit`` writes it."""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal

from msgspec import Meta

from diffscope.source.model import Value
from diffscope.yaml.typed import Rows

FIX_RISK_VERSION: Final = 1
"""Which measures there are, and how they are turned into a chance. Another number is another formula."""

Measure = Literal["added", "moved", "new", "branches", "unfinished", "fixes"]
"""What a coefficient is of: a field of ``FixMeasures``."""


class MeasureWeight(Value, frozen=True, kw_only=True):
    """What one measure adds to the log of the odds: ``coefficient`` x (ln(1 + measure) - ``usual``)."""

    measure: Measure
    coefficient: float
    usual: float
    """The mean of ln(1 + measure) over the changes that the coefficients were made of."""


class CalibrationRow(Value, frozen=True, kw_only=True):
    """Changes that were not trained on, with chances up to ``upto``, and how many of them were fixed."""

    upto: float
    changes: int
    fixed: int


class FixRiskTable(Value, frozen=True, kw_only=True):
    """What ``fix_risk.yml`` holds."""

    version: int
    repository: str
    """The coefficients say nothing of another one."""
    within_days: int
    history_days: int
    """Days before the base whose fixes and edits count."""
    trained: str
    """On what, in words."""
    base_rate: float
    intercept: float
    measures: Annotated[tuple[MeasureWeight, ...], Rows("measure", what="measure"), Meta(min_length=1)]
    calibration: Annotated[tuple[CalibrationRow, ...], Meta(min_length=1)]
    """By ``upto``, ascending; the last one reaches 1."""

    def __post_init__(self) -> None:
        """Refuse another version, numbers that no fit gives, and a calibration that leaves chances out."""
        if self.version != FIX_RISK_VERSION:
            raise ValueError(
                f"is of version {self.version}, and this diffscope reads version {FIX_RISK_VERSION}"
            )
        numbers = [
            self.intercept,
            *(number for one in self.measures for number in (one.coefficient, one.usual)),
        ]
        if not 0 < self.base_rate < 1 or not all(map(math.isfinite, numbers)):
            raise ValueError("holds a number that no fit gives")
        ends = [row.upto for row in self.calibration]
        if (
            ends != sorted(set(ends))
            or ends[-1] != 1
            or any(not 0 <= row.fixed <= row.changes for row in self.calibration)
        ):
            raise ValueError("has a calibration that does not rise to 1")
