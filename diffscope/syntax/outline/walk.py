"""One pass over the statements of a Python file: imports, definitions and exports, each with what surrounds it."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.model import Definition, DefinitionKind, Import, ImportLayer, Problem
from diffscope.syntax.nodes import fold, name_of, text_of, unwrap
from diffscope.syntax.outline.definitions import read_assignment, read_class, read_function, read_type_alias
from diffscope.syntax.outline.uses import IMPORT_STATEMENTS, Circumstances, read_import

if TYPE_CHECKING:
    from tree_sitter import Node

_METHODS: Final = {"__all__.extend", "__all__.append", "__all__.remove"}


class ExportList:
    """Collects the names of ``__all__``. Once a part of it is no literal, the list is not known and stays ``None``."""

    def __init__(self) -> None:
        self._names: list[str] | None = None
        self._is_known = True

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names, in source order; ``None`` where there is no ``__all__`` or not all of it is literal."""
        return tuple(self._names) if self._names is not None and self._is_known else None

    def read(self, node: Node) -> None:
        """Take in one expression of a module-level statement."""
        if not (node.text or b"").startswith(b"__all__"):
            return
        if node.type in ("assignment", "augmented_assignment"):
            self._read_assignment(node)
        elif node.type == "call":
            self._read_call(node)

    def _read_assignment(self, node: Node) -> None:
        target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        if target is None or target.text != b"__all__" or value is None:
            return
        names = _literal(value)
        self._is_known = names is not None and (self._is_known or node.type == "assignment")
        before = self._names or [] if node.type == "augmented_assignment" else []
        self._names = before + (names or [])

    def _read_call(self, node: Node) -> None:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        method = text_of(function) if function is not None else ""
        if method not in _METHODS or arguments is None or len(arguments.named_children) != 1:
            return
        argument = arguments.named_children[0]
        if method == "__all__.extend":
            names = _literal(argument)
        else:
            name = string_value(argument)
            names = None if name is None else [name]
        self._is_known = self._is_known and names is not None
        if method == "__all__.remove":
            self._names = [name for name in self._names or [] if name not in (names or ())]
        else:
            self._names = (self._names or []) + (names or [])


def string_value(node: Node) -> str | None:
    """Return the text of a plain string literal (or of several written side by side) without escapes; else ``None``."""
    node = unwrap(node)
    if node.type == "concatenated_string":
        parts = [string_value(child) for child in node.named_children if child.type != "comment"]
        return None if None in parts else "".join(part for part in parts if part is not None)
    if node.type != "string" or any(
        each.type not in _PLAIN or each.named_child_count for each in node.children
    ):
        return None
    return "".join(decode(child.text or b"") for child in node.children if child.type == "string_content")


_PLAIN: Final = frozenset({"string_start", "string_content", "string_end"})


def _literal(node: Node) -> list[str] | None:
    """Return the strings of a list, tuple or set, or of a sum of them."""
    names: list[str] = []
    pending = [node]
    while pending:
        each = unwrap(pending.pop())
        if each.type == "binary_operator":
            left, right = each.child_by_field_name("left"), each.child_by_field_name("right")
            if left is None or right is None:
                return None
            pending += (right, left)
            continue
        if each.type not in ("list", "tuple", "set", "expression_list"):
            return None
        for child in each.named_children:
            name = string_value(child) if child.type != "comment" else ""
            if name is None:
                return None
            names += [name] if child.type != "comment" else []
    return names


_DEEPEST: Final = 100
"""Nested blocks that are followed; Python itself refuses more."""
IMPORT_WORD: Final = lazy_regex(rb"import\b")
_TYPE_CHECKING: Final = lazy_regex(r"(?:\w+\.)?TYPE_CHECKING")
_BRANCHES: Final = frozenset(
    {"elif_clause", "else_clause", "except_clause", "except_group_clause", "finally_clause", "case_clause"}
)
_COMPOUND: Final = (
    "try_statement", "with_statement", "for_statement", "while_statement", "match_statement", "case_clause",
)  # fmt: skip


class Declared(NamedTuple):
    """A definition with its statement, decorators included."""

    definition: Definition
    node: Node
    is_typing: bool
    """Under ``if TYPE_CHECKING``: there for type checkers alone."""


class Statements(NamedTuple):
    """What one pass over the statements of a file found, in source order."""

    imports: tuple[Import, ...]
    declared: tuple[Declared, ...]
    exports: tuple[str, ...] | None
    problems: tuple[Problem, ...]


def walk_statements(root: Node, imports: list[int]) -> Statements:
    """Return what the statements of a parsed file import and define, compound statements included.

    ``imports`` are the sorted positions of the word: functions without one are not entered.
    """
    walk = _Walk(imports)
    walk.statements(root, _Scope())
    return Statements(tuple(walk.imports), tuple(walk.declared), walk.exports.names, tuple(walk.problems))


class _Scope(NamedTuple):
    """Where a statement stands."""

    prefix: str = ""
    """Of qualified names: ``EngineCore.`` inside of that class."""
    in_function: bool = False
    in_class: bool = False
    around: Circumstances = Circumstances()
    depth: int = 0

    def within(self, guard: str | None, *, typing: bool = False) -> _Scope:
        layer = ImportLayer.TYPING if typing else self.around.layer
        return self._replace(around=Circumstances(layer, guard or self.around.guard), depth=self.depth + 1)


class _Walk:
    def __init__(self, import_words: list[int]) -> None:
        self.imports: list[Import] = []
        self.declared: list[Declared] = []
        self.problems: list[Problem] = []
        self.exports = ExportList()
        self._type_checking = {"TYPE_CHECKING"}
        self._import_words = import_words

    def statements(self, block: Node, scope: _Scope) -> None:
        if scope.depth > _DEEPEST:
            self.problems.append(Problem(line=block.start_point[0] + 1, text="nested too deeply to be read"))
            return
        for node in block.named_children:
            read = _READERS.get(node.type)
            if read is not None:
                read(self, node, scope)

    def import_(self, node: Node, scope: _Scope) -> None:
        for each in read_import(node, scope.around):
            self.imports.append(each)
            if each.name == "TYPE_CHECKING" and each.alias:
                self._type_checking.add(each.alias)

    def expression(self, node: Node, scope: _Scope) -> None:
        if scope.in_function:
            return
        for child in node.named_children:
            if child.type == "assignment":
                for each in read_assignment(child, prefix=scope.prefix):
                    self._declare(each, node, scope)
            if not scope.prefix:
                self.exports.read(child)

    def type_alias(self, node: Node, scope: _Scope) -> None:
        if not scope.in_function:
            for each in read_type_alias(node, prefix=scope.prefix):
                self._declare(each, node, scope)

    def decorated(self, node: Node, scope: _Scope) -> None:
        definition = node.child_by_field_name("definition")
        if definition is not None and definition.type == "class_definition":
            self.class_(definition, scope, node)
        elif definition is not None:
            self.function(definition, scope, node)

    def function(self, node: Node, scope: _Scope, decorated: Node | None = None) -> None:
        name = node.child_by_field_name("name")
        if not scope.in_function and name is not None:
            kind = DefinitionKind.METHOD if scope.in_class else DefinitionKind.FUNCTION
            function = read_function(node, name=scope.prefix + name_of(name), kind=kind, decorated=decorated)
            self._declare(function, decorated or node, scope)
        body = node.child_by_field_name("body")
        if body is not None and self._has_import(body):
            layer = ImportLayer.TYPING if scope.around.layer is ImportLayer.TYPING else ImportLayer.LAZY
            around = Circumstances(layer, scope.around.guard)
            self.statements(body, scope._replace(in_function=True, around=around, depth=scope.depth + 1))

    def class_(self, node: Node, scope: _Scope, decorated: Node | None = None) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None:
            return
        qualified = scope.prefix + name_of(name)
        if not scope.in_function:
            self._declare(read_class(node, name=qualified, decorated=decorated), decorated or node, scope)
        if body is not None and (not scope.in_function or self._has_import(body)):
            self.statements(
                body, scope._replace(prefix=f"{qualified}.", in_class=True, depth=scope.depth + 1)
            )

    def if_(self, node: Node, scope: _Scope) -> None:
        condition = _condition(node)
        self._branch(node.child_by_field_name("consequence"), condition, scope)
        guard, typing = None, False
        for clause in node.children_by_field_name("alternative"):
            # The condition before this branch was false; it names an else branch, which has none of its own.
            typing = typing or self._means_running(condition)
            if not self._means_typing(condition) and not self._means_running(condition):
                guard = f"not ({condition})"
            body = clause.child_by_field_name("body")
            if body is not None:
                self.statements(body, scope.within(guard, typing=typing))
            condition = _condition(clause)
            self._branch(
                clause.child_by_field_name("consequence"), condition, scope.within(None, typing=typing)
            )

    def block(self, node: Node, scope: _Scope) -> None:
        """Read a compound statement or clause whose parts all stand under what stands around it."""
        guard = _CLAUSE_GUARDS.get(node.type)
        for child in node.named_children:
            if child.type == "block":
                self.statements(child, scope.within(guard(node) if guard else None))
            elif child.type in _BRANCHES:
                # The else branch of a try runs when the try did.
                self.block(
                    child, scope.within(guard(node) if guard and child.type == "else_clause" else None)
                )

    def _branch(self, body: Node | None, condition: str, scope: _Scope) -> None:
        if body is not None:
            typing = self._means_typing(condition)
            guard = None if typing or self._means_running(condition) else condition
            self.statements(body, scope.within(guard, typing=typing))

    def _means_typing(self, condition: str) -> bool:
        return any(self._is_type_checking(part) for part in _unwrap(condition).split(" and "))

    def _means_running(self, condition: str) -> bool:
        text = _unwrap(condition)
        return text.startswith("not ") and self._is_type_checking(text.removeprefix("not "))

    def _is_type_checking(self, text: str) -> bool:
        text = _unwrap(text)
        return text in self._type_checking or _TYPE_CHECKING.fullmatch(text) is not None

    def _declare(self, definition: Definition, node: Node, scope: _Scope) -> None:
        self.declared.append(Declared(definition, node, scope.around.layer is ImportLayer.TYPING))

    def _has_import(self, node: Node) -> bool:
        at = bisect_left(self._import_words, node.start_byte)
        return at < len(self._import_words) and self._import_words[at] < node.end_byte


def _condition(node: Node) -> str:
    condition = node.child_by_field_name("condition")
    return text_of(condition) if condition is not None else ""


def _unwrap(text: str) -> str:
    text = text.strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    return text


def _head_guard(node: Node) -> str:
    """Return the head of an ``except`` or ``case`` clause, the bound name left out."""
    body = next((child for child in node.children if child.type == "block"), None)
    head = (node.text or b"")[: body.start_byte - node.start_byte if body is not None else None]
    return fold(head).rstrip(": ").partition(" as ")[0]


_CLAUSE_GUARDS: Final = {
    "try_statement": lambda node: "try",
    "except_clause": _head_guard,
    "except_group_clause": _head_guard,
    "case_clause": _head_guard,
}
_READERS: Final = {
    **dict.fromkeys(IMPORT_STATEMENTS, _Walk.import_),
    "expression_statement": _Walk.expression,
    "type_alias_statement": _Walk.type_alias,
    "function_definition": _Walk.function,
    "class_definition": _Walk.class_,
    "decorated_definition": _Walk.decorated,
    "if_statement": _Walk.if_,
    **dict.fromkeys(_COMPOUND, _Walk.block),
    "ERROR": _Walk.statements,
}
