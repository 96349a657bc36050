"""Import statements of Python -> ``Import`` values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.syntax.literals import normalise_name
from diffscope.syntax.model import Import, ImportLayer
from diffscope.syntax.nodes import TextCache, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

IMPORT_STATEMENTS = frozenset({"import_statement", "import_from_statement", "future_import_statement"})


class Circumstances(NamedTuple):
    """What surrounds an import: when it runs and under which condition."""

    layer: ImportLayer = ImportLayer.EAGER
    guard: str | None = None


def read_import(node: Node, around: Circumstances) -> Iterator[Import]:
    """Yield one value for each name that the statement imports, in source order."""
    line = node.start_point[0] + 1
    for module, name, alias, level in read_names(node):
        yield Import(
            module=module,
            name=name,
            line=line,
            layer=around.layer,
            alias=alias,
            level=level,
            guard=around.guard,
        )


class Name(NamedTuple):
    """One imported name, as in ``Import``."""

    module: str
    name: str | None
    alias: str | None
    level: int

    @property
    def bound(self) -> str:
        """The local name that it binds; ``*`` for any."""
        return self.alias or self.name or self.module.partition(".")[0]

    @property
    def origin(self) -> str:
        """What the local name stands for: ``import a.b`` and ``import a.c`` bind one package."""
        return f"{self.level}:{self.bound if self.name is None and not self.alias else self}"


def read_names(node: Node) -> tuple[Name, ...]:
    """Return the names that an import statement imports, in source order."""
    if node.has_error:
        return tuple(_read_names(node))
    text = node.text or b""
    known = _STATEMENTS.recall(text)
    return known if known is not None else _STATEMENTS.keep(text, tuple(_read_names(node)))


_STATEMENTS: Final = TextCache[tuple[Name, ...]]()


def rebindings(names: Iterable[Name]) -> Iterator[str]:
    """Yield a token for each name that imports side by side bind twice to different things: there their order counts."""
    names = list(names)
    origins: dict[str, list[str]] = {}
    for each in names:
        origins.setdefault(each.bound, []).append(each.origin)
    for bound, found in sorted(origins.items()):
        if len(set(found)) > 1:
            yield f"rebind {bound}: {', '.join(found)}"
    if "*" in origins and len(names) > 1:
        # Nobody can tell from here which names a star rebinds.
        parts: list[list[str]] = [[]]
        for each in names:
            if each.bound == "*":
                parts += [[each.origin], []]
            else:
                parts[-1].append(each.origin)
        yield f"rebind *: {'; '.join(', '.join(sorted(part)) for part in parts)}"


def _read_names(node: Node) -> Iterator[Name]:
    if node.type == "import_statement":
        for name, alias in _names(node):
            yield Name(name, None, alias, 0)
        return
    module, level = _origin(node)
    if any(child.type == "wildcard_import" for child in node.children):
        yield Name(module, "*", None, level)
        return
    for name, alias in _names(node):
        yield Name(module, name, alias, level)


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
    text = normalise_name(text_of(node))
    return text.replace(" ", "") if " " in text else text
