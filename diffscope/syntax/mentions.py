"""Names that Python code mentions without importing them: dotted paths in strings, operators of torch.

Both are looked for in the bytes first and confirmed in the tree only where something was found.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from diffscope.syntax.values import OperatorCall, StringReference

if TYPE_CHECKING:
    from tree_sitter import Node

DOTTED: Final = re.compile(rb"""(["'])[A-Za-z_]\w*\.[\w.]*\1(?:\s*(["'])[\w.]+\2)*""")
OPERATOR: Final = re.compile(rb"""torch\.ops\.(\w+)(?:\.(\w+)|\s*,\s*["'](\w+)["'])""")
_QUOTES: Final = re.compile(rb"""["'\s]+""")
_PATH: Final = re.compile(rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def find_strings(root: Node, source: bytes) -> tuple[StringReference, ...]:
    """Return the string literals that are a dotted path as a whole; literals written side by side count as one."""
    found = []
    for match in DOTTED.finditer(source):
        text = _QUOTES.sub(b"", match[0])
        if _PATH.fullmatch(text) and _is_string(root, match.start(), match.end()):
            line = source.count(b"\n", 0, match.start()) + 1
            found.append(StringReference(text=text.decode(), line=line))
    return tuple(found)


def find_operators(root: Node, source: bytes) -> tuple[OperatorCall, ...]:
    """Return the operators that code names as ``torch.ops.ns.name`` or ``hasattr(torch.ops.ns, "name")``."""
    found = []
    for match in OPERATOR.finditer(source):
        node = root.descendant_for_byte_range(match.start(), match.start() + 5)
        if node is not None and node.type == "identifier" and node.text == b"torch":
            name = match[2] or match[3]
            line = node.start_point[0] + 1
            found.append(OperatorCall(namespace=match[1].decode(), name=name.decode(), line=line))
    return tuple(found)


def _is_string(root: Node, start: int, end: int) -> bool:
    node = root.descendant_for_byte_range(start, end)
    return (
        node is not None
        and node.type in ("string", "concatenated_string")
        and node.start_byte == start
        and node.end_byte == end
    )
