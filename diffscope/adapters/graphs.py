"""The module graph at any commit, without a checkout: from the cache, from a neighbour, or from scratch."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from itertools import chain
from typing import Final, NamedTuple

from diffscope.adapters.cache import Cache
from diffscope.adapters.git import GitRepository
from diffscope.adapters.outlines import (
    OUTLINE_SPACE,
    decode_outline,
    encode_outline,
    keep_outline,
    outline_name,
    read_outline,
)
from diffscope.adapters.packaged import bundled_path, unpack
from diffscope.adapters.places import Place, is_nearer, nearest_places
from diffscope.adapters.pool import Job, Progress, parse_jobs
from diffscope.adapters.rule_files import bundled_rules
from diffscope.adapters.test_words import keep_words, read_test_words
from diffscope.errors import InputError, NotFoundError, RepositoryError
from diffscope.graph.build import FileOutline, derive_graph
from diffscope.graph.describe import describe_file
from diffscope.graph.model import ModuleGraph
from diffscope.graph.names import ROOTS, is_native, node_name
from diffscope.graph.native import NativeFile, describe_natives
from diffscope.graph.records import FileRecords
from diffscope.graph.serving import ServingPath, load_serving
from diffscope.graph.shortcuts import FORMAT as SHORTCUTS_FORMAT
from diffscope.graph.tables import FORMAT, empty_tables
from diffscope.graph.words import TestWords
from diffscope.source.values import BlobId, CommitId, RepoPath
from diffscope.syntax.outline import EXTRACTOR_VERSION
from diffscope.syntax.values import Outline

_GRAPHS: Final = f"graph-{FORMAT}-{EXTRACTOR_VERSION}"
_PLACES: Final = f"graph-place-{FORMAT}-{EXTRACTOR_VERSION}"
_SHORTCUTS: Final = f"shortcuts-{FORMAT}-{SHORTCUTS_FORMAT}-{EXTRACTOR_VERSION}"
_TOO_FAR: Final = 5_000
"""Changed files. Beyond, deriving saves nothing over building."""
_OUTLINES_KEPT: Final = 300
_REGULAR: Final = frozenset({"100644", "100755"})


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
    builder = _Builder(repository, commit, cache, _Effort(workers, progress), serving or bundled_serving())
    return builder.graph()


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


@functools.cache
def bundled_serving() -> ServingPath:
    """Return the serving path that comes with diffscope."""
    return load_serving((bundled_rules() / "serving.yml").read_text("utf-8"), at="rules/serving.yml")


@functools.lru_cache(maxsize=8)
def _serving_key(serving: ServingPath) -> str:
    return hashlib.blake2b(repr(serving).encode(), digest_size=10).hexdigest()


class _Effort(NamedTuple):
    workers: int | None
    progress: Progress | None


class _Builder:
    """Makes the graph of one commit."""

    def __init__(
        self,
        repository: GitRepository,
        commit: CommitId,
        cache: Cache,
        effort: _Effort,
        serving: ServingPath,
    ) -> None:
        self._repository = repository
        self._commit = commit
        self._cache = cache
        self._effort = effort
        self._serving = serving
        self._known: dict[RepoPath, Outline | None] = {}
        self._words: dict[RepoPath, tuple[str, ...]] = {}

    def graph(self) -> ModuleGraph:
        key = graph_key(self._repository, self._commit)
        place = f"{key} {_serving_key(self._serving)}"
        shortcuts = self._cache.get(_SHORTCUTS, place)
        graph = self._attached(self._cached(key, shortcuts) or self._made(key))
        if shortcuts is None:
            self._cache.put_many(_SHORTCUTS, {place: graph.shortcuts()})
        return graph

    def _attached(self, graph: ModuleGraph) -> ModuleGraph:
        return graph.attach(outline_of=self.outline, serving=self._serving, test_words=self.words)

    def _made(self, key: str) -> ModuleGraph:
        here = Place.of(self._repository, self._commit, key)
        with contextlib.suppress(OSError, InputError):
            self._sow(here)
        before, jobs, gone = self._nearest(here) or self._scratch()
        changed = self._changes(jobs, gone)
        graph = derive_graph(before, changed, outline_of=self.outline) if changed else before
        self._cache.put_many(_GRAPHS, {key: graph.to_bytes()})
        here.keep(self._cache, _PLACES)
        return graph

    def outline(self, path: RepoPath) -> Outline | None:
        """Return the outline of a Python file of the commit; ``None`` where it is absent or its bytes are missing."""
        if path not in self._known:
            self._known[path] = self._outline(path)
        return self._known[path]

    def _outline(self, path: RepoPath) -> Outline | None:
        data = self._repository.read(self._commit, path)
        if data is None:
            return None
        name = outline_name(path, _blob_id(data, like=self._commit))
        decode = functools.partial(decode_outline, path)
        known = self._cache.get_decoded(OUTLINE_SPACE, name, decode, keep=_OUTLINES_KEPT)
        if known is None:
            known = read_outline(path, data)
            self._cache.put_many(OUTLINE_SPACE, {name: encode_outline(known)})
        return known if isinstance(known, Outline) else None

    def words(self) -> TestWords:
        """Return the words of the commit's tests."""
        return read_test_words(self._repository, self._commit, self._cache, self._words)

    def _cached(self, key: str, shortcuts: bytes | None = None) -> ModuleGraph | None:
        data = self._cache.get(_GRAPHS, key)
        if data is None:
            return None
        try:
            return ModuleGraph.from_cache(data, shortcuts)
        except InputError:
            return None

    def _sow(self, here: Place) -> None:
        """Put what ships of a pinned commit into the cache, where the clone has that commit and it is nearer than what is there.

        So the first graph in a clone is made from the files that changed since, and not from all. A cache that is off stays off.
        """
        if not self._cache.is_kept:
            return
        packaged = unpack(bundled_path().read_bytes())
        commit = packaged.commit
        if not is_nearer(self._cache, _PLACES, packaged.committed_at, here):
            return
        if not self._repository.has_commit(commit):
            return
        key = graph_key(self._repository, commit)
        outlines = {name: keep_outline(plain) for name, plain in packaged.natives().items()}
        self._cache.put_many(OUTLINE_SPACE, outlines)
        self._cache.put_many(_GRAPHS, {key: packaged.graph()})
        keep_words(self._repository, commit, packaged.words(), self._cache)
        Place(packaged.committed_at, commit, key).keep(self._cache, _PLACES)

    def _nearest(self, here: Place) -> tuple[ModuleGraph, list[Job], list[RepoPath]] | None:
        """Return the cached graph that is nearest in time, what has to be read to get from there to here, and what is gone."""
        for place, changed in nearest_places(self._repository, self._cache, _PLACES, here):
            nodes = [change for change in changed if node_name(change.path) is not None]
            if len(nodes) > _TOO_FAR:
                return None
            shortcuts = self._cache.get(_SHORTCUTS, f"{place.key} {_serving_key(self._serving)}")
            graph = self._cached(place.key, shortcuts)
            if graph is None:
                continue
            jobs = [
                Job(change.path, change.new_blob)
                for change in nodes
                if change.new_blob is not None and change.new_mode in _REGULAR
            ]
            present = {job.path for job in jobs}
            return graph, jobs, [change.path for change in nodes if change.path not in present]
        return None

    def _scratch(self) -> tuple[ModuleGraph, list[Job], list[RepoPath]]:
        return ModuleGraph(empty_tables()), self._jobs(), []

    def _jobs(self) -> list[Job]:
        return [
            Job(entry.path, entry.blob)
            for entry in self._repository.entries(self._commit)
            if entry.mode in _REGULAR and node_name(entry.path) is not None
        ]

    def _changes(self, jobs: list[Job], gone: list[RepoPath]) -> dict[RepoPath, FileRecords | None]:
        """Return the records of changed files, and ``None`` for those that are gone."""
        if any(map(is_native, chain(gone, (job.path for job in jobs)))):
            python = [job for job in jobs if not is_native(job.path)]
            jobs = python + [job for job in self._jobs() if is_native(job.path)]
        changes: dict[RepoPath, FileRecords | None] = dict.fromkeys(gone)
        outlines = self._read(jobs, changes)
        changes.update(describe_natives({path: each for path, each in outlines.items() if is_native(path)}))
        return changes

    def _read(
        self, jobs: list[Job], changes: dict[RepoPath, FileRecords | None]
    ) -> dict[RepoPath, NativeFile]:
        """Put the records of Python files into ``changes`` and return the outlines of all others."""
        natives: dict[RepoPath, NativeFile] = {}
        fresh: dict[str, bytes] = {}
        known = self._outlines(jobs)
        for path, outline in known.items():
            if isinstance(outline, Outline):
                changes[path] = describe_file(path, outline)
            else:
                natives[path] = outline
        unseen = [job for job in jobs if job.path not in known]
        workers, progress = self._effort
        for parsed in parse_jobs(self._repository, unseen, workers=workers, progress=progress):
            path, blob = parsed.job
            if parsed.words:
                self._words[path] = parsed.words
            if parsed.outline is not None:
                fresh[outline_name(path, blob)] = parsed.outline
            if parsed.records is not None:
                changes[path] = parsed.records
            else:
                natives[path] = self._native(path, parsed.outline)
        self._cache.put_many(OUTLINE_SPACE, fresh)
        return natives

    def _native(self, path: RepoPath, data: bytes | None) -> NativeFile:
        outline = None if data is None else decode_outline(path, data)
        return None if isinstance(outline, Outline) else outline

    def _outlines(self, jobs: list[Job]) -> dict[RepoPath, FileOutline]:
        names = {job.path: outline_name(job.path, job.blob) for job in jobs}
        kept = self._cache.get_many(OUTLINE_SPACE, list(names.values()))
        outlines: dict[RepoPath, FileOutline] = {}
        for path, name in names.items():
            if name in kept:
                with contextlib.suppress(InputError):
                    outlines[path] = decode_outline(path, kept[name])
        return outlines


def _blob_id(data: bytes, *, like: str) -> BlobId:
    algorithm = "sha1" if len(like) == 40 else "sha256"
    return BlobId(hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest())
