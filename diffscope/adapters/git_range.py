"""The commits of a range, one by one, as a main branch has them."""

from __future__ import annotations

from diffscope.adapters.git import GitRepository
from diffscope.adapters.git_process import run
from diffscope.errors import RepositoryError
from diffscope.source.values import CommitId


def commits_between(repository: GitRepository, base: str, head: str) -> tuple[CommitId, ...]:
    """Return the commits of ``head`` and its first parents that ``base`` does not have, oldest first.

    Raises:
        NotFoundError: one of the two is no commit.
        RepositoryError: the history cannot be read.
    """
    start, end = repository.resolve(base), repository.resolve(head)
    found = run(repository.path, "rev-list", "--first-parent", "--reverse", end, f"^{start}")
    if found.code != 0:
        raise RepositoryError(
            f"git: {found.err.strip()}", at=str(repository.path), hint="fetch what is missing"
        )
    return tuple(CommitId(line) for line in found.out.decode().split())
