"""Caches the facts of changes by commit, so that an edited rule is judged again on past changes without reading those."""

from __future__ import annotations

import zlib
from typing import Final

import msgspec

from diffscope.adapters.cache.cache import Cache
from diffscope.facts.model import ChangeFacts

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(ChangeFacts)


class FactsCache:
    """Facts by commit. ``maker`` names what made them: the tables and the code, not the rules."""

    def __init__(self, cache: Cache, *, maker: str) -> None:
        self._cache = cache
        self._space = f"facts-{maker}"

    def get(self, commit: str) -> ChangeFacts | None:
        """Return the facts of a commit, or of a commit by a mark behind it; ``None`` where they are not there or cannot be read."""
        data = self._cache.get(self._space, commit)
        try:
            return None if data is None else _DECODER.decode(zlib.decompress(data))
        except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def put(self, commit: str, facts: ChangeFacts) -> None:
        """Keep the facts of a commit."""
        self._cache.put_many(self._space, {commit: zlib.compress(_ENCODER.encode(facts), 3)})
