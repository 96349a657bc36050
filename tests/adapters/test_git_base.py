"""The base of a bare patch is a commit that it verifiably fits, or none."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from diffscope.adapters.changes.files import patch_change
from diffscope.adapters.changes.sides import read_sides, with_base
from diffscope.adapters.git.repository import GitRepository
from diffscope.diff.parse import parse_diff
from diffscope.source.model import Change
from tests.builders import Commit, git, git_repository, record, write_files

CODE = "a = 1\nb = 2\nc = 3\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    commits = [
        Commit("two", {"a.py": CODE + "d = 4\n", "gone.py": "g = 1\n"}),
        Commit("three", {"other.py": "o = 1\n"}),
    ]
    return git_repository(tmp_path / "clone", {"a.py": CODE}, commits)


def change_of(folder: Path, *options: str) -> Change:
    write_files(folder, {"a.py": CODE.replace("1", "9") + "d = 4\n", "new.py": "n = 1\n", "gone.py": None})
    git(folder, "add", "--all")
    patch = git(folder, "diff", "--cached", *options)
    git(folder, "reset", "--quiet", "--hard")
    return patch_change(patch.encode())


def based(change: Change, folder: Path) -> Change:
    with GitRepository(folder) as repository:
        return with_base(change, parse_diff(change.patch), repository)


@pytest.mark.parametrize("options", [["--full-index"], ["--abbrev=7"]], ids=["full ids", "abbreviated ids"])
def test_a_patch_of_uncommitted_work_fits_head(folder: Path, options: list[str]) -> None:
    change = based(change_of(folder, *options), folder)
    assert change.pull.base == git(folder, "rev-parse", "HEAD").strip()
    with GitRepository(folder) as repository:
        assert all(file.is_read for file in read_sides(change, parse_diff(change.patch), repository).files)


def test_a_patch_without_ids_fits_where_its_hunks_apply(folder: Path) -> None:
    change = change_of(folder)
    patch = "".join(line for line in change.patch.splitlines(keepends=True) if not line.startswith("index "))
    found = based(msgspec.structs.replace(change, patch=patch), folder)
    assert found.pull.base == git(folder, "rev-parse", "HEAD").strip()


def test_on_another_branch_the_main_branch_is_tried_too(folder: Path) -> None:
    change = change_of(folder)
    git(folder, "switch", "--quiet", "-c", "work", "HEAD~2")
    assert based(change, folder).pull.base == git(folder, "rev-parse", "main").strip()


def test_a_patch_of_a_commit_fits_its_parent(folder: Path) -> None:
    write_files(folder, {"a.py": "a = 5\n"})
    record(folder, Commit("[Core] Change", {}))
    patch = git(folder, "format-patch", "--stdout", "-1")
    write_files(folder, {"a.py": "a = 6\n"})
    record(folder, Commit("later", {}))
    assert based(patch_change(patch.encode()), folder).pull.base == git(folder, "rev-parse", "HEAD~2").strip()


def test_a_patch_that_fits_nothing_has_no_base_and_says_so(folder: Path) -> None:
    change = change_of(folder)
    write_files(folder, {"a.py": "something = else\n"})
    record(folder, Commit("moved on", {}))
    found = based(change, folder)
    assert found.pull.base is None
    assert [gap.reason for gap in found.gaps if gap.what == "base-tree"] == [
        "the patch fits neither HEAD nor the main branch of the clone"
    ]


def test_a_file_that_should_be_new_and_is_there_does_not_fit(folder: Path) -> None:
    change = change_of(folder)
    write_files(folder, {"new.py": "already here\n"})
    record(folder, Commit("same name", {}))
    assert based(change, folder).pull.base is None


def test_a_known_base_stays(folder: Path) -> None:
    change = change_of(folder)
    known = msgspec.structs.replace(change, pull=msgspec.structs.replace(change.pull, base="1" * 40))
    assert based(known, folder) == known
