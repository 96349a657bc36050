"""The index of squash commits: right after every way a branch can move, safe with several processes, never trusted."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from diffscope.adapters.cache import file as cache_file
from diffscope.adapters.git import pull_index as git_index
from diffscope.adapters.git.log import is_revert, pull_number, pull_title, squashes
from diffscope.adapters.git.pull_index import PullIndex
from diffscope.adapters.git.repository import GitRepository
from diffscope.source.window import days, week
from tests.builders import Commit, git, git_repository, record


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    commits = [
        Commit(f"[Core] Change {number} (#{number})", {}, at=f"2026-03-{number:02}T00:00:00Z")
        for number in (1, 2, 3)
    ]
    return git_repository(tmp_path / "clone", {"a": "a\n"}, commits)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def numbers(folder: Path, cache: Path | None) -> list[int]:
    """All numbers that a fresh process would see, newest first."""
    with GitRepository(folder) as repository, PullIndex(repository, cache) as index:
        return [squash.number for squash in index.between(0, 2**40)]


def index_file(cache: Path) -> Path:
    (file,) = (cache / "pulls").glob("*.sqlite")
    return file


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Records which ranges of the log are walked."""
    seen: list[tuple[str, ...]] = []

    def spy(repository: GitRepository, *revisions: str) -> list[object]:
        seen.append(revisions)
        return list(squashes(repository, *revisions))

    monkeypatch.setattr(git_index, "squashes", spy)
    return seen


def test_a_number_is_found_with_what_the_log_says(folder: Path, cache: Path) -> None:
    with GitRepository(folder) as repository, PullIndex(repository, cache) as index:
        (found,) = index.find(2)
        assert index.find(4) == ()
    assert (found.number, found.subject, found.author, found.committed_at) == (
        2,
        "[Core] Change 2 (#2)",
        "Ada",
        1772409600,
    )


def test_the_log_is_walked_once_and_then_only_its_news(
    folder: Path, cache: Path, walks: list[tuple[str, ...]]
) -> None:
    assert numbers(folder, cache) == [3, 2, 1]
    assert numbers(folder, cache) == [3, 2, 1]
    assert len(walks) == 1
    old = git(folder, "rev-parse", "HEAD").strip()
    new = record(folder, Commit("More (#4)", {}, at="2026-03-04T00:00:00Z"))
    assert numbers(folder, cache) == [4, 3, 2, 1]
    assert walks[1:] == [(new, f"^{old}"), (old, f"^{new}")]


def test_a_force_push_takes_out_what_is_gone(folder: Path, cache: Path) -> None:
    numbers(folder, cache)
    git(folder, "reset", "--quiet", "--hard", "HEAD~2")
    record(folder, Commit("Another (#5)", {}, at="2026-03-05T00:00:00Z"))
    assert numbers(folder, cache) == [5, 1]


def test_a_switch_of_branch_changes_nothing_while_main_stands(folder: Path, cache: Path) -> None:
    numbers(folder, cache)
    git(folder, "switch", "--quiet", "-c", "work", "HEAD~2")
    record(folder, Commit("Mine (#9)", {}))
    assert numbers(folder, cache) == [3, 2, 1]


def test_the_index_is_made_anew_when_the_old_tip_is_gone(folder: Path, cache: Path) -> None:
    numbers(folder, cache)
    git(folder, "reset", "--quiet", "--hard", "HEAD~1")
    git(folder, "reflog", "expire", "--expire=now", "--all")
    git(folder, "gc", "--quiet", "--prune=now")
    assert numbers(folder, cache) == [2, 1]


def test_deepening_a_shallow_clone_below_the_same_tip_is_seen(
    folder: Path, tmp_path: Path, cache: Path
) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=2", f"file://{folder}", "shallow")
    assert numbers(tmp_path / "shallow", cache) == [3, 2]
    git(tmp_path / "shallow", "fetch", "--quiet", "--unshallow")
    assert numbers(tmp_path / "shallow", cache) == [3, 2, 1]


def test_the_newest_of_several_main_branches_counts(folder: Path, tmp_path: Path, cache: Path) -> None:
    """A fork's own main is often years old; upstream/main is what was fetched last."""
    git(tmp_path, "clone", "--quiet", str(folder), "fork")
    fork = tmp_path / "fork"
    record(folder, Commit("Later (#6)", {}, at="2026-03-06T00:00:00Z"))
    git(fork, "remote", "add", "upstream", str(folder))
    git(fork, "fetch", "--quiet", "upstream")
    assert numbers(fork, cache) == [6, 3, 2, 1]


def test_two_clones_have_an_index_each(folder: Path, tmp_path: Path, cache: Path) -> None:
    other = git_repository(tmp_path / "other", {}, [Commit("Other (#8)", {})])
    assert numbers(folder, cache) == [3, 2, 1]
    assert numbers(other, cache) == [8]
    assert numbers(folder, cache) == [3, 2, 1]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not a database at all" * 100, id="no database"),
        pytest.param(b"SQLite format 3\x00" + b"\xff" * 4000, id="a database's head on junk"),
    ],
)
def test_a_corrupt_file_is_made_anew(folder: Path, cache: Path, damage: bytes) -> None:
    numbers(folder, cache)
    index_file(cache).write_bytes(damage)
    assert numbers(folder, cache) == [3, 2, 1]
    assert numbers(folder, cache) == [3, 2, 1]
    assert index_file(cache).read_bytes().startswith(b"SQLite format 3\x00")


def test_a_file_cut_in_half_is_made_anew(folder: Path, cache: Path) -> None:
    numbers(folder, cache)
    data = index_file(cache).read_bytes()
    index_file(cache).write_bytes(data[: len(data) // 2])
    assert numbers(folder, cache) == [3, 2, 1]


@pytest.mark.parametrize("version", [0, 1, 99])
def test_a_foreign_database_is_made_anew(folder: Path, cache: Path, version: int) -> None:
    numbers(folder, cache)
    index_file(cache).unlink()
    foreign = sqlite3.connect(index_file_path(folder, cache))
    foreign.execute("CREATE TABLE state (something TEXT)")
    foreign.execute(f"PRAGMA user_version = {version}")
    foreign.close()
    assert numbers(folder, cache) == [3, 2, 1]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param("number", 3, id="a number that the commit does not have"),
        pytest.param('"commit"', "'" + "1" * 40 + "'", id="a commit that is not there"),
        pytest.param('"commit"', "'--upload-pack=x'", id="no commit id at all"),
        pytest.param("committed_at", 5, id="another time"),
    ],
)
def test_a_file_that_lies_is_made_anew(folder: Path, cache: Path, column: str, value: object) -> None:
    numbers(folder, cache)
    liar = sqlite3.connect(index_file(cache))
    liar.execute(f"UPDATE squash SET {column} = {value} WHERE number = 2")
    liar.commit()
    liar.close()
    with GitRepository(folder) as repository, PullIndex(repository, cache) as index:
        assert [(squash.number, squash.subject) for squash in index.between(-1, 2**40)] == [
            (number, f"[Core] Change {number} (#{number})") for number in (3, 2, 1)
        ]
    assert numbers(folder, cache) == [3, 2, 1]


def test_another_projects_remote_does_not_count_beside_our_own(
    folder: Path, tmp_path: Path, cache: Path
) -> None:
    other = git_repository(tmp_path / "other", {}, [Commit("Theirs (#2)", {}, at="2027-01-01T00:00:00Z")])
    git(folder, "fetch", "--quiet", str(other), "main:refs/remotes/ascend/main")
    assert numbers(folder, cache) == [3, 2, 1]
    git(folder, "branch", "-m", "main", "work")
    assert numbers(folder, cache) == [2]


def index_file_path(folder: Path, cache: Path) -> Path:
    with GitRepository(folder) as repository:
        return cache / "pulls" / f"{git_index._key(repository.common_dir)}.sqlite"


def test_without_a_place_to_write_it_still_answers(
    folder: Path, tmp_path: Path, walks: list[tuple[str, ...]]
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the cache folder should be")
    with GitRepository(folder) as repository, PullIndex(repository, blocked) as index:
        assert [squash.number for squash in index.find(3)] == [3]
        assert [squash.number for squash in index.find(1)] == [1]
    assert len(walks) == 1
    assert numbers(folder, None) == [3, 2, 1]


def test_a_locked_file_is_neither_waited_for_long_nor_thrown_away(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers(folder, cache)
    record(folder, Commit("More (#4)", {}, at="2026-03-04T00:00:00Z"))
    monkeypatch.setattr(cache_file, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(cache_file.LOCK_WAIT, "is_lost", False)
    other = sqlite3.connect(index_file(cache), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert numbers(folder, cache) == [4, 3, 2, 1]
    other.execute("ROLLBACK")
    other.close()
    assert numbers(folder, cache) == [4, 3, 2, 1]


@pytest.mark.thorough
def test_several_processes_build_and_read_it_at_once(folder: Path, cache: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from diffscope.adapters.git.repository import GitRepository\n"
        "from diffscope.adapters.git.pull_index import PullIndex\n"
        "with GitRepository(sys.argv[1]) as r, PullIndex(r, Path(sys.argv[2])) as i:\n"
        "    print([s.number for s in i.between(0, 2**40)], [s.number for s in i.find(2)])\n"
    )
    command = [sys.executable, "-c", code, str(folder), str(cache)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=60)[0] for process in started] == ["[3, 2, 1] [2]\n"] * 4


def test_a_repository_without_commits_has_none(tmp_path: Path, cache: Path) -> None:
    git(tmp_path, "init", "--quiet", "new")
    assert numbers(tmp_path / "new", cache) == []


def test_a_week_is_monday_to_sunday_where_the_report_is_written(minivllm: Path, cache: Path) -> None:
    """The first change is committed on Sunday 16:30 UTC, the last two on Sunday 15:59:59 and 16:00:00 UTC."""
    with GitRepository(minivllm) as repository, PullIndex(repository, cache) as index:
        here = week("2026-W13", utc_offset="+08:00")
        assert [squash.number for squash in index.between(here.start, here.end)] == list(range(111, 100, -1))
        utc = days("2026-03-23", "2026-03-29")
        assert [squash.number for squash in index.between(utc.start, utc.end)] == list(range(112, 101, -1))


@pytest.mark.parametrize(
    ("subject", "number", "title"),
    [
        pytest.param("[Core] A change (#123)", 123, "[Core] A change", id="a squash merge"),
        pytest.param("[Core] A change  (#123) ", 123, "[Core] A change", id="blanks around the number"),
        pytest.param('Revert "[Core] A (#1)" (#2)', 2, 'Revert "[Core] A (#1)"', id="a revert has its own number"),
        pytest.param('Revert "[Core] A (#1)"', None, 'Revert "[Core] A (#1)"', id="a revert without a number"),
        pytest.param("Fixes (#12) soon", None, "Fixes (#12) soon", id="a number in the middle"),
        pytest.param("A change (#12) (#13)", 13, "A change (#12)", id="two numbers"),
        pytest.param("A change #12", None, "A change #12", id="no parentheses"),
        pytest.param("A change (#1234567890123)", None, "A change (#1234567890123)", id="more than a number can be"),
    ],
)  # fmt: skip
def test_the_number_is_what_stands_at_the_very_end(subject: str, number: int | None, title: str) -> None:
    assert pull_number(subject) == number
    assert pull_title(subject) == title


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ('Revert "x" (#1)', True),
        ("[Bugfix] Revert x (#1)", True),
        ("revert: x (#1)", True),
        ("[Core] Reverting is hard (#1)", False),
        ("Fix the revert (#1)", False),
    ],
)
def test_what_calls_itself_a_revert(subject: str, *, expected: bool) -> None:
    assert is_revert(subject) is expected


@pytest.mark.clone
def test_weeks_of_the_real_clone_are_those_of_the_published_reports(vllm_clone: Path, cache: Path) -> None:
    with GitRepository(vllm_clone) as repository, PullIndex(repository, cache) as index:
        counts = {
            monday: len(index.between(window.start, window.end))
            for monday, sunday in (
                ("2026-03-23", "2026-03-29"),
                ("2026-04-13", "2026-04-19"),
                ("2026-04-27", "2026-05-03"),
            )
            for window in [days(monday, sunday, utc_offset="+08:00")]
        }
    assert counts == {"2026-03-23": 199, "2026-04-13": 184, "2026-04-27": 174}
