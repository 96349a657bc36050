"""Time ``diffscope report`` on a clone: cold, with outlines and graphs at hand, after an edit of a rule, from the store. Anyone with a clone can run it:

    python tests/benchmarks/bench_report.py --repo PATH [--window 2026-W13] [--workers 2]

Each row is a process of its own: wall time, processor time of it and its workers, the largest memory of one process, changes a second.
The aims are 25 s cold, 8 s warm (nothing judged or read off yet), 1.5 s stored for the week 2026-W13 on two idle cores, below 700 MB.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

import diffscope
from diffscope.adapters.cache.cache import FILE_NAME
from diffscope.adapters.cache.store import Store
from diffscope.adapters.git.repository import GitRepository
from diffscope.batch import windows
from diffscope.batch.judging import Judge
from diffscope.batch.run import Batch
from diffscope.products.report.render.formats import RENDERERS, render_digest
from diffscope.render.style import Style
from diffscope.workspace import Workspace

AIMS = {"cold": 25.0, "warm": 8.0, "edited": 8.0, "stored": 1.5}
_MEASURED = """
import json, resource, sys
from diffscope.cli.main import main
code = main(sys.argv[1:])
own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
cpu = own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime
print(json.dumps([code, cpu, own.ru_maxrss // 1024, workers.ru_maxrss // 1024]), file=sys.stderr)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 where an aim is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", type=Path, required=True, help="a clone of vLLM")
    parser.add_argument("--window", default="2026-W13", help="a week, or two days joined by a slash")
    parser.add_argument("--workers", default="2", help="processes")
    parser.add_argument("--stages", type=int, default=40, help="changes whose stages are timed; 0 for none")
    parser.add_argument("--within", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.within is not None:
        _within(chosen.repo, chosen.window, chosen.within, chosen.stages)
        return 0
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'':8}{'wall s':>9}{'cpu s':>9}{'MB':>7}{'worker MB':>11}{'changes':>9}{'/s':>7}")
    is_met = True
    with tempfile.TemporaryDirectory(prefix="diffscope-bench-") as folder:
        # An installed diffscope has its bytecode; a checkout, or a setting of whoever measures, may not.
        package = Path(diffscope.__file__).parent
        compiling = [sys.executable, "-m", "compileall", "-q", str(package)]
        subprocess.run(compiling, env=_environment(Path(folder)), check=True)
        for name, aim in AIMS.items():
            if name in {"warm", "edited"}:
                _forget(Path(folder), facts=name == "warm")
            wall, told, changes = _run(chosen.repo, chosen.window, chosen.workers, Path(folder))
            cpu, own, workers = told[1:]
            rate = changes / wall
            print(f"{name:8}{wall:9.2f}{cpu:9.2f}{own:7}{workers:11}{changes:9}{rate:7.1f}")
            is_met = is_met and wall <= aim
        if chosen.stages:
            _print_stages(chosen.repo, chosen.window, Path(folder), chosen.stages)
    return not is_met


def _forget(cache: Path, *, facts: bool) -> None:
    """Forget what was judged, as an edit of a rule does, and what was read off the changes."""
    for file in cache.glob("assessments-*"):
        file.unlink()
    if facts:
        with contextlib.closing(sqlite3.connect(cache / FILE_NAME)) as connection, connection:
            connection.execute("DELETE FROM entry WHERE space LIKE 'facts-%'")


def _print_stages(repository: Path, window: str, cache: Path, most: int) -> None:
    command = [sys.executable, __file__, "--repo", str(repository), "--window", window]
    done = subprocess.run(
        [*command, "--within", str(cache), "--stages", str(most)], capture_output=True, check=True
    )
    print(done.stdout.decode(), end="")


def _within(repository: Path, window: str, cache: Path, most: int) -> None:
    """Judge some changes and make the report in this process, every stage with a clock of its own."""
    clock = Clock()
    clock.watch(JUDGING)
    _forget(cache, facts=True)
    with GitRepository(repository) as clone, Workspace(clone, cache_directory=cache) as workspace:
        span = windows.find_span(workspace, window)
        chosen = span.wanted[:most]
        judge = Judge(workspace, Store(workspace.cache))
        judge(chosen[0])
        clock.spent.clear()
        with clock("judging as a whole"):
            for wanted in chosen:
                judge(wanted)
        clock.show(f"judging {len(chosen)} changes, outlines and graphs at hand", per=len(chosen))
        for wanted in span.wanted[most:]:
            judge(wanted)
        clock.spent.clear()
        clock.watch(REPORTING)
        with Batch(workspace, workers=1) as batch:
            with clock("the store read"):
                read = windows.read_span(batch, span)
            with clock("the digest made, with logins and trend"):
                digest = windows.digest_of(workspace, batch, span, read)
            for form in RENDERERS:
                with clock(f"rendered as {form}"):
                    render_digest(digest, Style(), form=form)
        clock.show(f"reporting {len(span.wanted)} stored changes", per=1)


JUDGING = (
    ("diffscope.adapters.changes.clone", "CloneSource.commit", "the change read by git"),
    ("diffscope.workspace", "read_sides", "both sides of its files"),
    ("diffscope.workspace", "salvage_diff", "the patch parsed"),
    ("diffscope.adapters.graphs.graphs", "graph_at", "the graph at its base"),
    ("diffscope.adapters.graphs.history", "history_at", "the history before it"),
    ("diffscope.adapters.declarations", "DeclaredTrees.at", "what the target declares"),
    ("diffscope.workspace", "gather_facts", "facts (syntax, joins, nearest tests)"),
    ("diffscope.workspace", "judge", "rules and assessment"),
    ("diffscope.adapters.cache.store", "Store.put_many", "kept in the store"),
)
"""Module, name and what it does. Times include what a stage calls."""
REPORTING = (
    ("diffscope.batch.windows", "logins_of", "of that: logins of authors"),
    ("diffscope.batch.windows", "_trend", "of that: earlier windows"),
    ("diffscope.batch.windows", "build_digest", "of that: the figures"),
)


class Clock:
    """Processor time by stage, of this process and of the git that it calls."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextlib.contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add the time inside to a stage."""
        self.spent.setdefault(name, 0.0)
        start = sum(os.times()[:4])
        try:
            yield
        finally:
            self.spent[name] += sum(os.times()[:4]) - start

    def watch(self, stages: Sequence[tuple[str, str, str]]) -> None:
        """Put a clock around functions; what is not there any more is left out."""
        for module, name, label in stages:
            owner: object = import_module(module)
            *path, last = name.split(".")
            for part in path:
                owner = getattr(owner, part, None)
            inner = getattr(owner, last, None)
            if inner is not None:
                setattr(owner, last, self._timed(inner, label))

    def show(self, title: str, *, per: int) -> None:
        """Print milliseconds of processor time a stage."""
        print(f"\n{title}: ms of processor time" + (" a change" if per > 1 else ""))
        for name, seconds in self.spent.items():
            print(f"  {name:44}{1000 * seconds / per:9.1f}")

    def _timed(self, inner: Callable[..., object], label: str) -> Callable[..., object]:
        @functools.wraps(inner)
        def timed(*arguments: object, **named: object) -> object:
            with self(label):
                return inner(*arguments, **named)

        return timed


def _environment(cache: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"DIFFSCOPE_CACHE_DIR": str(cache), "PYTHONPYCACHEPREFIX": str(cache / "bytecode")}


def _run(repository: Path, window: str, workers: str, cache: Path) -> tuple[float, list[float], int]:
    since, _, until = window.partition("/")
    named = ["--since", since, "--until", until] if until else ["--week", window]
    asked = ["report", *named, "--repo", str(repository), "--workers", workers, "--compare", "none"]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *asked, "--format", "json"],
        env=_environment(cache),
        capture_output=True,
        check=True,
    )
    wall = time.perf_counter() - start
    told = json.loads(done.stderr.splitlines()[-1])
    return wall, told, json.loads(done.stdout)["source_pulls"]


if __name__ == "__main__":
    raise SystemExit(main())
