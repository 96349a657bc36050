"""Find declared words in texts and path segments; the words of a title without their endings.

A phrase is one or more words; between words, any run of characters that are neither letters nor digits is the same. The last word may
end in ``*`` (``quant*``), a single word may begin with it (``*moe``). Case does not matter. At each place the longest phrase wins and the
words it covers are spent, so ``cuda graph`` is no ``cuda``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.source.profile import places

Tokens = tuple[str, ...]

_TOKEN = lazy_regex(r"[a-z0-9]+")
_CAMEL = lazy_regex(r"(?<=[a-z0-9])(?=[A-Z][a-z])")


def tokens_of(text: str) -> Tokens:
    """Return the words of a text, in lower case."""
    return tuple(_TOKEN.findall(text.lower()))


def identifier_tokens(text: str) -> Tokens:
    """Return the words of a text that holds identifiers: ``KVConnectorBase`` gives ``kvconnector base``."""
    return tokens_of(_CAMEL.sub(" ", text))


class Found(NamedTuple):
    """One place where a phrase was found: who declared it, at which word it starts, and how many characters it covers."""

    owners: tuple[str, ...]
    start: int
    length: int


class WordTable:
    """Phrases by owner. A phrase may have several owners; an owner of ``""`` spends words and is never reported."""

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        """Take pairs of owner and phrase, in the order in which owners are reported."""
        self._exact: dict[Tokens, list[str]] = {}
        self._prefixes: dict[Tokens, list[tuple[str, str]]] = {}
        self._suffixes: list[tuple[str, str]] = []
        self._lengths: dict[str, int] = {}
        for owner, phrase in phrases:
            self._add(owner, phrase)
        self._begin = tuple(beginning for beginning, _ in self._prefixes.get((), ()))
        self._single: dict[str, list[str]] = {}
        self._end = tuple(ending for ending, _ in self._suffixes)
        self._reach: dict[str, int] = {}

    def find(self, tokens: Tokens) -> tuple[Found, ...]:
        """Return what is found in a row of words, from left to right."""
        known = self._reach
        reaches = [known[token] if token in known else self._reach_of(token) for token in tokens]
        if not any(reaches):
            return ()
        found = []
        start = 0
        while start < len(tokens):
            if not reaches[start]:
                start += 1
                continue
            owners, length = self._longest_at(tokens, start, reaches[start])
            if named := [owner for owner in owners if owner]:
                found.append(Found(tuple(named), start, sum(map(len, tokens[start : start + length]))))
            start += length
        return tuple(found)

    def owners_in(self, tokens: Tokens) -> tuple[str, ...]:
        """Return every owner found, each once, in the order of the text."""
        return tuple(dict.fromkeys(owner for found in self.find(tokens) for owner in found.owners))

    def _add(self, owner: str, phrase: str) -> None:
        if phrase.startswith("*"):
            self._suffixes.append((phrase[1:].lower(), owner))
            return
        words = tokens_of(phrase)
        if phrase.endswith("*"):
            self._prefixes.setdefault(words[:-1], []).append((words[-1], owner))
        else:
            self._exact.setdefault(words, []).append(owner)
        if len(words) > 1 or not phrase.endswith("*"):
            self._lengths[words[0]] = max(self._lengths.get(words[0], 0), len(words))

    def _reach_of(self, token: str) -> int:
        """Return how many words the longest phrase has that may begin with a word; 0 where none does."""
        reach = self._lengths.get(token, 0)
        if not reach and (token.startswith(self._begin) or token.endswith(self._end)):
            reach = 1
        self._reach[token] = reach
        return reach

    def _longest_at(self, tokens: Tokens, start: int, reach: int) -> tuple[list[str], int]:
        for length in range(min(reach, len(tokens) - start), 1, -1):
            row = tokens[start : start + length]
            owners = [*self._exact.get(row, ()), *self._by_prefix(row)]
            if owners:
                return list(dict.fromkeys(owners)), length
        return self._owners_of(tokens[start]), 1

    def _owners_of(self, token: str) -> list[str]:
        """Return the owners of a single word: exact and by its beginning, else by its end."""
        known = self._single.get(token)
        if known is None:
            row = (token,)
            owners = [*self._exact.get(row, ()), *self._by_prefix(row)]
            known = owners or [owner for ending, owner in self._suffixes if token.endswith(ending)]
            self._single[token] = known = list(dict.fromkeys(known))
        return known

    def _by_prefix(self, row: Tokens) -> Iterator[str]:
        for beginning, owner in self._prefixes.get(row[:-1], ()):
            if row[-1].startswith(beginning):
                yield owner


_PART: Final = lazy_regex(r"[A-Z]?[a-z]+|[A-Z]{2,}(?![a-z])|\d+")
_COMMON: Final = frozenset(
    {
        "fix", "bug", "bugfix", "the", "for", "and", "add", "added", "support", "with", "from", "use", "not", "when", "into", "make", "model",
        "core", "perf", "misc", "feat", "refactor", "update", "remove", "enable", "self", "config", "none", "return", "if",
    }
)  # fmt: skip


def stems_of(text: str) -> frozenset[str]:
    """Return the words of a text or of names in it, without endings."""
    found = (part[0].lower() for part in _PART.finditer(text))
    stems = (word if word.isdigit() else _stem(word) for word in found if len(word) > 2)
    return frozenset(stems) - _COMMON - places().own


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word.removesuffix(ending)
    return word
