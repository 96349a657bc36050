"""Places that belong together although nothing in the code ties them, and registries whose rows must be repeated elsewhere: ``rules/counterparts.yml`` and ``rules/twins.yml`` as values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta

from diffscope.messages.model import Text
from diffscope.patterns import Glob, compile_glob
from diffscope.source.model import Value
from diffscope.taxonomy.tables import PathGlob
from diffscope.yaml.typed import Rows


class Pairing(Value, frozen=True, kw_only=True):
    """One family of counterparts: the globs of both sides, or the words that tell twins apart, and why they belong together."""

    name: str
    watched: Annotated[tuple[PathGlob, ...], Meta(min_length=1)]
    counterpart: tuple[PathGlob, ...] = ()
    twins: tuple[str, ...] = ()
    """Words of a path and of names: with one in the place of another it is the twin's."""
    reason: Text

    def watches(self, path: str) -> bool:
        """Return whether a path is on the watched side (and not itself on the other)."""
        return _matches(self.watched, path) and not self.is_counterpart(path)

    def is_counterpart(self, path: str) -> bool:
        """Return whether a path is on the other side."""
        return _matches(self.counterpart, path)

    def twins_of(self, path: str) -> Iterator[str]:
        """Yield the paths that differ from a watched one in a word for twins alone; they may not exist."""
        if self.twins and self.watches(path):
            for found in _between(self.twins).finditer(path):
                yield from (
                    f"{path[: found.start()]}{word}{path[found.end() :]}"
                    for word in self.twins
                    if word != found[0]
                )

    def without_words(self, name: str) -> str:
        """Return a name without the words that tell twins apart, whatever their case."""
        return re.sub("|".join(self.twins), "", name, flags=re.IGNORECASE)


COUNTERPARTS: Final = Annotated[tuple[Pairing, ...], Rows("name", what="pairing")]


@lru_cache(maxsize=8)
def _between(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<=[/_])(?:{'|'.join(words)})(?=[/_.])")


@lru_cache(maxsize=64)
def _globs(texts: tuple[str, ...]) -> tuple[Glob, ...]:
    return tuple(compile_glob(text) for text in texts)


def _matches(texts: tuple[str, ...], path: str) -> bool:
    return any(glob.matches(path) for glob in _globs(texts))


class TwinRule(Value, frozen=True, kw_only=True):
    """One registry: the globs of its tables, and groups of globs of which each must hold a file that names a new key."""

    registry: str
    tables: Annotated[tuple[PathGlob, ...], Meta(min_length=1)]
    groups: tuple[Annotated[tuple[PathGlob, ...], Meta(min_length=1)], ...]
    not_tables: tuple[PathGlob, ...] = ()

    def holds(self, table: str) -> bool:
        """Return whether a table is one of the registry's."""
        return _matches(self.tables, table) and not _matches(self.not_tables, table)

    def missing(self, naming: tuple[str, ...]) -> tuple[str, ...]:
        """Return the first glob of each group that none of the paths which name a key matches."""
        return tuple(group[0] for group in self.groups if not any(_matches(group, path) for path in naming))


TWINS: Final = Annotated[tuple[TwinRule, ...], Rows("registry", what="registry")]
