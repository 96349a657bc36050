"""The values of a backtest (``diffscope.backtest/2``): how each rule performed over a window of history; who wrote the lines that a fix takes away."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from diffscope.assessment.document import ReportedGap, RiskLevel
from diffscope.graph.history.history import is_code, is_import, is_source
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


OLD: Final = -1
"""The owner of a line that was there before the first patch."""
_SWEEP: Final = 150
"""Source files of a commit above which a line that it writes in place of another stays its owner's: a formatter, a licence header."""
_SHORT: Final = 12
"""Characters below which equal lines in two places are no sign of a move."""


class PatchedHunk(NamedTuple):
    """Lines from ``start`` of the old file, counted from 0, and what stands there now. Without context."""

    start: int
    removed: Sequence[str]
    added: Sequence[str]


class PatchedFile(NamedTuple):
    """One file of a patch; a name is ``None`` where there is no such side."""

    old: str | None
    new: str | None
    hunks: Sequence[PatchedHunk]
    is_renamed: bool = False


class _Hunk:
    """A hunk at work: the owner of each added line, ``None`` until it is found, and which removed lines stand nowhere else."""

    def __init__(self, hunk: PatchedHunk, owners: Sequence[int]) -> None:
        self.hunk = hunk
        self.before = owners[hunk.start : hunk.start + len(hunk.removed)]
        self.after: list[int | None] = [None] * len(hunk.added)
        self.is_gone = [True] * len(hunk.removed)
        near = defaultdict[str, list[int]](list)
        for at, line in enumerate(hunk.removed):
            near[line.strip()].append(at)
        for place, line in enumerate(hunk.added):
            found = near.get(line.strip())
            if found:
                self._keep(place, found.pop(0))

    def _keep(self, place: int, at: int) -> None:
        self.after[place] = self.before[at]
        self.is_gone[at] = False


class LineOwners:
    """The owner of each line of every source file: the number of the commit that wrote it.

    A line that a commit indents anew, or moves within a file or to another, keeps its owner, as with ``git blame -w -M -C``.
    """

    def __init__(self) -> None:
        self._owners: dict[str, list[int]] = {}

    def apply(self, commit: int, files: Iterable[PatchedFile]) -> Counter[int]:
        """Replay a commit; return how many lines of code it took away for good from each owner, imports aside."""
        chosen = [file for file in files if is_source(file.new or "") or is_source(file.old or "")]
        opened = [
            (file, owners, self._open(file, owners)) for file in chosen for owners in [self._lines(file)]
        ]
        hunks = [hunk for _, _, some in opened for hunk in some]
        _find_moves(hunks)
        taken = Counter[int]()
        for hunk in hunks:
            lines = zip(hunk.hunk.removed, hunk.before, hunk.is_gone, strict=True)
            taken.update(
                owner for line, owner, gone in lines if gone and is_code(line) and not is_import(line)
            )
        for file, owners, some in opened:
            for hunk in reversed(some):
                end = hunk.hunk.start + len(hunk.before)
                owners[hunk.hunk.start : end] = _written(hunk, commit, is_sweep=len(chosen) > _SWEEP)
            if file.old and (file.new is None or file.is_renamed):
                self._owners.pop(file.old, None)
            if file.new:
                self._owners[file.new] = owners
        return taken

    def _lines(self, file: PatchedFile) -> list[int]:
        owners = self._owners.get(file.old, []) if file.old else []
        needed = max((hunk.start + len(hunk.removed) for hunk in file.hunks), default=0)
        owners.extend([OLD] * (needed - len(owners)))
        return owners

    def _open(self, file: PatchedFile, owners: list[int]) -> list[_Hunk]:
        return [_Hunk(hunk, owners) for hunk in file.hunks]


def _find_moves(hunks: Sequence[_Hunk]) -> None:
    """Give each added line that another hunk removes the owner that it had there."""
    pool = defaultdict[str, list[tuple[_Hunk, int]]](list)
    for hunk in hunks:
        for at, line in enumerate(hunk.hunk.removed):
            text = line.strip()
            if hunk.is_gone[at] and len(text) >= _SHORT:
                pool[text].append((hunk, at))
    for hunk in hunks:
        for place, line in enumerate(hunk.hunk.added):
            found = pool.get(line.strip()) if hunk.after[place] is None else None
            if found:
                other, at = found.pop()
                hunk.after[place] = other.before[at]
                other.is_gone[at] = False


def _written(hunk: _Hunk, commit: int, *, is_sweep: bool) -> list[int]:
    if is_sweep and hunk.before:
        share = len(hunk.before) / len(hunk.after) if hunk.after else 0.0
        return [
            hunk.before[min(len(hunk.before) - 1, int(place * share))] if owner is None else owner
            for place, owner in enumerate(hunk.after)
        ]
    return [commit if owner is None else owner for owner in hunk.after]


SHARE: Final = 0.05
"""Part of the lines that a fix takes away which must be a change's own: what a fix touches in passing is not what it mends."""


def mended(taken: Mapping[int, int]) -> frozenset[int]:
    """Return the owners of lines of which a fix took away enough to have mended them."""
    whole = sum(taken.values())
    return frozenset(owner for owner, lines in taken.items() if owner != OLD and lines >= SHARE * whole)
