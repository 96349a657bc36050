"""Syntax nodes -> a stream of tokens that is the same for two pieces of code exactly when they differ in form alone.

Form is: comments, docstrings, white space, quotes, redundant parentheses, trailing commas, line splitting (of strings too), ``pass``
and ``...`` as statements, the order of imports that stand together, digit grouping and the case of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from diffscope.source.text import decode
from diffscope.syntax.literals import expression_text, interpolates, parts_of, read_text, shown_text
from diffscope.syntax.nodes import text_of
from diffscope.syntax.normalize.statements import (
    CLOSE,
    DEDENT,
    INDENT,
    NEWLINE,
    OPEN,
    Stream,
    holds_texts,
    is_message,
    leaf_token,
    reads_annotations,
)
from diffscope.syntax.outline.uses import IMPORT_STATEMENTS, read_names, rebindings

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST: Final = 150
"""Nested nodes that are normalised one by one; what is nested deeper counts as written."""
_GROUPED: Final = frozenset(
    {
        "binary_operator", "boolean_operator", "comparison_operator", "not_operator", "unary_operator", "conditional_expression",
        "lambda", "await", "named_expression", "tuple", "expression_list", "pattern_list", "tuple_pattern", "yield", "as_pattern",
    }
)  # fmt: skip
_TUPLES: Final = frozenset({"tuple", "expression_list", "pattern_list", "tuple_pattern"})
_BARE: Final = frozenset({"parenthesized_expression", "with_clause", *_TUPLES})
"""Nodes whose parentheses say nothing that the tree does not say."""
_BRACKETS: Final = frozenset({"(", ")"})
_CLOSERS: Final = frozenset({")", "]", "}"})
_SILENT: Final = frozenset({"comment", "line_continuation", ";"})
_NO_BRACES: Final = str.maketrans("", "", "ft")  # of a prefix, for a format: braces are not doubled in it
_EMPTY_STATEMENTS: Final = frozenset({"pass_statement", *IMPORT_STATEMENTS})


def canonicalise(
    nodes: Iterable[Node],
    *,
    leave_out: frozenset[int] = frozenset(),
    imports: bool = True,
    origins: Mapping[str, str] = MappingProxyType({}),
) -> Stream:
    """Return the stream of some sibling nodes, without those whose ids are to be left out (and without imports, if told).

    ``origins`` are the names of the file that stand for others, as decorators are written with them.
    """
    writer = _Writer(leave_out, origins, imports=imports)
    writer.statements(list(nodes), 0)
    return writer.stream


class _Writer:
    def __init__(self, leave_out: frozenset[int], origins: Mapping[str, str], *, imports: bool) -> None:
        self.stream = Stream()
        self._origins = origins
        self._leave_out = leave_out
        self._imports = imports
        self._is_soft = False
        self._is_compiled = False
        """In a function whose annotations its decorators read."""
        self._is_told = False
        self._quotes = False
        """Texts are messages here."""

    def statements(self, nodes: list[Node], depth: int) -> None:
        run: list[Node] = []
        for node in nodes:
            if node.type in IMPORT_STATEMENTS:
                run.append(node)
                continue
            if node.type not in _SILENT:
                self._import_run(run)
                run = []
                self._statement(node, depth)
        self._import_run(run)

    def _statement(self, node: Node, depth: int) -> None:
        is_left_out = node.id in self._leave_out or node.type == "pass_statement"
        if is_left_out or (not self._imports and _imports_only(node)):
            return
        if node.type == "expression_statement" and node.named_child_count == 1:
            only = node.named_children[0]
            if only.type in ("string", "concatenated_string") and not interpolates(only):
                self.stream.docstrings.append((only.text or b"").decode("utf-8", "replace"))
                return
            if only.type == "ellipsis":
                return  # it does nothing
            if only.type == "assignment" and only.child_by_field_name("right") is None:
                self._softly(only, depth)  # `x: int` binds nothing
                return
        start = self._begin_message() if is_message(node) else None
        self._quotes = holds_texts(node)
        self._emit(NEWLINE, node)
        self.node(node, depth)
        self._quotes = False
        self._end_message(start)

    def _begin_message(self) -> int | None:
        if self._is_told:
            return None
        self._is_told = True
        return len(self.stream.tokens)

    def _end_message(self, start: int | None) -> None:
        if start is not None:
            self._is_told = False
            self.stream.told.append((start, len(self.stream.tokens)))

    def node(self, node: Node, depth: int) -> None:
        if node.child_count == 0:
            token = leaf_token(node)
            if token:
                self._emit(token, node)
            return
        start = len(self.stream.tokens)
        if depth > _DEEPEST:
            self._emit(text_of(node), node)
        else:
            _WRITERS.get(node.type, _Writer.children)(self, node, depth)
        self.stream.spans[node.id] = (start, len(self.stream.tokens))

    def block(self, node: Node, depth: int) -> None:
        self._emit(INDENT, node)
        self.statements(node.children, depth + 1)
        self._emit(DEDENT, node)

    def module(self, node: Node, depth: int) -> None:
        self.statements(node.children, depth + 1)

    def group(self, node: Node, depth: int) -> None:
        if _is_bracketed_target(node):
            self.children(node, depth)
            return
        self._emit(OPEN, node)
        self.children(node, depth)
        self._emit(CLOSE, node)

    def arguments(self, node: Node, depth: int) -> None:
        """Write a generator that is the one argument without brackets of its own, which it does not need."""
        only = node.named_children[0] if node.named_child_count == 1 else None
        if only is not None and only.type == "generator_expression":
            self.node(only, depth + 1)
        else:
            self.children(node, depth)

    def class_(self, node: Node, depth: int) -> None:
        self.children(node, depth, without=_empty_bases(node))

    def if_(self, node: Node, depth: int) -> None:
        """Write every ``elif`` as an ``if`` inside of an ``else``, which it is."""
        branches = [node, *node.children_by_field_name("alternative")]
        nested = 0
        for branch in branches:
            condition = branch.child_by_field_name("condition")
            if branch is not node:
                self._emit("else", branch)
            if condition is not None:
                if branch is not node:
                    self._emit(INDENT, branch)
                    self._emit(NEWLINE, branch)
                    nested += 1
                self._emit("if", branch)
                self.node(condition, depth + 1)
            body = branch.child_by_field_name("consequence") or branch.child_by_field_name("body")
            if body is not None:
                self.node(body, depth + 1)
        for _ in range(nested):
            self._emit(DEDENT, node)

    def children(self, node: Node, depth: int, without: int = -1) -> None:
        children = [child for child in node.children if child.type not in _SILENT]
        is_bare = node.type in _BARE
        for at, child in enumerate(children):
            kind = child.type
            if kind == ",":
                if at + 1 < len(children) and children[at + 1].type not in _CLOSERS:
                    self._emit(",", child)
            elif (is_bare and kind in _BRACKETS) or child.id in self._leave_out or child.id == without:
                continue
            else:
                self.node(child, depth + 1)

    def subscript(self, node: Node, depth: int) -> None:
        """Write ``x[1, 2]`` as ``x[(1, 2)]``, which it is."""
        value, indexes = node.child_by_field_name("value"), node.children_by_field_name("subscript")
        if value is not None:
            self.node(value, depth + 1)
        is_tuple = any(child.type == "," for child in node.children)
        self._emit("[", node)
        if is_tuple:
            self._emit(OPEN, node)
        for at, index in enumerate(indexes):
            if at:
                self._emit(",", index)
            self.node(index, depth + 1)
        if is_tuple:
            self._emit(CLOSE, node)
        self._emit("]", node)

    def with_item(self, node: Node, depth: int) -> None:
        """Write ``with (a, b):`` as ``with a, b:``, which it is."""
        value = node.child_by_field_name("value")
        if value is None or value.type != "tuple":
            self.children(node, depth)
        else:
            self.children(value, depth)

    def decorated(self, node: Node, depth: int) -> None:
        """Write a definition with its decorators, which may read its annotations."""
        before = self._is_compiled
        self._is_compiled = before or any(
            reads_annotations(text_of(child), self._origins)
            for child in node.children
            if child.type == "decorator"
        )
        self.children(node, depth)
        self._is_compiled = before

    def annotated(self, node: Node, depth: int) -> None:
        """Write a node whose type, and the colon or arrow before it, are annotations."""
        softened = {
            child.id
            for name in ("type", "return_type", "type_parameters")
            for child in node.children_by_field_name(name)
        }
        children = [child for child in node.children if child.type not in _SILENT]
        for at, child in enumerate(children):
            follows = at + 1 < len(children) and children[at + 1].id in softened
            if child.id in softened or (follows and child.type in (":", "->")):
                self._softly(child, depth)
            else:
                self.node(child, depth + 1)

    def _softly(self, node: Node, depth: int) -> None:
        if self._is_soft:
            self.node(node, depth + 1)
            return
        start = len(self.stream.tokens)
        self._is_soft = True
        self.node(node, depth + 1)
        self._is_soft = False
        self.stream.soft.append((start, len(self.stream.tokens)))
        if self._is_compiled:
            self.stream.compiled.append((start, len(self.stream.tokens)))

    def _import_run(self, run: list[Node]) -> None:
        if not run or not self._imports:
            return
        names = [(each, node) for node in run for each in read_names(node)]
        texts = [(f"{each.level}:{each.module}:{each.name}:{each.alias}", node) for each, node in names]
        for text, node in sorted(texts, key=lambda pair: pair[0]):
            self._emit(NEWLINE, node)
            self._emit(f"import {text}", node)
        for rebound in rebindings([each for each, _ in names]):
            self._emit(rebound, run[-1])

    def assertion(self, node: Node, depth: int) -> None:
        """Write what is asserted, and beside it what is said where it does not hold."""
        condition, *text = [child for child in node.named_children if child.type not in _SILENT]
        self._emit("assert", node)
        self.node(condition, depth + 1)
        start = self._begin_message()
        for each in text:
            self._emit(",", each)
            self.node(each, depth + 1)
        self._end_message(start)

    def string(self, node: Node, depth: int) -> None:
        """Write a text, which may be a message."""
        start = self._begin_message() if self._quotes else None
        self._string(node, depth)
        self._end_message(start)

    def _string(self, node: Node, depth: int) -> None:
        """Write what the literals side by side stand for: text, and between it what is interpolated."""
        text, mark = "", ""
        self._emit(OPEN, node)
        for string in [child for child in node.children if child.type == "string"] or [node]:
            # The lower-case prefix of a literal, with the quotes behind it.
            prefix = decode(string.children[0].text or b"").lower() if string.child_count else ""
            mark = "b" if "b" in prefix else ""
            if "t" in prefix:
                # A template keeps its parts, and the text of what is interpolated.
                self._emit('t"', string)
            for part in parts_of(string):
                if isinstance(part, str):
                    text += read_text(part, prefix)
                    continue
                text += shown_text(part)
                if text:
                    self._emit(f'"{text}', node)
                    text = ""
                if "t" in prefix:
                    self._emit(f'"{expression_text(part)}', part)
                self._interpolation(part, depth, prefix)
        if text or mark:
            self._emit(f'{mark}"{text}', node)
        self._emit(CLOSE, node)

    def _interpolation(self, node: Node, depth: int, prefix: str) -> None:
        kinds = {child.type for child in node.children}
        for child in node.children:
            if child.type == "format_specifier":
                self._format(child, depth, prefix)
            elif child.type == "named_expression":
                # Without brackets ``:=`` is no assignment but a colon, and a format that begins with an equals sign.
                name = child.children[0]
                self.node(name, depth + 1)
                text = (child.text or b"")[name.end_byte - child.start_byte :].decode("utf-8", "replace")
                self._emit(":", child)
                self._emit(f'"{read_text(text.lstrip()[1:], prefix.translate(_NO_BRACES))}', child)
            elif child.type in _SILENT:
                continue
            elif child.type != "=":
                self.node(child, depth + 1)
            # ``{x=}`` shows the text of ``x`` and then its representation.
            elif not kinds & {"type_conversion", "format_specifier"}:
                self._emit("!r", child)

    def _format(self, node: Node, depth: int, prefix: str) -> None:
        """Write a format: its text has no nodes of its own, what is interpolated in it has."""
        self._emit(":", node)
        source, start = node.text or b"", node.start_byte
        position = 1
        for child in (*node.named_children, None):
            end = child.start_byte - start if child is not None else len(source)
            text = source[position:end].decode("utf-8", "replace")
            if child is not None:
                text += shown_text(child)
            if text:
                self._emit(f'"{read_text(text, prefix.translate(_NO_BRACES))}', node)
            if child is not None:
                self._interpolation(child, depth + 1, prefix)
                position = child.end_byte - start

    def _emit(self, token: str, node: Node) -> None:
        self.stream.tokens.append(token)
        self.stream.lines.append(node.start_point[0] + 1)


_WRITERS: Final = {
    **dict.fromkeys(_GROUPED, _Writer.group),
    **dict.fromkeys(
        ("typed_parameter", "typed_default_parameter", "assignment", "function_definition"), _Writer.annotated
    ),
    **dict.fromkeys(("string", "concatenated_string"), _Writer.string),
    **dict.fromkeys(("module", "ERROR"), _Writer.module),
    "decorated_definition": _Writer.decorated,
    "block": _Writer.block,
    "if_statement": _Writer.if_,
    "subscript": _Writer.subscript,
    "argument_list": _Writer.arguments,
    "with_item": _Writer.with_item,
    "assert_statement": _Writer.assertion,
    "class_definition": _Writer.class_,
}


def _is_bracketed_target(node: Node) -> bool:
    """Return whether a target only looks like a tuple: ``(a) = b``."""
    return node.type == "tuple_pattern" and all(child.type != "," for child in node.children)


def _empty_bases(node: Node) -> int:
    bases = node.child_by_field_name("superclasses")
    return bases.id if bases is not None and not bases.named_child_count else -1


def _imports_only(node: Node) -> bool:
    """Return whether a compound statement guards nothing but imports: these are compared on their own, with their guards."""
    if node.type not in ("if_statement", "try_statement", "with_statement"):
        return node.type in IMPORT_STATEMENTS
    pending, seen = [node], False
    while pending:
        for child in pending.pop().children:
            if child.type == "block":
                kinds = {each.type for each in child.named_children} - {"comment"}
                nested = kinds & {"if_statement", "try_statement", "with_statement"}
                if kinds - nested - _EMPTY_STATEMENTS:
                    return False
                seen = seen or bool(kinds & IMPORT_STATEMENTS)
                pending.extend(each for each in child.named_children if each.type in nested)
            elif child.type.endswith("_clause"):
                pending.append(child)
    return seen
