"""Graphs in the cache, keyed by the trees that they are built from, each with its query cache and its place in history."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final, NamedTuple, Self

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.git.repository import ChangedPath, GitRepository
from diffscope.errors import InputError, NotFoundError, RepositoryError
from diffscope.graph.query.adjacency import FORMAT as QUERY_CACHE_FORMAT
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.query.serving import ServingPath
from diffscope.graph.tables import FORMAT
from diffscope.source.model import CommitId
from diffscope.source.profile import places
from diffscope.syntax.outline.outline import EXTRACTOR_VERSION

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


_GRAPHS: Final = f"graph-{FORMAT}-{EXTRACTOR_VERSION}"
_QUERY_CACHE: Final = f"query-cache-{FORMAT}-{QUERY_CACHE_FORMAT}-{EXTRACTOR_VERSION}"


def graph_places() -> str:
    """Return the space of the cache that holds the places of the graphs of this profile: another one makes other nodes."""
    return f"graph-place-{FORMAT}-{EXTRACTOR_VERSION}-{places().digest}"


def graph_key(repository: GitRepository, revision: str) -> str:
    """Return what names the graph of a tree: equal keys mean equal graphs. Raises as ``graph_at`` does."""
    commit = repository.resolve(revision)
    here = places()
    trees = repository.tree_ids(commit, here.trees)
    if not trees:
        if not repository.has_commit(commit):
            raise NotFoundError(
                f"commit {commit} is not in this clone",
                at=str(repository.path),
                hint="fetch it, or name another base",
            )
        raise RepositoryError(
            f"commit {commit} has none of {', '.join(here.trees)}",
            at=str(repository.path),
            hint=f"is this a clone of {here.profile.title}? diffscope init looks at a repository and writes its profile",
        )
    text = "\n".join([here.digest, *(f"{folder} {tree}" for folder, tree in sorted(trees.items()))])
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


class GraphStore:
    """The graphs that a cache holds, each with its query cache for one serving path."""

    def __init__(self, cache: Cache, serving: ServingPath) -> None:
        self._cache = cache
        self._serving = hashlib.blake2b(repr(serving).encode(), digest_size=10).hexdigest()

    def get(self, key: str) -> ModuleGraph | None:
        """Return a graph, with its query cache if there is one; ``None`` where there is no graph, or cannot be read any more."""
        data = self._cache.get(_GRAPHS, key)
        if data is None:
            return None
        try:
            return ModuleGraph.from_cache(data, self._cache.get(_QUERY_CACHE, self._beside(key)))
        except InputError:
            return None

    def keep(self, key: str, graph: bytes) -> None:
        """Keep the bytes of a graph."""
        self._cache.put_many(_GRAPHS, {key: graph})

    def keep_query_cache(self, key: str, graph: ModuleGraph) -> None:
        """Keep the query cache of a graph that the serving path is attached to, unless it came with it."""
        if not graph.has_query_cache:
            self._cache.put_many(_QUERY_CACHE, {self._beside(key): graph.query_cache()})

    def _beside(self, key: str) -> str:
        return f"{key} {self._serving}"
