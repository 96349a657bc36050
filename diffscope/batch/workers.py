"""Runs of neighbouring changes judged in worker processes, in order.

A worker is an executor over one process, so that it is known what it was at when it died. This module knows ``concurrent.futures`` alone.
"""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue
from typing import Final, NamedTuple, Self

import msgspec

from diffscope.adapters.cache.cache import default_directory
from diffscope.adapters.cache.store import open_store
from diffscope.adapters.config.profiles import Chosen, find_clone
from diffscope.adapters.git.log import VARIABLE
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.processes import end_processes, exit_code, start_processes
from diffscope.batch.judging import Judge, Judged, Wanted, change_gap
from diffscope.errors import DiffscopeError, InputError, SourceError
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Argument
from diffscope.rules.engine.configuration import RuleConfiguration
from diffscope.source.model import Value
from diffscope.source.profile import in_force
from diffscope.workspace import Workspace

_AHEAD: Final = 2
"""Runs a worker that may wait, finished, for an older one: what keeps memory flat."""
LIFETIME: Final = 256
"""Changes. Then a worker makes room for a fresh one: what a process learns of thousands of files is never given back."""
_LONGEST: Final = 900.0
"""Seconds that a worker may be at one run, or at one change that is tried again. Beyond, something is wrong, and the others wait."""


class WorkerSetup(Value, frozen=True, kw_only=True):
    """What a worker must know to judge as its parent would."""

    repository: str
    rule_folders: tuple[str, ...]
    configuration: RuleConfiguration
    profile: Chosen | None = None
    """``None`` where the worker finds it by its own clone."""
    cache: str
    is_stored: bool
    judge: str = ""
    """What the store knows the parent's judgements by, where a worker is on another machine: it has a clone, rules and cache of its own."""

    @classmethod
    def elsewhere(cls, configuration: RuleConfiguration, judge: str) -> Self:
        """Return the order for workers of a cluster."""
        return cls(
            repository="", rule_folders=(), configuration=configuration, cache="", is_stored=True, judge=judge
        )

    @classmethod
    def of(cls, workspace: Workspace, *, cache: Path, is_stored: bool) -> Self:
        """Return the order for workers of a workspace that has a clone."""
        workspace.clone  # noqa: B018 - raises where there is none
        path = workspace.repository.path if workspace.repository else Path()
        return cls(
            repository=str(path.resolve()),
            rule_folders=tuple(str(folder.resolve()) for folder in workspace.rule_folders),
            configuration=workspace.configuration,
            profile=workspace.profile,
            cache=str(cache.resolve()),
            is_stored=is_stored,
        )


class ExecutorFactory(NamedTuple):
    """What gives executors that do one thing after the other, and ends them whatever they are at."""

    start: Callable[[], Executor]
    end: Callable[[Executor], None]


_HERE: Final = ExecutorFactory(lambda: start_processes(1), end_processes)


class Workers:
    """Workers that judge runs of changes. ``close`` ends what they are at."""

    def __init__(self, order: WorkerSetup, *, size: int, engine: ExecutorFactory = _HERE) -> None:
        self._size = size
        self._workers = [_Worker(engine, msgspec.msgpack.encode(order)) for _ in range(size)]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(size)

    def judge(self, runs: Sequence[tuple[Wanted, ...]]) -> Iterator[Judged]:
        """Yield the result of each change, in order.

        The very first change is judged alone: with an empty cache each worker would make graph, words of tests and history from
        scratch, which the first makes by all cores.
        """
        ahead: deque[Future[tuple[Judged, ...]]] = deque()
        first, rest = runs[0][:1], (runs[0][1:], *runs[1:])
        yield from self._threads.submit(self._judge, first).result()
        for run in filter(None, rest):
            ahead.append(self._threads.submit(self._judge, run))
            if len(ahead) == self._size * _AHEAD:
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()

    def close(self) -> None:
        """End every worker."""
        for worker in self._workers:
            worker.close()
        self._threads.shutdown(cancel_futures=True)

    def _judge(self, run: tuple[Wanted, ...]) -> tuple[Judged, ...]:
        worker = self._idle.get()
        try:
            return worker.ask(run)
        except _LostError:
            return tuple(map(worker.ask_again, run))
        finally:
            self._idle.put(worker)


class _LostError(Exception):
    """A worker was lost; ``code`` and ``arguments`` say how."""

    def __init__(self, code: MessageCode, **arguments: Argument) -> None:
        super().__init__(code)
        self.code = code
        self.arguments = arguments


class _Worker:
    """An executor over one process, and another in its place when it dies or gets old."""

    def __init__(self, engine: ExecutorFactory, order: bytes) -> None:
        self._engine = engine
        self._order = order
        self._lock = threading.Lock()
        self._is_over = False
        self._age = 0
        self._executor: Executor | None = None
        with contextlib.suppress(_LostError):  # it is tried again when there is something to do
            self._submit(())  # opens clone, rules and tables meanwhile

    def ask(self, run: tuple[Wanted, ...]) -> tuple[Judged, ...]:
        """Return what becomes of each change of a run. Raises ``_LostError``; then a new process takes what comes next."""
        if self._age >= LIFETIME:
            self._end()
        self._age += len(run)
        try:
            return msgspec.msgpack.decode(self._answer(run), type=tuple[Judged, ...])
        except _LostError:
            self._end()
            raise

    def ask_again(self, wanted: Wanted) -> Judged:
        """Return what becomes of one change of a run that was lost. What it was lost at is lost again, and is a gap."""
        try:
            return self.ask((wanted,))[0]
        except _LostError as error:
            return Judged(wanted=wanted, gap=change_gap(wanted, error.code, **error.arguments))

    def close(self) -> None:
        """End the process; nothing is asked of it any more."""
        with self._lock:
            self._is_over = True
        self._end()

    def _answer(self, run: tuple[Wanted, ...]) -> bytes:
        asked = self._submit(run)
        wait((asked,), timeout=_LONGEST)
        if not asked.done():
            raise _LostError("gap.worker-timed-out", minutes=round(_LONGEST / 60))
        if asked.cancelled():
            raise _LostError("gap.worker-called-off")
        failed = asked.exception()
        if isinstance(failed, DiffscopeError):  # it refuses, and would refuse all that follows
            raise failed
        if failed is not None:
            code = exit_code(failed)
            if code is None:
                raise _LostError("gap.worker-ended") from failed
            raise _LostError("gap.worker-ended-with", exit_code=code) from failed
        return asked.result()

    def _submit(self, run: tuple[Wanted, ...]) -> Future[bytes]:
        try:
            return self._ready().submit(judge_run, self._order, msgspec.msgpack.encode(run))
        except (OSError, BrokenExecutor, RuntimeError) as error:
            raise _LostError("gap.worker-not-started") from error

    def _ready(self) -> Executor:
        with self._lock:
            if self._is_over:
                raise RuntimeError
            self._executor = self._executor or self._engine.start()
            return self._executor

    def _end(self) -> None:
        with self._lock:
            executor, self._executor, self._age = self._executor, None, 0
        if executor is not None:
            self._engine.end(executor)


def judge_run(order: bytes, run: bytes) -> bytes:
    """Return what becomes of each change of a run, in a worker: an order and changes in MessagePack, and so the answers."""
    judge = _opened(order)
    wanted = msgspec.msgpack.decode(run, type=tuple[Wanted, ...])
    # Dask gives each run a context of its own, which knows nothing of what an earlier one put in force.
    with in_force(judge.profile):
        return msgspec.msgpack.encode(tuple(map(judge, wanted)))


class _Open(threading.local):
    """What a worker has open between two runs, by the latest order: one thread of it, for a cache has one thread."""

    def __init__(self) -> None:
        self.judges: dict[bytes, tuple[Judge, contextlib.ExitStack]] = {}


_open: Final = _Open()


def _opened(encoded: bytes) -> Judge:
    """Return the judge of an order: its clone, rules, cache and graphs stay open for the runs that follow.

    Raises:
        SourceError: the worker has no clone.
        InputError: a worker elsewhere would judge differently.
    """
    judges = _open.judges
    if encoded not in judges:
        while judges:
            judges.popitem()[1][1].close()
        order = msgspec.msgpack.decode(encoded, type=WorkerSetup)
        folder = Path(order.cache) if order.cache else default_directory()
        stack = contextlib.ExitStack()
        workspace = stack.enter_context(
            Workspace(
                stack.enter_context(_repository(order)),
                rule_folders=tuple(map(Path, order.rule_folders)),
                configuration=order.configuration,
                profile=order.profile,
                cache_directory=folder,
            )
        )
        store = stack.enter_context(open_store(folder, is_enabled=order.is_stored))
        judge = Judge(workspace, store, keeps=order.is_stored)
        if order.judge and order.judge != judge.name:
            reason = f"the worker on {platform.node()} has another version of diffscope, or other rules"
            raise InputError(reason, hint="install the same diffscope on every machine")
        judge.prepare()
        gc.freeze()  # loky looks for cycles every second: modules, rules and tables have none to find
        judges[encoded] = (judge, stack)
    return judges[encoded][0]


def _repository(order: WorkerSetup) -> GitRepository:
    if order.repository:
        return GitRepository(order.repository)
    found = find_clone(None, current=Path.cwd(), environment=os.environ)
    if found is None:
        hint = f"set {VARIABLE} where the worker is started"
        raise SourceError(f"the worker on {platform.node()} has no clone of the repository", hint=hint)
    return found
