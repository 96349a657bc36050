"""What is gone from where it was, told by those who used it: modules that moved away, attributes that this change edits out of others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from diffscope.facts.lookup import TreeLookup
from diffscope.facts.material import Placed
from diffscope.facts.values import SymbolFact

_MOST = 20


def departed_modules(placed: Iterable[Placed], lookup: TreeLookup | None) -> Iterator[SymbolFact]:
    """Yield a fact for each public module of the product that was renamed and left nothing under its old name."""
    listed = tuple(placed)
    standing = {one.fact.module for one in listed if one.fact.status != "deleted"}
    for one in listed:
        old, now = _old_and_new(one, listed)
        name = lookup.module_at(old) if lookup and old and now else None
        if lookup is None or name is None or one.fact.category != "source" or name in standing:
            continue
        if any(part.startswith("_") for part in name.split(".")):
            continue
        users, edited = lookup.module_users(name)
        yield SymbolFact(
            **one.spot(1, symbol=name, side="old"),
            kind="module",
            aspects=("moved",),
            logic=False,
            public=True,
            moved_to=now,
            users=tuple(user for user in users if not user.startswith(f"{old}:")),
            users_edited=tuple(user for user in edited if not user.startswith(f"{old}:")),
            overrides=(),
        )


def _old_and_new(placed: Placed, others: tuple[Placed, ...]) -> tuple[str | None, str | None]:
    """Return where a file was that is there no more, and where it is; for a deleted file, where the most of its symbols arrived."""
    fact = placed.fact
    if fact.status == "renamed":
        return fact.old_path, fact.path
    if fact.status != "deleted":
        return None, None
    arrived = Counter(
        other.fact.path
        for other in others
        if other.material.python is not None
        for change in other.material.python.symbols
        if change.moved_from and change.moved_from.startswith(f"{fact.path}:")
    )
    return fact.path, min(arrived, key=lambda path: (-arrived[path], path), default=None)


def edited_users(placed: Iterable[Placed], path: str, name: str) -> tuple[str, ...]:
    """Return ``path:line`` of the lines of other files that named an attribute before the change, and that the change edits or removes."""
    word = re.compile(rf"\.{re.escape(name)}\b|\b{re.escape(name)}\s*[:=]".encode())
    found = (
        f"{one.fact.path}:{number}"
        for one in placed
        if one.fact.path != path and one.material.before and word.search(one.material.before)
        for number, line in enumerate(one.material.before.splitlines(), start=1)
        if word.search(line) and not _stands(line, one.material.after)
    )
    return tuple(sorted(found))[:_MOST]


def _stands(line: bytes, after: bytes | None) -> bool:
    return after is not None and line.strip() in after
