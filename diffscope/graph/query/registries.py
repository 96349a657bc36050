"""The registries of the target by name (``rules/registries.yml``): which rows each has, what they lead to, and which yields nothing."""

from __future__ import annotations

from typing import Final

from msgspec import field

from diffscope.graph.model import Edge, EdgeLayer, ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.messages.model import message
from diffscope.patterns import compile_glob
from diffscope.source.model import Gap, Value
from diffscope.taxonomy.tables import PathGlob
from diffscope.yaml.typed import read_file


class Registry(Value, frozen=True, kw_only=True):
    """One registry, known by the shape of its rows and never by its file.

    ``tables`` are globs of names: of the variable, enum, function or method that holds or takes the rows. ``guards`` are globs of
    conditions under which classes are imported, for registries that are a chain of ``if``.
    """

    name: str = field(name="registry")
    tables: tuple[PathGlob, ...] = ()
    guards: tuple[PathGlob, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a registry that nothing could be a row of."""
        if not self.tables and not self.guards:
            raise ValueError("needs 'tables' or 'guards'")

    def has(self, edge: Edge) -> bool:
        """Say whether an edge is a row of the registry."""
        if edge.row is not None:
            table = edge.row.partition(":")[0]
            return any(compile_glob(text).matches(table) for text in self.tables)
        guard = edge.guard or ""
        return edge.layer is EdgeLayer.LAZY and any(compile_glob(text).matches(guard) for text in self.guards)


REGISTRIES: Final = tuple[Registry, ...]


class RegistryEntry(Value, frozen=True, kw_only=True):
    """One row: ``key`` in ``module``, line ``line``, stands for ``name`` in ``target`` (``None``: nothing of the tree)."""

    registry: str
    key: str
    module: ModuleName
    line: int
    target: ModuleName | None
    name: str | None
    reason: str | None = None
    """Why the row leads nowhere; ``None`` where it leads to a module that has the name."""


class RegistryReport(Value, frozen=True, kw_only=True):
    """All rows of one registry, by module and line."""

    registry: str
    entries: tuple[RegistryEntry, ...]

    @property
    def resolved(self) -> int:
        """How many rows lead to a module that defines, or imports, what they name."""
        return sum(1 for entry in self.entries if entry.reason is None)


def load_registries(text: str, *, at: str) -> tuple[Registry, ...]:
    """Return the registries of a ``registries.yml``: a list of ``{registry: name, tables: [glob], guards: [glob]}``.

    Raises:
        RuleError: the file is wrong; the message lists every mistake.
    """
    registries: tuple[Registry, ...] = read_file(REGISTRIES, text, at=at)
    return registries


def report_registries(graph: ModuleGraph, registries: tuple[Registry, ...]) -> tuple[RegistryReport, ...]:
    """Return the rows of each registry, in the order of the registries.

    Whether a module has a name is seen from its outline; where that is not available, it is taken to have it.
    """
    rows = tuple(graph.rows())
    names: dict[ModuleName, frozenset[str] | None] = {}

    def reason_of(edge: Edge, target: ModuleName | None) -> str | None:
        if target is None:
            return "no module of the tree has this name"
        if not edge.detail or target.endswith(f".{edge.detail}"):
            return None
        if target not in names:
            names[target] = _names_of(graph, target)
        known, first = names[target], edge.detail.partition(".")[0]
        return None if known is None or first in known else f"{target} has no {first}"

    return tuple(
        RegistryReport(
            registry=each.name,
            entries=tuple(
                _entry(each.name, edge, target, reason_of(edge, target))
                for edge, target in rows
                if each.has(edge)
            ),
        )
        for each in registries
    )


def registry_gaps(reports: tuple[RegistryReport, ...]) -> tuple[Gap, ...]:
    """Return a gap for each registry that yields nothing: it has moved out of the shapes that are read."""
    return tuple(
        Gap(what="registry", message=message("gap.registry-empty", registry=report.registry))
        for report in reports
        if not report.resolved
    )


def _names_of(graph: ModuleGraph, module: ModuleName) -> frozenset[str] | None:
    """Return the names at the top of a module; ``None`` where they cannot be known."""
    outline = graph.outline_of(module)
    if outline is None or outline.has_module_getattr:
        return None
    if any(each.name == "*" for each in outline.imports):
        return None
    imported = {(each.alias or each.name or each.module).partition(".")[0] for each in outline.imports}
    return frozenset(imported.union(each.name.partition(".")[0] for each in outline.definitions))


def _entry(registry: str, edge: Edge, target: ModuleName | None, reason: str | None) -> RegistryEntry:
    key = edge.row.partition(":")[2] if edge.row is not None else edge.guard or ""
    return RegistryEntry(
        registry=registry,
        key=key,
        module=edge.source,
        line=edge.line,
        target=target,
        name=edge.detail,
        reason=reason,
    )
