"""Nothing that a change brings, and no setting of clone, user or machine, decides how it is read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from diffscope.adapters.cache.cache import open_cache
from diffscope.adapters.changes.checkout import worktree_change
from diffscope.adapters.changes.clone import CloneSource
from diffscope.adapters.changes.sides import read_sides
from diffscope.adapters.git.log import squashes
from diffscope.adapters.git.process import GitAccess, Outcome, run
from diffscope.adapters.git.pull_index import PullIndex
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.history import history_at
from diffscope.diff.parse import parse_diff
from diffscope.errors import InputError, RepositoryError
from tests.builders import Commit, git, git_repository, record, write_files
from tests.examples import THOROUGH, one_in

BEFORE, AFTER = "def step():\n    return 1\n", "def step():\n    return 2\n"


def counts(patch: str) -> list[tuple[str, str, int, int]]:
    return [(file.path, file.kind.value, file.additions, file.deletions) for file in parse_diff(patch).files]


def count_of(patch: str, path: str = "vllm/core.py") -> tuple[str, int, int]:
    return next(found[1:] for found in counts(patch) if found[0] == path)


def set_trap(folder: Path) -> Path:
    """Return a program that leaves a mark beside itself when it is run."""
    trap = folder / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch '{folder}/sprung'\ncat\n")
    trap.chmod(0o755)
    return trap


ATTRIBUTES = [
    pytest.param("*.py -diff", id="no difference"),
    pytest.param("*.py binary", id="binary"),
    pytest.param("*.py diff=trap", id="a driver with textconv and a command"),
    pytest.param("*.py filter=trap", id="a filter"),
    pytest.param("*.py text working-tree-encoding=UTF-16", id="an encoding"),
    pytest.param("*.py ident", id="ident"),
    pytest.param("*.py text eol=crlf", id="line ends"),
    pytest.param("*.py -text", id="no text"),
    pytest.param("*.py merge=ours export-subst export-ignore linguist-generated", id="what concerns others"),
    pytest.param("[attr]odd -diff -text\n*.py odd", id="a macro"),
]


# What an attribute does is the same wherever it stands: elsewhere than in the root those do that hide a change or start a program.
PLACED = [("root", each) for each in ATTRIBUTES] + [
    (place, each) for place in ("folder", "clone", "user") for each in (ATTRIBUTES[0], *ATTRIBUTES[2:4])
]


@pytest.mark.parametrize(
    ("place", "attributes"),
    [pytest.param(place, *each.values, id=f"{each.id}, {place}") for place, each in one_in(2, PLACED)],
)
def test_attributes_decide_nothing(
    attributes: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = git_repository(tmp_path / "clone", {"vllm/core.py": BEFORE})
    trap = set_trap(tmp_path)
    write_files(folder, {"vllm/core.py": AFTER})
    record(folder, Commit("Change", {}))
    with (folder / ".git" / "config").open("a") as settings:
        settings.write(f'[diff "trap"]\ntextconv = {trap}\ncommand = {trap}\n')
        settings.write(f'[filter "trap"]\nclean = {trap}\nsmudge = {trap}\nprocess = {trap}\n')
    named = {
        "root": folder / ".gitattributes",
        "folder": folder / "vllm" / ".gitattributes",
        "clone": folder / ".git" / "info" / "attributes",
        "user": tmp_path / "home" / "git" / "attributes",
    }[place]
    named.parent.mkdir(parents=True, exist_ok=True)
    named.write_text(f"{attributes}\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    with GitRepository(folder) as repository:
        assert count_of(repository.patch("HEAD^", "HEAD")[0]) == ("text", 1, 1)
        write_files(folder, {"vllm/core.py": AFTER.replace("2", "3")})
        assert count_of(worktree_change(repository).patch) == ("text", 1, 1)
    assert not (tmp_path / "sprung").exists()


PROGRAMS = [
    *("core.fsmonitor", "core.pager", "core.editor", "core.askPass", "core.sshCommand", "core.alternateRefsCommand"),
    *("diff.external", "gpg.program", "credential.helper", "uploadpack.packObjectsHook", "alias.diff-tree", "pager.log"),
]  # fmt: skip


def test_no_program_of_clone_or_environment_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = git_repository(tmp_path / "clone", {"a.py": BEFORE}, [Commit("Change (#1)", {"a.py": AFTER})])
    trap = set_trap(tmp_path)
    for name in PROGRAMS:
        git(folder, "config", name, str(trap))
    git(folder, "config", "log.showSignature", "true")
    git(folder, "config", "core.hooksPath", str(tmp_path / "hooks"))
    for hook in ("post-index-change", "fsmonitor-watchman", "post-checkout", "pre-commit"):
        (tmp_path / "hooks").mkdir(exist_ok=True)
        (tmp_path / "hooks" / hook).symlink_to(trap)
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_EDITOR", "GIT_ASKPASS", "GIT_SSH", "PAGER", "EDITOR"):
        monkeypatch.setenv(name, str(trap))
    (folder / "a.py").touch()
    write_files(folder, {"b.py": "b = 1\n"})
    with GitRepository(folder) as repository, PullIndex(repository, None) as index:
        source = CloneSource(repository, index)
        source.pull(1)
        source.between("HEAD^", "HEAD")
        worktree_change(repository)
    assert not (tmp_path / "sprung").exists()


VARIABLES: list[Mapping[str, str]] = [
    {"GIT_DIR": "/nowhere"},
    {"GIT_WORK_TREE": "/nowhere"},
    {"GIT_INDEX_FILE": "/nowhere"},
    {"GIT_OBJECT_DIRECTORY": "/nowhere"},
    {"GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nowhere"},
    {"GIT_COMMON_DIR": "/nowhere"},
    {"GIT_NAMESPACE": "odd"},
    {"GIT_ATTR_SOURCE": "HEAD"},
    {"GIT_SHALLOW_FILE": "/nowhere"},
    {"GIT_GRAFT_FILE": "/nowhere"},
    {"GIT_DEFAULT_HASH": "sha256"},
    {"GIT_DIFF_OPTS": "--unified=0"},
    {"GIT_TRACE": "1", "GIT_TRACE2": "1", "GIT_TRACE_SETUP": "1"},
    {"GIT_GLOB_PATHSPECS": "1"},
    {"GIT_CONFIG_PARAMETERS": "'diff.noprefix'='true'"},
    {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.compression", "GIT_CONFIG_VALUE_0": "word"},
    {"GIT_CONFIG_COUNT": "word"},
    {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de", "TZ": "Asia/Tokyo", "COLUMNS": "20"},
]


TOGETHER = {name: value for each in reversed(VARIABLES) for name, value in each.items()}


@pytest.mark.parametrize("variables", VARIABLES if THOROUGH else [TOGETHER], ids=" ".join)
def test_variables_of_the_environment_decide_nothing(
    variables: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = git_repository(tmp_path / "clone", {"a.py": BEFORE}, [Commit("Change", {"a.py": AFTER})])
    write_files(folder, {"a.py": BEFORE})
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with GitRepository(folder) as repository:
        assert counts(repository.patch("HEAD^", "HEAD")[0]) == [("a.py", "text", 1, 1)]
        assert counts(worktree_change(repository).patch) == [("a.py", "text", 1, 1)]


def test_grafts_and_replacements_decide_nothing(tmp_path: Path) -> None:
    later = [Commit(f"Change {number}", {"a.py": f"a = {number}\n"}) for number in (1, 2, 3)]
    folder = git_repository(tmp_path / "clone", {"a.py": "a = 0\n"}, later)
    head, first = git(folder, "rev-parse", "HEAD", "HEAD~3").split()
    with GitRepository(folder) as repository:
        expected = repository.patch("HEAD^", "HEAD")
        git(folder, "replace", head, first)
        git(folder, "replace", f"{head}^{{tree}}", f"{first}^{{tree}}")
        (folder / ".git" / "info" / "grafts").write_text(f"{head} {first}\n")
    with GitRepository(folder) as repository:
        assert repository.patch("HEAD^", "HEAD") == expected
        assert repository.commit("HEAD").subject == "Change 3"
        assert repository.merge_base("HEAD", "HEAD~2") == repository.resolve("HEAD~2")


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0c", "\x1e", "\x01", "\x0b", "\x1c", "\t", "\x1b[31m"])
def test_a_subject_is_one_whatever_stands_in_it(mark: str, tmp_path: Path) -> None:
    folder = git_repository(tmp_path / "clone", {"vllm/a.py": BEFORE})
    git(folder, "switch", "--quiet", "-c", "work")
    subject = f"Fix{mark}it {'0' * 40} 5 x (#7)"
    record(folder, Commit(subject, {}, body="The body."))
    write_files(folder, {"vllm/a.py": AFTER})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--amend", "--no-edit")
    with (
        GitRepository(folder) as repository,
        PullIndex(repository, None) as index,
        open_cache(is_enabled=False) as cache,
    ):
        pull = CloneSource(repository, index).between("main", "work").pull
        assert (pull.number, pull.body, pull.title) == (7, "The body.", subject.removesuffix(" (#7)"))
        assert [found.subject for found in squashes(repository, repository.resolve("work"))] == [subject]
        past = history_at(repository, repository.resolve("work"), cache)
        assert past is not None


def test_many_subjects_are_listed_one_a_commit(tmp_path: Path) -> None:
    folder = git_repository(tmp_path / "clone", {"a.py": BEFORE})
    git(folder, "switch", "--quiet", "-c", "work")
    for number, subject in enumerate(("One\u2028half", "Two\x85half")):
        write_files(folder, {"a.py": f"a = {number}\n"})
        record(folder, Commit(subject, {}))
    with GitRepository(folder) as repository, PullIndex(repository, None) as index:
        pull = CloneSource(repository, index).between("main", "work").pull
    assert (pull.title, pull.body) == ("One\u2028half", "- One\u2028half\n- Two\x85half")


NAMES = [
    *("-x.py", "--output=foo.py", ":(exclude)x.py", ":!y.py", "a\tb.py", 'quo"te.py', "back\\slash.py", "\x1besc.py"),
    *("new\nline.py", "é.py", " blank .py", "*.py", "[a].py", "HEAD", "\u2028.py"),
]  # fmt: skip


def test_odd_names_are_read_as_names(tmp_path: Path) -> None:
    folder = git_repository(
        tmp_path / "clone", {"z.py": BEFORE}, [Commit("Add (#1)", dict.fromkeys(NAMES, BEFORE))]
    )
    git(folder, "config", "core.quotePath", "false")
    with GitRepository(folder) as repository:
        change = repository.patch("HEAD^", "HEAD")[0]
        assert sorted(path for path, *_ in counts(change)) == sorted(NAMES)
        assert {
            str(repository.read("HEAD", path.path)) for path in repository.changed_paths("HEAD^", "HEAD")
        } == {str(BEFORE.encode())}
        write_files(folder, dict.fromkeys(NAMES, AFTER))
        assert sorted(counts(worktree_change(repository).patch)) == sorted(
            (name, "text", 1, 1) for name in NAMES
        )


def write_commit(folder: Path, header: bytes, message: bytes) -> str:
    """Store a commit of HEAD's tree, as odd as it may be, and return its id."""
    tree, parent = git(folder, "rev-parse", "HEAD^{tree}", "HEAD~1").split()
    data = f"tree {tree}\nparent {parent}\n".encode() + header + b"\n\n" + message
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=folder, input=data, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.decode().strip()


COMMITS = [
    pytest.param(b"author  <> 1 +0000\ncommitter  <> 1 +0000", b"S\n\nB", "", "S", 1, id="without a name"),
    pytest.param(b"author A <a@b> 99999999999999999999 +0000\ncommitter A <a@b> 99999999999999999999 +0000", b"S", "A", "S", 253402300799, id="after the calendar"),
    pytest.param(b"author A <a@b> -5 +9999\ncommitter A <a@b> -5 +9999", b"S", "A", "S", 0, id="before 1970"),
    pytest.param(b"author nonsense\ncommitter nonsense", b"S", "", "S", 0, id="without a date"),
    pytest.param("author Å <a@b> 5 +0000\ncommitter Å <a@b> 5 +0000\nencoding ISO-8859-1".encode("latin-1"), "Ü".encode("latin-1"), "Å", "Ü", 5, id="latin-1"),
    pytest.param(b"author A <a@b> 5 +0000\ncommitter A <a@b> 5 +0000\nencoding rot13", b"S", "A", "S", 5, id="an encoding of no text"),
    pytest.param(b"author A <a@b> 5 +0000\ncommitter A <a@b> 5 +0000\nencoding idna", b"S", "A", "S", 5, id="an encoding that refuses"),
]  # fmt: skip


@pytest.mark.parametrize(("header", "message", "author", "subject", "at"), COMMITS)
def test_odd_commits_are_read(
    header: bytes, message: bytes, author: str, subject: str, at: int, tmp_path: Path
) -> None:
    folder = git_repository(
        tmp_path / "clone", {"vllm/a.py": BEFORE}, [Commit("Change", {"vllm/a.py": AFTER})]
    )
    name = write_commit(folder, header, message)
    with (
        GitRepository(folder) as repository,
        PullIndex(repository, None) as index,
        open_cache(is_enabled=False) as cache,
    ):
        info = repository.commit(name)
        assert (info.author, info.subject, info.committed_at) == (author, subject, at)
        assert counts(CloneSource(repository, index).commit(name).patch) == [("vllm/a.py", "text", 1, 1)]
        assert squashes(repository, name) == []
        history_at(repository, info.commit, cache)


def test_a_clone_with_sha256_ids_is_read_as_any_other(tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    write_files(folder, {"a.py": BEFORE, ".gitattributes": "*.py -diff\n"})
    record(folder, Commit("Start", {}))
    write_files(folder, {"a.py": AFTER, "b.py": "b = 1\n"})
    with GitRepository(folder) as repository:
        change = worktree_change(repository)
        sides = read_sides(change, parse_diff(change.patch), repository)
        first = repository.patch(None, "HEAD")[0]
    assert counts(change.patch) == [("a.py", "text", 1, 1), ("b.py", "text", 1, 0)]
    assert [side.after for side in sides.files] == [AFTER.encode(), b"b = 1\n"]
    assert counts(first) == [(".gitattributes", "text", 1, 0), ("a.py", "text", 2, 0)]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away"
)
def test_a_clone_of_another_user_is_read_where_the_user_calls_it_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = git_repository(tmp_path / "clone", {"a.py": BEFORE}, [Commit("Change", {"a.py": AFTER})])
    for path in (folder, folder / ".git"):
        os.chown(path, 12345, 12345)
    for name in ("SUDO_UID", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_COUNT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(RepositoryError, match="belongs to another user"):
        GitRepository(folder)
    (tmp_path / ".gitconfig").write_text(f"[safe]\n\tdirectory = {folder}\n[diff]\n\tnoprefix = true\n")
    with GitRepository(folder) as repository:
        assert counts(repository.patch("HEAD^", "HEAD")[0]) == [("a.py", "text", 1, 1)]
        write_files(folder, {"a.py": BEFORE})
        assert counts(worktree_change(repository).patch) == [("a.py", "text", 1, 1)]


@pytest.mark.parametrize(
    ("name", "value"), [("core.compression", "word"), ("extensions.odd", "true"), ("core.bare", "word")]
)
def test_settings_under_which_git_refuses_a_clone_are_an_error(name: str, value: str, tmp_path: Path) -> None:
    folder = git_repository(tmp_path / "clone", {"a.py": BEFORE})
    if name.startswith("extensions"):
        git(folder, "config", "core.repositoryFormatVersion", "1")
    git(folder, "config", name, value)
    with pytest.raises(RepositoryError) as caught:
        GitRepository(folder).resolve("HEAD")
    assert caught.value.message.startswith("git: ")
    assert caught.value.hint


def line_ends(folder: Path, end: bytes) -> None:
    for path in folder.glob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", end))


@pytest.mark.parametrize("how", ["core.autocrlf", "core.eol", "attribute"])
def test_a_checkout_with_crlf_is_compared_as_it_would_be_committed(how: str, tmp_path: Path) -> None:
    attributes = {"core.autocrlf": "", "core.eol": "* text=auto\n", "attribute": "*.py text eol=crlf\n"}[how]
    origin = git_repository(
        tmp_path / "origin", {"a.py": BEFORE, "b.py": BEFORE, ".gitattributes": attributes}
    )
    setting = {
        "core.autocrlf": "core.autocrlf=true",
        "core.eol": "core.eol=crlf",
        "attribute": "core.autocrlf=false",
    }[how]
    git(tmp_path, "-c", setting, "clone", "-q", "-c", setting, str(origin), "clone")
    folder = tmp_path / "clone"
    assert (folder / "a.py").read_bytes() == BEFORE.replace("\n", "\r\n").encode()
    (folder / "b.py").touch()
    with GitRepository(folder) as repository:
        with pytest.raises(InputError, match="the worktree changes nothing"):
            worktree_change(repository)
        (folder / "a.py").write_bytes(AFTER.replace("\n", "\r\n").encode())
        assert counts(worktree_change(repository).patch) == [("a.py", "text", 1, 1)]


def test_a_file_that_gets_crlf_is_changed_whole(tmp_path: Path) -> None:
    folder = git_repository(tmp_path / "clone", {"a.py": BEFORE, "b.py": BEFORE})
    git(folder, "config", "core.autocrlf", "true")
    (folder / "a.py").write_bytes(BEFORE.replace("\n", "\r\n").encode())
    with GitRepository(folder) as repository:
        assert counts(worktree_change(repository).patch) == [("a.py", "text", 2, 2)]


def test_a_checkout_through_a_filter_is_compared_without_it(tmp_path: Path) -> None:
    folder = git_repository(
        tmp_path / "clone",
        {"a.txt": "pointer\n", "b.txt": "pointer\n", ".gitattributes": "*.txt filter=big\n"},
    )
    git(folder, "config", "filter.big.smudge", "echo large; cat")
    git(folder, "config", "filter.big.clean", "echo pointer")
    for name in ("a.txt", "b.txt"):
        (folder / name).unlink()
    git(folder, "checkout", "--", ".")
    assert (folder / "a.txt").read_text() == "large\npointer\n"
    with GitRepository(folder) as repository:
        with pytest.raises(InputError, match="the worktree changes nothing"):
            worktree_change(repository)
        (folder / "a.txt").write_text("larger\npointer\n")
        change = worktree_change(repository)
    assert [path for path, *_ in counts(change.patch)] == ["a.txt"]
    assert [(gap.path, gap.reason) for gap in change.gaps] == [
        ("a.txt", "it was checked out through a filter, which is not run")
    ]


def test_what_the_index_says_of_files_decides_nothing(tmp_path: Path) -> None:
    """Files that the user has hidden from git are compared; files that a sparse checkout leaves out are unchanged."""
    folder = git_repository(tmp_path / "clone", {"a.py": BEFORE, "b.py": BEFORE, "c.py": BEFORE})
    git(folder, "update-index", "--assume-unchanged", "a.py")
    git(folder, "update-index", "--skip-worktree", "b.py", "c.py")
    write_files(folder, {"a.py": AFTER, "b.py": None, "c.py": AFTER})
    with GitRepository(folder) as repository:
        assert [path for path, *_ in counts(worktree_change(repository).patch)] == ["a.py", "c.py"]


def test_modes_and_kinds_of_files_are_those_of_the_file_system(tmp_path: Path) -> None:
    files = {"a.sh": "echo\n", "b.py": BEFORE, "link": "-> b.py", "gone/x.py": BEFORE}
    folder = git_repository(tmp_path / "clone", files)
    git(folder, "config", "core.fileMode", "false")
    git(folder, "config", "core.symlinks", "false")
    (folder / "a.sh").chmod(0o755)
    (folder / "link").unlink()
    (folder / "gone" / "x.py").unlink()
    (folder / "gone").rmdir()
    write_files(folder, {"link": "b.py", "gone": "now a file\n"})
    with GitRepository(folder) as repository:
        found = parse_diff(worktree_change(repository).patch).files
    told = [(file.path, file.old_mode, file.new_mode) for file in found]
    assert ("a.sh", "100644", "100755") in told
    assert {"link", "gone", "gone/x.py"} <= {path for path, *_ in told}


def test_an_index_without_times_is_read_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that lists its index in another form costs time, not the answer."""
    folder = git_repository(tmp_path / "clone", {"a.py": BEFORE, "b.py": BEFORE, "c.py": BEFORE})
    write_files(folder, {"a.py": AFTER})
    (folder / "c.py").write_bytes(BEFORE.replace("\n", "\r\n").encode())

    def other_form(access: GitAccess, *arguments: str, given: bytes = b"") -> Outcome:
        found = run(access, *arguments, given=given)
        return (
            found._replace(out=found.out.replace(b"  ctime", b"  changed"))
            if "--debug" in arguments
            else found
        )

    monkeypatch.setattr("diffscope.adapters.changes.checkout.run", other_form)
    with GitRepository(folder) as repository:
        assert counts(worktree_change(repository).patch) == [("a.py", "text", 1, 1)]


def test_a_pipe_in_the_place_of_a_file_is_a_gap(tmp_path: Path) -> None:
    folder = git_repository(tmp_path / "clone", {"a.py": BEFORE, "b.py": BEFORE})
    (folder / "a.py").unlink()
    os.mkfifo(folder / "a.py")
    write_files(folder, {"b.py": AFTER})
    with GitRepository(folder) as repository:
        change = worktree_change(repository)
    assert counts(change.patch) == [("b.py", "text", 1, 1)]
    assert [(gap.path, gap.reason) for gap in change.gaps] == [("a.py", "not a regular file")]


def test_uncommitted_bytes_that_are_no_utf8_are_had_on_both_sides(tmp_path: Path) -> None:
    folder = git_repository(tmp_path / "clone", {"a.py": b"a = '\xe5'\n"})
    write_files(folder, {"a.py": b"a = '\xe4'\n"})
    with GitRepository(folder) as repository:
        change = worktree_change(repository)
        sides = read_sides(change, parse_diff(change.patch), repository)
    assert [(side.before, side.after) for side in sides.files] == [(b"a = '\xe5'\n", b"a = '\xe4'\n")]


def test_a_file_moved_but_not_added_yet_is_moved(tmp_path: Path) -> None:
    folder = git_repository(tmp_path / "clone", {"a.py": BEFORE * 5})
    (folder / "a.py").rename(folder / "b.py")
    with GitRepository(folder) as repository:
        (file,) = parse_diff(worktree_change(repository).patch).files
    assert (file.path, file.old_path, file.status.value) == ("b.py", "a.py", "renamed")
