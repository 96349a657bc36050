"""The measure of similarity."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.syntax.compare.matching import share_contained, similarity, trigrams_of

BAGS = st.lists(st.sampled_from("abcdef")).map(Counter)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param("abcd", "abcd", 1.0, id="equal bags"),
        pytest.param("abcd", "abxy", 0.5, id="half of each"),
        pytest.param("aabb", "ab", 2 / 3, id="each part counts as often as it is there"),
        pytest.param("", "", 0.0, id="nothing is like nothing"),
    ],
)
def test_likeness(one: str, other: str, expected: float) -> None:
    assert similarity(Counter(one), Counter(other)) == pytest.approx(expected)


@given(BAGS, BAGS, st.floats(0, 1))
def test_it_is_even_between_0_and_1_and_a_bound_never_changes_what_reaches_it(
    one: Counter[str], other: Counter[str], least: float
) -> None:
    score = similarity(one, other)
    assert 0 <= score <= 1
    assert score == similarity(other, one)
    assert similarity(one, other, least=least) == score or score < least


def test_the_share_that_is_held_is_one_of_the_part() -> None:
    assert share_contained(Counter("ab"), Counter("abcdef")) == 1.0
    assert share_contained(Counter("abxy"), Counter("abcdef")) == 0.5


def test_triples_are_tokens_that_follow_each_other() -> None:
    assert trigrams_of(("a", "b", "a", "b")) == Counter({("a", "b", "a"): 1, ("b", "a", "b"): 1})
