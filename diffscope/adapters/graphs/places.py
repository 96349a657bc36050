"""Where in history cached things stand, so that the nearest one can be taken and brought up to date by what changed since."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Self

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.git.repository import ChangedPath, GitRepository
from diffscope.errors import NotFoundError, RepositoryError
from diffscope.source.model import CommitId

_TRIED = 3


class Place(NamedTuple):
    """A cached thing: the commit it was made for, and the key it is kept under.

    All of it is in the name of an empty entry, so that one read tells where everything is.
    """

    committed_at: int
    commit: CommitId
    key: str

    @classmethod
    def of(cls, repository: GitRepository, commit: CommitId, key: str) -> Self:
        """Return the place of a commit."""
        return cls(repository.commit(commit).committed_at, commit, key)

    def keep(self, cache: Cache, space: str) -> None:
        """Remember the place."""
        cache.put_many(space, {f"{self.committed_at} {self.commit} {self.key}": b""})


def nearest_places(
    repository: GitRepository, cache: Cache, space: str, here: Place
) -> Iterator[tuple[Place, tuple[ChangedPath, ...]]]:
    """Yield the places nearest in time, a few at most, each with the paths that differ from there to here.

    A place of another clone that shares the cache is passed over.
    """
    places = filter(None, map(_read, cache.names(space)))
    for place in sorted(places, key=lambda each: abs(each.committed_at - here.committed_at))[:_TRIED]:
        try:
            yield place, repository.changed_paths(place.commit, here.commit)
        except (RepositoryError, NotFoundError):
            continue


def is_nearer(cache: Cache, space: str, committed_at: int, here: Place) -> bool:
    """Say whether a moment is nearer in time to a place than any place in the cache."""
    places = filter(None, map(_read, cache.names(space)))
    known = (abs(each.committed_at - here.committed_at) for each in places)
    return all(abs(committed_at - here.committed_at) < distance for distance in known)


def _read(name: str) -> Place | None:
    words = name.split(" ")
    if len(words) != 3 or not words[0].removeprefix("-").isdigit():
        return None
    return Place(int(words[0]), CommitId(words[1]), words[2])
