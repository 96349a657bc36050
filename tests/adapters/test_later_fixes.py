"""Which changes were fixed in time, and which can be measured, in small repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.adapters.git.log import pull_number
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs import later_fixes
from diffscope.adapters.graphs.later_fixes import FollowUp, Horizon, follow, measured_changes
from diffscope.errors import RepositoryError
from diffscope.source.model import CommitId
from tests.builders import Commit, git, git_repository

PAGES = "vllm/core/pages.py"
START = "def size():\n    return 1\n\n\ndef count():\n    return 2\n"
COMMITS = [
    Commit("[Core] Pages of sixteen (#1)", {PAGES: START.replace("1", "15")}, at="2026-02-01T00:00:00Z"),
    Commit("[Core] Count from three (#2)", {PAGES: START.replace("1", "15").replace("2", "3")}, at="2026-02-02T00:00:00Z"),
    Commit("[Doc] Describe pages (#3)", {"docs/pages.md": "Pages.\n"}, at="2026-02-03T00:00:00Z"),
    Commit("[Core] Tune pages (#4)", {PAGES: START.replace("1", "17").replace("2", "3")}, at="2026-02-04T00:00:00Z"),
    Commit("[Bugfix] Pages of sixteen (#5)", {PAGES: START.replace("1", "16").replace("2", "3")}, at="2026-02-05T00:00:00Z"),
    Commit("[Bugfix] Count from four (#6)", {PAGES: START.replace("1", "16").replace("2", "4")}, at="2026-03-20T00:00:00Z"),
    Commit("[Misc] Rest (#7)", {"docs/pages.md": "Pages!\n"}, at="2026-04-20T00:00:00Z"),
]  # fmt: skip
FEBRUARY = 1_769_904_000
DAY = 86_400
LONG = FEBRUARY + 90 * DAY


def followed(folder: Path, numbers: list[int], *, within: int = 30, as_of: int = LONG) -> FollowUp:
    with GitRepository(folder) as repository:
        commits = {number: commit for number, commit in _by_number(repository).items() if number in numbers}
        times = {commit: repository.commit(commit).committed_at for commit in commits.values()}
        return follow(repository, times, horizon=Horizon(within, as_of))


def fixed(folder: Path, numbers: list[int], *, within: int = 30) -> list[int]:
    found = followed(folder, numbers, within=within).fixed
    with GitRepository(folder) as repository:
        return sorted(number for number, commit in _by_number(repository).items() if commit in found)


def _by_number(repository: GitRepository) -> dict[int, CommitId]:
    names = [CommitId(name) for name in git(repository.path, "rev-list", "HEAD").split()]
    infos = (repository.commit(name) for name in names)
    return {number: info.commit for info in infos if (number := pull_number(info.subject)) is not None}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return git_repository(tmp_path_factory.mktemp("history") / "clone", {PAGES: START}, COMMITS)


def test_only_changes_fixed_in_time_count(clone: Path) -> None:
    """#5 replaces the line of #4 after a day, #6 that of #2 after 46; #1 by no fix; a change that is no fix fixes nothing."""
    assert fixed(clone, [1, 2, 3, 4]) == [4]
    assert fixed(clone, [1, 2, 3, 4], within=60) == [2, 4]


def test_a_fix_within_a_week_is_a_hot_one(clone: Path) -> None:
    """#4 was fixed after a day, #2 after 46."""
    found = followed(clone, [2, 4], within=60)
    assert sorted(round(days) for days in found.fixed_after.values()) == [1, 46]
    assert len(found.hot) == 1


def test_nothing_after_the_horizon_is_known(clone: Path) -> None:
    """A change whose days are not over is not followed; a fix merged later is not seen."""
    at_the_time = followed(clone, [1, 2, 3, 4], as_of=FEBRUARY + 33 * DAY)
    assert len(at_the_time.over) == 3
    assert not at_the_time.fixed
    assert not followed(clone, [4], as_of=FEBRUARY).over


@pytest.mark.parametrize(
    ("fix", "expected"),
    [
        pytest.param({PAGES: "# the size\nx = 1\n"}, [], id="of a comment and a blank line"),
        pytest.param({"tests/test_pages.py": "assert 2\n"}, [], id="of a test"),
        pytest.param({PAGES: None, "vllm/alte Gr\u00f6\u00dfe.py": "# size\n\nx = 2\n"}, [1], id="of a file renamed meanwhile"),
        pytest.param({PAGES: "# size\n\nif x:\n    x = 1\n"}, [], id="that only indents the line"),
    ],
)  # fmt: skip
def test_what_a_fix_takes_away_decides(
    tmp_path: Path, fix: dict[str, str | None], expected: list[int]
) -> None:
    """Code that is gone, under whatever name; what stays, indented or not, was not mended."""
    before = {PAGES: "# size\n\nx = 1\n", "tests/test_pages.py": "assert 1\n"}
    commits = [
        Commit("One (#1)", before, at="2026-02-01T00:00:00Z"),
        Commit("[Bugfix] Two (#2)", fix, at="2026-02-02T00:00:00Z"),
    ]
    assert fixed(git_repository(tmp_path / "clone", {}, commits), [1]) == expected


def test_a_fix_that_names_what_it_mends_counts_without_its_lines(tmp_path: Path) -> None:
    """A revert by number of work that is elsewhere by now; a number that is its own, or no fix's, says nothing."""
    commits = [
        Commit("One (#1)", {PAGES: "x = 1\n"}, at="2026-02-01T00:00:00Z"),
        Commit("Two (#2)", {"vllm/b.py": "y = 1\n"}, at="2026-02-02T00:00:00Z"),
        Commit("Speak of #2 (#3)", {"vllm/c.py": "y = 1\n"}, at="2026-02-03T00:00:00Z"),
        Commit("Revert #1 (#4)", {"vllm/c.py": "z = 1\n"}, at="2026-02-04T00:00:00Z"),
    ]
    assert fixed(git_repository(tmp_path / "clone", {}, commits), [1, 2]) == [1]


@pytest.fixture
def lacking(tmp_path: Path) -> Path:
    """A clone without the contents of #2: neither it nor the next commit of that file can be read."""
    commits = [
        Commit("One (#1)", {PAGES: "x = 2\n"}, at="2026-02-01T00:00:00Z"),
        Commit("Two (#2)", {"vllm/b.py": "a = 1\n"}, at="2026-02-02T00:00:00Z"),
        Commit("Three (#3)", {"vllm/b.py": "a = 2\n"}, at="2026-02-03T00:00:00Z"),
        Commit("[Bugfix] Four (#4)", {PAGES: "x = 3\n"}, at="2026-02-04T00:00:00Z"),
    ]
    folder = git_repository(tmp_path / "clone", {}, commits)
    blob = git(folder, "rev-parse", "HEAD~2:vllm/b.py").strip()
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    return folder


def test_missing_contents_are_gaps(lacking: Path) -> None:
    """Commits that cannot be read are named, and those around them are followed."""
    found = followed(lacking, [1])
    assert len(found.fixed) == 1
    assert [gap.code for gap in found.gaps] == ["gap.blame-unknown"] * 2


def test_a_partial_clone_is_refused(lacking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where many commits lack their contents nothing can be followed, and the cure is named."""
    monkeypatch.setattr(later_fixes, "_MOST_UNREADABLE", 1)
    with pytest.raises(RepositoryError, match="it is partial") as told:
        followed(lacking, [1])
    assert "--refetch" in (told.value.hint or "")


def test_changes_are_measured_as_of_the_commit_before(tmp_path: Path) -> None:
    """#3 knows no fix, #4 and #5 know #3 and not themselves; #1 and #2, with less than ninety days before them, are left out."""
    commits = [
        Commit("One (#1)", {PAGES: START.replace("1", "3")}, at="2026-02-01T00:00:00Z"),
        Commit("Two (#2)", {PAGES: START.replace("1", "4")}, at="2026-05-01T00:00:00Z"),
        Commit("[Bugfix] Three (#3)", {PAGES: START.replace("1", "5")}, at="2026-05-02T00:00:00Z"),
        Commit("Four (#4)", {PAGES: START.replace("1", "5").replace("2", "6")}, at="2026-05-03T00:00:00Z"),
        Commit("[Bugfix] Five (#5)", {PAGES: START.replace("1", "5")}, at="2026-05-04T00:00:00Z"),
        Commit("Six (#6)", {"docs/a.md": "a"}, at="2026-05-05T00:00:00Z"),
    ]
    folder = git_repository(tmp_path / "clone", {PAGES: START}, commits)
    with GitRepository(folder) as repository:
        found = measured_changes(
            repository, repository.resolve("HEAD"), since=0, horizon=Horizon(1, FEBRUARY + 100 * DAY)
        )
    assert [(one.measures.fixes, one.measures.fix_commits, one.was_fixed, one.is_hot) for one in found] == [
        (0.0, 0, False, False),
        (1.0, 1, True, True),
        (1.0, 1, False, False),
    ]
