"""The commits of a range, one by one, as a main branch has them."""

from __future__ import annotations

from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.errors import RepositoryError, UsageError
from diffscope.source.model import CommitId


def commits_between(repository: GitRepository, base: str, head: str) -> tuple[CommitId, ...]:
    """Return the commits of ``head`` and its first parents that ``base`` does not have, oldest first.

    Raises:
        NotFoundError: one of the two is no commit.
        UsageError: the range is turned around.
        RepositoryError: the history cannot be read.
    """
    start, end = repository.resolve(base), repository.resolve(head)
    found = run(repository.objects, "rev-list", "--first-parent", "--reverse", end, f"^{start}")
    if found.code != 0:
        raise RepositoryError(
            f"git: {found.err.strip()}", at=str(repository.path), hint="fetch what is missing"
        )
    listed = tuple(CommitId(line) for line in found.out.decode().split())
    if not listed and start != end:
        raise UsageError(
            f"nothing comes after {base} up to {head}: {head} is the older one",
            hint=f"turn it around: {head}..{base}",
        )
    return listed
