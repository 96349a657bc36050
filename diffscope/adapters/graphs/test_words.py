"""The identifiers of the tests of a commit: an index from the cache, brought up to date by the test files that changed since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.git.repository import ChangedPath, GitRepository
from diffscope.adapters.graphs.store import Place, nearest_places
from diffscope.graph.words import TestWords, WordIndex, decode_words, encode_words, index_words
from diffscope.source.model import BlobId, CommitId, RepoPath
from diffscope.source.profile import places
from diffscope.syntax.outline.outline import EXTRACTOR_VERSION, identifiers

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
    repository: GitRepository,
    wanted: Mapping[RepoPath, BlobId],
    known: Mapping[RepoPath, tuple[str, ...]],
) -> dict[RepoPath, tuple[str, ...]]:
    """Return the words of each file that the clone has."""
    unread = {path: blob for path, blob in wanted.items() if path not in known}
    data = repository.read_blobs(unread.values())
    words = {path: known[path] for path in wanted if path in known}
    words.update(
        (path, identifiers(found)) for path, blob in unread.items() if (found := data.get(blob)) is not None
    )
    return words
