"""Blobs, trees and both sides of changed files of a repository on GitHub, in few calls; answers and blobs are kept in the cache, each blob read once ever."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from diffscope.adapters.github.client import Client
from diffscope.adapters.github.responses import Blob, BlobText, Tree
from diffscope.diff.model import Diff, FileDiff, FileKind, FileSides, FileStatus, Hunk, Sides
from diffscope.diff.reconstruct import apply_hunks, has_id
from diffscope.errors import SourceError
from diffscope.messages.model import message
from diffscope.patterns import lazy_regex
from diffscope.source.model import BlobId, Gap, RepoPath, TreeEntry

_ANSWERS = "github-answer"
_BLOBS = "github-blob"
_LARGEST_TEXT = 64 << 20


class ByteStore(Protocol):
    """The part of the cache that is used here: values by space and name, none of them trusted."""

    def get_many(self, space: str, names: tuple[str, ...]) -> dict[str, bytes]:
        """Return the values that are there."""

    def put_many(self, space: str, values: Mapping[str, bytes]) -> None:
        """Keep values, or none of them."""


class GitHubStore:
    """Answers and blobs in a cache. A value that does not read as what it should be counts as absent."""

    def __init__(self, cache: ByteStore) -> None:
        self._cache = cache

    def recall(self, key: str) -> tuple[str, str] | None:
        """Return the ETag and the text kept under ``key``."""
        name = _name(key)
        data = self._cache.get_many(_ANSWERS, (name,)).get(name)
        if data is None:
            return None
        try:
            etag, _, text = _unpack(data).decode().partition("\n")
        except (zlib.error, UnicodeDecodeError):
            return None
        return etag, text

    def keep(self, key: str, etag: str, text: str) -> None:
        """Keep an answer. An ETag is one line of printable characters; anything else is not kept."""
        if etag == "" or etag.isprintable():
            packed = zlib.compress(f"{etag}\n{text}".encode("utf-8", "surrogatepass"), level=3)
            self._cache.put_many(_ANSWERS, {_name(key): packed})

    def blobs(self, wanted: Iterable[BlobId]) -> dict[BlobId, bytes]:
        """Return the blobs that are kept whole: the content must have the id."""
        found: dict[BlobId, bytes] = {}
        for name, data in self._cache.get_many(_BLOBS, tuple(wanted)).items():
            try:
                content = _unpack(data)
            except zlib.error:
                continue
            if has_id(content, name):
                found[BlobId(name)] = content
        return found

    def keep_blobs(self, blobs: Mapping[BlobId, bytes]) -> None:
        """Keep blobs."""
        self._cache.put_many(
            _BLOBS, {str(name): zlib.compress(data, level=3) for name, data in blobs.items()}
        )


def _name(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _unpack(data: bytes) -> bytes:
    engine = zlib.decompressobj()
    text = engine.decompress(data, _LARGEST_TEXT)
    if engine.unconsumed_tail or not engine.eof:
        raise zlib.error("larger than anything that is kept, or cut off")
    return text


_FULL_ID = 40


def read_sides(
    diff: Diff, *, base: GitHubTree | None, heads: Mapping[RepoPath, BlobId], blobs: GitHubBlobs
) -> Sides:
    """Return both sides of every file of ``diff``.

    The base side is read, the head side made from it by the patch and believed only where it has the blob id that
    GitHub names (``heads``, by path); an added or deleted file needs no read at all. What cannot be made is read.
    Binary files and submodules are not read: nothing of theirs is judged.
    """
    files = {file.path: _identified(file, base, heads) for file in diff.files}
    edited = [file.old_path or file.path for file in files.values() if _needs_base(file)]
    befores = base.read_many(edited) if base else {}
    made = {path: _make(file, befores.get(file.old_path or file.path)) for path, file in files.items()}
    unmade = {path: blob for path, file in files.items() if (blob := _missing_head(file, made[path]))}
    read = blobs.read_blobs(unmade.values())
    found = tuple(
        _complete(files[path], made[path], read.get(unmade.get(path, BlobId("")))) for path in sorted(files)
    )
    why = (
        message("gap.github-failed", error=blobs.problem.message)
        if blobs.problem
        else message("gap.github-no-content")
    )
    gaps = tuple(Gap(what="blob", message=why, path=side.path) for side in found if not side.is_read)
    return Sides(files=found, gaps=gaps)


def _identified(file: FileDiff, base: GitHubTree | None, heads: Mapping[RepoPath, BlobId]) -> FileDiff:
    """Return ``file`` with the full ids of its blobs, where they are known: a patch abbreviates them."""
    old = None if base is None or file.status is FileStatus.ADDED else base.blob(file.old_path or file.path)
    new = None if file.status is FileStatus.DELETED else heads.get(file.path)
    return msgspec.structs.replace(file, old_blob=old or file.old_blob, new_blob=new or file.new_blob)


def _is_text(file: FileDiff) -> bool:
    return file.kind in {FileKind.TEXT, FileKind.SYMLINK}


def _needs_base(file: FileDiff) -> bool:
    return _is_text(file) and file.status not in {FileStatus.ADDED, FileStatus.DELETED}


def _make(file: FileDiff, before: bytes | None) -> FileSides:
    if not _is_text(file):
        return FileSides(path=file.path)  # nothing of it is judged, so nothing is missing
    if file.status is FileStatus.DELETED:
        deleted = apply_hunks(_reversed(file), b"")
        return FileSides(path=file.path, before=deleted, is_read=deleted is not None)
    if file.status is FileStatus.ADDED:
        before = b""
    after = None if before is None else apply_hunks(file, before)
    kept = None if file.status is FileStatus.ADDED else before
    return FileSides(path=file.path, before=kept, after=after, is_read=after is not None)


def _missing_head(file: FileDiff, sides: FileSides) -> BlobId | None:
    blob = file.old_blob if file.status is FileStatus.DELETED else file.new_blob
    is_missing = _is_text(file) and not sides.is_read and blob is not None and len(blob) >= _FULL_ID
    return blob if is_missing else None


def _complete(file: FileDiff, sides: FileSides, read: bytes | None) -> FileSides:
    if read is None or sides.is_read:
        return sides
    if file.status is FileStatus.DELETED:
        return msgspec.structs.replace(sides, before=read, is_read=True)
    if file.status is FileStatus.ADDED:
        return msgspec.structs.replace(sides, after=read, is_read=True)
    # Without a tree of the base the patch, backwards, leads there from the head.
    before = apply_hunks(_reversed(file), read) if sides.before is None else sides.before
    return msgspec.structs.replace(sides, before=before, after=read, is_read=before is not None)


def _reversed(file: FileDiff) -> FileDiff:
    """Return what undoes ``file``: the addition of a file that it deletes, the edit back of one that it edits."""
    hunks = tuple(
        Hunk(
            old_start=hunk.new_start,
            old_length=hunk.new_length,
            new_start=hunk.old_start,
            new_length=hunk.old_length,
            section=hunk.section,
            removed=hunk.added,
            added=hunk.removed,
        )
        for hunk in file.hunks
    )
    is_deletion = file.status is FileStatus.DELETED
    return msgspec.structs.replace(
        file,
        status=FileStatus.ADDED if is_deletion else FileStatus.MODIFIED,
        hunks=hunks,
        old_blob=None if is_deletion else file.new_blob,
        new_blob=file.old_blob,
        old_no_newline_at_end=False if is_deletion else file.no_newline_at_end,
        no_newline_at_end=file.old_no_newline_at_end,
    )


Progress = Callable[[int, int], None]
"""Takes how many blobs are read and how many there are."""

_BATCH = 40
"""Blobs a GraphQL query: a query may take ten seconds, and vLLM's larger files have 300 kB."""
_FRAGMENT = "\nfragment content on Blob { oid text isTruncated }"
_ID = lazy_regex(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class GitHubBlobs:
    """Reads blobs of one repository by id. What was read once is kept; ``problem`` tells why reading stopped early."""

    def __init__(
        self,
        client: Client,
        repository: str,
        *,
        store: GitHubStore | None = None,
        progress: Progress = lambda *_: None,
    ) -> None:
        self._client = client
        self._repository = repository
        self._store = store
        self._progress = progress
        self.problem: SourceError | None = None

    def read_blobs(self, blobs: Iterable[BlobId]) -> dict[BlobId, bytes | None]:
        """Return the bytes of each blob; ``None`` where GitHub does not give it.

        With a token many travel in one GraphQL query, checked by their ids; what that cannot carry (binary, very
        large) and everything without a token goes one by one. A rate limit or a broken connection ends the reading;
        the rest is ``None`` and ``problem`` says why.
        """
        wanted = sorted({blob for blob in blobs if _ID.fullmatch(blob)})
        found = self._store.blobs(wanted) if self._store else {}
        fetched: dict[BlobId, bytes] = {}
        missing = [blob for blob in wanted if blob not in found] if self.problem is None else []
        try:
            for blob, data in self._fetch(missing):
                fetched[blob] = data
                self._progress(len(fetched), len(missing))
        except SourceError as error:
            self.problem = error
        if self._store and fetched:
            self._store.keep_blobs(fetched)
        return {blob: found.get(blob, fetched.get(blob)) for blob in wanted}

    def _fetch(self, missing: Sequence[BlobId]) -> Iterator[tuple[BlobId, bytes]]:
        # One blob needs one call either way, and REST takes any blob.
        is_batched = bool(self._client.access.token) and len(missing) > 1
        done: set[BlobId] = set()
        # Batch by batch: of one that takes GitHub too long the files are read alone, and the next is tried all the same.
        for at in range(0, len(missing) if is_batched else 0, _BATCH):
            for blob, data in self._fetch_batch(missing[at : at + _BATCH]):
                done.add(blob)
                yield blob, data
        for blob in missing:
            if blob not in done and (one := self._fetch_one(blob)) is not None:
                yield blob, one

    def _fetch_batch(self, batch: Sequence[BlobId]) -> Iterator[tuple[BlobId, bytes]]:
        # Ids are checked to be hexadecimal; nothing else of a pull request enters the query.
        fields = [f'object(oid: "{blob}") {{ ...content }}' for blob in batch]
        try:
            for found in self._client.query_fields(
                self._repository, fields, BlobText, most=_BATCH, fragment=_FRAGMENT
            ):
                data = (found.text or "").encode("utf-8", "surrogatepass")
                is_whole = found.text is not None and not found.isTruncated
                if is_whole and found.oid in batch and has_id(data, found.oid):
                    yield BlobId(found.oid), data
        except SourceError as error:
            self._client.notice(f"{error.message} (GraphQL); reading files one by one")

    def _fetch_one(self, blob: BlobId) -> bytes | None:
        path = f"/repos/{self._repository}/git/blobs/{blob}"
        answer = self._client.send("GET", path, allow=frozenset({404, 422}))
        if answer.status != 200:
            return None
        found = self._client.decode(answer, Blob, at=path)
        try:
            data = base64.b64decode(found.content) if found.encoding == "base64" else found.content.encode()
        except (binascii.Error, ValueError):
            return None
        return data if has_id(data, blob) else None


class GitHubTree:
    """One tree of a repository on GitHub, known by its id: the listing is one call, made once ever."""

    def __init__(self, client: Client, repository: str, tree: str, *, blobs: GitHubBlobs) -> None:
        self._client = client
        self._repository = repository
        self._tree = tree
        self._blobs = blobs
        self._listing: _Listing | None = None
        self._read: dict[RepoPath, bytes | None] = {}

    def entries(self) -> tuple[TreeEntry, ...]:
        """Return every file that GitHub lists, sorted by path. Raises ``SourceError``."""
        return tuple(self._list().by_path.values())

    def gaps(self) -> tuple[Gap, ...]:
        """Return what the listing left out."""
        if not self._list().is_truncated:
            return ()
        return (Gap(what="base-tree", message=message("gap.github-tree-cut")),)

    def blob(self, path: RepoPath) -> BlobId | None:
        """Return the id of a file's blob; ``None`` for a path without one (absent, a submodule)."""
        entry = self._list().by_path.get(path)
        return None if entry is None or entry.mode == "160000" else entry.blob

    def read(self, path: RepoPath) -> bytes | None:
        """Return the bytes of a file; ``None`` where it is absent or GitHub does not give it."""
        return self.read_many((path,))[path]

    def read_many(self, paths: Iterable[RepoPath]) -> dict[RepoPath, bytes | None]:
        """Return the bytes of several files at once."""
        wanted = tuple(dict.fromkeys(paths))
        blobs = {
            path: blob for path in wanted if path not in self._read and (blob := self.blob(path)) is not None
        }
        data = self._blobs.read_blobs(blobs.values())
        self._read |= {path: data.get(blob) for path, blob in blobs.items()}
        return {path: self._read.get(path) for path in wanted}

    def _list(self) -> _Listing:
        if self._listing is None:
            path = f"/repos/{self._repository}/git/trees/{self._tree}"
            tree = self._client.get_forever(path, Tree, query={"recursive": 1})
            rows = sorted((node for node in tree.tree if node.type != "tree"), key=lambda node: node.path)
            entries = (
                TreeEntry(path=RepoPath(row.path), blob=BlobId(row.sha), mode=row.mode) for row in rows
            )
            self._listing = _Listing({entry.path: entry for entry in entries}, tree.truncated)
        return self._listing


class _Listing(NamedTuple):
    by_path: dict[RepoPath, TreeEntry]
    is_truncated: bool
