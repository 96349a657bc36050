"""Registries whose rows must be repeated elsewhere: ``rules/twins.yml`` as values."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta

from diffscope.patterns import Glob, compile_glob
from diffscope.source.model import Value
from diffscope.taxonomy.entries import PathGlob
from diffscope.yaml.typed import Rows, read_file


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


def load_twins(text: str, *, at: str) -> tuple[TwinRule, ...]:
    """Return the rules of a ``twins.yml``, in the order of the file.

    Raises:
        RuleError: the file is wrong; the message lists every mistake.
    """
    rules: tuple[TwinRule, ...] = read_file(TWINS, text, at=at)
    return rules


@lru_cache(maxsize=64)
def _globs(texts: tuple[str, ...]) -> tuple[Glob, ...]:
    return tuple(compile_glob(text) for text in texts)


def _matches(texts: tuple[str, ...], name: str) -> bool:
    return any(glob.matches(name) for glob in _globs(texts))
