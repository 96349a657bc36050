"""Many changes of a clone -> assessments, in order: stored ones from the store, the others from workers.

Neighbouring commits stay together in one worker, oldest first, because a graph is derived from its neighbour's. What is judged is kept
in the store before it is handed on, so whatever ends a run loses at most the changes in hand.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from diffscope.adapters.cache.store import DigestCache, Key, open_store
from diffscope.adapters.processes import usable_cores
from diffscope.assessment.document import Assessment
from diffscope.batch.judging import Judge, Judged, Wanted
from diffscope.batch.workers import LIFETIME, ExecutorFactory, Workers, WorkerSetup
from diffscope.errors import UsageError
from diffscope.facts.model import ChangeFacts
from diffscope.source.attempts import is_internal
from diffscope.workspace import Workspace

Progress = Callable[[int, int], None]
"""Called with how many of how many changes are done."""

_WORTH_WORKERS: Final = 8
"""Changes. Below, a second process costs more than it saves."""
_LONGEST_RUN: Final = 16
"""Neighbouring changes that one worker takes at a time: what may wait, finished, for an older one."""


class Batch:
    """A workspace with a store beside it, for many changes. Borrows the workspace; close it, or use it in a ``with``.

    ``workers`` is by default the number of cores. Few changes are judged in this process, and so are more of them where one worker is asked
    for, up to as many as a worker process judges before a fresh one takes its place. ``cluster`` is the address of a
    Dask scheduler whose workers judge instead, each in a clone of its own. With ``keeps`` false the store is neither asked nor written.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        workers: int | None = None,
        cluster: str | None = None,
        keeps: bool = True,
    ) -> None:
        self._workspace = workspace
        self._cluster = cluster
        self._workers = usable_cores() if workers is None else workers
        if workspace.is_debug:
            self._workers = 1  # what fails is to be raised here
        self._keeps = keeps and workspace.folder is not None
        self._store = open_store(workspace.folder, is_enabled=self._keeps)
        self._judge = Judge(workspace, self._store, keeps=self._keeps)
        self._notes: dict[str, None] = {}
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store, and of a cache made for this run only."""
        self._store.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong with the cache or the store, here or in a worker, each sentence once."""
        return tuple(dict.fromkeys((*self._workspace.notes, *self._store.notes, *self._notes)))

    def stored(self, wanted: Sequence[Wanted]) -> Iterator[Assessment]:
        """Yield the assessments that the store has, provisional ones too, a few in memory at a time; judge nothing.

        Changes that change nothing are left out.
        """
        for at in range(0, len(wanted), _LONGEST_RUN):
            pairs = [self._keys(each) for each in wanted[at : at + _LONGEST_RUN]]
            found = self._store.get_many(key for pair in pairs for key in pair)
            for final, provisional in pairs:
                kept = found.get(final) or found.get(provisional)
                if kept is not None and not is_empty(kept):
                    yield kept

    def missing(self, wanted: Sequence[Wanted]) -> int:
        """Return how many of the changes the store does not have, not even as provisional ones."""
        known = self._store.names()
        return sum(not any(str(key) in known for key in self._keys(each)) for each in wanted)

    def held(self, wanted: Sequence[Wanted]) -> tuple[str, ...]:
        """Return the names of what the store has of the changes, provisional assessments too."""
        known = self._store.names()
        return tuple(str(key) for each in wanted for key in self._keys(each) if str(key) in known)

    @property
    def digests(self) -> DigestCache:
        """The digests of windows that this workspace keeps."""
        return DigestCache(self._workspace.cache, judge=self._judge.name)

    def _keys(self, wanted: Wanted) -> tuple[Key, Key]:
        return self._judge.key(wanted), self._judge.provisional_key(wanted)

    def judge(self, wanted: Sequence[Wanted], *, progress: Progress | None = None) -> Iterator[Judged]:
        """Yield the result of each change, in the order given. Nothing that one change does wrong ends the others."""
        listed = list(dict.fromkeys(wanted))
        known = self._store.names()
        runs = _cut(listed, self._workers)
        jobs = [tuple(each for each in run if str(self._judge.key(each)) not in known) for run in runs]
        answers = self._answers([job for job in jobs if job])
        done = 0
        for run, job in zip(runs, jobs, strict=True):
            fresh = tuple(islice(answers, len(job)))
            for judged in self._in_order(run, fresh):
                done += 1
                if progress is not None:
                    progress(done, len(listed))
                yield judged

    def facts(self, wanted: Wanted) -> ChangeFacts:
        """Return the facts of a change that was judged: kept, or collected once more. Raises as ``Judge.facts`` does."""
        return self._judge.facts(wanted)

    def _in_order(self, run: Sequence[Wanted], fresh: Sequence[Judged]) -> Iterator[Judged]:
        made = {judged.wanted: judged for judged in fresh}
        kept = self._store.get_many(self._judge.key(each) for each in run if each not in made)
        for each in run:
            stored = kept.get(self._judge.key(each))
            if each in made:
                self._notes.update(dict.fromkeys(made[each].notes))
                if self._cluster:
                    self._judge.keep(made[each])
                yield self._completed(made[each])
            elif stored is not None:
                yield Judged(wanted=each, assessment=stored, is_stored=True)
            else:  # it was damaged in the store
                yield self._judge(each)

    def _completed(self, judged: Judged) -> Judged:
        """Return it with a substitute for the assessment, where a worker died before it could say so."""
        if judged.gap is None or judged.stand_in is not None or not is_internal((judged.gap,)):
            return judged
        return self._judge.without(judged.wanted, judged.gap)

    def _answers(self, jobs: list[tuple[Wanted, ...]]) -> Iterator[Judged]:
        """Yield what becomes of each change of each job, in order."""
        if self._cluster and jobs:
            yield from self._answers_of_cluster(self._cluster, jobs)
            return
        most = LIFETIME if self._workers == 1 else _WORTH_WORKERS - 1
        if self._workspace.is_debug or sum(map(len, jobs)) <= most:
            yield from (self._judge(wanted) for job in jobs for wanted in job)
            return
        with contextlib.closing(Workers(self._order(), size=min(self._workers, len(jobs)))) as workers:
            yield from workers.judge(jobs)

    def _answers_of_cluster(self, address: str, jobs: list[tuple[Wanted, ...]]) -> Iterator[Judged]:
        from diffscope.adapters.processes import Cluster  # noqa: PLC0415 - an extra

        if self._workspace.rule_folders:
            hint = "install a diffscope with these rules on every machine, or leave --cluster out"
            raise UsageError("--cluster works only with the packaged rules", hint=hint)
        order = WorkerSetup.elsewhere(self._workspace.configuration, self._judge.name)
        with contextlib.closing(Cluster(address)) as cluster:
            engine = ExecutorFactory(cluster.start, cluster.end)
            with contextlib.closing(Workers(order, size=cluster.size, engine=engine)) as workers:
                yield from workers.judge(jobs)

    def _order(self) -> WorkerSetup:
        # A cache that is left aside here, locked by another process, say, would be in every worker.
        folder = None if self._workspace.cache.is_off else self._workspace.folder
        is_stored = self._keeps and folder is not None and not self._store.is_off
        if folder is None and self._temporary is None:
            # Without any cache each graph would be made from scratch, a thousand files a change.
            self._temporary = tempfile.TemporaryDirectory(prefix="diffscope-")
        cache = folder or Path(self._temporary.name if self._temporary else ".")
        return WorkerSetup.of(self._workspace, cache=cache, is_stored=is_stored)


def is_empty(assessment: Assessment) -> bool:
    """Return whether it stands for a change that changes nothing."""
    return any(gap.code == "gap.change-empty" for gap in assessment.completeness.gaps)


def _cut(wanted: Sequence[Wanted], workers: int) -> list[tuple[Wanted, ...]]:
    """Return runs that shrink towards the end, so that no worker is left with a long one when the others are done."""
    runs, at = list[tuple[Wanted, ...]](), 0
    while at < len(wanted):
        length = min(_LONGEST_RUN, -(-(len(wanted) - at) // (4 * workers)))
        runs.append(tuple(wanted[at : at + length]))
        at += length
    return runs
