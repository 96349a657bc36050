"""Patches replayed: who is said to have written the lines that a commit takes away."""

from __future__ import annotations

from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.products.backtest.model import OLD, LineOwners, PatchedFile, PatchedHunk, mended

A, B = "vllm/a.py", "vllm/b.py"


def patch(before: list[str], after: list[str]) -> tuple[PatchedHunk, ...]:
    """Return the hunks between two texts, without context, as ``git diff -U0`` cuts them."""
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return tuple(PatchedHunk(i, before[i:j], after[k:m]) for what, i, j, k, m in codes if what != "equal")


def edit(path: str, before: str, after: str) -> PatchedFile:
    return PatchedFile(path, path, patch(before.splitlines(), after.splitlines()))


def new(path: str, text: str) -> PatchedFile:
    return PatchedFile(None, path, (PatchedHunk(0, (), text.splitlines()),))


MOVED = "total = first + second\n"


@pytest.mark.parametrize(
    ("commits", "taken"),
    [
        pytest.param([[edit(A, "x = 1\n", "x = 2\n")]], {OLD: 1}, id="what was there before the first patch is old"),
        pytest.param([[new(A, "x = 1\ny = 2\n")], [edit(A, "x = 1\ny = 2\n", "y = 2\n")]], {0: 1}, id="a line of the commit before"),
        pytest.param([[new(A, "x = 1\n")], [edit(A, "x = 1\n", "y = 2\nx = 1\n")], [edit(A, "y = 2\nx = 1\n", "")]], {0: 1, 1: 1}, id="lines of two commits"),
        pytest.param([[new(A, MOVED)], [edit(A, MOVED, ""), new(B, MOVED)], [edit(B, MOVED, "")]], {0: 1}, id="a line that moved to another file keeps its owner"),
        pytest.param([[new(A, "x = 1\n")], [edit(A, "x = 1\n", "if y:\n    x = 1\n")], [edit(A, "if y:\n    x = 1\n", "")]], {0: 1, 1: 1}, id="a line indented anew keeps its owner"),
        pytest.param([[new(A, "x = 1\n")], [PatchedFile(A, B, (), is_renamed=True)], [edit(B, "x = 1\n", "")]], {0: 1}, id="a renamed file keeps its owners"),
        pytest.param([[new(A, "# one\n\nimport os\n")], [edit(A, "# one\n\nimport os\n", "")]], {}, id="comments, blank lines and imports are nobody's"),
        pytest.param([[new("tests/a.py", "x = 1\n")], [edit("tests/a.py", "x = 1\n", "")]], {}, id="tests are no source"),
        pytest.param([[new(A, "x = 1\n")], [PatchedFile(A, None, (PatchedHunk(0, ("x = 1",), ()),))], [new(A, "x = 1\n")], [edit(A, "x = 1\n", "")]], {2: 1}, id="a file made anew has a new owner"),
        pytest.param([[new(A, MOVED), *(new(f"vllm/{n}.py", "pass\n") for n in range(150))], [edit(A, MOVED, "total = (first + second)\n"), *(edit(f"vllm/{n}.py", "pass\n", "...\n") for n in range(150))], [edit(A, "total = (first + second)\n", "")]], {0: 1}, id="a sweep over hundreds of files owns nothing that it rewrites"),
    ],
)  # fmt: skip
def test_lines_are_laid_to_whoever_wrote_them(
    commits: list[list[PatchedFile]], taken: dict[int, int]
) -> None:
    """The answer of the last commit."""
    owners = LineOwners()
    found = [owners.apply(number, files) for number, files in enumerate(commits)][-1]
    assert found == taken


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=6), min_size=1, max_size=5))
def test_owners_are_those_of_a_replay_by_hand(texts: list[list[str]]) -> None:
    """Whatever the edits: as many lines are taken from each owner as a list of (line, owner) kept beside loses."""
    owners, kept, before = LineOwners(), list[tuple[str, int]](), list[str]()
    for number, after in enumerate(texts):
        hunks = patch(before, after)
        found = owners.apply(number, [PatchedFile(A if number else None, A, hunks)])
        lost = dict[int, int]()
        for hunk in reversed(hunks):
            there = kept[hunk.start : hunk.start + len(hunk.removed)]
            written = []
            for line in hunk.added:
                same = next((one for one in there if one[0] == line), (line, number))
                if same in there:
                    there.remove(same)
                written.append(same)
            for _, owner in there:
                lost[owner] = lost.get(owner, 0) + 1
            kept[hunk.start : hunk.start + len(hunk.removed)] = written
        assert (found, [line for line, _ in kept]) == (lost, after)
        before = after


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        pytest.param({1: 1, OLD: 19}, {1}, id="one line in twenty"),
        pytest.param({1: 1, OLD: 20}, set(), id="one line in passing"),
        pytest.param({OLD: 5}, set(), id="old lines are nobody's"),
        pytest.param({}, set(), id="nothing"),
    ],
)
def test_what_a_fix_touches_in_passing_is_not_mended(taken: dict[int, int], expected: set[int]) -> None:
    """A twentieth of what it takes away decides."""
    assert mended(taken) == expected
