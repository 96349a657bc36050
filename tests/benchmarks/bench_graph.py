"""Time and memory of the module graph, beside ruff and grimp in the same run.

    python tests/benchmarks/bench_graph.py --repo CLONE [--week 2026-03-23] [--pulls 60]

Absolute times depend on the machine and on what else runs on it; the ratios are the point, and the peers run right beside.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar

from diffscope.adapters.cache import open_cache
from diffscope.adapters.git import GitRepository
from diffscope.adapters.git_process import run
from diffscope.adapters.graphs import graph_at
from diffscope.graph.model import ModuleGraph
from diffscope.graph.values import EdgeLayer

T = TypeVar("T")
BEIJING = timezone(timedelta(hours=8))


def main() -> int:
    """Run every part and print what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", type=Path, required=True, help="a clone of vLLM")
    parser.add_argument("--week", default="2026-03-23", help="its first day, Monday to Sunday in UTC+8")
    parser.add_argument("--pulls", type=int, default=60, help="pull requests of the week to walk")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="diffscope-bench-") as folder,
        GitRepository(given.repo) as repository,
    ):
        checkout = unpack(repository, Path(folder) / "checkout")
        peers(checkout)
        cold(given.repo)
        warm(repository, Path(folder) / "cache")
        walk(repository, Path(folder) / "week", given)
    return 0


def unpack(repository: GitRepository, folder: Path) -> Path:
    """Write vllm/ and tests/ of HEAD into a folder, for the tools that read files."""
    packed = run(repository.path, "archive", "--format=tar", "HEAD", "vllm", "tests").out
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def peers(checkout: Path) -> None:
    print("== peers, on a checkout")
    ruff = shutil.which("ruff") or str(Path(sys.executable).with_name("ruff"))
    for name, arguments in (
        ("vllm", ["vllm"]),
        ("vllm and tests, strings too", ["vllm", "tests", "--detect-string-imports"]),
    ):
        with timed(f"ruff analyze graph, {name}"):
            subprocess.run(
                [ruff, "analyze", "graph", *arguments], cwd=checkout, capture_output=True, check=True
            )
    if importlib.util.find_spec("grimp") is None:
        print("grimp is not installed")
        return
    code = "import grimp, sys; sys.path.insert(0, '.'); print(len(grimp.build_graph('vllm', cache_dir=None).modules))"
    with timed("grimp build_graph, vllm (whole process)"):
        subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, check=True)


def cold(clone: Path) -> None:
    """Build the graph of HEAD with no cache, in a process of its own so that its memory is its own."""
    print("== ours, cold: vllm/, tests/, csrc/ and build files from git objects, no cache")
    for workers in (1, 2):
        done = subprocess.run(
            [sys.executable, __file__, "--one-cold", str(clone), str(workers)],
            capture_output=True,
            text=True,
            check=True,
        )
        print(done.stdout.strip())


def one_cold(clone: str, workers: str) -> int:
    start = time.perf_counter()
    with GitRepository(clone) as repository, open_cache(is_enabled=False) as none:
        graph = graph_at(repository, "HEAD", cache=none, workers=int(workers))
    seconds = time.perf_counter() - start
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    peak = own.ru_maxrss / 1024 + (int(workers) * children.ru_maxrss / 1024 if int(workers) > 1 else 0)
    print(
        f"{workers} workers: {seconds:6.2f} s, {cpu:.2f} s of processor, at most {peak:.0f} MB, {len(graph):,} nodes"
    )
    return 0


def warm(repository: GitRepository, folder: Path) -> None:
    print("== ours, warm")
    with open_cache(folder) as cache:
        graph_at(repository, "HEAD", cache=cache)
        times = [clock(lambda: graph_at(repository, "HEAD", cache=cache)) for _ in range(9)]
        show("a graph from the cache, git calls included", times)
        graph = graph_at(repository, "HEAD", cache=cache)
        data = graph.to_bytes()
        show(
            f"decoding its {len(data):,} bytes",
            [clock(lambda: ModuleGraph.from_bytes(data)) for _ in range(9)],
        )
        show("first query: neighbours of all layers", [first_query(data) for _ in range(9)])
        show("reach at depth 2", [clock(lambda: graph.reach(graph.modules[-1])) for _ in range(9)])


def first_query(data: bytes) -> float:
    graph = ModuleGraph.from_bytes(data)
    return clock(lambda: graph.dependents(graph.modules[-1], frozenset(EdgeLayer)))


def walk(repository: GitRepository, folder: Path, given: argparse.Namespace) -> None:
    """Ask for the graph at the base of each pull request of a week, one after the other."""
    monday = datetime.fromisoformat(given.week).replace(tzinfo=BEIJING)
    options = (f"--since={monday.isoformat()}", f"--until={(monday + timedelta(days=7)).isoformat()}")
    rows = run(
        repository.path, "log", "--first-parent", "--reverse", "--format=%P", *options, "HEAD"
    ).out.decode()
    bases = [row.split()[0] for row in rows.splitlines()][: given.pulls]
    print(f"== the week of {given.week}: {len(bases)} bases, one after the other")
    with open_cache(folder) as cache:
        first = clock(lambda: graph_at(repository, bases[0], cache=cache))
        print(f"the first, cold: {first:.2f} s")
        show(
            "the others, each from the one before",
            [clock(lambda base=base: graph_at(repository, base, cache=cache)) for base in bases[1:]],
        )
        show(
            "all again, warm",
            [clock(lambda base=base: graph_at(repository, base, cache=cache)) for base in bases],
        )
    ruff = shutil.which("ruff") or str(Path(sys.executable).with_name("ruff"))
    times = [
        clock(lambda base=base: checkout_and_analyze(repository, base, folder / "tree", ruff))
        for base in bases[:3]
    ]
    show("git worktree add and ruff analyze graph", times)


def checkout_and_analyze(repository: GitRepository, commit: str, folder: Path, ruff: str) -> None:
    """What one would do without diffscope; the folder is filled without touching the clone's own worktree list."""
    index = {"GIT_INDEX_FILE": str(folder.with_suffix(".index"))}
    folder.mkdir(parents=True, exist_ok=True)
    git = ["git", f"--git-dir={repository.git_dir}", f"--work-tree={folder}"]
    subprocess.run([*git, "read-tree", commit], env=index, check=True, capture_output=True)
    subprocess.run([*git, "checkout-index", "--all", "--force"], env=index, check=False, capture_output=True)
    subprocess.run([ruff, "analyze", "graph", "vllm"], cwd=folder, check=True, capture_output=True)
    shutil.rmtree(folder)


def clock(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def show(name: str, times: list[float]) -> None:
    ordered = sorted(times)
    print(
        f"{name}: {statistics.median(ordered) * 1000:.1f} ms in the median,"
        f" {ordered[len(ordered) * 9 // 10] * 1000:.1f} ms for nine in ten (of {len(ordered)})"
    )


@contextmanager
def timed(name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    print(f"{name}: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    sys.exit(one_cold(*sys.argv[2:]) if sys.argv[1:2] == ["--one-cold"] else main())
