"""Members of a class or module on both sides -> whether their order or branch changed where that matters.

Definitions, imports and statements that neither need one another nor do anything but bind a name may change places: that is form. The
order of a class's fields counts where they are told by their place.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.source.text import decode
from diffscope.syntax.compare.fields import order_counts, read_order
from diffscope.syntax.compare.matching import Branches, Pair, is_same_branch
from diffscope.syntax.model import Aspect, DefinitionKind
from diffscope.syntax.nodes import is_idle
from diffscope.syntax.normalize.normalize import canonicalise
from diffscope.syntax.normalize.statements import Needs, depend, read_needs
from diffscope.syntax.normalize.units import Unit
from diffscope.syntax.outline.uses import IMPORT_STATEMENTS, Name, read_names

if TYPE_CHECKING:
    from tree_sitter import Node

_CONTAINERS: Final = frozenset({DefinitionKind.MODULE, DefinitionKind.CLASS})
_CLAUSES: Final = frozenset(
    {"elif_clause", "else_clause", "except_clause", "except_group_clause", "finally_clause", "case_clause"}
)
_COMPOUND: Final = frozenset(
    {"if_statement", "try_statement", "with_statement", "for_statement", "while_statement", "match_statement"}
)
_TEXTS: Final = frozenset({"string", "concatenated_string"})

Key = tuple[object, ...]


class Reordered(NamedTuple):
    """What of a class or module stands elsewhere: aspects, and the lines of what moved on either side."""

    aspects: frozenset[Aspect] = frozenset()
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    by_branch_alone: bool = False
    """Nothing changed places, but the conditions around something differ; what the container's own statements tell too."""


NOT_REORDERED: Final = Reordered()


class _Item(NamedTuple):
    key: Key
    node: Node
    name: Name | None = None
    """Of an import."""
    is_nested: bool = False

    @property
    def line(self) -> int:
        return self.node.start_point[0] + 1


def find_reordered(pairs: Collection[Pair], changed_imports: Collection[Name]) -> Mapping[int, Reordered]:
    """Return what is reordered in which class or module, by the ``id`` of its new side. Imports that are told as such are left out."""
    numbered = ((at, pair.before, pair.after) for at, pair in enumerate(pairs))
    both = [(at, old, new) for at, old, new in numbered if old is not None and new is not None]
    old_nodes: dict[int, int] = {}
    new_nodes: dict[int, int] = {}
    fields: dict[tuple[str, str], list[tuple[Unit, Unit]]] = defaultdict(list)
    for at, before, after in both:
        if before.kind is not DefinitionKind.MODULE:
            old_nodes.setdefault(before.node.id, at)
            new_nodes.setdefault(after.node.id, old_nodes[before.node.id])
        if after.kind is DefinitionKind.VARIABLE and "." in after.name:
            fields[before.name.rpartition(".")[0], after.name.rpartition(".")[0]].append((before, after))
    old_classes = {before.name: before for _, before, _ in both if before.kind is DefinitionKind.CLASS}
    new_classes = {after.name: after for _, _, after in both if after.kind is DefinitionKind.CLASS}
    found = {}
    for _, before, after in both:
        if after.kind not in _CONTAINERS or before.node.text == after.node.text:
            continue
        order = _compare(before, after, (old_nodes, new_nodes), changed_imports)
        own = fields.get((before.name, after.name), ())
        classes = (old_classes, new_classes)
        if after.kind is DefinitionKind.CLASS and _moves_fields(own, (before, after), classes):
            order = _with_fields(order, own)
        if order.aspects:
            found[id(after)] = order
    return found


def _compare(
    before: Unit, after: Unit, nodes: tuple[dict[int, int], dict[int, int]], changed_imports: Collection[Name]
) -> Reordered:
    old, new = _items(before, nodes[0]), _items(after, nodes[1])
    moved: set[int] = set()
    if [item.key for item in old] != [item.key for item in new]:
        old, new = _common(old, new)
        if [item.key for item in old] != [item.key for item in new]:
            moved = _moved(old, new)
    is_flipped = bool(moved)
    known = Branches(), Branches()
    if any(item.is_nested for item in (*old, *new)):
        places = {item.key: item for item in old}
        for at, item in enumerate(new):
            other = places[item.key]
            if (item.is_nested or other.is_nested) and _is_elsewhere(other, item, known, changed_imports):
                moved.add(at)
    if not moved:
        return NOT_REORDERED
    places = {item.key: item for item in old}
    lines = [(new[at].line, places[new[at].key].line) for at in moved]
    return Reordered(
        frozenset({Aspect.ORDER}),
        tuple(sorted({line for line, _ in lines})),
        tuple(sorted({line for _, line in lines})),
        by_branch_alone=not is_flipped,
    )


def _is_elsewhere(
    old: _Item, new: _Item, known: tuple[Branches, Branches], changed_imports: Collection[Name]
) -> bool:
    if new.name in changed_imports or new.key[0] == "statement":
        return False
    return not is_same_branch(known[0].of(old.node), known[1].of(new.node))


def _items(unit: Unit, members: Mapping[int, int]) -> list[_Item]:
    """Return what a class or module consists of, compound statements taken apart, equal things numbered."""
    items = list(_statements(unit, members))
    if len({item.key for item in items}) == len(items):
        return items
    counts: Counter[Key] = Counter()
    for at, item in enumerate(items):
        counts[item.key] += 1
        if counts[item.key] > 1:
            items[at] = item._replace(key=(*item.key, counts[item.key]))
    return items


def _statements(unit: Unit, members: Mapping[int, int]) -> Iterator[_Item]:
    body = unit.body
    own = unit.members
    pending = [(child, False) for child in reversed(body.named_children)] if body is not None else []
    while pending:
        node, is_nested = pending.pop()
        if node.id in own:
            at = members.get(node.id)
            if at is not None:
                yield _Item(("definition", at), node, None, is_nested)
            continue
        kind = node.type
        if kind in IMPORT_STATEMENTS:
            for name in read_names(node):
                yield _Item(("import", name), node, name, is_nested)
        elif kind in _COMPOUND or kind in _CLAUSES:
            yield from (
                _Item(("statement", head.text), head, None, is_nested) for head in _binding_heads(node)
            )
            parts = reversed(node.named_children)
            pending += [(part, True) for part in parts if part.type == "block" or part.type in _CLAUSES]
        elif kind == "block":
            pending += [(part, is_nested) for part in reversed(node.named_children)]
        elif kind != "comment" and not is_idle(node):
            first = node.named_children[0].type if node.named_child_count else ""
            if kind != "expression_statement" or first not in _TEXTS:
                yield _Item(("statement", node.text), node, None, is_nested)


def _binding_heads(node: Node) -> Iterator[Node]:
    """Yield what a compound statement or clause binds names with: targets of a loop, ``as NAME``, ``:=``, patterns."""
    for child in node.named_children:
        if child.type not in ("block", "comment") and child.type not in _CLAUSES:
            text = child.text or b""
            if node.type in ("for_statement", "case_clause") or b" as " in text or b":=" in text:
                yield child


def _common(old: list[_Item], new: list[_Item]) -> tuple[list[_Item], list[_Item]]:
    """Return what stands on both sides; statements that are written differently on the two are compared by their tokens."""
    shared = {item.key for item in old} & {item.key for item in new}
    loose = (
        any(each.key not in shared and each.key[0] == "statement" for each in side) for side in (old, new)
    )
    if all(loose):
        old, new = _by_tokens(old, shared), _by_tokens(new, shared)
        shared = {item.key for item in old} & {item.key for item in new}
    return [item for item in old if item.key in shared], [item for item in new if item.key in shared]


def _by_tokens(items: Iterable[_Item], shared: Collection[Key]) -> list[_Item]:
    counts: Counter[Key] = Counter()
    found = []
    for item in items:
        if item.key[0] != "statement" or item.key in shared:
            found.append(item)
            continue
        key: Key = ("statement", tuple(canonicalise([item.node]).tokens))
        counts[key] += 1
        found.append(item._replace(key=(*key, counts[key])))
    return found


def _moved(old: list[_Item], new: list[_Item]) -> set[int]:
    """Return which items of the new side changed places with one that they depend on."""
    places = {item.key: at for at, item in enumerate(old)}
    order = [places[item.key] for item in new]
    stayed = _longest_rising(order)
    left = [at for at in range(len(new)) if at not in stayed]
    if not left:
        return set()
    related = _Related(new)
    return {
        at
        for at in left
        if any(
            (each < at) != (order[each] < order[at]) and _depend(new, related.needs, at, each)
            for each in related.to(at)
        )
    }


class _Related:
    """Which items of a class or module may depend on which, by the names that they share and by what they do beside binding."""

    def __init__(self, items: list[_Item]) -> None:
        self._items = items
        self.needs = [_needs(item) for item in items]
        self._binding: defaultdict[str, list[int]] = defaultdict(list)
        self._reading: defaultdict[str, list[int]] = defaultdict(list)
        self._defining = [at for at, item in enumerate(items) if item.key[0] != "statement"]
        self._acting: list[int] = []
        self._stars: list[int] = []
        for at, needs in enumerate(self.needs):
            for name in needs.binds:
                self._binding[name].append(at)
            for name in needs.reads:
                self._reading[name].append(at)
            if needs.has_effect:
                self._acting.append(at)
            if "*" in needs.binds:
                self._stars.append(at)

    def to(self, at: int) -> Iterable[int]:
        """Return the items that one may depend on; more than do, and none too few."""
        item, needs = self._items[at], self.needs[at]
        if "*" in needs.binds or (needs.has_effect and item.key[0] == "statement"):
            is_statement = item.key[0] == "statement"
            return self._defining if is_statement else range(len(self._items))
        found = set(self._stars)
        for name in needs.binds:
            found.update(self._binding[name], self._reading[name])
        for name in needs.reads:
            found.update(self._binding[name])
        if needs.has_effect:
            found.update(self._acting)
        elif item.name is not None:
            found.update(each for each in self._acting if self._items[each].key[0] == "statement")
        return sorted(found)


def _depend(items: list[_Item], needs: list[Needs], at: int, other: int) -> bool:
    one, two = items[at], items[other]
    if one.key[0] == two.key[0] == "statement" or (_is_overload(one.node) and _is_overload(two.node)):
        return False
    if one.name is not None and two.name is not None:
        is_star = "*" in (one.name.bound, two.name.bound)
        return is_star or (one.name.bound == two.name.bound and one.name.origin != two.name.origin)
    if one.name is not None or two.name is not None:
        kinds = {one.key[0], two.key[0]}
        acts = needs[other if one.name is not None else at].has_effect
        # An import runs a module, and finds what a statement in front of it has set.
        return (acts and "statement" in kinds) or depend(needs[at], needs[other])
    return depend(needs[at], needs[other])


def _needs(item: _Item) -> Needs:
    if item.name is not None:
        return Needs(frozenset(), frozenset({item.name.bound}))
    if item.key[0] == "statement":
        return read_needs(item.node)
    return read_needs(item.node, binds=frozenset(_bound(item.node)))


def _bound(node: Node) -> Iterator[str]:
    inner = node.child_by_field_name("definition") or node
    name = inner.child_by_field_name("name")
    if name is not None:
        yield decode(name.text or b"")
        return
    pending = [inner]
    while pending:
        each = pending.pop()
        if each.type == "identifier":
            yield decode(each.text or b"")
        elif each.type in ("assignment", "expression_statement", "type_alias_statement"):
            left, right = each.child_by_field_name("left"), each.child_by_field_name("right")
            pending += [left] if left is not None else each.named_children[:1]
            pending += [right] if right is not None and right.type == "assignment" else []
        elif each.type not in ("attribute", "subscript", "call"):
            pending += each.named_children


def _is_overload(node: Node) -> bool:
    return node.type == "decorated_definition" and (node.children[0].text or b"").endswith(b"overload")


def _longest_rising(numbers: list[int]) -> frozenset[int]:
    """Return the places of a longest rising series of different numbers."""
    tails: list[int] = []
    places: list[int] = []
    previous: list[int] = []
    for at, number in enumerate(numbers):
        place = bisect_left(tails, number)
        previous.append(places[place - 1] if place else -1)
        tails[place : place + 1] = [number]
        places[place : place + 1] = [at]
    found = set()
    at = places[-1] if places else -1
    while at >= 0:
        found.add(at)
        at = previous[at]
    return frozenset(found)


def _moves_fields(
    fields: Collection[tuple[Unit, Unit]],
    owners: tuple[Unit, Unit],
    classes: tuple[Mapping[str, Unit], Mapping[str, Unit]],
) -> bool:
    old = [before for before, _ in sorted(fields, key=lambda pair: pair[0].node.start_byte)]
    new = [after for _, after in sorted(fields, key=lambda pair: pair[1].node.start_byte)]
    partners = {id(after): before for before, after in fields}
    if [partners[id(after)] for after in new] == old:
        return False
    if not all(
        order_counts(owner, known, side)
        for owner, known, side in zip(owners, classes, (old, new), strict=True)
    ):
        return False
    was = read_order(owners[0], old)
    now = [partners[id(each)] if each is not None else None for each in read_order(owners[1], new)]
    if (None in was or None in now) and set(was) != set(now):
        return True
    # What is told by its place on one side alone has changed its annotation or value, which is told of the field.
    both = set(was) & set(now)
    return [each for each in was if each in both] != [each for each in now if each in both]


def _with_fields(order: Reordered, fields: Collection[tuple[Unit, Unit]]) -> Reordered:
    olds = sorted(fields, key=lambda pair: pair[0].node.start_byte)
    places = {id(after): at for at, (_, after) in enumerate(olds)}
    news = [after for _, after in sorted(fields, key=lambda pair: pair[1].node.start_byte)]
    stayed = _longest_rising([places[id(after)] for after in news])
    moved = [after for at, after in enumerate(news) if at not in stayed]
    return Reordered(
        order.aspects | {Aspect.FIELD_ORDER},
        tuple(sorted({*order.added, *(after.definition.line for after in moved)})),
        tuple(sorted({*order.removed, *(olds[places[id(after)]][0].definition.line for after in moved)})),
    )
