"""Past changes with their measures and what came of them -> the coefficients of the chance of a later fix, and what they are worth.

Pure. Everything is measured in time order: a change is judged by coefficients made of changes whose days were over before it was merged.

``trainer`` is the one place that knows scikit-learn: rows of measures -> weights of a logistic regression.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, get_args

from diffscope.assessment.scores import measured, probability
from diffscope.errors import DiffscopeError, UsageError
from diffscope.facts.classify.fix_measures import HISTORY_DAYS
from diffscope.facts.model import FixMeasures
from diffscope.products.backtest.measure import FEWEST, rankings
from diffscope.products.backtest.model import Rankings
from diffscope.source.model import CommitId
from diffscope.taxonomy.consequence import (
    FIX_RISK_VERSION,
    CalibrationRow,
    FixRiskTable,
    Measure,
    MeasureWeight,
)

FEWEST_CHANGES: Final = 500
"""Followed changes below which nothing is fitted."""
USED: Final[tuple[Measure, ...]] = get_args(Measure)
"""The measures that are worth their place on changes not trained on; docs/backtest.md says what else was tried."""
_FIRST: Final = 0.4
"""Part of the changes that is only trained on."""
_FOLDS: Final = 6
_TENTHS: Final = 10
GATES: Final = (0.05, 0.10, 0.50)
_DAY: Final = 86_400


class Sample(NamedTuple):
    """One past change that was followed to the end of its days."""

    commit: CommitId
    merged_at: int
    measures: FixMeasures
    was_fixed: bool
    is_hot: bool = False
    """Fixed within a week."""


class Weights(NamedTuple):
    """What a fit gives: the intercept, and for each measure its coefficient and its mean."""

    intercept: float
    coefficients: tuple[float, ...]
    means: tuple[float, ...]


Trainer = Callable[[Sequence[Sequence[float]], Sequence[bool]], Weights]
"""Rows of measures and what came of each change -> weights of a logistic regression."""


class RiskiestShare(NamedTuple):
    """What looking at the riskiest changes alone would have met."""

    share: float
    changes: int
    fixed: int
    """Fixed changes among them."""
    caught: float
    """Their part of all fixed changes."""
    caught_by_lines: float
    """The same of as many of the largest changes."""


class FitEvaluation(NamedTuple):
    """What chances were worth on changes that they were not made of."""

    changes: int
    fixed: int
    since: int
    until: int
    rankings: Rankings
    """The chance beside plain added lines."""
    hot: Rankings | None
    """The same for fixes within a week."""
    gates: tuple[RiskiestShare, ...]
    tenths: tuple[CalibrationRow, ...]
    means: tuple[float, ...]
    """The mean chance of each tenth."""
    error: float
    """The mean distance of chance and rate over the tenths (expected calibration error)."""


class Fit(NamedTuple):
    """Coefficients, and what such coefficients were worth."""

    table: FixRiskTable
    worth: FitEvaluation


def fit(samples: Sequence[Sample], train: Trainer, *, repository: str, within_days: int, trained: str) -> Fit:
    """Return coefficients made of all samples, with their worth as measured in time order.

    Raises:
        DiffscopeError: there are too few changes, they all ended alike, or the chances order them no better than added lines do.
    """
    ordered = sorted(samples, key=lambda one: (one.merged_at, one.commit))
    _check_enough(ordered)
    worth = evaluate_fit(*_unseen(ordered, train, within_days))
    _check_better(worth)
    weights = train([_row(one) for one in ordered], [one.was_fixed for one in ordered])
    table = FixRiskTable(
        version=FIX_RISK_VERSION,
        repository=repository,
        within_days=within_days,
        history_days=HISTORY_DAYS,
        trained=trained,
        base_rate=round(sum(one.was_fixed for one in ordered) / len(ordered), 4),
        intercept=round(weights.intercept, 4),
        measures=tuple(
            MeasureWeight(measure=name, coefficient=round(coefficient, 4), usual=round(mean, 4))
            for name, coefficient, mean in zip(USED, weights.coefficients, weights.means, strict=True)
        ),
        calibration=worth.tenths,
    )
    return Fit(table, worth)


def _check_enough(samples: Sequence[Sample]) -> None:
    fixed = sum(one.was_fixed for one in samples)
    if len(samples) < FEWEST_CHANGES:
        raise DiffscopeError(
            f"only {len(samples):,} changes of source can be followed, and {FEWEST_CHANGES} are needed",
            hint="fetch more history: git fetch --unshallow; or name an earlier first day: --since DAY",
        )
    if min(fixed, len(samples) - fixed) < 10 * FEWEST:
        raise DiffscopeError(
            f"{fixed:,} of {len(samples):,} changes were fixed: too few of one kind to tell them apart",
            hint="name a longer window (--since DAY), or look whether titles say what is a fix: git log --oneline",
        )


def _check_better(worth: FitEvaluation) -> None:
    found = worth.rankings.difference
    if found.low <= 0:
        raise DiffscopeError(
            f"the coefficients order later fixes no better than added lines do: AUC {worth.rankings.importance.auc:.3f} against "
            f"{worth.rankings.added_lines.auc:.3f}, difference {found.low:.3f} to {found.high:.3f} (95%), on {worth.changes:,} changes not trained on",
            hint="nothing was written; a longer window may help: --since DAY",
        )


def _unseen(ordered: Sequence[Sample], train: Trainer, within_days: int) -> tuple[list[Sample], list[float]]:
    """Return the later samples, each with the chance that coefficients of its time gave it."""
    first = int(len(ordered) * _FIRST)
    step = -(-(len(ordered) - first) // _FOLDS)
    seen, chances = list[Sample](), list[float]()
    for start in range(first, len(ordered), step):
        some = ordered[start : start + step]
        known = [one for one in ordered[:start] if one.merged_at + within_days * _DAY < some[0].merged_at]
        weights = train([_row(one) for one in known], [one.was_fixed for one in known])
        seen += some
        chances += [_chance(one, weights) for one in some]
    return seen, chances


def evaluate_fit(samples: Sequence[Sample], chances: Sequence[float]) -> FitEvaluation:
    """Return what chances were worth on these changes.

    Raises:
        DiffscopeError: there are fewer than ten of either kind.
    """
    fixed, added = [one.was_fixed for one in samples], [float(one.measures.added) for one in samples]
    found = rankings(chances, added, fixed)
    if found is None:
        raise DiffscopeError(
            "too few changes of one kind to tell what the coefficients are worth",
            hint="name a longer window: --since DAY",
        )
    tenths, means = _tenths(fixed, chances)
    rates = [row.fixed / row.changes for row in tenths]
    error = sum(row.changes * abs(mean - rate) for row, mean, rate in zip(tenths, means, rates, strict=True))
    return FitEvaluation(
        changes=len(samples),
        fixed=sum(fixed),
        since=min(one.merged_at for one in samples),
        until=max(one.merged_at for one in samples),
        rankings=found,
        hot=rankings(chances, added, [one.is_hot for one in samples]),
        gates=tuple(_gate(share, fixed, chances, added) for share in GATES),
        tenths=tenths,
        means=means,
        error=error / len(samples),
    )


def _gate(
    share: float, fixed: Sequence[bool], chances: Sequence[float], added: Sequence[float]
) -> RiskiestShare:
    count = max(1, round(share * len(fixed)))

    def met(values: Sequence[float]) -> int:
        ranked = sorted(range(len(fixed)), key=lambda at: (-values[at], at))
        return sum(fixed[at] for at in ranked[:count])

    return RiskiestShare(share, count, met(chances), met(chances) / sum(fixed), met(added) / sum(fixed))


def _tenths(
    fixed: Sequence[bool], chances: Sequence[float]
) -> tuple[tuple[CalibrationRow, ...], tuple[float, ...]]:
    """Return the changes by tenths of their chances, the smallest first, and the mean chance of each."""
    ranked = sorted(zip(chances, fixed, strict=True))
    cuts = [round(len(ranked) * number / _TENTHS) for number in range(_TENTHS + 1)]
    rows, means = list[CalibrationRow](), list[float]()
    for start, end in pairwise(cuts):
        some = ranked[start:end]
        upto = 1.0 if end == len(ranked) else round(some[-1][0], 4)
        if rows and upto <= rows[-1].upto:
            upto = round(rows[-1].upto + 0.0001, 4)
        rows.append(
            CalibrationRow(upto=upto, changes=len(some), fixed=sum(was_fixed for _, was_fixed in some))
        )
        means.append(sum(chance for chance, _ in some) / len(some))
    return tuple(rows), tuple(means)


def _row(sample: Sample) -> list[float]:
    return [measured(sample.measures, name) for name in USED]


def _chance(sample: Sample, weights: Weights) -> float:
    parts = zip(weights.coefficients, _row(sample), weights.means, strict=True)
    return probability(weights.intercept + sum(weight * (value - mean) for weight, value, mean in parts))


_STRENGTH: Final = 0.1
"""The inverse of the penalty on measures of unit variance."""


def trainer() -> Trainer:
    """Return the trainer.

    Raises:
        UsageError: scikit-learn is not installed.
    """
    try:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - an extra
        from sklearn.preprocessing import StandardScaler  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError(
            "--fit needs scikit-learn, which is not installed", hint="pip install 'vllm-diffscope[fit]'"
        ) from None

    def train(rows: Sequence[Sequence[float]], fixed: Sequence[bool]) -> Weights:
        scaler = StandardScaler().fit(rows)
        model = LogisticRegression(C=_STRENGTH, max_iter=2_000, solver="lbfgs")
        model.fit(scaler.transform(rows), list(fixed))
        scales = [float(scale) for scale in scaler.scale_]
        return Weights(
            float(model.intercept_[0]),
            tuple(float(weight) / scale for weight, scale in zip(model.coef_[0], scales, strict=True)),
            tuple(float(mean) for mean in scaler.mean_),
        )

    return train
