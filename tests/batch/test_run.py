"""Many changes: in order, the same with any number of workers, kept as they come, whatever ends a run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffscope.adapters.git import GitRepository
from diffscope.adapters.store import open_store
from diffscope.batch import crew
from diffscope.batch.crew import Judged, Wanted
from diffscope.batch.run import Batch
from diffscope.batch.windows import find_span
from diffscope.source.values import CommitId
from diffscope.workspace import Workspace
from tests.builders import build_minivllm


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_minivllm(tmp_path_factory.mktemp("batch") / "vllm")


@pytest.fixture
def workspace(clone: Path, tmp_path: Path) -> Iterator[Workspace]:
    with (
        GitRepository(clone) as repository,
        Workspace(repository, cache_directory=tmp_path / "cache") as opened,
    ):
        yield opened


def wanted(workspace: Workspace) -> tuple[Wanted, ...]:
    return find_span(workspace, "2026-W13").wanted


def test_workers_give_what_one_process_gives(workspace: Workspace, tmp_path: Path) -> None:
    """Same assessments, same order; then all of it from the store."""
    asked = wanted(workspace)
    assert workspace.repository is not None
    with (
        Workspace(workspace.repository, cache_directory=tmp_path / "other") as other,
        Batch(other, workers=1) as alone,
        Batch(workspace, workers=2) as crewed,
    ):
        told: list[tuple[int, int]] = []
        first = list(crewed.judge(asked, progress=lambda done, total: told.append((done, total))))
        assert [judged.wanted for judged in first] == list(asked)
        assert [judged.assessment for judged in first] == [judged.assessment for judged in alone.judge(asked)]
        assert told == [(done, len(asked)) for done in range(1, len(asked) + 1)]
        again = list(crewed.judge(asked))
        assert all(judged.is_stored for judged in again)
        assert [judged.assessment for judged in again] == [judged.assessment for judged in first]


def test_what_was_judged_before_an_end_is_kept(workspace: Workspace) -> None:
    """A run that is left after three changes has at least those three in the store."""
    asked = wanted(workspace)
    with Batch(workspace, workers=1) as batch:
        run = batch.judge(asked)
        early = [next(run) for _ in range(3)]
        run.close()
    with Batch(workspace, workers=1) as batch:
        assert batch.missing(asked) <= len(asked) - 3
        again = list(batch.judge(asked))
        assert [judged.assessment for judged in again[:3]] == [judged.assessment for judged in early]
        assert all(judged.is_stored for judged in again[:3])


def test_a_commit_that_cannot_be_had_is_a_gap_among_the_others(workspace: Workspace) -> None:
    """It stands in its place and says why."""
    asked = list(wanted(workspace)[:2])
    asked.insert(1, Wanted(number=999, commit=CommitId("f" * 40)))
    with Batch(workspace, workers=1) as batch:
        found = list(batch.judge(asked))
    assert [judged.assessment is None for judged in found] == [False, True, False]
    assert found[1].gap is not None
    assert found[1].gap.reason.startswith("#999 could not be judged")


def test_a_worker_that_dies_costs_the_change_in_hand(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new worker goes on; the lost change is a gap, every other one is judged."""
    launch, ask, killed = crew._launch, crew._ask, list[int]()

    def dying(process: object, run: object) -> Iterator[Judged]:
        if not killed:
            killed.append(process.pid)  # type: ignore[attr-defined]
            os.kill(killed[0], signal.SIGKILL)
        return ask(process, run)  # type: ignore[arg-type]

    monkeypatch.setattr(crew, "_ask", dying)
    assert launch is crew._launch
    asked = wanted(workspace)
    with Batch(workspace, workers=2) as batch:
        found = list(batch.judge(asked))
    lost = [judged for judged in found if judged.assessment is None]
    assert [judged.wanted for judged in found] == list(asked)
    assert [judged.gap.reason.split(": ")[1] for judged in lost if judged.gap] == [
        "the process that judged it ended with exit code -9"
    ]


def test_a_stored_assessment_that_is_damaged_is_judged_again(workspace: Workspace) -> None:
    """The name is there, the value is not: the change is not left out."""
    asked = wanted(workspace)[:1]
    with Batch(workspace, workers=1) as batch:
        (first,) = batch.judge(asked)
        key = batch._judge.key(asked[0])
        with open_store(workspace.folder) as store:
            store._cache.put_many("assessment", {str(key): b"no zlib"})
        (again,) = batch.judge(asked)
    assert (again.assessment, again.is_stored) == (first.assessment, False)


def test_without_a_cache_nothing_is_left_behind(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers share a cache of their own for the run, which goes with it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with GitRepository(clone) as repository, Workspace(repository, use_cache=False) as workspace:
        with Batch(workspace, workers=2) as batch:
            found = list(batch.judge(wanted(workspace)))
        assert all(judged.assessment is not None for judged in found)
    assert list(tmp_path.iterdir()) == []
