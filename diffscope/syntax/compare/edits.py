"""Two units -> the statements that came, went or changed, each told by the smallest expression that differs.

Statements are laid side by side as a list of simple statements and heads of compound ones, whatever their indentation: code that only went
under a condition is told by the condition. Messages, comments, docstrings and imports are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

from diffscope.patterns import lazy_regex
from diffscope.syntax.compare.edit_context import with_context
from diffscope.syntax.compare.entries import (
    EXITS,
    LEAVING,
    Entry,
    body_of,
    call_of,
    entries_of,
    from_heads,
    guard_elsewhere,
    held_by,
    holders_of,
    refuses_below,
    renamed,
    simple_statements,
    spread,
    stood_on_both,
    target_of,
)
from diffscope.syntax.compare.smallest_difference import (
    MOST_TEXT,
    PLAIN,
    brief_sides,
    is_message,
    joined_parts,
    quoted,
    smallest_difference,
)
from diffscope.syntax.model import StatementEdit
from diffscope.syntax.nodes import brief, callee_of, text_of, unwrap
from diffscope.syntax.normalize.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_STATEMENTS: Final = 1500
_MOST_PAIRED: Final = 900
"""Pairs of statements above which a stretch is written anew, and none is the other."""
_MOST: Final = 24
_ALIKE: Final = 0.5
_JOINING: Final = frozenset({"if", "not", "and", "or", "is", "in", "None", "self", ".", "(", ")"})
_LONG_CALL: Final = 80
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
    old, new = spread(renamed(old, new), new), spread(new, old)
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
    moved = [(at, other_texts[text]) for text, at in texts.items() if text in other_texts]
    found += _reordered(old, new, moved, [*same, *kept])
    same += moved
    found += _guarded_anew(
        old, new, [(i, j) for i, j in same if old[i].holder not in gone and new[j].holder not in come]
    )
    found += _within_anew(old, new, same)
    found += _alone(old, new, [at for at in gone if old[at].text not in other_texts], "removed")
    found += _alone(new, old, [at for at in come if new[at].text not in texts], "added")
    found.sort(key=lambda edit: (edit.line, edit.change, edit.what, edit.after, edit.before))
    return tuple(with_context(found[:_MOST], old, new))


def _reordered(
    old: list[Entry], new: list[Entry], moved: list[tuple[int, int]], kept: list[tuple[int, int]]
) -> Iterator[StatementEdit]:
    """Yield the calls that stand on the other side of another call now, under the same condition."""
    for i, j in moved:
        if old[i].guard != new[j].guard or "(" not in new[j].text or old[i].kind != "statement":
            continue
        crossed = [
            b
            for a, b in kept
            if (a < i) != (b < j) and call_of(new[b].node) is not None and new[b].guard == new[j].guard
        ]
        if crossed:
            at = min(crossed) if j < min(crossed) else max(crossed)
            change = "added" if j < at else "removed"
            yield _edit(
                new[j],
                "order",
                change,
                at=old[i].node if change == "removed" else None,
                before="",
                after=brief(new[j].text, _LONG_CALL),
                target=brief(new[at].text, _LONG_CALL),
            )


def _asks_part(whole: Entry, part: Entry) -> bool:
    """Return whether a condition asks for one of those that another one joins."""
    asked = whole.node.child_by_field_name("condition")
    if asked is None or not whole.kind == part.kind == "condition":
        return False
    return _bare(part.text) in joined_parts(unwrap(asked), "and")


def _guarded_anew(
    old: list[Entry], new: list[Entry], pairs: list[tuple[int, int]]
) -> Iterator[StatementEdit]:
    """Yield what stood before and stands after, but under a condition more or less that itself stands on both sides."""
    for i, j in pairs:
        was, now = old[i], new[j]
        if was.kind != "statement" or was.guard == now.guard or now.node.type in EXITS:
            continue
        held = (brief(now.text, MOST_TEXT),)
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
            yield _edit(
                now, "condition", "removed", at=was.node, before=was.guard, after="", held=held, stood=True
            )


def _within_anew(old: list[Entry], new: list[Entry], pairs: list[tuple[int, int]]) -> Iterator[StatementEdit]:
    """Yield what stood before and stands after, but within a ``with`` that stands on both sides and did not hold it, or no longer does."""
    known: dict[str, list[Entry]] = {}
    for i, j in pairs:
        sides = [
            {one.text for one in holders_of(entries, at) if one.kind == "with"}
            for entries, at in ((old, i), (new, j))
        ]
        for text in sorted(sides[1] - sides[0]):
            known.setdefault(text, []).append(new[j])
    heads = {one.text for one in old if one.kind == "with"}
    for text, held in known.items():
        if text in heads and (
            telling := [one for one in held if "(" in one.text and one.kind == "statement"]
        ):
            shown = tuple(brief(one.text, MOST_TEXT) for one in telling[:3])
            yield _edit(telling[0], "with", "added", before="", after=_bare(text), held=shown)


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
    # Where one result went and one came, it is another one, whatever came with it.
    results = [
        sum(entries[at].node.type == "return_statement" for at in places)
        for entries, places in ((old, olds), (new, news))
    ]
    scores = sorted(
        (-score, abs((i - olds.start) - (j - news.start)), i, j)
        for i in olds
        for j in news
        if old[i].kind == new[j].kind
        and (score := _likeness(old[i], new[j], words[0, i], words[1, j]))
        >= (0.01 if results == [1, 1] and old[i].node.type == "return_statement" else 0.2 if only else _ALIKE)
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
    if old.node.type == new.node.type and target_of(old.node) == target_of(new.node):
        if old.kind == "statement":
            return _alike(words, others)
        return _alike(words, others) + _by_body(old, new) if _runs_alike(old, new) else 0
    return _replacing(old, new) if old.kind == "statement" else 0


def _replacing(old: Entry, new: Entry) -> float:
    """Return how like what two other functions are handed is, where the result goes elsewhere: less than 1."""
    calls = [call_of(one.node) for one in (old, new)]
    if calls[0] is None or calls[1] is None or callee_of(calls[0]) == callee_of(calls[1]):
        return 0
    handed = [
        set(_NAME.findall(text_of(call).removeprefix(callee_of(call)))) for call in calls if call is not None
    ]
    return _alike(*handed) * 0.99 if len(handed[0] & handed[1]) >= _SHARED else 0


def _bodies(*heads: Entry) -> list[set[str]]:
    bodies = (body_of(one.node) for one in heads)
    return [set(simple_statements(body)) if body is not None else set() for body in bodies]


def _runs_alike(old: Entry, new: Entry) -> bool:
    """Return whether two heads have a statement under them in common, or both have none that does anything."""
    sides = _bodies(old, new)
    return bool(sides[0] & sides[1]) or not any(sides)


def _by_body(old: Entry, new: Entry) -> float:
    """Return how much of their code two heads share, from 0 to 1: one stands in the place of the other, whatever it asks."""
    sides = _bodies(old, new)
    # That both leave in the same way does not make them one.
    return _alike(*sides) if any(not text.startswith(LEAVING) for text in sides[0] & sides[1]) else 0


def _alike(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / max(1, len(one) + len(other))


def _changed(old: Entry, new: Entry) -> StatementEdit | None:
    """Return what became of a statement; nothing where only a message within it did."""
    if old.kind != "statement":
        *sides, joined = _asked(old, new)
        before, after = brief_sides(*sides)
        return _edit(
            new, new.kind, "changed", before=before, after=after, keyword=joined, held=held_by(new.node)
        )
    if target_of(old.node) != target_of(new.node) or old.node.type != new.node.type:
        calls = [call for one in (old, new) if (call := call_of(one.node)) is not None]
        before, after = (brief(text_of(call), _LONG_CALL) for call in calls)
        return _edit(
            new, "call", "changed", before=before, after=after, target=target_of(new.node), at=calls[1]
        )
    found = smallest_difference(old.node, new.node)
    if found.before is not None and found.after is not None and text_of(found.before) == text_of(found.after):
        return None
    before, after = ("" if one is None else text_of(unwrap(one)) for one in (found.before, found.after))
    if found.what == "assert" and found.before is old.node:
        before, after = (text_of(unwrap(one.node.named_children[0])) for one in (old, new))
    elif found.what == "statement" and new.node.type == "expression_statement" and found.texts is None:
        before, after = (text_of(one.node) for one in (old, new))
    elif found.texts is not None:
        before, after = found.texts
        if not before and not after:
            return None
    if found.what == "call":
        before, after = brief(before, _LONG_CALL), brief(after, _LONG_CALL)
    if found.keyword in _SAID or is_message(found, new.node, after):
        return None
    before, after = brief_sides(before, after)
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
        if entry.holder in known and not refuses_below(entries, at):
            continue
        if entry.kind == "statement":
            yield _statement(entry, change)
        elif entry.kind != "try":
            text = _bare(entry.text)
            under = [place for place, one in enumerate(entries) if one.holder == at]
            first = [place for place in under if entries[place].guard == text]
            first = first if first or entry.kind == "condition" else under
            last = [place for place in under if place not in first]
            stood = stood_on_both(entries, first, known, elsewhere, entry.guard)
            if not stood and stood_on_both(entries, last, known, elsewhere, entry.guard):
                stood, text = True, entries[last[0]].guard
            held = (
                tuple(
                    brief(entries[place].text, MOST_TEXT)
                    for place in last
                    if entries[place].kind == "statement"
                )
                or held_by(entries[last[0]].node)
                if stood and text != _bare(entry.text)
                else held_by(entry.node, is_sure=change == "added")
            )
            before = (
                "" if stood or entry.kind != "condition" else guard_elsewhere(entries, first, others, text)
            )
            if before and change == "removed":
                # The condition that holds it now tells of it.
                continue
            if before:
                yield _edit(entry, entry.kind, "changed", before=before, after=text, held=held)
                continue
            after, before = (text, "") if change == "added" else ("", text)
            yield _edit(entry, entry.kind, change, before=before, after=after, held=held, stood=stood)


def _statement(entry: Entry, change: str) -> StatementEdit:
    node = entry.node
    inner = node.named_children[0] if node.type == "expression_statement" and node.named_child_count else node
    what, target, callee = PLAIN.get(node.type, "statement"), "", ""
    text = entry.text
    if inner.type == "assignment":
        left, right = inner.child_by_field_name("left"), inner.child_by_field_name("right")
        what, target = "value", text_of(left) if left is not None else ""
        text = text_of(unwrap(right)) if right is not None else text
    elif inner.type in ("call", "await"):
        call = inner.named_children[0] if inner.type == "await" and inner.named_child_count else inner
        what, callee = "call", callee_of(call)
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
    told: dict[str, Any] = {name: quoted(text) for name, text in texts.items()}
    line = (at or entry.node).start_point[0] + 1
    guard = brief(entry.guard, MOST_TEXT)
    return StatementEdit(**told, what=what, change=change, guard=guard, held=held, stood=stood, line=line)
