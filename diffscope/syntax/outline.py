"""Bytes of one Python file -> ``Outline``: what it imports and declares, without reading a single expression it does not need.

Never raises on any bytes. A place that does not parse becomes a ``Problem``; what stands around it is still read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from diffscope.syntax.lines import count_code_lines
from diffscope.syntax.mentions import find_operators, find_strings
from diffscope.syntax.parsing import find_problems, normalise_newlines, parse_python
from diffscope.syntax.registries import find_rows
from diffscope.syntax.values import Outline
from diffscope.syntax.walk import Declared, walk_statements

if TYPE_CHECKING:
    from tree_sitter import Node

EXTRACTOR_VERSION: Final = "1"
"""Changes with everything that changes an ``Outline``; caches are keyed by it."""

_IDENTIFIER: Final = re.compile(rb"[A-Za-z_]\w*")


def outline_python(source: bytes) -> Outline:
    """Return the outline of a file. Lines count from 1, as git counts them."""
    source = normalise_newlines(source)
    return declare_python(parse_python(source).root_node, source)[0]


def declare_python(root: Node, source: bytes) -> tuple[Outline, tuple[Declared, ...]]:
    """Return the outline of a parsed file, and its definitions with their nodes, in source order."""
    found = walk_statements(root, source)
    outline = Outline(
        imports=found.imports,
        definitions=tuple(each.definition for each in found.declared),
        strings=find_strings(root, source),
        operators=find_operators(root, source),
        rows=find_rows(root, source),
        exports=found.exports,
        has_module_getattr=any(each.definition.name == "__getattr__" for each in found.declared),
        code_lines=count_code_lines(source),
        problems=tuple(sorted((*find_problems(root), *found.problems), key=lambda problem: problem.line)),
    )
    return outline, found.declared


def identifiers(source: bytes) -> tuple[str, ...]:
    """Return every ASCII name that occurs anywhere in the bytes (code, strings, comments), sorted. Cheap: nothing is parsed."""
    return tuple(sorted(name.decode("ascii", "replace") for name in set(_IDENTIFIER.findall(source))))
