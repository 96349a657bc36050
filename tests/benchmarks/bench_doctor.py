"""Time ``diffscope doctor`` on a clone, part by part. Anyone with a clone can run it:

    python tests/benchmarks/bench_doctor.py --repo PATH [--at REV] [--runs 5]

Prints the least of several runs, wall and processor time, of each part and of the whole command in a process of its own
(start-up, imports and printing included). The aim is 3 s for the whole, warm. Also prints rule files a millisecond.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from diffscope.adapters.declarations import collect_project_files, read_entries
from diffscope.adapters.git.repository import GitRepository
from diffscope.products.doctor.doctor import examine, wanted_tests
from diffscope.project.read import read_project
from diffscope.yaml.strict import parse_strict

AIM = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 where the whole command misses its aim."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", type=Path, required=True, help="a clone of vLLM")
    parser.add_argument("--at", default="HEAD", help="the revision to look at")
    parser.add_argument("--runs", type=int, default=5, help="how often each part runs")
    chosen = parser.parse_args(arguments)
    with GitRepository(chosen.repo) as repository:
        entries = repository.entries(chosen.at)
        files = collect_project_files(entries, repository)
        tests = read_entries(wanted_tests(entries), repository)
        _show("list the tree", chosen.runs, lambda: repository.entries(chosen.at))
        _show("read declarations", chosen.runs, lambda: collect_project_files(entries, repository))
        _show("read tests", chosen.runs, lambda: read_entries(wanted_tests(entries), repository))
        _show("parse declarations", chosen.runs, lambda: read_project(files))
        _show("parse and check", chosen.runs, lambda: examine(files, tests))
    rules = [path.read_text("utf-8") for path in sorted(Path("rules").glob("*/rule.yml"))]
    _show(f"parse {len(rules)} rule files", chosen.runs, lambda: [parse_strict(text) for text in rules])
    command = [
        sys.executable,
        "-m",
        "diffscope",
        "doctor",
        "--repo",
        str(chosen.repo),
        "--at",
        chosen.at,
        "--format",
        "json",
    ]
    whole = _show(
        "the whole command",
        chosen.runs,
        lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL),
    )
    return int(whole > AIM)


def _show(name: str, runs: int, work: Callable[[], object]) -> float:
    best_wall = best_processor = float("inf")
    for _ in range(runs):
        before, started = os.times(), time.perf_counter()
        work()
        after = os.times()
        best_wall = min(best_wall, time.perf_counter() - started)
        best_processor = min(best_processor, sum(after[:4]) - sum(before[:4]))
    print(f"{name:24} {best_wall * 1000:8.0f} ms wall {best_processor * 1000:8.0f} ms processor")
    return best_processor


if __name__ == "__main__":
    sys.exit(main())
