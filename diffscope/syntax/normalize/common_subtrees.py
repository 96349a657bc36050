"""Two units of one name -> the nodes in which they need not be compared, since both have them alike.

Equal texts at equal places say the same. So what a body has alike in front of a change and behind it is left out, and so on inside of
the one statement that differs: the blocks in it, and the items of the one collection in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from diffscope.syntax.text.expressions import early_exits

if TYPE_CHECKING:
    from tree_sitter import Node

_BLOCKS: Final = frozenset({"block", "module"})
_COLLECTIONS: Final = frozenset({"dictionary", "list", "set", "tuple", "argument_list"})
_WHOLE: Final = frozenset(
    {"string", "concatenated_string", "import_from_statement", "import_statement", "type"}
)
"""Nodes that nothing is left out of."""
_DEEPEST: Final = 60

Ids = frozenset[int]


def find_shared(before: Node, after: Node, members: tuple[Ids, Ids]) -> tuple[Ids, Ids]:
    """Return the ids of the nodes inside of two that both have alike. ``members`` of each side are none of their business."""
    shared: tuple[set[int], set[int]] = (set(), set())
    for _ in range(_DEEPEST):
        if before.type != after.type or before.type in _WHOLE:
            break
        old = [child for child in before.children if child.id not in members[0]]
        new = [child for child in after.children if child.id not in members[1]]
        start, end = _count_shared(old, new)
        between = old[start : len(old) - end], new[start : len(new) - end]
        if before.type in _BLOCKS:
            if any(early_exits(node) for nodes in between for node in nodes):
                # What stands behind a changed early return stands under another condition.
                end = 0
            _mark(shared, (old, new), start, end)
        elif before.type in _COLLECTIONS:
            _mark(shared, (old, new), start, end)
        if len(between[0]) != 1 or len(between[1]) != 1:
            break
        before, after = between[0][0], between[1][0]
    return frozenset(shared[0]), frozenset(shared[1])


def _count_shared(old: list[Node], new: list[Node]) -> tuple[int, int]:
    """Return how many nodes are alike in front and behind."""
    least = min(len(old), len(new))
    start = end = 0
    while start < least and old[start].text == new[start].text:
        start += 1
    while end < least - start and old[-1 - end].text == new[-1 - end].text:
        end += 1
    return start, end


def _mark(
    shared: tuple[set[int], set[int]], sides: tuple[list[Node], list[Node]], start: int, end: int
) -> None:
    for ids, nodes in zip(shared, sides, strict=True):
        ids.update(node.id for node in (*nodes[:start], *nodes[len(nodes) - end :]) if node.is_named)
