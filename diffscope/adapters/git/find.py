"""Finds the clone that is meant when none is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from diffscope.adapters.git.repository import GitRepository
from diffscope.errors import RepositoryError

VARIABLE = "DIFFSCOPE_REPO"
_OWN = Path(__file__).resolve()


def find_repository(
    given: Path | str | None,
    *,
    current: Path,
    environment: Mapping[str, str],
    is_described: Callable[[GitRepository], bool],
) -> GitRepository | None:
    """Return the clone: ``given``, else the one that ``current`` lies in, else ``DIFFSCOPE_REPO``; ``None`` where there is none.

    The checkout that diffscope itself runs from is not meant unless it is given, nor is one that no profile describes where the
    variable names another. Raises ``RepositoryError`` where the named one is no git repository.
    """
    if given is not None:
        return GitRepository(given)
    here, named = _standing_in(current), environment.get(VARIABLE, "")
    if here is not None and (not named or is_described(here)):
        return here
    if here is not None:
        here.close()
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
    if repository.top is None or not _OWN.is_relative_to(repository.top.resolve()):
        return repository
    repository.close()
    return None
