"""Changed lines at the first place of a flag, out of patches written by hand."""

from __future__ import annotations

import pytest

from diffscope.diff.parse import parse_diff
from diffscope.diff.reconstruct import make_patch
from diffscope.render.places import excerpts_of
from tests.assessments import evidence

BEFORE = "".join(f"line {number}\n" for number in range(1, 21))


def edited(**lines: str | None) -> str:
    """Return the text with ``l7="x"`` as its seventh line, or without it for ``None``."""
    kept = [lines.get(f"l{number}", f"line {number}") for number in range(1, 21)]
    return "".join(f"{line}\n" for line in kept if line is not None)


CASES = [
    pytest.param(edited(l7="seven"), 7, "new", ("7 - line 7", "7 + seven"), id="a line in place of another"),
    pytest.param(edited(l7="seven\nand a half"), 8, "new", ("7 - line 7", "7 + seven", "8 + and a half"), id="two lines in place of one"),
    pytest.param(edited(l7=None), 7, "old", ("7 - line 7",), id="a line that went"),
    pytest.param(edited(l2="two\nmore\nmore", l7="seven"), 9, "new", ("7 - line 7", "9 + seven"), id="numbers of both sides below lines that came"),
    pytest.param(edited(l7="seven"), 15, "new", (), id="a place without a changed line near it"),
    pytest.param(edited(l7="seven"), 0, "new", (), id="a file as a whole"),
]  # fmt: skip


@pytest.mark.parametrize(("after", "line", "side", "expected"), CASES)
def test_lines_nearest_to_the_place(after: str, line: int, side: str, expected: tuple[str, ...]) -> None:
    diff = parse_diff(make_patch({"a.py": BEFORE.encode()}, {"a.py": after.encode()}))
    found = excerpts_of([evidence("a.py", line, side=side)], diff)
    assert found.get(f"{side}:a.py:{line}", ()) == expected


def test_a_file_that_the_patch_does_not_hold_has_none() -> None:
    diff = parse_diff(make_patch({"a.py": b"1\n"}, {"a.py": b"2\n"}))
    assert excerpts_of([evidence("b.py", 1)], diff) == {}
