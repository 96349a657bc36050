"""Names of functions that native code calls, to tie a source to the others that define them."""

from __future__ import annotations

import re
from typing import Final

from diffscope.syntax.values import NativeCall

_CALL: Final = re.compile(rb"(?<![\w.>\"#])((?:\w+::)*)([a-z]\w*[A-Z_]\w+)\s*(?:<[^<>;(){}]{0,200}>)?\s*\(")
_LIBRARIES: Final = frozenset(
    {b"at", b"c10", b"cub", b"cuda", b"cute", b"cutlass", b"std", b"torch", b"thrust", b"dnnl"}
)
_FOREIGN: Final = re.compile(
    rb"(?:__|(?:cuda|cu|hip|atomic)[A-Z]|_mm|static_|dynamic_|const_|reinterpret_|is_|v[a-z]+q?_)\w*"
)


def find_calls(code: bytes) -> tuple[NativeCall, ...]:
    """Return the functions called, by name, each where it is called first; ``code`` has its comments blanked.

    Left out is what cannot be a function of another source: members, names of libraries, names of one word.
    """
    found: dict[bytes, int] = {}
    for match in _CALL.finditer(code):
        name = match[2]
        if name in found or match[1].partition(b"::")[0] in _LIBRARIES or _FOREIGN.fullmatch(name):
            continue
        found[name] = code.count(b"\n", 0, match.start()) + 1
    return tuple(NativeCall(name=name.decode(), line=line) for name, line in sorted(found.items()))
