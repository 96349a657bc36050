"""The graph at any commit of a clone, whatever the cache holds."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffscope.adapters.cache.cache import FILE_NAME, Cache, open_cache
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.graphs import bundled_serving, graph_at
from diffscope.adapters.graphs.store import graph_key
from diffscope.errors import NotFoundError, RepositoryError
from diffscope.graph.query.graph import ModuleGraph
from tests.builders import Commit, git, git_repository
from tests.examples import THOROUGH
from tests.graph_builders import graph

FILES = {
    "README.md": "vLLM\n",
    "vllm/__init__.py": "",
    "vllm/v1/engine/core.py": "from vllm.config import Config\n",
    "vllm/config/__init__.py": "from .cache import Config\n",
    "vllm/config/cache.py": "class Config: ...\n",
    "csrc/ops.cu": '#include "ops.h"\nvoid rms_norm(int a) { a = a; }\n',
    "csrc/ops.h": "#pragma once\n",
    "CMakeLists.txt": 'set(SRC "csrc/ops.cu")\n',
    "tests/test_core.py": "from vllm.v1.engine.core import Core\n",
    "tests/data.json": "{}\n",
}
STEPS = [
    Commit("Body", {"vllm/config/cache.py": "class Config:\n    x = 1\n"}),
    Commit("Import", {"vllm/v1/engine/core.py": "from vllm.config import Config\nimport vllm.new\n"}),
    Commit("Add what was imported before it was there", {"vllm/new.py": "import vllm.config.cache\n"}),
    Commit("Re-export from elsewhere", {"vllm/config/__init__.py": "from vllm.new import Config\n"}),
    Commit(
        "Kernel", {"csrc/ops.cu": "void rms_norm(int a) { a = 1; }\n", "csrc/more.cu": '#include "ops.h"\n'}
    ),
    Commit("Nothing that counts", {"README.md": "vLLM!\n", "tests/data.json": "[]\n"}),
    Commit("Package hides module", {"vllm/new/__init__.py": "import vllm.v1.engine.core\n"}),
    Commit("And uncovers it", {"vllm/new/__init__.py": None}),
    Commit("Tests", {"tests/test_core.py": None, "tests/test_other.py": "import vllm.config\n"}),
    Commit("Symbolic link", {"vllm/link.py": "-> new.py"}),
    Commit("Broken", {"vllm/new.py": "def (:\nimport vllm.config\n"}),
    Commit("Deleted", {"vllm/new.py": None, "csrc/ops.h": None}),
]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return git_repository(tmp_path_factory.mktemp("clone") / "vllm", FILES, STEPS)


@pytest.fixture
def repository(clone: Path) -> Iterator[GitRepository]:
    with GitRepository(clone) as opened:
        yield opened


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with open_cache(tmp_path / "cache") as opened:
        yield opened


def revisions(repository: GitRepository) -> list[str]:
    """All commits, oldest first."""
    return git(repository.path, "rev-list", "--reverse", "HEAD").split()


def scratch(repository: GitRepository, revision: str) -> ModuleGraph:
    with open_cache(is_enabled=False) as none:
        return graph_at(repository, revision, cache=none, workers=1)


def test_the_graph_of_a_commit_is_that_of_its_files(repository: GitRepository, cache: Cache) -> None:
    first = revisions(repository)[0]
    assert graph_at(repository, first, cache=cache).to_bytes() == graph(FILES).to_bytes()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_order_commits_are_asked_in_each_graph_is_the_same(
    repository: GitRepository, cache: Cache, seed: int
) -> None:
    """From the cache, from a neighbour on either side, or from scratch: the same bytes."""
    order = revisions(repository) * 2
    random.Random(seed).shuffle(order)
    for revision in order:
        assert (
            graph_at(repository, revision, cache=cache).to_bytes() == scratch(repository, revision).to_bytes()
        )
    assert cache.notes == ()


def test_a_commit_that_changes_nothing_of_the_graph_has_the_key_of_its_parent(
    repository: GitRepository,
) -> None:
    """A test's data is in the tree of tests, so the key differs, but the graph does not."""
    commits = dict(zip(["Start", *(step.subject for step in STEPS)], revisions(repository), strict=True))
    assert graph_key(repository, commits["Body"]) != graph_key(repository, commits["Start"])
    before, after = commits["Kernel"], commits["Nothing that counts"]
    assert scratch(repository, before).digest == scratch(repository, after).digest


def test_a_hit_reads_no_file(repository: GitRepository, cache: Cache) -> None:
    """Neither the tree nor a blob is asked for once the graph is known."""
    graph_at(repository, "HEAD", cache=cache)
    with GitRepository(repository.path) as other:
        other.entries = other.read_blobs = other.changed_paths = None  # type: ignore[assignment, method-assign]
        assert graph_at(other, "HEAD", cache=cache).digest == scratch(repository, "HEAD").digest


def test_a_neighbour_is_brought_up_to_date_by_the_changed_files_alone(
    repository: GitRepository, cache: Cache
) -> None:
    commits = revisions(repository)
    graph_at(repository, commits[0], cache=cache)
    with GitRepository(repository.path) as other:
        read: list[str] = []
        original = other.read_blobs
        other.read_blobs = lambda blobs: original(read.extend(each := list(blobs)) or each)  # type: ignore[method-assign, func-returns-value]
        graph_at(other, commits[1], cache=cache)
    assert len(read) == 1


def test_words_of_tests_are_those_of_the_commit(repository: GitRepository, cache: Cache) -> None:
    for revision in reversed(revisions(repository)):
        found = graph_at(repository, revision, cache=cache)
        expected = scratch(repository, revision)
        for word in ("Core", "vllm", "config", "absent"):
            assert found.tests_naming(word) == expected.tests_naming(word)
    assert found.tests_naming("Core") == ("tests/test_core.py",)


def test_classes_are_read_at_the_commit(repository: GitRepository, cache: Cache) -> None:
    found = graph_at(repository, "HEAD~11", cache=cache)
    assert found.outline_of("vllm.config.cache") is not None
    assert found.outline_of("vllm.new") is None
    assert found.outline_of("vllm.nowhere") is None


def test_what_serving_is_comes_with_diffscope(repository: GitRepository, cache: Cache) -> None:
    found = graph_at(repository, revisions(repository)[0], cache=cache)
    assert found.serving_modules == ("vllm.v1.engine.core",)
    near = found.serving_distance("vllm.config.cache")
    assert near is not None
    assert near.steps == 1
    assert len(bundled_serving().steps) > 5


def test_a_commit_that_is_not_there_is_named(repository: GitRepository, cache: Cache) -> None:
    with pytest.raises(NotFoundError, match="no commit 'gone'"):
        graph_at(repository, "gone", cache=cache)
    with pytest.raises(NotFoundError, match="is not in this clone"):
        graph_at(repository, "0123456789" * 4, cache=cache)


def test_a_tree_of_something_else_is_refused(tmp_path: Path, cache: Cache) -> None:
    folder = git_repository(tmp_path / "other", {"README.md": "other\n"})
    with GitRepository(folder) as other, pytest.raises(RepositoryError, match="has none of CMakeLists"):
        graph_at(other, "HEAD", cache=cache)


@pytest.mark.parametrize("space", ["graph", "outline", "words"])
def test_values_that_are_sound_for_the_cache_but_no_graph_are_made_anew(
    repository: GitRepository, tmp_path: Path, space: str
) -> None:
    """Somebody's other bytes under our names: never trusted, never fatal."""
    folder = tmp_path / "cache"
    with open_cache(folder) as cache:
        expected = graph_at(repository, "HEAD~3", cache=cache)
        assert expected.tests_naming("vllm") is not None
        spaces = [
            each.space for each in cache.info().spaces if each.space.startswith(f"{space}-") and each.bytes
        ]
        for each in spaces:
            cache.put_many(each, dict.fromkeys(cache.names(each), b"\x93junk"))
    assert spaces
    with open_cache(folder) as cache:
        found = graph_at(repository, "HEAD~3", cache=cache)
        assert (found.to_bytes(), found.tests_naming("vllm")) == (
            expected.to_bytes(),
            expected.tests_naming("vllm"),
        )
        assert graph_at(repository, "HEAD", cache=cache).digest == scratch(repository, "HEAD").digest


def test_a_cache_of_another_clone_is_no_neighbour(clone: Path, tmp_path: Path) -> None:
    """Its commits are not here; the graph is built all the same."""
    other = git_repository(tmp_path / "other", {**FILES, "vllm/only_here.py": "import vllm.config\n"})
    with open_cache(tmp_path / "cache") as cache:
        with GitRepository(clone) as first:
            graph_at(first, "HEAD", cache=cache)
        with GitRepository(other) as second:
            found = graph_at(second, "HEAD", cache=cache)
            assert found.to_bytes() == scratch(second, "HEAD").to_bytes()


def test_a_missing_blob_is_a_gap_and_not_the_end(tmp_path: Path) -> None:
    later = Commit("Later", {"vllm/late.py": "import vllm.config\n"})
    folder = git_repository(tmp_path / "vllm", FILES, [later])
    blob = git(folder, "rev-parse", "HEAD:vllm/config/cache.py").strip()
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with GitRepository(folder) as repository, open_cache(tmp_path / "cache") as cache:
        found = graph_at(repository, "HEAD~1", cache=cache)
        assert [(gap.what, gap.path) for gap in found.gaps()] == [("blob", "vllm/config/cache.py")]
        assert "vllm.config.cache" in found
        derived = graph_at(repository, "HEAD", cache=cache)
        assert derived.to_bytes() == scratch(repository, "HEAD").to_bytes()
        assert derived.gaps() == found.gaps()


def test_processes_share_a_cache(clone: Path, tmp_path: Path) -> None:
    """Several at once on an empty cache: all have the same graph, and the cache is whole."""
    code = (
        "import sys; from pathlib import Path\n"
        "from diffscope.adapters.cache.cache import open_cache\n"
        "from diffscope.adapters.config.profiles import default_profile\n"
        "from diffscope.adapters.git.repository import GitRepository\n"
        "from diffscope.adapters.graphs.graphs import graph_at\n"
        "from diffscope.source.profile import activate_profile\n"
        "activate_profile(default_profile().names())\n"
        "with open_cache(Path(sys.argv[2])) as cache, GitRepository(sys.argv[1]) as repository:\n"
        "    for back in (3, 0, 5, 1):\n"
        "        print(graph_at(repository, f'HEAD~{back}', cache=cache).digest)\n"
        "    assert not cache.notes, cache.notes\n"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(clone), str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(4 if THOROUGH else 2)
    ]
    answers = {run.communicate()[0] for run in runs}
    assert len(answers) == 1
    assert len(answers.pop().split()) == 4
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.clone
def test_neighbours_equal_scratch_on_real_commits(vllm_clone: Path, tmp_path: Path) -> None:
    """Thirty commits one after the other, every graph derived from the one before; the last ones compared with scratch."""
    with GitRepository(vllm_clone) as repository, open_cache(tmp_path / "cache") as cache:
        for back in range(30, -1, -1):
            found = graph_at(repository, f"HEAD~{back}", cache=cache)
            if back % 10 == 0:
                with open_cache(tmp_path / f"cache{back}") as other:
                    assert graph_at(repository, f"HEAD~{back}", cache=other).to_bytes() == found.to_bytes()
        listed = git(vllm_clone, "ls-tree", "-r", "--name-only", "HEAD", "csrc").split()
        assert [path for path in listed if found.module_of(path) is None] == []
