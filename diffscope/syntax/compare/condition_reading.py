"""The own code of a unit -> the places that decide something: conditions, boolean results, handlers of exceptions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.syntax.model import Held
from diffscope.syntax.nodes import callee_of, clip, denied_node, early_exits, text_of, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node


_TEXT: Final = 2000
"""Characters of a condition: what is longer is cut and cannot be weighed."""
_MOST_HELD: Final = 40
_SKIPPED: Final = frozenset({"comment", "type", "string", "concatenated_string", "parameters"})
_LEAVES: Final = frozenset(
    {"identifier", "integer", "float", "true", "false", "none", "ellipsis", "pass_statement"}
)
_BOOLEAN: Final = frozenset({"comparison_operator", "boolean_operator", "not_operator"})
_PLAIN: Final = frozenset({"identifier", "attribute", "call", "true", "false"})
_IMPORTS: Final = frozenset({"import_statement", "import_from_statement", "future_import_statement"})
_EXITS: Final = {
    "return_statement": "return",
    "raise_statement": "raise",
    "continue_statement": "continue",
    "break_statement": "break",
}
_WORD: Final = lazy_regex(rb"[A-Za-z_]\w*")
_WRITES: Final = frozenset({"assignment", "augmented_assignment"})
_DEFINITIONS: Final = frozenset({"function_definition", "class_definition"})
_SIMPLE: Final = frozenset(
    {
        "expression_statement",
        "delete_statement",
        "return_statement",
        "raise_statement",
        *_IMPORTS,
        *_DEFINITIONS,
    }
)


class Asked(NamedTuple):
    """A place that decides something."""

    kind: str
    """As ``ConditionChange.what``."""
    node: Node
    """The expression that decides."""
    owner: Node
    """The statement, clause or expression that it belongs to."""
    name: str = ""
    """What a value is bound to."""
    is_boolean: bool = True
    """Whether it is a condition by its form; a plain name or call may be one on the other side."""

    @property
    def key(self) -> tuple[str, str, bytes]:
        """Return what makes two of them one."""
        return self.kind, self.name, stripped(self.node)

    @property
    def text(self) -> str:
        """Return the expression on one line."""
        return clip(text_of(self.node), _TEXT)

    @property
    def line(self) -> int:
        """Return the line where the expression starts, from 1."""
        return self.node.start_point[0] + 1


def stripped(node: Node) -> bytes:
    """Return the source of a node without white space."""
    return b"".join((node.text or b"").split())


def read_conditions(nodes: Iterable[Node], leave_out: frozenset[int]) -> list[Asked]:
    """Return what some statements ask, in source order; nodes to be left out are not looked into."""
    found: list[Asked] = []
    pending = list(reversed(list(nodes)))
    while pending:
        node = pending.pop()
        kind = node.type
        if kind in _LEAVES or kind in _SKIPPED or node.id in leave_out:
            continue
        if kind in _ASKING:
            found.extend(_asked_by(node))
        pending.extend(reversed(node.named_children))
    return found


_ASKING: Final = frozenset(
    {
        "if_statement", "elif_clause", "while_statement", "assert_statement", "conditional_expression", "if_clause", "except_clause",
        "except_group_clause", "return_statement", "assignment", "keyword_argument",
    }
)  # fmt: skip


def _asked_by(node: Node) -> Iterator[Asked]:
    kind = node.type
    if kind in ("if_statement", "elif_clause", "while_statement"):
        condition = node.child_by_field_name("condition")
        if condition is not None:
            yield Asked("while" if kind == "while_statement" else "if", unwrap(condition), node)
    elif kind == "assert_statement" and node.named_child_count:
        yield Asked("assert", unwrap(node.named_children[0]), node)
    elif kind == "conditional_expression":
        parts = [child for child in node.named_children if child.type != "comment"]
        if len(parts) == 3:
            yield Asked("ternary", unwrap(parts[1]), node)
    elif kind == "if_clause" and node.named_child_count and node.parent is not None:
        is_case = node.parent.type == "case_clause"
        yield Asked("match" if is_case else "comprehension", unwrap(node.named_children[0]), node.parent)
    elif kind in ("except_clause", "except_group_clause"):
        yield from _caught_by(node)
    else:
        yield from _given_by(node)


def _caught_by(clause: Node) -> Iterator[Asked]:
    first = next((child for child in clause.named_children if child.type != "comment"), None)
    if first is not None and first.type == "as_pattern" and first.named_child_count:
        first = first.named_children[0]
    if first is not None and first.type != "block":
        yield Asked("except", first, clause)


def _given_by(node: Node) -> Iterator[Asked]:
    """Yield a boolean that is returned, bound or passed by name."""
    value, name = None, ""
    if node.type == "return_statement" and node.named_child_count:
        value = node.named_children[0]
    elif node.type in ("assignment", "keyword_argument"):
        is_bound = node.type == "assignment"
        value = node.child_by_field_name("right" if is_bound else "value")
        target = node.child_by_field_name("left" if is_bound else "name")
        name = text_of(target) if target is not None else ""
    if value is None:
        return
    value = unwrap(value)
    if value.type in _BOOLEAN or value.type in _PLAIN:
        kind = "return" if node.type == "return_statement" else "value"
        yield Asked(kind, value, node, name, is_boolean=value.type in _BOOLEAN)


def governed(asked: Asked) -> tuple[list[Node], list[Node]]:
    """Return what runs where a condition holds, and what runs only where it does not."""
    owner = asked.owner
    if asked.kind == "ternary":
        parts = [child for child in owner.named_children if child.type != "comment"]
        return parts[:1], parts[2:]
    if asked.kind == "comprehension":
        return owner.named_children[:1], []
    if asked.kind in ("assert", "return", "value"):
        return [], []
    field = "body" if asked.kind == "while" else "consequence"
    body = owner.child_by_field_name(field)
    if asked.kind == "except":
        body = next((child for child in owner.named_children if child.type == "block"), None)
    return ([body] if body is not None else []), _otherwise(owner)


def _otherwise(owner: Node) -> list[Node]:
    if owner.type == "if_statement":
        return owner.children_by_field_name("alternative")
    found: list[Node] = []
    sibling = owner.next_named_sibling if owner.type == "elif_clause" else None
    while sibling is not None:
        found.append(sibling)
        sibling = sibling.next_named_sibling
    return found


def following(asked: Asked) -> list[Node]:
    """Return what stands behind a condition that leaves the block, or behind an assertion."""
    owner = asked.owner
    leaves = asked.kind == "assert" or (owner.type == "if_statement" and bool(early_exits(owner)))
    found: list[Node] = []
    sibling = owner.next_named_sibling if leaves else None
    while sibling is not None:
        if sibling.type != "comment":
            found.append(sibling)
        sibling = sibling.next_named_sibling
    return found


def around(asked: Asked) -> tuple[str, ...]:
    """Return the conditions in the function under which a place is come to, outermost first; those of branches not taken are denied.

    What raises before it is none: there it is refused as well.
    """
    found: list[str] = []
    child, node = asked.owner, asked.owner.parent
    while node is not None and child.type not in _DEFINITIONS:
        condition = node.child_by_field_name("condition")
        if condition is not None and child == (
            node.child_by_field_name("consequence") or node.child_by_field_name("body")
        ):
            found.append(clip(text_of(unwrap(condition)), _TEXT))
        elif node.type == "if_statement" and child.type in ("elif_clause", "else_clause"):
            tried = (part.child_by_field_name("condition") for part in (node, *_before(child)))
            found += [_denied(each) for each in tried if each is not None][::-1]
        elif node.type == "block":
            found += [_denied(each) for part in _before(child) for each in _left(part)][::-1]
        child, node = node, node.parent
    return tuple(reversed(found))


def _denied(condition: Node) -> str:
    return clip(denied_node(unwrap(condition)), _TEXT)


def _before(node: Node) -> list[Node]:
    """Return the clauses of an ``if`` before one of them, or the statements of a block before one of them."""
    found: list[Node] = []
    sibling = node.prev_named_sibling
    while sibling is not None:
        if node.type not in ("elif_clause", "else_clause") or sibling.type == "elif_clause":
            found.append(sibling)
        sibling = sibling.prev_named_sibling
    return found[::-1]


def _left(statement: Node) -> Iterator[Node]:
    """Yield the conditions known to be false behind a statement, where it leaves by no exception."""
    for condition in early_exits(statement):
        body = condition.parent.child_by_field_name("consequence") if condition.parent else None
        if body is not None and body.named_children[-1].type != "raise_statement":
            yield condition


def looped_through(asked: Asked) -> frozenset[bytes]:
    """Return what the loops go through, in the function around a condition, whose elements it asks of."""
    words = frozenset(_WORD.findall(asked.node.text or b""))
    found = set[bytes]()
    node: Node | None = asked.owner
    while node is not None and node.type not in _DEFINITIONS:
        loops = node.named_children if asked.kind == "comprehension" else [node]
        for loop in loops:
            target, through = loop.child_by_field_name("left"), loop.child_by_field_name("right")
            is_loop = loop.type in ("for_statement", "for_in_clause")
            if is_loop and target is not None and through is not None:
                found |= (
                    {stripped(through)} if words.intersection(_WORD.findall(target.text or b"")) else set()
                )
        node = node.parent
    return frozenset(found)


def exit_of(asked: Asked) -> str:
    """Return how the code under a condition leaves: ``return``, ``raise``, ``continue``, ``break``; empty where it goes on."""
    bodies, _ = governed(asked)
    for body in bodies if asked.kind in ("if", "match", "except") else []:
        last = next((child for child in reversed(body.named_children) if child.type != "comment"), None)
        if last is not None:
            return _EXITS.get(last.type, "")
    return ""


def statements(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield the statements in some nodes that hold no others; an expression counts as one."""
    pending = list(reversed(list(nodes)))
    while pending:
        node = pending.pop()
        if node.type in _SIMPLE or not (
            node.type.endswith(("statement", "clause")) or node.type in ("block", "decorated_definition")
        ):
            if node.type != "comment":
                yield node
            continue
        pending.extend(reversed([child for child in node.named_children if child.type != "comment"]))


def held_in(nodes: Iterable[Node]) -> tuple[Held, ...]:
    """Return what some code does, in source order, each once: calls, writes, exits, imports, definitions; the first forty."""
    found: dict[Held, None] = {}
    pending = list(reversed(list(nodes)))
    while pending and len(found) < _MOST_HELD:
        node = pending.pop()
        if node.type in _SKIPPED and node.type not in ("string", "concatenated_string"):
            continue
        for each in _held_by(node):
            found[each] = None
        if node.type not in _IMPORTS and node.type not in _DEFINITIONS:
            pending.extend(reversed(node.named_children))
    return tuple(found)


def _held_by(node: Node) -> Iterator[Held]:
    if node.type in _EXITS:
        raised = node.named_children[0] if node.type == "raise_statement" and node.named_child_count else None
        yield Held(kind=_EXITS[node.type], text=clip(callee_of(raised), 200) if raised is not None else "")
    elif node.type == "call":
        yield Held(kind="call", text=clip(callee_of(node), 200))
    elif node.type in _WRITES:
        target = node.child_by_field_name("left")
        yield Held(kind="write", text=clip(text_of(target), 200) if target is not None else "")
    elif node.type in _IMPORTS:
        yield Held(kind="import", text=clip(text_of(node), 200))
    elif node.type in _DEFINITIONS:
        name = node.child_by_field_name("name")
        yield Held(kind="define", text=text_of(name) if name is not None else "")


def bound_names(nodes: Iterable[Node]) -> dict[str, str]:
    """Return names that are bound once, to a condition, with that condition."""
    values: dict[str, list[Node]] = defaultdict(list)
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if node.type in _WRITES:
            target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
            if target is not None and target.type == "identifier" and value is not None:
                values[text_of(target)].append(unwrap(value))
        if node.type not in _LEAVES and node.type not in _SKIPPED:
            pending.extend(node.named_children)
    return {
        name: clip(text_of(found[0]), _TEXT)
        for name, found in values.items()
        if len(found) == 1 and found[0].type in _BOOLEAN
    }
