"""Facts of changes in the cache: whoever edits a rule sees what it does to a thousand changes without one of them being read again."""

from __future__ import annotations

import zlib
from typing import Final

import msgspec

from diffscope.adapters.cache.cache import Cache
from diffscope.facts.model import ChangeFacts
from diffscope.source.model import CommitId

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(ChangeFacts)


class KeptFacts:
    """Facts by commit. ``maker`` names what made them: the tables and the code, not the rules."""

    def __init__(self, cache: Cache, *, maker: str) -> None:
        self._cache = cache
        self._space = f"facts-{maker}"

    def get(self, commit: CommitId) -> ChangeFacts | None:
        """Return the facts of a commit; ``None`` where they are not there or cannot be read."""
        data = self._cache.get(self._space, commit)
        try:
            return None if data is None else _DECODER.decode(zlib.decompress(data))
        except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def put(self, commit: CommitId, facts: ChangeFacts) -> None:
        """Keep the facts of a commit."""
        self._cache.put_many(self._space, {commit: zlib.compress(_ENCODER.encode(facts), 3)})
