"""A Dask cluster judges what one process judges, with a worker killed on the way; a cluster that is not there is said."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffscope.adapters.git.repository import GitRepository
from diffscope.batch.run import Batch
from diffscope.batch.windows import find_span
from diffscope.errors import RemoteError, UsageError
from diffscope.workspace import Workspace
from tests.builders import build_minivllm

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(600), pytest.mark.filterwarnings("default")]


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workers' clone and cache, apart from the parent's."""
    monkeypatch.setenv("DIFFSCOPE_REPO", str(build_minivllm(tmp_path / "elsewhere")))
    monkeypatch.setenv("DIFFSCOPE_CACHE_DIR", str(tmp_path / "elsewhere-cache"))
    monkeypatch.chdir(tmp_path)
    return build_minivllm(tmp_path / "vllm")


@pytest.fixture
def workspace(clone: Path, tmp_path: Path) -> Iterator[Workspace]:
    with (
        GitRepository(clone) as repository,
        Workspace(repository, cache_directory=tmp_path / "cache") as opened,
    ):
        yield opened


def test_a_cluster_gives_what_one_process_gives(workspace: Workspace, tmp_path: Path) -> None:
    """In order, the same assessments, kept in the store of who asked; a worker that is killed costs nothing."""
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    asked = find_span(workspace, "2026-W13").wanted
    assert workspace.repository is not None
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Workspace(workspace.repository, cache_directory=tmp_path / "other") as other,
        Batch(other, workers=1) as alone,
        Batch(workspace, cluster=cluster.scheduler_address) as shared,
    ):
        answers = shared.judge(asked)
        found = [next(answers)]
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
        found += answers
        assert [judged.wanted for judged in found] == list(asked)
        assert [judged.assessment for judged in found] == [judged.assessment for judged in alone.judge(asked)]
        assert all(judged.is_stored for judged in shared.judge(asked))


def test_a_cluster_that_does_not_answer_is_said(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffscope.adapters.processes._PATIENCE", 0.5)
    asked = find_span(workspace, "2026-W13").wanted
    with (
        Batch(workspace, cluster="tcp://127.0.0.1:9") as batch,
        pytest.raises(RemoteError, match="no Dask scheduler"),
    ):
        list(batch.judge(asked))


def test_rules_of_ones_own_do_not_travel(workspace: Workspace, tmp_path: Path) -> None:
    assert workspace.repository is not None
    with (
        Workspace(workspace.repository, rule_folders=(tmp_path,), cache_directory=workspace.folder) as own,
        Batch(own, cluster="tcp://127.0.0.1:9") as batch,
        pytest.raises(UsageError, match="rules that come with diffscope"),
    ):
        list(batch.judge(find_span(own, "2026-W13").wanted))
