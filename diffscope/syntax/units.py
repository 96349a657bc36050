"""A parsed file -> its units: every definition, and the module itself, each with the nodes that are its own and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.syntax.canonical import STRUCTURE, Stream, canonicalise
from diffscope.syntax.imports import IMPORT_STATEMENTS
from diffscope.syntax.outline import declare_python
from diffscope.syntax.thinning import Thinned, find_bodies
from diffscope.syntax.values import Definition, DefinitionKind, Outline
from diffscope.syntax.walk import Declared

if TYPE_CHECKING:
    from tree_sitter import Node

MODULE_NAME: Final = "<module>"
_MODULE: Final = Definition(name=MODULE_NAME, kind=DefinitionKind.MODULE, line=1, start=1, end=1)
_NOTHING: Final = Outline(imports=(), definitions=())


class Unit:
    """A definition and what of the file belongs to it alone: a class does not own its members, nor the module its definitions."""

    def __init__(
        self, declared: Declared, members: frozenset[int], lines: Sequence[bytes], *, is_cut: bool
    ) -> None:
        self.definition = declared.definition
        self.node = declared.node
        self.is_typing = declared.is_typing
        self.members = members
        """The ids of the nodes that belong to units of their own."""
        self.is_cut = is_cut
        """Its body was not parsed: its text is at hand, its tokens are not."""
        self._lines = lines

    @property
    def name(self) -> str:
        """The qualified name; ``<module>`` for the module."""
        return self.definition.name

    @property
    def kind(self) -> DefinitionKind:
        """What the unit is."""
        return self.definition.kind

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
            return b"\n".join(node.text or b"" for node in self._own_nodes())
        if self.kind is DefinitionKind.VARIABLE:
            return self.node.text or b""
        return b"\n".join(self._lines[self.definition.start - 1 : self.definition.end])

    @cached_property
    def text_without_imports(self) -> bytes:
        """The same for the module, whose imports are compared on their own."""
        return b"\n".join(
            node.text or b"" for node in self._own_nodes() if node.type not in IMPORT_STATEMENTS
        )

    @property
    def own_statements(self) -> list[Node]:
        """The statements to look for signals in; members among them are to be left out."""
        if self.kind is DefinitionKind.VARIABLE:
            return [self.inner]
        return self.body.children if self.body is not None else []

    @cached_property
    def stream(self) -> Stream:
        """The canonical tokens of the unit alone."""
        nodes = self.node.children if self.kind is DefinitionKind.MODULE else [self.node]
        return canonicalise(nodes, leave_out=self.members, imports=self.kind is not DefinitionKind.MODULE)

    @cached_property
    def whole(self) -> tuple[str, ...]:
        """The canonical tokens without the name, members included: what tells a renamed unit."""
        stream = self.stream if not self.members else canonicalise([self.node])
        body = stream.logic(self.body)
        return tuple(token for token in body if token not in STRUCTURE)

    def _own_nodes(self) -> Iterator[Node]:
        """Yield the nodes that are the unit's own, a node that may hold a member being taken apart."""
        pending = [self.node]
        while pending:
            node = pending.pop()
            if node.id in self.members:
                continue
            if node.type in _OPENED or node == self.node:
                pending.extend(reversed(node.children))
            else:
                yield node


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


def read_side(source: bytes | None, shared: frozenset[bytes] = frozenset()) -> Side:
    """Return one version of a file; nothing for one that does not exist. Bodies whose text is among ``shared`` need not be parsed."""
    if source is None:
        return Side(_NOTHING, ())
    bodies = (
        [body for body in find_bodies(source) if source[body.start : body.end] in shared] if shared else []
    )
    parsed = declare_python(source, bodies)
    lines = source.split(b"\n")
    members = frozenset(each.node.id for each in parsed.declared)
    module = Unit(Declared(_MODULE, parsed.root, is_typing=False), members, lines, is_cut=False)
    return Side(
        parsed.outline, (module, *(_unit(each, members, lines, parsed.thinned) for each in parsed.declared))
    )


def body_texts(source: bytes) -> frozenset[bytes]:
    """Return the texts of the bodies whose bounds are certain."""
    return frozenset(source[body.start : body.end] for body in find_bodies(source))


def _unit(each: Declared, members: frozenset[int], lines: Sequence[bytes], thinned: Thinned) -> Unit:
    # What stands inside a function belongs to it, and a class must not leave itself out.
    is_class = each.definition.kind is DefinitionKind.CLASS
    owned = members - {each.node.id} if is_class else frozenset()
    is_cut = not is_class and thinned.cuts(each.node.start_byte, each.node.end_byte)
    return Unit(each, owned, lines, is_cut=is_cut)
