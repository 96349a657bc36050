"""Graphs in the cache: each under the trees that it is made from, with its shortcuts beside it and its place in history."""

from __future__ import annotations

import functools
import hashlib
from typing import Final

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.git.repository import GitRepository
from diffscope.errors import InputError, NotFoundError, RepositoryError
from diffscope.graph.model.names import ROOTS
from diffscope.graph.model.tables import FORMAT
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.query.query_cache import FORMAT as SHORTCUTS_FORMAT
from diffscope.graph.query.serving import ServingPath
from diffscope.syntax.outline.outline import EXTRACTOR_VERSION

PLACES: Final = f"graph-place-{FORMAT}-{EXTRACTOR_VERSION}"
_GRAPHS: Final = f"graph-{FORMAT}-{EXTRACTOR_VERSION}"
_SHORTCUTS: Final = f"shortcuts-{FORMAT}-{SHORTCUTS_FORMAT}-{EXTRACTOR_VERSION}"


def graph_key(repository: GitRepository, revision: str) -> str:
    """Return what names the graph of a tree: equal keys mean equal graphs. Raises as ``graph_at`` does."""
    commit = repository.resolve(revision)
    trees = repository.tree_ids(commit, ROOTS)
    if not trees:
        if not repository.has_commit(commit):
            raise NotFoundError(
                f"commit {commit} is not in this clone",
                at=str(repository.path),
                hint="fetch it, or name another base",
            )
        raise RepositoryError(
            f"commit {commit} has none of {', '.join(ROOTS)}",
            at=str(repository.path),
            hint="is this a clone of vLLM?",
        )
    text = "\n".join(f"{folder} {tree}" for folder, tree in sorted(trees.items()))
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


class GraphStore:
    """The graphs that a cache holds, with shortcuts for one serving path."""

    def __init__(self, cache: Cache, serving: ServingPath) -> None:
        self._cache = cache
        self._serving = _serving_key(serving)

    def get(self, key: str) -> ModuleGraph | None:
        """Return a graph, with its shortcuts if they are there; ``None`` where it is not, or cannot be read any more."""
        data = self._cache.get(_GRAPHS, key)
        if data is None:
            return None
        try:
            return ModuleGraph.from_cache(data, self._cache.get(_SHORTCUTS, self._beside(key)))
        except InputError:
            return None

    def keep(self, key: str, graph: bytes) -> None:
        """Keep the bytes of a graph."""
        self._cache.put_many(_GRAPHS, {key: graph})

    def keep_shortcuts(self, key: str, graph: ModuleGraph) -> None:
        """Keep the shortcuts of a graph that the serving path is attached to, unless it came with them."""
        if not graph.has_shortcuts:
            self._cache.put_many(_SHORTCUTS, {self._beside(key): graph.shortcuts()})

    def _beside(self, key: str) -> str:
        return f"{key} {self._serving}"


@functools.lru_cache(maxsize=8)
def _serving_key(serving: ServingPath) -> str:
    return hashlib.blake2b(repr(serving).encode(), digest_size=10).hexdigest()
