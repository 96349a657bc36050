"""Two units -> the statements that came, went or changed, each told by the smallest expression that differs.

Statements are laid side by side as a list of simple statements and heads of compound ones, whatever their indentation: code that only went
under a condition is told by the condition. Messages, comments, docstrings and imports are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.syntax.compare.smallest_difference import (
    MOST_TEXT,
    PLAIN,
    is_message,
    joined_parts,
    smallest_difference,
    without_start,
)
from diffscope.syntax.model import DefinitionKind, StatementEdit
from diffscope.syntax.nodes import callee_of, clip, text_of, unwrap
from diffscope.syntax.normalize.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_STATEMENTS: Final = 1500
_MOST_PAIRED: Final = 900
"""Pairs of statements above which a stretch is written anew, and none is the other."""
_MOST: Final = 24
_ALIKE: Final = 0.5
_HELD: Final = 2
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
_LEAVING: Final = ("return", "raise", "continue", "break")
_JOINING: Final = frozenset({"if", "not", "and", "or", "is", "in", "None", "self", ".", "(", ")"})
_SAID: Final = frozenset({"help", "description", "message", "detail"})
"""Arguments that hold words for a reader."""
_EXITS: Final = frozenset({"return_statement", "raise_statement", "continue_statement", "break_statement"})
_THROUGH: Final = frozenset(
    {"block", "else_clause", "finally_clause", "decorated_definition", "match_statement"}
)
_MESSAGES: Final = lazy_regex(
    r"(?:self\.|cls\.)?_?(?:logger|logging|log|warnings)\.\w+\(|print\(|super\(\)\.__init__\("
)
_WORD: Final = lazy_regex(r"\w+|[^\w\s]")


class _Entry(NamedTuple):
    """A simple statement, or the head of a compound one."""

    node: Node
    kind: str
    text: str
    guard: str
    """The innermost condition around it."""
    holder: int
    """The place of the head that it stands under; -1 for none."""


def compare_edits(before: Unit, after: Unit) -> tuple[StatementEdit, ...]:
    """Return the edits of a unit, by line, at most twenty-four; none of one that is too long to be laid side by side."""
    old, new = _entries(before), _entries(after)
    if max(len(old), len(new)) > _MOST_STATEMENTS:
        return ()
    matcher = SequenceMatcher(None, [one.text for one in old], [one.text for one in new], autojunk=False)
    gone: list[int] = []
    come: list[int] = []
    pairs: list[tuple[int, int]] = []
    for tag, start, end, other, other_end in matcher.get_opcodes():
        if tag != "equal":
            found_pairs = _paired(old, range(start, end), new, range(other, other_end))
            pairs += found_pairs
            gone += [at for at in range(start, end) if at not in {i for i, _ in found_pairs}]
            come += [at for at in range(other, other_end) if at not in {j for _, j in found_pairs}]
    # What stands under a head that came, and stood under one that went, is told by these.
    kept = [(i, j) for i, j in pairs if old[i].holder not in gone or new[j].holder not in come]
    found = [edit for i, j in kept if (edit := _changed(old[i], new[j])) is not None]
    # What stands elsewhere now did not come or go.
    texts, other_texts = {old[at].text for at in gone}, {new[at].text for at in come}
    found += _alone(old, new, [at for at in gone if old[at].text not in other_texts], "removed")
    found += _alone(new, old, [at for at in come if new[at].text not in texts], "added")
    found.sort(key=lambda edit: (edit.line, edit.change, edit.what, edit.after, edit.before))
    return tuple(found[:_MOST])


def _entries(unit: Unit) -> list[_Entry]:
    """Return the statements and heads of a unit in their order, however deep they are nested."""
    found: list[_Entry] = []
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
            found.append(_Entry(node, head, _head_text(node, condition, bodies), guard, holder))
            inner = text_of(unwrap(condition)) if condition is not None and head == "condition" else guard
            denied = guard if head != "condition" else f"not ({inner})" if " " in inner else f"not {inner}"
            below = _Below(inner, denied, holder, len(found) - 1)
            left += reversed([*_below_head(node, bodies, below)])
        elif node.type in _THROUGH:
            left += [_Place(child, guard, holder) for child in reversed(node.named_children)]
        elif (text := _simple(node)) is not None:
            found.append(_Entry(node, "statement", text, guard, holder))
    return found


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
    for part in node.named_children:
        if part.type in ("elif_clause", "except_clause", "case_clause"):
            yield _Place(part, below.denied, below.holder)
        elif part.type in ("else_clause", "finally_clause"):
            # What stands under the else of a condition that came came with it.
            yield from (_Place(child, below.denied, below.at) for child in part.named_children)


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
    if (
        node.type == "expression_statement"
        and node.named_child_count
        and node.named_children[0].type == "string"
    ):
        return None
    text = text_of(node)
    return None if _MESSAGES.match(text) else text


def _paired(old: list[_Entry], olds: range, new: list[_Entry], news: range) -> list[tuple[int, int]]:
    """Return which statements became which: the likest pairs first."""
    if not olds or not news or len(olds) * len(news) > _MOST_PAIRED:
        return []
    words = {
        (side, at): set(_WORD.findall(entries[at].text))
        - (frozenset() if entries[at].kind == "statement" else _JOINING)
        for side, entries, places in ((0, old, olds), (1, new, news))
        for at in places
    }
    only = len(olds) == len(news) == 1
    scores = sorted(
        (-score, abs((i - olds.start) - (j - news.start)), i, j)
        for i in olds
        for j in news
        if old[i].kind == new[j].kind
        and old[i].node.type == new[j].node.type
        and _target(old[i].node) == _target(new[j].node)
        and (old[i].kind == "statement" or _runs_alike(old[i], new[j]))
        and (score := _alike(words[0, i], words[1, j]) + _by_body(old[i], new[j]))
        >= (0.2 if only else _ALIKE)
    )
    taken: tuple[set[int], set[int]] = (set(), set())
    pairs = []
    for _, _, i, j in scores:
        if i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
            pairs.append((i, j))
    return pairs


def _runs_alike(old: _Entry, new: _Entry) -> bool:
    """Return whether two heads have a statement under them in common, or both have none that does anything."""
    sides = [
        set(_simple_ones(body)) if body is not None else set() for body in map(_body, (old.node, new.node))
    ]
    return bool(sides[0] & sides[1]) or not any(sides)


def _by_body(old: _Entry, new: _Entry) -> float:
    """Return 1 for two heads over the same code: one stands in the place of the other, whatever it asks."""
    if old.kind == "statement" or old.kind != new.kind:
        return 0
    sides = [
        list(_simple_ones(body)) if body is not None else [] for body in map(_body, (old.node, new.node))
    ]
    # That both leave in the same way does not make them one.
    return float(sides[0] == sides[1] and any(not text.startswith(_LEAVING) for text in sides[0]))


def _body(head: Node) -> Node | None:
    return next((child for child in head.named_children if child.type == "block"), None)


def _target(node: Node) -> str:
    inner = node.named_children[0] if node.type == "expression_statement" and node.named_child_count else node
    left = inner.child_by_field_name("left") if inner.type == "assignment" else None
    return text_of(left) if left is not None else ""


def _alike(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / max(1, len(one) + len(other))


def _changed(old: _Entry, new: _Entry) -> StatementEdit | None:
    """Return what became of a statement; nothing where only a message within it did."""
    if old.kind != "statement":
        before, after, joined = _asked(old, new)
        return _edit(
            new, new.kind, "changed", before=before, after=after, keyword=joined, held=_held(new.node)
        )
    found = smallest_difference(old.node, new.node)
    if found.before is not None and found.after is not None and text_of(found.before) == text_of(found.after):
        return None
    before = "" if found.before is None else text_of(found.before)
    after = "" if found.after is None else text_of(found.after)
    if found.texts is not None:
        before, after = found.texts
        if not before and not after:
            return None
    if found.keyword in _SAID or is_message(found, new.node, after):
        return None
    before, after = without_start(before, after)
    return _edit(
        new,
        found.what,
        "changed",
        before=before,
        after=after,
        target=found.target,
        callee=found.callee,
        keyword=found.keyword,
        at=found.after,
    )


def _asked(old: _Entry, new: _Entry) -> tuple[str, str, str]:
    """Return what two heads ask differently, and by which word they join it to what both ask; the whole of them where they share nothing."""
    sides = [one.node.child_by_field_name("condition") for one in (old, new)]
    if sides[0] is not None and sides[1] is not None:
        for word in ("and", "or"):
            was, now = (joined_parts(unwrap(side), word) for side in sides if side is not None)
            known, asked = set(was), set(now)
            gone, come = [one for one in was if one not in asked], [one for one in now if one not in known]
            if len(was) > len(gone) and (gone or come):
                return f" {word} ".join(gone), f" {word} ".join(come), word
    return _bare(old.text), _bare(new.text), ""


def _bare(text: str) -> str:
    return text.partition(" ")[2] or text


def _alone(
    entries: list[_Entry], others: list[_Entry], places: list[int], change: str
) -> Iterator[StatementEdit]:
    """Yield what came or went; what stands under a head that did so too is told by that."""
    known = set(places)
    # Code that stands under a condition of its own on the other side was not done always there.
    elsewhere = {(one.text, one.guard) for one in others}
    for at in places:
        entry = entries[at]
        if entry.holder in known:
            continue
        if entry.kind == "statement":
            yield _statement(entry, change)
        elif entry.kind != "try":
            text = _bare(entry.text)
            after, before = (text, "") if change == "added" else ("", text)
            under = [one for one in entries if one.holder == at]
            stood = not _is_own(entries, at, known) and all(
                (one.text, entry.guard) in elsewhere for one in under
            )
            yield _edit(
                entry, entry.kind, change, before=before, after=after, held=_held(entry.node), stood=stood
            )


def _is_own(entries: list[_Entry], at: int, known: set[int]) -> bool:
    """Return whether some code under a head came or went with it."""
    under = [place for place, entry in enumerate(entries) if entry.holder == at]
    return not under or any(place in known for place in under)


def _statement(entry: _Entry, change: str) -> StatementEdit:
    node = entry.node
    inner = node.named_children[0] if node.type == "expression_statement" and node.named_child_count else node
    what, target, callee = PLAIN.get(node.type, "statement"), "", ""
    text = entry.text
    if inner.type == "assignment":
        left, right = inner.child_by_field_name("left"), inner.child_by_field_name("right")
        what, target = "value", text_of(left) if left is not None else ""
        text = text_of(right) if right is not None else text
    elif inner.type in ("call", "await"):
        call = inner.named_children[0] if inner.type == "await" and inner.named_child_count else inner
        what, callee = "call", callee_of(call)
    elif what in ("return", "raise", "assert"):
        text = text.partition(" ")[2]
    before, after = ("", text) if change == "added" else (text, "")
    return _edit(entry, what, change, before=before, after=after, target=target, callee=callee)


def _held(node: Node) -> tuple[str, ...]:
    """Return the first statements under a head, on one line each."""
    body = _body(node)
    if body is None:
        return ()
    every = list(_simple_ones(body))
    found = [text for text in every if not text.startswith("assert ")] or every
    # How it leaves says more than what it does before.
    if len(found) > _HELD and _leaves(body):
        found = [*found[: _HELD - 1], found[-1]]
    return tuple(clip(text, MOST_TEXT) for text in found[:_HELD])


def _leaves(body: Node) -> bool:
    return bool(body.named_children) and body.named_children[-1].type in _EXITS


def _simple_ones(body: Node) -> Iterator[str]:
    for child in body.named_children:
        if child.type in _HEADS or child.type in _THROUGH:
            yield from _simple_ones(child)
        elif child.type not in _IMPORTS and child.type.endswith("_statement") and (text := _simple(child)):
            yield text


def _edit(
    entry: _Entry,
    what: str,
    change: str,
    *,
    held: tuple[str, ...] = (),
    stood: bool = False,
    at: Node | None = None,
    **texts: str,
) -> StatementEdit:
    return StatementEdit(
        what=what,
        change=change,
        **{name: clip(text.replace(",)", ")"), MOST_TEXT) for name, text in texts.items()},
        guard=clip(entry.guard, MOST_TEXT),
        held=held,
        stood=stood,
        line=(at or entry.node).start_point[0] + 1,
    )
