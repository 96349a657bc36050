"""Many files are read by workers; few, or after workers died, here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs import pool
from diffscope.adapters.graphs.pool import Job, Parsed, parse_jobs
from diffscope.source.model import BlobId
from tests.builders import git_repository

FILES = {f"vllm/m{number}.py": f"import vllm.m{number - 1}\n" for number in range(1, 180)} | {
    "csrc/a.cu": '#include "b.h"\n',
    "tests/test_a.py": "from vllm import m1\n",
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitRepository]:
    with GitRepository(git_repository(tmp_path_factory.mktemp("clone"), FILES)) as opened:
        yield opened


def jobs_of(repository: GitRepository) -> list[Job]:
    return [Job(entry.path, entry.blob) for entry in repository.entries("HEAD")]


def by_path(parsed: Iterator[Parsed]) -> dict[str, Parsed]:
    return {each.job.path: each for each in parsed}


def test_workers_give_what_this_process_gives(repository: GitRepository) -> None:
    """The same records, outlines and words, each job once, and progress to the last."""
    jobs, told = jobs_of(repository), []
    alone = by_path(parse_jobs(repository, jobs, workers=1))
    together = list(parse_jobs(repository, jobs, workers=2, progress=lambda *count: told.append(count)))
    assert by_path(iter(together)) == alone
    assert len(together) == len(jobs)
    assert told == [(done, len(jobs)) for done in range(1, len(jobs) + 1)]
    assert alone["tests/test_a.py"].words == ("from", "import", "m1", "vllm")
    assert alone["csrc/a.cu"].records is None


def test_a_missing_blob_has_no_outline(repository: GitRepository) -> None:
    (parsed,) = parse_jobs(repository, [Job("vllm/a.py", BlobId("0" * 40))])
    assert parsed.outline is None
    assert parsed.records is not None
    assert parsed.records.is_absent


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.exit(3)",
        "import os, sys; sys.stdin.buffer.read(); os.kill(os.getpid(), 9)",
        "import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write(b'\\xff\\xff\\xff\\x0fcut off'); sys.exit()",
        "import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write(b'\\x04\\x00\\x00\\x00junk'); sys.exit()",
    ],
    ids=["does not start", "is killed", "is cut off", "talks junk"],
)
def test_what_a_worker_leaves_undone_is_done_here(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    jobs = jobs_of(repository)
    monkeypatch.setattr(pool, "_SERVE", program)
    assert by_path(parse_jobs(repository, jobs, workers=2)) == by_path(
        parse_jobs(repository, jobs, workers=1)
    )


def test_a_worker_that_dies_half_way_costs_only_the_rest(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it answered counts, and nothing is given twice."""
    half = (
        "import diffscope.adapters.graphs.pool as pool, itertools, os, sys\n"
        "here = pool._here\n"
        "pool._here = lambda *given: itertools.islice(here(*given), 20)\n"
        "pool.serve(); os.kill(os.getpid(), 9)"
    )
    monkeypatch.setattr(pool, "_SERVE", half)
    jobs = jobs_of(repository)
    parsed = list(parse_jobs(repository, jobs, workers=2))
    assert sorted(each.job.path for each in parsed) == sorted(job.path for job in jobs)


def test_an_interpreter_that_is_not_there_is_no_end(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert len(list(parse_jobs(repository, jobs_of(repository), workers=2))) == len(FILES)


def test_a_module_in_the_current_folder_is_not_taken_for_ours(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Workers run where the user stands, which may be any checkout."""
    (tmp_path / "msgspec.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    assert len(list(parse_jobs(repository, jobs_of(repository), workers=2))) == len(FILES)
    assert not (tmp_path / "ran").exists()
