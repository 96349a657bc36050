"""Workers are fresh interpreters of ours: nothing of the current folder, no Ctrl-C, no word, and no life without their parent."""

from __future__ import annotations

import multiprocessing.process
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor
from pathlib import Path

import pytest

from diffscope.adapters.processes import end_processes, exit_code, start_processes, usable_cores


@pytest.fixture
def executor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    """One worker, started in a folder with modules that pass for those of Python and of ours."""
    for name in ("msgspec", "loky", "pickle", "signal"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    started = start_processes(1)
    yield started
    end_processes(started)


def test_a_worker_is_ours_alone(executor: Executor, tmp_path: Path) -> None:
    """It takes no module from the current folder, no interrupt, says nothing, and its end is told."""
    before = dict(os.environ)
    worker = executor.submit(os.getpid).result()
    assert worker != os.getpid()
    executor.submit(compile, "import msgspec", "", "exec").result()
    os.kill(worker, signal.SIGINT)
    assert executor.submit(os.write, 1, b"not to be seen").result() == 14
    assert executor.submit(os.getpid).result() == worker
    assert not (tmp_path / "ran").exists()
    assert dict(os.environ) == before
    busy = executor.submit(time.sleep, 60)
    os.kill(worker, signal.SIGKILL)
    error = busy.exception()
    assert isinstance(error, BrokenExecutor)
    assert exit_code(error) == "-9"


def test_a_worker_that_has_grown_is_replaced_in_silence() -> None:
    """loky's warning would stand in the middle of a report's progress."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        end_processes(start_processes(1))
        warnings.warn("A worker was restarted while some jobs were given", UserWarning, stacklevel=1)


def test_a_worker_is_ended_whatever_it_is_at(executor: Executor) -> None:
    worker, busy = executor.submit(os.getpid).result(), executor.submit(time.sleep, 60)
    end_processes(executor)
    assert busy.exception() is not None
    assert not _is_alive(worker)


def test_a_worker_ends_with_its_parent() -> None:
    """Killed outright, the parent cannot end it."""
    program = (
        "import os, signal, time; from diffscope.adapters.processes import start_processes; "
        "executor = start_processes(1); print(executor.submit(os.getpid).result(), flush=True); "
        "executor.submit(time.sleep, 60); time.sleep(0.1); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=False)
    worker, latest = int(done.stdout), time.monotonic() + 60
    while _is_alive(worker) and time.monotonic() < latest:
        time.sleep(0.05)
    assert not _is_alive(worker)


def test_an_error_without_an_exit_code_tells_none() -> None:
    assert exit_code(BrokenExecutor("a result has failed to un-serialize")) is None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return True


def test_a_daemonic_worker_counts_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may start no processes of its own, so the first graph is read in it alone."""
    worker = multiprocessing.process.current_process()
    monkeypatch.setitem(worker._config, "daemon", True)
    assert usable_cores() == 1
