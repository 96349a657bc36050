"""``ModuleGraph``: the nodes and edges of one tree, and the questions one asks of them.

Answers are values by name, sorted, and carry their evidence (the line of each edge). A module that the graph does not know gives an
empty answer, never an error: ask ``module_of`` first when the difference matters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property, partial

from diffscope.graph.model import (
    IMPORT_LAYERS,
    Chain,
    ClassName,
    Edge,
    EdgeLayer,
    Importer,
    ModuleName,
    Node,
    NodeKind,
    ServingDistance,
    TestDistance,
)
from diffscope.graph.query.adjacency import (
    KnownParts,
    QueryCache,
    Search,
    decode_query_cache,
    encode_query_cache,
    path_to,
    search,
    update_links,
)
from diffscope.graph.query.outline_queries import ClassQueries, OperatorQueries
from diffscope.graph.query.serving import ServingPath
from diffscope.graph.query.view import RunOnImport, View
from diffscope.graph.resolve import Resolver, is_test_file
from diffscope.graph.tables import Tables, decode_tables, encode_tables
from diffscope.graph.word_index import TestWords
from diffscope.messages.model import message
from diffscope.source.model import Gap, RepoPath
from diffscope.source.profile import profile
from diffscope.syntax.model import Outline

OutlineReader = Callable[[RepoPath], Outline | None]
"""Returns the outline of a file of the tree; ``None`` where the repository does not have its bytes."""
TextReader = Callable[[RepoPath], bytes | None]
"""Returns the bytes of a file of the tree; ``None`` likewise."""
BasesReader = Callable[[RepoPath], frozenset[bytes] | None]
"""Returns what ``bases_in`` finds in a file of the tree; ``None`` likewise."""

_EAGER = frozenset({EdgeLayer.EAGER})
_EAGER_OR_TEST = frozenset({EdgeLayer.EAGER, EdgeLayer.TEST})
_ALL = frozenset(EdgeLayer)


class ModuleGraph:
    """The graph of one tree; made by derive.py, or from its bytes."""

    def __init__(self, tables: Tables, known: KnownParts = KnownParts()) -> None:  # noqa: B008 - an immutable tuple
        self.tables = tables
        self._known = known
        self._view = View(tables, known.links)
        self._outline_of: OutlineReader | None = None
        self._text_of: TextReader | None = None
        self._bases_of: BasesReader | None = None
        self._serving_path = ServingPath(())
        self._read_words: Callable[[], TestWords] | None = None

    @classmethod
    def from_bytes(cls, data: bytes) -> ModuleGraph:
        """Return the graph that ``to_bytes`` wrote. Raises ``InputError`` for anything else."""
        return cls(decode_tables(data))

    @classmethod
    def from_cache(cls, data: bytes, query_cache: bytes | None = None) -> ModuleGraph:
        """Return the graph of bytes that a checksum has found as ``to_bytes`` wrote them, with its query cache where that is kept.

        Raises:
            InputError: the bytes were written by another version.
        """
        tables = decode_tables(data, is_checked=True)
        known = decode_query_cache(query_cache, count=len(tables.names)) if query_cache else ()
        return cls(tables, KnownParts(*known))

    def to_bytes(self) -> bytes:
        """Return the graph as bytes, the same for the same tree whichever way the graph was made."""
        return encode_tables(self.tables)

    @property
    def has_query_cache(self) -> bool:
        """Whether the graph came with a complete query cache."""
        return None not in self._known

    def query_cache(self) -> bytes:
        """Return what ``from_cache`` takes beside the graph; it holds for the serving path that is attached."""
        return encode_query_cache(QueryCache(self.digest, self._view.links, self._served))

    def followed_by(self, tables: Tables, changed: Collection[int]) -> ModuleGraph:
        """Return the graph of the tables that come after these; ``changed`` nodes use others than before. Links are taken over."""
        old = self._known.links
        if old is None or (self.tables.names, self.tables.paths) != (tables.names, tables.paths):
            return ModuleGraph(tables)
        links = update_links(self.tables, old, tables, changed)
        served = self._known.served if links is old else None
        return ModuleGraph(tables, KnownParts(links=links, served=served))

    def attach(
        self,
        *,
        outline_of: OutlineReader | None = None,
        text_of: TextReader | None = None,
        bases_of: BasesReader | None = None,
        serving: ServingPath | None = None,
        test_words: Callable[[], TestWords] | None = None,
    ) -> ModuleGraph:
        """Return the same graph with what it does not hold itself; each is asked only when a query needs it.

        The query cache that the graph came with is taken to be that of the serving path. Class queries need outlines, and read fewer of them
        with ``bases_of``; serving distances need the serving path, ``tests_naming`` the words of tests.
        """
        graph = ModuleGraph(self.tables, self._known)
        graph._view = self._view
        graph._outline_of = outline_of or self._outline_of
        graph._text_of = text_of or self._text_of
        graph._bases_of = bases_of or self._bases_of
        graph._serving_path = serving or self._serving_path
        graph._read_words = test_words or self._read_words
        return graph

    def __len__(self) -> int:
        return len(self.tables.names)

    def __contains__(self, module: object) -> bool:
        return module in self._view.index

    @cached_property
    def digest(self) -> str:
        """Twenty hexadecimal digits that tell this graph from others: equal for equal graphs."""
        if self._known.digest:
            return self._known.digest
        return hashlib.blake2b(self.to_bytes(), digest_size=10).hexdigest()

    @property
    def modules(self) -> Sequence[ModuleName]:
        """The names of all nodes, sorted."""
        return self._view.named(range(len(self)))

    def nodes(self) -> Iterator[Node]:
        """Yield all nodes, sorted by name."""
        return map(self._view.node, range(len(self)))

    def node(self, module: ModuleName) -> Node | None:
        """Return a node by name."""
        index = self._view.index.get(module)
        return None if index is None else self._view.node(index)

    def module_of(self, path: RepoPath) -> ModuleName | None:
        """Return the node of a file; ``None`` when the tree has no such file, or it is no node."""
        index = self._view.paths.get(path)
        return None if index is None else self._view.name(index)

    def path_of(self, module: ModuleName) -> RepoPath | None:
        """Return the file of a node; ``None`` for an operator and for what the graph does not know."""
        node = self.node(module)
        return node.path if node else None

    def outline_of(self, module: ModuleName) -> Outline | None:
        """Return the outline of a module; ``None`` where it is not available."""
        return self._view.read(self._outline_of, module)

    def outline_at(self, path: RepoPath) -> Outline | None:
        """Return the outline of a Python file; ``None`` where it is not available."""
        return self._outline_of(path) if self._outline_of else None

    @property
    def environment(self) -> Outline | None:
        """The outline of the file that declares the variables of the environment."""
        declared = profile().environment
        return self.outline_at(RepoPath(declared.file)) if declared else None

    def text_at(self, path: RepoPath) -> bytes | None:
        """Return the bytes of a file; ``None`` where they are not available."""
        return self._text_of(path) if self._text_of else None

    def gaps(self) -> tuple[Gap, ...]:
        """Return what could not be read: files that do not parse (what does parse of them is there), bytes that are missing."""
        unparsed = (
            Gap(what="parse", message=message("gap.graph-file-unparsed", line=line), path=RepoPath(path))
            for path, line in self.tables.unparsed.items()
        )
        absent = (
            Gap(what="blob", message=message("gap.graph-file-missing"), path=RepoPath(path))
            for path in self.tables.absent
        )
        return (*unparsed, *absent)

    def dependencies(self, module: ModuleName, layers: Collection[EdgeLayer] = _ALL) -> tuple[Edge, ...]:
        """Return the edges to what a module uses, in the order of its lines."""
        source = self._view.index.get(module)
        return () if source is None else tuple(self._view.edges(source, layers))

    def rows(self) -> tuple[tuple[Edge, ModuleName | None], ...]:
        """Return the rows of registries of the product, and its lazy imports, each with the module that it leads to, if any."""
        return self._view.rows

    def dependents(
        self, module: ModuleName, layers: Collection[EdgeLayer] = IMPORT_LAYERS
    ) -> tuple[Edge, ...]:
        """Return the edges from what uses a module directly, by source and line.

        Edges from those that import a name which the module only passes on are among them (``is_transit``).
        """
        index = self._view.index.get(module)
        if index is None:
            return ()
        near = self._view.adjacency(layers)
        sources = sorted({*near.reverse[index], *near.reverse_transit[index]})
        edges = (edge for source in sources for edge in self._view.edges(source, layers))
        return tuple(edge for edge in edges if edge.target == module)

    def reach(
        self, module: ModuleName, depth: int | None = 2, layers: Collection[EdgeLayer] = _EAGER
    ) -> tuple[ModuleName, ...]:
        """Return the modules that use this one within ``depth`` steps (``None``: at any depth), itself left out."""
        return self._view.named(sorted(self._reached(module, depth, layers)))

    def tests_reaching(self, module: ModuleName, depth: int | None = 2) -> tuple[TestDistance, ...]:
        """Return the test files (``test_*.py``) that import a module, eagerly but for the first step, by steps and name."""
        steps = self._reached(module, depth, _EAGER_OR_TEST)
        found = (
            TestDistance(test=self._view.name(index), steps=count)
            for index, count in steps.items()
            if self._view.kind(index) is NodeKind.TEST and is_test_file(self.tables.paths[index])
        )
        return tuple(sorted(found, key=lambda each: (each.steps, each.test)))

    def tests_naming(self, word: str) -> tuple[RepoPath, ...] | None:
        """Return the test files that an identifier occurs in, sorted; ``None`` where the words of tests are not available."""
        words = self.test_words
        return None if words is None else words.naming(word)

    @cached_property
    def test_words(self) -> TestWords | None:
        """The identifiers of every test file; ``None`` where they are not available."""
        return self._read_words() if self._read_words else None

    def fan_in(self, module: ModuleName) -> dict[EdgeLayer, int]:
        """Return for each layer how many nodes use this one directly; layers that none uses are left out."""
        return {layer: len(users) for layer, users in self.users(module).items()}

    def users(self, module: ModuleName) -> dict[EdgeLayer, tuple[ModuleName, ...]]:
        """Return for each layer who uses a module directly, or a name that it passes on; layers that none uses are left out."""
        index = self._view.index.get(module)
        found = {} if index is None else self._view.users(index)
        return {layer: self._view.named(users) for layer, users in found.items()}

    def path(
        self, start: ModuleName, end: ModuleName, layers: Collection[EdgeLayer] = _EAGER
    ) -> Chain | None:
        """Return a shortest chain of edges from one module to another; ``None`` when there is none."""
        first, last = self._view.index.get(start), self._view.index.get(end)
        if first is None or last is None:
            return None
        found = search(self._view.adjacency(layers).forward, [first], goal=last)
        return self._view.chain(path_to(found, last), layers) if last in found.steps else None

    @cached_property
    def serving_modules(self) -> tuple[ModuleName, ...]:
        """The modules of the serving path, outermost first."""
        return self._view.named(self._view.paths[path] for path in self._serving_path.find(self._view.paths))

    def serving_distance(self, module: ModuleName) -> ServingDistance | None:
        """Return how few eager imports lead from the serving path to a module; ``None`` when none does.

        Importing a module runs the packages that it lies in: such a step is an edge of line 0. Of equally near modules of the serving path the outermost is the entry.
        """
        end = self._view.index.get(module)
        if end is None or end not in self._served.steps:
            return None
        chain = self._view.chain(path_to(self._served, end), _EAGER)
        return ServingDistance(steps=self._served.steps[end], entry=chain.source, chain=chain)

    def asked_for_by(self, path: RepoPath) -> str | None:
        """Return the variable without which the serving path does not go through a file: one that is off in this tree if nobody sets it."""
        variable = self._serving_path.variable_of(path)
        declared = self.environment.definitions if variable and self.environment else ()
        return variable if any(one.name == variable and one.value == "False" for one in declared) else None

    def importers_of_symbol(self, module: ModuleName, name: str) -> tuple[Importer, ...]:
        """Return who imports a name from a module, directly or through modules that pass it on, by module and line."""
        index = self._view.index.get(module)
        if index is None:
            return ()
        found = sorted(
            record
            for reference, records in self._view.imports_of(index).items()
            if self.resolver.imports(reference, index, name)
            for record in records
        )
        return tuple(dict.fromkeys(self._view.importer(record, index) for record in found))

    def modules_naming(
        self, module: ModuleName, name: str, layers: Collection[EdgeLayer]
    ) -> tuple[ModuleName, ...]:
        """Return the modules of the product that import a name from a module, or the module as a whole, sorted."""
        index = self._view.index.get(module)
        if index is None:
            return ()
        resolver = self.resolver
        found = {
            record.source
            for reference, records in self._view.imports_of(index).items()
            if resolver.imports(reference, index, name) or resolver.imports_whole(reference, index)
            for record in records
            if self._view.layer(record) in layers
        }
        return self._view.named(sorted(found))

    def definition_of(self, module: ModuleName, name: str) -> ClassName | None:
        """Return the module that defines a name which a module has, and the name there; ``None`` for a module that is not in the tree."""
        index = self._view.index.get(module)
        found = None if index is None else self.resolver.follow(index, name)
        return found and ClassName(module=self._view.name(found.module), name=found.name)

    def tests_of_native(self, module: ModuleName) -> tuple[RepoPath, ...]:
        """Return the test files that call an operator of a native source, then those that name it, then those that name a wrapper."""
        return self.operators.tests(module, self.tests_naming)

    @cached_property
    def operators(self) -> OperatorQueries:
        """The operators of native code: who implements, wraps and tests them, and for which devices."""
        return OperatorQueries(self._view, partial(self._view.read, self._outline_of))

    @cached_property
    def resolver(self) -> Resolver:
        """What names lead to in this tree."""
        return Resolver(self.tables, self._view.index)

    @cached_property
    def classes(self) -> ClassQueries:
        """The classes of the tree, above and below each other; none where outlines are not available."""
        outline_of = partial(self._view.read, self._outline_of)
        bases_of = partial(self._view.read, self._bases_of)
        return ClassQueries(self._view, self.resolver, outline_of, bases_of)

    @cached_property
    def _served(self) -> Search:
        if self._known.served:
            return self._known.served
        starts = [self._view.index[each] for each in self.serving_modules]
        return search(RunOnImport(self._view), starts)

    def _reached(
        self, module: ModuleName, depth: int | None, layers: Collection[EdgeLayer]
    ) -> dict[int, int]:
        index = self._view.index.get(module)
        if index is None:
            return {}
        near = self._view.adjacency(layers)
        steps = search(near.reverse, [index], first=near.reverse_transit, depth=depth).steps
        del steps[index]
        return steps
