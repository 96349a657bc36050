"""Where the history of a shallow clone is cut off."""

from __future__ import annotations

import hashlib

from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.read_file import is_there, read_bytes
from diffscope.errors import RepositoryError

_LARGEST = 100_000_000


def boundary_mark(repository: GitRepository) -> str:
    """Return a mark of where a shallow history ends: deepening it adds commits below the same tip. Empty for a whole one."""
    data = _boundary(repository)
    return hashlib.sha256(data).hexdigest() if data else ""


def cut_commits(repository: GitRepository) -> frozenset[str]:
    """Return the commits whose parents are cut off: what they changed is not known, and git shows them as though they made every file."""
    return frozenset(_boundary(repository).decode("ascii", "replace").split())


def cut_off_at(repository: GitRepository, commit: str) -> int | None:
    """Return when the oldest first parent of a commit was committed, in seconds, where history is cut off there; ``None`` where it is whole."""
    cut = cut_commits(repository)
    oldest = _oldest(repository, commit) if cut else ""
    return repository.commit(oldest).committed_at if oldest in cut else None


def first_commit_at(repository: GitRepository, commit: str) -> int | None:
    """Return when the oldest first parent of a commit was committed, in seconds."""
    oldest = _oldest(repository, commit)
    return repository.commit(oldest).committed_at if oldest else None


def _oldest(repository: GitRepository, commit: str) -> str:
    found = run(
        repository.objects, "rev-list", "--first-parent", "--max-parents=0", repository.resolve(commit)
    )
    return next(reversed(found.out.decode().split()), "")


def _boundary(repository: GitRepository) -> bytes:
    if not repository.is_shallow:
        return b""
    file = repository.common_dir / "shallow"
    return read_bytes(file, most=_LARGEST, hint="git fsck", kind=RepositoryError) if is_there(file) else b""
