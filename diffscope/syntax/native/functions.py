"""Function definitions of a native source, found by the grammar in every choice of branches, and by their look where it fails."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.model import NativeFunction, Problem
from diffscope.syntax.native.bindings import Block
from diffscope.syntax.native.preprocessor import NativeSource, variants
from diffscope.syntax.parsers import describe_problem, parse_native, problem_nodes

if TYPE_CHECKING:
    from tree_sitter import Node


_QUALIFIERS: Final = lazy_regex(
    r"\b(__global__|__device__|__host__|__forceinline__|__noinline__|static|inline|constexpr|virtual|template)\b"
)
_BOUNDS: Final = lazy_regex(r"__launch_bounds__\s*\(((?:[^()]|\([^()]*\))*)\)")
_CONTAINERS: Final = frozenset(
    {
        "translation_unit", "declaration_list", "field_declaration_list", "linkage_specification", "declaration", "ERROR",
        "template_declaration", "field_declaration", "type_definition",
    }
)  # fmt: skip
_SCOPES: Final = frozenset({"namespace_definition", "class_specifier", "struct_specifier", "union_specifier"})
_DECLARATORS: Final = frozenset({
    "init_declarator", "pointer_declarator", "reference_declarator", "parenthesized_declarator", "attributed_declarator",
})  # fmt: skip
_KEYWORDS: Final = frozenset({"if", "for", "while", "switch", "catch", "return", "sizeof", "else", "do"})
_HEAD: Final = lazy_regex(
    rb"^(?:template[ \t]*<[^;{}]*>[ \t]*\n)?[ \t]*(?P<head>(?:[\w:<>,*&\[\] \t]|__launch_bounds__\([^()\n]*\))*?[ \t*&\n])(?P<name>[A-Za-z_~][\w:~]*)[ \t]*"
    rb"\((?P<parameters>(?:[^(){};]|\([^(){};]*\))*)\)[\s\w:>-]*\{",
    re.MULTILINE,
)
_DEEPEST: Final = 60
_LARGE: Final = 80
"""Bytes from which a place that the grammar cannot read may hold a function."""


class Found(NamedTuple):
    """A function with its bytes: from its first one to behind its last one, its body beginning at ``body``."""

    function: NativeFunction
    start: int
    body: int
    end: int


class Functions(NamedTuple):
    """The functions in source order, and the places that the grammar could not read."""

    functions: tuple[Found, ...]
    problems: tuple[Problem, ...]


def find_functions(source: NativeSource, blocks: tuple[Block, ...]) -> Functions:
    """Return every function definition once, whatever branch it stands in. ``blocks`` are no functions, though they look so."""
    found: dict[int, Found] = {}
    problems: dict[int, Problem] = {}
    starts = {block.start for block in blocks}
    for variant in variants(source.code, source.directives):
        text = thin_native(variant)
        root = parse_native(text.code).root_node
        reader = _Reader(source, text, starts)
        reader.read(root, "", 0)
        if root.has_error:
            reader.read_by_look(root)
            for node in problem_nodes(root):
                line = source.line_at(text.place(node.start_byte))
                problems.setdefault(line, Problem(line=line, text=describe_problem(node)))
        for each in reader.found:
            found.setdefault(each.start, each)
    functions = _outermost(sorted(found.values(), key=lambda each: (each.start, -each.end)))
    return Functions(tuple(functions), tuple(problems[line] for line in sorted(problems)[:20]))


_MACRO: Final = lazy_regex(rb"#[ \t]*define[ \t]+(\w+)\(([^()]*)\)")
_MACRO_LINES: Final = 4
"""Lines from which on a macro with parameters is code by its own right."""


def find_macros(source: NativeSource, functions: tuple[Found, ...]) -> Iterator[Found]:
    """Yield macros with parameters and a body of several lines, outside of functions: what calls them is compiled from their text."""
    for each in source.directives:
        head = _MACRO.search(source.code, each.start, each.end) if each.word == b"define" else None
        start, end = source.line_at(each.start), source.line_at(max(each.start, each.end - 1))
        is_inside = any(one.start <= each.start < one.end for one in functions)
        if head is None or is_inside or end - start + 1 < _MACRO_LINES:
            continue
        function = NativeFunction(
            name=decode(head[1]),
            item="macro",
            line=start,
            start=start,
            end=end,
            parameters=tuple(_split(decode(head[2]))),
            guards=source.guards_at(each.start),
        )
        yield Found(function, each.start, head.end(), each.end)


def _outermost(found: list[Found]) -> Iterator[Found]:
    """Leave out what lies inside another function: a function that begins in one branch and is seen from another one."""
    end = -1
    for each in found:
        if each.start >= end:
            end = each.end
            yield each


class _Reader:
    def __init__(self, source: NativeSource, text: NativeText, blocks: set[int]) -> None:
        self.found: list[Found] = []
        self._source = source
        self._text = text
        self._blocks = blocks

    def read(self, node: Node, scope: str, depth: int, template: Node | None = None) -> None:
        if depth > _DEEPEST:
            return
        for child in node.named_children:
            if child.type == "function_definition" or _is_macro_bodied(child):
                self._function(child, scope, template or child)
            elif child.type == "template_declaration":
                self.read(child, scope, depth + 1, template or child)
            elif child.type in _SCOPES:
                name = child.child_by_field_name("name")
                inner = f"{scope}{_compact(name)}::" if name is not None else scope
                body = child.child_by_field_name("body")
                if body is not None:
                    self.read(body, inner, depth + 1)
            elif child.type in _CONTAINERS:
                self.read(child, scope, depth + 1)

    def read_by_look(self, root: Node) -> None:
        """Read what the grammar gave up on: heads of functions in the text of error nodes."""
        pending = [root]
        while pending:
            node = pending.pop()
            size = self._text.place(node.end_byte) - self._text.place(node.start_byte)
            if node.type == "ERROR" and size > _LARGE:
                place, code = self._text.place, self._text.code
                known = {each.body for each in self.found}
                for match in _HEAD.finditer(code, node.start_byte, node.end_byte):
                    name = decode(match["name"])
                    start, body = match.end() - len(match[0].lstrip()), match.end() - 1
                    if (
                        name in _KEYWORDS
                        or place(body) in known
                        or not match["head"].strip()
                        or place(start) in self._blocks
                    ):
                        continue
                    span = (start, body, _closing_brace(code, match.end()))
                    parameters = decode(match["parameters"])
                    self._add(name, _split(parameters), span, match.start("name"))
            elif node.has_error:
                pending.extend(node.named_children)

    def _function(self, node: Node, scope: str, whole: Node) -> None:
        declarator, body = _function_declarator(node), _body(node)
        if declarator is None or body is None or self._text.place(node.start_byte) in self._blocks:
            return
        name = declarator.child_by_field_name("declarator")
        parameters = declarator.child_by_field_name("parameters")
        if name is None or name.type not in _NAMES:
            return
        texts = [folded(child) for child in parameters.named_children] if parameters is not None else []
        span = (whole.start_byte, body.start_byte, node.end_byte)
        self._add(scope + _compact(name), texts, span, name.start_byte)

    def _add(self, name: str, parameters: list[str], span: tuple[int, int, int], at: int) -> None:
        # What was cut behind the last byte is no part of the function.
        start, body, end = (*map(self._text.place, span[:2]), self._text.place(span[2] - 1) + 1)
        head = decode(self._source.code[start:body])
        function = NativeFunction(
            name=name,
            line=self._source.line_at(self._text.place(at)),
            start=self._source.line_at(start),
            end=self._source.line_at(max(start, end - 1)),
            parameters=tuple(parameters),
            qualifiers=tuple(
                sorted(set(_QUALIFIERS.findall(head if _BOUNDS.search(head) else head.partition("(")[0])))
            ),
            guards=self._source.guards_at(body),
        )
        self.found.append(Found(function, start, body, end))


_NAMES: Final = frozenset({
    "identifier", "field_identifier", "qualified_identifier", "operator_name", "destructor_name",
    "template_function", "operator_cast",
})  # fmt: skip


def _is_macro_bodied(node: Node) -> bool:
    """Return whether a declaration is a function in truth: ``void f() { MACRO }`` looks like one that is initialised."""
    return node.type == "declaration" and _body(node) is not None and _function_declarator(node) is not None


def _function_declarator(node: Node) -> Node | None:
    declarator = node.child_by_field_name("declarator")
    while declarator is not None and declarator.type in _DECLARATORS:
        inner = declarator.child_by_field_name("declarator")
        declarator = inner or next(
            (child for child in declarator.named_children if child.type.endswith("declarator")), None
        )
    return declarator if declarator is not None and declarator.type == "function_declarator" else None


def _body(node: Node) -> Node | None:
    declarator = node.child_by_field_name("declarator")
    if declarator is not None and declarator.type == "init_declarator":
        value = declarator.child_by_field_name("value")
        return value if value is not None and value.type == "initializer_list" else None
    body = node.child_by_field_name("body")
    return body or next((child for child in node.named_children if child.type == "try_statement"), None)


def _closing_brace(text: bytes, position: int) -> int:
    depth = 1
    for match in re.finditer(rb"[{}]", text[position : position + 400_000]):
        depth += 1 if match[0] == b"{" else -1
        if not depth:
            return position + match.end()
    return len(text)


def _split(parameters: str) -> list[str]:
    depth, parts, current = 0, [], ""
    for character in parameters:
        depth += (character in "(<[{") - (character in ")>]}")
        if character == "," and not depth:
            parts.append(current)
            current = ""
        else:
            current += character
    return [" ".join(part.split()) for part in (*parts, current) if part.strip()]


def folded(node: Node) -> str:
    """Return the source of a node on one line."""
    return " ".join(decode(node.text or b"").split())


def _compact(node: Node) -> str:
    return "".join(decode(node.text or b"").split())


_BRACES: Final = lazy_regex(rb"""[{}]|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.){1,8}'""", re.DOTALL)
_WITH_RAW: Final = lazy_regex(rb"""R"([^\s()\\"]{0,16})\(.*?\)\1"|""" + _BRACES.pattern, re.DOTALL)
_HEAD_END: Final = lazy_regex(
    rb"\)\s*(?:(?:const|noexcept|override|final|volatile|mutable)\b\s*|&\s*)*(?:->[^;{}()]*)?\Z"
)
_NO_FUNCTION: Final = lazy_regex(rb"\balignas\b|\bextern\s*\"")
_TAIL: Final = 200
"""Bytes before a brace in which the head of a function ends, if it is one."""
_BLANKS: Final = lazy_regex(rb"\s{4,}")


class _Cut(NamedTuple):
    """What stands between two positions, and what is put in its place."""

    start: int
    end: int
    left: bytes


class NativeText(NamedTuple):
    """What is left of a text of the same positions as the file; ``starts`` are the positions of its pieces here and there."""

    code: bytes
    starts: tuple[int, ...] = (0,)
    origins: tuple[int, ...] = (0,)

    def place(self, position: int) -> int:
        """Return where a position stands in the file."""
        at = bisect_right(self.starts, position) - 1
        return self.origins[at] + position - self.starts[at]


def thin_native(text: bytes) -> NativeText:
    """Return a text without comments and directives, its function bodies and its margins cut."""
    cuts = _find_cuts(text, _find_bodies(text))
    parts: list[bytes] = []
    starts, origins = [0], [0]
    position = length = 0
    for start, end, left in cuts:
        parts += [text[position:start], left]
        length += start - position + len(left)
        starts.append(length)
        origins.append(end)
        position = end
    parts.append(text[position:])
    return NativeText(b"".join(parts), tuple(starts), tuple(origins))


def _find_bodies(text: bytes) -> list[tuple[int, int]]:
    """Return the insides of the outermost braces that look like bodies of functions; none where braces do not match."""
    pattern = _WITH_RAW if b'R"' in text else _BRACES
    bodies: list[tuple[int, int]] = []
    depth = body_depth = body = last = 0
    for match in pattern.finditer(text):
        mark = match[0]
        if mark == b"{":
            if not body_depth and _opens_function(text, last, match.start()):
                body_depth, body = depth + 1, match.end()
            depth += 1
        elif mark == b"}":
            if depth == body_depth and body_depth:
                bodies.append((body, match.start()))
                body_depth = 0
            depth -= 1
            if depth < 0:
                return []
        else:
            continue
        last = match.end()
    return bodies if not depth else []


def _opens_function(text: bytes, start: int, brace: int) -> bool:
    start = max(start, text.rfind(b";", start, brace) + 1)
    head = text[max(start, brace - _TAIL) : brace]
    return _HEAD_END.search(head.rstrip()) is not None and not _NO_FUNCTION.search(text, start, brace)


def _find_cuts(text: bytes, bodies: Iterable[tuple[int, int]]) -> Iterator[_Cut]:
    """Yield what is to be cut, in order: bodies, and the blanks between two words but one."""
    position = 0
    for start, end in (*bodies, (len(text), len(text))):
        for match in _BLANKS.finditer(text, position, start):
            yield _Cut(match.start(), match.end(), b"\n" if b"\n" in match[0] else b" ")
        if text[start:end].strip():
            # Empty braces could be an initialiser.
            yield _Cut(start, end, b";")
        position = end
