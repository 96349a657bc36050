"""Units of both sides -> pairs: by name first, in the same branch, then by what they hold, for those that were renamed or moved inside the file. Also the measure of similarity for all that moves."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from diffscope.syntax.model import DefinitionKind
from diffscope.syntax.normalize.normalize import canonicalise
from diffscope.syntax.normalize.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node

_SMALLEST: Final = 12
"""Tokens below which a body says too little to tell what was renamed: ``return self.x`` is everywhere."""
_MOST_PAIRS: Final = 10_000

_GROUPS: Final = {
    DefinitionKind.MODULE: "module",
    DefinitionKind.CLASS: "class",
    DefinitionKind.FUNCTION: "function",
    DefinitionKind.METHOD: "function",
    DefinitionKind.VARIABLE: "variable",
}


class Pair(NamedTuple):
    """A unit on both sides; one of them missing for what was added or removed."""

    before: Unit | None
    after: Unit | None
    is_moved: bool = False
    """It goes by another qualified name, and not only because its class does."""


def match_units(before: Iterable[Unit], after: Iterable[Unit]) -> list[Pair]:
    """Return every unit of both sides exactly once."""
    matching = _Matching(list(before), list(after))
    matching.by_name({})
    matching.by_content("class")
    matching.by_name(matching.renamed_classes())
    matching.by_content("function")
    matching.by_content("variable")
    rest = [Pair(unit, None) for unit in matching.before] + [Pair(None, unit) for unit in matching.after]
    return matching.pairs + rest


def group_of(unit: Unit) -> str:
    """Return the word for units that may turn into one another: methods and functions do."""
    return _GROUPS[unit.kind]


class _Matching:
    def __init__(self, before: list[Unit], after: list[Unit]) -> None:
        self.before = before
        self.after = after
        self.pairs: list[Pair] = []

    def by_name(self, renamed: dict[str, str]) -> None:
        """Pair units of equal names, old names read through the renamed classes.

        Of several, those that stand in the same branch; among these and among the rest, equal texts first, then in order.
        """
        groups: dict[tuple[str, str], tuple[list[Unit], list[Unit]]] = defaultdict(lambda: ([], []))
        for unit in self.before:
            groups[_rename(unit.name, renamed), _GROUPS[unit.kind]][0].append(unit)
        for unit in self.after:
            groups[unit.name, _GROUPS[unit.kind]][1].append(unit)
        self._take([pair for old, new in groups.values() for pair in _pair_group(old, new)])

    def renamed_classes(self) -> dict[str, str]:
        """Return old name -> new name."""
        return {
            pair.before.name: pair.after.name
            for pair in self.pairs
            if pair.is_moved and pair.before is not None and pair.after is not None
        }

    def by_content(self, group: str) -> None:
        """Pair what is left of a kind by equal bodies, then by similar ones, the most similar first."""
        old = [unit for unit in self.before if _GROUPS[unit.kind] == group]
        new = [unit for unit in self.after if _GROUPS[unit.kind] == group]
        if old and new:
            # What a unit holds is costly to read: first of all there must be something to compare it with.
            old = [unit for unit in old if len(unit.whole) >= _SMALLEST]
            new = [unit for unit in new if len(unit.whole) >= _SMALLEST]
        if not old or not new or len(old) * len(new) > _MOST_PAIRS:
            return
        triples = {id(unit): trigrams_of(unit.whole) for unit in (*old, *new)}
        scored = []
        for at, unit in enumerate(old):
            for place, other in enumerate(new):
                same_name = _own_name(unit) == _own_name(other)
                least = SAME_NAME if same_name else OTHER_NAME
                score = similarity(triples[id(unit)], triples[id(other)], least=least)
                if score >= least:
                    scored.append((-score, not same_name, at, place))
        best: dict[int, int] = {}
        for _, _, at, place in sorted(scored):
            if at not in best and place not in best.values():
                best[at] = place
        self._take([Pair(old[at], new[place], is_moved=True) for at, place in best.items()])

    def _take(self, pairs: list[Pair]) -> None:
        taken = {id(unit) for pair in pairs for unit in pair[:2]}
        self.pairs.extend(pairs)
        self.before = [unit for unit in self.before if id(unit) not in taken]
        self.after = [unit for unit in self.after if id(unit) not in taken]


def _pair_group(old: list[Unit], new: list[Unit]) -> Iterator[Pair]:
    if len(old) == len(new) == 1:
        yield Pair(old[0], new[0])
        return
    if len(old) > 1 and len(new) > 1:
        paired, old, new = _pair_branches(old, new)
        yield from paired
    yield from _pair_texts(old, new)


def _pair_branches(old: list[Unit], new: list[Unit]) -> tuple[list[Pair], list[Unit], list[Unit]]:
    """Return the pairs of units in branches that both sides have, and the units that stand in others."""
    branches: dict[tuple[object, ...], tuple[list[Unit], list[Unit]]] = defaultdict(lambda: ([], []))
    for side, units in enumerate((old, new)):
        known = Branches()
        for unit in units:
            # Two classes of one name in two branches have members of one name.
            branches[_branch_key(known.of(unit.node, through_classes=True))][side].append(unit)
    pairs = [pair for was, now in branches.values() if len(was) == len(now) for pair in _pair_texts(was, now)]
    taken = {id(unit) for pair in pairs for unit in pair[:2]}
    return (
        pairs,
        [unit for unit in old if id(unit) not in taken],
        [unit for unit in new if id(unit) not in taken],
    )


def _pair_texts(old: list[Unit], new: list[Unit]) -> Iterator[Pair]:
    waiting: dict[bytes, deque[Unit]] = defaultdict(deque)
    for unit in new:
        waiting[unit.text].append(unit)
    changed, taken = [], set()
    for unit in old:
        same = waiting[unit.text].popleft() if waiting[unit.text] else None
        if same is None:
            changed.append(unit)
        else:
            taken.add(id(same))
            yield Pair(unit, same)
    left = [unit for unit in new if id(unit) not in taken]
    for unit, other in zip(changed, left, strict=False):
        yield Pair(unit, other)


def _rename(name: str, renamed: dict[str, str]) -> str:
    owner, dot, rest = name.rpartition(".")
    while owner:
        if owner in renamed:
            return f"{renamed[owner]}{dot}{rest}"
        owner, dot_before, between = owner.rpartition(".")
        rest = f"{between}{dot}{rest}"
        dot = dot_before
    return name


def _own_name(unit: Unit) -> str:
    return unit.name.rpartition(".")[2]


_Clause = tuple[str, tuple["Node", ...]]
"""What kind of clause, and the expressions that decide when it runs."""
_Branch = tuple[_Clause, ...]
"""Outermost clause first."""

_MOST_ASKED: Final = 8
_OWNERS: Final = frozenset({"module", "class_definition", "function_definition"})
_HANDLERS: Final = ("except_clause", "except_group_clause")
_HEADED: Final = frozenset(
    {"with_statement", "for_statement", "while_statement", "match_statement", "case_clause", *_HANDLERS}
)
_PARTS: Final = frozenset({"block", "comment", "else_clause", "finally_clause"})


class Branches:
    """Where the statements of one file stand. What an ``if`` asks is read once for all that stand in it."""

    def __init__(self) -> None:
        self._asked: dict[int, dict[int, list[Node]]] = {}

    def of(self, statement: Node, *, through_classes: bool = False) -> _Branch:
        """Return the clauses around a statement; nothing for one that stands in its class or module directly.

        ``through_classes`` takes in those around the class that it stands in.
        """
        owners = _OWNERS - {"class_definition"} if through_classes else _OWNERS
        clauses: list[_Clause] = []
        node, parent = statement, statement.parent
        while parent is not None and parent.type not in owners:
            if parent.type == "if_statement":
                clauses += reversed(list(self._conditions(parent, node)))
            else:
                clauses += reversed(list(_clauses(parent, node)))
            node, parent = parent, parent.parent
        return tuple(reversed(clauses))

    def _conditions(self, parent: Node, node: Node) -> Iterator[_Clause]:
        if node.type == "block":
            yield from _own_condition(parent)
            return
        failed = self._asked.get(parent.id)
        if failed is None:
            failed = self._asked[parent.id] = _asked_before(parent)
        for condition in failed.get(node.id, ()):
            yield "not", (condition,)


def is_same_branch(one: _Branch, other: _Branch) -> bool:
    """Return whether two branches run under the same conditions, however these are written."""
    if _texts(one) == _texts(other):
        return True
    return len(one) == len(other) and _branch_key(one) == _branch_key(other)


def _branch_key(branch: _Branch) -> tuple[object, ...]:
    """Return what makes two branches one: the words and canonical tokens of their clauses."""
    return tuple((word, *(tuple(canonicalise([node]).tokens) for node in nodes)) for word, nodes in branch)


def _texts(branch: _Branch) -> list[tuple[str, tuple[bytes, ...]]]:
    return [(word, tuple(node.text or b"" for node in nodes)) for word, nodes in branch]


def _clauses(parent: Node, node: Node) -> Iterator[_Clause]:
    """Yield what a compound statement or clause says of one of its parts."""
    if parent.type == "elif_clause":
        yield from _own_condition(parent)
    elif parent.type == "try_statement" and node.type in ("block", "else_clause"):
        handlers = [child for child in parent.children if child.type in _HANDLERS]
        word = "try" if node.type == "block" else "try-else"
        yield word, tuple(part for handler in handlers for part in _head(handler))
    elif parent.type in _HEADED and node.type not in ("else_clause", *_HANDLERS):
        yield parent.type, tuple(_head(parent))
    elif parent.type == "else_clause" and parent.parent is not None:
        # That of an ``if`` says no more than that its conditions are false.
        if parent.parent.type in ("for_statement", "while_statement"):
            yield "loop-else", tuple(_head(parent.parent))
    elif parent.type == "finally_clause":
        yield "finally", ()


def _own_condition(parent: Node) -> Iterator[_Clause]:
    condition = parent.child_by_field_name("condition")
    if condition is not None:
        yield "if", (condition,)


def _asked_before(parent: Node) -> dict[int, list[Node]]:
    """Return the conditions known to be false in each other branch of an ``if``, by the id of its clause; of many, the last ones."""
    failed = [parent.child_by_field_name("condition")]
    found = {}
    for clause in parent.children_by_field_name("alternative"):
        found[clause.id] = [condition for condition in failed[-_MOST_ASKED:] if condition is not None]
        failed.append(clause.child_by_field_name("condition"))
    return found


def _head(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type not in _PARTS and child.type not in _HEADED]


SAME_NAME: Final = 0.6
"""Likeness from which two symbols that keep their name are one that moved and was edited."""
OTHER_NAME: Final = 0.8
"""The same for two of different names."""
HELD: Final = 0.75
"""Share of a function's lines from which it was taken out of another one, or put into it."""
REWRITTEN: Final = 0.5
"""Likeness of lines from which a new test stands for one that is gone from the same file."""

Part = TypeVar("Part", bound=Hashable)
Trigrams = Counter[tuple[str, str, str]]


def trigrams_of(tokens: Sequence[str]) -> Trigrams:
    """Return the parts of a series of tokens: each three that follow each other."""
    return Counter(zip(tokens, tokens[1:], tokens[2:], strict=False))


def similarity(one: Counter[Part], other: Counter[Part], *, least: float = 0.0) -> float:
    """Return the share of parts that two pieces of code have in common (Dice), 0 to 1; 0 where sizes alone keep it below ``least``."""
    sizes = one.total(), other.total()
    # Two sizes too far apart cannot be alike; most pairs end here.
    if not any(sizes) or 2 * min(sizes) / sum(sizes) < least:
        return 0.0
    return 2 * _common(one, other) / sum(sizes)


def share_contained(part: Counter[Part], whole: Counter[Part]) -> float:
    """Return the share of the parts of one piece of code that another has too, 0 to 1."""
    size = part.total()
    return _common(part, whole) / size if size else 0.0


def _common(one: Counter[Part], other: Counter[Part]) -> int:
    smaller, larger = (one, other) if len(one) <= len(other) else (other, one)
    return sum(min(count, larger[part]) for part, count in smaller.items())
