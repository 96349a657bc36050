"""The data that every query of a graph starts from, computed once and cached with it: digest, adjacency, serving distances.

None of it is needed: a graph without a query cache computes it on demand.
"""

from __future__ import annotations

from array import array
from typing import Final, NamedTuple

import msgspec

from diffscope.errors import InputError
from diffscope.graph.model.tables import read_numbers, write_numbers
from diffscope.graph.query.adjacency import Links, Search, check_links

FORMAT: Final = 2
"""Raise on any change of what is stored, or of how it is worked out."""


class QueryCache(NamedTuple):
    """Of one graph and one serving path."""

    digest: str
    links: Links
    served: Search


class KnownParts(NamedTuple):
    """As much of them as is known of a graph that has just been made."""

    digest: str | None = None
    links: Links | None = None
    served: Search | None = None


class _Stored(msgspec.Struct, kw_only=True, array_like=True):
    format: int
    digest: str
    links: list[bytes]
    reached: bytes
    steps: bytes
    before: bytes


def encode_query_cache(query_cache: QueryCache) -> bytes:
    """Return a query cache as bytes."""
    served = query_cache.served
    stored = _Stored(
        format=FORMAT,
        digest=query_cache.digest,
        links=[write_numbers(column) for column in query_cache.links],
        reached=write_numbers(array("i", served.steps)),
        steps=write_numbers(array("i", served.steps.values())),
        before=write_numbers(array("i", [served.before[node] for node in served.steps])),
    )
    return msgspec.msgpack.encode(stored)


def decode_query_cache(data: bytes, *, count: int) -> QueryCache:
    """Return what ``encode_query_cache`` was given, for a graph of ``count`` nodes. Raises ``InputError`` for anything else."""
    try:
        stored = msgspec.msgpack.decode(data, type=_Stored)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a stored query cache: {error}", hint="diffscope cache clear") from None
    if stored.format != FORMAT or len(stored.links) != len(Links._fields):
        raise InputError("the query cache was written by another version", hint="diffscope cache clear")
    links = Links(*map(read_numbers, stored.links))
    check_links(links, count)
    reached, steps, before = map(read_numbers, (stored.reached, stored.steps, stored.before))
    if not len(reached) == len(steps) == len(before):
        raise InputError("the query cache is inconsistent", hint="diffscope cache clear")
    served = Search(dict(zip(reached, steps, strict=True)), dict(zip(reached, before, strict=True)))
    return QueryCache(stored.digest, links, served)
