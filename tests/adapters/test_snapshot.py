"""The graph that ships with diffscope."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from diffscope.adapters.cache.cache import Cache, open_cache
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs import snapshot
from diffscope.adapters.graphs.graphs import bundled_path, graph_at, unpack
from diffscope.adapters.graphs.outlines import index_of
from diffscope.adapters.graphs.snapshot import MOST_BYTES, bundled_snapshot, decode_snapshot, take_snapshot
from diffscope.errors import ConfigurationError, InputError
from diffscope.graph.query.graph import ModuleGraph
from diffscope.syntax.outline.outline import EXTRACTOR_VERSION, identifiers, outline_python
from tests.builders import Commit, git, git_repository

FILES = {
    "vllm/v1/engine/core.py": "from vllm.config import Config\n",
    "vllm/config.py": "class Config: ...\n",
    "tests/test_core.py": "from vllm.v1.engine.core import Core\n",
}


def test_a_snapshot_is_the_graph_of_its_commit(tmp_path: Path) -> None:
    """With the serving path and the words of tests, and the same bytes each time."""
    with GitRepository(git_repository(tmp_path / "vllm", FILES)) as repository:
        data = take_snapshot(repository, "main")
        assert data == take_snapshot(repository, "HEAD")
        found = decode_snapshot(data)
        assert found.commit == repository.resolve("HEAD")
    near = found.graph.serving_distance("vllm.config")
    assert near is not None
    assert near.steps == 1
    assert found.graph.tests_naming("Core") == ("tests/test_core.py",)
    assert found.graph.classes.subclasses("vllm.config", "Config") == ()


def test_the_bundled_snapshot_is_small_and_current() -> None:
    """It fails after a change of the format until it is refreshed: python -m diffscope.adapters.graphs.snapshot CLONE."""
    assert bundled_path().stat().st_size <= MOST_BYTES
    found = bundled_snapshot()
    assert len(found.graph) > 4_000
    assert len(found.commit) == 40
    assert found.graph.serving_distance("vllm.v1.core.kv_cache_utils") is not None
    assert found.graph.tests_naming("Scheduler")
    assert found.graph.operators.of("csrc/libtorch_stable/layernorm_kernels.cu")


# One line for each thing that an outline or the identifiers of a test keep, and some that they leave out.
KEPT = """
import os, a.b as c
from ..d import (e as f,)
if TYPE_CHECKING: from g import h
@pytest.mark.skipif(not has_i(), reason="j")
class K(L, metaclass=M):
    n: int = 1
    async def o(self, p, /, q=2, *r, s, **t): return self.n
def u(): import v; yield importlib.import_module("w")
X = Y["z"] = __all__ = ["u"]
"""


def test_what_is_kept_of_a_file_has_a_version() -> None:
    """Caches and the graph that ships hold it: raise EXTRACTOR_VERSION with every change, and refresh what ships."""
    kept = repr((outline_python(KEPT.encode()), identifiers(KEPT.encode())))
    assert (EXTRACTOR_VERSION, sha256(kept.encode()).hexdigest()[:16]) == ("6", "c1c3ac000f210993")


@pytest.mark.parametrize(
    "data",
    [b"", b"junk", b"\x96\xa1a\xa1b\x00\xc4\x00\xc4\x00\xc4\x00"],
    ids=["nothing", "text", "of another version"],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        decode_snapshot(data)


def test_a_missing_or_foreign_snapshot_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "graph.snapshot"
    monkeypatch.setattr(snapshot, "bundled_path", lambda: path)
    for write in (lambda: None, lambda: path.write_bytes(b"junk")):
        write()
        with pytest.raises(ConfigurationError) as caught:
            bundled_snapshot()
        assert caught.value.hint == "python -m diffscope.adapters.graphs.snapshot CLONE"


def test_refreshing_writes_the_file_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "graph.snapshot"
    monkeypatch.setattr(snapshot, "bundled_path", lambda: path)
    snapshot._refresh(str(git_repository(tmp_path / "vllm", FILES)))
    assert capsys.readouterr().out.startswith(f"{path}: {path.stat().st_size:,} bytes, 3 nodes, ")
    assert len(bundled_snapshot().graph) == 3


LATER = [
    Commit("Test", {"tests/test_core.py": "from vllm.config import Config as C\n"}),
    Commit("Import", {"vllm/config.py": "import vllm.new\n", "vllm/new.py": ""}),
    Commit("Kernel", {"csrc/a.cu": "void one() { two(); }\n"}),
    Commit("Deleted", {"vllm/new.py": None, "csrc/b.cu": None}),
]
WITH_NATIVES = FILES | {"csrc/a.cu": "void one() {}\n", "csrc/b.cu": "void two() {}\n"}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clone, and the snapshot of its second commit. Nothing writes into it."""
    folder = tmp_path_factory.mktemp("shipped")
    with GitRepository(git_repository(folder / "vllm", WITH_NATIVES, LATER)) as repository:
        (folder / "graph.snapshot").write_bytes(take_snapshot(repository, "HEAD~3"))
    return folder


@pytest.fixture
def pinned(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A clone whose second commit is the one that ships."""
    monkeypatch.setattr("diffscope.adapters.graphs.graphs.bundled_path", lambda: shipped / "graph.snapshot")
    return GitRepository(shipped / "vllm")


def scratch(repository: GitRepository, revision: str) -> ModuleGraph:
    with open_cache(is_enabled=False) as none:
        return graph_at(repository, revision, cache=none)


def paths_read(repository: GitRepository, revision: str, cache: Cache) -> list[str]:
    """The files whose bytes are read for the graph of a commit, which has to be the one from scratch."""
    read: list[str] = []
    names = {entry.blob: str(entry.path) for entry in repository.entries(revision)}
    with GitRepository(repository.path) as other:
        original = other.read_blobs
        other.read_blobs = lambda blobs: original(read.extend(each := list(blobs)) or each)  # type: ignore[method-assign, func-returns-value]
        found = graph_at(other, revision, cache=cache)
        assert found.to_bytes() == scratch(repository, revision).to_bytes()
        assert found.tests_naming("Config") == scratch(repository, revision).tests_naming("Config")
    return sorted({names[blob] for blob in read})


@pytest.mark.parametrize(
    ("revision", "read"),
    [
        ("HEAD~3", []),
        ("HEAD~4", ["tests/test_core.py"]),
        ("HEAD~2", ["vllm/config.py", "vllm/new.py"]),
        ("HEAD~1", ["csrc/a.cu", "vllm/config.py", "vllm/new.py"]),
        ("HEAD", ["csrc/a.cu", "vllm/config.py"]),
    ],
    ids=["the commit that ships", "before it", "after it", "native code", "files that are gone"],
)
def test_the_first_graph_in_a_clone_is_made_from_the_one_that_ships(
    pinned: GitRepository, tmp_path: Path, revision: str, read: list[str]
) -> None:
    """Only what changed since is read."""
    with open_cache(tmp_path / "cache") as cache:
        assert paths_read(pinned, revision, cache) == read
        assert cache.notes == ()


def test_a_nearer_graph_in_the_cache_is_preferred(
    pinned: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = sorted(WITH_NATIVES)
    with open_cache(tmp_path / "cache") as cache:
        with monkeypatch.context() as without:
            without.setattr("diffscope.adapters.graphs.graphs.bundled_path", lambda: tmp_path / "nowhere")
            assert paths_read(pinned, "HEAD~1", cache) == sorted([*everything, "vllm/new.py"])
        assert paths_read(pinned, "HEAD", cache) == []
        assert (
            len(cache.names(next(each.space for each in cache.info().spaces if "place" in each.space))) == 2
        )


@pytest.mark.parametrize("reason", ["off", "damaged", "elsewhere"])
def test_without_use_for_what_ships_all_is_read(
    pinned: GitRepository, shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """``--no-cache`` trusts nothing, a damaged file is passed over, and another clone does not have the commit."""
    repository = pinned
    if reason == "damaged":
        path = tmp_path / "damaged"
        path.write_bytes((shipped / "graph.snapshot").read_bytes()[:-9] + b"corrupted")
        monkeypatch.setattr("diffscope.adapters.graphs.graphs.bundled_path", lambda: path)
    if reason == "elsewhere":
        repository = GitRepository(git_repository(tmp_path / "other", WITH_NATIVES | {"tests/test_x.py": ""}))
    with open_cache(tmp_path / "cache", is_enabled=reason != "off") as cache:
        listed = git(repository.path, "ls-tree", "-r", "--name-only", "HEAD").split()
        assert paths_read(repository, "HEAD", cache) == sorted(listed)
        assert cache.notes == ()


@pytest.mark.clone
@pytest.mark.parametrize("back", [40, 250, 900])
def test_graphs_made_from_the_one_that_ships_are_the_same_in_vllm(
    vllm_clone: Path, tmp_path: Path, back: int
) -> None:
    with GitRepository(vllm_clone) as repository, open_cache(tmp_path / "cache") as cache:
        pinned = bundled_snapshot()
        if not repository.has_commit(pinned.commit):
            pytest.skip("the clone does not have the commit that ships")
        revision = f"{pinned.commit}~{back}"
        assert (
            graph_at(repository, revision, cache=cache).to_bytes() == scratch(repository, revision).to_bytes()
        )


@pytest.mark.clone
def test_what_ships_is_the_graph_of_its_commit_in_vllm(vllm_clone: Path) -> None:
    """It fails after any change of what the graph holds: python -m diffscope.adapters.graphs.snapshot CLONE."""
    pinned = bundled_snapshot()
    with GitRepository(vllm_clone) as repository:
        if not repository.has_commit(pinned.commit):
            pytest.skip("the clone does not have the commit that ships")
        assert pinned.graph.to_bytes() == scratch(repository, pinned.commit).to_bytes()
        assert unpack(bundled_path().read_bytes()).words() == index_of(repository, pinned.commit)
