"""Worker processes that judge runs of neighbouring changes.

A worker is a fresh interpreter that runs ``serve`` (adapters/pool.py says why): its order and then one run after the other on stdin,
one frame a change on stdout.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import struct
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter
from typing import IO, Final, Self

import msgspec

from diffscope.adapters.cache.facts import KeptFacts
from diffscope.adapters.cache.store import Key, Store, judge_hash, open_store
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.errors import DiffscopeError, EmptyChangeError
from diffscope.rules.engine.configuration import RuleConfiguration
from diffscope.source.attempts import Attempts
from diffscope.source.model import CommitId, Gap, GapCode, Value
from diffscope.workspace import Workspace

_SIZE: Final = struct.Struct("<I")
_SERVE: Final = "from diffscope.batch.crew import serve; serve()"
_AHEAD: Final = 2
"""Runs a worker that may wait, finished, for an older one: what keeps memory flat."""
_LIFETIME: Final = 256
"""Changes. Then a worker makes room for a fresh one: what a process learns of thousands of files is never given back."""
_LONGEST: Final = 900.0
"""Seconds that one change may take. Beyond, something is wrong with it or with diffscope, and the others wait."""


class Wanted(Value, frozen=True, kw_only=True):
    """One change of the clone: its commit, and the pull request's number, 0 where it has none."""

    number: int
    commit: CommitId


class Judged(Value, frozen=True, kw_only=True):
    """What became of a change: its assessment, or the gap in its place and what stands in for the assessment."""

    wanted: Wanted
    assessment: Assessment | None = None
    gap: Gap | None = None
    stand_in: Assessment | None = None
    """Beside a gap: what the list of the change's files tells. ``None`` where the clone does not have the commit."""
    milliseconds: int = 0
    """How long it took to judge; 0 where it came out of the store."""
    is_stored: bool = False
    notes: tuple[str, ...] = ()
    """What went wrong with the store."""


class Order(Value, frozen=True, kw_only=True):
    """What a worker must know to judge as its parent would."""

    repository: str
    rule_folders: tuple[str, ...]
    configuration: RuleConfiguration
    cache: str
    is_stored: bool

    @classmethod
    def of(cls, workspace: Workspace, *, cache: Path, is_stored: bool) -> Self:
        """Return the order for workers of a workspace that has a clone."""
        workspace.clone  # noqa: B018 - raises where there is none
        path = workspace.repository.path if workspace.repository else Path()
        return cls(
            repository=str(path.resolve()),
            rule_folders=tuple(str(folder.resolve()) for folder in workspace.rule_folders),
            configuration=workspace.configuration,
            cache=str(cache.resolve()),
            is_stored=is_stored,
        )


_REPAIRABLE: Final = frozenset({"base-tree", "blob", "declarations", "diff-truncated", "graph", "history"})
"""Gaps that a better clone of the same commits would not have."""
_PASSING: Final = frozenset({"internal-error", "change-empty", "change-unavailable"})
"""Codes of gaps that are looked into anew each time."""


def is_final(assessment: Assessment) -> bool:
    """Return whether no clone would judge better: only then may the store answer for every clone, and for this one when it has more."""
    return not any(gap.what in _REPAIRABLE or gap.code in _PASSING for gap in assessment.completeness.gaps)


class Judge:
    """Judges one change at a time and keeps what it thought.

    What is final is kept for every clone. Anything else is kept as provisional, for this clone: it stands for the change where earlier
    windows are looked back at, and is judged anew when the change is asked for. Nothing is kept where ``keeps`` is false.
    """

    def __init__(self, workspace: Workspace, store: Store, *, keeps: bool = True) -> None:
        self._workspace = workspace
        self._store = store
        self._keeps = keeps

    def __call__(self, wanted: Wanted) -> Judged:
        """Return what becomes of a change. What fails inside in one does not cost the others."""
        attempt, start = Attempts(is_debug=self._workspace.is_debug), perf_counter()
        try:
            assessment = attempt("change", lambda: self._judge(wanted.commit), None)
        except EmptyChangeError:
            reason = f"{name_of(wanted)} changes nothing"
            return self.without(wanted, Gap(what="change", code="change-empty", reason=reason))
        except DiffscopeError as error:
            return self.without(wanted, _gap(wanted, str(error), code="change-unavailable"))
        if assessment is None:
            reason = attempt.gaps[0].reason.partition(";")[0]
            told = f"{reason}; to report it: diffscope --debug classify {wanted.commit[:12]}"
            return self.without(wanted, _gap(wanted, told))
        key = self.key if is_final(assessment) else self.provisional_key
        self._keep(key(wanted), assessment)
        spent = round(1000 * (perf_counter() - start))
        return Judged(wanted=wanted, assessment=assessment, notes=self.notes, milliseconds=spent)

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong with the store or the cache."""
        return (*self._store.notes, *self._workspace.notes)

    def without(self, wanted: Wanted, gap: Gap) -> Judged:
        """Return what becomes of a change that could not be judged: the gap, and what the list of its files tells."""
        attempt = Attempts()
        with contextlib.suppress(DiffscopeError):
            stand_in = attempt("change", lambda: self._workspace.stand_in(wanted.commit, gap), None)
            if stand_in is not None:
                self._keep(self.provisional_key(wanted), stand_in)
            return Judged(wanted=wanted, gap=gap, stand_in=stand_in, notes=self.notes)
        return Judged(wanted=wanted, gap=gap)

    def _keep(self, key: Key, assessment: Assessment) -> None:
        if self._keeps:
            self._store.put_many({key: assessment})

    def prepare(self) -> None:
        """Read what every change needs; a mistake in it is told by the first change."""
        with contextlib.suppress(DiffscopeError):
            self._workspace.catalogue  # noqa: B018 - read now and kept
            self._workspace.knowledge  # noqa: B018 - as above

    def _judge(self, commit: CommitId) -> Assessment:
        facts = self._facts.get(commit)
        if facts is not None:
            return self._workspace.judge(facts)
        facts = self._workspace.facts(self._workspace.clone.commit(commit))
        assessment = self._workspace.judge(facts)
        if self._keeps and is_final(assessment):
            self._facts.put(commit, facts)
        return assessment

    def key(self, wanted: Wanted) -> Key:
        """Return what the store knows a change by."""
        return Key("vllm-project/vllm", wanted.number, wanted.commit, self._name)

    def provisional_key(self, wanted: Wanted) -> Key:
        """Return what the store knows a change by that was judged in part, or not at all, in this clone."""
        return Key("vllm-project/vllm", wanted.number, wanted.commit, self._provisional_name)

    @cached_property
    def _facts(self) -> KeptFacts:
        return KeptFacts(self._workspace.cache, maker=judge_hash("facts", self._workspace.knowledge.digest))

    @cached_property
    def _name(self) -> str:
        workspace = self._workspace
        configuration = msgspec.structs.replace(workspace.configuration, origin="")
        settings = hashlib.sha256(msgspec.json.encode(configuration)).hexdigest()
        return judge_hash(workspace.catalogue.digest, workspace.knowledge.digest, settings)

    @cached_property
    def _provisional_name(self) -> str:
        repository = self._workspace.repository
        return judge_hash("provisional", self._name, str(repository.common_dir) if repository else "")


class Crew:
    """Worker processes over runs of changes. ``close`` ends them, whatever they are at."""

    def __init__(self, order: Order, runs: Sequence[tuple[Wanted, ...]], *, size: int) -> None:
        self._order = order
        self._runs = runs
        self._next = iter(range(len(runs)))
        self._lock = threading.Lock()
        self._room = threading.Semaphore(size * _AHEAD)
        self._answers: SimpleQueue[tuple[int, Judged]] = SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._late: set[int] = set()
        self._has_begun = threading.Event()
        self._is_over = False
        self._threads = [
            threading.Thread(target=self._converse, args=(number == 0,), daemon=True)
            for number in range(min(size, len(runs)))
        ]
        for thread in self._threads:
            thread.start()

    def answers(self) -> Iterator[tuple[Judged, ...]]:
        """Yield what became of each run, in order."""
        waiting: dict[int, list[Judged]] = defaultdict(list)
        for number, run in enumerate(self._runs):
            while len(waiting[number]) < len(run):
                at, judged = self._answers.get()
                waiting[at].append(judged)
            yield tuple(waiting.pop(number))
            self._room.release()

    def close(self) -> None:
        """End every worker."""
        with self._lock:
            self._is_over = True
        self._has_begun.set()
        for process in tuple(self._processes):
            process.kill()
        for _ in self._threads:
            self._room.release()
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            _end(process)

    def _converse(self, is_first: bool) -> None:  # noqa: FBT001 - a thread's argument
        """Hand a worker one run after the other. What it was at when it died (memory, a bug) becomes a gap, and a new one goes on.

        The others begin when the first change is judged: with an empty cache each of them would make graph, words of tests and
        history from scratch, which the first makes by all cores.
        """
        process: subprocess.Popen[bytes] | None = None
        if not is_first:
            with contextlib.suppress(OSError, EOFError):
                process = self._launch()  # its interpreter starts meanwhile
            self._has_begun.wait()
        age = 0
        while (number := self._take()) is not None:
            left = list(self._runs[number])
            age += len(left)
            while left:
                try:
                    process = process or self._launch()
                    for judged in self._ask(process, left):
                        left.pop(0)
                        self._tell(number, judged)
                except (OSError, EOFError, ValueError, RuntimeError, msgspec.MsgspecError):
                    if self._is_over:
                        return
                    lost = left.pop(0)
                    self._tell(number, Judged(wanted=lost, gap=_gap(lost, self._post_mortem(process))))
                    process = None
            if age >= _LIFETIME and process is not None:
                self._dismiss(process)
                process, age = None, 0

    def _tell(self, number: int, judged: Judged) -> None:
        self._answers.put((number, judged))
        self._has_begun.set()

    def _post_mortem(self, process: subprocess.Popen[bytes] | None) -> str:
        if process is None:
            return "no process could be started for it"
        code = self._dismiss(process)
        if process.pid in self._late:
            return f"it took more than {_LONGEST / 60:.0f} minutes"
        return f"the process that judged it ended with exit code {code}"

    def _dismiss(self, process: subprocess.Popen[bytes]) -> int:
        code = _end(process)
        with self._lock, contextlib.suppress(ValueError):
            self._processes.remove(process)
        return code

    def _ask(self, process: subprocess.Popen[bytes], run: Sequence[Wanted]) -> Iterator[Judged]:
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        _write(process.stdin, msgspec.msgpack.encode(tuple(run)))
        process.stdin.flush()
        for _ in range(len(run)):
            with self._watched(process):
                data = _read(process.stdout)
            if data is None:
                raise EOFError
            yield msgspec.msgpack.decode(data, type=Judged)

    @contextlib.contextmanager
    def _watched(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        def give_up() -> None:
            self._late.add(process.pid)
            process.kill()

        watch = threading.Timer(_LONGEST, give_up)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _take(self) -> int | None:
        self._room.acquire()
        with self._lock:
            number = None if self._is_over else next(self._next, None)
        if number is None:
            self._room.release()
        return number

    def _launch(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._is_over:
                raise EOFError
            process = _launch(self._order)
            self._processes.append(process)
        return process


def serve() -> None:
    """Be a worker: the order and runs on stdin, answers on stdout, until stdin ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    # Nearly all that a worker makes goes when its last name goes: looking for cycles every 700 objects is a seventh of its time.
    gc.set_threshold(100_000, 20, 20)
    order = msgspec.msgpack.decode(_read(source) or b"", type=Order)
    workspace = Workspace(
        GitRepository(order.repository),
        rule_folders=tuple(map(Path, order.rule_folders)),
        configuration=order.configuration,
        cache_directory=Path(order.cache),
    )
    with workspace, open_store(Path(order.cache), is_enabled=order.is_stored) as store:
        judge = Judge(workspace, store, keeps=order.is_stored)
        judge.prepare()
        while (data := _read(source)) is not None:
            for wanted in msgspec.msgpack.decode(data, type=tuple[Wanted, ...]):
                _write(sink, msgspec.msgpack.encode(judge(wanted)))
                sink.flush()


def _launch(order: Order) -> subprocess.Popen[bytes]:
    # -P: a file called msgspec.py in the current folder is none of ours. A group of its own: an interrupt is the parent's to handle.
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-P", "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        process_group=0,
    )
    assert process.stdin is not None  # noqa: S101 - a pipe
    _write(process.stdin, msgspec.msgpack.encode(order))
    return process


def _end(process: subprocess.Popen[bytes]) -> int:
    """End a worker, whatever it is at, and return its exit code."""
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    return process.wait()


def _write(stream: IO[bytes], data: bytes) -> None:
    stream.write(_SIZE.pack(len(data)) + data)


def _read(stream: IO[bytes]) -> bytes | None:
    head = stream.read(_SIZE.size)
    if not head:
        return None
    if len(head) < _SIZE.size:
        raise EOFError
    (size,) = _SIZE.unpack(head)
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def name_of(wanted: Wanted) -> str:
    """Return how a change is called: ``#38450``, or the commit's short id where it is of no pull request."""
    return f"#{wanted.number}" if wanted.number else wanted.commit[:12]


def _gap(wanted: Wanted, reason: str, *, code: GapCode = "internal-error") -> Gap:
    return Gap(what="change", code=code, reason=f"{name_of(wanted)} could not be judged: {reason}")
