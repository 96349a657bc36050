"""What a native source names in others: the headers that it includes, the functions that it calls."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.syntax.model import Include, NativeCall
from diffscope.syntax.native.preprocessor import NativeSource

_PATH: Final = lazy_regex(r'^(?:"([^"]+)"|<([^>]+)>)')


def read_includes(source: NativeSource) -> tuple[Include, ...]:
    """Return the includes, in order; those by a macro are left out."""
    found = []
    for directive in source.directives:
        match = _PATH.match(directive.text) if directive.word in (b"include", b"include_next") else None
        if match is not None:
            found.append(
                Include(
                    path=match[1] or match[2],
                    line=source.line_at(directive.start),
                    system=match[1] is None,
                    guards=source.guards_at(directive.start),
                )
            )
    return tuple(found)


# Read backwards: a search for a bracket is fifty times as fast as one for what may be a name.
_CALL: Final = lazy_regex(rb"\(\s*+(?:>[^<>;(){}]{0,200}<\s*+)?(\w++)((?:::\w++)*+)")
_NAME: Final = lazy_regex(rb"[a-z]\w*[A-Z_]\w+")
_BEFORE: Final = b'.>"#'
_LIBRARIES: Final = frozenset(
    {b"at", b"c10", b"cub", b"cuda", b"cute", b"cutlass", b"std", b"torch", b"thrust", b"dnnl"}
)
_FOREIGN: Final = lazy_regex(
    rb"(?:__|(?:cuda|cu|hip|atomic)[A-Z]|_mm|static_|dynamic_|const_|reinterpret_|is_|v[a-z]+q?_)\w*"
)


def find_calls(code: bytes) -> tuple[NativeCall, ...]:
    """Return the functions called, by name, each where it is called first; ``code`` has its comments blanked.

    Left out is what cannot be a function of another source: members, names of libraries, names of one word.
    """
    backwards = code[::-1]
    found: dict[bytes, int] = {}
    refused: set[bytes] = set()
    for match in _CALL.finditer(backwards):
        name = match[1][::-1]
        if name in refused:
            continue
        if name not in found and (_NAME.fullmatch(name) is None or _FOREIGN.fullmatch(name)):
            refused.add(name)
            continue
        scope = _scope(match[2][::-1], backwards[match.end() : match.end() + 1])
        if scope is not None and scope not in _LIBRARIES:
            found[name] = len(code) - match.end(1)
    return tuple(NativeCall(name=name.decode(), line=line) for name, line in sorted(_lines(code, found)))


def _lines(code: bytes, found: dict[bytes, int]) -> Iterator[tuple[bytes, int]]:
    line, position = 1, 0
    for name, start in sorted(found.items(), key=itemgetter(1)):
        line += code.count(b"\n", position, start)
        position = start
        yield name, line


def _scope(qualifiers: bytes, before: bytes) -> bytes | None:
    """Return the outermost name of ``a::b::``; ``None`` for a member. In ``x.a::b::`` it is ``b``."""
    names = qualifiers.split(b"::")[:-1]
    if before and before in _BEFORE:
        if not names:
            return None
        names = names[1:]
    return names[0] if names else b""
