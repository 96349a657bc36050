"""Names: paths of a tree -> nodes, relative imports -> absolute ones, references -> the node that defines what they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from diffscope.graph.model import EdgeLayer, ModuleName, NodeKind
from diffscope.graph.tables import LAYER_CODES, Record, Reference, ReferenceKind, Tables
from diffscope.source.model import RepoPath
from diffscope.source.profile import places

_BUILD_ROOTS: Final = frozenset({"CMakeLists.txt", "cmake", "pyproject.toml"})


def node_name(path: RepoPath) -> ModuleName | None:
    """Return the name of a file's node; ``None`` for a file that is none (data, docs, Python outside of packages and tests).

    Every file of a native folder is one, the generators and templates among the sources too: what they make is compiled.
    """
    here = places()
    if path.startswith(here.python):
        return ModuleName(here.module(path)) if path.endswith(".py") else None
    return ModuleName(path) if is_native(path) else None


def node_kind(path: RepoPath) -> NodeKind:
    """Return what the node of such a path is."""
    if is_native(path):
        return NodeKind.BUILD if is_build_file(path) else NodeKind.NATIVE
    if places().is_test(path):
        return NodeKind.TEST
    return NodeKind.PACKAGE if path.endswith("/__init__.py") else NodeKind.MODULE


SOURCES: Final = (".c", ".cc", ".cpp", ".cu", ".hip")
"""Endings of the native files that are compiled by themselves."""


def is_native(path: str) -> bool:
    """Say whether the file is a native source or a build file."""
    return path.startswith(places().native) or (
        path.split("/", maxsplit=1)[0] in _BUILD_ROOTS and is_build_file(path)
    )


def is_build_file(path: str) -> bool:
    """Say whether the file is a CMake file, a generator of sources, or the project's declaration."""
    name = path.rpartition("/")[2]
    is_generator = path.startswith(places().native) and name.endswith(".py")
    return name in ("CMakeLists.txt", "pyproject.toml") or name.endswith(".cmake") or is_generator


@lru_cache(maxsize=1 << 14)  # asked of every test of every tree
def is_test_file(path: str) -> bool:
    """Say whether pytest would collect the file by its name."""
    name = path.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def name_nodes(paths: Iterable[RepoPath]) -> dict[str, RepoPath]:
    """Return name -> path, sorted by name. Of ``a.py`` and ``a/__init__.py`` Python imports the package, so does this."""
    named: dict[str, RepoPath] = {}
    for path in sorted(paths):
        name = node_name(path)
        if name is not None and not (name in named and named[name].endswith("/__init__.py")):
            named[name] = path
    return dict(sorted(named.items()))


def absolute_module(module: str, level: int, *, importer: str, is_package: bool) -> str | None:
    """Return the absolute name of ``from <level dots><module> import``; ``None`` when it climbs above the root."""
    if level == 0:
        return module
    parts = importer.split(".")
    keep = len(parts) - level + (1 if is_package else 0)
    if keep <= 0:
        return None
    base = ".".join(parts[:keep])
    return f"{base}.{module}" if module else base


_MAX_HOPS: Final = 16
"""Re-exports of re-exports: more than a tree has, few enough for a ring of modules that pass a name round."""
_EAGER: Final = LAYER_CODES[EdgeLayer.EAGER]


class Resolution(NamedTuple):
    """Nodes by index; ``-1`` for none."""

    target: int = -1
    final: int = -1
    """Behind a target that only passes the name on: the module that defines it. Alone: the operator that is implemented."""


class Definition(NamedTuple):
    """A name in the module (a node by index) that defines it."""

    module: int
    name: str


_NOTHING: Final = Resolution()


class Resolver:
    """Resolves against one tree.

    Answers depend on the names of all nodes, on the names that imports bind in modules, and on what modules hand out to ``import *``;
    taint.py relies on that. ``index`` maps names of nodes to numbers.
    """

    def __init__(self, tables: Tables, index: Mapping[str, int]) -> None:
        self._tables = tables
        self._nodes = index
        self._stars = {module: frozenset(names) for module, names in tables.stars.items()}
        self._extensions = read_extensions(tables)
        self._bindings: dict[int, dict[str, Reference]] = {}
        self._star_sources: dict[int, list[str]] = {}

    def read(self, number: int) -> Reference:
        """Return a reference of the tables as texts."""
        return read_reference(self._tables, number)

    def resolve(self, number: int) -> Resolution:
        """Return where a reference of the tables leads."""
        kind, head, tail = read_reference(self._tables, number)
        if kind in (ReferenceKind.IMPORT, ReferenceKind.ROW):
            return self._resolve_import(head, tail)
        if kind == ReferenceKind.DOTTED:
            return self._resolve_dotted(head)
        if kind == ReferenceKind.OPERATOR:
            return Resolution(self._nodes.get(f"torch.ops.{head}.{tail}", -1))
        if kind in (ReferenceKind.PROVIDES, ReferenceKind.DECLARES):
            return Resolution(final=self._nodes.get(f"torch.ops.{head}.{tail}", -1))
        return Resolution(self._nodes.get(tail if kind == ReferenceKind.EXTENSION else head, -1))

    def lookup(self, module: int, dotted: str) -> Definition:
        """Return what a dotted name means at the top of a module, and where that is defined."""
        first, _, rest = dotted.partition(".")
        binding = self._binding(module, first)
        if binding is None:
            return Definition(module, dotted)
        named = self._nodes.get(f"{binding.head}.{binding.tail}" if binding.tail else binding.head, -1)
        if named >= 0:
            head, _, tail = rest.partition(".")
            found = self.follow(named, head)
            return Definition(found.module, f"{found.name}.{tail}" if tail else found.name)
        target = self._nodes.get(binding.head, -1)
        if target < 0:
            return Definition(module, dotted)
        found = self.follow(target, binding.tail)
        return Definition(found.module, f"{found.name}.{rest}" if rest else found.name)

    def follow(self, module: int, name: str) -> Definition:
        """Return where a name of a module is defined: in the module itself when it does not come from another one of the tree.

        For a name that is a module the name in the answer is empty.
        """
        start = Definition(module, name)
        for _ in range(_MAX_HOPS):
            binding = self._binding(module, name)
            if binding is None:
                return Definition(module, name)
            submodule = self._nodes.get(
                f"{binding.head}.{binding.tail}" if binding.tail else binding.head, -1
            )
            if submodule >= 0:
                return Definition(submodule, "")
            target = self._nodes.get(binding.head, -1)
            if target < 0:
                return Definition(module, name)
            module, name = target, binding.tail
        # Modules that pass a name round in a ring: it is where it was asked for, if anywhere.
        return start

    def imports(self, number: int, module: int, name: str) -> bool:
        """Say whether a reference imports a name from a module, by itself or through modules that pass it on."""
        tables = self._tables
        kind, head, tail = read_reference(tables, number)
        target = tables.reference_target[number]
        if kind != ReferenceKind.IMPORT or not tail or tables.names[target] != head:
            return False
        return (target == module and tail == name) or self.follow(target, tail) == (module, name)

    def imports_whole(self, number: int, module: int) -> bool:
        """Say whether a reference imports a module itself, so that its names are reached by attribute."""
        kind, head, tail = read_reference(self._tables, number)
        whole = f"{head}.{tail}" if tail else head
        return kind == ReferenceKind.IMPORT and whole == self._tables.names[module]

    def _resolve_import(self, module: str, name: str) -> Resolution:
        target = self._module(module)
        if not name or name == "*":
            return Resolution(target)
        submodule = self._module(f"{module}.{name}")
        if submodule >= 0:
            return Resolution(submodule)
        return _NOTHING if target < 0 else self._through(target, name)

    def _module(self, name: str) -> int:
        return self._nodes.get(self._extensions.get(name, name), -1)

    def _resolve_dotted(self, text: str) -> Resolution:
        """Find the longest module at the start of the path, and follow the name behind it."""
        head = text
        while head and head not in self._nodes:
            head = head.rpartition(".")[0]
        if not head:
            return _NOTHING
        target = self._nodes[head]
        if head == text:
            return Resolution(target)
        name = text[len(head) + 1 :].partition(".")[0]
        # ``pool.something`` is a path only when the root package has such a name; else it is a metric, a logger, prose.
        if "." not in head and self._binding(target, name) is None:
            return _NOTHING
        return self._through(target, name)

    def _through(self, target: int, name: str) -> Resolution:
        final = self.follow(target, name).module
        return Resolution(target, -1 if final == target else final)

    def _binding(self, module: int, name: str) -> Reference | None:
        bindings = self._bindings.get(module)
        if bindings is None:
            # Read the names that imports bind in a module; what runs wins over what is there for type checkers.
            eager: dict[str, Reference] = {}
            typing: dict[str, Reference] = {}
            stars: list[str] = []
            for record in read_records(self._tables, module):
                if record.reference.kind != ReferenceKind.IMPORT:
                    continue
                if record.bound:
                    (eager if record.layer == _EAGER else typing)[record.bound] = record.reference
                elif record.layer == _EAGER and record.reference.tail == "*":
                    stars.append(record.reference.head)
            self._star_sources[module] = stars
            self._bindings[module] = typing | eager
            bindings = self._bindings[module]
        found = bindings.get(name)
        if found is not None:
            return found
        for source in reversed(self._star_sources[module]):
            if name in self._stars.get(source, ()):
                return Reference(ReferenceKind.IMPORT, source, name)
        return None


def read_extensions(tables: Tables) -> dict[str, str]:
    """Return extension module -> path of the source that its import leads to."""
    first = tables.reference_kind.find(ReferenceKind.EXTENSION)
    last = tables.reference_kind.rfind(ReferenceKind.EXTENSION)
    pairs = (read_reference(tables, number) for number in range(first, last + 1) if first >= 0)
    return {pair.head: pair.tail for pair in pairs}


def read_reference(tables: Tables, number: int) -> Reference:
    """Return a reference as texts."""
    strings = tables.strings
    head, tail = tables.reference_head[number], tables.reference_tail[number]
    return Reference(tables.reference_kind[number], strings[head], strings[tail])


def read_records(tables: Tables, node: int) -> list[Record]:
    """Return the records of one node as texts."""
    strings = tables.strings
    return [
        Record(
            tables.record_line[at],
            tables.record_layer[at],
            read_reference(tables, tables.record_reference[at]),
            strings[tables.record_guard[at]],
            strings[tables.record_bound[at]],
        )
        for at in range(tables.start[node], tables.start[node + 1])
    ]
