"""What the chance of a later fix is read from: lines, and the history of the files that they are in."""

from __future__ import annotations

import pytest

from diffscope.facts.classify.fix_measures import HISTORY_DAYS, EditedFile, measure_fix_risk
from diffscope.graph.history.history import ChangeHistory
from diffscope.graph.history.store import Edit, PastCommit, store_history

A, B, OLD = "vllm/a.py", "vllm/b.py", "vllm/old.py"
DAY = 86_400
NOW = 1_000 * DAY


def past(*commits: tuple[int, str, str]) -> ChangeHistory:
    """Return the history of commits given as days back, subject and the path edited, oldest first."""
    made = [
        PastCommit(
            f"{at:040x}",
            NOW - days * DAY,
            (path,),
            (),
            subject,
            (Edit(path, f"{at:016x}", f"{at + 1:016x}"),),
        )
        for at, (days, subject, path) in enumerate(commits)
    ]
    return ChangeHistory(store_history(made, covers_from=0), last=len(made) - 1, now=NOW)


NOTHING = past((400, "Begin", "setup.py"))


def edited(
    path: str, added: str = "", removed: str = "", *, old: str | None = None, is_new: bool = False
) -> EditedFile:
    return EditedFile(path, old, added.splitlines(), removed.splitlines(), is_new)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param([edited(A, "x = 1\ny = 2\n"), edited("tests/a.py", "x = 1\n")], {"added": 2}, id="lines of source alone"),
        pytest.param([edited(A, "    if x:\n  } else {\n# if\nelif_ = 1\nfor y in x:\n")], {"branches": 3}, id="branches of Python and native code"),
        pytest.param([edited(A, "x = 1  # TODO(me): 2\ny = 1\n")], {"unfinished": 1}, id="a mark of what is unfinished"),
        pytest.param([edited(A, "x = 1\n", is_new=True), edited(B, "x = 1\ny = 1\nz = 1\n")], {"new": 0.25}, id="the part in new files"),
        pytest.param([edited(A, "return first + second\nx = 1\n"), edited(B, "", "    return first + second\n")], {"moved": 0.5}, id="a line that came from another file"),
        pytest.param([edited(A, "x = 1\nx = 1\n", "x = 1\n")], {"moved": 0.0}, id="short lines are no sign of a move"),
    ],
)  # fmt: skip
def test_a_change_is_measured_by_its_lines(files: list[EditedFile], expected: dict[str, float]) -> None:
    """Each measure by itself; nothing was fixed before."""
    found = measure_fix_risk(files, NOTHING)
    assert found is not None
    assert {name: getattr(found, name) for name in expected} == expected
    assert (found.fixes, found.fix_commits) == (0.0, 0)


@pytest.mark.parametrize(
    ("commits", "files", "expected"),
    [
        pytest.param([(9, "[Bugfix] Sizes", A)], [edited(A, "x\n")], (1.0, 1), id="a fix of the file"),
        pytest.param([(9, "[Core] Sizes", A)], [edited(A, "x\n")], (0.0, 0), id="what is no fix"),
        pytest.param([(HISTORY_DAYS + 1, "[Bugfix] Sizes", A)], [edited(A, "x\n")], (0.0, 0), id="too long ago"),
        pytest.param([(9, "[Bugfix] One", A), (8, "[Bugfix] Two", A)], [edited(A, "x\n"), edited(B, "x\ny\n", "z\n")], (0.5, 2), id="the mean over the edited lines"),
        pytest.param([(9, "[Bugfix] One", OLD)], [edited(A, "x\n", old=OLD)], (1.0, 1), id="under the name that a rename takes away"),
        pytest.param([(9, "[Bugfix] One", A)], [edited(A, "x\n", is_new=True)], (0.0, 0), id="a new file has no past"),
    ],
)  # fmt: skip
def test_fixes_before_are_counted(
    commits: list[tuple[int, str, str]], files: list[EditedFile], expected: tuple[float, int]
) -> None:
    """Those of the ninety days before the base."""
    found = measure_fix_risk(files, past((400, "Begin", "setup.py"), *commits))
    assert found is not None
    assert (found.fixes, found.fix_commits) == expected


@pytest.mark.parametrize(
    "file", [edited(A, "", "x = 1\n"), edited("docs/a.md", "A\n")], ids=["removed", "docs"]
)
def test_what_adds_no_source_cannot_be_fixed(file: EditedFile) -> None:
    """It has no measures."""
    assert measure_fix_risk([file], NOTHING) is None


@pytest.mark.parametrize(("days", "expected"), [(HISTORY_DAYS, True), (HISTORY_DAYS - 1, False)])
def test_a_young_history_is_known_as_such(days: int, *, expected: bool) -> None:
    """What begins within the days looked back may have had a past that is not there."""
    assert past((days, "Begin", A)).reaches_back(HISTORY_DAYS) is expected
