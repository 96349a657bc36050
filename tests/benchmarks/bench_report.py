"""Time ``diffscope report`` on a clone: cold, with outlines and graphs at hand, from the store. Anyone with a clone can run it:

    python tests/benchmarks/bench_report.py --repo PATH [--window 2026-W13] [--workers 2]

Each row is a process of its own: wall time, processor time of it and its workers, the largest memory of one process, changes a second.
The aims are 25 s cold, 8 s warm and 1.5 s stored for the week 2026-W13 on two idle cores, below 700 MB.
"""



from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

AIMS = {"cold": 25.0, "warm": 8.0, "stored": 1.5}
_MEASURED = """
import json, resource, sys
from diffscope.cli.main import main
code = main(sys.argv[1:])
own, crew = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
cpu = own.ru_utime + own.ru_stime + crew.ru_utime + crew.ru_stime
print(json.dumps([code, cpu, own.ru_maxrss // 1024, crew.ru_maxrss // 1024]), file=sys.stderr)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 where an aim is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", type=Path, required=True, help="a clone of vLLM")
    parser.add_argument("--window", default="2026-W13", help="a week, or two days joined by a slash")
    parser.add_argument("--workers", default="2", help="processes")
    chosen = parser.parse_args(arguments)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'':8}{'wall s':>9}{'cpu s':>9}{'MB':>7}{'worker MB':>11}{'changes':>9}{'/s':>7}")
    is_met = True
    with tempfile.TemporaryDirectory(prefix="diffscope-bench-") as folder:
        for name, aim in AIMS.items():
            if name == "warm":
                for file in Path(folder).glob("assessments-*"):
                    file.unlink()
            wall, told, changes = _run(chosen.repo, chosen.window, chosen.workers, Path(folder))
            cpu, own, crew = told[1:]
            rate = changes / wall
            print(f"{name:8}{wall:9.2f}{cpu:9.2f}{own:7}{crew:11}{changes:9}{rate:7.1f}")
            is_met = is_met and wall <= aim
    return not is_met


def _run(repository: Path, window: str, workers: str, cache: Path) -> tuple[float, list[float], int]:
    since, _, until = window.partition("/")
    named = ["--since", since, "--until", until] if until else ["--week", window]
    asked = ["report", *named, "--repo", str(repository), "--workers", workers, "--compare", "none"]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *asked, "--format", "json"],
        env=os.environ | {"DIFFSCOPE_CACHE_DIR": str(cache)},
        capture_output=True,
        check=True,
    )
    wall = time.perf_counter() - start
    told = json.loads(done.stderr.splitlines()[-1])
    return wall, told, json.loads(done.stdout)["source_pulls"]


if __name__ == "__main__":
    raise SystemExit(main())
