"""What a test file names only to ask whether its tests can run here: the conditions of skips. It covers nothing of that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from diffscope.patterns import lazy_regex

_NAME: Final = lazy_regex(rb"[A-Za-z_][A-Za-z0-9_]*")
_WORD: Final = lazy_regex(r"[A-Za-z_]\w*")
_OWN: Final = lazy_regex(r"^(?:async +)?(?:def|class) +([A-Za-z_]\w*)", re.MULTILINE)
_ANY: Final = lazy_regex(rb"skip")
_CALL: Final = lazy_regex(
    rb"(?:\bpytest\s*\.\s*(?:mark\s*\.\s*skipif|importorskip)|\bskip(?:If|Unless|if))\s*(?=\()"
)
_IF: Final = lazy_regex(
    rb"^[ \t]*(?:el)?if\b(?P<condition>[^:\n]+(?:\n[^:\n]+){0,8}):[ \t]*(?:#[^\n]*)?\n"
    rb"[ \t]+(?:return[ \t]+)?(?:pytest[ \t]*\.[ \t]*skip|self[ \t]*\.[ \t]*skipTest)[ \t]*\(",
    re.MULTILINE,
)
_IMPORT: Final = lazy_regex(
    rb"^[ \t]*(?:from[ \t]+[\w.]+[ \t]+import[ \t]*(?:\([^)]*\)|[^\n(]*)|import[ \t]+[^\n]*)", re.MULTILINE
)
_ASSIGNED: Final = lazy_regex(rb"^([A-Za-z_]\w*)[ \t]*(?::[^=\n]+)?=(?!=)[ \t]*[^\n]+", re.MULTILINE)
_LONGEST: Final = 2_000
"""Bytes of one condition; what has no end by then is none."""


def words_of_test(text: str) -> frozenset[str]:
    """Return what a test file names: not what it defines itself, unless it asks some module or object for that name too.

    Nor what only the conditions of its skips name.
    """
    own = {name for name in _OWN.findall(text) if f".{name}" not in text}
    asked = {name.decode() for name in names_of_skips(text.encode())}
    return frozenset(_WORD.findall(text)) - own - asked


def names_of_skips(source: bytes) -> frozenset[bytes]:
    """Return the names that stand in conditions of skips and nowhere else in a test file but where they are imported.

    A variable of the module that only such conditions ask for hands on what it is assigned. Names are ASCII; nothing is parsed.
    """
    if not _ANY.search(source):
        return frozenset()
    rest, asked = _taken_out(source, sorted(_conditions(source)))
    if not asked:
        return frozenset()
    rest, _ = _taken_out(rest, [found.span() for found in _IMPORT.finditer(rest)])
    values = [
        found.span()
        for found in _ASSIGNED.finditer(rest)
        if found[1] in asked and len(re.findall(rb"\b%s\b" % found[1], rest)) == 1
    ]
    rest, more = _taken_out(rest, values)
    return (asked | more).difference(_NAME.findall(rest))


def _conditions(source: bytes) -> Iterator[tuple[int, int]]:
    for found in _IF.finditer(source):
        yield found.span("condition")
    for found in _CALL.finditer(source):
        end = closed(source, found.end())
        if end is not None:
            yield found.end(), end


def closed(source: bytes, start: int) -> int | None:
    """Return where the bracket that opens at ``start`` is closed; brackets in strings count too."""
    depth = 0
    for at in range(start, min(len(source), start + _LONGEST)):
        depth += (source[at] == ord("(")) - (source[at] == ord(")"))
        if not depth:
            return at + 1
    return None


def _taken_out(source: bytes, spans: list[tuple[int, int]]) -> tuple[bytes, frozenset[bytes]]:
    """Return the source without spans, which are sorted and may overlap, and the names in them."""
    kept, names, at = [], set[bytes](), 0
    for start, end in spans:
        kept.append(source[at : max(start, at)])
        names.update(_NAME.findall(source[start:end]))
        at = max(at, end)
    return b" ".join((*kept, source[at:])), frozenset(names)
