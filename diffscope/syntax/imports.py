"""Import statements of Python -> ``Import`` values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from diffscope.syntax.text import text_of
from diffscope.syntax.values import Import, ImportLayer

if TYPE_CHECKING:
    from tree_sitter import Node

IMPORT_STATEMENTS = frozenset({"import_statement", "import_from_statement", "future_import_statement"})


class Circumstances(NamedTuple):
    """What surrounds an import: when it runs and under which condition."""

    layer: ImportLayer = ImportLayer.EAGER
    guard: str | None = None


def read_import(node: Node, around: Circumstances) -> Iterator[Import]:
    """Yield one value for each name that the statement imports, in source order."""
    if node.type == "import_statement":
        for name, alias in _names(node):
            yield _make(node, around, module=name, name=None, alias=alias, level=0)
        return
    module, level = _origin(node)
    if any(child.type == "wildcard_import" for child in node.children):
        yield _make(node, around, module=module, name="*", alias=None, level=level)
        return
    for name, alias in _names(node):
        yield _make(node, around, module=module, name=name, alias=alias, level=level)


def _make(
    node: Node, around: Circumstances, *, module: str, name: str | None, alias: str | None, level: int
) -> Import:
    return Import(
        module=module,
        name=name,
        line=node.start_point[0] + 1,
        layer=around.layer,
        alias=alias,
        level=level,
        guard=around.guard,
    )


def _origin(node: Node) -> tuple[str, int]:
    if node.type == "future_import_statement":
        return "__future__", 0
    origin = node.child_by_field_name("module_name")
    if origin is None:
        return "", 0
    if origin.type != "relative_import":
        return _dotted(origin), 0
    level, module = 0, ""
    for child in origin.children:
        if child.type == "import_prefix":
            level = (child.text or b"").count(b".")
        elif child.type == "dotted_name":
            module = _dotted(child)
    return module, level


def _names(node: Node) -> Iterator[tuple[str, str | None]]:
    for child in node.children_by_field_name("name"):
        if child.type == "aliased_import":
            name, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
            if name is not None:
                yield _dotted(name), _dotted(alias) if alias is not None else None
        else:
            yield _dotted(child), None


def _dotted(node: Node) -> str:
    # ``import a . b`` is legal; so are line breaks around the dots.
    text = text_of(node)
    return text.replace(" ", "") if " " in text else text
