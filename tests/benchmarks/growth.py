"""Measures how cost grows: with the number of changes, with the size of the tree, over workers, machines and shards.

Part of ``python -m tests.benchmarks.performance``, which writes the page.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from threading import Timer
from typing import Final, NamedTuple

import psutil

from diffscope.adapters.cache.cache import FILE_NAME
from diffscope.adapters.cache.store import FILE_NAME as STORE_NAME
from diffscope.adapters.git.repository import GitRepository
from diffscope.batch.run import Batch
from diffscope.batch.windows import find_range
from diffscope.render.formats import json
from diffscope.render.style import Style
from diffscope.workspace import Workspace

ROOT = Path(__file__).parents[2]
SOURCES = ("vllm", "tests", "csrc", "cmake", "setup.py")
_ROOTS = ("vllm", "tests")
_PAUSE: Final = 5.0
"""Seconds between two looks at what the processes of a run hold."""
_EDITED = "vllm/v1/core/sched/scheduler.py"


class Used(NamedTuple):
    """Seconds of processor of a process and of those that it waited for, and the megabytes that the largest of them held."""

    seconds: float
    megabytes: float
    is_cut: bool = False
    """It was ended before it was done."""


class Grown(NamedTuple):
    """A range judged cold: by diffscope, and printed by ``git log -p -M``."""

    changes: int
    ours: Used
    log: float


class Week(NamedTuple):
    """The report on a week, in one state of the cache, and ``git log -p -M`` of the same week."""

    name: str
    changes: int
    seconds: float
    log: float


class Passed(NamedTuple):
    """What the first changes of a history took when so many were judged: seconds of processor, the clock's, and megabytes."""

    changes: int
    seconds: float
    clock: float
    largest: float
    """Of the largest process so far."""
    resident: float
    """The most that all processes, git included, held at one time since the row before; a page that several share counts for each."""
    shared: float
    """The same, where a page that several share counts once."""


class Tree(NamedTuple):
    """A tree of some copies of the sources, and the seconds of what is asked of it."""

    copies: int
    files: int
    first_graph: float
    graph_again: float
    first_change: float
    change_again: float


class Shared(NamedTuple):
    """A range judged in some way; whether the answers are the same bytes as those of one process."""

    name: str
    seconds: float
    is_same: bool


def run(
    *command: str, environment: dict[str, str] | None = None, folder: Path = ROOT, most: float = 86_400
) -> Used:
    """Return what a command takes, ended after ``most`` seconds of the clock. Raises ``CalledProcessError`` where it fails.

    Modules are compiled once and kept, as those of an installed program are, whatever the environment asks for.
    """
    quiet = subprocess.DEVNULL
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**kept, **(environment or {})},
        stdout=quiet,
        stderr=quiet,
        start_new_session=True,
    )
    timer = Timer(most, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    _, status, used = os.wait4(process.pid, 0)
    is_cut = not timer.is_alive()
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode and not is_cut:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Used(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, is_cut)


def judge_anew(*command: str, cache: Path, repeats: int = 1) -> float:
    """Return the seconds that a command takes, the median of some runs, with all in the cache but the facts of the change."""
    found = list[float]()
    own = {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))}
    run(*command, environment=own)
    for _ in range(repeats):
        _forget_facts(cache)
        found.append(run(*command, environment=own).seconds)
    return sorted(found)[repeats // 2]


def _forget_facts(cache: Path) -> None:
    """Leave outlines and graphs in a cache, and no facts."""
    connection = sqlite3.connect(cache / "diffscope" / FILE_NAME)
    with connection:
        connection.execute("DELETE FROM entry WHERE space LIKE 'facts-%'")
    connection.close()


def _diffscope(*arguments: str, cache: Path | str) -> Used:
    own = {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))}
    return run(sys.executable, "-m", "diffscope", *arguments, environment=own)


def _classify(clone: Path, span: str, output: Path, cache: Path, *more: str) -> Used:
    """Judge a range in one process."""
    where = ("--repo", str(clone), "--workers", "1", "--format", f"jsonl:{output}")
    return _diffscope("classify", "--range", span, *where, *more, cache=cache)


def measure_growth(clone: Path, sizes: Sequence[int]) -> Iterator[Grown]:
    """Yield what each number of newest changes takes with an empty cache and one worker."""
    for size in sizes:
        span = f"HEAD~{size}..HEAD"
        with tempfile.TemporaryDirectory() as folder:
            ours = _classify(clone, span, Path(folder) / "out.jsonl", Path(folder))
        log = run("git", "-C", str(clone), "log", "--first-parent", "-p", "-M", span)
        yield Grown(size, ours, log.seconds)


def measure_week(clone: Path) -> Iterator[Week]:
    """Yield what the report on the last whole week of a clone takes with two workers: all from scratch, outlines and graphs at hand, all stored."""
    newest = date.fromisoformat(_git(clone, "log", "-1", "--format=%cs").strip())
    monday = newest - timedelta(days=newest.weekday() + 7)
    days = (f"--since={monday}T00:00Z", f"--until={monday + timedelta(days=7)}T00:00Z")
    commits = _git(clone, "rev-list", "--first-parent", *days, "HEAD").split()
    log = run("git", "-C", str(clone), "log", "--first-parent", "-p", "-M", *days).seconds
    with tempfile.TemporaryDirectory() as folder:
        cache, output = Path(folder), f"json:{folder}/week.json"
        week = ("--since", str(monday), "--until", str(monday + timedelta(days=6)), "--tz", "+00:00")
        report = ("report", *week, "--repo", str(clone), "--workers", "2", "--format", output)
        yield Week("empty cache", len(commits), _diffscope(*report, cache=cache).seconds, log)
        _forget_facts(cache)
        (cache / "diffscope" / STORE_NAME).unlink()
        yield Week("outlines and graphs at hand", len(commits), _diffscope(*report, cache=cache).seconds, log)
        yield Week("all stored", len(commits), _diffscope(*report, cache=cache).seconds, log)


def measure_history(clone: Path, workers: int, marks: Sequence[int]) -> Iterator[Passed]:
    """Yield what the history of a clone, judged from its first commit on with an empty cache, has taken at some numbers of changes, and at the end."""
    first = _git(clone, "rev-list", "--max-parents=0", "HEAD").split()[-1]
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out.jsonl"
        where = ("--repo", str(clone), "--workers", str(workers), "--format", f"jsonl:{output}", "-q")
        own = {"XDG_CACHE_HOME": folder, "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))}
        command = (sys.executable, "-m", "diffscope", "classify", "--range", f"{first}..HEAD", *where)
        process = psutil.Popen(command, cwd=ROOT, env={**os.environ, **own}, stdout=subprocess.DEVNULL)
        yield from _watch(process, output, marks)


def _git(clone: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(clone), *arguments], check=True, capture_output=True, text=True
    ).stdout


def _watch(process: psutil.Popen, output: Path, marks: Sequence[int]) -> Iterator[Passed]:
    """Yield a row at each mark, and one when the process has ended. What it holds is looked at every few seconds."""
    start, size, changes, left = time.monotonic(), 0, 0, list(marks)
    spent = _Spent()
    largest = resident = shared = seconds = 0.0
    while process.poll() is None:
        time.sleep(_PAUSE)
        held = [each for each in map(_held, _family(process)) if each]
        seconds = spent.after(held) or seconds
        largest = max((largest, *(each.resident for each in held)))
        resident = max(resident, sum(each.resident for each in held))
        shared = max(shared, sum(each.shared for each in held))
        if output.exists():
            with output.open("rb") as lines:
                lines.seek(size)
                new = lines.read()
            size, changes = size + len(new), changes + new.count(b"\n")
        if left and changes >= left[0]:
            left = [mark for mark in left if mark > changes]
            yield Passed(changes, seconds, time.monotonic() - start, largest, resident, shared)
            resident = shared = 0.0
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, "diffscope classify")
    with output.open("rb") as lines:
        changes = sum(1 for _ in lines)
    yield Passed(changes, seconds, time.monotonic() - start, largest, resident, shared)


class _Held(NamedTuple):
    """What a process has used and holds."""

    process: int
    parent: int
    own: float
    """Seconds of processor."""
    waited: float
    """Seconds of the processes that it started and waited for."""
    resident: float
    shared: float
    """Megabytes, where a page that several share counts once."""


class _Spent:
    """Adds up what the processes of a run have used, of which some are replaced by others."""

    def __init__(self) -> None:
        self._before: dict[int, _Held] = {}
        self._lost = 0.0

    def after(self, held: Sequence[_Held]) -> float:
        """Return the seconds so far. A git process that is killed together with its worker is waited for by nobody: its own are kept here."""
        now = {each.process: each for each in held}
        for gone in self._before.keys() - now.keys():
            if self._before[gone].parent in self._before.keys() - now.keys():
                self._lost += self._before[gone].own
        self._before = now
        return self._lost + sum(each.own + each.waited for each in held) if held else 0.0


def _family(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _held(process: psutil.Process) -> _Held | None:
    try:
        used, memory, parent = process.cpu_times(), process.memory_full_info(), process.ppid()
    except psutil.Error:
        return None
    return _Held(
        process.pid,
        parent,
        used.user + used.system,
        used.children_user + used.children_system,
        memory.rss / 1024**2,
        memory.pss / 1024**2,
    )


def check_out(clone: Path, commit: str, tree: Path, copies: int = 1) -> int:
    """Make the sources of a commit, and renamed copies of its packages, the newest commit of a repository of its own; return how many files that is."""
    tree.mkdir(exist_ok=True)
    for old in tree.iterdir():
        if old.name not in (".git", ".code-review-graph"):
            subprocess.run(["rm", "-r", str(old)], check=True)
    packed = subprocess.run(
        ["git", "-C", str(clone), "archive", commit, *SOURCES], check=True, capture_output=True
    )
    subprocess.run(["tar", "-x", "-C", str(tree)], input=packed.stdout, check=True)
    files = [path for root in _ROOTS for path in (tree / root).rglob("*.py")]
    for number in range(2, copies + 1):
        for path in files:
            root, _, rest = path.relative_to(tree).as_posix().partition("/")
            copy = tree / root / f"copy{number}" / rest
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(_renamed(path.read_bytes(), f"copy{number}"))
    commit_all(tree, commit)
    return len(files) * copies


def _renamed(source: bytes, package: str) -> bytes:
    """Return a file whose imports, and module names in strings, lead to the copies."""
    inner = rb"\1.%s" % package.encode()
    source = re.sub(rb"^([ \t]*(?:from|import)[ \t]+(?:vllm|tests))\b", inner, source, flags=re.MULTILINE)
    return re.sub(rb"([\"'](?:vllm|tests))(?=\.)", inner, source)


def commit_all(tree: Path, subject: str) -> None:
    """Commit every file of a tree."""
    name = ("-c", "user.name=a", "-c", "user.email=a@b")
    for command in (("init", "-q"), ("add", "-A"), (*name, "commit", "-qm", subject)):
        subprocess.run(["git", "-C", str(tree), *command], check=True)


def measure_trees(clone: Path, factors: Sequence[int]) -> Iterator[Tree]:
    """Yield what graphs and a small change of a tree of that many copies take."""
    for copies in factors:
        with tempfile.TemporaryDirectory() as folder:
            tree, cache = Path(folder) / "tree", Path(folder) / "cache"
            files = check_out(clone, "HEAD", tree, copies)
            graph = ("graph", "build", "--repo", str(tree))
            first, again = (_diffscope(*graph, cache=cache).seconds for _ in range(2))
            edited = tree / _EDITED
            edited.write_bytes(edited.read_bytes().replace(b" = 0\n", b" = 1\n", 1))
            commit_all(tree, "a change")
            change = ("classify", "--base", "HEAD~1", "--repo", str(tree))
            first_change = _diffscope(*change, cache=cache).seconds
            anew = judge_anew(sys.executable, "-m", "diffscope", *change, cache=cache)
            yield Tree(copies, files, first, again, first_change, anew)


def measure_sharing(clone: Path, size: int) -> Iterator[Shared]:
    """Yield what a range of newest changes takes in one process, in three shards that are merged, and on a cluster of which a worker is killed."""
    span = f"HEAD~{size}..HEAD"
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        alone = _classify(clone, span, here / "alone.jsonl", here / "alone")
        expected = (here / "alone.jsonl").read_bytes()
        yield Shared("one process", alone.seconds, is_same=True)
        shards = [
            _classify(clone, span, here / f"{part}.jsonl", here / f"shard{part}", "--shard", f"{part}/3")
            for part in (1, 2, 3)
        ]
        yield Shared(
            "three shards, each with a cache of its own", sum(each.seconds for each in shards), is_same=True
        )
        stores = [str(here / f"shard{part}" / "diffscope") for part in (1, 2, 3)]
        merge = _diffscope("store", "merge", *stores, cache=here / "merged")
        joined = _classify(clone, span, here / "joined.jsonl", here / "merged")
        same = (here / "joined.jsonl").read_bytes() == expected
        yield Shared(
            "their stores merged, and the range answered from them", merge.seconds + joined.seconds, same
        )
        yield _on_a_cluster(clone, span, here, expected)


def _on_a_cluster(clone: Path, span: str, folder: Path, expected: bytes) -> Shared:
    from distributed import LocalCluster  # noqa: PLC0415 - an extra

    os.environ |= {"DIFFSCOPE_REPO": str(clone), "DIFFSCOPE_CACHE_DIR": str(folder / "workers")}
    before = os.times()
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        GitRepository(clone) as repository,
        Workspace(repository, cache_directory=folder / "asking") as workspace,
        Batch(workspace, cluster=cluster.scheduler_address) as batch,
    ):
        answers = batch.judge(find_range(workspace, span).wanted)
        found = [next(answers)]
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
        found += answers
    after = os.times()
    told = [json.render(each.assessment, Style()) for each in found if each.assessment is not None]
    return Shared(
        "a Dask cluster of two workers, of which one is killed after the first answer",
        sum(after[:4]) - sum(before[:4]),
        len(told) == len(found) and sorted(told) == sorted(_documents(expected)),
    )


def _documents(lines: bytes) -> list[str]:
    from msgspec.json import decode  # noqa: PLC0415 - only here

    from diffscope.assessment.document import Assessment  # noqa: PLC0415 - only here

    return [json.render(decode(line, type=Assessment), Style()) for line in lines.splitlines()]
