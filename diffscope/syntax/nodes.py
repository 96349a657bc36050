"""Small questions to nodes of statements and expressions, and their text as values carry it: decoded, comments out, white space folded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from keyword import iskeyword
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.literals import normalise_name
from diffscope.syntax.parsers import parse_python

if TYPE_CHECKING:
    from tree_sitter import Node

Reading = TypeVar("Reading")


class TextCache(Generic[Reading]):
    """Readings of texts that say the same wherever they stand. Forgets all when it is full, so it never grows beyond that."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._readings: dict[bytes, Reading] = {}
        self.recall = self._readings.get
        """Return what a text was read as; ``None`` where it is not remembered."""

    def keep(self, text: bytes, reading: Reading) -> Reading:
        """Return the reading, and remember it."""
        if len(self._readings) >= self._most:
            self._readings.clear()
        self._readings[text] = reading
        return reading


_TOKEN: Final = lazy_regex(
    r'''(?P<string>"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^'\\]|\\.|'(?!\'\'))*\'\'\'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*')'''
    r"""|(?P<comment>\s*\#[^\n]*)"""
    r"""|(?P<edge>(?<=[(\[{])(?:\s|\\\r?\n)+|(?:\s|\\\r?\n)+(?=[)\]}]))"""
    r"""|(?:\s|\\\r?\n)+""",
    re.DOTALL,
)


def text_of(node: Node) -> str:
    """Return the node's source on one line."""
    return fold(node.text or b"")


def name_of(node: Node) -> str:
    """Return an identifier as Python compares it; its source has nothing to fold."""
    return normalise_name((node.text or b"").decode("utf-8", "replace"))


def head_of(node: Node, limit: int) -> str:
    """Return the beginning of the node's source on one line, at most ``limit`` characters, the last of them an ellipsis where cut."""
    source = node.text or b""
    text = fold(source[: 4 * limit])
    if len(source) > 4 * limit and len(text) <= limit:
        text = fold(source)
    return clip(text, limit)


def fold(source: bytes) -> str:
    """Return the source on one line: comments and continuations dropped, every run of white space outside of strings one blank."""
    text = source.decode("utf-8", "replace")
    if "\n" not in text and "  " not in text and "\t" not in text and "\r" not in text:
        return text
    if len(source) > _LONGEST_KEPT:
        return _folded_text(text)
    known = _FOLDED.recall(source)
    return _FOLDED.keep(source, _folded_text(text)) if known is None else known


_LONGEST_KEPT: Final = 2_000
_FOLDED: Final = TextCache[str]()
"""A changed function has most of its statements on both sides."""


def _folded_text(text: str) -> str:
    return _TOKEN.sub(_folded, _TOKEN.sub(_uncommented, text) if "#" in text else text).strip()


def clip(text: str, limit: int) -> str:
    """Return the text, cut to ``limit`` characters, the last of them an ellipsis."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_LEFT_OUT: Final = "…"
_LITTLE: Final = 0.4
_LONGEST: Final = 2_000
"""Characters beyond which code is cut at once: to leave out thousands of brackets one by one takes too long."""


def brief(text: str, limit: int) -> str:
    """Return code of at most ``limit`` characters: where it is longer, what stands between brackets or quotes is left out, as little as does."""
    text = without_trailing_commas(text[:_LONGEST])
    while len(text) > limit:
        if text[0] == "(" and (1, len(text) - 1) in _enclosed(text):
            text = text[1:-1].rstrip(",")
            continue
        spans = [(end - start - 1, start, end) for start, end in _enclosed(text) if end - start > 1]
        enough = [span for span in spans if len(text) - span[0] <= limit]
        if not spans:
            head = text[: limit - 1].rpartition(" ")[0].rstrip()
            return f"{head} {_LEFT_OUT}" if head else f"{text[: limit - 1]}{_LEFT_OUT}"
        saved, start, end = min(enough) if enough else max(spans)
        rest = len(text) - saved - 1
        # Where next to nothing would be left, the beginning of what stands there is told.
        kept = brief(text[start:end], limit - rest) if rest < _LITTLE * limit else _LEFT_OUT
        text = f"{text[:start]}{kept}{text[end:]}"
    return text


def without_trailing_commas(text: str) -> str:
    """Return code without commas before a closing parenthesis, except those that make a tuple of one element."""
    spans = _enclosed(text) if ",)" in text else []
    needless = {
        end - 1
        for start, end in spans
        if text[end - 1 : end + 1] == ",)"
        and (_is_called(text[: start - 1]) or _parts(text, start, end - 1, spans) > 1)
    }
    return "".join(sign for at, sign in enumerate(text) if at not in needless)


def _is_called(before: str) -> bool:
    """Return whether a parenthesis after this text opens the arguments of a call."""
    word = re.search(r"[\w)\]]+$", before)
    return word is not None and not iskeyword(word[0])


def _parts(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> int:
    """Return how many elements stand between two places, the ends of brackets and quotes being known."""
    inner = [(first, last) for first, last in spans if start < first and last < end]
    return 1 + sum(
        sign == "," and not any(first <= at < last for first, last in inner)
        for at, sign in enumerate(text[start:end], start)
    )


def _enclosed(text: str) -> list[tuple[int, int]]:
    """Return where what is between brackets, and between quotes, starts and ends."""
    found: list[tuple[int, int]] = []
    opened: list[tuple[str, int]] = []
    quote = -1
    for at, sign in enumerate(text):
        if quote >= 0:
            if sign == text[quote] and text[at - 1] != "\\":
                found.append((quote + 1, at))
                quote = -1
        elif sign in "\"'":
            quote = at
        elif sign in _PAIRS:
            opened.append((_PAIRS[sign], at + 1))
        elif opened and sign == opened[-1][0]:
            found.append((opened.pop()[1], at))
    return found


def around_difference(before: str, after: str, limit: int) -> tuple[str, str]:
    """Return two texts, such as are longer than ``limit`` without the words that both begin or end with but one: what differs is to be seen."""
    if max(len(before), len(after)) <= limit:
        return before, after
    was, now = before.split(" "), after.split(" ")
    least = min(len(was), len(now))
    start = next((at for at in range(least) if was[at] != now[at]), least)
    end = next((at for at in range(least - start) if was[-1 - at] != now[-1 - at]), least - start)
    for around in (1, 0):
        begin, rest = max(0, start - around), max(0, end - around)
        sides = (" ".join(words[begin : len(words) - rest]) for words in (was, now))
        first, second = (f"{'…' if begin else ''}{text}{'…' if rest else ''}" for text in sides)
        if max(len(first), len(second)) <= limit:
            break
    return first, second


def brief_pair(before: str, after: str, limit: int) -> tuple[str, str]:
    """Return two codes of at most ``limit`` characters: without what stands between brackets, or where that leaves too little, around what differs."""
    found = brief(before, limit), brief(after, limit)
    lost = any(
        len(text) > limit and len(told) < _LITTLE * limit
        for text, told in zip((before, after), found, strict=True)
    )
    if found[0] != found[1] and not lost:
        return found
    first, second = around_difference(before, after, limit)
    return (
        (first, second)
        if max(len(first), len(second)) <= limit
        else (brief(first, limit), brief(second, limit))
    )


def _uncommented(match: re.Match[str]) -> str:
    return "" if match.lastgroup == "comment" else match[0]


def _folded(match: re.Match[str]) -> str:
    if match.lastgroup == "string":
        return match[0] if "\n" not in match[0] else " ".join(match[0].split())
    return match[0] if match.lastgroup == "comment" else "" if match.lastgroup == "edge" else " "


_STRINGS: Final = ("string", "concatenated_string")
_NAMES: Final = ("identifier", "attribute", "subscript")
_SCALING: Final = lazy_regex(rb"(?i)scal(?:e|ing)s?(?:_inv)?\b|_scal(?:e|ing)s?_|\b[qkvw]_?scale")
_EXITS: Final = frozenset({"return_statement", "raise_statement", "continue_statement", "break_statement"})


def early_exits(node: Node) -> list[Node]:
    """Return the conditions known to be false behind a statement: those of its first branches, as long as each leaves the block."""
    if node.type != "if_statement":
        return []
    exits = []
    for part in (node, *node.children_by_field_name("alternative")):
        condition, body = part.child_by_field_name("condition"), part.child_by_field_name("consequence")
        last = (
            next((child for child in reversed(body.named_children) if child.type != "comment"), None)
            if body
            else None
        )
        if condition is None or last is None or last.type not in _EXITS:
            break
        exits.append(condition)
    return exits


def is_idle(statement: Node) -> bool:
    """Return whether a statement does nothing: ``pass`` or ``...``."""
    if statement.type == "expression_statement":
        return statement.named_child_count == 1 and statement.named_children[0].type == "ellipsis"
    return statement.type == "pass_statement"


def unwrap(node: Node) -> Node:
    """Return the expression inside of brackets."""
    while node.type == "parenthesized_expression":
        inner = next((child for child in node.named_children if child.type != "comment"), None)
        if inner is None:
            break
        node = inner
    return node


def is_dotted(node: Node) -> bool:
    """Return whether an expression is a chain of plain names: ``torch.cuda.stream``."""
    inner: Node | None = node
    while inner is not None and inner.type == "attribute":
        inner = inner.child_by_field_name("object")
    return inner is not None and inner.type == "identifier"


def callee_of(node: Node) -> str:
    """Return what a call calls; the expression itself when it is no call."""
    function = node.child_by_field_name("function") if node.type == "call" else None
    return text_of(function or node)


def content_of(node: Node) -> str:
    """Return what stands between the quotes."""
    texts = (child.text or b"" for child in node.children if child.type not in ("string_start", "string_end"))
    return decode(b"".join(texts))


def is_scale(node: Node) -> bool:
    """Return whether an expression is a name, or a part of one, that says scale."""
    return node.type in _NAMES and bool(_SCALING.search(node.text or b""))


def joins_paths(node: Node) -> bool:
    """Return whether a division joins paths: one side of it is a string."""
    sides = node.child_by_field_name("left"), node.child_by_field_name("right")
    return any(side is not None and side.type in _STRINGS for side in sides)


def resolve(text: str, aliases: Mapping[str, str]) -> str | None:
    """Return a name with the import alias at its head resolved; ``None`` where it has none."""
    head, dot, rest = text.partition(".")
    origin = aliases.get(head)
    return f"{origin}{dot}{rest}" if origin is not None and origin != head else None


_OPPOSITES: Final = {
    "==": "!=", "!=": "==", "is": "is not", "is not": "is", "in": "not in", "not in": "in", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
}  # fmt: skip
_PLACEHOLDER: Final = "left_out_"
_SHORT: Final = 200
"""Characters of a condition that is turned part by part."""
_TIGHT: Final = frozenset({"identifier", "attribute", "call", "subscript", "true", "false", "none"})
"""Expressions that ``not`` takes without brackets."""


def denied(condition: str) -> str:
    """Return a condition that holds where the given one does not; one that is cut off or does not parse is put behind ``not``.

    An ordering is turned as for numbers that can be compared at all.
    """
    # What was left out of a long one stands for some expression.
    text = condition.replace("…", _PLACEHOLDER)
    root = parse_python(text.encode()).root_node
    first = root.named_children[0] if root.named_child_count == 1 else None
    if (
        root.has_error
        or first is None
        or first.type != "expression_statement"
        or first.named_child_count != 1
    ):
        return f"not ({condition})"
    return denied_node(unwrap(first.named_children[0])).replace(_PLACEHOLDER, "…")


def denied_node(node: Node) -> str:
    """Return the same of a condition that is parsed already."""
    if node.type == "not_operator" and (inner := node.child_by_field_name("argument")) is not None:
        return text_of(unwrap(inner))
    if node.type == "comparison_operator" and node.named_child_count == 2:
        words = [text_of(child) for child in node.children_by_field_name("operators")]
        operator = " ".join(" ".join(words).split())
        left, right = map(text_of, node.named_children)
        if operator in _OPPOSITES:
            return f"{left} {_OPPOSITES[operator]} {right}"
    if node.type == "boolean_operator" and len(text_of(node)) <= _SHORT:
        sides = [unwrap(one) for one in node.named_children if one.type != "comment"]
        if any(one.type == "not_operator" for one in sides):
            # Two denials at once are hard to read.
            word = " or " if any(one.type == "and" for one in node.children) else " and "
            denials = [(one, denied_node(one)) for one in sides]
            return word.join(
                f"({told})" if one.type == "boolean_operator" and not told.startswith("not ") else told
                for one, told in denials
            )
    return f"not {text_of(node)}" if node.type in _TIGHT else f"not ({text_of(node)})"
