"""The past of a clone, mined once and cut at the commit that asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from diffscope.adapters.cache.cache import Cache, open_cache
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.history import history_at
from diffscope.graph.history.history import ChangeHistory
from tests.builders import Commit, git, git_repository, record, write_files

LONG = "def f():\n" + "".join(f"    line_{number} = {number}\n" for number in range(20))
STEPS = [
    Commit("One", {"vllm/a.py": "1\n", "tests/test_a.py": "1\n"}, at="2026-02-01T00:00:00Z"),
    Commit("RemoteSource", {"docs/x.md": "x\n"}, at="2026-02-02T00:00:00Z"),
    Commit("Move", {"vllm/old.py": None, "vllm/new.py": LONG, "tests/test_ü b.py": "1\n"}, at="2026-02-03T00:00:00Z"),
    Commit("Two", {"vllm/a.py": "2\n", "tests/test_b.py": "1\n"}, at="2026-02-04T00:00:00Z"),
]  # fmt: skip
TESTS = frozenset({"tests/test_a.py", "tests/test_b.py", "tests/test_ü b.py", "tests/test_old.py"})


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    files = {"vllm/a.py": "0\n", "vllm/old.py": LONG, "tests/test_old.py": "0\n"}
    return git_repository(tmp_path / "vllm", files, STEPS)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with open_cache(tmp_path / "cache") as opened:
        yield opened


def ask(clone: Path, revision: str, cache: Cache) -> ChangeHistory:
    with GitRepository(clone) as repository:
        return history_at(repository, repository.resolve(revision), cache)


def together(history: ChangeHistory, path: str) -> list[str]:
    return sorted(history.past([path], TESTS).together)


def test_the_past_of_a_commit_ends_with_it(clone: Path, cache: Cache) -> None:
    assert together(ask(clone, "HEAD", cache), "vllm/a.py") == [
        "tests/test_a.py",
        "tests/test_b.py",
        "tests/test_old.py",
    ]
    assert together(ask(clone, "HEAD~1", cache), "vllm/a.py") == ["tests/test_a.py", "tests/test_old.py"]
    assert len(ask(clone, "HEAD~4", cache)) == 1
    assert cache.notes == ()


def test_a_moved_file_keeps_its_past_and_odd_names_are_names(clone: Path, cache: Cache) -> None:
    assert together(ask(clone, "HEAD", cache), "vllm/new.py") == ["tests/test_old.py", "tests/test_ü b.py"]
    assert together(ask(clone, "HEAD~2", cache), "vllm/old.py") == ["tests/test_old.py"]


def test_answers_do_not_depend_on_what_the_cache_holds(clone: Path, tmp_path: Path, cache: Cache) -> None:
    for revision in ("HEAD~3", "HEAD", "HEAD~1", "HEAD~4", "HEAD"):
        with open_cache(is_enabled=False) as none:
            fresh, kept = ask(clone, revision, none), ask(clone, revision, cache)
        for path in ("vllm/a.py", "vllm/new.py", "tests/test_a.py"):
            assert fresh.past([path], TESTS) == kept.past([path], TESTS)
            for each in ({path: 1.0}, {"vllm/a.py": 0.5, path: 0.5}):
                assert fresh.similar(each, "[Core] Move a", TESTS) == kept.similar(
                    each, "[Core] Move a", TESTS
                )


def test_edits_of_every_folder_are_kept_with_their_contents(clone: Path, cache: Cache) -> None:
    """What was renamed went from one path and came to another; git itself names the blobs."""
    history = ask(clone, "HEAD", cache)
    for path in ("docs/x.md", "vllm/a.py", "vllm/old.py", "vllm/new.py"):
        for past, edit in history.edited(path, 30):
            commit = f"HEAD~{3 - past.commit + 1}"
            for revision, blob in ((f"{commit}^", edit.before), (commit, edit.after)):
                listed = git(clone, "ls-tree", revision, "--", path).split()
                assert blob == (listed[2][:16] if listed else "")
    assert [bool(edit.after) for _, edit in history.edited("vllm/old.py", 500)] == [False, True]
    newest = next(edit for _, edit in history.edited("vllm/a.py", 30))
    with GitRepository(clone) as repository:
        read = history_at(repository, repository.resolve("HEAD"), cache).contents(
            [newest.after, "0123456789"]
        )
    assert read == {newest.after: b"2\n"}


def test_newer_commits_are_added(clone: Path, cache: Cache) -> None:
    ask(clone, "HEAD", cache)
    write_files(clone, {"vllm/a.py": "3\n", "tests/test_ü b.py": "2\n"})
    record(clone, Commit("Three", {}, at="2026-02-05T00:00:00Z"))
    assert "tests/test_ü b.py" in together(ask(clone, "HEAD", cache), "vllm/a.py")
    assert "tests/test_ü b.py" not in together(ask(clone, "HEAD~1", cache), "vllm/a.py")


def test_a_branch_has_the_past_of_the_place_where_it_left(clone: Path, cache: Cache) -> None:
    git(clone, "checkout", "--quiet", "-b", "feature", "HEAD~1")
    write_files(clone, {"vllm/a.py": "branch\n", "tests/test_old.py": "branch\n"})
    record(clone, Commit("On a branch", {}, at="2026-02-06T00:00:00Z"))
    assert together(ask(clone, "HEAD", cache), "vllm/a.py") == ["tests/test_a.py", "tests/test_old.py"]
    assert len(ask(clone, "HEAD", cache)) == len(ask(clone, "main~1", cache))


def test_junk_under_its_name_is_mined_anew(clone: Path, cache: Cache) -> None:
    ask(clone, "HEAD", cache)
    cache.put_many("history-4", dict.fromkeys(cache.names("history-4"), b"junk"))
    assert together(ask(clone, "HEAD~1", cache), "vllm/a.py") == ["tests/test_a.py", "tests/test_old.py"]
