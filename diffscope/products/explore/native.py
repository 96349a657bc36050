"""What a native source or operator is used by in Python: operators, wrappers, callers, tests, devices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

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
