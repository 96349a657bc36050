"""Changes out of a clone: by number, commit, range and worktree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diffscope.adapters.changes.checkout import worktree_change
from diffscope.adapters.changes.clone import CloneSource
from diffscope.adapters.changes.sides import read_sides
from diffscope.adapters.git.pull_index import PullIndex
from diffscope.adapters.git.repository import GitRepository
from diffscope.diff.parse import parse_diff
from diffscope.errors import InputError, NotFoundError, RepositoryError
from diffscope.source.model import SourceKind
from diffscope.source.window import week
from tests.builders import Commit, git, git_repository, record, write_files

Open = Callable[[Path], CloneSource]


@pytest.fixture
def source_of(tmp_path: Path) -> Iterator[Open]:
    opened: list[GitRepository] = []

    def open_source(folder: Path) -> CloneSource:
        repository = GitRepository(folder)
        opened.append(repository)
        return CloneSource(repository, PullIndex(repository, tmp_path / "cache"))

    yield open_source
    for repository in opened:
        repository.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return git_repository(
        tmp_path / "clone", {"a.py": "a = 1\n"}, [Commit("[Core] Change (#7)", {"a.py": "a = 2\n"})]
    )


def paths(patch: str) -> list[str]:
    return [file.path for file in parse_diff(patch).files]


def test_a_worktree_without_checked_out_files_is_an_error(tmp_path: Path) -> None:
    """Otherwise every file of the commit would count as deleted; a new file beside them changes nothing of that."""
    git_repository(tmp_path / "whole", {"a.py": "A = 1\n"})
    git(tmp_path, "clone", "--quiet", "--no-checkout", str(tmp_path / "whole"), "bare")
    (tmp_path / "bare" / "new.py").write_text("x = 1\n")
    with (
        GitRepository(tmp_path / "bare") as repository,
        pytest.raises(RepositoryError, match="no file of HEAD is checked out") as caught,
    ):
        worktree_change(repository)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("git -C ")


def test_a_squash_commit_is_found_by_its_number(minivllm: Path, source_of: Open) -> None:
    change = source_of(minivllm).pull(101)
    pull = change.pull
    assert (pull.number, pull.title, pull.author) == (
        101,
        "[Core] Add a priority policy to the scheduler",
        "Grace",
    )
    assert (pull.source, pull.repository) == (SourceKind.CLONE, "vllm-project/vllm")
    assert pull.merged_at == "2026-03-22T16:30:00Z"
    assert pull.url == "https://github.com/vllm-project/vllm/pull/101"
    assert pull.body == (
        "Requests with a lower number run first.\n\nSigned-off-by: Grace <grace@example.org>\n"
        "Co-authored-by: Barbara <barbara@example.org>"
    )
    assert change.gaps == ()
    assert paths(change.patch) == [
        "tests/v1/core/test_scheduler.py",
        "vllm/config/scheduler.py",
        "vllm/v1/core/sched/scheduler.py",
        "vllm/v1/request.py",
    ]


def test_base_and_head_are_full_commit_ids(minivllm: Path, source_of: Open) -> None:
    pull = source_of(minivllm).pull(112).pull
    head = git(minivllm, "rev-parse", "HEAD", "HEAD^").split()
    assert [pull.head, pull.base] == head


def test_every_pull_request_of_the_window_oldest_first(minivllm: Path, source_of: Open) -> None:
    merged = source_of(minivllm).window(week("2026-W13", utc_offset="+08:00"))
    assert [pull.number for pull in merged] == list(range(101, 112))
    assert (merged[1].subject, merged[1].author, merged[1].merged_at) == (
        "[ROCm][Bugfix] Take the AITER backend for a head size of 128 (#102)",
        "Annie",
        "2026-03-23T09:00:00Z",
    )


def test_of_several_commits_with_the_number_the_newest_that_is_no_revert_counts(
    folder: Path, source_of: Open
) -> None:
    record(folder, Commit('Revert "[Core] Change" (#7)', {}, at="2026-04-02T00:00:00Z"))
    write_files(folder, {"a.py": "a = 3\n"})
    again = record(folder, Commit("[Core] Change again (#7)", {}, at="2026-04-03T00:00:00Z"))
    write_files(folder, {"a.py": "a = 2\n"})
    record(folder, Commit('Revert "[Core] Change again" (#7)', {}, at="2026-04-04T00:00:00Z"))
    change = source_of(folder).pull(7)
    assert change.pull.head == again
    (gap,) = change.gaps
    assert gap.what == "metadata"
    assert gap.reason.startswith(
        f"4 commits end in (#7): used {again[:12]}, the newest that is not a revert; not "
    )


def test_a_pull_request_that_reverts_is_found_under_its_own_number(minivllm: Path, source_of: Open) -> None:
    assert (
        source_of(minivllm).pull(110).pull.title
        == 'Revert "[Misc] Use a little more GPU memory by default (#106)"'
    )
    assert source_of(minivllm).pull(106).pull.title == "[Misc] Use a little more GPU memory by default"


@pytest.mark.parametrize(
    "ref", ["refs/pull/9/head", "refs/remotes/origin/pr/9", "refs/remotes/upstream/pull/9/head"]
)
def test_an_open_pull_request_is_compared_with_where_it_left_main(
    folder: Path, source_of: Open, ref: str
) -> None:
    base = git(folder, "rev-parse", "HEAD").strip()
    git(folder, "switch", "--quiet", "-c", "work")
    for number, subject in enumerate(["[Core] Begin", "fix lint"]):
        write_files(folder, {f"new{number}.py": "n = 1\n"})
        tip = record(folder, Commit(subject, {}, author="Radia"))
    git(folder, "switch", "--quiet", "main")
    git(folder, "branch", "--quiet", "-D", "work")
    git(folder, "update-ref", ref, tip)
    write_files(folder, {"main.py": "m = 1\n"})
    record(folder, Commit("[Core] Meanwhile (#8)", {}))
    change = source_of(folder).pull(9)
    assert (change.pull.base, change.pull.head, change.pull.number) == (base, tip, 9)
    assert (change.pull.title, change.pull.body) == ("[Core] Begin", "- [Core] Begin\n- fix lint")
    assert (change.pull.merged_at, change.pull.author) == (None, "Radia")
    assert paths(change.patch) == ["new0.py", "new1.py"]


def test_a_merge_into_the_pull_request_is_not_part_of_it(folder: Path, source_of: Open) -> None:
    git(folder, "switch", "--quiet", "-c", "work")
    write_files(folder, {"mine.py": "n = 1\n"})
    record(folder, Commit("[Core] Mine", {}))
    git(folder, "switch", "--quiet", "main")
    write_files(folder, {"theirs.py": "m = 1\n"})
    record(folder, Commit("[Core] Theirs (#8)", {}))
    git(folder, "switch", "--quiet", "work")
    git(folder, "merge", "--quiet", "-m", "Merge branch 'main'", "main")
    git(folder, "update-ref", "refs/pull/9/head", "work")
    change = source_of(folder).pull(9)
    assert paths(change.patch) == ["mine.py"]
    assert change.pull.title == "[Core] Mine"


def test_a_squash_commit_off_the_main_branch_is_found_on_the_current_one(
    folder: Path, source_of: Open
) -> None:
    git(folder, "switch", "--quiet", "-c", "releases/v1", "HEAD^")
    write_files(folder, {"fix.py": "f = 1\n"})
    record(folder, Commit("[Bugfix] Picked (#5)", {}))
    assert source_of(folder).pull(5).pull.title == "[Bugfix] Picked"


def test_an_unknown_number_is_not_found_with_the_command_that_fetches_it(
    folder: Path, source_of: Open
) -> None:
    with pytest.raises(NotFoundError) as caught:
        source_of(folder).pull(99)
    assert caught.value.message == "pull request 99 is not in this clone"
    assert caught.value.hint == f"fetch it: git -C {folder} fetch origin pull/99/head:refs/pull/99/head"


def test_a_parent_that_a_shallow_clone_lacks_is_said(folder: Path, tmp_path: Path, source_of: Open) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{folder}", "shallow")
    with pytest.raises(RepositoryError, match="history is cut off there") as caught:
        source_of(tmp_path / "shallow").pull(7)
    assert caught.value.hint
    assert "--deepen=1" in caught.value.hint


def test_missing_blobs_are_gaps_and_the_files_stay(folder: Path, tmp_path: Path, source_of: Open) -> None:
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{folder}", "partial")
    change = source_of(tmp_path / "partial").pull(7)
    assert paths(change.patch) == ["a.py"]
    assert [(gap.what, gap.path) for gap in change.gaps] == [("blob", "a.py")]
    with GitRepository(tmp_path / "partial") as repository:
        sides = read_sides(change, parse_diff(change.patch), repository)
    assert [(file.path, file.is_read) for file in sides.files] == [("a.py", False)]


def test_a_commit_is_compared_with_its_first_parent(folder: Path, source_of: Open) -> None:
    change = source_of(folder).commit("HEAD")
    assert (change.pull.number, change.pull.title) == (7, "[Core] Change")
    root = source_of(folder).commit("HEAD^")
    assert (root.pull.base, root.pull.title, root.pull.number, root.pull.merged_at) == (
        None,
        "Start",
        None,
        None,
    )
    assert paths(root.patch) == ["a.py"]


def test_a_range_is_taken_from_the_merge_base_or_tree_against_tree(folder: Path, source_of: Open) -> None:
    git(folder, "switch", "--quiet", "-c", "work", "HEAD^")
    write_files(folder, {"work.py": "w = 1\n"})
    record(folder, Commit("[Core] Work", {}, body="Why."))
    source = source_of(folder)
    change = source.between("main", "work")
    assert paths(change.patch) == ["work.py"]
    assert (change.pull.source, change.pull.title, change.pull.body) == (
        SourceKind.RANGE,
        "[Core] Work",
        "Why.",
    )
    assert paths(source.between("main", "work", is_direct=True).patch) == ["a.py", "work.py"]


@pytest.mark.parametrize(
    ("base", "head", "error"),
    [("main", "main", InputError), ("nowhere", "main", NotFoundError), ("1" * 40, "main", NotFoundError)],
)
def test_a_range_that_makes_no_sense_is_refused(
    folder: Path, source_of: Open, base: str, head: str, error: type
) -> None:
    with pytest.raises(error) as caught:
        source_of(folder).between(base, head)
    assert caught.value.hint


def test_a_range_without_a_common_ancestor_is_refused(folder: Path, source_of: Open) -> None:
    git(folder, "switch", "--quiet", "--orphan", "else")
    record(folder, Commit("unrelated", {}))
    with pytest.raises(RepositoryError, match="no common ancestor") as caught:
        source_of(folder).between("main", "else")
    assert caught.value.hint
    assert "diff --full-index" in caught.value.hint


def test_an_empty_commit_is_refused(folder: Path, source_of: Open) -> None:
    record(folder, Commit("Nothing (#8)", {}))
    with pytest.raises(InputError, match="changes nothing"):
        source_of(folder).pull(8)


def test_both_sides_of_a_pull_request_are_read_from_blobs(minivllm: Path, source_of: Open) -> None:
    change = source_of(minivllm).pull(105)
    with GitRepository(minivllm) as repository:
        sides = read_sides(change, parse_diff(change.patch), repository)
    assert sides.gaps == ()
    before, after = (
        git(minivllm, "show", f"{change.pull.base}:vllm/tool_parsers/llama_tool_parser.py"),
        git(minivllm, "show", f"{change.pull.head}:vllm/tool_parsers/llama3_json_tool_parser.py"),
    )
    renamed = sides.files[1]
    assert renamed.path == "vllm/tool_parsers/llama3_json_tool_parser.py"
    assert (renamed.before, renamed.after) == (before.encode(), after.encode())


# The worktree.


def test_staged_and_unstaged_and_new_files_are_all_there(folder: Path) -> None:
    write_files(
        folder,
        {
            ".gitignore": "*.log\n",
            "a.py": "a = 3\n",
            "staged.py": "s = 1\n",
            "new/b.py": "b = 1\n",
            "skip.log": "no\n",
            "link": "-> a.py",
            "run.sh": "#!/bin/sh\n",
            "bytes.bin": b"\0\1",
        },
    )
    (folder / "run.sh").chmod(0o755)
    git(folder, "add", "staged.py")
    with GitRepository(folder) as repository:
        change = worktree_change(repository)
        diff = parse_diff(change.patch)
        sides = read_sides(change, diff, repository)
    assert [(file.path, file.status.value, file.kind.value, file.new_mode) for file in diff.files] == [
        (".gitignore", "added", "text", "100644"),
        ("a.py", "modified", "text", "100644"),
        ("bytes.bin", "added", "binary", "100644"),
        ("link", "added", "symlink", "120000"),
        ("new/b.py", "added", "text", "100644"),
        ("run.sh", "added", "text", "100755"),
        ("staged.py", "added", "text", "100644"),
    ]
    assert change.pull.source is SourceKind.WORKTREE
    assert (change.pull.title, change.pull.head) == ("Uncommitted changes on main", None)
    assert change.pull.base == git(folder, "rev-parse", "HEAD").strip()
    found = {file.path: (file.before, file.after) for file in sides.files}
    assert found["a.py"] == (b"a = 2\n", b"a = 3\n")
    assert found["new/b.py"] == (None, b"b = 1\n")
    assert sides.gaps == ()


def test_a_worktree_of_a_partial_clone_loses_one_file_only(folder: Path) -> None:
    """A deleted file whose old bytes are missing is named with a gap; the rest is compared."""
    write_files(folder, {"a.py": "a = 3\n", "gone.py": "g = 1\n"})
    git(folder, "add", "gone.py")
    git(folder, "commit", "-qm", "one more")
    blob = git(folder, "rev-parse", "HEAD:gone.py").strip()
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    (folder / "gone.py").unlink()
    with GitRepository(folder) as repository:
        change = worktree_change(repository)
    assert [(file.path, file.kind.value) for file in parse_diff(change.patch).files] == [
        ("a.py", "text"),
        ("gone.py", "binary"),
    ]
    assert [(gap.what, gap.path) for gap in change.gaps] == [("blob", "gone.py")]


def test_the_worktree_is_the_same_seen_from_a_folder_within(folder: Path) -> None:
    write_files(folder, {"sub/x.py": "x = 1\n", "a.py": "a = 3\n"})
    with GitRepository(folder) as top, GitRepository(folder / "sub") as sub:
        assert worktree_change(top).patch == worktree_change(sub).patch
        assert paths(worktree_change(sub).patch) == ["a.py", "sub/x.py"]


def test_a_file_that_was_only_touched_is_no_change(folder: Path) -> None:
    (folder / "a.py").touch()
    with GitRepository(folder) as repository, pytest.raises(InputError, match="the worktree changes nothing"):
        worktree_change(repository)


def test_the_worktree_can_be_compared_with_another_commit(folder: Path) -> None:
    with GitRepository(folder) as repository:
        assert paths(worktree_change(repository, base="HEAD^").patch) == ["a.py"]
        with pytest.raises(NotFoundError):
            worktree_change(repository, base="nowhere")


def test_a_worktree_without_commits_is_all_new(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    write_files(tmp_path, {"a.py": "a = 1\n", "b.py": "b = 1\n"})
    git(tmp_path, "add", "a.py")
    with GitRepository(tmp_path) as repository:
        change = worktree_change(repository)
    assert (paths(change.patch), change.pull.base) == (["a.py", "b.py"], None)


def test_what_cannot_be_read_as_a_new_file_is_a_gap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git_repository(folder / "inner", {"x": "x\n"})
    write_files(folder, {"weights.bin": b"\1" * 100, "b.py": "b = 1\n"})
    monkeypatch.setattr("diffscope.adapters.changes.checkout.LARGEST", 50)
    with GitRepository(folder) as repository:
        change = worktree_change(repository)
    assert paths(change.patch) == ["b.py"]
    assert [(gap.path, gap.reason) for gap in change.gaps] == [
        ("inner/", "not a regular file: a repository inside this one, or a device"),
        ("weights.bin", "a new file of 100 bytes: not read"),
    ]


def test_hostile_names_of_new_files_are_read(folder: Path) -> None:
    names = ["--x.py", "$(x).py", "new\nline.py", ":(top)y.py", "é.py"]
    write_files(folder, dict.fromkeys(names, "x = 1\n"))
    with GitRepository(folder) as repository:
        change = worktree_change(repository)
    assert paths(change.patch) == sorted(names)


def test_a_users_diff_settings_do_not_change_the_patch(folder: Path) -> None:
    write_files(folder, {"a.py": "a = 3\n"})
    with GitRepository(folder) as repository:
        expected = worktree_change(repository).patch
        settings = {
            "diff.noprefix": "true",
            "diff.mnemonicPrefix": "true",
            "diff.external": "false",
            "color.diff": "always",
        }
        for name, value in settings.items():
            git(folder, "config", name, value)
        assert worktree_change(repository).patch == expected


def test_a_bare_repository_has_no_worktree(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(folder), "bare.git")
    with (
        GitRepository(tmp_path / "bare.git") as repository,
        pytest.raises(RepositoryError, match="no worktree"),
    ):
        worktree_change(repository)


@pytest.mark.clone
def test_a_known_pull_request_of_the_real_clone(vllm_clone: Path, source_of: Open) -> None:
    change = source_of(vllm_clone).pull(38450)
    assert change.pull.title == "[ROCm][CI] Fix cross-attention dispatch for encoder-decoder models"
    assert change.pull.merged_at == "2026-03-29T05:08:03Z"
    diff = parse_diff(change.patch)
    with GitRepository(vllm_clone) as repository:
        sides = read_sides(change, diff, repository)
    assert all(file.is_read for file in sides.files)
