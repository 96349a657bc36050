"""Both sides of a Rust file -> ``NativeComparison``, with an outline of each. Never raises.

Items are functions, methods, structs, enums, unions, traits (with what they provide), constants, types and macros. ``use`` stands among
the includes; heads of ``impl`` and what else stands outside of items is one change under the name ``""``, as in C++.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.model import (
    Include,
    NativeComparison,
    NativeFunction,
    NativeOutline,
    NativeSignal,
    NativeSignalKind,
    Problem,
)
from diffscope.syntax.native.changes import Unit, compare_functions
from diffscope.syntax.native.functions import folded
from diffscope.syntax.native.preprocessor import blank
from diffscope.syntax.nodes import clip
from diffscope.syntax.parsers import describe_problem, parse_rust, problem_nodes

if TYPE_CHECKING:
    from tree_sitter import Node

_ITEMS: Final = {
    "function_item": "function",
    "struct_item": "struct",
    "enum_item": "enum",
    "union_item": "union",
    "trait_item": "trait",
    "const_item": "const",
    "static_item": "static",
    "type_item": "type",
    "macro_definition": "macro",
}
_COMMENTS: Final = ("line_comment", "block_comment")
_PLAIN: Final = ("attribute_item", *_COMMENTS)
"""What may stand before an item and belongs to it."""
_TOKEN: Final = lazy_regex(
    r"""r(#+)".*?"\1|b?r?"(?:[^"\\]|\\.)*"|'(?:\\[^']{1,10}|[^'\\])'|'\w+|[A-Za-z_]\w*|\d[\w.]*|->|=>|::|&&|\|\||[<>=!+\-*/%&|^]=|\.\.=?|\S""",
    re.DOTALL,
)
_IS_TEST: Final = lazy_regex(
    rb"cfg\s*\(\s*(?:all\s*\(\s*)?test\b|^#\[\s*(?:[\w:]+::)?(?:test|rstest|test_case|proptest|bench)\b"
)
_SERDE: Final = lazy_regex(rb"#\[\s*(?:cfg_attr\([^,]*,\s*)?serde\b")
_DERIVED: Final = lazy_regex(rb"derive\s*\(([^)]*)\)")
_PANICS: Final = frozenset(
    {"panic", "unreachable", "todo", "unimplemented", "assert", "assert_eq", "assert_ne"}
)
_UNWRAPS: Final = frozenset({"unwrap", "expect", "unwrap_unchecked"})
_WAITS: Final = frozenset({
    "lock", "try_lock", "blocking_lock", "spawn", "spawn_blocking", "block_on", "block_in_place", "notify_one",
    "notify_waiters", "abort",
})  # fmt: skip
_SELECTS: Final = frozenset({"select", "join", "try_join"})
_IN_MACROS: Final = lazy_regex(r"\.\s*(unwrap|expect)\s*\(|\b(panic|unreachable|todo|unimplemented)\s*!")
_DEEPEST: Final = 60
_TEXT: Final = 200


def compare_rust(before: bytes | None, after: bytes | None) -> NativeComparison:
    """Return what changed between two versions of a Rust file. ``None``: the file does not exist on that side."""
    old = _Side(before) if before is not None else None
    new = _Side(after) if after is not None else None
    return NativeComparison(
        functions=compare_functions(old.units if old else (), new.units if new else (), _read_signals),
        before=old.outline if old else None,
        after=new.outline if new else None,
        problems=side.outline.problems if (side := new or old) is not None else (),
    )


class _Item(NamedTuple):
    """An item with its bytes: from its first attribute on, its body beginning at ``body``."""

    function: NativeFunction
    node: Node
    attributes: tuple[Node, ...]
    start: int
    body: int
    end: int


_Unit = Unit[_Item | None]


class _Side:
    """One version of a file."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self._root = parse_rust(source).root_node
        self._line_ends = [match.start() for match in re.finditer(rb"\n", source)]
        self._uses: list[Node] = []
        self._items = list(self._read(self._root, "", 0, in_tests=False))
        self.code = self._without_comments()

    def line_at(self, position: int) -> int:
        """Return the line of a byte, counted from 1."""
        return bisect_left(self._line_ends, position) + 1

    @cached_property
    def outline(self) -> NativeOutline:
        """What the file declares."""
        lines = list(map(bytes.strip, self.code.split(b"\n")))
        problems = [
            Problem(line=int(node.start_point[0]) + 1, text=describe_problem(node))
            for node in (problem_nodes(self._root) if self._root.has_error else ())
        ]
        return NativeOutline(
            includes=tuple(
                Include(path=folded(node), line=self.line_at(node.start_byte)) for node in self._uses
            ),
            functions=tuple(item.function for item in self._items),
            code_lines=len(lines) - lines.count(b""),
            problems=tuple(problems[:20]),
        )

    @cached_property
    def units(self) -> tuple[_Unit, ...]:
        """The rest of the file, then each item."""
        rest = bytearray(self.code)
        for start, end in (
            *((item.start, item.end) for item in self._items),
            *((node.start_byte, node.end_byte) for node in self._uses),
        ):
            rest[start:end] = blank(bytes(rest[start:end]))
        unit = partial(Unit[_Item | None], source=self.source, line_at=self.line_at, read_tokens=_read_tokens)
        return (
            unit(origin=None, function=None, code=bytes(rest)),
            *(
                unit(
                    origin=each,
                    function=each.function,
                    code=self.code[each.start : each.end],
                    start=each.start,
                    body=each.body,
                )
                for each in self._items
            ),
        )

    def _read(self, node: Node, scope: str, depth: int, *, in_tests: bool) -> Iterator[_Item]:
        before: list[Node] = []
        for child in node.named_children:
            if child.type in _PLAIN:
                before.append(child)
                continue
            attributes = tuple(each for each in before if each.type == "attribute_item")
            before = []
            is_test = in_tests or any(_IS_TEST.search(each.text or b"") for each in attributes)
            body = child.child_by_field_name("body")
            if child.type in ("use_declaration", "extern_crate_declaration"):
                self._uses.append(child)
            elif child.type in _ITEMS:
                yield self._item(child, scope, attributes, is_test=is_test)
            elif child.type in ("mod_item", "impl_item") and body is not None and depth < _DEEPEST:
                yield from self._read(body, f"{scope}{_scope(child)}::", depth + 1, in_tests=is_test)

    def _item(self, node: Node, scope: str, attributes: tuple[Node, ...], *, is_test: bool) -> _Item:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        rules = (child for child in node.named_children if child.type == "macro_rule")
        body = body or node.child_by_field_name("value") or next(rules, None)
        start = attributes[0].start_byte if attributes else node.start_byte
        at = body.start_byte if body is not None else node.end_byte
        parts = node.child_by_field_name("parameters") or (body if node.type != "function_item" else None)
        fields = [] if parts is None or node.type == "macro_definition" else parts.named_children
        function = NativeFunction(
            name=f"{scope}{folded(name) if name is not None else '_'}",
            item=_ITEMS[node.type],
            line=self.line_at((name or node).start_byte),
            start=self.line_at(start),
            end=self.line_at(max(start, node.end_byte - 1)),
            parameters=tuple(clip(folded(each), _TEXT) for each in fields if each.type not in _PLAIN),
            qualifiers=tuple(
                sorted({*_qualifiers(node), *_derived(attributes), *(("test",) if is_test else ())})
            ),
        )
        return _Item(function, node, attributes, start, at, node.end_byte)

    def _without_comments(self) -> bytes:
        code = bytearray(self.source)
        pending = [self._root]
        while pending:
            node = pending.pop()
            if node.type in _COMMENTS:
                code[node.start_byte : node.end_byte] = blank(node.text or b"")
            else:
                pending.extend(node.children)
        return bytes(code)


def _read_signals(unit: _Unit) -> list[NativeSignal]:
    """Return the signals of an item by line, then by kind and text; the rest of the file has none."""
    if unit.origin is None:
        return []
    found: list[NativeSignal] = []
    pending = [*unit.origin.attributes, unit.origin.node]
    while pending:
        node = pending.pop()
        line = int(node.start_point[0]) + 1
        found += [
            NativeSignal(kind=kind, text=clip(text, _TEXT), line=line) for kind, text in _signals_of(node)
        ]
        if node.type not in _COMMENTS:
            pending.extend(node.named_children)
    return sorted(found, key=lambda each: (each.line, each.kind.value, each.text))


def _signals_of(node: Node) -> Iterator[tuple[NativeSignalKind, str]]:
    if node.type == "unsafe_block" or (node.type == "function_modifiers" and b"unsafe" in (node.text or b"")):
        yield NativeSignalKind.UNSAFE, folded(node)
    elif node.type == "attribute_item" and _SERDE.match(node.text or b""):
        yield NativeSignalKind.SERIALISED, folded(node)
    elif node.type == "scoped_identifier" and (node.text or b"").startswith(b"Ordering::"):
        yield NativeSignalKind.ATOMIC, folded(node)
    elif node.type == "call_expression":
        function = node.child_by_field_name("function")
        name = _last_name(function) if function is not None else ""
        if name in _UNWRAPS:
            yield NativeSignalKind.PANIC, folded(node)
        elif name in _WAITS:
            yield NativeSignalKind.SYNCHRONISATION, folded(function) if function is not None else name
    elif node.type == "macro_invocation":
        yield from _signals_of_macro(node)


def _signals_of_macro(node: Node) -> Iterator[tuple[NativeSignalKind, str]]:
    macro = node.child_by_field_name("macro")
    name = _last_name(macro) if macro is not None else ""
    if name in _PANICS:
        yield NativeSignalKind.PANIC, folded(node)
    if name in _SELECTS:
        yield NativeSignalKind.SYNCHRONISATION, folded(node)
    # What a macro is given is no expression to the grammar.
    for found in _IN_MACROS.finditer(folded(node)):
        if name not in _PANICS:
            yield NativeSignalKind.PANIC, f"{name}!: {found[1] or found[2]}"


def _last_name(node: Node) -> str:
    field = node.child_by_field_name("field") or node.child_by_field_name("name")
    return folded(field or node)


def _scope(node: Node) -> str:
    """Return the name of a module, or the type that an ``impl`` is of, without its arguments."""
    named = node.child_by_field_name("name") or node.child_by_field_name("type")
    if named is not None and named.type == "generic_type":
        named = named.child_by_field_name("type") or named
    return "".join(folded(named).split()) if named is not None else "_"


def _qualifiers(node: Node) -> Iterator[str]:
    for child in node.named_children:
        if child.type == "visibility_modifier":
            yield "".join(folded(child).split())
        elif child.type == "function_modifiers":
            yield from (word for word in folded(child).split() if word.isalpha())


def _derived(attributes: tuple[Node, ...]) -> Iterator[str]:
    for attribute in attributes:
        for names in _DERIVED.findall(attribute.text or b""):
            yield from (name.strip().rpartition("::")[2] for name in decode(names).split(",") if name.strip())


def _read_tokens(code: bytes) -> list[tuple[str, int]]:
    """Return tokens with their positions. A comma before a closing bracket is layout."""
    tokens: list[tuple[str, int]] = []
    for match in _TOKEN.finditer(code.decode("latin-1")):
        if match[0] in ")]}" and tokens and tokens[-1][0] == ",":
            tokens.pop()
        tokens.append((match[0], match.start()))
    return tokens
