"""Areas: how closely their modules hang together."""

from __future__ import annotations

from diffscope.products.explore.areas import area_communities, compare_graphs, measure_areas
from diffscope.source.model import RepoPath
from tests.graph_builders import graph

FILES = {
    "vllm/engine/core.py": "import vllm.engine.loop\nimport vllm.cache.pool\n",
    "vllm/engine/loop.py": "def f():\n    import vllm.cache.table\n",
    "vllm/cache/pool.py": "import vllm.cache.table\n",
    "vllm/cache/table.py": "",
    "vllm/cache/other.py": "import vllm.cache.alone\n",
    "vllm/cache/alone.py": "",
    "tests/test_core.py": "import vllm.engine.core\n",
}


def area_of(path: RepoPath) -> str:
    return path.split("/")[1]


def test_figures_count_pairs_of_modules() -> None:
    found = {
        each.area: each for each in measure_areas(graph(FILES, serving=("vllm/engine/core.py",)), area_of)
    }
    assert sorted(found) == ["cache", "engine"]
    engine, cache = found["engine"], found["cache"]
    assert (engine.modules, engine.inside, engine.outgoing, engine.incoming) == (2, 1, 1, 0)
    assert (engine.uses, engine.served, engine.steps) == (("cache",), 2, 0)
    assert (cache.modules, cache.inside, cache.outgoing, cache.incoming) == (4, 2, 0, 1)
    assert (cache.uses, cache.served, cache.steps) == ((), 2, 1)


def test_groups_within_an_area() -> None:
    assert area_communities(graph(FILES), "cache", area_of) == (
        ("vllm.cache.alone", "vllm.cache.other"),
        ("vllm.cache.pool", "vllm.cache.table"),
    )
    assert area_communities(graph(FILES), "nowhere", area_of) == ()


def test_a_comparison_is_empty_for_equal_graphs_and_mirrored_when_turned() -> None:
    after = {**FILES, "vllm/cache/table.py": "import vllm.cache.pool\n", "vllm/new.py": ""}
    del after["vllm/cache/other.py"]
    one, two = graph(FILES), graph(after)
    there, back, none = compare_graphs(one, two), compare_graphs(two, one), compare_graphs(one, graph(FILES))
    assert (there.nodes_gained, there.nodes_lost) == (("vllm.new",), ("vllm.cache.other",))
    assert there.imports_gained == (("vllm.cache.table", "vllm.cache.pool"),)
    assert there.imports_lost == (("vllm.cache.other", "vllm.cache.alone"),)
    assert [cycle.modules for cycle in there.cycles_closed] == [("vllm.cache.pool", "vllm.cache.table")]
    assert (back.nodes_gained, back.imports_lost, back.cycles_opened) == (
        there.nodes_lost,
        there.imports_gained,
        there.cycles_closed,
    )
    assert (none.nodes_gained, none.imports_gained, none.cycles_closed, none.cycles_opened) == (
        (),
        (),
        (),
        (),
    )
