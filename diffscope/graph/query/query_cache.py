"""What every query of a graph begins with, worked out once and kept beside it: its digest, its links, the walk from the serving path.

None of it is needed: a graph without shortcuts works them out when they are asked for.
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


class Shortcuts(NamedTuple):
    """Of one graph and one serving path."""

    digest: str
    links: Links
    served: Search


class Known(NamedTuple):
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


def encode_shortcuts(shortcuts: Shortcuts) -> bytes:
    """Return shortcuts as bytes."""
    served = shortcuts.served
    stored = _Stored(
        format=FORMAT,
        digest=shortcuts.digest,
        links=[write_numbers(column) for column in shortcuts.links],
        reached=write_numbers(array("i", served.steps)),
        steps=write_numbers(array("i", served.steps.values())),
        before=write_numbers(array("i", [served.before[node] for node in served.steps])),
    )
    return msgspec.msgpack.encode(stored)


def decode_shortcuts(data: bytes, *, count: int) -> Shortcuts:
    """Return what ``encode_shortcuts`` was given, for a graph of ``count`` nodes. Raises ``InputError`` for anything else."""
    try:
        stored = msgspec.msgpack.decode(data, type=_Stored)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"these bytes hold no shortcuts: {error}", hint="diffscope cache clear") from None
    if stored.format != FORMAT or len(stored.links) != len(Links._fields):
        raise InputError("the shortcuts were written by another version", hint="diffscope cache clear")
    links = Links(*map(read_numbers, stored.links))
    check_links(links, count)
    reached, steps, before = map(read_numbers, (stored.reached, stored.steps, stored.before))
    if not len(reached) == len(steps) == len(before):
        raise InputError("the shortcuts do not add up", hint="diffscope cache clear")
    served = Search(dict(zip(reached, steps, strict=True)), dict(zip(reached, before, strict=True)))
    return Shortcuts(stored.digest, links, served)
