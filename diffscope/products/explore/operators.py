"""The operators of a graph: their implementations and callers, and the reason where there is none."""

from __future__ import annotations

from collections import Counter
from enum import Enum

from diffscope.graph.model import EdgeLayer, ModuleName, NodeKind
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import Value

_OP = frozenset({EdgeLayer.OP})
_USE = frozenset({EdgeLayer.OP, EdgeLayer.TEST})
_PREFIX = "torch.ops."


class Binding(Enum):
    """What stands behind an operator."""

    NATIVE = "native"
    """A native source of the tree defines the function that is bound to it."""
    PYTHON = "python"
    """A module of the product registers it."""
    TEST = "test"
    """A test registers it, for itself."""
    DECLARED = "declared"
    """A native source declares its schema, and nothing of the tree is bound to it."""
    FOREIGN = "foreign"
    """Nothing of the tree binds anything in its namespace: it belongs to torch or to another package."""
    UNBOUND = "unbound"
    """The tree binds other operators in its namespace, but not this one: another package adds it, or it is gone."""


class OperatorEntry(Value, frozen=True, kw_only=True):
    """One operator, with the modules behind it and before it, sorted."""

    operator: ModuleName
    binding: Binding
    providers: tuple[ModuleName, ...]
    callers: tuple[ModuleName, ...]
    """Modules of the product that name it."""
    tests: tuple[ModuleName, ...]


class OperatorCounts(Value, frozen=True, kw_only=True):
    """How many operators there are, and what is known of them."""

    total: int
    bindings: dict[str, int]
    """``Binding`` -> operators."""
    called: int
    """Operators that a module of the product names."""
    native_called: int
    """Operators that have both: a native definition and a caller in Python."""


class OperatorReport(Value, frozen=True, kw_only=True):
    """All operators, by name."""

    counts: OperatorCounts
    entries: tuple[OperatorEntry, ...]

    def loose(self) -> tuple[OperatorEntry, ...]:
        """Return the operators that should have both ends in the tree and lack one: an implementation, or a caller of a native one.

        What Python registers is mostly called by the function that it is, so that nothing has to name the operator.
        """
        return tuple(
            each
            for each in self.entries
            if each.binding in (Binding.DECLARED, Binding.UNBOUND)
            or (each.binding is Binding.NATIVE and not each.callers)
        )

    def foreign(self) -> dict[str, int]:
        """Return the namespaces that are not of the tree, with how many of their operators are named, most first."""
        counts = Counter(
            _namespace(each.operator) for each in self.entries if each.binding is Binding.FOREIGN
        )
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def report_operators(graph: ModuleGraph) -> OperatorReport:
    """Return what is known of every operator of a graph."""
    operators = [node.name for node in graph.nodes() if node.kind is NodeKind.OPERATOR]
    providers = {name: _providers(graph, name) for name in operators}
    bound = {_namespace(name) for name, found in providers.items() if found}
    entries = tuple(_entry(graph, name, providers[name], bound) for name in operators)
    kinds = [entry.binding for entry in entries]
    counts = OperatorCounts(
        total=len(entries),
        bindings={each.value: kinds.count(each) for each in Binding if each in kinds},
        called=sum(1 for entry in entries if entry.callers),
        native_called=sum(1 for entry in entries if entry.callers and entry.binding is Binding.NATIVE),
    )
    return OperatorReport(counts=counts, entries=entries)


def _entry(
    graph: ModuleGraph, operator: ModuleName, providers: tuple[ModuleName, ...], bound: set[str]
) -> OperatorEntry:
    users = sorted({edge.source for edge in graph.dependents(operator, _USE)})
    tests = tuple(user for user in users if _kind(graph, user) is NodeKind.TEST)
    return OperatorEntry(
        operator=operator,
        binding=_binding(graph, operator, providers, bound),
        providers=providers,
        callers=tuple(user for user in users if _kind(graph, user) in (NodeKind.MODULE, NodeKind.PACKAGE)),
        tests=tests,
    )


def _binding(
    graph: ModuleGraph, operator: ModuleName, providers: tuple[ModuleName, ...], bound: set[str]
) -> Binding:
    kinds = {_kind(graph, each) for each in providers}
    if NodeKind.NATIVE in kinds:
        return Binding.NATIVE
    if kinds & {NodeKind.MODULE, NodeKind.PACKAGE}:
        return Binding.PYTHON
    if kinds:
        return Binding.TEST
    if graph.dependencies(operator, _OP):
        return Binding.DECLARED
    return Binding.UNBOUND if _namespace(operator) in bound else Binding.FOREIGN


def _providers(graph: ModuleGraph, operator: ModuleName) -> tuple[ModuleName, ...]:
    edges = graph.dependencies(operator, _OP)
    return tuple(sorted({edge.target for edge in edges if not edge.is_transit}))


def _namespace(operator: ModuleName) -> str:
    return operator.removeprefix(_PREFIX).partition(".")[0]


def _kind(graph: ModuleGraph, module: ModuleName) -> NodeKind | None:
    node = graph.node(module)
    return node.kind if node else None
