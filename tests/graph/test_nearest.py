"""Which tests look at a change, and why."""

from __future__ import annotations

from diffscope.graph.build import build_graph
from diffscope.graph.model import ModuleGraph
from diffscope.graph.nearest import ChangedSource, nearest_tests
from diffscope.graph.words import TestWords, index_words
from diffscope.source.values import RepoPath
from diffscope.syntax.outline import identifiers, outline_python

TREE = {
    "vllm/pools/base.py": b"class Pool:\n    def take(self):\n        return 1\n",
    "vllm/pools/fast.py": b"from vllm.pools.base import Pool\n",
    "vllm/other.py": b"def run():\n    return 1\n",
    "tests/pools/test_base.py": b"from vllm.pools.base import Pool\n\n\ndef test_take():\n    assert Pool().take_all\n",
    "tests/pools/test_fast.py": b"from vllm.pools.fast import Pool\n",
    "tests/far/test_other.py": b"from vllm.other import run\n",
    "tests/far/conftest.py": b"from vllm.pools.base import Pool\n",
}


def graph() -> ModuleGraph:
    words = {RepoPath(path): identifiers(data) for path, data in TREE.items() if path.startswith("tests/")}
    built = build_graph({RepoPath(path): outline_python(data) for path, data in TREE.items()})
    return built.attach(test_words=lambda: TestWords(index_words(words)))


def test_the_test_that_imports_and_names_it_comes_first() -> None:
    """Reasons stand strongest first, and files that pytest does not collect are no tests."""
    found = nearest_tests(graph(), [ChangedSource("vllm/pools/base.py", ("Pool.take",))])
    assert [one.path for one in found] == ["tests/pools/test_base.py", "tests/pools/test_fast.py"]
    assert found[0].reasons == (
        "names Pool",
        "its path shares base, pools",
        "imports vllm/pools/base.py in 1 steps",
    )
    assert found[0].score > found[1].score > 0


def test_a_change_that_no_test_is_near() -> None:
    """Nothing is near to a file that the graph does not know and that no path resembles."""
    assert nearest_tests(graph(), [ChangedSource("csrc/lost.cu", ("zzz_kernel",))]) == ()


def test_the_order_of_the_change_does_not_matter() -> None:
    """The same change in another order gives the same list."""
    changed = [
        ChangedSource("vllm/pools/base.py", ("Pool.take",)),
        ChangedSource("vllm/other.py", ("run",), 2.0),
    ]
    assert nearest_tests(graph(), changed) == nearest_tests(graph(), changed[::-1])
