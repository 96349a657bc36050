"""What ends in a worker costs the change in hand, once it has failed twice; everything else comes in order."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec
import pytest

from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.processes import end_processes, start_processes
from diffscope.batch import workers
from diffscope.batch.judging import Judged, Wanted
from diffscope.batch.run import Batch
from diffscope.batch.windows import find_span
from diffscope.batch.workers import ExecutorFactory, Workers, WorkerSetup
from diffscope.rules.engine.configuration import EVERY_STABLE_RULE
from diffscope.source.model import CommitId
from diffscope.workspace import Workspace
from tests.builders import build_minivllm

ORDER = WorkerSetup(
    repository="/clone", rule_folders=(), configuration=EVERY_STABLE_RULE, cache="/cache", is_stored=False
)
CHANGES = tuple(Wanted(number=number, commit=CommitId(f"{number:040x}")) for number in range(1, 13))
RUNS = (CHANGES[:5], CHANGES[5:8], CHANGES[8:10], CHANGES[10:])


class Factory:
    """Starts executors in this process that answer at once, and die or hang at the changes that they are told."""

    def __init__(self, *, deadly: dict[int, int] | None = None, hangs_at: int | None = None) -> None:
        self.deadly = dict(deadly or {})
        """Number of a change: how many times it kills its worker."""
        self.hangs_at = hangs_at
        self.started: list[FakeProcess] = []
        self.asked: list[tuple[int, ...]] = []
        self.lock = threading.Lock()

    def __call__(self) -> Executor:
        with self.lock:
            self.started.append(FakeProcess(self))
            return self.started[-1]


class FakeProcess(Executor):
    def __init__(self, factory: Factory) -> None:
        self.factory = factory
        self.is_ended = False
        self.changes = 0
        self.unanswered: list[Future[bytes]] = []

    def submit(self, work: Callable[..., bytes], /, *given: object, **_: object) -> Future[bytes]:  # type: ignore[override]
        assert work is workers.judge_run
        assert not self.is_ended
        order, run = given
        assert msgspec.msgpack.decode(order, type=WorkerSetup) == ORDER  # type: ignore[call-overload]
        wanted = msgspec.msgpack.decode(run, type=tuple[Wanted, ...])  # type: ignore[call-overload]
        future = Future[bytes]()
        numbers = tuple(each.number for each in wanted)
        with self.factory.lock:
            if numbers:
                self.factory.asked.append(numbers)
            self.changes += len(numbers)
            killer = next((number for number in numbers if self.factory.deadly.get(number)), None)
            if killer is not None:
                self.factory.deadly[killer] -= 1
                future.set_exception(BrokenProcessPool("The exit codes of the workers are {SIGKILL(-9)}"))
                return future
        if self.factory.hangs_at in numbers:
            self.unanswered.append(future)
        else:
            future.set_result(
                msgspec.msgpack.encode(tuple(Judged(wanted=each, milliseconds=1) for each in wanted))
            )
        return future

    def shutdown(self, wait: bool = True, *, kill_workers: bool = False, **_: object) -> None:  # type: ignore[override]
        assert kill_workers
        self.is_ended = True
        for future in self.unanswered:
            future.set_exception(RuntimeError("ended"))


def judged(factory: Factory, *, size: int = 2) -> list[Judged]:
    crowd = Workers(ORDER, size=size, engine=ExecutorFactory(factory, end_processes))
    try:
        return list(crowd.judge(RUNS))
    finally:
        crowd.close()
        assert all(process.is_ended for process in factory.started)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_answers_come_in_order(size: int) -> None:
    """From any number of workers; the first change is judged alone, before the others begin."""
    factory = Factory()
    assert [each.wanted for each in judged(factory, size=size)] == list(CHANGES)
    assert factory.asked[0] == (1,)
    assert sorted(factory.asked[1:]) == [(2, 3, 4, 5), (6, 7, 8), (9, 10), (11, 12)]


def test_a_worker_that_dies_once_costs_nothing() -> None:
    """The changes of its run are tried again one by one, in a new process."""
    factory = Factory(deadly={7: 1})
    found = judged(factory)
    assert [each.wanted for each in found] == list(CHANGES)
    assert not any(each.gap for each in found)
    assert sorted(asked for asked in factory.asked if asked[0] in {6, 7, 8}) == [(6,), (6, 7, 8), (7,), (8,)]


def test_a_change_that_kills_twice_is_a_gap() -> None:
    """Every other change is judged, those of its run too."""
    found = judged(Factory(deadly={7: 9}))
    (lost,) = (each for each in found if each.gap)
    assert [each.wanted for each in found] == list(CHANGES)
    assert lost.wanted.number == 7
    assert lost.gap is not None
    assert lost.gap.code == "gap.worker-ended-with"
    assert lost.gap.reason == ("#7 could not be judged: the process that judged it ended with exit code -9")


def test_a_worker_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The change in hand is a gap that says how long it was waited for."""
    monkeypatch.setattr(workers, "_LONGEST", 0.05)
    found = judged(Factory(hangs_at=9))
    assert [each.wanted.number for each in found if each.gap] == [9]
    assert found[8].gap is not None
    assert "it took more than" in found[8].gap.reason


def test_workers_are_replaced_before_they_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many changes a fresh process goes on, and none is left behind."""
    monkeypatch.setattr(workers, "LIFETIME", 3)
    factory = Factory()
    assert [each.wanted for each in judged(factory, size=1)] == list(CHANGES)
    assert [process.changes for process in factory.started] == [5, 3, 4]


def test_where_no_process_can_be_started_every_change_is_a_gap() -> None:
    def start() -> Executor:
        raise OSError("no memory")

    crowd = Workers(ORDER, size=2, engine=ExecutorFactory(start, end_processes))
    found = list(crowd.judge(RUNS))
    crowd.close()
    assert [each.wanted for each in found] == list(CHANGES)
    assert all(each.gap and each.gap.reason.endswith("no process could be started for it") for each in found)


def test_closing_does_not_wait_for_what_is_at_work() -> None:
    """Ctrl-C: the answer that is waited for never comes."""
    factory = Factory(hangs_at=6)
    crowd = Workers(ORDER, size=2, engine=ExecutorFactory(factory, end_processes))
    answers = crowd.judge(RUNS)
    assert [next(answers).wanted.number for _ in range(5)] == [1, 2, 3, 4, 5]
    began = time.monotonic()
    crowd.close()
    assert time.monotonic() - began < 5
    assert all(process.is_ended for process in factory.started)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with (
        GitRepository(build_minivllm(tmp_path / "vllm")) as repository,
        Workspace(repository, cache_directory=tmp_path / "cache") as opened,
    ):
        yield opened


@pytest.mark.thorough
def test_a_killed_process_is_replaced(workspace: Workspace) -> None:
    """A real one, by the signal that the kernel sends when memory is short: all is judged, and by a process of another number."""
    asked = find_span(workspace, "2026-W13").wanted
    order = WorkerSetup.of(workspace, cache=workspace.folder or Path(), is_stored=True)
    started: list[Executor] = []

    def start() -> Executor:
        started.append(start_processes(1))
        return started[-1]

    crowd = Workers(order, size=1, engine=ExecutorFactory(start, end_processes))
    try:
        answers = crowd.judge([asked[:3], asked[3:]])
        first = next(answers)
        os.kill(started[0].submit(os.getpid).result(), signal.SIGKILL)
        found = [first, *answers]
    finally:
        crowd.close()
    assert [each.wanted for each in found] == list(asked)
    assert all(each.assessment for each in found)
    assert len(started) >= 2
    with Batch(workspace, workers=1) as batch:
        assert batch.missing(asked) == 0
