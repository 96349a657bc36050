"""Who wrote what a fix takes away, and which changes were fixed in time, in a small repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from diffscope.adapters.cache.cache import Cache, open_cache
from diffscope.adapters.changes.clone import CloneSource
from diffscope.adapters.git.later_fixes import FollowUp, Horizon, blame_fix, follow
from diffscope.adapters.git.pull_index import PullIndex
from diffscope.adapters.git.repository import GitRepository
from diffscope.source.model import CommitId, MergedPull
from diffscope.source.window import Window
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


class History(NamedTuple):
    repository: GitRepository
    merged: tuple[MergedPull, ...]
    cache: Cache

    def commit(self, number: int) -> CommitId:
        return next(each.commit for each in self.merged if each.number == number)

    def follow(self, numbers: list[int], *, within: int = 30, as_of: int = FEBRUARY + 90 * DAY) -> list[int]:
        found = self.followed(numbers, within=within, as_of=as_of)
        return sorted(each.number for each in self.merged if each.commit in found.fixed)

    def followed(self, numbers: list[int], *, within: int = 30, as_of: int = FEBRUARY + 90 * DAY) -> FollowUp:
        times = {
            self.commit(number): self.repository.commit(self.commit(number)).committed_at
            for number in numbers
        }
        horizon = Horizon(within, as_of)
        return follow(self.repository, times, self.merged, horizon=horizon, cache=self.cache)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    folder = git_repository(tmp_path / "clone", {PAGES: START}, COMMITS)
    with GitRepository(folder) as repository, open_cache(tmp_path / "cache") as cache:
        source = CloneSource(repository, PullIndex(repository, None))
        yield History(repository, source.window(Window(start=0, end=2_000_000_000)), cache)


def test_a_fix_is_laid_to_whoever_wrote_its_lines(history: History) -> None:
    """#5 replaces the line of #4, #6 the line of #2; nobody else is meant."""
    assert blame_fix(history.repository, history.commit(5), since=0).commits == (history.commit(4),)
    assert blame_fix(history.repository, history.commit(6), since=0).commits == (history.commit(2),)


def test_only_changes_fixed_in_time_count(history: History) -> None:
    """#4 was fixed after a day, #2 after 46, #1 by no fix; a change that is no fix fixes nothing."""
    assert history.follow([1, 2, 3, 4]) == [4]
    assert history.follow([1, 2, 3, 4], within=60) == [2, 4]


def test_nothing_after_the_horizon_is_known(history: History) -> None:
    """A change whose days are not over is not followed; a fix merged later is not seen."""
    at_the_time = history.followed([1, 2, 3, 4], within=30, as_of=FEBRUARY + 33 * DAY)
    assert at_the_time.over == {history.commit(1), history.commit(2), history.commit(3)}
    assert not at_the_time.fixed
    assert not history.followed([4], as_of=FEBRUARY).over


def test_an_interrupted_run_goes_on(history: History) -> None:
    """What was blamed before the interrupt is not blamed again, and the answer is that of a run without one."""
    times = {history.commit(number): FEBRUARY + number * DAY - DAY for number in (1, 2, 3, 4)}
    horizon = Horizon(60, FEBRUARY + 90 * DAY)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow(
            history.repository,
            times,
            history.merged,
            horizon=horizon,
            cache=history.cache,
            progress=interrupt,
        )
    kept = history.cache.names("blame-2")
    assert len(kept) == 1
    seen: list[tuple[int, int]] = []
    again = follow(
        history.repository,
        times,
        history.merged,
        horizon=horizon,
        cache=history.cache,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 2), (2, 2)]
    assert again.fixed == {history.commit(2), history.commit(4)}
    assert set(kept) < set(history.cache.names("blame-2"))


def test_a_kept_answer_is_used(history: History) -> None:
    """A second run asks git for no blame: it gives what the cache says, which here is another truth."""
    history.follow([4])
    (name,) = history.cache.names("blame-2")
    history.cache.put_many("blame-2", {name: b"\x81\xa7commits\x90"})
    assert history.follow([4]) == []
    history.cache.put_many("blame-2", {name: b"damaged"})
    assert history.follow([4]) == [4]


def test_blank_lines_comments_and_other_files_lay_nothing(tmp_path: Path) -> None:
    """A fix of a comment, of a test and of a blank line blames nobody."""
    before = {PAGES: "# size\n\nx = 1\n", "tests/test_pages.py": "assert 1\n"}
    after = {PAGES: "# the size\nx = 1\n", "tests/test_pages.py": "assert 2\n"}
    folder = git_repository(
        tmp_path / "clone", {}, [Commit("One (#1)", before), Commit("[Bugfix] Two (#2)", after)]
    )
    with GitRepository(folder) as repository:
        found = blame_fix(repository, repository.resolve("HEAD"), since=0)
    assert (found.commits, found.gaps) == ((), ())


def test_renamed_files_are_blamed_by_their_old_name(tmp_path: Path) -> None:
    """The lines are at the fix's parent, where the file has its old name; a name with a space and an umlaut is a name."""
    text = "".join(f"x{number} = {number}\n" for number in range(20))
    old, new = "vllm/alte Größe.py", "vllm/size.py"
    commits = [
        Commit("One (#1)", {old: text}),
        Commit("Two (#2)", {old: text.replace("x3 = 3", "x3 = 4")}),
        Commit("[Bugfix] Three (#3)", {old: None, new: text}),
    ]
    folder = git_repository(tmp_path / "clone", {}, commits)
    with GitRepository(folder) as repository:
        found = blame_fix(repository, repository.resolve("HEAD"), since=0)
        assert found.commits == (repository.resolve("HEAD^"),)


def test_missing_blobs_are_gaps(tmp_path: Path) -> None:
    """A file whose content the clone does not have is said to be unread, and the others are blamed."""
    other = "vllm/core/other.py"
    commits = [
        Commit("One (#1)", {PAGES: "x = 2\n", other: "y = 2\n"}),
        Commit("[Bugfix] Two (#2)", {PAGES: "x = 3\n", other: "y = 3\n"}),
    ]
    folder = git_repository(tmp_path / "clone", {PAGES: "x = 1\n", other: "y = 1\n"}, commits)
    blob = git(folder, "rev-parse", f"HEAD^:{PAGES}").strip()
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with GitRepository(folder) as repository:
        found = blame_fix(repository, repository.resolve("HEAD"), since=0)
        assert found.commits == (repository.resolve("HEAD^"),)
    assert [(gap.what, gap.path) for gap in found.gaps] == [("blob", PAGES)]


def test_the_first_commit_blames_nobody(tmp_path: Path) -> None:
    """There is nothing before it."""
    folder = git_repository(tmp_path / "clone", {PAGES: START})
    with GitRepository(folder) as repository:
        assert blame_fix(repository, repository.resolve("HEAD"), since=0).commits == ()
