"""AUC and its interval: by hand, and by counting every pair."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.products.backtest.measure import rankings


def test_auc_counts_ties_half() -> None:
    """Ten fixed at 2, others five at 1 and five at 2: 0.75. Others are placed at 1 and 0.5: variance 0.0625*10/9, error 0.08333."""
    fixed = [True] * 10 + [False] * 10
    found = rankings([2.0] * 15 + [1.0] * 5, [1.0] * 20, fixed)
    assert found is not None
    assert (found.importance.auc, found.importance.low, found.importance.high) == (0.75, 0.5867, 0.9133)
    assert (found.added_lines.auc, found.added_lines.low, found.added_lines.high) == (0.5, 0.5, 0.5)
    assert (found.difference.auc, found.difference.low, found.difference.high) == (0.25, 0.0867, 0.4133)


def test_a_number_is_no_better_than_itself() -> None:
    """The difference is of the same changes: it is 0 without doubt."""
    values = [float(number % 7) for number in range(40)]
    found = rankings(values, values, [number % 3 == 0 for number in range(40)])
    assert found is not None
    assert (found.difference.auc, found.difference.low, found.difference.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("fixed", [9, 31])
def test_nine_of_a_kind_are_too_few(fixed: int) -> None:
    """Neither too few fixed changes nor too few others give an AUC."""
    values = [float(number) for number in range(40)]
    assert rankings(values, values, [number < fixed for number in range(40)]) is None


@given(st.lists(st.integers(0, 5), min_size=20, max_size=40), st.data())
def test_auc_is_the_share_of_pairs(values: list[int], data: st.DataObject) -> None:
    """As counted pair by pair; negated values give the complement."""
    fixed = data.draw(st.permutations([True] * 10 + [False] * (len(values) - 10)))
    found = rankings([float(value) for value in values], [-float(value) for value in values], fixed)
    assert found is not None
    high = [value for value, was_fixed in zip(values, fixed, strict=True) if was_fixed]
    low = [value for value, was_fixed in zip(values, fixed, strict=True) if not was_fixed]
    won = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in product(high, low))
    assert found.importance.auc == pytest.approx(won / (len(high) * len(low)), abs=1e-4)
    assert found.added_lines.auc == pytest.approx(1 - found.importance.auc, abs=2e-4)
    assert found.importance.low <= found.importance.auc <= found.importance.high
