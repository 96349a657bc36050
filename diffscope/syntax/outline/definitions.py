"""Definitions of Python, seen from their statement nodes: signatures, bases, decorators, assigned names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.syntax.model import Definition, DefinitionKind, Parameter, ParameterKind
from diffscope.syntax.nodes import TextCache, head_of, name_of, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_VALUE: Final = 200
_TARGET_LISTS: Final = frozenset(
    {"pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "parenthesized_expression"}
)
_VALUE_LISTS: Final = frozenset({"expression_list", "tuple", "list"})
_SIGNATURES: Final = TextCache[tuple[Parameter, ...]]()
_ASSIGNED: Final = TextCache[tuple["_Assigned", ...]]()


def read_function(
    node: Node, *, name: str, kind: DefinitionKind, decorated: Node | None = None
) -> Definition:
    """Return the definition of a ``function_definition`` node; ``decorated`` is the node with its decorators."""
    return Definition(
        name=name,
        kind=kind,
        line=node.start_point[0] + 1,
        start=(decorated or node).start_point[0] + 1,
        end=_last_line(node),
        parameters=_known_parameters(node),
        decorators=_decorators(decorated),
        is_async=node.child(0).type == "async",
    )


def _known_parameters(function: Node) -> tuple[Parameter, ...]:
    """Return the parameters, read once for all functions that have the same ones."""
    parameters = function.child_by_field_name("parameters")
    if parameters is None:
        return ()
    if function.has_error:
        return read_parameters(parameters)
    text = parameters.text or b""
    known = _SIGNATURES.recall(text)
    return known if known is not None else _SIGNATURES.keep(text, read_parameters(parameters))


def read_class(node: Node, *, name: str, decorated: Node | None = None) -> Definition:
    """Return the definition of a ``class_definition`` node."""
    bases = node.child_by_field_name("superclasses")
    return Definition(
        name=name,
        kind=DefinitionKind.CLASS,
        line=node.start_point[0] + 1,
        start=(decorated or node).start_point[0] + 1,
        end=_last_line(node),
        bases=tuple(text_of(each) for each in base_nodes(bases)) if bases is not None else (),
        decorators=_decorators(decorated),
    )


def base_nodes(arguments: Node) -> Iterator[Node]:
    """Yield the nodes of a class's bases: positional arguments and ``*bases``."""
    for child in arguments.named_children:
        if child.type not in ("keyword_argument", "dictionary_splat", "comment"):
            yield child


def read_assignment(node: Node, *, prefix: str) -> Iterator[Definition]:
    """Yield a definition for each plain name that an ``assignment`` node binds, in source order."""
    assigned = tuple(_read_assigned(node)) if node.has_error else _recall_assigned(node)
    first = node.start_point[0] + 1
    for each in assigned:
        yield _define(each, first, prefix)


class _Assigned(NamedTuple):
    """A name that an assignment binds; lines count from the first one of the statement."""

    name: str
    line: int
    end: int
    value: str | None
    annotation: str | None


def _recall_assigned(node: Node) -> tuple[_Assigned, ...]:
    text = node.text or b""
    known = _ASSIGNED.recall(text)
    return known if known is not None else _ASSIGNED.keep(text, tuple(_read_assigned(node)))


def _read_assigned(node: Node) -> Iterator[_Assigned]:
    targets = []
    value: Node | None = node
    annotation = node.child_by_field_name("type")
    while value is not None and value.type == "assignment":
        target = value.child_by_field_name("left")
        if target is not None:
            targets.append(target)
        value = value.child_by_field_name("right")
    for target in targets:
        for name, part in _bindings(target, value):
            yield _assigned(node, name_of(name), name, part, annotation)


def read_type_alias(node: Node, *, prefix: str) -> Iterator[Definition]:
    """Yield the definition of ``type X = …``."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None:
        return
    name = left
    while name.named_child_count:
        name = name.named_children[0]
    yield _define(_assigned(node, name_of(name), name, right, None), node.start_point[0] + 1, prefix)


def read_parameters(node: Node) -> tuple[Parameter, ...]:
    """Return the parameters of a ``parameters`` node, kinds as Python binds them."""
    return tuple(_parameters(node))


def _parameters(node: Node) -> Iterator[Parameter]:
    children = node.named_children
    slash = next((at for at, child in enumerate(children) if child.type == "positional_separator"), -1)
    kind = ParameterKind.POSITIONAL_OR_KEYWORD
    for at, child in enumerate(children):
        if child.type == "identifier":
            own = ParameterKind.POSITIONAL_ONLY if at < slash else kind
            yield Parameter(name=name_of(child), kind=own)
        elif child.type == "keyword_separator":
            kind = ParameterKind.KEYWORD_ONLY
        elif child.type != "comment":
            parameter = _parameter(child, ParameterKind.POSITIONAL_ONLY if at < slash else kind)
            if parameter is not None:
                yield parameter
                if parameter.kind is ParameterKind.VAR_POSITIONAL:
                    kind = ParameterKind.KEYWORD_ONLY


def _parameter(node: Node, kind: ParameterKind) -> Parameter | None:
    name, default, annotation = parameter_parts(node)
    if name is None:
        return None
    if name.type in ("list_splat_pattern", "dictionary_splat_pattern"):
        stars = (name.text or b"").startswith(b"**")
        kind = ParameterKind.VAR_KEYWORD if stars else ParameterKind.VAR_POSITIONAL
        name = name.named_children[0] if name.named_child_count else name
    return Parameter(
        name=text_of(name),
        kind=kind,
        default=text_of(default) if default is not None else None,
        annotation=text_of(annotation) if annotation is not None else None,
    )


def parameter_parts(node: Node) -> tuple[Node | None, Node | None, Node | None]:
    """Return the nodes of a parameter's name, default and annotation; no name for what is no parameter (``*``, ``/``)."""
    if node.type in ("identifier", "list_splat_pattern", "dictionary_splat_pattern", "tuple_pattern"):
        return node, None, None
    if node.type not in ("default_parameter", "typed_parameter", "typed_default_parameter"):
        return None, None, None
    first = node.named_children[0] if node.named_child_count else None
    name = first if node.type == "typed_parameter" else node.child_by_field_name("name")
    return name, node.child_by_field_name("value"), node.child_by_field_name("type")


def _bindings(target: Node, value: Node | None) -> Iterator[tuple[Node, Node | None]]:
    """Pair the names in an assignment's target with the parts of the value, where both are laid out alike."""
    pending = [(target, value)]
    while pending:
        each, part = pending.pop()
        if each.type == "identifier":
            yield each, part
        elif each.type in _TARGET_LISTS:
            targets = [child for child in each.named_children if child.type != "comment"]
            values = _items(part)
            starred = any("splat" in child.type for child in (*targets, *values))
            if each.type == "parenthesized_expression":
                values = [part] if part is not None else []
            is_paired = len(values) == len(targets) and not starred
            parts = values if is_paired else [part] * len(targets)
            pending += reversed(list(zip(targets, parts, strict=True)))


def _items(value: Node | None) -> list[Node]:
    if value is None or value.type not in _VALUE_LISTS:
        return []
    return [child for child in value.named_children if child.type != "comment"]


def _assigned(
    statement: Node, name: str, target: Node, value: Node | None, annotation: Node | None
) -> _Assigned:
    row = statement.start_point[0]
    return _Assigned(
        name=name,
        line=target.start_point[0] - row,
        end=_last_line(statement) - row - 1,
        value=head_of(value, _VALUE) if value is not None else None,
        annotation=text_of(annotation) if annotation is not None else None,
    )


def _define(assigned: _Assigned, first: int, prefix: str) -> Definition:
    return Definition(
        name=prefix + assigned.name,
        kind=DefinitionKind.VARIABLE,
        line=first + assigned.line,
        start=first,
        end=first + assigned.end,
        value=assigned.value,
        annotation=assigned.annotation,
    )


def _decorators(decorated: Node | None) -> tuple[str, ...]:
    if decorated is None:
        return ()
    nodes = (child for child in decorated.children if child.type == "decorator")
    return tuple(text_of(expression) for node in nodes for expression in node.named_children[:1])


def _last_line(node: Node) -> int:
    row, column = node.end_point
    text = node.text or b""
    # The grammar counts comments behind the last statement in, however little they are indented.
    while text[text.rfind(b"\n") + 1 :].lstrip().startswith(b"#"):
        last = next((child for child in reversed(node.children) if child.type != "comment"), None)
        if last is None:
            break
        node, (row, column), text = last, last.end_point, last.text or b""
    # An empty block ends where the next statement starts.
    return row + 1 if column or row == node.start_point[0] else row
