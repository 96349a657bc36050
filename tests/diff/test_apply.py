"""Applying a diff gives the new side back: difflib and git are the oracles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.diff.parse import parse_diff
from diffscope.diff.reconstruct import apply_hunks, blob_id, make_patch

# Few different lines, so that texts share many; among them all that a line splitter may trip over.
LINES = st.sampled_from(
    ["", "a", "b", "-- a/x", "++ b/x", "@@ -1 +1 @@", "\f", "x\u2028y", "\x1c", "é", "\r", "\\ No"]
)
TEXTS = st.builds(
    lambda lines, end: "\n".join(lines) + end, st.lists(LINES, max_size=30), st.sampled_from(["", "\n"])
)


@given(before=TEXTS, after=TEXTS)
def test_applying_the_diff_of_two_texts_to_the_first_gives_the_second(before: str, after: str) -> None:
    old, new = before.encode(), after.encode()
    patch = make_patch({"x.py": old}, {"x.py": new})
    if old == new:
        assert patch == ""
        return
    (file,) = parse_diff(patch).files
    assert apply_hunks(file, old) == new


@given(before=TEXTS, after=TEXTS, other=TEXTS)
def test_hunks_are_never_applied_to_a_text_that_gives_another_blob(
    before: str, after: str, other: str
) -> None:
    old, new, wrong = before.encode(), after.encode(), other.encode()
    if old == new:
        return
    (file,) = parse_diff(make_patch({"x.py": old}, {"x.py": new})).files
    assert apply_hunks(file, wrong) in {None, new}


def test_a_file_that_is_not_utf8_keeps_the_bytes_that_the_patch_does_not_touch() -> None:
    before, after = b"\xff\nold\n", b"\xff\nnew\n"
    (file,) = parse_diff(make_patch({"x": before}, {"x": after})).files
    assert apply_hunks(file, before) == after


def test_an_added_line_that_is_not_utf8_is_not_invented() -> None:
    before, after = b"a\n", b"a\n\xff\n"
    (file,) = parse_diff(make_patch({"x": before}, {"x": after})).files
    assert apply_hunks(file, before) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", id="the empty blob"),
        pytest.param(b"hello\n", "ce013625030ba8dba906f756967f9e9ca394464a", id="as git hash-object says"),
    ],
)
def test_blob_ids_are_those_of_git(data: bytes, expected: str) -> None:
    assert blob_id(data) == expected
