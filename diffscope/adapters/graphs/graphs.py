"""The module graph at any commit, without a checkout: from the cache, or made (graph_maker.py)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Final

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.config.rule_files import bundled_rules
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.outlines import (
    OUTLINE_SPACE,
    decode_outline,
    encode_outline,
    outline_name,
    read_outline,
)
from diffscope.adapters.graphs.store import GraphStore, graph_key
from diffscope.adapters.graphs.test_words import read_test_words
from diffscope.adapters.read_file import read_text
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.query.serving import ServingPath, load_serving
from diffscope.graph.words import TestWords
from diffscope.source.model import CommitId, RepoPath
from diffscope.syntax.model import Outline

if TYPE_CHECKING:
    from diffscope.adapters.graphs.outlines import Progress

_OUTLINES_KEPT: Final = 300
_LARGEST: Final = 1_000_000


def graph_at(
    repository: GitRepository,
    revision: str,
    *,
    cache: Cache,
    serving: ServingPath | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> ModuleGraph:
    """Return the graph of the tree at a revision; its class queries read outlines from the repository when asked.

    Raises:
        NotFoundError: there is no such commit.
        RepositoryError: the tree has none of the folders that a graph is made from, or cannot be read.
    """
    commit = repository.resolve(revision)
    key = graph_key(repository, commit)
    serving = serving or bundled_serving()
    store = GraphStore(cache, serving)
    reader = _TreeReader(repository, commit, cache)
    graph = store.get(key)
    if graph is None:
        # Most runs find the graph in the cache, and start-up is hot.
        from diffscope.adapters.graphs.graph_maker import BuildOptions, GraphMaker  # noqa: PLC0415

        maker = GraphMaker(repository, commit, cache, store, BuildOptions(workers, progress))
        graph = maker.make(key, reader.outline)
        reader.known_words = maker.words
    graph = graph.attach(
        outline_of=reader.outline, text_of=reader.text, serving=serving, test_words=reader.words
    )
    if not graph.tables.absent:
        store.keep_query_cache(key, graph)
    return graph


@functools.cache
def bundled_serving() -> ServingPath:
    """Return the serving path that comes with diffscope."""
    return read_serving(bundled_rules() / "serving.yml")


@functools.cache
def read_serving(file: Path) -> ServingPath:
    """Return the serving path that a file declares."""
    return load_serving(read_text(file, most=_LARGEST, hint="diffscope rules validate"), at=str(file))


class _TreeReader:
    """What queries of a graph read of its tree when they need it."""

    def __init__(self, repository: GitRepository, commit: CommitId, cache: Cache) -> None:
        self._repository = repository
        self._commit = commit
        self._cache = cache
        self._outlines: dict[RepoPath, Outline | None] = {}
        self._texts: dict[RepoPath, bytes | None] = {}
        self.known_words: dict[RepoPath, tuple[str, ...]] = {}

    def outline(self, path: RepoPath) -> Outline | None:
        """Return the outline of a Python file of the commit; ``None`` where it is absent or its bytes are missing."""
        if path not in self._outlines:
            self._outlines[path] = self._outline(path)
        return self._outlines[path]

    def text(self, path: RepoPath) -> bytes | None:
        """Return the bytes of a file of the commit; ``None`` where it is absent or they are missing."""
        if path not in self._texts:
            blob = self._repository.blob_at(self._commit, path)
            self._texts[path] = self._repository.read_blobs([blob])[blob] if blob is not None else None
        return self._texts[path]

    def _outline(self, path: RepoPath) -> Outline | None:
        blob = self._repository.blob_at(self._commit, path)
        if blob is None:
            return None
        name = outline_name(path, blob)
        decode = functools.partial(decode_outline, path)
        known = self._cache.get_decoded(OUTLINE_SPACE, name, decode, keep=_OUTLINES_KEPT)
        if known is None:
            data = self.text(path)
            if data is None:
                return None
            known = read_outline(path, data)
            self._cache.put_many(OUTLINE_SPACE, {name: encode_outline(known)})
        return known if isinstance(known, Outline) else None

    def words(self) -> TestWords:
        """Return the words of the commit's tests."""
        return read_test_words(self._repository, self._commit, self._cache, self.known_words)
