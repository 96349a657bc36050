"""Rings, communities and figures."""

from __future__ import annotations

from diffscope.graph.model import EdgeLayer
from diffscope.graph.query.structure import (
    cycles_closed,
    find_communities,
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


def test_a_change_closes_and_opens_rings() -> None:
    closed = cycles_closed(graph(LINE), graph(RING))
    assert [cycle.modules for cycle in closed] == [("vllm.a", "vllm.b", "vllm.c")]
    assert cycles_closed(graph(RING), graph(LINE)) == cycles_closed(graph(RING), graph(RING)) == ()


def test_a_ring_that_grows_is_closed_anew_and_one_that_shrinks_is_not() -> None:
    larger = RING | {"vllm/d.py": "import vllm.a\n"}
    assert [cycle.modules for cycle in cycles_closed(graph(RING), graph(larger))] == [
        ("vllm.a", "vllm.b", "vllm.c", "vllm.d")
    ]
    assert cycles_closed(graph(larger), graph(RING)) == ()


def test_communities_are_groups_that_keep_to_themselves() -> None:
    files = {
        f"vllm/{side}{number}.py": "".join(
            f"import vllm.{side}{other}\n" for other in range(4) if other != number
        )
        for side in "ab"
        for number in range(4)
    } | {"vllm/c.py": ""}
    found = graph(files)
    assert find_communities(found, found.modules) == (
        ("vllm.a0", "vllm.a1", "vllm.a2", "vllm.a3"),
        ("vllm.b0", "vllm.b1", "vllm.b2", "vllm.b3"),
        ("vllm.c",),
    )


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
