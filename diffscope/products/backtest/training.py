"""The one place that knows scikit-learn: rows of measures -> weights of a logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diffscope.errors import UsageError
from diffscope.products.backtest.fix_model import Trainer, Weights

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
