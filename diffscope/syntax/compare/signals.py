"""The own code of a unit -> ``Signal`` s: places that matter to rules, with the conditions that hold there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from diffscope.syntax.compare.signal_key import INNER, NOTHING, Key, KeyedSignal, Named, Place
from diffscope.syntax.model import Signal, SignalKind
from diffscope.syntax.nodes import (
    callee_of,
    clip,
    content_of,
    early_exits,
    is_dotted,
    is_scale,
    joins_paths,
    resolve,
    text_of,
    unwrap,
)
from diffscope.syntax.normalize.statements import Stream
from diffscope.syntax.outline.uses import IMPORT_STATEMENTS

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST: Final = 200  # levels entered, and conditions carried: a chain of `elif` has any number
GUARD_TEXT: Final = 300
_DETAIL: Final = 2000  # characters: the arguments of an `add_argument` with its help
_STRING: Final = 80
_OWNERS: Final = (b"self", b"cls")
_SKIPPED: Final = (
    "comment", "type", "type_parameter", "global_statement", "nonlocal_statement", "type_alias_statement",
)  # fmt: skip
_COMPREHENSIONS: Final = (
    "list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression",
)  # fmt: skip


def read_signals(
    nodes: Iterable[Node],
    stream: Stream,
    *,
    aliases: Mapping[str, str],
    leave_out: frozenset[int],
    is_async: bool = False,
) -> list[KeyedSignal]:
    """Return the signals of some sibling statements (or one expression), in source order."""
    walk = _Walk(stream, aliases, leave_out)
    walk.statements(list(nodes), Place(in_async=is_async))
    return walk.seen


class _Walk:
    def __init__(self, stream: Stream, aliases: Mapping[str, str], leave_out: frozenset[int]) -> None:
        self.seen: list[KeyedSignal] = []
        self._stream = stream
        self._aliases = aliases
        self._leave_out = leave_out
        self._depth = 0

    def statements(self, nodes: list[Node], place: Place) -> None:
        """Visit statements; behind an ``if`` that leaves the block, its condition is known to be false."""
        names = [
            text_of(name) for node in nodes if node.type == "global_statement" for name in node.named_children
        ]
        if names:
            place = place._replace(globals=place.globals | frozenset(names))
        for node in nodes:
            self.visit(node, place)
            failed = tuple(
                self._guard(each, negated=True)._replace(is_exit=True) for each in early_exits(node)
            )
            if failed and len(place.guards) < _DEEPEST:
                place = place._replace(guards=place.guards + failed)

    def visit(self, node: Node, place: Place) -> None:
        if self._depth > _DEEPEST or node.id in self._leave_out:
            return
        handler = _HANDLERS.get(node.type)
        self._depth += 1
        if handler is not None:
            handler(self, node, place)
        elif node.named_child_count:
            self.children(node, place)
        self._depth -= 1

    def children(self, node: Node, place: Place) -> None:
        if node.type in ("block", "module"):
            self.statements(node.children, place)
            return
        for child in node.named_children:
            self.visit(child, place)

    def function(self, node: Node, place: Place) -> None:
        self.children(node, place._replace(in_async=node.children[0].type == "async", **INNER))

    def lambda_(self, node: Node, place: Place) -> None:
        self.children(node, place._replace(in_async=False, in_loop=False))

    def if_(self, node: Node, place: Place) -> None:
        failed: tuple[Named, ...] = ()
        condition: Node | None = None
        for part in (node, *node.children_by_field_name("alternative")):
            condition = part.child_by_field_name("condition")
            here = place._replace(guards=place.guards + failed)
            body = part.child_by_field_name("consequence") or part.child_by_field_name("body")
            if condition is not None:
                self.condition(condition, here)
                failed = (*failed, self._guard(condition, negated=True))[:_DEEPEST]
                here = here._replace(guards=(*here.guards, self._guard(condition)))
            if body is not None:
                self.visit(body, here)

    def while_(self, node: Node, place: Place) -> None:
        condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
        looping = place._replace(in_loop=True)
        if condition is not None:
            self.condition(condition, looping)
            looping = looping._replace(guards=(*looping.guards, self._guard(condition)))
        if body is not None:
            self.visit(body, looping)
        for part in node.children_by_field_name("alternative"):
            self.visit(part, place)

    def for_(self, node: Node, place: Place) -> None:
        for name in ("left", "right", "body", "alternative"):
            for part in node.children_by_field_name(name):
                if name == "left":
                    self._target(part, NOTHING, place)
                else:
                    self.visit(part, place._replace(in_loop=place.in_loop or name == "body"))

    def comprehension(self, node: Node, place: Place) -> None:
        conditions = [child for child in node.named_children if child.type == "if_clause"]
        guards = tuple(
            self._guard(child.named_children[0]) for child in conditions if child.named_child_count
        )
        first = True
        for child in node.named_children:
            if child.type == "if_clause":
                for part in child.named_children:
                    self.condition(part, place._replace(in_loop=True))
            elif child.type == "for_in_clause":
                # The first iterable is read once, before the loop.
                self.visit(child, place._replace(in_loop=place.in_loop or not first))
                first = False
            else:
                self.visit(child, place._replace(in_loop=True, guards=place.guards + guards))

    def case(self, node: Node, place: Place) -> None:
        body = node.child_by_field_name("consequence")
        guard = node.child_by_field_name("guard")
        patterns = [child for child in node.named_children if child.type == "case_pattern"]
        text = "case " + ", ".join(text_of(pattern) for pattern in patterns)
        key = ("case", *(self._key(pattern) for pattern in patterns))
        here = place._replace(guards=(*place.guards, Named(clip(text, GUARD_TEXT), key)))
        if guard is not None and guard.named_child_count:
            self.condition(guard.named_children[0], here)
            here = here._replace(guards=(*here.guards, self._guard(guard.named_children[0])))
        if body is not None:
            self.visit(body, here)

    def conditional(self, node: Node, place: Place) -> None:
        parts = [child for child in node.named_children if child.type != "comment"]
        if len(parts) != 3:
            self.children(node, place)
            return
        value, condition, otherwise = parts
        self.condition(condition, place)
        for part, negated in ((value, False), (otherwise, True)):
            self.visit(part, place._replace(guards=(*place.guards, self._guard(condition, negated=negated))))

    def boolean(self, node: Node, place: Place) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is not None and right is not None and operator is not None:
            self.visit(left, place)
            guard = self._guard(left, negated=operator.type == "or")
            self.visit(right, place._replace(guards=(*place.guards, guard)))

    def assert_(self, node: Node, place: Place) -> None:
        for at, child in enumerate(node.named_children):
            (self.visit if at else self.condition)(child, place)

    def condition(self, node: Node, place: Place) -> None:
        node = unwrap(node)
        self._add(SignalKind.GUARD, node, text_of(node), place)
        self.visit(node, place)

    def call(self, node: Node, place: Place) -> None:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None:
            return
        text = text_of(arguments) if arguments is not None else ""
        detail = text[1:-1].strip() if text.startswith("(") else text
        self._add(SignalKind.CALL, node, text_of(function), place, detail=Named(detail, ()))
        if function.type != "identifier" and not is_dotted(function):
            self.visit(function, place)
        if arguments is not None:
            self.visit(arguments, place._replace(use=text_of(function)[-_STRING:]))

    def comparison(self, node: Node, place: Place) -> None:
        self.children(node, place._replace(use="=="))

    def keyword(self, node: Node, place: Place) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None and value is not None:
            self.visit(value, place._replace(target=self._name(name)))

    def pair(self, node: Node, place: Place) -> None:
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        if key is not None:
            self.visit(key, place)
        if value is not None:
            is_named = key is not None and key.type == "string"
            target = Named(content_of(key), self._key(key)) if key is not None and is_named else place.target
            self.visit(value, place._replace(target=target))

    def binary(self, node: Node, place: Place) -> None:
        operator, right = node.child_by_field_name("operator"), node.child_by_field_name("right")
        if operator is not None and right is not None and operator.type in ("/", "//"):
            self._division(node, right, place)
        elif operator is not None and operator.type == "*":
            for side in (node.child_by_field_name("left"), right):
                self._factor(side, place)
        self.children(node, place)

    def _factor(self, node: Node | None, place: Place) -> None:
        if node is not None and is_scale(unwrap(node)):
            self._add(SignalKind.FACTOR, node, text_of(unwrap(node)), place, detail=place.target)

    def _division(self, node: Node, divisor: Node, place: Place) -> None:
        divisor = unwrap(divisor)
        if not joins_paths(node) and divisor.type not in ("integer", "float"):
            self._add(SignalKind.DIVISION, divisor, text_of(divisor), place)

    def assignment(self, node: Node, place: Place) -> None:
        target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if target is None or value is None:
            return
        if operator is not None and operator.type in ("/=", "//="):
            self._division(node, value, place)
        elif operator is not None and operator.type == "*=":
            self._factor(value, place)
        last = value
        while last.type == "assignment":
            last = last.child_by_field_name("right") or last.named_children[-1]
        sign = f"{operator.type} " if operator is not None and operator.type != "=" else ""
        self._target(target, Named(sign + clip(text_of(last), GUARD_TEXT), (sign, *self._key(last))), place)
        self.visit(value, place._replace(target=self._name(target)))

    def delete(self, node: Node, place: Place) -> None:
        for part in node.named_children:
            self._target(part, Named("del", ("del",)), place)

    def _target(self, node: Node, value: Named, place: Place) -> None:
        if node.type == "attribute":
            self._add(SignalKind.ATTRIBUTE_WRITE, node, text_of(node), place, detail=value)
            root = node.child_by_field_name("object")
            if root is not None and not is_dotted(root):
                self.visit(root, place)
        elif node.type == "subscript":
            self._add(SignalKind.SUBSCRIPT_WRITE, node, text_of(node), place, detail=value)
            for part in node.named_children:
                if not is_dotted(part):
                    self.visit(part, place)
        elif node.type == "identifier":
            if text_of(node) in place.globals:
                self._add(SignalKind.GLOBAL_WRITE, node, text_of(node), place, detail=value)
        else:
            for part in node.named_children:
                self._target(part, value, place)

    def attribute(self, node: Node, place: Place) -> None:
        if not is_dotted(node):
            self.children(node, place)
        elif (node.text or b"").partition(b".")[0].strip() not in _OWNERS:
            self._add(SignalKind.REFERENCE, node, text_of(node), place)

    def number(self, node: Node, place: Place) -> None:
        text = text_of(node)
        if text not in ("0", "1", "2", "0.0", "1.0", "2.0"):
            self._add(SignalKind.NUMBER, node, text, place, detail=place.target)

    def unary(self, node: Node, place: Place) -> None:
        argument = node.child_by_field_name("argument")
        is_number = argument is not None and argument.type in ("integer", "float")
        if argument is None or not is_number or not (node.text or b"").startswith(b"-"):
            self.children(node, place)
        elif text_of(argument) not in ("1", "1.0", "0", "0.0"):
            self._add(SignalKind.NUMBER, node, f"-{text_of(argument)}", place, detail=place.target)

    def string(self, node: Node, place: Place) -> None:
        parts = [child for child in node.children if child.type == "string"] or [node]
        text = "".join(content_of(part) for part in parts)
        if 0 < len(text) <= _STRING:
            self._add(SignalKind.STRING, node, text, place, detail=place.target)
        for part in parts:
            for child in part.children:
                if child.type == "interpolation":
                    self.children(child, place)

    def expression(self, node: Node, place: Place) -> None:
        only = node.named_children[0] if node.named_child_count == 1 else None
        if only is None or only.type not in ("string", "concatenated_string"):
            self.children(node, place)

    def with_item(self, node: Node, place: Place) -> None:
        value = node.child_by_field_name("value") or node
        if value.type == "as_pattern" and value.named_child_count:
            for alias in value.named_children[1:]:
                for part in alias.named_children or [alias]:
                    self._target(part, NOTHING, place)
            value = value.named_children[0]
        value = unwrap(value)
        self._add(SignalKind.WITH, value, text_of(value), place)
        self.visit(value, place)

    def await_(self, node: Node, place: Place) -> None:
        for awaited in node.named_children[:1]:
            self._add(SignalKind.AWAIT, awaited, callee_of(awaited), place)
        self.children(node, place)

    def raise_(self, node: Node, place: Place) -> None:
        if node.named_child_count:
            raised = node.named_children[0]
            arguments = raised.child_by_field_name("arguments") if raised.type == "call" else None
            detail = text_of(arguments)[1:-1] if arguments is not None else ""
            self._add(SignalKind.RAISE, raised, callee_of(raised), place, detail=Named(detail, ()))
        else:
            self._add(SignalKind.RAISE, node, "", place)
        self.children(node, place)

    def _guard(self, condition: Node, *, negated: bool = False) -> Named:
        condition = unwrap(condition)
        text, key = clip(text_of(condition), GUARD_TEXT), self._key(condition)
        return Named(f"not ({text})", ("not", key)) if negated else Named(text, key)

    def _name(self, node: Node) -> Named:
        return Named(clip(text_of(node), _STRING), self._key(node))

    def _key(self, node: Node) -> Key:
        return self._stream.of(node) or (text_of(node),)

    def _add(self, kind: SignalKind, node: Node, text: str, place: Place, *, detail: Named = NOTHING) -> None:
        text = clip(text, GUARD_TEXT)
        signal = Signal(
            kind=kind,
            text=text,
            line=node.start_point[0] + 1,
            detail=clip(detail.text, _DETAIL),
            guards=tuple([guard.text for guard in place.guards]),
            in_async=place.in_async,
            in_loop=place.in_loop,
            use=place.use,
            is_inner=place.is_inner,
            resolved=resolve(text, self._aliases),
        )
        key = (kind.value, detail.key, self._key(node))
        around = tuple([guard.key for guard in place.guards if not guard.is_exit])
        self.seen.append(KeyedSignal(signal, key, around, len(place.guards) - len(around)))


_HANDLERS: Final = {
    **dict.fromkeys((*_SKIPPED, *IMPORT_STATEMENTS), lambda *_: None),
    **dict.fromkeys(_COMPREHENSIONS, _Walk.comprehension),
    **dict.fromkeys(("keyword_argument", "default_parameter", "typed_default_parameter"), _Walk.keyword),
    **dict.fromkeys(("assignment", "augmented_assignment"), _Walk.assignment),
    **dict.fromkeys(("integer", "float"), _Walk.number),
    **dict.fromkeys(("string", "concatenated_string"), _Walk.string),
    "function_definition": _Walk.function,
    "lambda": _Walk.lambda_,
    "if_statement": _Walk.if_,
    "while_statement": _Walk.while_,
    "for_statement": _Walk.for_,
    "case_clause": _Walk.case,
    "conditional_expression": _Walk.conditional,
    "boolean_operator": _Walk.boolean,
    "assert_statement": _Walk.assert_,
    "call": _Walk.call,
    "pair": _Walk.pair,
    "binary_operator": _Walk.binary,
    "comparison_operator": _Walk.comparison,
    "delete_statement": _Walk.delete,
    "attribute": _Walk.attribute,
    "unary_operator": _Walk.unary,
    "expression_statement": _Walk.expression,
    "with_item": _Walk.with_item,
    "await": _Walk.await_,
    "raise_statement": _Walk.raise_,
}
