"""The text of a ``.proto`` file -> its wire elements: fields of messages, values of enumerations, methods of services.

A small reader of our own; what it does not know it skips. It never raises.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex

_TOKEN: Final = lazy_regex(
    r"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\.?[A-Za-z_][\w.]*|-?\d\w*|\S""",
    re.DOTALL,
)
_LABELS: Final = frozenset({"optional", "required", "repeated"})
_SCOPES: Final = frozenset({"message", "enum", "service", "oneof", "extend"})
_SKIPPED: Final = frozenset({"option", "reserved", "extensions", "syntax", "edition", "package", "import"})
_NAME: Final = lazy_regex(r"[A-Za-z_]\w*")
_MOST: Final = 200_000
"""Tokens that are read."""


class WireElement(NamedTuple):
    """One thing that goes over the wire, by its name within the package: ``Request.Options.depth``, ``Engine.Generate``."""

    name: str
    type: str
    """The type with its label; ``Request -> stream Response`` of a method; empty for a value of an enumeration."""
    number: str
    """Its number, as written; empty for a method."""
    line: int


def read_wire_elements(text: str) -> tuple[WireElement, ...]:
    """Return what goes over the wire, in the order of the file."""
    return tuple(_Reader(text).read())


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, int]] = []
        line = position = 0
        for match in _TOKEN.finditer(text):
            if match["comment"] is None and len(self._tokens) < _MOST:
                line += text.count("\n", position, match.start())
                position = match.start()
                self._tokens.append((match[0], line + 1))

    def read(self) -> list[WireElement]:
        """Go through the statements, each up to ``;`` or to its opening brace."""
        found: list[WireElement] = []
        scopes: list[tuple[str, str]] = []
        statement: list[tuple[str, int]] = []
        for token, line in self._tokens:
            if token == "{":  # noqa: S105 - a bracket
                scopes.append(self._scope(statement))
                if scopes[-1][0] == "rpc":
                    found += self._element(statement, scopes[:-1])
                statement = []
            elif token == "}":  # noqa: S105 - a bracket
                if scopes:
                    scopes.pop()
                statement = []
            elif token == ";":  # noqa: S105 - the end of a statement
                found += self._element(statement, scopes)
                statement = []
            else:
                statement.append((token, line))
        return found

    @staticmethod
    def _scope(statement: list[tuple[str, int]]) -> tuple[str, str]:
        words = [token for token, _ in statement[:2]]
        if len(words) == 2 and words[0] in _SCOPES:
            return words[0], words[1]
        return (words[0] if words and words[0] == "rpc" else ""), ""

    @staticmethod
    def _element(statement: list[tuple[str, int]], scopes: list[tuple[str, str]]) -> list[WireElement]:
        words = [token for token, _ in statement]
        kinds = [kind for kind, _ in scopes]
        # The fields of a `oneof` are fields of the message around it.
        owner = ".".join(name for kind, name in scopes if kind in ("message", "enum", "service"))
        if not words or not owner or words[0] in _SKIPPED or "" in kinds:
            return []
        if words[0] == "rpc":
            return _method(words, owner, statement)
        if "=" not in words:
            return []
        at = words.index("=")
        if at < 1 or at + 1 >= len(words) or not _NAME.fullmatch(words[at - 1]):
            return []
        kind = " ".join(words[: at - 1])
        # What may be left out is written the same as what need not be.
        kind = kind.removeprefix("optional ") if kind.partition(" ")[0] in _LABELS else kind
        name, line = statement[at - 1]
        return [WireElement(f"{owner}.{name}", kind, words[at + 1], line)]


def _method(words: list[str], owner: str, statement: list[tuple[str, int]]) -> list[WireElement]:
    sides = re.fullmatch(r"rpc (\w+) \( ([^()]*?) \) returns \( ([^()]*?) \)(?: .*)?", " ".join(words))
    if sides is None:
        return []
    return [WireElement(f"{owner}.{sides[1]}", f"{sides[2]} -> {sides[3]}", "", statement[0][1])]
