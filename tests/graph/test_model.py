"""What one asks of a graph, and the evidence that comes with the answer."""

from __future__ import annotations

import pytest

from diffscope.graph.model import EdgeLayer, Importer, NodeKind
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import RepoPath
from tests.graph_builders import ALL, graph

EAGER, LAZY, TEST = EdgeLayer.EAGER, EdgeLayer.LAZY, EdgeLayer.TEST

TREE = {
    "vllm/__init__.py": "",
    "vllm/entry.py": "from vllm.core import Core\n",
    "vllm/core.py": "from vllm.config import CacheConfig\nclass Core: ...\n",
    "vllm/config/__init__.py": "from vllm.config.cache import CacheConfig\nfrom vllm.config.model import ModelConfig\n",
    "vllm/config/cache.py": "class CacheConfig: ...\n",
    "vllm/config/model.py": "class ModelConfig: ...\n",
    "vllm/models.py": "from vllm.config import ModelConfig\n",
    "vllm/late.py": "def f():\n    from vllm.core import Core\n",
    "vllm/alone.py": "",
    "tests/test_core.py": "from vllm.core import Core\n",
    "tests/test_entry.py": "import vllm.entry\n",
    "tests/utils.py": "from vllm.core import Core\n",
}


@pytest.fixture(scope="module")
def found() -> ModuleGraph:
    return graph(TREE, serving=("vllm/entry.py", "vllm/core.py", "vllm/gone.py"))


def test_nodes_have_names_paths_and_kinds(found: ModuleGraph) -> None:
    assert found.module_of(RepoPath("vllm/config/__init__.py")) == "vllm.config"
    assert found.path_of("vllm.config") == "vllm/config/__init__.py"
    kinds = {node.name: node.kind for node in found.nodes()}
    assert kinds["vllm.config"] is NodeKind.PACKAGE
    assert kinds["vllm.core"] is NodeKind.MODULE
    assert kinds["tests.utils"] is NodeKind.TEST


def test_what_the_graph_does_not_know_gives_empty_answers(found: ModuleGraph) -> None:
    assert found.module_of(RepoPath("vllm/gone.py")) is None
    assert found.path_of("vllm.gone") is None
    assert found.node("vllm.gone") is None
    assert found.reach("vllm.gone") == found.dependents("vllm.gone") == found.dependencies("vllm.gone") == ()
    assert found.path("vllm.gone", "vllm.core") is found.path("vllm.core", "vllm.gone") is None
    assert found.serving_distance("vllm.gone") is None
    assert found.importers_of_symbol("vllm.gone", "x") == found.classes.subclasses("vllm.gone", "X") == ()


def test_dependents_are_edges_from_direct_users(found: ModuleGraph) -> None:
    """An importer of a re-exported name is a user of the module that defines it."""
    edges = found.dependents("vllm.config.cache")
    assert [(edge.source, edge.line, edge.through) for edge in edges] == [
        ("vllm.config", 1, None),
        ("vllm.core", 1, "vllm.config"),
    ]
    assert [edge.source for edge in found.dependents("vllm.core", {LAZY})] == ["vllm.late"]
    assert [edge.source for edge in found.dependents("vllm.core", ALL)] == [
        "tests.test_core",
        "tests.utils",
        "vllm.entry",
        "vllm.late",
    ]


REACH = [
    pytest.param("vllm.config.cache", 1, {EAGER}, ("vllm.config", "vllm.core"), id="one step is the direct users"),
    pytest.param(
        "vllm.config.cache",
        2,
        {EAGER},
        ("vllm.config", "vllm.core", "vllm.entry"),
        id="importers of other names of a package are not reached through it",
    ),
    pytest.param("vllm.config", 1, {EAGER}, ("vllm.core", "vllm.models"), id="a package that only re-exports is used by its importers"),
    pytest.param("vllm.core", None, {EAGER, LAZY}, ("vllm.entry", "vllm.late"), id="layers are as asked"),
    pytest.param("vllm.alone", None, ALL, (), id="nobody uses it"),
    pytest.param("vllm.core", 2, {EAGER, TEST}, ("tests.test_core", "tests.test_entry", "tests.utils", "vllm.entry"), id="tests are a layer"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "depth", "layers", "expected"), REACH)
def test_reach(
    found: ModuleGraph, module: str, depth: int | None, layers: set[EdgeLayer], expected: tuple[str, ...]
) -> None:
    assert found.reach(module, depth, layers) == expected


def test_tests_reaching_names_test_files_by_steps(found: ModuleGraph) -> None:
    """A helper that is no test file does not count."""
    assert [(each.test, each.steps) for each in found.tests_reaching("vllm.core")] == [
        ("tests.test_core", 1),
        ("tests.test_entry", 2),
    ]


def test_a_path_is_a_chain_of_lines(found: ModuleGraph) -> None:
    chain = found.path("vllm.entry", "vllm.config.cache")
    assert chain is not None
    assert chain.modules == ("vllm.entry", "vllm.core", "vllm.config.cache")
    assert [(edge.line, edge.detail) for edge in chain.edges] == [(1, "Core"), (1, "CacheConfig")]
    assert found.path("vllm.config.cache", "vllm.entry") is None
    same = found.path("vllm.core", "vllm.core")
    assert same is not None
    assert same.edges == ()


def test_serving_distance_counts_from_the_nearest_step(found: ModuleGraph) -> None:
    near = found.serving_distance("vllm.config.cache")
    assert near is not None
    assert (near.steps, near.entry, near.chain.modules) == (
        1,
        "vllm.core",
        ("vllm.core", "vllm.config.cache"),
    )
    own = found.serving_distance("vllm.core")
    assert own is not None
    assert (own.steps, own.entry, own.chain.edges) == (0, "vllm.core", ())
    assert found.serving_distance("vllm.alone") is None
    assert found.serving_modules == ("vllm.entry", "vllm.core")


def test_a_package_runs_before_its_modules_and_so_does_what_it_imports() -> None:
    found = graph(
        {
            "vllm/__init__.py": "import vllm.early\n",
            "vllm/early.py": "",
            "vllm/p/__init__.py": "",
            "vllm/p/run.py": "",
        },
        serving=("vllm/p/run.py",),
    )
    near = {name: found.serving_distance(name) for name in ("vllm.p", "vllm", "vllm.early")}
    assert {name: each and (each.steps, each.chain.modules[-2]) for name, each in near.items()} == {
        "vllm.p": (1, "vllm.p.run"),
        "vllm": (2, "vllm.p"),
        "vllm.early": (3, "vllm"),
    }
    assert near["vllm"] is not None
    assert [edge.line for edge in near["vllm"].chain.edges] == [0, 0]


def test_of_equally_near_steps_the_outermost_is_the_entry() -> None:
    files = {"vllm/a.py": "import vllm.x\n", "vllm/b.py": "import vllm.x\n", "vllm/x.py": ""}
    near = graph(files, serving=("vllm/b.py", "vllm/a.py")).serving_distance("vllm.x")
    assert near is not None
    assert near.entry == "vllm.b"


def test_fan_in_counts_users_by_layer(found: ModuleGraph) -> None:
    assert found.fan_in("vllm.core") == {EAGER: 1, LAZY: 1, TEST: 2}


IMPORTERS = {
    "vllm/p/__init__.py": "from .b import B as C\n",
    "vllm/p/b.py": "class B: ...\nclass D: ...\n",
    "vllm/one.py": "from vllm.p.b import B\n",
    "vllm/two.py": "from vllm.p import C\nfrom vllm.p.b import D\n",
    "vllm/three.py": "from vllm.two import C\n",
    "vllm/four.py": "if x:\n    from vllm.p.b import B as E\n",
    "tests/test_b.py": "from vllm.p import C\n",
}


def test_importers_of_a_symbol_are_found_under_whatever_name() -> None:
    found = graph(IMPORTERS)
    assert found.importers_of_symbol("vllm.p.b", "B") == (
        Importer(module="tests.test_b", line=1, layer=TEST, through="vllm.p"),
        Importer(module="vllm.four", line=2, layer=EAGER, guard="x"),
        Importer(module="vllm.one", line=1, layer=EAGER),
        Importer(module="vllm.p", line=1, layer=EAGER),
        Importer(module="vllm.three", line=1, layer=EAGER, through="vllm.two"),
        Importer(module="vllm.two", line=1, layer=EAGER, through="vllm.p"),
    )
    assert [each.module for each in found.importers_of_symbol("vllm.p.b", "D")] == ["vllm.two"]
    assert [each.module for each in found.importers_of_symbol("vllm.p", "C")] == ["tests.test_b", "vllm.two"]


CLASSES = {
    "vllm/base.py": "class Base:\n    def run(self, a): ...\nclass Own(Base):\n    def run(self, a): ...\n",
    "vllm/p/__init__.py": "from vllm.base import Base\n",
    "vllm/one.py": "from vllm.p import Base as B\nclass One(B[int], Mixin):\n    def run(self, a, b=1): ...\n",
    "vllm/two.py": "import vllm.base as base\nclass Two(base.Base):\n    class In(base.Base): ...\n",
    "vllm/three.py": "from vllm.one import One\nclass Three(One):\n    async def run(self): ...\n    def walk(self): ...\n",
    "vllm/other.py": "class Base: ...\nclass Four(Base): ...\n",
    "tests/test_x.py": "from vllm.base import Base\nclass Fake(Base): ...\n",
}


def test_subclasses_are_found_through_re_exports_aliases_and_modules() -> None:
    """A class of the same name elsewhere is another class."""
    assert [
        (each.module, each.name, each.depth)
        for each in graph(CLASSES).classes.subclasses("vllm.base", "Base")
    ] == [
        ("tests.test_x", "Fake", 1),
        ("vllm.base", "Own", 1),
        ("vllm.one", "One", 1),
        ("vllm.two", "Two", 1),
        ("vllm.two", "Two.In", 1),
        ("vllm.three", "Three", 2),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("class X(\n    Base,  # (a):\n    M\n):\n    ...\n", ["X"], id="over several lines"),
        pytest.param(
            "class Y: ...\nclass X(M, Base): pass\n", ["X"], id="on one line, after one without bases"
        ),
        pytest.param("class \\\n X \\\n (Base) \\\n :\n  ...\n", ["X"], id="continued"),
        pytest.param("class X[T: (int, str)](Base[T], metaclass=M):\r\n  ...\r\n", ["X"], id="generic"),
        pytest.param(
            "class X(Root):\n  ...\nfrom vllm.base import (\n Base\n  as Root)\n", ["X"], id="alias"
        ),
        pytest.param("def f(x: Base):\n  class X(M):\n    y = Base\n", [], id="used and no base"),
    ],
)
def test_subclasses_are_found_however_the_bases_are_written(source: str, expected: list[str]) -> None:
    files = {"vllm/base.py": "class Base: ...\n", "vllm/x.py": f"from vllm.base import Base\n{source}"}
    found = graph(files).classes.subclasses("vllm.base", "Base")
    assert [each.name for each in found] == expected


def test_overrides_carry_their_parameters() -> None:
    overrides = graph(CLASSES).classes.overrides("vllm.base", "Base", "run")
    assert [
        (each.module, each.class_name, each.line, [one.name for one in each.parameters]) for each in overrides
    ] == [
        ("vllm.base", "Own", 4, ["self", "a"]),
        ("vllm.one", "One", 3, ["self", "a", "b"]),
        ("vllm.three", "Three", 3, ["self"]),
    ]


def test_superclasses_lead_up_to_the_root() -> None:
    found = graph(CLASSES)
    assert [(each.module, each.name) for each in found.classes.superclasses("vllm.three", "Three")] == [
        ("vllm.one", "One"),
        ("vllm.base", "Base"),
    ]
    assert found.classes.superclasses("vllm.base", "Base") == ()


def test_classes_that_inherit_in_a_ring_end() -> None:
    files = {
        "vllm/a.py": "from vllm.b import B\nclass A(B): ...\n",
        "vllm/b.py": "from vllm.a import A\nclass B(A): ...\n",
    }
    found = graph(files)
    assert [each.name for each in found.classes.subclasses("vllm.a", "A")] == ["B"]
    assert [each.name for each in found.classes.superclasses("vllm.a", "A")] == ["B"]


def test_without_outlines_and_words_there_are_no_classes_and_no_count() -> None:
    found = ModuleGraph.from_bytes(graph(CLASSES).to_bytes())
    assert found.classes.subclasses("vllm.base", "Base") == ()
    assert found.tests_naming("Base") is None
