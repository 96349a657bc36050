"""The parsers: bytes -> a syntax tree, whatever the bytes are. The only module that loads a grammar."""

from __future__ import annotations

import codecs
import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode, encoding_of
from diffscope.syntax.model import Problem

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree

_PROBLEMS: Final = 20
"""Problems reported of one file; a file of another language has thousands."""
_SNIPPET: Final = 60
_CONTINUATIONS: Final = 1000
_COMMENTS: Final = 1000
_COMMENT_RUN: Final = lazy_regex(rb"(?:^[ \t]*#[^\n]*\n){200,}", re.MULTILINE)
_VISIBLE: Final = lazy_regex(rb"[^\r\n]")
_EMPTY_CONTINUATIONS: Final = lazy_regex(rb"(?:\\[ \t]*\n[ \t]*){64,}")
_CODING: Final = lazy_regex(rb"coding[:=]")
_HEAD: Final = 400
"""Bytes in which a declared encoding is looked for before anything is decoded."""
_CR_ALONE: Final = lazy_regex(rb"\r(?!\n)")


class ParsedSource(NamedTuple):
    """A source that was parsed, and its tree."""

    source: bytes
    tree: Tree


def parse_python(source: bytes, like: ParsedSource | None = None) -> Tree:
    """Return the tree of a Python file. Never raises: what does not parse stands in the tree as an error node.

    What the source has alike with another one in front and behind is not parsed again. Where there are errors it is, since what is
    made of these depends on how they were come upon.
    """
    if like is not None and not like.tree.root_node.has_error:
        tree = _python_parser().parse(source, _edit(like, source))
        if not tree.root_node.has_error:
            return tree
    return _python_parser().parse(source)


def _edit(known: ParsedSource, source: bytes) -> Tree:
    """Return the tree of a known source as that of another one, what differs marked."""
    start = _count_alike(known.source, source)
    least = min(len(known.source), len(source)) - start
    behind = _count_alike(known.source[: -least - 1 : -1], source[: -least - 1 : -1])
    old_end, new_end = len(known.source) - behind, len(source) - behind
    tree = known.tree.copy()
    tree.edit(
        start_byte=start,
        old_end_byte=old_end,
        new_end_byte=new_end,
        start_point=_point(source, start),
        old_end_point=_point(known.source, old_end),
        new_end_point=_point(source, new_end),
    )
    return tree


def _count_alike(one: bytes, other: bytes) -> int:
    """Return how many bytes two sources begin with alike."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one.startswith(other[least:middle], least):
            least = middle
        else:
            most = middle - 1
    return least


def _point(source: bytes, position: int) -> tuple[int, int]:
    return source.count(b"\n", 0, position), position - source.rfind(b"\n", 0, position) - 1


def parse_native(source: bytes) -> Tree:
    """Return the tree of a C++, CUDA or HIP file: the CUDA grammar reads all three. Never raises."""
    return _native_parser().parse(source)


def prepare_python(source: bytes) -> bytes:
    """Return the source, line for line, as Python reads it and as the grammar can read it in linear time.

    UTF-8, whatever encoding it declares (PEP 263); LF line ends, CR alone where there are no others (old Mac files); long runs of
    continued empty lines broken up, long runs of comments blanked.
    """
    if not source.isascii():
        source = _as_utf8(source)
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n")
        if b"\n" not in source:
            source = source.replace(b"\r", b"\n")
    if source.count(b"\\\n") > _CONTINUATIONS:
        source = _EMPTY_CONTINUATIONS.sub(lambda match: match[0].replace(b"\\", b" "), source)
    if source.count(b"#") > _COMMENTS:
        source = _COMMENT_RUN.sub(lambda match: _VISIBLE.sub(b" ", match[0]), source)
    return source


def find_unreadable(source: bytes) -> tuple[Problem, ...]:
    """Return what makes the bytes of a file read differently by Python and by us: that is a problem of the whole file.

    Bytes that its encoding does not have, an encoding that changes its lines, and CR alone between lines that end otherwise.
    """
    problems = []
    if not source.isascii() or _CODING.search(source, 0, _HEAD):
        try:
            text = source.decode(encoding_of(source))
        except (UnicodeError, LookupError, ValueError) as error:
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            line = source.count(b"\n", 0, start) + 1
            problems.append(Problem(line=line, text="bytes that the encoding of the file does not have"))
        else:
            if text.count("\n") != source.count(b"\n"):
                problems.append(Problem(line=1, text="an encoding in which lines end elsewhere"))
    if b"\r" in source and b"\n" in source and (alone := _CR_ALONE.search(source)):
        line = source.count(b"\n", 0, alone.start()) + 1
        problems.append(Problem(line=line, text="a carriage return within a line, which ends it for Python"))
    return tuple(problems)


def _as_utf8(source: bytes) -> bytes:
    """Return a source in UTF-8; as it is where that would move lines."""
    if encoding_of(source) == "utf-8":
        try:
            source.decode()
        except UnicodeDecodeError:
            pass
        else:
            return source
    text = decode(source, is_python=True)
    if text.count("\n") != source.count(b"\n"):
        return source
    mark = codecs.BOM_UTF8 if source.startswith(codecs.BOM_UTF8) else b""
    return mark + text.encode("utf-8", "surrogatepass")


def find_problems(root: Node) -> tuple[Problem, ...]:
    """Return the places that do not parse, in source order, at most twenty."""
    return tuple(
        Problem(line=node.start_point[0] + 1, text=describe_problem(node)) for node in problem_nodes(root)
    )


def problem_nodes(root: Node) -> list[Node]:
    """Return the nodes of the places that do not parse, in source order, at most twenty."""
    found: list[Node] = []
    pending = [root] if root.has_error else []
    while pending and len(found) < _PROBLEMS:
        node = pending.pop()
        if node.is_error or node.is_missing:
            found.append(node)
        else:
            pending.extend(child for child in reversed(node.children) if child.has_error)
    return found


def describe_problem(node: Node) -> str:
    """Return what is missing, or the beginning of what is not understood."""
    if node.is_missing:
        return f"missing {node.type}"
    snippet = " ".join((node.text or b"")[: 4 * _SNIPPET].decode("utf-8", "replace").split())
    return snippet[:_SNIPPET]


@cache
def _python_parser() -> Parser:
    # Loading a grammar costs 30 ms (its package imports importlib.resources): only who parses pays.
    import tree_sitter_python  # noqa: PLC0415
    from tree_sitter import Language, Parser  # noqa: PLC0415

    return Parser(Language(tree_sitter_python.language()))


def parse_rust(source: bytes) -> Tree:
    """Return the tree of a Rust file. Never raises."""
    return _rust_parser().parse(source)


@cache
def _rust_parser() -> Parser:
    import tree_sitter_rust  # noqa: PLC0415 - as below
    from tree_sitter import Language, Parser  # noqa: PLC0415

    return Parser(Language(tree_sitter_rust.language()))


@cache
def _native_parser() -> Parser:
    import tree_sitter_cuda  # noqa: PLC0415 - as above
    from tree_sitter import Language, Parser  # noqa: PLC0415

    return Parser(Language(tree_sitter_cuda.language()))
