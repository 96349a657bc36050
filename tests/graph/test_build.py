"""Outlines of a tree become edges, whichever way the graph is made."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffscope.errors import InputError
from diffscope.graph.derive import build_graph
from diffscope.graph.query.graph import ModuleGraph
from diffscope.messages.model import message
from diffscope.source.model import Gap, RepoPath
from tests.examples import examples
from tests.graph_builders import derived, edges, graph, outlines

EDGE_CASES = [
    pytest.param(
        {"vllm/a.py": "import vllm.b\n", "vllm/b.py": ""},
        ["vllm.a -> vllm.b eager:1"],
        id="import of a module is eager",
    ),
    pytest.param(
        {"vllm/a.py": "\ndef f():\n    from vllm import b\n", "vllm/b.py": ""},
        ["vllm.a -> vllm.b lazy:2"],
        id="import in a function is lazy",
    ),
    pytest.param(
        {
            "vllm/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from vllm.b import B\n",
            "vllm/b.py": "class B: ...\n",
        },
        ["vllm.a -> vllm.b typing:3"],
        id="import for type checkers is typing",
    ),
    pytest.param(
        {
            "vllm/p/a.py": "from . import b\nfrom .b import x\nfrom .. import c\n",
            "vllm/p/b.py": "x = 1\n",
            "vllm/c.py": "",
        },
        ["vllm.p.a -> vllm.p.b eager:1", "vllm.p.a -> vllm.p.b eager:2", "vllm.p.a -> vllm.c eager:3"],
        id="relative imports count from the file's package",
    ),
    pytest.param(
        {"vllm/p/__init__.py": "from . import b\n", "vllm/p/b.py": ""},
        ["vllm.p -> vllm.p.b eager:1"],
        id="in a package one dot is the package itself",
    ),
    pytest.param(
        {"vllm/a.py": "from .... import b\nfrom ...x import y\n", "vllm/b.py": ""},
        [],
        id="climbing above the root names nothing",
    ),
    pytest.param(
        {"vllm/a.py": "import vllm.ns.b\nfrom vllm.ns import b\n", "vllm/ns/b.py": ""},
        ["vllm.a -> vllm.ns.b eager:1", "vllm.a -> vllm.ns.b eager:2"],
        id="a folder without __init__ is passed through",
    ),
    pytest.param(
        {"vllm/a.py": "import vllm._C\nimport torch\nfrom vllm.gone import x\n"},
        [],
        id="what is not in the tree has no edge",
    ),
    pytest.param(
        {
            "vllm/a.py": "from vllm.p import B\n",
            "vllm/p/__init__.py": "from vllm.p.b import B\n",
            "vllm/p/b.py": "class B: ...\n",
        },
        [
            "vllm.a -> vllm.p eager:1 transit",
            "vllm.a -> vllm.p.b eager:1 via vllm.p",
            "vllm.p -> vllm.p.b eager:1",
        ],
        id="a re-exported name is followed to the module that defines it",
    ),
    pytest.param(
        {
            "vllm/a.py": "from vllm.p import C\n",
            "vllm/p/__init__.py": "from vllm.p.q import B as C\n",
            "vllm/p/q/__init__.py": "from .b import B\n",
            "vllm/p/q/b.py": "class B: ...\n",
        },
        [
            "vllm.a -> vllm.p eager:1 transit",
            "vllm.a -> vllm.p.q.b eager:1 via vllm.p",
            "vllm.p -> vllm.p.q eager:1 transit",
            "vllm.p -> vllm.p.q.b eager:1 via vllm.p.q",
            "vllm.p.q -> vllm.p.q.b eager:1",
        ],
        id="a chain of re-exports under other names is followed to its end",
    ),
    pytest.param(
        {
            "vllm/a.py": "from vllm.p import B\n",
            "vllm/p/__init__.py": "from vllm.p.b import B\nclass B: ...\n",
            "vllm/p/b.py": "class B: ...\n",
        },
        ["vllm.a -> vllm.p eager:1", "vllm.p -> vllm.p.b eager:1"],
        id="a name that the package defines itself stays there",
    ),
    pytest.param(
        {
            "vllm/a.py": "from vllm.p import B, _c\n",
            "vllm/p/__init__.py": "from .b import *\n",
            "vllm/p/b.py": "class B: ...\n_c = 1\n",
        },
        [
            "vllm.a -> vllm.p eager:1 transit",
            "vllm.a -> vllm.p.b eager:1 via vllm.p",
            "vllm.a -> vllm.p eager:1",
            "vllm.p -> vllm.p.b eager:1",
        ],
        id="import star hands on public names only",
    ),
    pytest.param(
        {
            "vllm/a.py": "from vllm.p import B, C\n",
            "vllm/p/__init__.py": "from .b import *\n",
            "vllm/p/b.py": "__all__ = ['C']\nB = C = 1\n",
        },
        [
            "vllm.a -> vllm.p eager:1",
            "vllm.a -> vllm.p eager:1 transit",
            "vllm.a -> vllm.p.b eager:1 via vllm.p",
            "vllm.p -> vllm.p.b eager:1",
        ],
        id="import star hands on what __all__ names",
    ),
    pytest.param(
        {
            "vllm/a.py": "from vllm import LLM\n",
            "vllm/__init__.py": """
                import typing
                if typing.TYPE_CHECKING:
                    from vllm.llm import LLM
                def __getattr__(name): ...
                """,
            "vllm/llm.py": "class LLM: ...\n",
        },
        [
            "vllm -> vllm.llm typing:3",
            "vllm.a -> vllm eager:1 transit",
            "vllm.a -> vllm.llm eager:1 via vllm",
        ],
        id="a name handed out by a module's __getattr__ is followed by its typing import",
    ),
    pytest.param(
        {"vllm/a.py": "from vllm.b import x\n", "vllm/b.py": "from vllm.a import x\n"},
        ["vllm.a -> vllm.b eager:1", "vllm.b -> vllm.a eager:1"],
        id="a ring of re-exports ends",
    ),
    pytest.param(
        {
            "vllm/a.py": "X = 'vllm.b.Thing'\nY = 'vllm.requests'\nZ = 'vllm'\n",
            "vllm/b.py": "",
            "vllm/__init__.py": "",
        },
        ["vllm.a -> vllm.b registry:1"],
        id="a path assigned to a name is a row; a metric's name is no path",
    ),
    pytest.param(
        {"vllm/a.py": "f('vllm.b.Thing')\n", "vllm/b.py": ""},
        ["vllm.a -> vllm.b string:1"],
        id="a path in a call is a string edge",
    ),
    pytest.param(
        {
            "tests/t/test_a.py": "import vllm.b\ndef test():\n    from vllm import b\n    patch('vllm.b.x')\n",
            "vllm/b.py": "",
        },
        [
            "tests.t.test_a -> vllm.b test:1",
            "tests.t.test_a -> vllm.b test:3",
            "tests.t.test_a -> vllm.b test:4",
        ],
        id="whatever a test imports or names is a test edge",
    ),
    pytest.param(
        {
            "vllm/a.py": "import torch\ntorch.ops._C.rms_norm(x)\n",
            "tests/test_a.py": "torch.ops._C.rms_norm()\n",
        },
        ["tests.test_a -> torch.ops._C.rms_norm op:1", "vllm.a -> torch.ops._C.rms_norm op:2"],
        id="an operator is a node",
    ),
    pytest.param(
        {
            "vllm/a.py": "direct_register_custom_op(op_name='my_op', op_func=f)\n",
            "vllm/b.py": "torch.ops.vllm.my_op(x)\n",
        },
        ["torch.ops.vllm.my_op -> vllm.a op:1", "vllm.b -> torch.ops.vllm.my_op op:1"],
        id="an operator registered in Python leads to the module that registers it",
    ),
    pytest.param(
        {"vllm/a.py": "", "vllm/a/__init__.py": "import vllm.b\n", "vllm/b.py": ""},
        ["vllm.a -> vllm.b eager:1"],
        id="a package hides a module of its name",
    ),
]


@pytest.mark.parametrize(("files", "expected"), EDGE_CASES)
def test_edges(files: dict[str, str], expected: list[str]) -> None:
    assert edges(graph(files)) == expected


def test_an_edge_carries_its_guard_and_its_name() -> None:
    found = graph(
        {"vllm/a.py": "if current_platform.is_rocm():\n    from vllm.b import x\n", "vllm/b.py": "x = 1\n"}
    )
    (edge,) = found.dependencies("vllm.a")
    assert (edge.guard, edge.detail, edge.line) == ("current_platform.is_rocm()", "x", 2)


def test_a_file_that_does_not_parse_is_a_gap_and_keeps_its_edges() -> None:
    """What stands around the broken place counts; that it is broken is said."""
    found = graph({"vllm/a.py": "import vllm.b\ndef (:\n", "vllm/b.py": ""})
    assert "vllm.a -> vllm.b eager:1" in edges(found)
    assert found.gaps() == (
        Gap(what="parse", message=message("gap.graph-file-unparsed", line=2), path=RepoPath("vllm/a.py")),
    )


def test_a_file_whose_bytes_are_missing_is_a_gap_and_a_node() -> None:
    read = {**outlines({"vllm/a.py": "import vllm.b\n"}), RepoPath("vllm/b.py"): None}
    found = build_graph(read)
    assert edges(found) == ["vllm.a -> vllm.b eager:1"]
    assert [gap.what for gap in found.gaps()] == ["blob"]


def test_the_order_of_files_never_changes_the_bytes() -> None:
    files = {
        f"vllm/m{number}.py": f"from vllm.m{(number * 7) % 20} import x{number}\n" for number in range(20)
    } | {"vllm/__init__.py": "from vllm.m3 import *\n", "tests/test_m.py": "from vllm import x\n"}
    shuffled = list(outlines(files).items())
    expected = build_graph(dict(shuffled)).to_bytes()
    for seed in range(5):
        random.Random(seed).shuffle(shuffled)
        assert build_graph(dict(shuffled)).to_bytes() == expected


def test_bytes_give_the_same_graph() -> None:
    found = graph({"vllm/a.py": "from vllm.b import x\n", "vllm/b.py": "x = 1\n"})
    again = ModuleGraph.from_bytes(found.to_bytes())
    assert (edges(again), again.digest) == (edges(found), found.digest)


@pytest.mark.parametrize(
    "data",
    [b"", b"junk", b"\x90", b"\xff" * 64],
    ids=["nothing", "text", "another value", "no message pack at all"],
)
def test_bytes_of_anything_else_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="not a stored graph"):
        ModuleGraph.from_bytes(data)


def test_cut_or_altered_bytes_never_give_a_graph_that_breaks() -> None:
    """A byte flipped anywhere is refused, or gives a graph whose every query ends."""
    data = bytearray(graph({"vllm/a.py": "from vllm.b import x\n", "vllm/b.py": "x = 1\n"}).to_bytes())
    for at in range(len(data)):
        altered = bytes(data[:at]) + bytes([data[at] ^ 0x5A]) + bytes(data[at + 1 :])
        for hurt in (altered, bytes(data[:at])):
            try:
                found = ModuleGraph.from_bytes(hurt)
            except InputError:
                continue
            edges(found)


MODULES = ("vllm", "vllm.a", "vllm.b", "vllm.p", "vllm.p.c", "vllm.p.d", "vllm.p.q", "tests.test_a")
PATHS = ("vllm/__init__.py", "vllm/a.py", "vllm/b.py", "vllm/p/__init__.py", "vllm/p/c.py", "vllm/p/d.py", "vllm/p/q/__init__.py",
         "vllm/p/q.py", "tests/test_a.py", "README.md")  # fmt: skip
NAMES = ("a", "b", "c", "d", "p", "q", "X", "Y")
STATEMENTS = st.one_of(
    st.builds("import {}".format, st.sampled_from(MODULES)),
    st.builds("from {} import {}".format, st.sampled_from(MODULES), st.sampled_from((*NAMES, "*"))),
    st.builds(
        "from {} import {} as {}".format,
        st.sampled_from(MODULES),
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
    ),
    st.builds(
        "from .{} import {}".format, st.sampled_from(("", "a", "c", ".", ".b")), st.sampled_from(NAMES)
    ),
    st.builds("def f():\n    from {} import {}".format, st.sampled_from(MODULES), st.sampled_from(NAMES)),
    st.builds(
        "{} = 'vllm.{}.{}'".format, st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(NAMES)
    ),
    st.builds("T = {{'k': ('{}', '{}x')}}".format, st.sampled_from(NAMES), st.sampled_from(("X", "Y"))),
    st.builds("torch.ops._C.{}()".format, st.sampled_from(NAMES)),
    st.builds("class {}: ...".format, st.sampled_from(NAMES)),
    st.builds("__all__ = ['{}']".format, st.sampled_from(NAMES)),
    st.just("def (:"),
)
SOURCES = st.lists(STATEMENTS, max_size=5).map(lambda lines: "\n".join((*lines, "")))
TREES = st.dictionaries(st.sampled_from(PATHS), SOURCES, max_size=len(PATHS))


@settings(max_examples=examples(250), deadline=None)
@given(
    before=TREES, after=TREES, kept=st.sets(st.sampled_from(PATHS)), shifted=st.sets(st.sampled_from(PATHS))
)
def test_a_derived_graph_equals_one_built_from_scratch(
    before: dict[str, str], after: dict[str, str], kept: set[str], shifted: set[str]
) -> None:
    """Whatever is added, changed, deleted, hidden, uncovered or only moved to other lines: same bytes, same answers."""
    after = {path: before.get(path, source) if path in kept else source for path, source in after.items()}
    after = {path: f"\n\n{source}" if path in shifted else source for path, source in after.items()}
    if len(shifted) > len(kept):
        after = {**before, **{path: f"\n{before[path]}" for path in shifted & before.keys()}}
    scratch = build_graph(outlines(after))
    found = derived(before, after)
    assert edges(found) == edges(scratch)
    assert found.to_bytes() == scratch.to_bytes()
    assert found.query_cache() == scratch.query_cache()
