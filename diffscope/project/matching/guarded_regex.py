r"""Regexes of other people's files, in linear time, with one form of look-around that RE2 alone refuses.

``^(?!a)(?=b)c`` asks three things of the same place, the start of the text, so that it equals: no match of ``^a``,
a match of ``^b``, and a match of ``^c``. Look-around anywhere else stays refused. Character classes (``\b``, ``\w``,
``\s``, ``\d``) are ASCII, as RE2 has them; Python's own engine would count letters of other alphabets too.
"""

from __future__ import annotations

import re
from functools import lru_cache

from diffscope.patterns import Regex, compile_regex

_START = re.compile(r"(?P<flags>\(\?[a-z]+\))?\^(?=\(\?[!=])")


class GuardedRegex:
    """A regular expression with guards at its start; made by ``compile_guarded``."""

    __slots__ = ("_body", "_guards", "anchor", "prefix")

    def __init__(self, body: Regex, guards: tuple[tuple[bool, Regex], ...], text: str) -> None:
        self._body = body
        self._guards = guards
        self.prefix = _literal(text.removeprefix("^"))
        """What every text that ``match`` covers starts with; it narrows a sorted list of paths."""
        self.anchor = self.prefix if text.startswith("^") else ""
        """The same for ``search``."""

    def search(self, text: str) -> bool:
        """Say whether the pattern is found anywhere in the text."""
        return self._body.search(text) and all(guard.search(text) is wanted for wanted, guard in self._guards)

    def match(self, text: str) -> bool:
        """Say whether the pattern is found at the start of the text."""
        return self._body.match(text) and all(guard.search(text) is wanted for wanted, guard in self._guards)


@lru_cache(maxsize=1024)
def compile_guarded(text: str) -> GuardedRegex:
    """Return the matcher of a regex.

    Raises:
        InputError: the expression is wrong, or needs what cannot be had in linear time.
    """
    found = _START.match(text)
    if found is None:
        return GuardedRegex(compile_regex(text), (), text)
    flags, at = found["flags"] or "", found.end()
    guards: list[tuple[bool, Regex]] = []
    while text[at : at + 3] in {"(?!", "(?="}:
        end = _closing(text, at)
        if end is None:
            return GuardedRegex(compile_regex(text), (), text)
        guards.append((text[at + 2] == "=", compile_regex(f"{flags}^(?:{text[at + 3 : end]})")))
        at = end + 1
    if text[at : at + 1] in {"*", "+", "?", "{", "|"} or _has_top_level_bar(text[at:]):
        return GuardedRegex(compile_regex(text), (), text)
    body = f"{flags}^{text[at:]}"
    return GuardedRegex(compile_regex(body), tuple(guards), body)


def _literal(text: str) -> str:
    """The plain characters that a pattern starts with; none where ``|`` or flags may change what they mean."""
    if "|" in text or text.startswith("(?"):
        return ""
    out: list[str] = []
    for piece in re.findall(r"\\[^A-Za-z0-9]|[A-Za-z0-9/_-]|.", text, flags=re.DOTALL):
        if piece in {"*", "?", "{"}:
            return "".join(out[:-1])
        if len(piece) == 1 and not re.fullmatch(r"[A-Za-z0-9/_-]", piece):
            break
        out.append(piece[-1])
    return "".join(out)


def _closing(text: str, start: int) -> int | None:
    """Index of the bracket that closes the group at ``start``; ``None`` where none does."""
    depth = 0
    for at, char in _significant(text, start):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return at
    return None


def _has_top_level_bar(text: str) -> bool:
    depth = 0
    for _, char in _significant(text, 0):
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            return True
    return False


def _significant(text: str, start: int) -> list[tuple[int, str]]:
    """The characters that are neither escaped nor in a character class, with their index."""
    pieces = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
    return [(found.start(), found[0]) for found in pieces.finditer(text, start) if len(found[0]) == 1]
