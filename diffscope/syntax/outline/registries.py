"""Rows of registries: the places where Python code names a class or a module by data instead of importing it.

Found by shape alone; which tables are registries of the target, and what their columns mean, is said elsewhere (``rules/registries.yml``).
Rows are looked for in the bytes first and confirmed in the tree only where something was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.body_cutting import Needle, Scan, needle
from diffscope.syntax.model import RegistryRow, RowShape

if TYPE_CHECKING:
    from tree_sitter import Node

_ROW: Final = needle(
    rb"""QUOTE:\s*(?:\((?:\s|\#[^\n]*\n)*["']|["'][A-Za-z_]\w*\.\w|(?:\w+\.)?_?[A-Z]\w*\s*[,}\n])"""
)
_PATH: Final = needle(rb"""QUOTE[a-z_]\w*\.[a-z_]\w*\.""")
_CALL: Final = needle(rb"register\w*\(", rb"custom_op\(")
_SEQUENCE: Final = needle(rb"= [(\[{]\s*(?:\#[^\n]*\n\s*)*[A-Z]\w+,")
ROWS: Final = (_ROW, _PATH, _CALL, _SEQUENCE)
"""Where one of these matches there may be a row."""
_DOTTED: Final = lazy_regex(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_CLASS: Final = lazy_regex(r"(?:[A-Za-z_]\w*\.)*_*[A-Z]\w*")
_OPERATOR: Final = lazy_regex(r"register\w*_op$|\b(?:register_fake|custom_op)$")
"""Calls that register one operator or its fake: their other arguments are functions, which a row does not name."""
_SEQUENCES: Final = ("tuple", "list", "set")
_BUILDING: Final = (
    "argument_list", "call", "dictionary_splat", "parenthesized_expression", "binary_operator",
)  # fmt: skip
_DEFINITIONS: Final = ("function_definition", "class_definition")


def find_rows(root: Node, scan: Scan) -> tuple[RegistryRow, ...]:
    """Return the rows of a file, by line, then by table and key."""
    finders: tuple[tuple[Needle, str, Callable[[Node], Iterator[RegistryRow]]], ...] = (
        (_ROW, "dictionary", _read_dictionary),
        (_CALL, "call", _read_call),
        (_PATH, "string", _read_path),
        (_SEQUENCE, "assignment", _read_sequence),
    )
    rows: set[RegistryRow] = set()
    for pattern, wanted, read in finders:
        seen: set[int] = set()
        for match in scan.matches(pattern):
            node = _at(root, scan.place(match.start() if wanted != "call" else match.end() - 1), wanted)
            if node is not None and node.id not in seen:
                seen.add(node.id)
                rows.update(read(node))
    return tuple(sorted(rows, key=lambda row: (row.line, row.table, row.key, row.values)))


def _at(root: Node, at: int, wanted: str) -> Node | None:
    """Return the innermost node of a kind around a match; ``None`` when the match lies in a string or a comment."""
    node = root.descendant_for_byte_range(at, at)
    if node is not None and node.type in ("comment", "string_content"):
        return None
    if wanted == "string":
        return node.parent if node is not None and node.type == "string_start" else None
    while node is not None and node.type != wanted and node.type not in (*_DEFINITIONS, "module"):
        node = node.parent
    return node if node is not None and node.type == wanted else None


def _read_dictionary(node: Node) -> Iterator[RegistryRow]:
    table = _table_of(node)
    if not table:
        return
    for pair in node.named_children:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if pair.type != "pair" or key is None or value is None:
            continue
        name = _literal(key) or _name(key)
        values, is_names = _values(value)
        if name and values:
            yield _row(RowShape.DICT, pair, table, (name, *values), is_names=is_names)


def _values(node: Node) -> tuple[tuple[str, ...], bool]:
    """Return what a value of a row names, and whether by names instead of strings."""
    node = _bare(node)
    if node.type in _SEQUENCES:
        texts = [_literal(child) for child in node.named_children if child.type != "comment"]
        return (tuple(texts), False) if len(texts) > 1 and all(texts) else ((), False)
    text = _literal(node)
    if text:
        return ((text,), False) if _DOTTED.fullmatch(text) else ((), False)
    name = _name(node)
    return ((name,), True) if _CLASS.fullmatch(name) else ((), False)


def _read_call(node: Node) -> Iterator[RegistryRow]:
    """Read ``registry.register("name", "module", "Class")``, and ``@registry.register("name")`` above a class or function."""
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    table = _name(function) if function else ""
    if not table or arguments is None:
        return
    texts, names = [], []
    for argument in arguments.named_children:
        value = argument.child_by_field_name("value") if argument.type == "keyword_argument" else argument
        text = _literal(value) if value is not None else ""
        name = _name(value) if value is not None else ""
        if text:
            texts.append(text)
        elif _CLASS.fullmatch(name):
            names.append(name)
    decorated = _decorated(node)
    if decorated and (texts or names):
        yield _row(RowShape.DECORATOR, node, table, ((*texts, *names)[0], decorated), is_names=True)
    elif _OPERATOR.search(table) and len(texts) == 1:
        yield _row(RowShape.CALL, node, table, (texts[0], texts[0]))
    elif len(texts) > 1:
        yield _row(RowShape.CALL, node, table, tuple(texts))
    elif names and (texts or len(names) > 1):
        key, *rest = [*texts, *names]
        yield _row(RowShape.CALL, node, table, (key, *rest), is_names=True)


def _decorated(node: Node) -> str:
    parent = node.parent
    if parent is None or parent.type != "decorator" or parent.parent is None:
        return ""
    definition = parent.parent.child_by_field_name("definition")
    name = definition.child_by_field_name("name") if definition else None
    return _text(name) if name else ""


def _read_path(node: Node) -> Iterator[RegistryRow]:
    """Read a qualified path by what is done with it: a member of an enum, an assignment, the answer of a function."""
    whole = node
    while whole.parent is not None and whole.parent.type in (
        "concatenated_string",
        "parenthesized_expression",
    ):
        whole = whole.parent
    text = _literal(_bare(whole))
    parent = whole.parent
    if parent is None or not _DOTTED.fullmatch(text):
        return
    # The innermost class or function around a node.
    above = parent.parent
    while above is not None and above.type not in _DEFINITIONS:
        above = above.parent
    owner = above
    if parent.type == "return_statement":
        if owner is not None:
            yield _row(RowShape.RETURN, node, _defined(owner), ("", text))
    elif parent.type == "assignment" and parent.child_by_field_name("right") == whole:
        left = parent.child_by_field_name("left")
        name = _name(left).rpartition(".")[2] if left else ""
        if name and owner is not None and owner.type == "class_definition" and _is_enum(owner):
            yield _row(RowShape.ENUM, node, _defined(owner), (name, text))
        elif name:
            yield _row(RowShape.ASSIGNMENT, node, name, (_defined(owner) if owner else "", text))


def _read_sequence(node: Node) -> Iterator[RegistryRow]:
    """Read a named tuple, list or set of nothing but classes."""
    right = node.child_by_field_name("right")
    table = _assigned(node)
    if right is None or not table or right.type not in _SEQUENCES:
        return
    members = [child for child in right.named_children if child.type != "comment"]
    if len(members) > 1 and all(_CLASS.fullmatch(_name(child)) for child in members):
        for child in members:
            yield _row(RowShape.SEQUENCE, child, table, (_name(child), _name(child)), is_names=True)


def _row(
    shape: RowShape, node: Node, table: str, cells: tuple[str, ...], *, is_names: bool = False
) -> RegistryRow:
    key, *values = cells
    line = node.start_point[0] + 1
    return RegistryRow(shape=shape, table=table, key=key, values=tuple(values), line=line, is_names=is_names)


def _table_of(node: Node) -> str:
    """Return the name that a dictionary is assigned to, by itself or as an argument of what builds the table."""
    parent = node.parent
    while parent is not None and parent.type in _BUILDING:
        parent = parent.parent
    if parent is not None and parent.type == "keyword_argument":
        name = parent.child_by_field_name("name")
        return _text(name) if name else ""
    return _assigned(parent) if parent is not None and parent.type == "assignment" else ""


def _assigned(node: Node) -> str:
    left = node.child_by_field_name("left")
    return _name(left).rpartition(".")[2] if left else ""


def _defined(node: Node) -> str:
    name = node.child_by_field_name("name")
    return _text(name) if name else ""


def _is_enum(node: Node) -> bool:
    bases = node.child_by_field_name("superclasses")
    return bases is not None and "Enum" in _text(bases)


def _bare(node: Node) -> Node:
    while node.type == "parenthesized_expression":
        inner = [child for child in node.named_children if child.type != "comment"]
        if len(inner) != 1:
            break
        node = inner[0]
    return node


def _literal(node: Node) -> str:
    """Return the text of a plain string literal, or of several side by side; empty for anything else."""
    node = _bare(node)
    if node.type == "concatenated_string":
        parts = [_literal(child) for child in node.named_children if child.type != "comment"]
        return "".join(parts) if all(parts) else ""
    if node.type != "string":
        return ""
    children = node.named_children
    if [child.type for child in children] != ["string_start", "string_content", "string_end"]:
        return ""
    content = children[1]
    is_plain = not content.named_children and _text(children[0]) in ('"', "'", '"""', "'''")
    return _text(content) if is_plain else ""


def _name(node: Node) -> str:
    """Return a dotted name as written; empty for anything else."""
    if node.type == "identifier":
        return _text(node)
    if node.type != "attribute":
        return ""
    text = _text(node)
    return text if _DOTTED.fullmatch(text) else ""


def _text(node: Node) -> str:
    return decode(node.text or b"")
