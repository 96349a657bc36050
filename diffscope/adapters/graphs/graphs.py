"""The module graph at any commit, without a checkout: from the cache, or made from its nearest neighbour there, from the one that ships, or from scratch."""

from __future__ import annotations

import contextlib
import functools
import lzma
from collections import OrderedDict
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.config.rule_files import bundled_rules
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.outlines import (
    OUTLINE_SPACE,
    Job,
    Progress,
    decode_outline,
    encode_outline,
    keep_outline,
    keep_words,
    outline_name,
    parse_jobs,
    read_outline,
    read_test_words,
)
from diffscope.adapters.graphs.store import (
    GraphStore,
    Place,
    graph_key,
    graph_places,
    is_nearer,
    nearest_places,
)
from diffscope.adapters.read_file import read_text
from diffscope.errors import InputError
from diffscope.graph.query.graph import ModuleGraph, OutlineReader
from diffscope.graph.query.outline_queries import bases_in
from diffscope.graph.query.serving import ServingPath, load_serving
from diffscope.graph.resolve import is_native, node_name
from diffscope.graph.tables import FORMAT, FileRecords, empty_tables
from diffscope.graph.word_index import TestWords, WordIndex, expand_words
from diffscope.source.model import BlobId, CommitId, RepoPath
from diffscope.syntax.model import Outline
from diffscope.syntax.outline.outline import EXTRACTOR_VERSION

if TYPE_CHECKING:
    from diffscope.adapters.graphs.outlines import Progress
    from diffscope.graph.build.native import NativeFile
    from diffscope.graph.derive import FileOutline

_OUTLINES_KEPT: Final = 300
_BASES_KEPT: Final = 5_000
_LARGEST: Final = 1_000_000

_bases: Final = OrderedDict[BlobId, frozenset[bytes]]()
"""Blob -> what ``bases_in`` finds in it: neighbouring changes ask for hundreds of the same files, which need not be read again."""


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
        maker = GraphMaker(repository, commit, cache, store, BuildOptions(workers, progress))
        graph = maker.make(key, reader.outline)
        reader.known_words = maker.words
    graph = graph.attach(
        outline_of=reader.outline,
        text_of=reader.text,
        bases_of=reader.bases,
        serving=serving,
        test_words=reader.words,
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

    def bases(self, path: RepoPath) -> frozenset[bytes] | None:
        """Return the names among the bases of the classes of a file of the commit; ``None`` where it is absent or its bytes are missing."""
        blob = self._repository.blob_at(self._commit, path)
        if blob is None:
            return None
        found = _bases.get(blob)
        if found is None:
            text = self.text(path)
            if text is None:
                return None
            found = _bases[blob] = bases_in(text)
            if len(_bases) > _BASES_KEPT:
                _bases.popitem(last=False)
        return found

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


FILE_NAME: Final = "graph.snapshot"
MAKE: Final = "python -m diffscope.adapters.graphs.snapshot CLONE"
"""The command that makes it anew."""

_VERSION: Final = f"2-{FORMAT}-{EXTRACTOR_VERSION}"
_FILTERS: Final = [{"id": lzma.FILTER_LZMA2, "preset": 9}]


class Packaged(msgspec.Struct, array_like=True, frozen=True):
    """The file, its parts still packed."""

    version: str
    commit: CommitId
    committed_at: int
    packed_graph: bytes
    packed_words: bytes
    packed_natives: bytes

    def graph(self) -> bytes:
        """Return the graph as ``ModuleGraph.to_bytes`` wrote it."""
        return _unpack(self.packed_graph)

    def words(self) -> WordIndex:
        """Return the index of the words of tests."""
        return expand_words(_unpack(self.packed_words))

    def natives(self) -> dict[str, bytes]:
        """Return the outlines of native sources and build files, by the names that the cache keeps them under, encoded."""
        return msgspec.msgpack.decode(_unpack(self.packed_natives), type=dict[str, bytes])


class Parts(NamedTuple):
    """The parts as they are before they are packed."""

    graph: bytes
    words: bytes
    """As ``shrink_words`` made them."""
    natives: Mapping[str, bytes]


def bundled_path() -> Path:
    """Return where the file is."""
    package = Path(__file__).resolve().parents[2]
    bundled = package / "_bundled" / "recorded"
    return (bundled if bundled.is_dir() else package.parent / "fixtures" / "recorded") / FILE_NAME


def pack(commit: CommitId, committed_at: int, parts: Parts) -> bytes:
    """Return the bytes of the file: the same on any machine."""
    natives = msgspec.msgpack.encode(dict(sorted(parts.natives.items())))
    found = Packaged(_VERSION, commit, committed_at, _pack(parts.graph), _pack(parts.words), _pack(natives))
    return msgspec.msgpack.encode(found)


def unpack(data: bytes) -> Packaged:
    """Return what ``pack`` made. Raises ``InputError`` for anything else, and for what another version of diffscope made."""
    try:
        found = msgspec.msgpack.decode(data, type=Packaged)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a stored snapshot of a graph: {error}", hint=MAKE) from None
    if found.version != _VERSION:
        raise InputError("the snapshot of the graph was made by another version of diffscope", hint=MAKE)
    return found


def _pack(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_RAW, filters=_FILTERS)


def _unpack(data: bytes) -> bytes:
    try:
        return lzma.decompress(data, format=lzma.FORMAT_RAW, filters=_FILTERS)
    except lzma.LZMAError as error:
        raise InputError(f"the snapshot of the graph is damaged: {error}", hint=MAKE) from None


_TOO_FAR: Final = 5_000
"""Changed files. Beyond, deriving saves nothing over building."""
_REGULAR: Final = frozenset({"100644", "100755"})


class BuildOptions(NamedTuple):
    """How many processes parse, and who is told how far they are."""

    workers: int | None
    progress: Progress | None


class GraphMaker:
    """Makes the graph of one commit. ``words`` are those of the test files that were parsed on the way."""

    def __init__(
        self,
        repository: GitRepository,
        commit: CommitId,
        cache: Cache,
        store: GraphStore,
        effort: BuildOptions,
    ) -> None:
        self._repository = repository
        self._commit = commit
        self._cache = cache
        self._store = store
        self._effort = effort
        self.words: dict[RepoPath, tuple[str, ...]] = {}

    def make(self, key: str, outline_of: OutlineReader) -> ModuleGraph:
        """Return the graph, and keep it."""
        here = Place.of(self._repository, self._commit, key)
        with contextlib.suppress(OSError, InputError):
            self._sow(here)
        from diffscope.graph.derive import derive_graph  # noqa: PLC0415 - a graph at hand is made by nobody

        before, jobs, gone = self._nearest(here) or (ModuleGraph(empty_tables()), self._jobs(), [])
        changed = self._changes(jobs, gone)
        graph = derive_graph(before, changed, outline_of=outline_of) if changed else before
        if not graph.tables.absent:  # another clone may have what this one lacks, and this one may get it
            self._store.keep(key, graph.to_bytes())
            here.keep(self._cache, graph_places())
        return graph

    def _sow(self, here: Place) -> None:
        """Put what ships of a pinned commit into the cache, where the clone has that commit and it is nearer than what is there.

        So the first graph in a clone is made from the files that changed since, and not from all. A cache that is off stays off.
        """
        if not self._cache.is_kept:
            return
        packaged = unpack(bundled_path().read_bytes())
        commit = packaged.commit
        if not is_nearer(self._cache, graph_places(), packaged.committed_at, here):
            return
        if not self._repository.has_commit(commit):
            return
        key = graph_key(self._repository, commit)
        outlines = {name: keep_outline(plain) for name, plain in packaged.natives().items()}
        self._cache.put_many(OUTLINE_SPACE, outlines)
        self._store.keep(key, packaged.graph())
        keep_words(self._repository, commit, packaged.words(), self._cache)
        Place(packaged.committed_at, commit, key).keep(self._cache, graph_places())

    def _nearest(self, here: Place) -> tuple[ModuleGraph, list[Job], list[RepoPath]] | None:
        """Return the cached graph that is nearest in time, what has to be read to get from there to here, and what is gone."""
        for place, changed in nearest_places(self._repository, self._cache, graph_places(), here):
            nodes = [change for change in changed if node_name(change.path) is not None]
            if len(nodes) > _TOO_FAR:
                return None
            graph = self._store.get(place.key)
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

    def _jobs(self) -> list[Job]:
        return [
            Job(entry.path, entry.blob)
            for entry in self._repository.entries(self._commit)
            if entry.mode in _REGULAR and node_name(entry.path) is not None
        ]

    def _changes(self, jobs: list[Job], gone: list[RepoPath]) -> dict[RepoPath, FileRecords | None]:
        """Return the records of changed files, and ``None`` for those that are gone."""
        from diffscope.graph.build.native import describe_natives  # noqa: PLC0415 - as above

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
        from diffscope.graph.build.assemble import describe_file  # noqa: PLC0415 - as above

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
                self.words[path] = parsed.words
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
