"""``pytest -m``: whether a file can hold a test that a mark expression selects, judged on the file's text.

A mark that neither the file nor any helper module names cannot be on its tests; one that ``pytestmark`` sets is on all
of them; any other may be on some. The expression is judged in three-valued logic, and only a certain "no" counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache

from diffscope.patterns import lazy_regex
from diffscope.project.model import Verdict
from diffscope.source.model import RepoPath, Value

_MARK = lazy_regex(rb"\bmark\.([A-Za-z_]\w*)")
_ON_ALL = lazy_regex(rb"^pytestmark\s*=\s*(\[[^\]]*\]|[^\n]*)", re.MULTILINE)
_TEST = lazy_regex(rb"^\s*(?:async\s+)?def\s+test|^\s*class\s+Test|^(?:from|import)\s.*\btest_", re.MULTILINE)
_WORDS = lazy_regex(r"\s*(\(|\)|[A-Za-z_]\w*(?:\([^()]*\))?)")


class Marks(Value, frozen=True, kw_only=True):
    """What the text of a test file says of its marks."""

    named: frozenset[str]
    on_all: frozenset[str]
    possible: frozenset[str]
    """Marks that helper modules may put on its tests."""


class MarkReader:
    """Reads the marks of test files when they are asked for: most files are collected without a ``-m``."""

    def __init__(self, texts: Mapping[RepoPath, bytes], *, helpers: Iterable[RepoPath] = ()) -> None:
        """``helpers`` are the modules among the texts that tests may take marks from."""
        self._texts = texts
        self._helpers = tuple(helpers)
        self._read: dict[RepoPath, Marks | None] = {}

    def get(self, path: RepoPath) -> Marks | None:
        """Return the marks of a test file, ``None`` where its text is not known."""
        if path not in self._read:
            text = self._texts.get(path)
            self._read[path] = None if text is None else self._marks(text)
        return self._read[path]

    def has_tests(self, path: RepoPath) -> bool:
        """Say whether a file defines or imports tests; without its text it is taken to."""
        text = self._texts.get(path)
        return text is None or _TEST.search(text) is not None

    def _marks(self, text: bytes) -> Marks:
        on_all = frozenset(name for found in _ON_ALL.findall(text) for name in _names(_MARK, found))
        return Marks(named=_names(_MARK, text), on_all=on_all, possible=self._possible)

    @cached_property
    def _possible(self) -> frozenset[str]:
        texts = (self._texts[path] for path in self._helpers if path in self._texts)
        return frozenset(name for text in texts for name in _names(_MARK, text))


def may_match(expression: str, marks: Marks | None) -> bool:
    """Say whether some test of a file may be selected; without the file's text it always may."""
    if marks is None or not expression.strip():
        return True
    tokens = _tokens(expression)
    if tokens is None:
        return True
    verdict, rest = _or(tokens, marks)
    return bool(rest) or verdict is not Verdict.NO


def _names(pattern: re.Pattern[bytes], text: bytes) -> frozenset[str]:
    return frozenset(name.decode("ascii", "replace") for name in pattern.findall(text))


@lru_cache(maxsize=512)
def _tokens(expression: str) -> tuple[str, ...] | None:
    tokens: list[str] = []
    at = 0
    text = expression.strip()
    while at < len(text):
        found = _WORDS.match(text, at)
        if found is None or len(tokens) > 100:
            return None
        tokens.append(found[1])
        at = found.end()
    return tuple(tokens)


def _or(tokens: tuple[str, ...], marks: Marks) -> tuple[Verdict, tuple[str, ...]]:
    left, rest = _and(tokens, marks)
    while rest[:1] == ("or",):
        right, rest = _and(rest[1:], marks)
        left = _strongest(left, right, Verdict.YES)
    return left, rest


def _and(tokens: tuple[str, ...], marks: Marks) -> tuple[Verdict, tuple[str, ...]]:
    left, rest = _not(tokens, marks)
    while rest[:1] == ("and",):
        right, rest = _not(rest[1:], marks)
        left = _strongest(left, right, Verdict.NO)
    return left, rest


def _not(tokens: tuple[str, ...], marks: Marks) -> tuple[Verdict, tuple[str, ...]]:
    if tokens[:1] == ("not",):
        inner, rest = _not(tokens[1:], marks)
        opposite = {Verdict.YES: Verdict.NO, Verdict.NO: Verdict.YES, Verdict.UNKNOWN: Verdict.UNKNOWN}
        return opposite[inner], rest
    if tokens[:1] == ("(",):
        inner, rest = _or(tokens[1:], marks)
        return inner, rest[1:]
    if not tokens:
        return Verdict.UNKNOWN, ()
    return _of_mark(tokens[0].partition("(")[0], marks), tokens[1:]


def _of_mark(name: str, marks: Marks) -> Verdict:
    if name in marks.on_all:
        return Verdict.YES
    return Verdict.UNKNOWN if name in marks.named or name in marks.possible else Verdict.NO


def _strongest(left: Verdict, right: Verdict, winner: Verdict) -> Verdict:
    if winner in (left, right):
        return winner
    return Verdict.UNKNOWN if Verdict.UNKNOWN in (left, right) else left
