"""Areas: how closely their modules hang together."""

from __future__ import annotations

from diffscope.products.explore import measure_areas
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
