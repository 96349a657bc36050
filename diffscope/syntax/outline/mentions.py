"""Names that Python code mentions without importing them: dotted paths in strings, operators of torch.

Both are looked for in the bytes first and confirmed in the tree only where something was found.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from diffscope.syntax.model import OperatorCall, StringReference
from diffscope.syntax.parse.prefilter import Scan, needle

if TYPE_CHECKING:
    from tree_sitter import Node

DOTTED: Final = needle(rb"""QUOTE[A-Za-z_]\w*\.[\w.]*QUOTE(?:\s*(["'])[\w.]+\1)*""")
OPERATOR: Final = needle(rb"""torch\.ops\.(\w+)(?:\.(\w+)|\s*,\s*["'](\w+)["'])""")
_QUOTES: Final = re.compile(rb"""["'\s]+""")
_PATH: Final = re.compile(rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def find_strings(root: Node, scan: Scan) -> tuple[StringReference, ...]:
    """Return the string literals that are a dotted path as a whole; literals written side by side count as one."""
    found = []
    for match in scan.matches(DOTTED):
        text = _QUOTES.sub(b"", match[0])
        if _PATH.fullmatch(text):
            node = _string(root, scan.place(match.start()), scan.place(match.end()))
            if node is not None:
                found.append(StringReference(text=text.decode(), line=node.start_point[0] + 1))
    return tuple(found)


def find_operators(root: Node, scan: Scan) -> tuple[OperatorCall, ...]:
    """Return the operators that code names as ``torch.ops.ns.name`` or ``hasattr(torch.ops.ns, "name")``."""
    found = []
    for match in scan.matches(OPERATOR):
        start = scan.place(match.start())
        node = root.descendant_for_byte_range(start, start + 5)
        if node is not None and node.type == "identifier" and node.text == b"torch":
            name = match[2] or match[3]
            line = node.start_point[0] + 1
            found.append(OperatorCall(namespace=match[1].decode(), name=name.decode(), line=line))
    return tuple(found)


def _string(root: Node, start: int, end: int) -> Node | None:
    node = root.descendant_for_byte_range(start, end)
    if node is None or node.type not in ("string", "concatenated_string"):
        return None
    return node if node.start_byte == start and node.end_byte == end else None
