"""Which clone is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.adapters.config.profiles import find_clone
from diffscope.errors import RepositoryError
from tests.builders import git, git_repository

VLLM = {"vllm/__init__.py": "", "vllm/v1/core.py": ""}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return git_repository(tmp_path / "vllm", VLLM)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return git_repository(tmp_path / "other", {"README.md": "another project\n"})


def found(given: Path | None, current: Path, **environment: str) -> Path | None:
    repository = find_clone(given, current=current, environment=environment)
    if repository is None:
        return None
    with repository:
        return repository.path


def test_the_named_one_wins_even_if_it_is_not_of_vllm(clone: Path, other: Path) -> None:
    assert found(other, clone, DIFFSCOPE_REPO=str(clone)) == other


def test_the_one_that_we_stand_in_comes_next(clone: Path, other: Path) -> None:
    assert found(None, clone / "vllm" / "v1", DIFFSCOPE_REPO=str(other)) == clone / "vllm" / "v1"


def test_standing_in_what_no_profile_describes_counts_where_the_variable_names_none(
    clone: Path, other: Path
) -> None:
    assert found(None, other, DIFFSCOPE_REPO=str(clone)) == clone
    assert found(None, other) == other
    (other / "diffscope.yml").touch()
    assert found(None, other, DIFFSCOPE_REPO=str(clone)) == other


def test_the_checkout_that_diffscope_runs_from_is_not_meant() -> None:
    assert found(None, Path(__file__).parent) is None


def test_a_clone_without_a_checkout_counts(clone: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--no-checkout", str(clone), "unchecked")
    git(tmp_path, "clone", "--quiet", "--bare", str(clone), "bare.git")
    assert found(None, tmp_path / "unchecked") == tmp_path / "unchecked"
    assert found(None, tmp_path / "bare.git") == tmp_path / "bare.git"


def test_nowhere_is_none(tmp_path: Path) -> None:
    assert found(None, tmp_path) is None
    assert found(None, tmp_path, DIFFSCOPE_REPO="") is None


def test_a_named_folder_that_is_no_clone_is_an_error(tmp_path: Path, clone: Path) -> None:
    with pytest.raises(RepositoryError, match="not a git repository"):
        found(tmp_path, clone)


def test_a_variable_that_names_no_clone_is_an_error_that_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="DIFFSCOPE_REPO names no usable clone: no such folder"):
        found(None, tmp_path, DIFFSCOPE_REPO=str(tmp_path / "gone"))
