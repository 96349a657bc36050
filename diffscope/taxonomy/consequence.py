"""What follows from a change of some code: ``rules/consequence.yml`` as a table."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from diffscope.source.model import Value
from diffscope.yaml.typed import Rows

Level = Literal["info", "low", "medium", "high", "critical"]
VOUCHED: Final = ("changed", "existing", "none")
"""What vouches for it, in the order of the columns."""
LEVELS: Final = ("info", "low", "medium", "high", "critical")


class Meaning(Value, frozen=True, kw_only=True):
    """What a level says to a reader."""

    level: Level
    en: str
    zh: str


class EffectLevels(Value, frozen=True, kw_only=True):
    """The levels of one effect: a test of the change vouches for it, one of the base does, none does."""

    effect: Literal["contract", "rewrite", "condition", "numerics", "body", "removal", "addition", "tuning"]
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

    meanings: Annotated[tuple[Meaning, ...], Rows("level", what="level")] = ()
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
