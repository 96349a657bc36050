"""Pairs of equal things."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from diffscope.source.pairing import pair_equal

SIDES = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 99)))


def test_the_first_of_each_side_are_a_pair() -> None:
    paired = pair_equal(["a1", "a2", "b1"], ["a3", "c1"], key=lambda thing: thing[0])
    assert paired == ([("a1", "a3")], ["a2", "b1"], ["c1"])


@given(SIDES, SIDES)
def test_what_is_left_is_the_difference_of_the_bags(
    old: list[tuple[str, int]], new: list[tuple[str, int]]
) -> None:
    """Nothing is lost, made up or paired twice, and both rests keep their order."""
    pairs, gone, come = pair_equal(old, new, key=lambda thing: thing[0])
    keys = Counter(thing[0] for thing in old), Counter(thing[0] for thing in new)
    assert Counter(thing[0] for thing in gone) == keys[0] - keys[1]
    assert Counter(thing[0] for thing in come) == keys[1] - keys[0]
    assert all(one[0] == other[0] for one, other in pairs)
    assert Counter([*gone, *(one for one, _ in pairs)]) == Counter(old)
    assert Counter([*come, *(other for _, other in pairs)]) == Counter(new)
    assert is_in_order(gone, old)
    assert is_in_order(come, new)


def is_in_order(part: list[tuple[str, int]], whole: list[tuple[str, int]]) -> bool:
    rest = iter(whole)
    return all(thing in rest for thing in part)
