"""``#include`` lines of a native source."""

from __future__ import annotations

from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.syntax.model import Include
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
