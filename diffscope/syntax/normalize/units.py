"""A parsed file -> its definitions and its module level, each with its own syntax nodes; subtrees that both sides have alike are left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.syntax.body_cutting import Body, Thinned, find_bodies
from diffscope.syntax.model import Definition, DefinitionKind, ImportLayer, Outline
from diffscope.syntax.nodes import early_exits, is_idle
from diffscope.syntax.normalize.normalize import canonicalise
from diffscope.syntax.normalize.statements import STRUCTURE, Stream
from diffscope.syntax.outline.outline import declare_python
from diffscope.syntax.outline.walk import Declared
from diffscope.syntax.parsers import ParsedSource

if TYPE_CHECKING:
    from tree_sitter import Node

_BLOCKS: Final = frozenset({"block", "module"})
_COLLECTIONS: Final = frozenset({"dictionary", "list", "set", "tuple", "argument_list"})
_WHOLE: Final = frozenset(
    {"string", "concatenated_string", "import_from_statement", "import_statement", "type"}
)
"""Nodes that nothing is left out of."""
_DEEPEST: Final = 60
_OTHER_NAME: Final = lazy_regex(r"(?:(?:functools\.)?partial\( ?)?([A-Za-z_][\w.]*)(?:, ?\w+ ?=[^()]*)?\)?")

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


_MOST_NAMES: Final = 50
"""Names of one statement that are units of their own."""
MODULE_NAME: Final = "<module>"
_MODULE: Final = Definition(name=MODULE_NAME, kind=DefinitionKind.MODULE, line=1, start=1, end=1)
_NOTHING: Final = Outline(imports=(), definitions=())


class Unit:
    """A definition and what of the file belongs to it alone: a class does not own its members, nor the module its definitions."""

    def __init__(
        self,
        declared: Declared,
        members: frozenset[int],
        lines: Sequence[bytes],
        *,
        holds_cut: bool,
        streams: dict[int, Stream] | None = None,
        origins: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.definition = declared.definition
        self.node = declared.node
        self.is_typing = declared.is_typing
        self.members = members
        """The ids of the nodes that belong to units of their own."""
        self.holds_cut = holds_cut
        """A body in it was not parsed: its text is at hand, its tokens are not."""
        self.shared: frozenset[int] = frozenset()
        """The ids of the nodes that need no look, since the other side has them too."""
        self.origins = origins
        """The names of the file that stand for others, and for what."""
        self._lines = lines
        self._streams = streams if streams is not None else {}

    @property
    def name(self) -> str:
        """The qualified name; ``<module>`` for the module."""
        return self.definition.name

    @property
    def kind(self) -> DefinitionKind:
        """What the unit is."""
        return self.definition.kind

    @property
    def is_cut(self) -> bool:
        """Whether its own body was not parsed."""
        return self.holds_cut and self.kind is not DefinitionKind.CLASS

    @property
    def inner(self) -> Node:
        """The ``def`` or ``class`` itself, without decorators; the assignment; the module."""
        if self.node.type == "decorated_definition":
            return self.node.child_by_field_name("definition") or self.node
        if self.node.type == "expression_statement" and self.node.named_child_count:
            return self.node.named_children[0]
        return self.node

    @property
    def body(self) -> Node | None:
        """The block of a function or class; the value of a variable; the module."""
        if self.kind is DefinitionKind.MODULE:
            return self.node
        if self.kind is not DefinitionKind.VARIABLE:
            return self.inner.child_by_field_name("body")
        value = self.inner.child_by_field_name("right")
        while value is not None and value.type == "assignment":
            value = value.child_by_field_name("right")
        return value

    @cached_property
    def text(self) -> bytes:
        """The source of the unit alone. Equal texts are equal code; blank lines between members do not count."""
        if self.kind in (DefinitionKind.MODULE, DefinitionKind.CLASS):
            return b"\n".join(self._own_texts())
        if self.kind is DefinitionKind.VARIABLE:
            return self.node.text or b""
        return b"\n".join(self._lines[self.definition.start - 1 : self.definition.end])

    @property
    def own_statements(self) -> list[Node]:
        """The statements to look for signals in; members among them are to be left out."""
        if self.kind is DefinitionKind.VARIABLE:
            return [self.inner]
        return self.body.children if self.body is not None else []

    @cached_property
    def stream(self) -> Stream:
        """The canonical tokens of the unit alone."""
        left_out = self.members | self.shared
        if not left_out and self.kind is not DefinitionKind.MODULE:
            return self._undivided
        nodes = self.node.children if self.kind is DefinitionKind.MODULE else [self.node]
        is_module = self.kind is DefinitionKind.MODULE
        return canonicalise(nodes, leave_out=left_out, imports=not is_module, origins=self.origins)

    @cached_property
    def whole(self) -> tuple[str, ...]:
        """The canonical tokens without the name, members included: what tells a renamed unit."""
        return tuple(token for token in self._undivided.logic(self.body) if token not in STRUCTURE)

    def count_uses(self, name: str) -> int:
        """Return how often the body names something, in what both sides have alike too."""
        return self.whole.count(name)

    @cached_property
    def _undivided(self) -> Stream:
        known = self._streams.get(self.node.id)
        if known is None:
            # A statement that binds many names is a unit for each of them.
            known = self._streams[self.node.id] = canonicalise([self.node], origins=self.origins)
        return known

    def _own_texts(self) -> Iterator[bytes]:
        """Yield the texts of the nodes that are the unit's own, a node that may hold a member being taken apart; and where blocks end."""
        pending: list[Node | None] = [self.node]
        while pending:
            node = pending.pop()
            if node is None:
                yield _BLOCK_END
            elif node.id in self.members or is_idle(node):
                continue
            elif node.type in _OPENED or node == self.node:
                if node.type == "block":
                    pending.append(None)
                pending.extend(reversed(node.children))
            else:
                yield node.text or b""


_BLOCK_END: Final = b"\0"
_OPENED: Final = frozenset(
    {
        "block", "class_definition", "decorated_definition", "if_statement", "elif_clause", "else_clause", "try_statement",
        "except_clause", "except_group_clause", "finally_clause", "with_statement", "for_statement", "while_statement",
        "match_statement", "case_clause", "ERROR",
    }
)  # fmt: skip


class Side(NamedTuple):
    """One version of a file: its outline, and its units in source order, the module first."""

    outline: Outline
    units: tuple[Unit, ...]
    known: ParsedSource | None = None


def read_side(source: bytes | None, bodies: Sequence[Body] = (), like: Side | None = None) -> Side:
    """Return one version of a file; nothing for one that does not exist. The given bodies need not be parsed."""
    if source is None:
        return Side(_NOTHING, ())
    parsed = declare_python(source, bodies, like.known if like is not None else None)
    lines = source.split(b"\n")
    declared = _without_crowds(parsed.declared)
    members = frozenset(each.node.id for each in declared)
    root = Declared(_MODULE, parsed.tree.root_node, is_typing=False)
    module = Unit(root, members, lines, holds_cut=False)
    streams: dict[int, Stream] = {}
    origins = {**dict(_bound_alike(parsed.outline)), **aliases_of(parsed.outline)}
    units = (module, *(_unit(each, members, lines, parsed.thinned, streams, origins) for each in declared))
    return Side(parsed.outline, units, parsed.known)


def _without_crowds(declared: Sequence[Declared]) -> list[Declared]:
    """Leave out the names of a statement that binds hundreds: it is compared once, as one of the module's or class's own."""
    counts = Counter(each.node.id for each in declared)
    return [each for each in declared if counts[each.node.id] <= _MOST_NAMES]


def shared_bodies(before: bytes, after: bytes) -> tuple[list[Body], list[Body]]:
    """Return the bodies of each side whose text the other side has too."""
    old = [(body, before[body.start : body.end]) for body in find_bodies(before)]
    new = [(body, after[body.start : body.end]) for body in find_bodies(after)]
    shared = {text for _, text in old} & {text for _, text in new}
    return [body for body, text in old if text in shared], [body for body, text in new if text in shared]


def outside(source: bytes, bodies: Sequence[Body], units: Iterable[Unit]) -> list[Body]:
    """Return the bodies that stand in none of the units."""
    covered = [(unit.definition.start, unit.definition.end) for unit in units]
    left = []
    line, position = 1, 0
    for body in bodies:
        line += source.count(b"\n", position, body.start)
        position = body.start
        if not any(start <= line <= end for start, end in covered):
            left.append(body)
    return left


def trim(before: Unit, after: Unit) -> None:
    """Mark what both bodies have alike in front of a change and behind it, so that what is between alone is looked into."""
    if before.body is not None and after.body is not None:
        shared = find_shared(before.body, after.body, (before.members, after.members))
        before.shared, after.shared = shared


def _unit(
    each: Declared,
    members: frozenset[int],
    lines: Sequence[bytes],
    thinned: Thinned,
    streams: dict[int, Stream],
    origins: Mapping[str, str],
) -> Unit:
    # What stands inside a function belongs to it, and a class must not leave itself out.
    is_class = each.definition.kind is DefinitionKind.CLASS
    owned = members - {each.node.id} if is_class else frozenset()
    is_cut = thinned.cuts(each.node.start_byte, each.node.end_byte)
    return Unit(each, owned, lines, holds_cut=is_cut, streams=streams, origins=origins)


def aliases_of(outline: Outline) -> dict[str, str]:
    """Return the names that absolute imports bind -> what they stand for; eager imports win over lazy ones."""
    aliases: dict[str, str] = {}
    for each in sorted(outline.imports, key=lambda each: each.layer is ImportLayer.EAGER):
        if each.level or each.name == "*":
            continue
        if each.name is not None:
            aliases[each.alias or each.name] = f"{each.module}.{each.name}"
        elif each.alias is not None:
            aliases[each.alias] = each.module
    return aliases


def _bound_alike(outline: Outline) -> Iterator[tuple[str, str]]:
    """Yield the variables of the module that are other names: ``Base = msgspec.Struct``, ``frozen = partial(dataclass, frozen=True)``."""
    for each in outline.definitions:
        if each.kind is DefinitionKind.VARIABLE and (found := _OTHER_NAME.fullmatch(each.value or "")):
            yield each.name, found[1]
