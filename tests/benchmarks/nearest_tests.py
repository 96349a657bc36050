"""How many of the tests that a pull request touched stand among the ten nearest: ``python tests/benchmarks/nearest_tests.py --repo PATH``.

Over merged pull requests with an even number that touch source and an existing test. The graph, the words of tests and the history are
those of the base: nothing of the pull request itself, or of a later one, is looked at.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

from diffscope.adapters.git import GitRepository
from diffscope.adapters.graphs import graph_at
from diffscope.adapters.history import history_at
from diffscope.adapters.sides import read_sides
from diffscope.diff.parse import salvage_diff
from diffscope.diff.values import FileStatus
from diffscope.errors import DiffscopeError
from diffscope.facts.material import compare_files
from diffscope.graph.names import is_test_file
from diffscope.graph.nearest import ChangedSource, nearest_tests
from diffscope.source.window import days
from diffscope.workspace import Workspace


class Outcome(NamedTuple):
    """Tests touched and found, for one pull request."""

    number: int
    touched: int
    found: int


def main() -> None:
    """Print recall at ten, over tests and over pull requests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repo", required=True, type=Path)
    parser.add_argument("--since", default="2026-03-15")
    parser.add_argument("--until", default="2026-04-19")
    parser.add_argument(
        "--odd", action="store_true", help="the pull requests that the weights were chosen on"
    )
    parser.add_argument("--most", type=int, default=200)
    given = parser.parse_args()
    outcomes: list[Outcome] = []
    with GitRepository(given.repo) as repository, Workspace(repository) as workspace:
        for merged in workspace.clone.window(days(given.since, given.until)):
            if merged.number is None or merged.number % 2 != given.odd or len(outcomes) >= given.most:
                continue
            outcome = judge(workspace, repository, merged.number, merged.commit)
            if outcome is not None:
                outcomes.append(outcome)
    touched, found = sum(one.touched for one in outcomes), sum(one.found for one in outcomes)
    mean = sum(one.found / min(10, one.touched) for one in outcomes) / max(1, len(outcomes))
    print(f"{len(outcomes)} pull requests, {touched} tests touched, {found} among the ten nearest")
    print(f"recall at 10 over tests {found / max(1, touched):.3f}, mean over pull requests {mean:.3f}")


def judge(workspace: Workspace, repository: GitRepository, number: int, commit: str) -> Outcome | None:
    """Return how many of the tests that a pull request touched are found; ``None`` where it touches no source or no existing test."""
    try:
        change = workspace.clone.commit(commit)
    except DiffscopeError:
        return None
    diff = salvage_diff(change.patch).diff
    base = change.pull.base
    touched = {one.old_path or one.path for one in diff.files if one.status is not FileStatus.ADDED}
    tests = {path for path in touched if is_test_file(path)}
    if base is None or not tests or not any(path.startswith(("vllm/", "csrc/")) for path in touched):
        return None
    files = compare_files(diff, read_sides(change, diff, repository))
    changed = [
        ChangedSource(
            one.diff.old_path or one.diff.path,
            tuple(symbol.name for symbol in one.python.symbols if symbol.logic) if one.python else (),
        )
        for one in files
        if one.diff.path.startswith(("vllm/", "csrc/"))
    ]
    graph = graph_at(repository, base, cache=workspace.cache)
    history = history_at(repository, base, workspace.cache)
    near = {one.path for one in nearest_tests(graph, changed, title=change.pull.title, history=history)}
    return Outcome(number, len(tests), len(tests & near))


if __name__ == "__main__":
    main()
