"""Places that belong together although nothing in the code ties them: ``rules/counterparts.yml`` as values."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta

from diffscope.messages.model import Text
from diffscope.patterns import Glob, compile_glob
from diffscope.source.model import Value
from diffscope.taxonomy.entries import PathGlob
from diffscope.yaml.typed import Rows, read_file


class Pairing(Value, frozen=True, kw_only=True):
    """One family of counterparts: the globs of both sides and why they belong together."""

    name: str
    watched: Annotated[tuple[PathGlob, ...], Meta(min_length=1)]
    counterpart: Annotated[tuple[PathGlob, ...], Meta(min_length=1)]
    reason: Text

    def watches(self, path: str) -> bool:
        """Return whether a path is on the watched side (and not itself on the other)."""
        return _matches(self.watched, path) and not self.is_counterpart(path)

    def is_counterpart(self, path: str) -> bool:
        """Return whether a path is on the other side."""
        return _matches(self.counterpart, path)


COUNTERPARTS: Final = Annotated[tuple[Pairing, ...], Rows("name", what="pairing")]


def load_counterparts(text: str, *, at: str) -> tuple[Pairing, ...]:
    """Return the pairings of a ``counterparts.yml``, in the order of the file.

    Raises:
        RuleError: the file is wrong; the message lists every mistake.
    """
    pairings: tuple[Pairing, ...] = read_file(COUNTERPARTS, text, at=at)
    return pairings


@lru_cache(maxsize=64)
def _globs(texts: tuple[str, ...]) -> tuple[Glob, ...]:
    return tuple(compile_glob(text) for text in texts)


def _matches(texts: tuple[str, ...], path: str) -> bool:
    return any(glob.matches(path) for glob in _globs(texts))
