"""Worker processes of this machine as a ``concurrent.futures.Executor``; the only module that imports loky.

loky rather than the executor of the standard library: no script that uses diffscope needs a ``__main__`` guard, a worker may have workers
of its own, and a worker that dies never leaves a future without an answer.

Those of a Dask cluster are a ``concurrent.futures.Executor`` too; nothing else imports distributed.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from diffscope.errors import RemoteError, UsageError
from diffscope.patterns import lazy_regex

if TYPE_CHECKING:
    from concurrent.futures import Executor

_CYCLES: Final = (100_000, 20, 20)
"""Nearly all that a worker makes goes when its last name goes: looking for cycles every 700 objects is a seventh of its time."""
_ENVIRONMENT: Final = threading.Lock()
_EXIT: Final = lazy_regex(r"\{\w+\((-?\d+)\)")


def start_processes(count: int) -> Executor:
    """Return an executor over as many fresh interpreters, which are starting. End it with ``end_processes``.

    They see what this process imports and nothing of the current folder, which may be any checkout: a file called pickle.py there is none
    of ours. An interrupt is for this process to handle: a worker is born with it blocked, so that there is no moment in which it would
    print a traceback.

    Raises:
        OSError: no process can be started.
    """
    from multiprocessing import resource_tracker  # noqa: PLC0415 - most runs need no second process, and start-up is hot

    from loky import ProcessPoolExecutor  # noqa: PLC0415 - as above

    # loky starts a worker anew that has grown, as one does that keeps graphs; batch/workers.py counts those that died.
    warnings.filterwarnings("ignore", "A worker (stopped|was restarted) while", UserWarning)
    wanted = {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with _environment(wanted):
        # Both start processes that look after what workers share, take the environment from here and unblock the signal.
        resource_tracker.ensure_running()
        executor: Executor = ProcessPoolExecutor(
            count, initializer=_prepare, initargs=(os.getpid(),), env=wanted
        )
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        executor.submit(os.getpid)  # starts the workers, and the thread that starts others
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return executor


def end_processes(executor: Executor) -> None:
    """End the processes of an executor, whatever they are at, and those that they started."""
    shutdown: Callable[..., None] = executor.shutdown
    shutdown(wait=True, kill_workers=True)  # loky's own argument


def exit_code(error: BaseException) -> str | None:
    """Return the exit code of the process whose end an executor tells by an error, ``None`` where it does not say."""
    found = _EXIT.search(str(error))
    return found[1] if found else None


def usable_cores() -> int:
    """Return how many cores this process may use; 1 in a daemonic worker, as Dask's are, which may start no processes."""
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.current_process().daemon:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    with _ENVIRONMENT:
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def _prepare(parent: int) -> None:
    """Make a process a worker: it says nothing, and ends when its parent is gone."""
    gc.set_threshold(*_CYCLES)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    # A worker holds both ends of its pipes: it would never learn that nobody reads them.
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


_PATIENCE: Final = 15.0
"""Seconds to wait for the scheduler."""


class Cluster:
    """A connection to a scheduler; close it. ``size`` is how many things its workers do at once.

    Raises:
        UsageError: distributed is not installed.
        RemoteError: no scheduler answers at the address, or it has no workers.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client  # noqa: PLC0415 - an extra
        except ImportError:
            hint = "pip install 'vllm-diffscope[cluster]'"
            raise UsageError("a cluster needs Dask, which is not installed", hint=hint) from None
        try:
            self._client = Client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            hint = "start one: dask scheduler; it prints its address"
            raise RemoteError("no Dask scheduler answers", at=address, hint=hint) from error
        self.size: int = sum(self._client.nthreads().values())
        if not self.size:
            self.close()
            hint = f"start one where a clone is: DIFFSCOPE_REPO=PATH dask worker {address} --nthreads 1"
            raise RemoteError("the cluster has no workers", at=address, hint=hint)

    def start(self) -> Executor:
        """Return an executor over all workers."""
        # Not pure: what failed once is to be done again, and not to be told from memory.
        executor: Executor = self._client.get_executor(pure=False)
        return executor

    def end(self, executor: Executor) -> None:
        """Call off what an executor was asked for."""
        executor.shutdown(wait=False)

    def close(self) -> None:
        """Leave the cluster, which goes on."""
        self._client.close()
