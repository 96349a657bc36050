"""Bytes of one Python file -> ``Outline``: imports and declarations, without parsing expressions that are not needed.

Never raises on any bytes. A place that does not parse becomes a ``Problem``; what stands around it is still read.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from diffscope.patterns import lazy_regex
from diffscope.syntax.body_cutting import Body, Scan, Thinned, cut_bodies, find_bodies, find_kept, needle
from diffscope.syntax.model import OperatorCall, Outline, StringReference
from diffscope.syntax.outline.registries import ROWS, find_rows
from diffscope.syntax.outline.uses import names_of_skips
from diffscope.syntax.outline.walk import IMPORT_WORD, Declared, walk_statements
from diffscope.syntax.parsers import (
    ParsedSource,
    find_problems,
    find_unreadable,
    parse_python,
    prepare_python,
)

if TYPE_CHECKING:
    from tree_sitter import Node, Tree


DOTTED: Final = needle(rb"""QUOTE[A-Za-z_]\w*\.[\w.]*QUOTE(?:\s*(["'])[\w.]+\1)*""")
OPERATOR: Final = needle(rb"""torch\.ops\.(\w+)(?:\.(\w+)|\s*,\s*["'](\w+)["'])""")
_QUOTES: Final = lazy_regex(rb"""["'\s]+""")
_PATH: Final = lazy_regex(rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


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


EXTRACTOR_VERSION: Final = "6"
"""Changes with everything that changes an ``Outline`` or the identifiers of a test; caches are keyed by it, and so is the graph that ships."""

_OF_INTEREST: Final = (DOTTED, OPERATOR, *ROWS)
_IDENTIFIER: Final = lazy_regex(rb"[A-Za-z_]\w*")


class Parsed(NamedTuple):
    """A file as it was parsed. ``thinned`` tells what of it was not."""

    outline: Outline
    declared: tuple[Declared, ...]
    tree: Tree
    thinned: Thinned

    @property
    def known(self) -> ParsedSource:
        """What was parsed, for others like it."""
        return ParsedSource(self.thinned.source, self.tree)


_compared = OrderedDict[bytes, Outline]()
_COMPARED_KEPT: Final = 64


def remember_outline(source: bytes | None, outline: Outline) -> None:
    """Keep the outline of a file without problems that was read to be compared: the graph of the next change asks for it."""
    if source is not None and not outline.problems and not find_unreadable(source):
        _compared[source] = outline
        if len(_compared) > _COMPARED_KEPT:
            _compared.popitem(last=False)


def outline_python(source: bytes) -> Outline:
    """Return the outline of a file. Lines count from 1, as git counts them.

    Bodies of functions in which nothing could be of interest are not parsed: a syntax error in one of them is no problem here.
    """
    known = _compared.get(source)
    if known is not None:
        return known
    prepared = prepare_python(source)
    outline = declare_python(prepared, find_bodies(prepared)).outline
    unreadable = find_unreadable(source)
    return replace(outline, problems=(*unreadable, *outline.problems)) if unreadable else outline


def declare_python(source: bytes, bodies: Sequence[Body] = (), like: ParsedSource | None = None) -> Parsed:
    """Return the outline of a file and its definitions with their nodes.

    ``bodies`` need not be parsed, where that changes nothing. What the file has in common with another one like it costs less.
    """
    scan = Scan(source, _OF_INTEREST)
    thinned = _thin(source, bodies, scan)
    tree = parse_python(thinned.source, like)
    root = tree.root_node
    if thinned.places and (root.has_error or _cuts_text(root, thinned)):
        return declare_python(source)
    scan.lay_on(thinned)
    found = walk_statements(root, _import_words(thinned.source))
    outline = Outline(
        imports=found.imports,
        definitions=tuple(each.definition for each in found.declared),
        strings=find_strings(root, scan),
        operators=find_operators(root, scan),
        rows=find_rows(root, scan),
        exports=found.exports,
        has_module_getattr=any(each.definition.name == "__getattr__" for each in found.declared),
        code_lines=_count_code_lines(source),
        problems=tuple(sorted((*find_problems(root), *found.problems), key=lambda problem: problem.line)),
    )
    return Parsed(outline, found.declared, tree, thinned)


def _thin(source: bytes, bodies: Sequence[Body], scan: Scan) -> Thinned:
    if not bodies:
        return Thinned(source)
    positions = sorted((*scan.positions(), *_import_words(source)))
    kept = ((body, find_kept(source, body, positions)) for body in bodies)
    return cut_bodies(source, [(body, spans) for body, spans in kept if spans is not None])


def _import_words(source: bytes) -> list[int]:
    return [match.start() for match in IMPORT_WORD.finditer(source)]


def _cuts_text(root: Node, thinned: Thinned) -> bool:
    """Return whether something that looks like a function was cut out of a string, which must be shown whole."""
    nodes = (root.descendant_for_byte_range(place - 1, place - 1) for place in thinned.places)
    return any(node is not None and node.type == "string_content" for node in nodes)


def identifiers(source: bytes) -> tuple[str, ...]:
    """Return every ASCII name that occurs anywhere in the bytes of a test (code, strings, comments), sorted. Cheap: nothing is parsed.

    What only conditions of skips name is left out.
    """
    names = set(_IDENTIFIER.findall(source)) - names_of_skips(source)
    return tuple(sorted(name.decode("ascii", "replace") for name in names))


# Each begins with a letter that stands for itself: that is what the search engine can skip to.
_CODE_LINE: Final = lazy_regex(rb"\n *+[^\s#]")
_BELOW_COLON: Final = lazy_regex(rb":(?: *(?:#[^\n]*)?\n)+ *(?:r?\"|')")
_AT_TOP: Final = lazy_regex(rb"(?: *(?:#[^\n]*)?\n)+ *(?:r?\"|')")
_STRING: Final = lazy_regex(
    rb"""("{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3}|'{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3}|"(?:[^"\\\n]|\\.)+"|'(?:[^'\\\n]|\\.)+')[ \t]*(?:[#\r\n]|\Z)""",
    re.DOTALL,
)
_SPACES: Final = bytes.maketrans(b"\t\r\v\f", b"    ")
_COLON: Final = lazy_regex(rb":[ \t]*#[^\n]*$")


def _count_code_lines(source: bytes) -> int:
    """Return how many lines hold code, counted in the bytes: a docstring is a string that opens the file or follows a colon."""
    source = b"\n" + source.removeprefix(b"\xef\xbb\xbf").translate(_SPACES)
    lines = len(_CODE_LINE.findall(source))
    top = _AT_TOP.match(source)
    if top is not None:
        lines -= _count_string_lines(source, top.end() - 1)
    for match in _BELOW_COLON.finditer(source):
        line = source.rfind(b"\n", 0, match.start()) + 1
        # A colon may well end a comment.
        if b"#" not in source[line : match.start()] or _opens_a_block(source, match.end() - 1):
            lines -= _count_string_lines(source, match.end() - 1)
    return lines


def _count_string_lines(source: bytes, quote: int) -> int:
    """Return how many lines of code a string fills, if it stands there alone."""
    string = _STRING.match(source, quote)
    return 1 + len(_CODE_LINE.findall(string[1])) if string is not None else 0


def _opens_a_block(source: bytes, position: int) -> bool:
    """Return whether the last code before the line of a position is a colon; comments and blank lines are passed over."""
    end = source.rfind(b"\n", 0, position)
    while end > 0:
        start = source.rfind(b"\n", 0, end) + 1
        line = source[start:end].strip()
        if line and not line.startswith(b"#"):
            return line.endswith(b":") or _COLON.search(line) is not None
        end = start - 1
    return False
