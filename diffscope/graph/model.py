"""What the graph answers in: nodes, edges, chains, by name and never by index."""

from __future__ import annotations

from enum import Enum
from typing import NewType

from diffscope.source.model import RepoPath, Value
from diffscope.syntax.model import Parameter

ModuleName = NewType("ModuleName", str)
"""The name of a node: dotted for Python (``pool.engine.core``), the path for native sources and build files,
``torch.ops.<namespace>.<name>`` for an operator."""


class NodeKind(Enum):
    """What a node of the graph is."""

    MODULE = "module"
    PACKAGE = "package"
    """A Python module that is an ``__init__.py``."""
    TEST = "test"
    """A Python file under a tests folder at the root."""
    NATIVE = "native"
    """A file of ``csrc/``: C++, CUDA or HIP, headers included."""
    OPERATOR = "operator"
    """An operator of torch: ``torch.ops.<namespace>.<name>``. It has no path."""
    BUILD = "build"
    """A CMake file, or a script under ``csrc/`` that generates sources."""


class EdgeLayer(Enum):
    """How one node uses another."""

    EAGER = "eager"
    """Imported when the module is imported."""
    LAZY = "lazy"
    """Imported inside a function."""
    TYPING = "typing"
    """Imported under ``TYPE_CHECKING`` only."""
    REGISTRY = "registry"
    """Named by a row of a registry table."""
    STRING = "string"
    """Named by a qualified path in a string."""
    OP = "op"
    """Calls, binds or defines an operator."""
    INCLUDE = "include"
    """Included by a native source, called by one, or listed by a build file."""
    TEST = "test"
    """Imported or named by a test, at whatever time."""


IMPORT_LAYERS = frozenset({EdgeLayer.EAGER, EdgeLayer.LAZY, EdgeLayer.TYPING})
"""The layers that one Python module of the product imports another by."""


class Node(Value, frozen=True, kw_only=True):
    """One node; ``path`` is ``None`` for an operator."""

    name: ModuleName
    kind: NodeKind
    path: RepoPath | None


class Edge(Value, frozen=True, kw_only=True):
    """``source`` uses ``target``, on ``line`` of the source's file."""

    source: ModuleName
    target: ModuleName
    layer: EdgeLayer
    line: int
    guard: str | None = None
    """The condition around the import: ``current_platform.is_rocm()``."""
    detail: str | None = None
    """The imported name, the class named by a registry row, or what else stands after the module."""
    through: ModuleName | None = None
    """The module named by the import where that one only passes the name on (an ``__init__`` that re-exports it). Of the edge from an
    operator to the file that implements it: the file that binds it, where ``line`` is then counted."""
    is_transit: bool = False
    """The target only passes the name on; another edge of the same line leads to the module that defines it."""
    row: str | None = None
    """Of a registry edge: ``table:key``."""


class Chain(Value, frozen=True, kw_only=True):
    """Edges that follow one another, from ``source`` to ``target``; no edges when both are the same."""

    source: ModuleName
    target: ModuleName
    edges: tuple[Edge, ...]

    @property
    def modules(self) -> tuple[ModuleName, ...]:
        """The nodes passed, both ends included."""
        return (self.source, *(edge.target for edge in self.edges))


class ServingDistance(Value, frozen=True, kw_only=True):
    """How far a module is from the serving path: ``steps`` eager imports from ``entry``, along ``chain``."""

    steps: int
    entry: ModuleName
    chain: Chain


class TestDistance(Value, frozen=True, kw_only=True):
    """A test file that imports a module, over ``steps`` imports."""

    __test__ = False

    test: ModuleName
    steps: int


class Importer(Value, frozen=True, kw_only=True):
    """A module that imports a name, and where."""

    module: ModuleName
    line: int
    layer: EdgeLayer
    guard: str | None = None
    through: ModuleName | None = None
    """The module that it imports from, where that one only passes the name on."""


class Wrapper(Value, frozen=True, kw_only=True):
    """A Python function whose body names an operator."""

    module: ModuleName
    function: str
    """Qualified within its module."""
    line: int


class ClassName(Value, frozen=True, kw_only=True):
    """A class, by the module that defines it and its qualified name there."""

    module: ModuleName
    name: str


class Subclass(Value, frozen=True, kw_only=True):
    """A class below another one: directly (``depth`` 1) or further down."""

    module: ModuleName
    name: str
    line: int
    depth: int


class Override(Value, frozen=True, kw_only=True):
    """A method that overrides one of a class above."""

    module: ModuleName
    class_name: str
    line: int
    parameters: tuple[Parameter, ...]


class Cycle(Value, frozen=True, kw_only=True):
    """Modules that import one another in a ring, sorted, and the edges of one shortest ring among them."""

    modules: tuple[ModuleName, ...]
    ring: tuple[Edge, ...]


class SourceChange(Value, frozen=True, kw_only=True):
    """What changed in one source, as far as its tests could tell."""

    path: RepoPath
    """In the tree of the base; for a new file the path it gets."""
    lines: int
    """Lines added and removed."""
    symbols: tuple[str, ...] = ()
    """Qualified names of what changed."""
    words: tuple[str, ...] = ()
    """Identifiers on the changed lines of both sides."""
    gone: tuple[str, ...] = ()
    """Those of them that stand on removed lines, and on no added line of the whole change."""
    is_moved: bool = False
    """The file has another path afterwards, or none."""


class NearTest(Value, frozen=True, kw_only=True):
    """A test file near a change; ``score`` between 0 and 1, ``reasons`` weightiest first."""

    path: RepoPath
    score: float
    reasons: tuple[str, ...]


class LayerCount(Value, frozen=True, kw_only=True):
    """How many edges a layer has."""

    layer: EdgeLayer
    edges: int


class GraphStatistics(Value, frozen=True, kw_only=True):
    """Figures of a graph. ``reach_*``: modules within ``depth`` eager imports of a module, over all modules of the product."""

    nodes: dict[str, int]
    """Kind -> count."""
    layers: tuple[LayerCount, ...]
    depth: int
    reach_median: int
    reach_ninth: int
    """Nine modules in ten reach no more."""
    reach_most: int
    reach_quantiles: dict[str, int]
    """``25%`` and so on -> what that share of modules does not exceed."""
    cycles: int
    """Groups of modules that import one another in a ring, eagerly."""
    cycle_most: int
    serving: int
    """Modules that the serving path reaches."""
