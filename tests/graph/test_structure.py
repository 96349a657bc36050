"""Rings, communities and figures."""

from __future__ import annotations

from diffscope.graph.model import EdgeLayer
from diffscope.graph.query.structure import (
    find_cycles,
    measure,
)
from tests.graph_builders import graph

RING = {
    "vllm/a.py": "import vllm.b\n",
    "vllm/b.py": "import vllm.c\n",
    "vllm/c.py": "import vllm.a\nimport vllm.d\n",
    "vllm/d.py": "",
    "vllm/e.py": "def f():\n    import vllm.d\n",
}
LINE = RING | {"vllm/c.py": "import vllm.d\n"}


def test_a_ring_is_found_with_its_lines() -> None:
    (cycle,) = find_cycles(graph(RING))
    assert cycle.modules == ("vllm.a", "vllm.b", "vllm.c")
    assert [(edge.source, edge.line) for edge in cycle.ring] == [("vllm.a", 1), ("vllm.b", 1), ("vllm.c", 1)]
    assert find_cycles(graph(LINE)) == ()


def test_of_a_tangle_a_shortest_ring_is_shown() -> None:
    files = RING | {"vllm/c.py": "import vllm.a\nimport vllm.b\n"}
    (cycle,) = find_cycles(graph(files))
    assert [edge.source for edge in cycle.ring] == ["vllm.b", "vllm.c"]


def test_layers_are_as_asked() -> None:
    """A lazy import closes no eager ring."""
    files = {"vllm/a.py": "import vllm.b\n", "vllm/b.py": "def f():\n    import vllm.a\n"}
    assert find_cycles(graph(files)) == ()
    assert len(find_cycles(graph(files), {EdgeLayer.EAGER, EdgeLayer.LAZY})) == 1


def test_a_name_passed_on_closes_no_ring() -> None:
    """A package that only hands a sibling's name on does not make the sibling's user part of a ring."""
    files = {
        "vllm/p/__init__.py": "from .a import A\nfrom .b import B\n",
        "vllm/p/a.py": "class A: ...\n",
        "vllm/p/b.py": "from vllm.p import A\nclass B(A): ...\n",
    }
    assert find_cycles(graph(files)) == ()


def test_figures() -> None:
    figures = measure(graph(RING | {"tests/test_a.py": "import vllm.a\n"}, serving=("vllm/a.py",)))
    assert figures.nodes == {"module": 5, "test": 1}
    assert [(each.layer.value, each.edges) for each in figures.layers] == [
        ("eager", 4),
        ("lazy", 1),
        ("test", 1),
    ]
    assert (figures.reach_median, figures.reach_most, figures.cycles, figures.cycle_most) == (2, 2, 1, 3)
    assert figures.serving == 4
