"""A unit -> its statements in their order, as a list of simple statements and heads of compound ones, however deep they are nested."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.syntax.compare.smallest_difference import MOST_TEXT
from diffscope.syntax.model import DefinitionKind
from diffscope.syntax.nodes import brief, denied, denied_node, text_of, unwrap
from diffscope.syntax.normalize.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node

_IMPORTS: Final = frozenset({"import_statement", "import_from_statement", "future_import_statement"})
_HEADS: Final = {
    "if_statement": "condition",
    "elif_clause": "condition",
    "while_statement": "loop",
    "for_statement": "loop",
    "with_statement": "with",
    "try_statement": "try",
    "except_clause": "except",
    "case_clause": "case",
    "function_definition": "function",
}
_THROUGH: Final = frozenset(
    {"block", "else_clause", "finally_clause", "decorated_definition", "match_statement"}
)
_PARTS: Final = 3
"""Of a conditional expression."""
LEAVING: Final = ("return", "raise", "continue", "break")
"""How a statement begins that ends what is done."""
EXITS: Final = frozenset({"return_statement", "raise_statement", "continue_statement", "break_statement"})
_HELD: Final = 4
_SAID: Final = 600
"""Characters of an error."""
_MESSAGES: Final = lazy_regex(
    r"(?:self\.|cls\.)?_?(?:logger|logging|log|warnings)\.\w+\(|print\(|super\(\)\.__init__\("
)


_KEPT: Final = lazy_regex(r"(?<=\bself\.)[A-Za-z_]\w*(?![\w(])")
"""What an object keeps: its name may change with every use of it, that of a function says what is called."""


class Entry(NamedTuple):
    """A simple statement, or the head of a compound one."""

    node: Node
    kind: str
    text: str
    guard: str
    """The innermost condition around it."""
    holder: int
    """The place of the head that it stands under; -1 for none."""


def entries_of(unit: Unit) -> list[Entry]:
    """Return the statements and heads of a unit in their order, however deep they are nested."""
    found: list[Entry] = []
    nodes = unit.own_statements
    if unit.kind in (DefinitionKind.FUNCTION, DefinitionKind.METHOD):
        nodes = [unit.inner, *nodes][1:]
    left = [_Place(node, "", -1) for node in reversed(nodes)]
    while left:
        node, guard, holder = left.pop()
        if node.id in unit.members or node.type in _IMPORTS or not node.is_named:
            continue
        if (head := _HEADS.get(node.type)) is not None:
            condition = node.child_by_field_name("condition")
            bodies = [child for child in node.named_children if child.type == "block"]
            found.append(Entry(node, head, _head_text(node, condition, bodies), guard, holder))
            inner = opposite = guard
            if condition is not None and head == "condition":
                asked = unwrap(condition)
                inner, opposite = text_of(asked), denied_node(asked) if _goes_on(node) else ""
            below = _Below(inner, opposite, holder, len(found) - 1)
            left += reversed([*_below_head(node, bodies, below)])
        elif node.type in _THROUGH:
            left += [_Place(child, guard, holder) for child in reversed(node.named_children)]
        elif (text := _simple(node)) is not None:
            found.append(Entry(node, "statement", text, guard, holder))
    return found


def renamed(old: list[Entry], new: list[Entry]) -> list[Entry]:
    """Return the old statements with what ``self`` keeps as the new side names it, where two statements or more are otherwise the same."""
    sides = [{name for one in entries for name in _KEPT.findall(one.text)} for entries in (old, new)]
    gone, come = sides[0] - sides[1], sides[1] - sides[0]
    if not gone or not come:
        return old

    def shape(entry: Entry) -> str:
        return _KEPT.sub(lambda found: "\0" if found[0] in gone | come else found[0], entry.text)

    shapes = {shape(one): one.text for one in new}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for one in old:
        if other := shapes.get(shape(one)):
            names = (_KEPT.findall(text) for text in (one.text, other))
            for was, now in zip(*names, strict=True):
                if was != now:
                    found[was][now] += 1
    known = {was: now for was, (now, *others) in found.items() if not others and found[was][now] > 1}
    if not known or len(set(known.values())) < len(known):
        return old
    texts = {one.text for one in new}

    def spelt(text: str) -> str:
        return _KEPT.sub(lambda name: known.get(name[0], name[0]), text)

    return [
        one._replace(text=spelt(one.text) if spelt(one.text) in texts else one.text, guard=spelt(one.guard))
        for one in old
    ]


Opcode = tuple[str, int, int, int, int]


def from_heads(opcodes: Sequence[Opcode], old: list[Entry], new: list[Entry]) -> list[Opcode]:
    """Return opcodes in which a stretch that came or went begins as far out as equal statements behind it allow.

    Of ``if a: return`` before ``if b: return`` either return may be the one that was there; it is that under ``if a``.
    """
    found: list[Opcode] = list(opcodes)
    for at, (tag, i, end, j, other_end) in enumerate(opcodes):
        if tag not in ("insert", "delete") or at + 1 == len(opcodes):
            continue
        entries, start, stop = (new, j, other_end) if tag == "insert" else (old, i, end)
        _, _, _, follows, follows_end = opcodes[at + 1]
        shifts = _shifts(entries, start, stop, follows_end - follows)
        by = min(shifts, key=lambda shift: _depth(entries, start + shift))
        if by:
            # The statements in front are equal ones now; those behind no longer are.
            found.append(("equal", i, i + by, j, j + by))
            found[at] = (tag, i + by, end + by, j + by, other_end + by)
            equal, one, one_end, two, two_end = found[at + 1]
            found[at + 1] = (equal, one + by, one_end, two + by, two_end)
    return found


def _shifts(entries: list[Entry], start: int, end: int, most: int) -> Iterator[int]:
    yield 0
    for by in range(most):
        if entries[start + by].text != entries[end + by].text:
            return
        yield by + 1


def _depth(entries: list[Entry], at: int) -> int:
    depth = 0
    while at >= 0:
        at = entries[at].holder
        depth += 1
    return depth


def _goes_on(head: Node) -> bool:
    """Return whether something follows where a condition does not hold."""
    return any(part.type in ("elif_clause", "else_clause") for part in head.named_children)


class _Place(NamedTuple):
    """A statement that is still to be read, the innermost condition around it, and the head that it stands under."""

    node: Node
    guard: str
    holder: int


class _Below(NamedTuple):
    """What holds below a head: in its bodies, and in what follows where its condition does not hold."""

    inner: str
    denied: str
    holder: int
    at: int


def _below_head(node: Node, bodies: list[Node], below: _Below) -> Iterator[_Place]:
    for body in bodies:
        yield from (_Place(child, below.inner, below.at) for child in body.named_children)
    opposite = below.denied
    for part in node.named_children:
        if part.type in ("elif_clause", "except_clause", "case_clause"):
            yield _Place(part, opposite, below.holder)
            asked = part.child_by_field_name("condition") if part.type == "elif_clause" else None
            if asked is not None and len(opposite) < _SAID:
                opposite = f"{opposite} and {denied_node(unwrap(asked))}"
        elif part.type in ("else_clause", "finally_clause"):
            # What stands under the else of a condition that came came with it.
            yield from (_Place(child, opposite, below.at) for child in part.named_children)


def _head_text(node: Node, condition: Node | None, bodies: list[Node]) -> str:
    if condition is not None:
        return f"{'while' if node.type == 'while_statement' else 'if'} {text_of(unwrap(condition))}"
    if node.type == "for_statement":
        sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        return "for " + " in ".join(text_of(side) for side in sides if side is not None)
    parts = [child for child in node.named_children if child not in bodies and child.type not in _HEADS]
    told = [text_of(part) for part in parts if part.type not in ("comment", "else_clause", "finally_clause")]
    return f"{node.type.partition('_')[0]} {' '.join(told)}"


def _simple(node: Node) -> str | None:
    """Return a statement on one line; nothing for one that does nothing or only says something."""
    if node.type in ("comment", "pass_statement", "type", "global_statement", "nonlocal_statement"):
        return None
    inner = node.named_children[0] if node.type == "expression_statement" and node.named_child_count else node
    if inner.type == "string":
        return None
    text, right = text_of(node), inner.child_by_field_name("right")
    if right is not None and right.type == "parenthesized_expression":
        # Brackets around a value, as a formatter sets them, are no other value.
        text = text.removesuffix(text_of(right)) + text_of(unwrap(right))
    return None if _MESSAGES.match(text) else text


def body_of(head: Node) -> Node | None:
    """Return the code that stands under a head."""
    return next((child for child in head.named_children if child.type == "block"), None)


def simple_statements(body: Node, *, is_sure: bool = False) -> Iterator[str]:
    """Yield the statements within some code that do something, on one line each; those alone that no condition there keeps from it if ``is_sure``."""
    for child in body.named_children:
        if child.type in _HEADS or child.type in _THROUGH:
            if not (is_sure and _HEADS.get(child.type) in ("condition", "loop")):
                yield from simple_statements(child, is_sure=is_sure)
        elif child.type not in _IMPORTS and child.type.endswith("_statement") and (text := _simple(child)):
            yield text


def holders_of(entries: list[Entry], at: int) -> Iterator[Entry]:
    """Yield the heads around a statement, the innermost first."""
    yield from (entries[place] for place in _held_at(entries, at))


def stood_on_both(
    entries: list[Entry], under: list[int], known: set[int], elsewhere: set[tuple[str, str]], guard: str
) -> bool:
    """Return whether all the code of a branch stands on the other side too, without the branch, and in this branch alone."""
    texts, first = {text for text, _ in elsewhere}, {entries[place].text for place in under}
    head = entries[under[0]].holder if under else -1
    beside = {one.text for at, one in enumerate(entries) if one.holder == head and at not in under}
    deeper = [one for at, one in enumerate(entries) if set(under) & set(_held_at(entries, at))]
    return (
        bool(under)
        and first.isdisjoint(beside)
        and all(place not in known and (entries[place].text, guard) in elsewhere for place in under)
        and all(one.text in texts for one in deeper)
    )


def _held_at(entries: list[Entry], at: int) -> Iterator[int]:
    """Yield the places of the heads around a statement."""
    at = entries[at].holder
    while at >= 0:
        yield at
        at = entries[at].holder


def guard_elsewhere(entries: list[Entry], under: list[int], others: list[Entry], text: str) -> str:
    """Return the one other condition under which most of the code of a branch stands on the other side; empty where there is none, or where that still holds the same."""
    telling = {entries[at].text for at in under if not entries[at].text.startswith(LEAVING)}
    kept = {one.guard for one in entries if one.text in telling}
    found = {one.text: one.guard for one in others if one.text in telling}
    guards = set(found.values())
    return (
        guards.pop()
        if len(guards) == 1 and guards.isdisjoint(("", text, *kept)) and 2 * len(found) > len(telling)
        else ""
    )


def spread(entries: list[Entry], others: list[Entry]) -> list[Entry]:
    """Return statements, ``x = a if c else b`` told as the other side tells it, where that asks ``if c:``."""
    heads = {one.text for one in others if one.kind == "condition"}
    known = {one.text for one in others}
    found: list[Entry] = []
    places: list[int] = []
    for entry in entries:
        places.append(len(found))
        moved = entry._replace(holder=places[entry.holder] if entry.holder >= 0 else -1)
        spread = [] if entry.text in known else _by_condition(moved, heads, len(found))
        found += spread or [moved]
    return found


def _by_condition(entry: Entry, heads: set[str], at: int) -> list[Entry]:
    target, is_return = target_of(entry.node), entry.node.type == "return_statement"
    inner = entry.node.named_children[0] if target or (is_return and entry.node.named_child_count) else None
    value = inner.child_by_field_name("right") if inner is not None and target else inner
    parts = (
        [child for child in unwrap(value).named_children if child.type != "comment"]
        if value is not None and unwrap(value).type == "conditional_expression"
        else []
    )
    if len(parts) != _PARTS:
        return []
    then, condition, otherwise = (text_of(unwrap(part)) for part in parts)
    if f"if {condition}" not in heads:
        then, condition, otherwise = otherwise, denied(condition), then
    if f"if {condition}" not in heads:
        return []
    start = "return" if is_return else f"{target} ="
    first = entry._replace(text=f"{start} {then}", guard=condition, holder=at)
    second = entry._replace(text=f"{start} {otherwise}", guard=denied(condition), holder=at)
    # What follows a return runs where the condition does not hold, wherever it stands.
    second = entry._replace(text=second.text) if is_return else second
    return [entry._replace(kind="condition", text=f"if {condition}"), first, second]


def target_of(node: Node) -> str:
    """Return what a statement assigns to; empty for one that assigns nothing."""
    inner = node.named_children[0] if node.type == "expression_statement" and node.named_child_count else node
    left = inner.child_by_field_name("left") if inner.type == "assignment" else None
    return text_of(left) if left is not None else ""


def held_by(node: Node, *, is_sure: bool = True) -> tuple[str, ...]:
    """Return the first statements under a head, on one line each, without those under a further condition if ``is_sure``."""
    body = body_of(node)
    if body is None:
        return ()
    every = list(simple_statements(body, is_sure=is_sure)) or list(simple_statements(body))
    found = [text for text in every if not text.startswith("assert ")] or every
    # What leaves under a condition of its own is not how the code under the head ends.
    while found and found[-1].startswith(LEAVING) and not _leaves(body):
        found = found[:-1]
    found = found or [text_of(child) for child in body.named_children if child.type in _HEADS][-1:]
    # How it leaves says more than what it does before.
    if len(found) > _HELD and _leaves(body):
        found = [*found[: _HELD - 1], found[-1]]
    # What is said of an error tells what is refused.
    return tuple(brief(one, _SAID if one.startswith("raise ") else MOST_TEXT) for one in found[:_HELD])


def _leaves(body: Node) -> bool:
    return bool(body.named_children) and body.named_children[-1].type in EXITS


def raised_by(handler: Node) -> str:
    """Return what a handler raises however it is gone through (``raise`` alone: what it caught), ``may raise`` where it raises in some cases, and nothing where in none."""
    body = body_of(handler)
    leaving = [text for text in simple_statements(body) if text.startswith(LEAVING)] if body else []
    raised = [text for text in leaving if text.startswith("raise")]
    if body is None or not raised:
        return ""
    if len(raised) < len(leaving) or not _ends_raising(body):
        return "may raise"
    value = handler.named_children[0]
    name = value.named_children[-1] if value.type == "as_pattern" else None
    caught = ("raise", f"raise {text_of(name)}" if name is not None else "")
    other = next((text for text in raised if text not in caught), "")
    return other or "raise"


def _ends_raising(body: Node) -> bool:
    last = next((child for child in reversed(body.named_children) if child.type != "comment"), body)
    if last.type == "if_statement":
        parts = [last, *(one for one in last.named_children if one.type in ("elif_clause", "else_clause"))]
        blocks = [body_of(one) for one in parts] if parts[-1].type == "else_clause" else []
        return bool(blocks) and all(one is not None and _ends_raising(one) for one in blocks)
    inner = body_of(last) if last.type == "with_statement" else None
    return last.type == "raise_statement" or (inner is not None and _ends_raising(inner))


def call_of(node: Node) -> Node | None:
    """Return the call that a statement is, or of which it keeps the result."""
    inner = node.named_children[0] if node.type == "expression_statement" and node.named_child_count else None
    if inner is not None and inner.type == "assignment":
        inner = inner.child_by_field_name("right")
    if inner is not None and inner.type == "await" and inner.named_child_count:
        inner = inner.named_children[0]
    return inner if inner is not None and inner.type == "call" else None


def refuses_below(entries: list[Entry], at: int) -> bool:
    """Return whether a statement raises, by a condition of its own or under an ``else``, among others under a head that came or went: that head does not tell it."""
    entry, head = entries[at], entries[entries[at].holder]
    if entry.kind == "condition":
        held = held_by(entry.node)
        return (
            bool(held)
            and held[-1].startswith("raise ")
            and sum(one.holder == entry.holder for one in entries) > 1
        )
    return (
        entry.text.startswith("raise ")
        and head.kind == "condition"
        and entry.guard != head.text.partition(" ")[2]
    )
