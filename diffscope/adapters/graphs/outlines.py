"""Bytes of a file -> its outline, and outlines as the cache keeps them; many files are read in worker processes. Also the identifiers of the tests of a commit."""

from __future__ import annotations

import contextlib
import functools
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.git.repository import ChangedPath, GitRepository
from diffscope.adapters.graphs.store import Place, nearest_places
from diffscope.adapters.processes import end_processes, start_processes, usable_cores
from diffscope.errors import InputError
from diffscope.graph.resolve import is_build_file, is_native
from diffscope.graph.tables import ABSENT, FileRecords
from diffscope.graph.word_index import TestWords, WordIndex, decode_words, encode_words, index_words
from diffscope.source.model import BlobId, CommitId, RepoPath
from diffscope.source.profile import Profile, in_force, places, profile
from diffscope.syntax.model import BuildOutline, NativeOutline, Outline
from diffscope.syntax.outline.outline import EXTRACTOR_VERSION, identifiers

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from diffscope.graph.derive import FileOutline

OUTLINE_SPACE: Final = f"outline-{EXTRACTOR_VERSION}"
"""The space of the cache; a new extractor makes a new one, and the old one dies out by not being used."""

_LEVEL: Final = 1
_TEXT: Final = (".md", ".txt", ".gitignore")
"""Files of ``csrc/`` that are nodes and declare nothing."""
_ENCODER: Final = msgspec.msgpack.Encoder()
_PYTHON: Final = msgspec.msgpack.Decoder(Outline)
_NATIVE: Final = msgspec.msgpack.Decoder(NativeOutline)
_BUILD: Final = msgspec.msgpack.Decoder(BuildOutline)


def read_outline(path: RepoPath, data: bytes) -> Outline | NativeOutline | BuildOutline:
    """Return the outline of a file that is a node of the graph."""
    # A run that parses nothing, or no native code, should not load what it takes.
    if not is_native(path):
        from diffscope.syntax.outline.outline import outline_python  # noqa: PLC0415

        return outline_python(data)
    if is_build_file(path):
        from diffscope.syntax.build import outline_build  # noqa: PLC0415

        return outline_build(path.rpartition("/")[2], data)
    if path.endswith(_TEXT):
        return NativeOutline()
    from diffscope.syntax.native.native import outline_native  # noqa: PLC0415

    return outline_native(data)


def encode_outline(outline: Outline | NativeOutline | BuildOutline) -> bytes:
    """Return an outline as the cache keeps it."""
    return keep_outline(plain_outline(outline))


def plain_outline(outline: Outline | NativeOutline | BuildOutline) -> bytes:
    """Return an outline as bytes that are not packed."""
    return _ENCODER.encode(outline)


def keep_outline(plain: bytes) -> bytes:
    """Return the bytes of ``plain_outline`` as the cache keeps them."""
    return zlib.compress(plain, _LEVEL)


def decode_outline(path: RepoPath, data: bytes) -> FileOutline:
    """Return what ``encode_outline`` was given for a file of that path. Raises ``InputError`` for anything else."""
    try:
        plain = zlib.decompress(data)
        if not is_native(path):
            return _PYTHON.decode(plain)
        return _BUILD.decode(plain) if is_build_file(path) else _NATIVE.decode(plain)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a stored outline: {error}", hint="diffscope cache clear") from None


def outline_name(path: RepoPath, blob: str) -> str:
    """Return the name that an outline is kept under: how bytes are read depends on what file they are."""
    if not is_native(path):
        return blob
    return f"{blob} {path.rpartition('/')[2] if is_build_file(path) else 'native'}"


Progress = Callable[[int, int], None]
"""Called with how many of how many files are done."""

_WORTH_A_POOL: Final = 150
"""Files. Below, starting workers costs more than it saves."""
_AT_A_TIME: Final = 200


class Job(NamedTuple):
    """A file to read: its path in the tree, and the id of its blob."""

    path: RepoPath
    blob: BlobId


class Parsed(NamedTuple):
    """What became of a job; ``outline`` is encoded as the cache keeps it, ``None`` where the bytes are missing."""

    job: Job
    records: FileRecords | None
    """Of a Python file; those of native files are made of all of them together."""
    outline: bytes | None
    words: tuple[str, ...] = ()
    """The identifiers of a test file."""


_DECODER: Final = msgspec.msgpack.Decoder(list[Parsed])


def parse_jobs(
    repository: GitRepository,
    jobs: Sequence[Job],
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Parsed]:
    """Yield what each job gives, in no fixed order.

    ``workers`` is by default the number of cores; with 1, or few jobs, all is done in this process.
    """
    count = usable_cores() if workers is None else workers
    is_worth_it = count > 1 and len(jobs) >= _WORTH_A_POOL
    parsed = _in_workers(repository, jobs, count) if is_worth_it else _here(repository, jobs)
    for done, each in enumerate(parsed, start=1):
        if progress is not None:
            progress(done, len(jobs))
        yield each


def _here(repository: GitRepository, jobs: Sequence[Job]) -> Iterator[Parsed]:
    for at in range(0, len(jobs), _AT_A_TIME):
        chunk = jobs[at : at + _AT_A_TIME]
        data = repository.read_blobs(job.blob for job in chunk)
        for job in chunk:
            yield _parse(job, data.get(job.blob))


def _parse(job: Job, data: bytes | None) -> Parsed:
    if data is None:
        return Parsed(job, None if is_native(job.path) else ABSENT, None)
    from diffscope.graph.build.assemble import describe_file  # noqa: PLC0415 - only files that are not at hand are parsed

    outline = read_outline(job.path, data)
    records = describe_file(job.path, outline) if isinstance(outline, Outline) else None
    words = identifiers(data) if is_indexed(job.path) else ()
    return Parsed(job, records, encode_outline(outline), words)


def _in_workers(repository: GitRepository, jobs: Sequence[Job], count: int) -> Iterator[Parsed]:
    """Share the jobs out; what workers leave undone when one dies (memory, a signal) is done here."""
    from concurrent.futures import BrokenExecutor, as_completed  # noqa: PLC0415 - few graphs are worth workers

    left, names = dict.fromkeys(jobs), msgspec.msgpack.encode(profile())
    with contextlib.suppress(OSError, BrokenExecutor), _processes(count) as executor:
        shares = -(-len(jobs) // _AT_A_TIME)
        # Neighbours in a tree are alike in size; dealing them out like cards makes every share the same load.
        asked = [
            executor.submit(
                parse_share, str(repository.path), names, msgspec.msgpack.encode(jobs[number::shares])
            )
            for number in range(shares)
        ]
        for done in as_completed(asked):
            for parsed in _DECODER.decode(done.result()):
                del left[parsed.job]
                yield parsed
    yield from _here(repository, list(left))


@contextlib.contextmanager
def _processes(count: int) -> Iterator[Executor]:
    executor = start_processes(count)
    try:
        yield executor
    finally:
        end_processes(executor)


def parse_share(repository: str, names: bytes, jobs: bytes) -> bytes:
    """Return what each job gives, in a worker: the profile and jobs in MessagePack, and so the answers."""
    with in_force(msgspec.msgpack.decode(names, type=Profile)):
        return msgspec.msgpack.encode(
            list(_here(_opened(repository), msgspec.msgpack.decode(jobs, type=list[Job])))
        )


@functools.lru_cache(maxsize=1)
def _opened(repository: str) -> GitRepository:
    """Return the repository of a worker, which is open as long as it lives."""
    return GitRepository(repository)


__test__ = False

_FORMAT: Final = 3
_INDEXES: Final = f"words-{_FORMAT}-{EXTRACTOR_VERSION}"
_FILES: Final = f"words-file-{_FORMAT}-{EXTRACTOR_VERSION}"
_TOO_FAR: Final = 250
"""Changed test files. Beyond, a new index pays for itself."""


def is_indexed(path: str) -> bool:
    """Say whether the words of a file are in the index: Python in a folder of tests."""
    return places().is_test(path) and path.endswith(".py")


def read_test_words(
    repository: GitRepository,
    commit: CommitId,
    cache: Cache,
    known: Mapping[RepoPath, tuple[str, ...]] | None = None,
) -> TestWords:
    """Return the words of the tests of a commit. ``known`` are words that were read already, of files as they are there."""
    known = known or {}
    tree = _key(repository, commit)
    if tree is None:
        return TestWords(index_words({}))
    here = Place.of(repository, commit, tree)
    index = _cached(cache, tree)
    if index is not None:
        return TestWords(index)
    for place, changed in nearest_places(repository, cache, _places(), here):
        tests = [change for change in changed if is_indexed(change.path)]
        if len(tests) > _TOO_FAR:
            break
        index = _cached(cache, place.key)
        if index is not None:
            return TestWords(index, _words_of(repository, tests, cache, known))
    return TestWords(_build(repository, here, cache, known))


def keep_words(repository: GitRepository, commit: CommitId, index: WordIndex, cache: Cache) -> None:
    """Keep the index of the tests of a commit, as though it had been built here."""
    tree = _key(repository, commit)
    if tree is not None:
        _keep(Place.of(repository, commit, tree), index, cache)


def _key(repository: GitRepository, commit: CommitId) -> str | None:
    """Return what names the tests of a commit: the ids of their folders; ``None`` where there is none."""
    trees = repository.tree_ids(commit, [folder.rstrip("/") for folder in places().tests])
    return "-".join(trees[folder] for folder in sorted(trees)) or None


def _places() -> str:
    return f"words-place-{_FORMAT}-{EXTRACTOR_VERSION}-{places().digest}"


def _cached(cache: Cache, tree: str) -> WordIndex | None:
    return cache.get_decoded(_INDEXES, tree, decode_words)


def _words_of(
    repository: GitRepository,
    changed: list[ChangedPath],
    cache: Cache,
    known: Mapping[RepoPath, tuple[str, ...]],
) -> dict[RepoPath, frozenset[str] | None]:
    wanted = {change.path: change.new_blob for change in changed if change.new_blob}
    # The next commit asks for nearly the same files.
    kept = cache.get_many_decoded(_FILES, list(wanted.values()), _decode, keep=2 * _TOO_FAR)
    unread = {path: blob for path, blob in wanted.items() if blob not in kept}
    fresh = _read_words(repository, unread, known)
    cache.put_many(_FILES, {wanted[path]: " ".join(words).encode() for path, words in fresh.items()})
    words = {
        path: kept[blob] if blob in kept else frozenset(fresh.get(path, ())) for path, blob in wanted.items()
    }
    return {change.path: words.get(change.path) for change in changed}


def _decode(data: bytes) -> frozenset[str]:
    return frozenset(data.decode("utf-8", "replace").split())


def index_of(
    repository: GitRepository, commit: CommitId, known: Mapping[RepoPath, tuple[str, ...]] | None = None
) -> WordIndex:
    """Return the index of the tests of a commit, made from all of them."""
    return _index(repository, commit, known or {})[0]


def _index(
    repository: GitRepository, commit: CommitId, known: Mapping[RepoPath, tuple[str, ...]]
) -> tuple[WordIndex, bool]:
    """Return the index, and whether the clone has all of its files."""
    wanted = {entry.path: entry.blob for entry in repository.entries(commit) if is_indexed(entry.path)}
    words = _read_words(repository, wanted, known)
    return index_words({path: words.get(path, ()) for path in wanted}), len(words) == len(wanted)


def _build(
    repository: GitRepository, here: Place, cache: Cache, known: Mapping[RepoPath, tuple[str, ...]]
) -> WordIndex:
    index, is_whole = _index(repository, here.commit, known)
    if is_whole:  # another clone may have what this one lacks
        _keep(here, index, cache)
    return index


def _keep(here: Place, index: WordIndex, cache: Cache) -> None:
    cache.put_many(_INDEXES, {here.key: encode_words(index)})
    here.keep(cache, _places())


def _read_words(
    repository: GitRepository, wanted: Mapping[RepoPath, BlobId], known: Mapping[RepoPath, tuple[str, ...]]
) -> dict[RepoPath, tuple[str, ...]]:
    """Return the words of each file that the clone has."""
    unread = {path: blob for path, blob in wanted.items() if path not in known}
    data = repository.read_blobs(unread.values())
    words = {path: known[path] for path in wanted if path in known}
    words.update(
        (path, identifiers(found)) for path, blob in unread.items() if (found := data.get(blob)) is not None
    )
    return words
