"""Two units -> the statements that came, went or changed, each told by the smallest expression that differs.

Statements are laid side by side as a list of simple statements and heads of compound ones, whatever their indentation: code that only went
under a condition is told by the condition. Messages, comments, docstrings and imports are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from diffscope.patterns import lazy_regex
from diffscope.syntax.compare.entries import (
    EXITS,
    Entry,
    body_of,
    entries_of,
    from_heads,
    held_by,
    renamed,
    simple_statements,
)
from diffscope.syntax.compare.smallest_difference import (
    MOST_TEXT,
    PLAIN,
    is_message,
    joined_parts,
    smallest_difference,
)
from diffscope.syntax.denial import denied
from diffscope.syntax.model import StatementEdit
from diffscope.syntax.nodes import around_difference, callee_of, clip, text_of, unwrap
from diffscope.syntax.normalize.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_STATEMENTS: Final = 1500
_MOST_PAIRED: Final = 900
"""Pairs of statements above which a stretch is written anew, and none is the other."""
_MOST: Final = 24
_ALIKE: Final = 0.5
_LEAVING: Final = ("return", "raise", "continue", "break")
_JOINING: Final = frozenset({"if", "not", "and", "or", "is", "in", "None", "self", ".", "(", ")"})
_LONG_CALL: Final = 60
_PARTS: Final = 3
"""Of a conditional expression."""
_SHARED: Final = 3
"""Words that two calls hand over alike, from which on one may stand in the place of the other."""
_SAID: Final = frozenset(
    {"help", "description", "documentation", "doc", "docstring", "message", "msg", "detail", "hint", "examples", "summary", "epilog"}
)  # fmt: skip
"""Arguments that hold words for a reader."""
_WORD: Final = lazy_regex(r"\w+|[^\w\s]")
_NAME: Final = lazy_regex(r"[A-Za-z_]\w*")


def compare_edits(before: Unit, after: Unit) -> tuple[StatementEdit, ...]:
    """Return the edits of a unit, by line, at most twenty-four; none of one that is too long to be laid side by side."""
    old, new = entries_of(before), entries_of(after)
    old, new = _spread(renamed(old, new), new), _spread(new, old)
    if max(len(old), len(new)) > _MOST_STATEMENTS:
        return ()
    matcher = SequenceMatcher(None, [one.text for one in old], [one.text for one in new], autojunk=False)
    gone: list[int] = []
    come: list[int] = []
    pairs: list[tuple[int, int]] = []
    same: list[tuple[int, int]] = []
    for tag, start, end, other, other_end in from_heads(matcher.get_opcodes(), old, new):
        if tag == "equal":
            same += zip(range(start, end), range(other, other_end), strict=True)
        else:
            found_pairs = _paired(old, range(start, end), new, range(other, other_end))
            pairs += found_pairs
            gone += [at for at in range(start, end) if at not in {i for i, _ in found_pairs}]
            come += [at for at in range(other, other_end) if at not in {j for _, j in found_pairs}]
    # A condition that became two, one under the other, asks what it asked.
    parts = {at: j for i, j in pairs for at in come if new[at].holder == j and _asks_part(old[i], new[at])}
    pairs = [(i, j) for i, j in pairs if j not in parts.values()]
    come = [at for at in come if at not in parts]
    # What stands under a head that came, and stood under one that went, is told by these.
    kept = [(i, j) for i, j in pairs if old[i].holder not in gone or new[j].holder not in come]
    found = [edit for i, j in kept if (edit := _changed(old[i], new[j])) is not None]
    # What stands elsewhere now did not come or go.
    texts, other_texts = {old[at].text: at for at in gone}, {new[at].text: at for at in come}
    same += ((at, other_texts[text]) for text, at in texts.items() if text in other_texts)
    found += _guarded_anew(
        old, new, [(i, j) for i, j in same if old[i].holder not in gone and new[j].holder not in come]
    )
    found += _alone(old, new, [at for at in gone if old[at].text not in other_texts], "removed")
    found += _alone(new, old, [at for at in come if new[at].text not in texts], "added")
    found.sort(key=lambda edit: (edit.line, edit.change, edit.what, edit.after, edit.before))
    return tuple(found[:_MOST])


def _asks_part(whole: Entry, part: Entry) -> bool:
    """Return whether a condition asks for one of those that another one joins."""
    asked = whole.node.child_by_field_name("condition")
    if asked is None or not whole.kind == part.kind == "condition":
        return False
    return _bare(part.text) in joined_parts(unwrap(asked), "and")


def _spread(entries: list[Entry], others: list[Entry]) -> list[Entry]:
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
    target, is_return = _target(entry.node), entry.node.type == "return_statement"
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


def _guarded_anew(
    old: list[Entry], new: list[Entry], pairs: list[tuple[int, int]]
) -> Iterator[StatementEdit]:
    """Yield what stood before and stands after, but under a condition more or less that itself stands on both sides."""
    for i, j in pairs:
        was, now = old[i], new[j]
        if was.kind != "statement" or was.guard == now.guard or now.node.type in EXITS:
            continue
        held = (clip(now.text, MOST_TEXT),)
        if now.holder >= 0 and new[now.holder].kind == "condition" and new[now.holder].guard == was.guard:
            yield _edit(
                now._replace(guard=was.guard),
                "condition",
                "added",
                before="",
                after=now.guard,
                held=held,
                stood=True,
            )
        elif was.holder >= 0 and old[was.holder].kind == "condition" and old[was.holder].guard == now.guard:
            yield _edit(now, "condition", "removed", before=was.guard, after="", held=held, stood=True)


def _paired(old: list[Entry], olds: range, new: list[Entry], news: range) -> list[tuple[int, int]]:
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
        and (score := _likeness(old[i], new[j], words[0, i], words[1, j])) >= (0.2 if only else _ALIKE)
    )
    taken: tuple[set[int], set[int]] = (set(), set())
    pairs = []
    for _, _, i, j in scores:
        if i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
            pairs.append((i, j))
    return pairs


def _likeness(old: Entry, new: Entry, words: set[str], others: set[str]) -> float:
    """Return how like two statements or heads are, from 0 to 2; 0 for such as are none the other."""
    if old.node.type == new.node.type and _target(old.node) == _target(new.node):
        if old.kind == "statement":
            return _alike(words, others)
        return _alike(words, others) + _by_body(old, new) if _runs_alike(old, new) else 0
    return _replacing(old, new) if old.kind == "statement" else 0


def _replacing(old: Entry, new: Entry) -> float:
    """Return how like what two other functions are handed is, where the result goes elsewhere: less than 1."""
    calls = [_call(one.node) for one in (old, new)]
    if calls[0] is None or calls[1] is None or callee_of(calls[0]) == callee_of(calls[1]):
        return 0
    handed = [
        set(_NAME.findall(text_of(call).removeprefix(callee_of(call)))) for call in calls if call is not None
    ]
    return _alike(*handed) * 0.99 if len(handed[0] & handed[1]) >= _SHARED else 0


def _call(node: Node) -> Node | None:
    """Return the call that a statement is, or of which it keeps the result."""
    inner = node.named_children[0] if node.type == "expression_statement" and node.named_child_count else None
    if inner is not None and inner.type == "assignment":
        inner = inner.child_by_field_name("right")
    if inner is not None and inner.type == "await" and inner.named_child_count:
        inner = inner.named_children[0]
    return inner if inner is not None and inner.type == "call" else None


def _runs_alike(old: Entry, new: Entry) -> bool:
    """Return whether two heads have a statement under them in common, or both have none that does anything."""
    sides = [
        set(simple_statements(body)) if body is not None else set()
        for body in map(body_of, (old.node, new.node))
    ]
    return bool(sides[0] & sides[1]) or not any(sides)


def _by_body(old: Entry, new: Entry) -> float:
    """Return how much of their code two heads share, from 0 to 1: one stands in the place of the other, whatever it asks."""
    sides = [
        set(simple_statements(body)) if body is not None else set()
        for body in map(body_of, (old.node, new.node))
    ]
    # That both leave in the same way does not make them one.
    return _alike(*sides) if any(not text.startswith(_LEAVING) for text in sides[0] & sides[1]) else 0


def _target(node: Node) -> str:
    inner = node.named_children[0] if node.type == "expression_statement" and node.named_child_count else node
    left = inner.child_by_field_name("left") if inner.type == "assignment" else None
    return text_of(left) if left is not None else ""


def _alike(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / max(1, len(one) + len(other))


def _changed(old: Entry, new: Entry) -> StatementEdit | None:
    """Return what became of a statement; nothing where only a message within it did."""
    if old.kind != "statement":
        before, after, joined = _asked(old, new)
        return _edit(
            new, new.kind, "changed", before=before, after=after, keyword=joined, held=held_by(new.node)
        )
    if _target(old.node) != _target(new.node) or old.node.type != new.node.type:
        calls = [call for one in (old, new) if (call := _call(one.node)) is not None]
        before, after = (_brief_call(call, text_of(call)) for call in calls)
        return _edit(
            new, "call", "changed", before=before, after=after, target=_target(new.node), at=calls[1]
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
    if found.what == "call" and found.before is not None and found.after is not None:
        before, after = _brief_call(found.before, before), _brief_call(found.after, after)
    if found.keyword in _SAID or is_message(found, new.node, after):
        return None
    before, after = around_difference(before, after, MOST_TEXT)
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


def _brief_call(node: Node, text: str) -> str:
    """Return a call, without its arguments where they are long: by its name it is another one than before."""
    return f"{callee_of(node)}(…)" if len(text) > _LONG_CALL and len(callee_of(node)) <= _LONG_CALL else text


def _asked(old: Entry, new: Entry) -> tuple[str, str, str]:
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
    entries: list[Entry], others: list[Entry], places: list[int], change: str
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
            under = _under(entries, at)
            stood = bool(under) and all(
                place not in known and (entries[place].text, entry.guard) in elsewhere for place in under
            )
            yield _edit(
                entry, entry.kind, change, before=before, after=after, held=held_by(entry.node), stood=stood
            )


def _under(entries: list[Entry], at: int) -> list[int]:
    """Return what stands under a head, without what runs where its condition does not hold."""
    asked = _bare(entries[at].text)
    return [
        place
        for place, entry in enumerate(entries)
        if entry.holder == at and (entries[at].kind != "condition" or entry.guard == asked)
    ]


def _statement(entry: Entry, change: str) -> StatementEdit:
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
        text = f"{callee}(…)" if len(text) > MOST_TEXT else text
    elif what == "assert" and node.named_child_count:
        text = text_of(unwrap(node.named_children[0]))
    elif what in ("return", "raise"):
        text = text.partition(" ")[2] or "None"
    before, after = ("", text) if change == "added" else (text, "")
    return _edit(entry, what, change, before=before, after=after, target=target, callee=callee)


def _edit(
    entry: Entry,
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
