"""Measured fire rates of rules, written by a backtest (``rules/statistics.json``) and shown on rule pages."""

from __future__ import annotations

import msgspec

from diffscope.errors import InputError
from diffscope.source.model import Value


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


def parse_statistics(data: bytes, *, at: str = "rules/statistics.json") -> Statistics:
    """Return the statistics of a file.

    Raises:
        InputError: the file does not hold them.
    """
    try:
        return msgspec.json.decode(data, type=Statistics)
    except msgspec.MsgspecError as error:
        hint = "make it anew: diffscope backtest"
        raise InputError(f"the statistics cannot be read: {error}", at=at, hint=hint) from None
