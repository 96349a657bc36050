"""Many changes: in order, the same with any number of workers, kept as they come, whatever ends a run."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffscope.adapters.cache.store import open_store
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import RiskLevel
from diffscope.batch import run
from diffscope.batch.judging import Wanted
from diffscope.batch.run import Batch
from diffscope.batch.windows import find_span
from diffscope.batch.workers import Workers
from diffscope.facts.model import ChangeFacts
from diffscope.graph.query.graph import ModuleGraph
from diffscope.rules.engine.configuration import RuleConfiguration
from diffscope.source.attempts import is_internal
from diffscope.source.model import Change, CommitId
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
    """Five changes: enough for what is left when a run ends after three."""
    return find_span(workspace, "main~5..main").wanted


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Workers are started for two changes as for hundreds, and their number is told here."""
    told: list[int] = []
    monkeypatch.setattr(run, "_WORTH_WORKERS", 2)
    monkeypatch.setattr(run, "Workers", lambda order, *, size: told.append(size) or Workers(order, size=size))
    return told


def test_workers_give_what_one_process_gives(
    workspace: Workspace, tmp_path: Path, started: list[int]
) -> None:
    """Same assessments, same order; then all of it from the store."""
    asked = wanted(workspace)
    assert workspace.repository is not None
    with (
        Workspace(workspace.repository, cache_directory=tmp_path / "other") as other,
        Batch(other, workers=1) as alone,
        Batch(workspace, workers=2) as shared,
    ):
        told: list[tuple[int, int]] = []
        first = list(shared.judge(asked, progress=lambda done, total: told.append((done, total))))
        assert [judged.wanted for judged in first] == list(asked)
        assert [judged.assessment for judged in first] == [judged.assessment for judged in alone.judge(asked)]
        assert told == [(done, len(asked)) for done in range(1, len(asked) + 1)]
        again = list(shared.judge(asked))
        assert all(judged.is_stored for judged in again)
        assert [judged.assessment for judged in again] == [judged.assessment for judged in first]
    assert started == [2]


@pytest.mark.parametrize(
    ("lifetime", "expected"),
    [pytest.param(4, [1], id="more-than-a-process-judges"), pytest.param(5, [], id="as-many")],
)
def test_one_worker_of_a_long_range_is_a_process_that_is_replaced(
    workspace: Workspace,
    started: list[int],
    monkeypatch: pytest.MonkeyPatch,
    lifetime: int,
    expected: list[int],
) -> None:
    """The memory of a process grows with the files it has seen, so no process judges a whole history."""
    monkeypatch.setattr(run, "LIFETIME", lifetime)
    with Batch(workspace, workers=1) as batch:
        assert [judged.wanted for judged in batch.judge(wanted(workspace))] == list(wanted(workspace))
    assert started == expected


def test_a_change_that_is_judged_lets_go_of_its_graph(workspace: Workspace) -> None:
    """No ring of references keeps it, so that memory stays flat and the collector has next to nothing to do."""
    gc.collect()
    before = graphs_in_memory()
    gc.disable()
    try:
        with Batch(workspace, workers=1) as batch:
            for _ in batch.judge(wanted(workspace)):
                assert graphs_in_memory() <= before
    finally:
        gc.enable()


def graphs_in_memory() -> int:
    return sum(isinstance(each, ModuleGraph) for each in gc.get_objects())


def test_what_was_judged_before_an_end_is_kept(workspace: Workspace) -> None:
    """A run that is left after three changes has at least those three in the store."""
    asked = wanted(workspace)
    with Batch(workspace, workers=1) as batch:
        judging = batch.judge(asked)
        early = [next(judging) for _ in range(3)]
        judging.close()
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


def test_a_mistake_of_ours_in_one_change_costs_that_change(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are judged, and the gap names the command that shows the mistake."""
    asked = wanted(workspace)
    facts = Workspace.facts

    def broken(self: Workspace, change: Change) -> ChangeFacts:
        if change.pull.head == asked[1].commit:
            raise KeyError("oops")
        return facts(self, change)

    monkeypatch.setattr(Workspace, "facts", broken)
    with Batch(workspace, workers=1) as batch:
        found = list(batch.judge(asked))
    (reason,) = (judged.gap.reason for judged in found if judged.gap)
    assert reason.startswith(
        f"#{asked[1].number} could not be judged: internal error in change (KeyError: 'oops')"
    )
    assert reason.endswith(f"diffscope --debug classify {asked[1].commit[:12]}")
    for judged in found:
        if judged.gap is not None:
            assert is_internal((judged.gap,))
            assert judged.stand_in is not None
            assert judged.stand_in.change.additions + judged.stand_in.change.deletions > 0
            assert judged.stand_in.areas
            assert judged.stand_in.risk.level is RiskLevel.UNKNOWN


def test_other_rules_judge_the_same_facts(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a rule author waits for: nothing is read again, and the answer is that of a fresh start."""
    asked = wanted(workspace)
    fewer = RuleConfiguration(ignore=("CP*",))
    assert workspace.repository is not None
    with Batch(workspace, workers=1) as batch:
        before = [judged.assessment for judged in batch.judge(asked)]
    with (
        Workspace(workspace.repository, configuration=fewer, cache_directory=tmp_path / "fresh") as other,
        Batch(other, workers=1) as batch,
    ):
        expected = [judged.assessment for judged in batch.judge(asked)]
    monkeypatch.setattr(Workspace, "facts", None)
    with (
        Workspace(workspace.repository, configuration=fewer, cache_directory=workspace.folder) as edited,
        Batch(edited, workers=1) as batch,
    ):
        found = list(batch.judge(asked))
    assert not any(judged.is_stored for judged in found)
    assert [judged.assessment for judged in found] == expected
    assert expected != before


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


@pytest.mark.thorough
def test_without_a_cache_nothing_is_left_behind(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[int]
) -> None:
    """The workers share a cache of their own for the run, which goes with it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with GitRepository(clone) as repository, Workspace(repository, use_cache=False) as workspace:
        with Batch(workspace, workers=2) as batch:
            found = list(batch.judge(wanted(workspace)))
        assert all(judged.assessment is not None for judged in found)
    assert (started, list(tmp_path.iterdir())) == ([2], [])
