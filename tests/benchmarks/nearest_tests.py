"""How well nearest tests are found: recall at ten over real pull requests that touch a source and an existing test.

    python tests/benchmarks/nearest_tests.py --repo CLONE [--since 2026-03-15] [--parity even|odd|all] [--cache DIR] [--fit]

For each pull request the sources it changed are shown to ``nearest_tests`` on the graph and the history of its base; what counts is how
many of the test files that it touched, and that were there before, are among the first ten. Numbers are means over pull requests, and
in brackets the part of all touched tests. Weights are fitted on odd numbers (``--parity odd --fit`` prints them), measured on even ones.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from diffscope.adapters.cache import Cache, open_cache
from diffscope.adapters.git import GitRepository
from diffscope.adapters.git_process import run
from diffscope.adapters.graphs import graph_at
from diffscope.adapters.history import history_at
from diffscope.diff.parse import salvage_diff
from diffscope.diff.values import FileDiff
from diffscope.graph.names import is_native, is_test_file
from diffscope.graph.nearest import WEIGHTS, nearest_tests, scale
from diffscope.graph.nearness import Nearness, Sign
from diffscope.graph.values import SourceChange
from diffscope.source.values import CommitId, RepoPath
from diffscope.syntax.outline import outline_python

WORD = re.compile(r"[A-Za-z_]\w+")
SUBJECT = re.compile(r"(.*) \(#(\d+)\)$")
BASELINES: dict[str, tuple[Sign, ...]] = {
    "imports alone": (Sign.IMPORTS, Sign.REACHES),
    "names alone": (Sign.NAMES,),
    "imports and names": (Sign.IMPORTS, Sign.REACHES, Sign.NAMES),
    "history alone": (Sign.TOGETHER, Sign.ALIKE),
    "without history": tuple(sign for sign in Sign if sign not in (Sign.TOGETHER, Sign.ALIKE, Sign.ACTIVE)),
    "without title": tuple(sign for sign in Sign if sign not in (Sign.TITLE_PATH, Sign.TITLE_WORDS)),
}


class Pull(NamedTuple):
    number: int
    title: str
    base: CommitId
    head: CommitId


class Case(NamedTuple):
    pull: Pull
    truth: frozenset[RepoPath]
    ranked: tuple[RepoPath, ...]
    signs: dict[Sign, dict[RepoPath, float]]
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--since", default="2026-03-15")
    parser.add_argument("--parity", choices=["even", "odd", "all"], default="even")
    parser.add_argument("--cache", type=Path, help="kept between runs; a temporary one otherwise")
    parser.add_argument("--limit", type=int, default=0, help="at most so many pull requests")
    parser.add_argument("--fit", action="store_true", help="fit the weights to these pull requests")
    given = parser.parse_args()
    with (
        GitRepository(given.repo) as repository,
        open_cache(given.cache or Path(".benchmark-cache")) as cache,
    ):
        cases = list(collect(repository, cache, given))
    report(cases)
    if given.fit:
        fit(cases)
    return 0


def collect(repository: GitRepository, cache: Cache, given: argparse.Namespace) -> Iterator[Case]:
    chosen = {"even": (0,), "odd": (1,), "all": (0, 1)}[given.parity]
    pulls = [pull for pull in read_pulls(repository, given.since) if pull.number % 2 in chosen]
    done = 0
    for pull in pulls:
        case = measure(repository, cache, pull)
        if case is None:
            continue
        yield case
        done += 1
        if done % 25 == 0:
            sys.stderr.write(f"\r{done} pull requests, last #{pull.number}")
        if done == given.limit:
            break
    sys.stderr.write("\n")


def read_pulls(repository: GitRepository, since: str) -> list[Pull]:
    """Return the pull requests merged since a day (UTC), oldest first."""
    options = ("--first-parent", "--reverse", f"--since={since}T00:00:00Z", "--format=%H %P%x00%s")
    rows = run(repository.path, "log", *options, "HEAD").out.decode("utf-8", "replace").splitlines()
    pulls = []
    for row in rows:
        ids, _, subject = row.partition("\0")
        found = SUBJECT.match(subject)
        head, *parents = ids.split()
        if found and parents:
            pulls.append(Pull(int(found[2]), found[1], CommitId(parents[0]), CommitId(head)))
    return pulls


def measure(repository: GitRepository, cache: Cache, pull: Pull) -> Case | None:
    changed = repository.changed_paths(pull.base, pull.head)
    truth = frozenset(
        change.path for change in changed if change.old_blob and change.new_blob and is_truth(change.path)
    )
    if not truth or not any(is_source(change.path) for change in changed):
        return None
    patch, _ = repository.patch(pull.base, pull.head)
    files = [file for file in salvage_diff(patch).diff.files if is_source(file.path)]
    changes = tuple(read_change(repository, pull, file) for file in files)
    if not changes:
        return None
    graph = graph_at(repository, pull.base, cache=cache)
    history = history_at(repository, pull.base, cache)
    middle = time.perf_counter()
    ranked = nearest_tests(changes, graph, history=history, title=pull.title)
    seconds = time.perf_counter() - middle
    signs = {
        sign: scale(found) for sign, found in Nearness(changes, graph, history, pull.title).measure().items()
    }
    return Case(pull, truth, tuple(each.path for each in ranked), signs, seconds)


def is_truth(path: str) -> bool:
    return path.startswith("tests/") and is_test_file(path)


def is_source(path: str) -> bool:
    return (path.startswith("vllm/") and path.endswith(".py")) or (
        is_native(path) and path.startswith("csrc/")
    )


def read_change(repository: GitRepository, pull: Pull, file: FileDiff) -> SourceChange:
    """Return what the facts of a change say of a source: its changed symbols, and the identifiers on its changed lines."""
    old = file.old_path or file.path
    added = [line for hunk in file.hunks for line in hunk.added]
    removed = [line for hunk in file.hunks for line in hunk.removed]
    before = {line.number for line in removed} | {hunk.old_start for hunk in file.hunks}
    symbols: set[str] = set()
    if file.path.endswith(".py"):
        symbols |= symbols_at(repository.read(pull.base, old), before)
        symbols |= symbols_at(repository.read(pull.head, file.path), {line.number for line in added})
    words = {word for line in (*added, *removed) for word in WORD.findall(line.text)}
    return SourceChange(
        path=old if file.old_path else file.path,
        lines=file.additions + file.deletions,
        symbols=tuple(sorted(symbols)),
        words=tuple(sorted(words)),
    )


def symbols_at(data: bytes | None, lines: set[int]) -> set[str]:
    definitions = outline_python(data).definitions if data else ()
    return {each.name for each in definitions if any(each.start <= line <= each.end for line in lines)}


def report(cases: Sequence[Case]) -> None:
    print(f"{len(cases)} pull requests, {sum(len(case.truth) for case in cases)} touched tests")
    ceiling = sum(min(10, len(case.truth)) for case in cases) / sum(len(case.truth) for case in cases)
    print_row("all signs", cases, lambda case: case.ranked)
    for name, signs in BASELINES.items():
        print_row(name, cases, lambda case, signs=signs: rank(case, dict.fromkeys(signs, 1.0) | only(signs)))
    times = sorted(case.seconds for case in cases)
    print(f"{'ten places allow at most':<24} [{ceiling:.3f}]")
    print(
        f"ranking takes {times[len(times) // 2] * 1000:.0f} ms in the median, {times[len(times) * 9 // 10] * 1000:.0f} ms for nine in ten"
    )


def only(signs: Sequence[Sign]) -> dict[Sign, float]:
    return {sign: WEIGHTS[sign] for sign in signs}


def print_row(name: str, cases: Sequence[Case], ranked: Callable[[Case], Sequence[RepoPath]]) -> None:
    hits = [(len(case.truth.intersection(ranked(case)[:10])), len(case.truth)) for case in cases]
    mean = sum(hit / all_ for hit, all_ in hits) / len(hits)
    part = sum(hit for hit, _ in hits) / sum(all_ for _, all_ in hits)
    print(f"{name:<24} {mean:.3f}  [{part:.3f}]")


def rank(case: Case, weights: dict[Sign, float]) -> list[RepoPath]:
    paths = sorted({path for sign in weights for path in case.signs[sign] if weights[sign] > 0})
    sums = {
        path: sum(weight * case.signs[sign].get(path, 0.0) for sign, weight in weights.items())
        for path in paths
    }
    return sorted(paths, key=lambda path: (-sums[path], path))[:10]


def fit(cases: Sequence[Case], rounds: int = 12, penalty: float = 1.0) -> None:
    """Fit the weights by logistic regression (Newton's method), each pull request counting by the root of its touched tests."""
    signs = list(Sign)
    size = len(signs) + 1
    rows: list[tuple[list[float], int, float]] = []
    for case in cases:
        paths = sorted({path for found in case.signs.values() for path in found} | case.truth)
        weight = 1 / math.sqrt(len(case.truth))
        for path in paths:
            values = [1.0, *(case.signs[sign].get(path, 0.0) for sign in signs)]
            if path in case.truth or max(values[1:]) > 0.25:
                rows.append((values, int(path in case.truth), weight))
    found = [0.0] * size
    for _ in range(rounds):
        gradient = [-penalty * value if at else 0.0 for at, value in enumerate(found)]
        hessian = [
            [penalty if at == to and at else 1e-9 if at == to else 0.0 for to in range(size)]
            for at in range(size)
        ]
        for values, truth, weight in rows:
            likely = 1 / (1 + math.exp(-max(-30.0, min(30.0, sum(map(float.__mul__, found, values))))))
            error, spread = weight * (truth - likely), weight * likely * (1 - likely)
            used = [at for at, value in enumerate(values) if value]
            for at in used:
                gradient[at] += error * values[at]
                for to in used:
                    hessian[at][to] += spread * values[at] * values[to]
        found = [value + step for value, step in zip(found, solve(hessian, gradient), strict=True)]
    print(f"fitted to {len(rows)} rows: bias {found[0]:.2f}")
    for sign, value in zip(signs, found[1:], strict=True):
        print(f"    Sign.{sign.name}: {value:.2f},")
    weights = dict(zip(signs, found[1:], strict=True))
    print_row("fitted, on the same", cases, lambda case: rank(case, weights))


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solve a small system of linear equations by elimination."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at in range(size):
        pivot = max(range(at, size), key=lambda place: abs(rows[place][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for other in range(size):
            if other != at:
                factor = rows[other][at] / rows[at][at]
                rows[other] = [left - factor * top for left, top in zip(rows[other], rows[at], strict=True)]
    return [rows[at][size] / rows[at][at] for at in range(size)]


if __name__ == "__main__":
    sys.exit(main())
