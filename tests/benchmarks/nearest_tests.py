"""How well nearest tests are found: recall at ten over real pull requests that touch a source and an existing test.

    python tests/benchmarks/nearest_tests.py --repo CLONE [--since 2026-03-15] [--until DAY] [--parity even|odd|all|tuning]
        [--cache DIR] [--limit N] [--misses] [--fit]

For each pull request the sources it changed are shown to ``nearest_tests``, in the form that its facts give them, on the graph and the
history of its base; what counts is how many of the test files that it touched, and that were there before, are among the first ten.
Each row: mean over pull requests [part of all touched tests] (part of pull requests with at least one). Baselines stand below, ranked by
their signs alone with equal weights. The weights are those of

    python tests/benchmarks/nearest_tests.py --repo CLONE --since 2026-01-01 --until 2026-04-20 --parity tuning --fit

where ``tuning`` stands for all numbers up to 2026-03-14 and odd ones after it: even ones from 2026-03-15 on are measured on, never fitted to.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from diffscope.adapters.changes.sides import read_sides
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.graphs import graph_at
from diffscope.adapters.graphs.history import history_at
from diffscope.diff.parse import salvage_diff
from diffscope.errors import DiffscopeError
from diffscope.facts.base.test_reach import source_changes
from diffscope.facts.change.changed_file import Placed, compare_files
from diffscope.facts.change.files import collect_files
from diffscope.graph.model import SourceChange
from diffscope.graph.resolve import is_native, is_test_file
from diffscope.source.model import CommitId, RepoPath
from diffscope.test_ranking.paths import Sign
from diffscope.test_ranking.rank import WEIGHTS, Nearness, nearest_tests, scale
from diffscope.workspace import Workspace

SUBJECT = re.compile(r"(.*) \(#(\d+)\)$")
PAST = (Sign.TOGETHER, Sign.ALIKE, Sign.FOLDER)
BASELINES: dict[str, tuple[Sign, ...]] = {
    "graph alone": (Sign.IMPORTS, Sign.REACHES),
    "names alone": (Sign.NAMES,),
    "graph and names": (Sign.IMPORTS, Sign.REACHES, Sign.NAMES),
    "history alone": (Sign.TOGETHER, Sign.ALIKE),
    "like-named tests alone": (Sign.STEM,),
}
LEFT_OUT: dict[str, tuple[Sign, ...]] = {
    "without history": PAST,
    "without title": (Sign.TITLE_PATH, Sign.TITLE_WORDS),
    "without words": (Sign.WORDS, Sign.GONE, Sign.NAMES, Sign.TITLE_WORDS, Sign.CALLS),
}
HARDEST = 150
"""Tests of a pull request that the fit looks at, besides those touched."""


MEASURED_FROM = 1_773_532_800
"""2026-03-15, in seconds."""


class Pull(NamedTuple):
    number: int
    title: str
    merged_at: int
    base: CommitId
    head: CommitId


class Case(NamedTuple):
    pull: Pull
    truth: frozenset[RepoPath]
    ranked: tuple[RepoPath, ...]
    signs: dict[Sign, dict[RepoPath, float]]
    opening: float
    ranking: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--since", default="2026-03-15", help="first day (UTC)")
    parser.add_argument("--until", default="2099-01-01", help="day after the last one")
    parser.add_argument("--parity", choices=["even", "odd", "all", "tuning"], default="even")
    parser.add_argument("--cache", type=Path, help="kept between runs; .benchmark-cache otherwise")
    parser.add_argument("--limit", type=int, default=0, help="at most so many pull requests")
    parser.add_argument("--misses", action="store_true", help="name what was not found, and where it stands")
    parser.add_argument("--fit", action="store_true", help="fit the weights to these pull requests")
    given = parser.parse_args()
    with (
        GitRepository(given.repo) as repository,
        Workspace(repository, cache_directory=given.cache or Path(".benchmark-cache")) as workspace,
    ):
        cases = list(collect(workspace, given))
    report(cases)
    if given.misses:
        print_misses(cases)
    if given.fit:
        fit(cases)
    return 0


def collect(workspace: Workspace, given: argparse.Namespace) -> Iterator[Case]:
    assert workspace.repository is not None
    pulls = read_pulls(workspace.repository, given.since, given.until)
    done = 0
    for pull in pulls:
        case = measure(workspace, pull) if is_chosen(pull, given.parity) else None
        if case is None:
            continue
        yield case
        done += 1
        if done % 25 == 0:
            sys.stderr.write(f"\r{done} pull requests, last #{pull.number}")
        if done == given.limit:
            break
    sys.stderr.write("\n")


def is_chosen(pull: Pull, parity: str) -> bool:
    is_odd = pull.number % 2 == 1
    if parity == "tuning":
        return is_odd or pull.merged_at < MEASURED_FROM
    return parity == "all" or is_odd == (parity == "odd")


def read_pulls(repository: GitRepository, since: str, until: str) -> list[Pull]:
    """Return the pull requests merged from one day to another (UTC), oldest first."""
    window = (f"--since={since}T00:00:00Z", f"--until={until}T00:00:00Z")
    options = ("--first-parent", "--reverse", *window, "--format=%H %ct %P%x00%s")
    rows = (
        run(repository.objects, "log", *options, repository.resolve("HEAD"))
        .out.decode("utf-8", "replace")
        .splitlines()
    )
    pulls = []
    for row in rows:
        ids, _, subject = row.partition("\0")
        found = SUBJECT.match(subject)
        head, time_, *parents = ids.split()
        if found and parents:
            pulls.append(Pull(int(found[2]), found[1], int(time_), CommitId(parents[0]), CommitId(head)))
    return pulls


def measure(workspace: Workspace, pull: Pull) -> Case | None:
    repository, cache = workspace.repository, workspace.cache
    assert repository is not None
    changed = repository.changed_paths(pull.base, pull.head)
    truth = frozenset(
        change.path for change in changed if change.old_blob and change.new_blob and is_truth(change.path)
    )
    if not truth or not any(is_source(change.path) for change in changed):
        return None
    try:
        changes = read_changes(workspace, pull)
        graph = graph_at(repository, pull.base, cache=cache)
    except DiffscopeError as error:
        sys.stderr.write(f"#{pull.number}: {error}\n")
        return None
    if not changes:
        return None
    start = time.process_time()
    history = history_at(repository, pull.base, cache)
    graph.tests_naming("opened")
    middle = time.process_time()
    ranked = nearest_tests(changes, graph, history=history, title=pull.title)
    end = time.process_time()
    signs = {
        sign: scale(found) for sign, found in Nearness(changes, graph, history, pull.title).measure().items()
    }
    return Case(pull, truth, tuple(each.path for each in ranked), signs, middle - start, end - middle)


def is_truth(path: str) -> bool:
    return path.startswith("tests/") and is_test_file(path)


def is_source(path: str) -> bool:
    return (path.startswith("vllm/") and path.endswith(".py")) or (
        is_native(path) and path.startswith("csrc/")
    )


def read_changes(workspace: Workspace, pull: Pull) -> tuple[SourceChange, ...]:
    """Return the sources of a pull request as its facts show them; what it does to tests is not in it."""
    change = workspace.clone.commit(pull.head)
    diff = salvage_diff(change.patch).diff
    materials = compare_files(diff, read_sides(change, diff, workspace.repository))
    facts = collect_files(materials, workspace.knowledge.taxonomy)
    return source_changes(
        Placed(fact=fact, material=material) for fact, material in zip(facts, materials, strict=True)
    )


def report(cases: Sequence[Case]) -> None:
    touched = sum(len(case.truth) for case in cases)
    print(f"{len(cases)} pull requests, {touched} touched tests")
    print_row("nearest tests", cases, lambda case: case.ranked)
    for name, signs in BASELINES.items():
        print_row(name, cases, partial(rank, weights=dict.fromkeys(signs, 1.0)))
    for name, out in LEFT_OUT.items():
        weights = {sign: weight for sign, weight in WEIGHTS.items() if sign not in out}
        print_row(name, cases, partial(rank, weights=weights))
    ceiling = sum(min(10, len(case.truth)) for case in cases) / touched
    print(f"{'ten places allow at most':<24}        [{ceiling:.3f}]")
    for name, times in (
        ("opening words and history", sorted(case.opening for case in cases)),
        ("ranking", sorted(case.ranking for case in cases)),
    ):
        middle, ninth = times[len(times) // 2] * 1000, times[len(times) * 9 // 10] * 1000
        mean = sum(times) / len(times) * 1000
        print(f"{name}: CPU ms median {middle:.1f}, mean {mean:.1f}, nine in ten below {ninth:.1f}")


def print_row(name: str, cases: Sequence[Case], ranked: Callable[[Case], Sequence[RepoPath]]) -> None:
    hits = [(len(case.truth.intersection(ranked(case)[:10])), len(case.truth)) for case in cases]
    mean = sum(hit / all_ for hit, all_ in hits) / len(hits)
    part = sum(hit for hit, _ in hits) / sum(all_ for _, all_ in hits)
    some = sum(hit > 0 for hit, _ in hits) / len(hits)
    print(f"{name:<24} {mean:.3f}  [{part:.3f}]  ({some:.3f})")


def print_misses(cases: Sequence[Case]) -> None:
    for case in cases:
        order = {path: place for place, path in enumerate(rank(case, dict(WEIGHTS), 10_000), 1)}
        missed = sorted((order.get(path, 9_999), path) for path in case.truth.difference(case.ranked))
        if missed:
            places = ", ".join(f"{path} at {place}" for place, path in missed[:4])
            print(f"#{case.pull.number} {case.pull.title}: {len(missed)} of {len(case.truth)}: {places}")


def rank(case: Case, weights: dict[Sign, float], most: int = 10) -> list[RepoPath]:
    sums = score(case, weights)
    return sorted(sums, key=lambda path: (-sums[path], path))[:most]


def score(case: Case, weights: dict[Sign, float]) -> dict[RepoPath, float]:
    paths = sorted({path for sign in weights for path in case.signs[sign]})
    return {
        path: sum(weight * case.signs[sign].get(path, 0.0) for sign, weight in weights.items())
        for path in paths
    }


Vector = list[float]


class Rows(NamedTuple):
    """One pull request for the fit: the signs of the tests it touched, those of the hardest others, and what it counts."""

    touched: list[Vector]
    others: list[Vector]
    weight: float


def fit(cases: Sequence[Case], rounds: int = 12, penalty: float = 1.0) -> None:
    """Fit the weights so that touched tests stand before the others (conditional logit, Newton's method), then the score's two numbers.

    A pull request counts by the root of its touched tests, so that a sweep over a hundred tests does not rule the fit.
    """
    found = fit_weights([read_rows(case) for case in cases], rounds, penalty)
    print(f"fitted to {len(cases)} pull requests")
    for sign, value in zip(Sign, found, strict=True):
        print(f"    Sign.{sign.name}: {value:.2f},")
    folds = [cases[at::5] for at in range(5)]
    guessed: dict[int, list[RepoPath]] = {}
    for at, fold in enumerate(folds):
        others = [read_rows(case) for to, other in enumerate(folds) if to != at for case in other]
        weights = dict(zip(Sign, fit_weights(others, rounds, penalty), strict=True))
        guessed |= {case.pull.number: rank(case, weights) for case in fold}
    print_row("fitted, five folds", cases, lambda case: guessed[case.pull.number])
    steep, bias = fit_score(cases, dict(zip(Sign, found, strict=True)), rounds)
    print(f"score: 1 / (1 + exp(-({steep:.2f} * sum {bias:+.2f})))")


def read_rows(case: Case) -> Rows:
    signs = list(Sign)
    sums = score(case, {sign: max(0.0, WEIGHTS[sign]) for sign in signs})
    hardest = sorted(sums, key=lambda path: (-sums[path], path))[:HARDEST]

    def vector(path: RepoPath) -> Vector:
        return [case.signs[sign].get(path, 0.0) for sign in signs]

    return Rows(
        [vector(path) for path in sorted(case.truth)],
        [vector(path) for path in hardest if path not in case.truth],
        1 / math.sqrt(len(case.truth)),
    )


def fit_weights(rows: Sequence[Rows], rounds: int, penalty: float) -> Vector:
    size = len(Sign)
    found = [1.0] * size
    for _ in range(rounds):
        gradient = [-penalty * value for value in found]
        hessian = [[penalty * (at == to) for to in range(size)] for at in range(size)]
        for each in rows:
            add_slope(each, found, gradient, hessian)
        found = [value + step for value, step in zip(found, solve(hessian, gradient), strict=True)]
    return found


def add_slope(rows: Rows, weights: Vector, gradient: Vector, hessian: list[Vector]) -> None:
    """Add what one pull request says: each touched test against all that were not touched."""
    size = len(weights)
    base, first = 0.0, [0.0] * size
    second = [[0.0] * size for _ in range(size)]
    for values in rows.others:
        likely = math.exp(sum(map(float.__mul__, weights, values)))
        base += likely
        used = [(at, value * likely) for at, value in enumerate(values) if value]
        for at, much in used:
            first[at] += much
            row = second[at]
            for to, _ in used:
                row[to] += much * values[to]
    for values in rows.touched:
        likely = math.exp(sum(map(float.__mul__, weights, values)))
        whole = base + likely
        mean = [(one + likely * value) / whole for one, value in zip(first, values, strict=True)]
        for at in range(size):
            gradient[at] += rows.weight * (values[at] - mean[at])
            for to in range(size):
                spread = (second[at][to] + likely * values[at] * values[to]) / whole - mean[at] * mean[to]
                hessian[at][to] += rows.weight * spread


def fit_score(cases: Sequence[Case], weights: dict[Sign, float], rounds: int) -> tuple[float, float]:
    """Return how steep, and from where, the sum of the weighed signs turns into the part of such tests that were touched."""
    points = [(value, path in case.truth) for case in cases for path, value in score(case, weights).items()]
    steep, bias = 1.0, -max(value for value, _ in points)
    for _ in range(4 * rounds):
        gradient, hessian = [0.0, 0.0], [[1e-6, 0.0], [0.0, 1e-6]]
        for value, truth in points:
            likely = 1 / (1 + math.exp(-max(-30.0, min(30.0, steep * value + bias))))
            spread = likely * (1 - likely)
            gradient = [gradient[0] + (truth - likely) * value, gradient[1] + truth - likely]
            hessian[0][0] += spread * value * value
            hessian[0][1] += spread * value
            hessian[1][1] += spread
        hessian[1][0] = hessian[0][1]
        step = solve(hessian, gradient)
        steep, bias = steep + max(-0.3, min(0.3, step[0])), bias + max(-1.0, min(1.0, step[1]))
    return steep, bias


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
