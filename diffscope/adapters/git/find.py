"""Finds the clone of vLLM that is meant when none is named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from diffscope.adapters.git.repository import GitRepository
from diffscope.errors import RepositoryError
from diffscope.source.model import RepoPath

VARIABLE = "DIFFSCOPE_REPO"


def find_repository(
    given: Path | str | None, *, current: Path, environment: Mapping[str, str]
) -> GitRepository | None:
    """Return the clone: ``given``, else the one that ``current`` lies in if it is of vLLM, else ``DIFFSCOPE_REPO``.

    ``None`` where there is none. Raises ``RepositoryError`` where the named one is no git repository. A named one
    need not be of vLLM; one that we merely stand in must have ``vllm/__init__.py``.
    """
    if given is not None:
        return GitRepository(given)
    if (here := _standing_in(current)) is not None:
        return here
    named = environment.get(VARIABLE, "")
    if not named:
        return None
    try:
        return GitRepository(Path(named).expanduser())
    except RepositoryError as error:
        raise RepositoryError(
            f"{VARIABLE} names no usable clone: {error.message}",
            at=error.at,
            hint=error.hint or f"unset {VARIABLE}",
        ) from None


def _standing_in(current: Path) -> GitRepository | None:
    # Walking up by hand saves a process on every start outside a clone.
    if not any(
        (folder / ".git").exists() or (folder / "HEAD").is_file() for folder in (current, *current.parents)
    ):
        return None
    try:
        repository = GitRepository(current)
    except RepositoryError:
        return None
    if is_vllm(repository):
        return repository
    repository.close()
    return None


def is_vllm(repository: GitRepository) -> bool:
    """Say whether the repository holds the ``vllm`` package, in its worktree or at HEAD (with no checkout)."""
    if repository.top is not None and (repository.top / "vllm" / "__init__.py").is_file():
        return True
    head = repository.head()
    return head is not None and repository.read(head, RepoPath("vllm/__init__.py")) is not None
