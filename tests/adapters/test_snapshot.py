"""The graph that ships with diffscope."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.adapters import snapshot
from diffscope.adapters.git import GitRepository
from diffscope.adapters.snapshot import (
    MOST_BYTES,
    bundled_path,
    bundled_snapshot,
    decode_snapshot,
    take_snapshot,
)
from diffscope.errors import ConfigurationError, InputError
from tests.builders import git_repository

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
    assert found.graph.subclasses("vllm.config", "Config") == ()


def test_the_bundled_snapshot_is_small_and_current() -> None:
    """It fails after a change of the format until it is refreshed: python -m diffscope.adapters.snapshot CLONE."""
    assert bundled_path().stat().st_size <= MOST_BYTES
    found = bundled_snapshot()
    assert len(found.graph) > 4_000
    assert len(found.commit) == 40
    assert found.graph.serving_distance("vllm.v1.core.kv_cache_utils") is not None
    assert found.graph.tests_naming("Scheduler")
    assert found.graph.operators_of("csrc/libtorch_stable/layernorm_kernels.cu")


@pytest.mark.parametrize(
    "data", [b"", b"junk", b"\x94\xa1a\x00\xc4\x00\xc4\x00"], ids=["nothing", "text", "an empty graph"]
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
        assert caught.value.hint == "python -m diffscope.adapters.snapshot CLONE"


def test_refreshing_writes_the_file_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "graph.snapshot"
    monkeypatch.setattr(snapshot, "bundled_path", lambda: path)
    snapshot._refresh(str(git_repository(tmp_path / "vllm", FILES)))
    assert capsys.readouterr().out.startswith(f"{path}: {path.stat().st_size:,} bytes, 3 nodes, ")
    assert len(bundled_snapshot().graph) == 3
