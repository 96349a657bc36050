"""Judges every commit of a clone and tells what failed inside, what was not judged, and what it cost.

    python -m tests.benchmarks.sweep PATH/TO/VLLM [--workers N] [--skip N] [--every N] [--most N] [--output FILE] [--again]

One line of JSON a commit goes to FILE as it is judged, and nothing else is kept but the product's own cache. Ctrl-C ends it at any
time with the summary so far, and the same command goes on from there. Lines that another version of the code or of the rules wrote are
passed over.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from diffscope.adapters.cache.cache import default_directory
from diffscope.adapters.cache.store import judge_hash
from diffscope.adapters.git.log import pull_number
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.batch.judging import Judged, Wanted
from diffscope.batch.run import Batch
from diffscope.source.model import CommitId, Gap
from diffscope.workspace import Workspace

Row = dict[str, object]


def main() -> None:
    arguments = _arguments()
    output: Path = arguments.output or default_directory() / "sweep.jsonl"
    output.parent.mkdir(parents=True, exist_ok=True)
    with GitRepository(arguments.clone) as repository, Workspace(repository) as workspace:
        judge = judge_hash(workspace.catalogue.digest, workspace.knowledge.digest)
        wanted = list(commits(repository, arguments.revision))[arguments.skip :: arguments.every][
            : arguments.most
        ]
        rows = [] if arguments.again else [row for row in read(output) if row["judge"] == judge]
        known = {row["commit"] for row in rows} & {each.commit for each in wanted}
        rows = [row for row in rows if row["commit"] in known]
        left = [each for each in wanted if each.commit not in known]
        print(f"{len(wanted):,} commits, {len(known):,} of them judged before; to {output}")
        cost = Cost()
        with Batch(workspace, workers=arguments.workers, keeps=False) as batch, output.open("a") as lines:
            try:
                for done, judged in enumerate(batch.judge(left), start=1):
                    rows.append(row_of(judged, judge))
                    lines.write(json.dumps(rows[-1]) + "\n")
                    lines.flush()
                    if done % 100 == 0 or done == len(left):
                        _tell(done, len(left), cost)
            except KeyboardInterrupt:
                print("\ninterrupted; the same command goes on from here")
    cost.stop()
    print("\n".join(summary(rows, cost)))
    sys.exit(1 if any(row["errors"] for row in rows) else 0)


def commits(repository: GitRepository, revision: str) -> Iterator[Wanted]:
    """Yield every commit of a branch and its first parents, oldest first; the first of all has no parent."""
    tip = repository.resolve(revision)
    listed = run(repository.objects, "rev-list", "--first-parent", "--reverse", tip).out.decode().split()
    known = repository.commits(map(CommitId, listed))
    for commit in map(CommitId, listed):
        info = known[commit]
        yield Wanted(number=(pull_number(info.subject) or 0) if info else 0, commit=commit)


def row_of(judged: Judged, judge: str) -> Row:
    """Return what is kept of a commit."""
    assessment = judged.assessment or judged.stand_in
    gaps = [] if assessment is None else list(assessment.completeness.gaps)
    if judged.gap is not None and judged.gap not in gaps:
        gaps.append(judged.gap)
    is_empty = judged.gap is not None and judged.gap.code == "change-empty"
    return {
        "number": judged.wanted.number,
        "commit": judged.wanted.commit,
        "level": "empty" if is_empty else assessment.risk.level.value if assessment else "none",
        "gaps": Counter(map(_named, gaps)),
        "errors": [
            gap.reason + (f" [{gap.path}]" if gap.path else "")
            for gap in gaps
            if gap.code == "internal-error"
        ],
        "unknown": len(assessment.unknown) if assessment else 0,
        "ms": judged.milliseconds,
        "judge": judge,
    }


def _named(gap: Gap) -> str:
    return gap.code


def read(file: Path) -> Iterator[Row]:
    """Yield the lines that are whole: an end may have cut the last one off."""
    for line in file.read_text("utf-8").split("\n") if file.exists() else ():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def summary(rows: list[Row], cost: Cost) -> Iterator[str]:
    """Yield the lines of the summary."""
    levels, gaps = Counter(row["level"] for row in rows), Counter[str]()
    for row in rows:
        gaps.update(dict.fromkeys(row["gaps"], 1))  # type: ignore[call-overload]
    failed = [row for row in rows if row["errors"]]
    yield f"commits judged: {len(rows):,}"
    yield f"levels: {_counted(levels.items())}"
    empty = [
        (row["number"] and f"#{row['number']}") or str(row["commit"])[:12]
        for row in rows
        if row["level"] == "empty"
    ]
    yield f"empty commits: {len(empty)}{': ' if empty else ''}{', '.join(map(str, empty))}"
    yield f"gaps, in how many commits: {_counted(gaps.items()) or 'none'}"
    yield f"internal errors: {len(failed)} (aim 0)"
    parts = Counter(error for row in failed for error in row["errors"])  # type: ignore[attr-defined]
    for error, count in parts.most_common(40):
        where = next(row for row in failed if error in row["errors"])  # type: ignore[operator]
        yield f"  {count:5}  {error}  first in {where['commit']}"
    slowest = sorted(rows, key=lambda row: -int(row["ms"]))[:10]  # type: ignore[call-overload]
    yield "slowest: " + ", ".join(f"{str(row['commit'])[:12]} {row['ms']} ms" for row in slowest)
    yield f"this run: {cost.told()}"


def _counted(pairs: Iterable[tuple[object, int]]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(pairs, key=lambda pair: -pair[1]))


class Cost:
    """Wall time, processor time and the most memory that this process and all below it held at once."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def told(self) -> str:
        """Return it in words. Time of git processes that were ended with a worker is not counted."""
        used = os.times()
        processor = used.user + used.system + used.children_user + used.children_system
        wall = time.perf_counter() - self.start
        return f"{wall:,.0f} s, {processor:,.0f} s of processor, {self.peak / 2**20:,.0f} MB at most in all processes"

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            self.peak = max(self.peak, sum(map(_resident, _family(os.getpid()))))


def _family(process: int) -> Iterator[int]:
    """Yield a process and all below it."""
    yield process
    try:
        threads = list(Path(f"/proc/{process}/task").iterdir())
        children = [each for thread in threads for each in (thread / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _resident(process: int) -> int:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _tell(done: int, total: int, cost: Cost) -> None:
    spent = time.perf_counter() - cost.start
    left = spent / done * (total - done)
    print(f"{done:,} of {total:,} in {spent:,.0f} s, about {left:,.0f} s to go", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clone", type=Path)
    parser.add_argument("--revision", default="HEAD", help="the branch, with its first parents")
    parser.add_argument("--workers", type=int, help="processes; the number of cores unless told")
    parser.add_argument("--skip", type=int, default=0, help="pass over so many of the oldest commits")
    parser.add_argument("--every", type=int, default=1, help="every so many commits")
    parser.add_argument("--most", type=int, help="so many commits at most")
    parser.add_argument(
        "--output", type=Path, help="where the lines go; sweep.jsonl in the cache's folder unless told"
    )
    parser.add_argument("--again", action="store_true", help="judge what was judged before, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
