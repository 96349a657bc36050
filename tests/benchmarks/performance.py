"""Measures what a change costs, stage by stage, and writes docs/performance.md.

    python -m tests.benchmarks.performance PATH/TO/VLLM [--changes N] [--grow N] [--copies N] [--workers N] [--limit SECONDS] [--only PART]... [--write]

With ``--only`` the other parts are taken from the page as it is; the whole history takes hours, and is judged only with ``--only history``.

Everything is processor time (user and system, children and git included), so that other work on the machine does not count. The changes
are runs of ten neighbours, drawn from the whole history by a fixed seed; the cache is empty at the start, and the first change of each
run, whose graph has no near neighbour, is told apart.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from diffscope.adapters.git.repository import GitRepository
from diffscope.render.formats import json
from diffscope.render.style import Style
from diffscope.source.attempts import Attempts
from diffscope.workspace import Workspace
from tests.benchmarks.growth import (
    ROOT,
    check_out,
    judge_anew,
    measure_growth,
    measure_history,
    measure_sharing,
    measure_trees,
    measure_week,
    run,
)
from tests.benchmarks.sweep import commits

PAGE = ROOT / "docs" / "performance.md"
_RUN = 10
_FLOOR = "import click, msgspec, re2, tree_sitter, sqlite3, yaml"
_SMALL = "38450"
_SIZES = (1, 10, 100, 1_000, 10_000)
_MARKS = (1_000, 2_500, 5_000, 10_000, 15_000)
"""Numbers of changes at which the run over the whole history is looked at."""
_COPIES = (1, 4, 16)
_SHARED = 30
"""Changes that are shared out."""
_EXPLANATION = (
    (
        "`comparison` reads both sides of the changed files, `graph` makes the graph of the base from a cached graph near it, `facts.reach` "
        "follows callers, and `facts.symbol` includes the index of the words of tests. What the changes of a range share is computed once."
    ),
    "",
    (
        "Tried and not paying: compiling the hot modules with mypyc. With 48 of them compiled (`-O1`; about two thirds of the time in "
        "our own Python), 54 neighbouring changes took 0.26 s each and not 0.28 s, 6% less, with the same bytes; one pair of runs in "
        "the same minutes. The process grew from 292 to 453 MB, and the cached properties of 40 places had to be wrapped again by "
        "hand, because mypyc computes them at every use."
    ),
    "",
)
_Found = TypeVar("_Found")


class Row(NamedTuple):
    """A line of a table: what, and seconds of processor."""

    name: str
    seconds: float
    limit: float = 0.0
    """Seconds of the clock after which it was ended; 0 where it was done."""

    @property
    def told(self) -> str:
        """The seconds in words."""
        return f"more than {self.limit:.0f} by the clock" if self.limit else f"{self.seconds:.1f}"


def processor() -> float:
    """Return the seconds of processor that this process, its git processes and those that have ended took."""
    used = os.times()
    ticks = os.sysconf("SC_CLK_TCK")
    return used.user + used.system + used.children_user + used.children_system + _of_children() / ticks


def _of_children() -> int:
    try:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        stats = [Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split() for child in children]
    except OSError:
        return 0
    return sum(int(each[11]) + int(each[12]) for each in stats)


class Stages:
    """Tells the processor's time of each part that ``Attempts`` runs, without that of the parts within it."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._within = [0.0]

    def timed(self, name: str, work: Callable[[], _Found]) -> _Found:
        """Return what ``work`` returns."""
        start = time.process_time()
        self._within.append(0.0)
        try:
            return work()
        finally:
            spent = time.process_time() - start
            self.spent[name] += spent - self._within.pop()
            self._within[-1] += spent

    def run(self, part: str, work: Callable[[], _Found], paths: tuple[str, ...]) -> _Found:
        """Stand in for ``Attempts.run``."""
        del paths
        return self.timed(part, work)


def sample(repository: GitRepository, count: int) -> list[list[Any]]:
    """Return runs of ten neighbouring commits, oldest first within each."""
    listed = list(commits(repository, "HEAD"))
    chosen = random.Random(7)
    starts = sorted(chosen.randrange(len(listed) // 10, len(listed) - _RUN) for _ in range(count // _RUN))
    return [listed[start : start + _RUN] for start in starts]


def measure_stages(clone: Path, count: int) -> tuple[list[Row], list[Row], list[float]]:
    """Return the stages of neighbouring changes, the graph of the first and of the others, and the total of each of the others."""
    stages, firsts, totals = Stages(), list[float](), list[float]()
    Attempts.run = stages.run  # type: ignore[method-assign]
    with (
        tempfile.TemporaryDirectory() as folder,
        GitRepository(clone) as repository,
        Workspace(repository, cache_directory=Path(folder)) as workspace,
    ):
        workspace.catalogue, workspace.knowledge  # noqa: B018 - read once for all
        for run in sample(repository, count):
            for place, wanted in enumerate(run):
                before, start = dict(stages.spent), processor()
                change = stages.timed("the patch", lambda each=wanted: workspace.clone.commit(each.commit))  # type: ignore[misc]
                facts = stages.timed("the rest", lambda each=change: workspace.facts(each))  # type: ignore[misc]
                assessment = stages.timed("rules and levels", lambda each=facts: workspace.judge(each))  # type: ignore[misc]
                stages.timed("rendering", lambda each=assessment: json.render(each, Style()))  # type: ignore[misc]
                if place:
                    totals.append(processor() - start)
                else:
                    firsts.append(processor() - start)
                    stages.spent = defaultdict(float, before)
    rows = [Row(name, spent / len(totals)) for name, spent in stages.spent.items()]
    graph = [Row(f"first change of run {number}", spent) for number, spent in enumerate(firsts, start=1)]
    return sorted(rows, key=lambda row: -row.seconds), graph, totals


def measured(
    *command: str, repeats: int = 3, environment: dict[str, str] | None = None, folder: Path = ROOT
) -> float:
    """Return the seconds of processor of a command, the median of some runs. Raises ``CalledProcessError`` where it fails."""
    found = [run(*command, environment=environment, folder=folder).seconds for _ in range(repeats)]
    return sorted(found)[len(found) // 2]


def measure_start(clone: Path) -> list[Row]:
    """Return what whole processes cost."""
    small = ("-m", "diffscope", "classify", _SMALL)
    with tempfile.TemporaryDirectory() as folder:
        own = {"XDG_CACHE_HOME": folder}
        ours = (sys.executable, *small, "--repo", str(clone), "--source", "clone")
        return [
            Row(
                "floor: an interpreter that imports click, msgspec, re2, tree_sitter, sqlite3, yaml",
                measured(sys.executable, "-c", _FLOOR),
            ),
            Row("`diffscope --version`", measured(sys.executable, "-m", "diffscope", "--version")),
            Row(
                "`classify` of a recorded change",
                measured(sys.executable, *small, "--source", "recorded", environment=own),
            ),
            Row(
                "`classify` of a small change of a clone, graph in the cache",
                judge_anew(*ours, cache=Path(folder), repeats=5),
            ),
            Row("the same change again", measured(*ours, repeats=5, environment=own)),
        ]


def measure_peers(clone: Path) -> Iterator[Row]:
    """Yield what others need for a graph of one tree: those that are installed."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        check_out(clone, "HEAD", tree)
        own = {
            "XDG_CACHE_HOME": f"{folder}/cache",
            "PYTHONPATH": f"{tree}:{os.environ.get('PYTHONPATH', ROOT)}",
        }
        ours = ("-m", "diffscope", "graph", "build", "--repo", str(clone))
        yield Row(
            "diffscope, first graph of a clone", measured(sys.executable, *ours, repeats=1, environment=own)
        )
        yield Row(
            "diffscope, the same graph again", measured(sys.executable, *ours, repeats=3, environment=own)
        )
        if ruff := shutil.which("ruff"):
            yield Row(
                "`ruff analyze graph` (imports of Python only)",
                measured(ruff, "analyze", "graph", "vllm", "tests", folder=tree),
            )
        if importlib.util.find_spec("grimp"):
            code = "import grimp; grimp.build_graph('vllm', cache_dir=None)"
            yield Row("grimp (imports of `vllm` only)", measured(sys.executable, "-c", code, environment=own))


def measure_reviews(clone: Path, limit: float) -> Iterator[Row]:
    """Yield what the review of the newest change takes, first graph included: here, and by code-review-graph, which is installed for it and ended after ``limit`` seconds of the clock."""
    with tempfile.TemporaryDirectory() as folder:
        ours = ("-m", "diffscope", "classify", "--base", "HEAD~1", "--repo", str(clone))
        own = {"XDG_CACHE_HOME": f"{folder}/cache"}
        yield Row("diffscope, first run", measured(sys.executable, *ours, repeats=1, environment=own))
        again = judge_anew(sys.executable, *ours, cache=Path(folder) / "cache", repeats=3)
        yield Row("diffscope, graph at hand", again)
        venv, tree = Path(folder) / "venv", Path(folder) / "tree"
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "--quiet", "code-review-graph"], check=True)
        peer = str(venv / "bin/code-review-graph")
        check_out(clone, "HEAD~1", tree)
        built = run(peer, "build", folder=tree, most=limit)
        yield Row("code-review-graph, `build`", built.seconds, limit * built.is_cut)
        if not built.is_cut:
            check_out(clone, "HEAD", tree)
            updated = run(peer, "update", "--brief", folder=tree, most=limit)
            yield Row("code-review-graph, `update --brief`", updated.seconds, limit * updated.is_cut)


def stages_part(chosen: argparse.Namespace) -> Iterator[str]:
    """Yield the lines on what a change costs, by stage."""
    rows, firsts, totals = measure_stages(chosen.clone, chosen.changes)
    total = sum(row.seconds for row in rows)
    yield from (_summary(totals, firsts), "", "| stage | ms | share |", "| --- | ---: | ---: |")
    for row in rows:
        if row.seconds > 0.0005:
            yield f"| {row.name} | {1000 * row.seconds:.1f} | {row.seconds / total:.0%} |"
    yield from ("", *_EXPLANATION)


def processes_part(chosen: argparse.Namespace) -> Iterator[str]:
    """Yield the lines on whole processes."""
    start = measure_start(chosen.clone)
    yield from ("| process | s | times the floor |", "| --- | ---: | ---: |")
    for row in start:
        yield f"| {row.name} | {row.seconds:.2f} | {row.seconds / start[0].seconds:.1f} |"
    yield from (
        "",
        "The facts of a change are kept, and judged again by the rules as they are: its second run collects none.",
    )


def growth_part(chosen: argparse.Namespace) -> Iterator[str]:
    """Yield the lines on ranges."""
    yield "The newest changes of the clone, with an empty cache and one worker, including the first graph and the history."
    yield ""
    yield from (
        "| changes | s | s per change | times `git log -p -M` | MB |",
        "| ---: | ---: | ---: | ---: | ---: |",
    )
    for each in measure_growth(chosen.clone, [size for size in _SIZES if size <= chosen.grow]):
        cells = (
            f"{each.changes:,}",
            f"{each.ours.seconds:.1f}",
            f"{each.ours.seconds / each.changes:.2f}",
            f"{each.ours.seconds / each.log:.0f}",
            f"{each.ours.megabytes:.0f}",
        )
        yield f"| {' | '.join(cells)} |"


def week_part(chosen: argparse.Namespace) -> Iterator[str]:
    """Yield the lines on the report of a week."""
    found = list(measure_week(chosen.clone))
    yield f"`diffscope report` on the last whole week of the clone, {found[0].changes} changes, two workers; `git log -p -M` of the same week takes {found[0].log:.2f} s."
    yield ""
    yield from ("| cache | s | times `git log -p -M` |", "| --- | ---: | ---: |")
    yield from (f"| {each.name} | {each.seconds:.1f} | {each.seconds / each.log:.0f} |" for each in found)


def history_part(chosen: argparse.Namespace) -> Iterator[str]:
    """Yield the lines on the whole history."""
    yield f"All changes of the clone in one go, oldest first, with an empty cache and {chosen.workers} workers, each replaced after 256 changes."
    yield ""
    yield "| changes | processor, s | s per change | clock, min | largest process, MB | all processes, MB | shared pages once, MB |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for each in measure_history(chosen.clone, chosen.workers, _MARKS):
        cells = (
            f"{each.changes:,}",
            f"{each.seconds:,.0f}",
            f"{each.seconds / each.changes:.2f}",
            f"{each.clock / 60:.0f}",
            *(f"{one:.0f}" for one in (each.largest, each.resident, each.shared)),
        )
        yield f"| {' | '.join(cells)} |"


def trees_part(chosen: argparse.Namespace) -> Iterator[str]:
    """Yield the lines on larger trees."""
    yield (
        "The newest sources of the clone in a repository of their own, without history, and the same with copies of the packages under other names. "
        "The change is one line of a file that many import."
    )
    yield ""
    yield "| tree | Python files | first graph, s | graph again, s | a change, first run, s | again, s |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: |"
    for each in measure_trees(chosen.clone, [copies for copies in _COPIES if copies <= chosen.copies]):
        seconds = (each.first_graph, each.graph_again, each.first_change, each.change_again)
        yield f"| {each.copies} times | {each.files:,} | {' | '.join(f'{one:.1f}' for one in seconds)} |"


def sharing_part(chosen: argparse.Namespace) -> Iterator[str]:
    """Yield the lines on shards and clusters."""
    yield f"The newest {_SHARED} changes with empty caches."
    yield ""
    yield from ("| judged by | s | same bytes |", "| --- | ---: | --- |")
    for each in measure_sharing(chosen.clone, _SHARED):
        yield f"| {each.name} | {each.seconds:.1f} | {'yes' if each.is_same else 'no'} |"


def peers_part(chosen: argparse.Namespace) -> Iterator[str]:
    """Yield the lines on other tools."""
    yield from ("| graph of one tree | s |", "| --- | ---: |")
    yield from (f"| {row.name} | {row.told} |" for row in measure_peers(chosen.clone))
    yield from ("", "| review of the newest change | s |", "| --- | ---: |")
    yield from (f"| {row.name} | {row.told} |" for row in measure_reviews(chosen.clone, chosen.limit))


PARTS: dict[str, tuple[str, Callable[[argparse.Namespace], Iterator[str]]]] = {
    "stages": ("A change, by stage", stages_part),
    "processes": ("Whole processes", processes_part),
    "growth": ("Ranges", growth_part),
    "week": ("A week", week_part),
    "history": ("The whole history", history_part),
    "trees": ("Larger trees", trees_part),
    "sharing": ("Shards and clusters", sharing_part),
    "peers": ("Compared with other tools", peers_part),
}
_LONG = "history"
"""The part that takes hours, and is measured only where it is asked for by name."""
_HEAD = (
    "# Performance",
    "",
    "Made by `python -m tests.benchmarks.performance CLONE --write`. Seconds of processor (user and system, git included) on one core;",
    "absolute times depend on the machine, ratios hardly do.",
)


def _told(lines: Iterator[str]) -> Iterator[str]:
    """Pass lines on, each shown when it is there: some take an hour."""
    for line in lines:
        print(line, file=sys.stderr, flush=True)
        yield line


def page(chosen: argparse.Namespace) -> str:
    """Return docs/performance.md; parts that are not asked for as they are there."""
    pieces = re.split(r"^## (.*)\n+", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    known = dict(zip(pieces[::2], pieces[1::2], strict=True))
    lines = list(_HEAD)
    for name, (title, part) in PARTS.items():
        if name in (chosen.only or PARTS.keys() - {_LONG}):
            lines += ["", f"## {title}", "", "\n".join(_told(part(chosen))).rstrip()]
        elif title in known:
            lines += ["", f"## {title}", "", known[title].rstrip()]
    return "\n".join((*lines, ""))


def _summary(totals: list[float], firsts: list[Row]) -> str:
    ordered = sorted(totals)
    return (
        f"{len(totals)} changes sampled from the whole history in runs of ten neighbours, without the first of each run: "
        f"{sum(totals) / len(totals):.2f} s a change, median {ordered[len(ordered) // 2]:.2f} s, nine of ten below "
        f"{ordered[len(ordered) * 9 // 10]:.2f} s. For the first change of a run no cached graph is near: "
        f"{sum(row.seconds for row in firsts) / len(firsts):.1f} s on average."
    )


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clone", type=Path)
    parser.add_argument("--changes", type=int, default=60)
    parser.add_argument(
        "--grow", type=int, default=100, help="the largest number of changes judged in one go"
    )
    parser.add_argument("--copies", type=int, default=4, help="how many times the tree is taken at most")
    parser.add_argument("--workers", type=int, default=2, help="of the run over the whole history")
    parser.add_argument("--limit", type=float, default=900, help="seconds of the clock that a peer may take")
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part alone; repeatable")
    parser.add_argument("--write", action="store_true", help="to docs/performance.md")
    chosen = parser.parse_args()
    chosen.clone = chosen.clone.resolve()
    text = page(chosen)
    print(text)
    if chosen.write:
        PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
