"""When code runs and what follows from a change of it: ``rules/reach.yml`` and ``rules/consequence.yml`` as tables; the coefficients of ``rules/fix_risk.yml``."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, field

from diffscope.source.model import Value
from diffscope.yaml.typed import Rows

Level = Literal["info", "low", "medium", "high", "critical"]
VOUCHED: Final = ("changed", "existing", "none")
"""What vouches for it, in the order of the columns."""
LEVELS: Final = ("info", "low", "medium", "high", "critical")


class EffectLevels(Value, frozen=True, kw_only=True):
    """The levels of one effect: a test of the change vouches for it, one of the base does, none does."""

    effect: Literal[
        "contract", "rewrite", "condition", "numerics", "body", "removal", "addition", "tuning", "wiring"
    ]
    levels: Annotated[tuple[Level, ...], Meta(min_length=3)]

    def __post_init__(self) -> None:
        """Refuse a row that has another number of columns."""
        if len(self.levels) != len(VOUCHED):
            raise ValueError(f"needs {len(VOUCHED)} levels: {', '.join(VOUCHED)}")


class ReachedLevels(Value, frozen=True, kw_only=True):
    """The levels of what is reached in one way, by effect."""

    reached: Literal["per_step", "per_request", "start_up", "opt_in", "one_platform", "tools", "unknown"]
    effects: Annotated[tuple[EffectLevels, ...], Rows("effect", value="levels", what="effect")] = ()


class ConsequenceTable(Value, frozen=True, kw_only=True):
    """What ``consequence.yml`` holds."""

    levels: Annotated[
        tuple[ReachedLevels, ...], Rows("reached", value="effects", what="way to be reached")
    ] = ()

    def level(self, reached: str, effect: str, vouched: str) -> str:
        """Return the level of a place; ``info`` for what nothing follows from."""
        if effect == "none":
            return "info"
        column = VOUCHED.index(vouched) if vouched in VOUCHED else 1
        for row in self.levels:
            if row.reached == reached:
                return next((each.levels[column] for each in row.effects if each.effect == effect), "info")
        return "info"


CONSEQUENCE: Final = ConsequenceTable


TIMES: Final = ("per_step", "per_request", "start_up", "tools")
"""The times that a root may have, the hottest first."""
_Patterns = Annotated[tuple[str, ...], Meta(min_length=1)]


class Root(Value, frozen=True, kw_only=True, omit_defaults=True):
    """A row: definitions whose time is known by what they are. Patterns match whole names; ``*`` matches any characters."""

    runs: Literal["per_step", "per_request", "start_up", "tools"]
    why: str
    """What calls it."""
    of: _Patterns = ()
    """For members: their class, or one above it, by its last name. Empty for functions, and for members of any class."""
    names: _Patterns = ()
    """The last part of the name; empty for any."""
    decorators: _Patterns = ()
    """As written, without arguments; empty for any."""

    def __post_init__(self) -> None:
        """Refuse a row that would hold for everything."""
        if not (self.of or self.names or self.decorators):
            raise ValueError("needs `of`, `names` or `decorators`")


class _Chosen(Value, frozen=True, kw_only=True):
    """Rows of a registry that are taken without asking, because functions of these names name them."""

    registry: str
    named_in: _Patterns


class ReachRows(Value, frozen=True, kw_only=True):
    """What ``reach.yml`` holds."""

    roots: tuple[Root, ...] = ()
    chosen: tuple[_Chosen, ...] = field(default=(), name="chosen_unasked")
    shared_by: int = 3
    """Optional modules (models) that import a module, from which on it is no longer one of them alone."""


REACH: Final = ReachRows


class Described(NamedTuple):
    """What a row asks of a definition."""

    name: str
    """Its last name."""
    classes: frozenset[str] | None
    """Names of its class and of those above it; ``None`` for what is no member."""
    decorators: tuple[str, ...]


def root_of(rows: ReachRows, described: Described) -> Root | None:
    """Return the first row that a definition fulfils."""
    return next((row for row in rows.roots if _fulfils(row, described)), None)


def _fulfils(row: Root, described: Described) -> bool:
    if row.of and (described.classes is None or not _any(row.of, described.classes)):
        return False
    if row.decorators and not _any(row.decorators, described.decorators):
        return False
    return not row.names or _any(row.names, (described.name,))


def _any(patterns: tuple[str, ...], names: Collection[str]) -> bool:
    matcher = name_pattern(patterns)
    return any(matcher.fullmatch(name) for name in names)


@lru_cache(maxsize=256)
def name_pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches a whole name by one of the patterns; only ``*`` is special."""
    return re.compile("|".join(".*".join(map(re.escape, each.split("*"))) for each in patterns))


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
