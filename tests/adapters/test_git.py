"""The clone reader, over real git repositories of every awkward form."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from diffscope.adapters.git.objects import OPTIONS
from diffscope.adapters.git.process import Outcome, discovery_access
from diffscope.adapters.git.process import run as run_git
from diffscope.adapters.git.repository import GitRepository
from diffscope.diff.parse import parse_diff
from diffscope.errors import NotFoundError, RepositoryError
from diffscope.source.model import BlobId, RepoPath
from tests.builders import Commit, git, git_repository, record, write_files

FILES = {"vllm/__init__.py": "VALUE = 1\n", "vllm/v1/core.py": "def step():\n    pass\n", "README.md": "hi\n"}
CHANGE = Commit("[Core] Step (#7)", {"vllm/v1/core.py": "def step():\n    return 1\n", "README.md": None})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return git_repository(tmp_path / "clone", FILES, [CHANGE])


@pytest.fixture
def repository(folder: Path) -> Iterator[GitRepository]:
    with GitRepository(folder) as opened:
        yield opened


def blob_of(repository: GitRepository, path: str, revision: str = "HEAD") -> BlobId:
    return next(entry.blob for entry in repository.entries(revision) if entry.path == path)


def test_entries_are_every_file_sorted(repository: GitRepository) -> None:
    assert [(entry.path, entry.mode) for entry in repository.entries("HEAD^")] == [
        ("README.md", "100644"),
        ("vllm/__init__.py", "100644"),
        ("vllm/v1/core.py", "100644"),
    ]


def test_blobs_are_read_by_id_and_absent_ones_are_none(repository: GitRepository) -> None:
    here, absent = blob_of(repository, "vllm/__init__.py"), BlobId("1" * 40)
    assert repository.read_blobs([here, absent]) == {here: b"VALUE = 1\n", absent: None}
    assert repository.read_blobs([here]) == {here: b"VALUE = 1\n"}


def test_a_tree_or_commit_is_not_a_blob(repository: GitRepository) -> None:
    commit = BlobId(repository.resolve("HEAD"))
    assert repository.read_blobs([commit]) == {commit: None}


def test_more_blobs_than_fit_in_a_pipe_are_read(tmp_path: Path) -> None:
    files = {f"f{number}.txt": f"{number}\n" * 50 for number in range(900)}
    with GitRepository(git_repository(tmp_path / "many", files)) as repository:
        entries = repository.entries("HEAD")
        found = repository.read_blobs(entry.blob for entry in entries)
    assert {entry.path: found[entry.blob] for entry in entries} == {
        name: text.encode() for name, text in files.items()
    }


def test_a_file_is_read_by_revision_and_path(repository: GitRepository) -> None:
    assert repository.read("HEAD^", RepoPath("README.md")) == b"hi\n"
    assert repository.read("HEAD", RepoPath("README.md")) is None
    assert repository.read("HEAD", RepoPath("vllm")) is None


def test_changed_paths_name_both_blobs(repository: GitRepository) -> None:
    readme, core = repository.changed_paths("HEAD^", "HEAD")
    assert (readme.path, readme.new_blob, readme.new_mode, readme.old_mode) == (
        "README.md",
        None,
        None,
        "100644",
    )
    assert core.path == "vllm/v1/core.py"
    assert core.old_blob == blob_of(repository, "vllm/v1/core.py", "HEAD^")
    assert core.new_blob == blob_of(repository, "vllm/v1/core.py", "HEAD")


def test_tree_ids_change_only_where_files_did(repository: GitRepository) -> None:
    before, after = (repository.tree_ids(rev, ["vllm", "vllm/v1", "csrc"]) for rev in ("HEAD^", "HEAD"))
    assert before.keys() == after.keys() == {"vllm", "vllm/v1"}
    assert before["vllm/v1"] != after["vllm/v1"]


def test_a_commit_is_read_with_its_words_and_times(folder: Path) -> None:
    write_files(folder, {"x": "x\n"})
    record(
        folder,
        Commit(
            "[Misc] A subject\non two lines",
            {},
            body="First.\n\nSecond.",
            author="Åsa",
            at="2026-03-29T05:08:03Z",
        ),
    )
    with GitRepository(folder) as repository:
        info = repository.commit("HEAD")
    assert (info.subject, info.body, info.author) == (
        "[Misc] A subject on two lines",
        "First.\n\nSecond.",
        "Åsa",
    )
    assert info.committed_at == 1774760883
    assert len(info.parents) == 1


@pytest.mark.parametrize(
    "revision", ["nowhere", "--all", "-h", "HEAD\n", "", "HEAD^{tree}", "HEAD:README.md", "a..b", "\x00"]
)
def test_what_names_no_commit_is_not_found(repository: GitRepository, revision: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        repository.resolve(revision)
    assert caught.value.hint


def test_a_commit_that_is_not_here_is_not_found(repository: GitRepository) -> None:
    with pytest.raises(NotFoundError, match="is not in this clone"):
        repository.commit("1" * 40)


def test_merge_base(folder: Path) -> None:
    git(folder, "switch", "--quiet", "-c", "work", "HEAD^")
    tip = record(folder, Commit("work", {}))
    git(folder, "switch", "--quiet", "--orphan", "else")
    record(folder, Commit("unrelated", {}))
    with GitRepository(folder) as repository:
        assert repository.merge_base("main", tip) == repository.resolve("main^")
        assert repository.merge_base("main", "else") is None


def test_the_patch_of_a_root_commit_is_against_the_empty_tree(repository: GitRepository) -> None:
    patch, gaps = repository.patch(None, "HEAD^")
    assert [file.status.value for file in parse_diff(patch).files] == ["added"] * 3
    assert gaps == ()


def test_names_of_every_kind_survive(tmp_path: Path) -> None:
    names = [
        "a b.py",
        "é.py",
        'q"uote.py',
        "tab\t.py",
        "new\nline.py",
        "-dash.py",
        "$(x).py",
        ":(top)x.py",
        "back\\slash.py",
    ]
    folder = git_repository(tmp_path / "clone", {})
    for name in names:
        write_files(folder, {name: f"{name}\n"})
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.py")).write_text("latin\n")
    record(folder, Commit("names", {}))
    with GitRepository(folder) as repository:
        paths = sorted([*names, "caf\\xe9.py"])
        assert [entry.path for entry in repository.entries("HEAD")] == paths
        assert [file.path for file in parse_diff(repository.patch("HEAD^", "HEAD")[0]).files] == paths
        assert [change.path for change in repository.changed_paths("HEAD^", "HEAD")] == paths
        for name in names:
            assert repository.read("HEAD", RepoPath(name)) == f"{name}\n".encode()
        assert repository.read("HEAD", RepoPath("caf\\xe9.py")) == b"latin\n"


def test_a_bare_repository_is_read(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(folder), "bare.git")
    with GitRepository(tmp_path / "bare.git") as repository:
        assert repository.is_bare
        assert repository.top is None
        assert len(repository.entries("HEAD")) == 2


def test_a_worktree_and_its_clone_share_one_folder(folder: Path, tmp_path: Path) -> None:
    git(folder, "worktree", "add", "--quiet", "--detach", str(tmp_path / "side"), "HEAD^")
    with GitRepository(tmp_path / "side") as side, GitRepository(folder / "vllm") as main:
        assert side.common_dir == main.common_dir
        assert side.git_dir != main.git_dir
        assert side.top == tmp_path / "side"
        assert main.top == folder
        assert len(side.entries("HEAD")) == 3


def test_a_folder_inside_a_clone_sees_the_whole_tree(folder: Path) -> None:
    with GitRepository(folder / "vllm" / "v1") as repository:
        assert [entry.path for entry in repository.entries("HEAD")] == ["vllm/__init__.py", "vllm/v1/core.py"]
        assert [file.path for file in parse_diff(repository.patch("HEAD^", "HEAD")[0]).files] == [
            "README.md",
            "vllm/v1/core.py",
        ]
        assert repository.read("HEAD", RepoPath("vllm/__init__.py")) == b"VALUE = 1\n"
        assert repository.tree_ids("HEAD", ["vllm"]).keys() == {"vllm"}


def test_objects_borrowed_from_another_clone_are_read(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--shared", str(folder), "borrowed")
    with GitRepository(tmp_path / "borrowed") as repository:
        assert repository.read("HEAD", RepoPath("vllm/__init__.py")) == b"VALUE = 1\n"


def test_a_repository_of_sha256_ids_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "sha256"
    folder.mkdir()
    git(folder, "init", "--quiet", "--object-format=sha256")
    write_files(folder, {"a.py": "a = 1\n"})
    record(folder, Commit("a", {}))
    with GitRepository(folder) as repository:
        (file,) = parse_diff(repository.patch(None, "HEAD")[0]).files
        assert len(file.new_blob or "") == 64
        assert repository.read_blobs([file.new_blob or BlobId("")]) == {file.new_blob: b"a = 1\n"}


def test_a_shallow_clone_says_so_and_lacks_the_parent(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{folder}", "shallow")
    with GitRepository(tmp_path / "shallow") as repository:
        assert repository.is_shallow
        assert not repository.has_commit(repository.commit("HEAD").parents[0])


@pytest.fixture
def partial(folder: Path, tmp_path: Path) -> Path:
    """A clone that promises blobs which it does not have, and whose origin could still give them."""
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{folder}", "partial")
    return tmp_path / "partial"


def test_a_partial_clone_is_read_without_fetching(partial: Path) -> None:
    packs = sorted((partial / ".git" / "objects" / "pack").iterdir())
    with GitRepository(partial) as repository:
        blobs = [entry.blob for entry in repository.entries("HEAD")]
        assert repository.read_blobs(blobs) == dict.fromkeys(blobs)
        assert repository.read("HEAD", RepoPath("vllm/__init__.py")) is None
        assert [change.path for change in repository.changed_paths("HEAD^", "HEAD")] == [
            "README.md",
            "vllm/v1/core.py",
        ]
    assert sorted((partial / ".git" / "objects" / "pack").iterdir()) == packs


def test_the_patch_of_missing_blobs_names_every_file_and_a_gap_for_each(partial: Path) -> None:
    with GitRepository(partial) as repository:
        patch, gaps = repository.patch("HEAD^", "HEAD")
    files = parse_diff(patch).files
    assert [(file.path, file.status.value, file.kind.value) for file in files] == [
        ("README.md", "deleted", "binary"),
        ("vllm/v1/core.py", "modified", "binary"),
    ]
    assert [(gap.what, gap.path) for gap in gaps] == [("blob", "README.md"), ("blob", "vllm/v1/core.py")]


def test_one_missing_blob_costs_one_file_only(folder: Path) -> None:
    (folder / "vllm" / "v1" / "core.py").unlink()  # else git takes the content from there
    with GitRepository(folder) as repository:
        blob = blob_of(repository, "vllm/v1/core.py")
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with GitRepository(folder) as repository:
        patch, gaps = repository.patch("HEAD^", "HEAD")
        other = blob_of(repository, "vllm/__init__.py")
        assert repository.read_blobs([blob, other]) == {blob: None, other: b"VALUE = 1\n"}
    assert [(file.path, file.kind.value, file.deletions) for file in parse_diff(patch).files] == [
        ("README.md", "text", 1),
        ("vllm/v1/core.py", "binary", 0),
    ]
    assert [(gap.what, gap.path) for gap in gaps] == [("blob", "vllm/v1/core.py")]


def test_a_corrupt_blob_is_missing_and_the_rest_goes_on(folder: Path) -> None:
    with GitRepository(folder) as repository:
        blob, other = (blob_of(repository, path) for path in ("vllm/v1/core.py", "vllm/__init__.py"))
    broken = folder / ".git" / "objects" / blob[:2] / blob[2:]
    broken.chmod(0o644)
    broken.write_bytes(b"not an object")
    with GitRepository(folder) as repository:
        assert repository.read_blobs([blob, other]) == {blob: None, other: b"VALUE = 1\n"}
        assert repository.read_blobs([other, blob]) == {blob: None, other: b"VALUE = 1\n"}


def test_nothing_of_the_users_configuration_runs_or_shows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = GitRepository(folder).patch("HEAD^", "HEAD")
    trap = folder / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {folder}/sprung\nexit 1\n")
    trap.chmod(0o755)
    for name in (
        "diff.external",
        "core.pager",
        "core.fsmonitor",
        "diff.trap.textconv",
        "diff.trap.command",
        "core.editor",
    ):
        git(folder, "config", name, str(trap))
    for name, value in {
        "diff.noprefix": "true",
        "color.ui": "always",
        "diff.renames": "false",
        "core.quotePath": "false",
    }.items():
        git(folder, "config", name, value)
    (folder / ".git" / "info" / "attributes").write_text("*.py diff=trap\n")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(trap))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    monkeypatch.setenv("GIT_PAGER", str(trap))
    monkeypatch.setenv("GIT_TRACE", "1")
    with GitRepository(folder) as repository:
        assert repository.patch("HEAD^", "HEAD") == expected
        repository.commit("HEAD")
        repository.entries("HEAD")
    assert not (folder / "sprung").exists()


def test_nothing_is_written_into_the_clone(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with GitRepository(folder) as repository:
        repository.patch("HEAD^", "HEAD")
        repository.read_blobs(entry.blob for entry in repository.entries("HEAD"))
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.parametrize("name", ["plain", "absent", "file"])
def test_what_is_no_repository_is_refused_with_a_hint(tmp_path: Path, name: str) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(RepositoryError) as caught:
        GitRepository(tmp_path / name)
    assert caught.value.message == ("not a git repository" if name == "plain" else "no such folder")
    assert caught.value.at == str(tmp_path / name)
    assert caught.value.hint == "name a clone: --repo PATH or DIFFSCOPE_REPO"


def test_a_clone_of_another_user_is_refused_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = "fatal: detected dubious ownership in repository at 'x'\nTo add an exception, call:\n\tgit config"
    monkeypatch.setattr("diffscope.adapters.git.repository.run", lambda *_: Outcome(128, b"", says))
    with pytest.raises(RepositoryError, match="belongs to another user") as caught:
        GitRepository(tmp_path)
    assert caught.value.hint == f"git config --global --add safe.directory {tmp_path}"


def test_without_git_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match="git is not installed"):
        run_git(discovery_access(tmp_path), "version")


def test_a_repository_without_commits_has_no_head(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with GitRepository(tmp_path) as repository, pytest.raises(NotFoundError):
        repository.resolve("HEAD")


def test_it_works_after_a_fork(folder: Path) -> None:
    """A worker process that inherits the reader must not share its pipe."""
    with GitRepository(folder) as repository:
        blob = blob_of(repository, "vllm/__init__.py")
        repository.read_blobs([blob])
        child = os.fork()
        if child == 0:
            os._exit(0 if repository.read_blobs([blob]) == {blob: b"VALUE = 1\n"} else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert repository.read_blobs([blob]) == {blob: b"VALUE = 1\n"}


@pytest.mark.clone
def test_every_file_of_the_real_clone_is_read_but_the_two_it_lacks(vllm_clone: Path) -> None:
    with GitRepository(vllm_clone) as repository:
        entries = repository.entries("HEAD")
        found = repository.read_blobs(entry.blob for entry in entries)
    missing = [entry.path for entry in entries if found[entry.blob] is None]
    assert len(entries) > 5000
    assert all(path.startswith("docs/assets/") for path in missing)


@pytest.mark.clone
def test_trees_are_compared_as_git_alone_compares_them(vllm_clone: Path) -> None:
    raw = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev")
    with GitRepository(vllm_clone) as repository:
        newest = repository.resolve("HEAD")
        log = run_git(repository.objects, "log", "--first-parent", "--format=%H", "-n", "151", newest)
        for head, base in pairwise(log.out.decode().split()):
            patch, gaps = repository.patch(base, head)
            alone = run_git(repository.objects, "diff-tree", *OPTIONS, base, head)
            assert gaps or patch == alone.out.decode("utf-8", "backslashreplace"), head
            rows = run_git(repository.objects, "diff-tree", *raw, base, head).out.count(b"\0")
            assert 2 * len(repository.changed_paths(base, head)) == rows, head
