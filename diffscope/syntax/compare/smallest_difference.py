"""Two statements -> the smallest expression in which they differ, and what stands around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.syntax.nodes import brief, brief_pair, callee_of, text_of, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

_LISTED: Final = lazy_regex(
    r"[\w.]+(?:\([\w., ]*\))? (?:not )?in [(\[{][\w.\"'-]+(?:, ?[\w.\"'-]+){0,40},? ?[)\]}]"
)
MOST_TEXT: Final = 90
"""Characters of an expression: who wants more reads the code."""
PLAIN: Final = {"return_statement": "return", "raise_statement": "raise", "assert_statement": "assert"}
_DEEPEST: Final = 40
_OPERATORS: Final = frozenset(
    {"binary_operator", "comparison_operator", "boolean_operator", "not_operator", "unary_operator", "attribute", "subscript", "string", "conditional_expression"}
)  # fmt: skip
_ELEMENTS: Final = frozenset({"list", "set", "tuple", "dictionary"})
_BUILDERS: Final = frozenset({"dict", "list", "set", "tuple", "frozenset"})
"""Calls of which the arguments are elements of what they build."""


class Difference(NamedTuple):
    """What differs on both sides; ``None`` where one side has nothing there. The rest as in ``StatementEdit``."""

    before: Node | None
    after: Node | None
    what: str = "statement"
    target: str = ""
    callee: str = ""
    keyword: str = ""
    texts: tuple[str, str] | None = None
    """Of several arguments or elements at once: those of each side that the other has not."""


def smallest_difference(before: Node, after: Node) -> Difference:
    """Return where two statements of one kind differ: an argument, a value, an element, or all of what they are."""
    found = Difference(before, after)
    for _ in range(_DEEPEST):
        step = _step(found)
        if step is None:
            break
        found, is_last = step
        if is_last:
            break
    return found


def _step(at: Difference) -> tuple[Difference, bool] | None:  # noqa: PLR0911 - a form a line
    """Return the same one level further down, and whether that is the end; ``None`` where there is no way down."""
    if at.before is None or at.after is None:
        return None
    old, new = unwrap(at.before), unwrap(at.after)
    if old.type == new.type == "boolean_operator":
        return _into_joined(at, old, new)
    is_empty = not old.named_child_count and old.type != "argument_list"
    if old.type != new.type or old.type in _OPERATORS or is_empty:
        return None
    if new.type in ("assignment", "call", "keyword_argument", "pair"):
        return _into_named(at, old, new)
    at = at._replace(what=PLAIN.get(new.type, at.what))
    olds, news = _between(_parts(old), _parts(new))
    if new.type == "argument_list" or new.type in _ELEMENTS:
        what = "argument" if new.type == "argument_list" and at.callee not in _BUILDERS else "element"
        if len(olds) > 1 and (pair := _one_call(olds, news)) is not None:
            return at._replace(before=pair[0], after=pair[1]), False
        if len(olds) != 1 or len(news) != 1:
            return at._replace(
                before=_first(olds), after=_first(news), what=what, texts=_apart(olds, news)
            ), True
    if len(olds) != 1 or len(news) != 1:
        return (at, True) if new.type in PLAIN else None
    is_argument = new.type == "argument_list" and at.callee not in _BUILDERS
    return at._replace(before=olds[0], after=news[0], what="argument" if is_argument else at.what), False


def _into_named(at: Difference, old: Node, new: Node) -> tuple[Difference, bool] | None:  # noqa: PLR0911 - a form a line
    """Go down where what stands in front is alike: the target of an assignment, what is called, the name of an argument."""
    first, last = {
        "assignment": ("left", "right"),
        "call": ("function", "arguments"),
        "keyword_argument": ("name", "value"),
        "pair": ("key", "value"),
    }[new.type]
    names = old.child_by_field_name(first), new.child_by_field_name(first)
    values = old.child_by_field_name(last), new.child_by_field_name(last)
    if names[0] is None or names[1] is None or values[0] is None or values[1] is None:
        return None
    is_same = text_of(names[0]) == text_of(names[1])
    if new.type == "call" and not is_same and text_of(values[0]) == text_of(values[1]):
        owners = _same_method(names[0], names[1])
        if owners is not None:
            return at._replace(before=owners[0], after=owners[1]), False
    if new.type == "call" and not is_same:
        return at._replace(before=old, after=new, what="call"), True
    if not is_same:
        return None
    down = at._replace(before=values[0], after=values[1])
    if new.type == "assignment":
        return down._replace(what="value", target=text_of(names[1])), False
    if new.type == "call":
        callee = callee_of(new)
        # Of a call on what another call gave, the name of the method says enough.
        callee = f"….{callee.rpartition('.')[2]}" if "(" in callee else callee
        return down._replace(callee=callee, keyword=""), False
    return down._replace(keyword=text_of(names[1])), False


def _same_method(old: Node, new: Node) -> tuple[Node, Node] | None:
    """Return what two other calls give of which the same method is called; ``None`` where it is none such."""
    if old.type != "attribute" or new.type != "attribute":
        return None
    names = old.child_by_field_name("attribute"), new.child_by_field_name("attribute")
    owners = old.child_by_field_name("object"), new.child_by_field_name("object")
    if names[0] is None or names[1] is None or owners[0] is None or owners[1] is None:
        return None
    is_one = text_of(names[0]) == text_of(names[1]) and owners[0].type == owners[1].type == "call"
    return (owners[0], owners[1]) if is_one else None


def _into_joined(at: Difference, old: Node, new: Node) -> tuple[Difference, bool] | None:
    """Go down to the one part that differs of what ``and`` or ``or`` joins; ``None`` where several do."""
    for word in ("and", "or"):
        was, now = joined_nodes(old, word), joined_nodes(new, word)
        known, asked = {text_of(node) for node in was}, {text_of(node) for node in now}
        gone, come = (
            [node for node in was if text_of(node) not in asked],
            [node for node in now if text_of(node) not in known],
        )
        if len(was) > 1 and len(gone) == len(come) == 1:
            return at._replace(before=gone[0], after=come[0]), False
    return None


def _one_call(olds: list[Node], news: list[Node]) -> tuple[Node, Node] | None:
    """Return the first of several calls of the same that are handed other arguments; ``None`` where something else differs."""
    if len(olds) != len(news):
        return None
    pairs = [(old, new) for old, new in zip(olds, news, strict=True) if text_of(old) != text_of(new)]
    are_calls = all(old.type == new.type == "call" and callee_of(old) == callee_of(new) for old, new in pairs)
    return pairs[0] if pairs and are_calls else None


def _apart(old: list[Node], new: list[Node]) -> tuple[str, str]:
    was, now = [text_of(node) for node in old], [text_of(node) for node in new]
    return ", ".join(text for text in was if text not in now), ", ".join(
        text for text in now if text not in was
    )


def _first(nodes: list[Node]) -> Node | None:
    return nodes[0] if nodes else None


def _parts(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]


def _between(old: list[Node], new: list[Node]) -> tuple[list[Node], list[Node]]:
    start = end = 0
    least = min(len(old), len(new))
    while start < least and text_of(old[start]) == text_of(new[start]):
        start += 1
    while end < least - start and text_of(old[-1 - end]) == text_of(new[-1 - end]):
        end += 1
    return old[start : len(old) - end], new[start : len(new) - end]


def is_message(found: Difference, statement: Node, text: str) -> bool:
    """Return whether only words differ that somebody reads, and no code."""
    if found.after is None or found.after.type not in ("string", "concatenated_string", "interpolation"):
        return False
    return statement.type in ("raise_statement", "assert_statement") or len(text) > MOST_TEXT


def joined_parts(node: Node, word: str) -> list[str]:
    """Return the parts of a condition that a word joins, in order."""
    return [text_of(part) for part in joined_nodes(node, word)]


def joined_nodes(node: Node, word: str) -> list[Node]:
    """Return the same as nodes."""
    parts, left = [], [node]
    while left:
        part = unwrap(left.pop())
        operator = part.child_by_field_name("operator") if part.type == "boolean_operator" else None
        sides = (part.child_by_field_name("right"), part.child_by_field_name("left"))
        if operator is not None and text_of(operator) == word:
            left += [side for side in sides if side is not None]
        else:
            parts.append(part)
    return parts


def brief_sides(before: str, after: str) -> tuple[str, str]:
    """Return both texts as they are quoted: what is compared with listed values whole, for only those are told that differ."""
    is_listed = _LISTED.fullmatch(before) and _LISTED.fullmatch(after)
    return (before, after) if is_listed else brief_pair(before, after, MOST_TEXT)


def quoted(text: str) -> str:
    """Return a text as it is quoted; what is compared with listed values whole."""
    return text if _LISTED.fullmatch(text) else brief(text, MOST_TEXT)
