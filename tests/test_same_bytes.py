"""The same change gives the same bytes, whatever a cache holds and however many processes work: on the real vLLM.

``DIFFSCOPE_SAME_BYTES`` says of how many of the newest pull requests (default 24; hundreds for a whole month).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from diffscope.adapters.git.repository import GitRepository
from diffscope.batch.judging import Wanted
from diffscope.batch.run import Batch
from diffscope.source.model import CommitId
from diffscope.workspace import Workspace

pytestmark = [pytest.mark.clone, pytest.mark.timeout(7200)]

COUNT = int(os.environ.get("DIFFSCOPE_SAME_BYTES", "24"))
UNCACHED = 2
"""Graphs made from scratch, a thousand files each."""

Answers = dict[int, bytes]


@pytest.fixture(scope="module")
def clone() -> Iterator[GitRepository]:
    named = os.environ.get("DIFFSCOPE_REPO")
    if not named:
        pytest.skip("DIFFSCOPE_REPO names no clone of vLLM")
    with GitRepository(named) as repository:
        yield repository


@pytest.fixture(scope="module")
def pulls(clone: GitRepository) -> list[Wanted]:
    """The newest pull requests, oldest first."""
    arguments = ["git", "-C", str(clone.path), "log", f"-{COUNT}", "--first-parent", "--format=%H %s", "HEAD"]
    rows = subprocess.run(arguments, capture_output=True, check=True, encoding="utf-8").stdout.splitlines()
    found = [
        Wanted(number=int(end[1]), commit=CommitId(row[:40]))
        for row in reversed(rows)
        if (end := re.search(r" \(#(\d+)\)$", row))
    ]
    assert len(found) >= COUNT * 0.9
    return found


def classify(repository: GitRepository, pulls: Iterable[Wanted], cache: Path | None) -> Answers:
    with Workspace(repository, cache_directory=cache, use_cache=cache is not None) as workspace:
        return {
            one.number: msgspec.json.encode(workspace.classify(workspace.clone.commit(one.commit)))
            for one in pulls
        }


@pytest.fixture(scope="module")
def answers(clone: GitRepository, pulls: list[Wanted], tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """One process, oldest first, from an empty cache."""
    return classify(clone, pulls, tmp_path_factory.mktemp("oldest-first"))


def test_newest_first(clone: GitRepository, pulls: list[Wanted], answers: Answers, tmp_path: Path) -> None:
    """Each graph and history is made from another neighbour; then all of it again from the warm cache."""
    assert classify(clone, reversed(pulls), tmp_path) == answers
    assert classify(clone, pulls, tmp_path) == answers


def test_other_order_of_hashing(pulls: list[Wanted], answers: Answers, tmp_path: Path) -> None:
    """Sets go round otherwise in another process."""
    code = (
        "import sys, pathlib; from diffscope.adapters.git.repository import GitRepository; from tests.test_same_bytes import classify; "
        "from diffscope.batch.judging import Wanted; "
        "pulls = [Wanted(number=int(row.split()[0]), commit=row.split()[1]) for row in sys.stdin]; "
        "repository = GitRepository(sys.argv[1]); found = classify(repository, pulls, pathlib.Path(sys.argv[2])); "
        "sys.stdout.buffer.write(b'\\n'.join(found[one.number] for one in pulls))"
    )
    listed = "\n".join(f"{one.number} {one.commit}" for one in pulls)
    for seed in ("1", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", code, os.environ["DIFFSCOPE_REPO"], str(tmp_path / seed)],
            input=listed.encode(),
            capture_output=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
        assert done.stdout.split(b"\n") == [answers[one.number] for one in pulls]


@pytest.mark.parametrize("workers", [pytest.param(1, id="one worker"), pytest.param(3, id="three workers")])
def test_in_a_batch(
    clone: GitRepository, pulls: list[Wanted], answers: Answers, tmp_path: Path, workers: int
) -> None:
    """Judged there, and then read from its store."""
    with (
        Workspace(clone, cache_directory=tmp_path) as workspace,
        Batch(workspace, workers=workers) as batch,
    ):
        for _ in range(2):
            found = {one.wanted.number: one.assessment for one in batch.judge(pulls)}
            assert {number: msgspec.json.encode(one) for number, one in found.items()} == answers


def test_without_a_cache(clone: GitRepository, pulls: list[Wanted], answers: Answers) -> None:
    """Graph, history and declarations from nothing but the clone."""
    chosen = pulls[:: max(1, len(pulls) // UNCACHED)][:UNCACHED]
    for one in chosen:
        assert classify(clone, [one], None)[one.number] == answers[one.number]
