"""Cached responses of GitHub: bodies with their ETags, and blobs by id."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from typing import Protocol

from diffscope.diff.make import has_id
from diffscope.source.model import BlobId

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
