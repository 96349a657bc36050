"""Time and memory of the module graph, beside ruff, grimp and code-review-graph in the same run.

    python tests/benchmarks/bench_graph.py --repo CLONE [--week 2026-03-23] [--pulls 60] [--code-review-graph PROGRAM]

Wall times depend on the machine and on what else runs on it; seconds of processor are steadier, and the peers run right beside. A peer that
is not installed is left out, code-review-graph (from PyPI, best in an environment of its own) is found on the PATH or named. The time of
single files, parsing and comparing them, is in bench_syntax.py.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import NamedTuple

from diffscope.adapters.cache.cache import open_cache
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.graphs import bundled_path, graph_at, unpack
from diffscope.graph.model import EdgeLayer
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.resolve import is_build_file, is_native, node_name
from diffscope.syntax.parsers import parse_native, parse_python

BEIJING = timezone(timedelta(hours=8))
LIMIT = 600
"""Seconds that a peer may take."""


class Took(NamedTuple):
    """What a process took, its children included; ``memory`` is the peak of the largest one, in MB."""

    wall: float
    processor: float
    memory: float
    out: str


def main() -> int:
    """Run every part and print what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", type=Path, required=True, help="a clone of vLLM")
    parser.add_argument("--week", default="2026-03-23", help="its first day, Monday to Sunday in UTC+8")
    parser.add_argument("--pulls", type=int, default=60, help="pull requests of the week to walk")
    parser.add_argument("--code-review-graph", type=Path, metavar="PROGRAM", help="where it is installed")
    parser.add_argument(
        "--only", choices=sorted(PARTS), action="append", help="repeatable; default: all parts"
    )
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="diffscope-bench-") as folder,
        GitRepository(given.repo) as repository,
    ):
        for name in given.only or PARTS:
            PARTS[name](repository, Path(folder), given)
    return 0


def floor(repository: GitRepository, folder: Path, given: argparse.Namespace) -> None:
    """Print what reading and parsing cost with no work of ours behind: no graph from scratch can take less on one core."""
    del folder, given
    print("== the floor, one process: the same files")
    entries = [
        entry
        for entry in repository.entries("HEAD")
        if entry.mode.startswith("100") and node_name(entry.path)
    ]
    start = time.process_time()
    data = repository.read_blobs(entry.blob for entry in entries)
    print(f"reading {len(data):,} blobs: {time.process_time() - start:.2f} s of processor")
    python = [data[entry.blob] or b"" for entry in entries if not is_native(entry.path)]
    native = [
        data[entry.blob] or b""
        for entry in entries
        if is_native(entry.path) and not is_build_file(entry.path)
    ]
    parse_python(b"")
    for name, sources, verb in (
        ("tree-sitter, Python", python, parse_python),
        ("tree-sitter, native", native, parse_native),
    ):
        start = time.process_time()
        for source in sources:
            verb(source)
        size = sum(map(len, sources)) / 1e6
        print(
            f"{name}, {len(sources):,} files, {size:.1f} MB: {time.process_time() - start:.2f} s of processor"
        )


def peers(repository: GitRepository, folder: Path, given: argparse.Namespace) -> None:
    """Run the others on a checkout of the same commit."""
    print("== peers, on a checkout of vllm/ and tests/")
    checkout = unpack_tree(repository, folder / "checkout")
    ruff = shutil.which("ruff") or str(Path(sys.executable).with_name("ruff"))
    tell("ruff analyze graph, vllm", measured([ruff, "analyze", "graph", "vllm"], checkout))
    both = [ruff, "analyze", "graph", "vllm", "tests", "--detect-string-imports"]
    tell("ruff analyze graph, vllm and tests, strings too", measured(both, checkout))
    if importlib.util.find_spec("grimp") is None:
        print("grimp is not installed")
    else:
        code = "import grimp, sys; sys.path.insert(0, '.'); print(len(grimp.build_graph('vllm', cache_dir=None).modules))"
        tell("grimp build_graph, vllm, whole process", measured([sys.executable, "-c", code], checkout))
    program = given.code_review_graph or shutil.which("code-review-graph")
    if program is None:
        print("code-review-graph is not installed")
        return
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    subprocess.run(["git", "add", "-A"], cwd=checkout, check=True)
    database = folder / "crg"
    for name, more in (("parse only", ["--skip-postprocess"]), ("full build", [])):
        shutil.rmtree(database, ignore_errors=True)
        took = measured(
            [str(program), "build", "-q", "--repo", ".", "--data-dir", str(database), *more], checkout
        )
        tell(f"code-review-graph, {name}", took)
        size = sum(path.stat().st_size for path in database.rglob("*") if path.is_file())
        print(f"  its database: {size / 1e6:,.0f} MB")


def cold(repository: GitRepository, folder: Path, given: argparse.Namespace) -> None:
    """Build the graph of HEAD from nothing, each time in a process of its own so that its memory is its own."""
    del given
    print("== ours, cold: vllm/, tests/, csrc/ and build files, from git objects")
    for workers in (1, 2):
        took = measured([sys.executable, __file__, "--one", str(repository.path), "HEAD", str(workers), "-"])
        tell(f"no cache, {workers} worker{'s' if workers > 1 else ''} ({took.out})", took)
    pinned = unpack(bundled_path().read_bytes()).commit
    if not repository.has_commit(pinned):
        print("the clone does not have the commit of the packaged graph")
        return
    for back in (0, 50, 200, 700):
        cache = folder / f"from{back}"
        took = measured(
            [sys.executable, __file__, "--one", str(repository.path), f"{pinned}~{back}", "2", str(cache)]
        )
        tell(f"an empty cache, {back} commits from the packaged graph ({took.out})", took)


def one(clone: str, revision: str, workers: str, cache: str) -> int:
    """Build one graph and print its size; ``-`` is no cache, which does without the packaged graph too."""
    folder = None if cache == "-" else Path(cache)
    with GitRepository(clone) as repository, open_cache(folder, is_enabled=folder is not None) as kept:
        graph = graph_at(repository, revision, cache=kept, workers=int(workers))
    own, child = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    both = own + (int(workers) * child if int(workers) > 1 else 0)
    print(f"{len(graph):,} nodes, at most {both:.0f} MB in all processes")
    return 0


def warm(repository: GitRepository, folder: Path, given: argparse.Namespace) -> None:
    """Ask for a graph that is in the cache, and ask it."""
    del given
    print("== ours, warm")
    with open_cache(folder / "warm") as cache:
        graph = graph_at(repository, "HEAD", cache=cache)
        show("a graph from the cache, git calls included", lambda: graph_at(repository, "HEAD", cache=cache))
        data = graph.to_bytes()
        show(f"decoding its {len(data):,} bytes", lambda: ModuleGraph.from_bytes(data))
        every = frozenset(EdgeLayer)
        show(
            "first query, nothing kept beside it: neighbours of all layers",
            lambda: ModuleGraph.from_bytes(data).dependents(graph.modules[-1], every),
        )
        show("reach at depth 2", lambda: graph.reach(graph.modules[-1]))


def walk(repository: GitRepository, folder: Path, given: argparse.Namespace) -> None:
    """Ask for the graph at the base of each pull request of a week, one after the other."""
    monday = datetime.fromisoformat(given.week).replace(tzinfo=BEIJING)
    options = (f"--since={monday.isoformat()}", f"--until={(monday + timedelta(days=7)).isoformat()}")
    head = repository.resolve("HEAD")
    rows = run(
        repository.objects, "log", "--first-parent", "--reverse", "--format=%P", *options, head
    ).out.decode()
    bases = [row.split()[0] for row in rows.splitlines()][: given.pulls]
    print(f"== the week of {given.week}: {len(bases)} bases, one after the other")
    with open_cache(folder / "week") as cache:

        def clocks(wanted: Sequence[str]) -> list[tuple[float, float]]:
            return [clock(partial(graph_at, repository, base, cache=cache)) for base in wanted]

        print(f"the first, cold: {clocks(bases[:1])[0][0]:.2f} s")
        derived = tell_many("the others, each from the one before", clocks(bases[1:]))
        again = tell_many("all again, warm", clocks(bases))
    ruff = shutil.which("ruff") or str(Path(sys.executable).with_name("ruff"))
    tree = folder / "tree"
    checkouts = [checkout_and_analyze(repository, base, tree, ruff) for base in bases[:5]]
    wall = statistics.median(took.wall for took in checkouts)
    processor = statistics.median(took.processor for took in checkouts)
    print(
        f"git worktree add and ruff analyze graph: {wall * 1000:.0f} ms in the median (of {len(checkouts)}); "
        f"{processor * 1000:.0f} ms of processor"
    )
    for name, (ours, used) in (("derived", derived), ("warm", again)):
        print(f"ratio, {name}: {wall / ours:.0f} by the clock, {processor / used:.0f} of processor")


def classify(repository: GitRepository, folder: Path, given: argparse.Namespace) -> None:
    """Classify the newest pull request on a fresh machine, and again."""
    del given
    print("== diffscope classify, whole process")
    newest = run(
        repository.objects, "log", "--first-parent", "--format=%s", "-n", "50", repository.resolve("HEAD")
    ).out.decode()
    number = next(line.rpartition("(#")[2].rstrip(")") for line in newest.splitlines() if line.endswith(")"))
    command = [sys.executable, "-m", "diffscope", "classify", number, "-q", "--format", f"json:{os.devnull}"]
    for name in ("a fresh machine", "the second time"):
        variables = {"DIFFSCOPE_CACHE_DIR": str(folder / "fresh"), "DIFFSCOPE_REPO": str(repository.path)}
        tell(f"#{number}, {name}", measured(command, variables=variables))


def unpack_tree(repository: GitRepository, folder: Path) -> Path:
    """Write vllm/ and tests/ of HEAD into a folder, for the tools that read files."""
    packed = run(
        repository.objects, "archive", "--format=tar", repository.resolve("HEAD"), "vllm", "tests"
    ).out
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def checkout_and_analyze(repository: GitRepository, commit: str, folder: Path, ruff: str) -> Took:
    """What one would do without diffscope; the folder is filled without touching the clone's own worktree list."""
    index = {"GIT_INDEX_FILE": str(folder.with_suffix(".index"))}
    folder.mkdir(parents=True, exist_ok=True)
    git = ["git", f"--git-dir={repository.git_dir}", f"--work-tree={folder}"]
    steps = (
        measured([*git, "read-tree", commit], variables=index),
        measured([*git, "checkout-index", "--all", "--force"], variables=index),
        measured([ruff, "analyze", "graph", "vllm"], folder),
    )
    shutil.rmtree(folder)
    wall, processor = sum(step.wall for step in steps), sum(step.processor for step in steps)
    return Took(wall, processor, max(step.memory for step in steps), "")


MEASURE = """
import json, os, resource, signal, subprocess, sys
limit, *command = sys.argv[1:]
with open(os.devnull, "wb") as none:
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=none, start_new_session=True)
    try:
        out = run.communicate(timeout=float(limit))[0].decode("utf-8", "replace").strip()
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        out = f"stopped after {limit} s"
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out[-200:]]))
"""
"""A small process between, for the peak of a child is at least what its parent had when it was started."""


def measured(
    command: Sequence[str], folder: Path | None = None, *, variables: dict[str, str] | None = None
) -> Took:
    """Run a program to its end, or to the limit."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-S", "-c", MEASURE, str(LIMIT), *map(str, command)],
        cwd=folder,
        stdout=subprocess.PIPE,
        env=os.environ | (variables or {}),
        check=True,
    )
    wall = time.perf_counter() - start
    processor, memory, out = json.loads(done.stdout)
    return Took(wall, processor, memory, out)


def tell(name: str, took: Took) -> None:
    end = f" ({took.out})" if took.out.startswith("stopped after") else ""
    print(
        f"{name}{end}: {took.wall:.2f} s, {took.processor:.2f} s of processor, {took.memory:.0f} MB in the largest process"
    )


def clock(action: Callable[[], object]) -> tuple[float, float]:
    start, used = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - start, time.process_time() - used


def show(name: str, action: Callable[[], object], runs: int = 9) -> None:
    tell_many(name, [clock(action) for _ in range(runs)])


def tell_many(name: str, times: list[tuple[float, float]]) -> tuple[float, float]:
    """Print and return the medians, by the clock and of processor."""
    walls, processors = (sorted(column) for column in zip(*times, strict=True))
    median, used = statistics.median(walls), statistics.median(processors)
    ninth = walls[len(walls) * 9 // 10]
    print(
        f"{name}: {median * 1000:.1f} ms in the median, {ninth * 1000:.1f} ms for nine in ten (of {len(walls)});"
        f" {used * 1000:.1f} ms of processor"
    )
    return median, used


PARTS: dict[str, Callable[[GitRepository, Path, argparse.Namespace], None]] = {
    "floor": floor,
    "peers": peers,
    "cold": cold,
    "warm": warm,
    "walk": walk,
    "classify": classify,
}

if __name__ == "__main__":
    sys.exit(one(*sys.argv[2:]) if sys.argv[1:2] == ["--one"] else main())
