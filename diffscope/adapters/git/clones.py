"""The remotes of a clone, and which repository it is a clone of.

With it: the clone that is meant when none is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.read_file import is_there, read_bytes
from diffscope.errors import DiffscopeError, RepositoryError
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value

_LARGEST_CONFIGURATION: Final = 4_000_000
_SECTION: Final = lazy_regex(r'\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_URL: Final = lazy_regex(r"\s*url\s*=\s*(.*?)\s*$", re.IGNORECASE)
_LEADS: Final = lazy_regex(
    r"(?:(?:https?|ssh|git)://(?:[^@/\s]+@)?(?P<host>[\w.-]+)(?::\d+)?/|(?:[^@/\s]+@)?(?P<short>[\w.-]+):)"
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}?)(?:\.git)?/?"
)
_FIRST: Final = ("origin", "upstream")


class Remote(Value, frozen=True, kw_only=True):
    """A remote by its name, and the ``owner/repo`` that its address leads to."""

    name: str
    repository: str
    host: str


def repository_of(address: str) -> str | None:
    """Return the ``owner/repo`` that an address leads to; ``None`` for one that is none of a repository on a host."""
    led = _LEADS.fullmatch(address)
    return led["name"] if led else None


def remotes(repository: GitRepository) -> tuple[Remote, ...]:
    """Return the remotes whose address names a repository on a host, ``origin`` and ``upstream`` first.

    Read is the clone's own file of settings and no other: starting git for it would take longer than all the rest.
    """
    file = repository.common_dir / "config"
    try:
        text = (
            read_bytes(file, most=_LARGEST_CONFIGURATION, hint="git config --list").decode("utf-8", "replace")
            if is_there(file)
            else ""
        )
    except (DiffscopeError, OSError):
        return ()
    found: dict[str, Remote] = {}
    section = name = ""
    for line in text.split("\n"):
        if (head := _SECTION.match(line)) is not None:
            section, name = head[1].lower(), head[2] or ""
        elif section == "remote" and name not in found and (written := _URL.match(line)) is not None:
            led = _LEADS.fullmatch(written[1].strip('"'))
            if led is not None:
                host = (led["host"] or led["short"]).lower()
                found[name] = Remote(name=name, repository=led["name"], host=host)
    return tuple(sorted(found.values(), key=lambda each: (each.name not in _FIRST, each.name)))


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
