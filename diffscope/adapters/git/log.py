"""The history of a clone: squash commits, the main branch, logins of authors, where a shallow clone is cut off."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from diffscope.adapters.git.objects import seconds
from diffscope.adapters.git.process import run, unreadable
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.read_file import is_there, read_bytes
from diffscope.errors import DiffscopeError, RepositoryError
from diffscope.patterns import lazy_regex
from diffscope.source.model import CommitId, Value
from diffscope.source.text import split_lines

_LARGEST = 100_000_000


def boundary_mark(repository: GitRepository) -> str:
    """Return a mark of where a shallow history ends: deepening it adds commits below the same tip. Empty for a whole one."""
    data = _boundary(repository)
    return hashlib.sha256(data).hexdigest() if data else ""


def clone_mark(repository: GitRepository) -> str:
    """Return a mark of what a clone has: its tags, the packs of its objects and where its history is cut off."""
    tags = run(repository.refs, "for-each-ref", "refs/tags").out
    packs = sorted(path.name for path in (repository.common_dir / "objects" / "pack").glob("*.pack"))
    told = (tags, "\0".join(packs).encode(), _boundary(repository))
    return hashlib.sha256(b"\0\0".join(told)).hexdigest()


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


def newest_times(repository: GitRepository, tip: str, count: int) -> tuple[int, ...]:
    """Return when the newest first parents of a tip were committed, in seconds."""
    found = run(repository.objects, "log", "--first-parent", f"--max-count={count}", "--format=%ct", tip)
    return tuple(seconds(time) for time in found.out.decode().split())


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


_NO_REPLY = lazy_regex(r"(?:\d+\+)?([A-Za-z0-9-]+(?:\[bot\])?)@users\.noreply\.github\.com", re.IGNORECASE)


def logins_of(repository: GitRepository, commits: Iterable[CommitId]) -> dict[str, str]:
    """Return author name -> login for authors whose commits carry GitHub's no-reply address."""
    found: dict[str, str] = {}
    for info in repository.commits(commits).values():
        match = _NO_REPLY.fullmatch(info.author_email) if info is not None else None
        if info is not None and match is not None and info.author:
            found[info.author] = match[1]
    return found


_ANYBODYS = ("refs/remotes/*",)
_NUMBER = lazy_regex(r"\(#(\d{1,9})\)\s*$")
_REVERT = lazy_regex(r"\s*(?:\[[^\]]*\]\s*)*(?:revert\b|back out\b)", re.IGNORECASE)


class Squash(NamedTuple):
    """One squash commit. ``committed_at`` is in seconds since the epoch."""

    number: int
    commit: str
    committed_at: int
    author: str
    subject: str


def pull_number(subject: str) -> int | None:
    """Return N where ``subject`` ends in ``(#N)``, as GitHub writes it on a squash merge."""
    match = _NUMBER.search(subject)
    return int(match[1]) if match else None


def pull_title(subject: str) -> str:
    """Return ``subject`` without the ``(#N)`` at its end: the pull request's title."""
    return _NUMBER.sub("", subject).rstrip()


def is_revert(subject: str) -> bool:
    """Say whether ``subject`` calls itself a revert."""
    return _REVERT.match(subject) is not None


_RELEASE: Final = lazy_regex(r"v?\d+(?:\.\d+)+(?:\.?post\d+)?")


def main_tip(repository: GitRepository) -> str | None:
    """Return the newest commit of a main branch, local or of a remote; else HEAD; else ``None``.

    Newest by committer date: the ``main`` of a fork often lies years behind its ``upstream/main``. A remote of
    another name counts only where there is no other: it may be a project of its own, with numbers of its own.
    """
    ours = ("refs/heads", *(f"refs/remotes/{name}" for name in ("origin", "upstream", *_forks(repository))))
    for places in (ours, _ANYBODYS):
        form = "--format=%(committerdate:unix) %(objectname)"
        names = [f"{place}/{name}" for place in places for name in ("main", "master")]
        found = run(repository.refs, "for-each-ref", form, *names)
        if found.code != 0:
            raise unreadable(repository.path, found)
        rows = [line.split() for line in split_lines(found.out.decode("utf-8", "replace"))]
        if tips := [(int(row[0]), row[1]) for row in rows if len(row) == 2 and row[0].isdigit()]:
            return max(tips)[1]
    return repository.head()


def first_release(repository: GitRepository, commit: str) -> str:
    """Return the oldest tag of a release, no candidate, that has a commit; nothing where the clone has none."""
    found = run(repository.refs, "tag", "--contains", commit, "--sort=creatordate")
    return next(filter(_RELEASE.fullmatch, split_lines(found.out.decode("utf-8", "replace"))), "")


def _forks(repository: GitRepository) -> list[str]:
    """Return the remotes that lead to a repository of the same name as the first one does: forks of it, or what it is a fork of."""
    known = [(each.name, each.repository.rpartition("/")[2].lower()) for each in remotes(repository)]
    return [name for name, called in known if called == known[0][1]]


def squashes(repository: GitRepository, *revisions: str) -> list[Squash]:
    """Return the squash commits that ``git log REVISIONS`` reaches, newest first. Raises ``RepositoryError``."""
    found = run(repository.objects, "log", "-z", "--format=%H%n%ct%n%an%n%s", "--end-of-options", *revisions)
    if found.code != 0:
        raise unreadable(repository.path, found)
    rows = (row.split("\n", 3) for row in found.out.decode("utf-8", "replace").split("\0") if row)
    return [
        Squash(number=number, commit=commit, committed_at=seconds(at), author=author, subject=subject)
        for commit, at, author, subject in rows
        if (number := pull_number(subject)) is not None
    ]


def merges(
    repository: GitRepository, *revisions: str, most: int, has_paths: bool, since: int = 0
) -> list[tuple[Squash, tuple[str, ...]]]:
    """Return at most so many squash commits of a first-parent history, newest first, each with the paths that it touched if they are wanted.

    ``since`` is in seconds since the epoch. A path that git quotes stands quoted. Raises ``RepositoryError``.
    """
    options = ("--name-only",) if has_paths else ("--no-patch",)
    form = "--format=%x00%H%n%ct%n%an%n%s"
    limits = (
        "--first-parent",
        "--no-renames",
        f"--max-count={most}",
        *((f"--since={since}",) if since else ()),
    )
    found = run(repository.objects, "log", *limits, *options, form, "--end-of-options", *revisions)
    if found.code != 0:
        raise unreadable(repository.path, found)
    listed = []
    for row in found.out.decode("utf-8", "replace").split("\0")[1:]:
        commit, at, author, subject, *paths = row.split("\n")
        number = pull_number(subject)
        if number is not None:
            squash = Squash(number, commit, seconds(at), author, subject)
            listed.append((squash, tuple(path for path in paths if path)))
    return listed


def commit_before(repository: GitRepository, at: int) -> str | None:
    """Return the last first-parent commit of the main branch before a time in seconds; ``None`` where there is none."""
    tip = main_tip(repository)
    if tip is None:
        return None
    found = run(repository.objects, "rev-list", "--first-parent", "-n", "1", f"--before={at - 1}", tip)
    return found.out.decode().strip() or None


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
