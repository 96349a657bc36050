"""What native sources and operators are used by in Python: operators, wrappers, callers, tests, devices.

``report_operators`` tells of all operators of a graph: their implementations and callers, and the reason where there is none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from diffscope.graph.model import IMPORT_LAYERS, Edge, EdgeLayer, ModuleName, NodeKind, Wrapper
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import RepoPath, Value

SourceReader = Callable[[RepoPath], bytes | None]
"""Returns the bytes of a file of the tree; ``None`` where they are not available."""

_OP = frozenset({EdgeLayer.OP})
_INCLUDE = frozenset({EdgeLayer.INCLUDE})
_PYTHON = (NodeKind.MODULE, NodeKind.PACKAGE)


class Implementation(Value, frozen=True, kw_only=True):
    """A file that implements an operator; ``binder`` binds it on ``line``, under ``guard`` (the device, conditions)."""

    operator: ModuleName
    module: ModuleName
    binder: ModuleName
    line: int
    guard: str | None


class Caller(Value, frozen=True, kw_only=True):
    """A module of the product that names an operator itself (``line``), or the function that wraps it (``line`` of the first mention)."""

    module: ModuleName
    line: int
    names: tuple[str, ...]
    """The operators and wrappers that it names, sorted."""


class NativeReport(Value, frozen=True, kw_only=True):
    """All of it, sorted; ``tests`` nearest first."""

    module: ModuleName
    devices: tuple[str, ...]
    implementations: tuple[Implementation, ...]
    """Of an operator, or of all operators that a source has a part in, nearest first."""
    wrappers: tuple[Wrapper, ...]
    callers: tuple[Caller, ...]
    includes: tuple[Edge, ...]
    included_by: tuple[Edge, ...]
    tests: tuple[RepoPath, ...]


def report_native(graph: ModuleGraph, module: ModuleName, read: SourceReader) -> NativeReport:
    """Return what there is to say of a native source, a build file or an operator.

    ``read`` is asked for the sources of modules that import a wrapper's module, for the graph does not hold what they call.
    """
    operators = graph.operators.of(module)
    wrappers = tuple(
        dict.fromkeys(each for operator in operators for each in graph.operators.wrappers(operator))
    )
    found = tuple(each for operator in operators for each in _implementations(graph, operator))
    own = graph.operators.devices(module)
    return NativeReport(
        module=module,
        # An operator is built for what its implementations are built for.
        devices=own
        or tuple(sorted({device for each in found for device in graph.operators.devices(each.module)})),
        implementations=found,
        wrappers=wrappers,
        callers=_callers(graph, operators, wrappers, read),
        includes=graph.dependencies(module, _INCLUDE),
        included_by=graph.dependents(module, _INCLUDE),
        tests=graph.tests_of_native(module),
    )


def _implementations(graph: ModuleGraph, operator: ModuleName) -> Iterable[Implementation]:
    for edge in graph.dependencies(operator, _OP):
        if not edge.is_transit:
            yield Implementation(
                operator=operator,
                module=edge.target,
                binder=edge.through or edge.target,
                line=edge.line,
                guard=edge.guard,
            )


def _callers(
    graph: ModuleGraph, operators: Iterable[ModuleName], wrappers: Iterable[Wrapper], read: SourceReader
) -> tuple[Caller, ...]:
    found: dict[ModuleName, dict[str, int]] = {}
    for operator in operators:
        for edge in graph.dependents(operator, _OP):
            if _is_python(graph, edge.source):
                _note(found, edge.source, operator, edge.line)
    for module, functions in _by_module(wrappers).items():
        for user, function, line in _uses(graph, module, functions, read):
            _note(found, user, f"{module}.{function}", line)
    return tuple(
        Caller(module=module, line=min(names.values()), names=tuple(sorted(names)))
        for module, names in sorted(found.items())
    )


def _by_module(wrappers: Iterable[Wrapper]) -> dict[ModuleName, set[str]]:
    """Return the functions by module; methods are reached through their objects, which nothing here follows."""
    found: dict[ModuleName, set[str]] = {}
    for wrapper in wrappers:
        if "." not in wrapper.function:
            found.setdefault(wrapper.module, set()).add(wrapper.function)
    return dict(sorted(found.items()))


def _uses(
    graph: ModuleGraph, module: ModuleName, functions: Iterable[str], read: SourceReader
) -> Iterator[tuple[ModuleName, str, int]]:
    """Yield the modules that import a function, or name it as an attribute of its module, with the line."""
    for function in sorted(functions):
        for importer in graph.importers_of_symbol(module, function):
            if importer.module != module and _is_python(graph, importer.module):
                yield importer.module, function, importer.line
    for user in _importers(graph, module):
        path = graph.path_of(user)
        for function, line in _mentions((read(path) if path else None) or b"", module, functions):
            yield user, function, line


def _importers(graph: ModuleGraph, module: ModuleName) -> list[ModuleName]:
    importers = {edge.source for edge in graph.dependents(module, IMPORT_LAYERS)}
    return sorted(each for each in importers if each != module and _is_python(graph, each))


def _mentions(source: bytes, module: ModuleName, functions: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the functions that a source names as an attribute of their module, whatever it calls that, and the line of the first mention."""
    last = module.rpartition(".")[2].encode()
    aliases = {last, *re.findall(rb"\b" + last + rb"\s+as\s+(\w+)", source)}
    named = b"|".join(map(re.escape, sorted(aliases)))
    wanted = b"|".join(re.escape(function.encode()) for function in sorted(functions))
    seen = set()
    for match in re.finditer(rb"\b(?:" + named + rb")\.(" + wanted + rb")\b", source):
        if match[1] not in seen:
            seen.add(match[1])
            yield match[1].decode(), source.count(b"\n", 0, match.start()) + 1


def _note(found: dict[ModuleName, dict[str, int]], module: ModuleName, name: str, line: int) -> None:
    names = found.setdefault(module, {})
    names[name] = min(line, names.get(name, line))


def _is_python(graph: ModuleGraph, module: ModuleName) -> bool:
    node = graph.node(module)
    return node is not None and node.kind in _PYTHON


_USE = frozenset({EdgeLayer.OP, EdgeLayer.TEST})
_PREFIX = "torch.ops."


class Binding(Enum):
    """The implementation of an operator."""

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
