"""Many files are read by workers; few, or after workers died, here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs import outlines
from diffscope.adapters.graphs.outlines import Job, Parsed, parse_jobs
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


@pytest.mark.thorough
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


class Dying(Executor):
    """An executor whose workers answer so many shares and then die."""

    def __init__(self, answered: int) -> None:
        self.answered = answered

    def submit(self, work: Callable[..., bytes], /, *given: object, **_: object) -> Future[bytes]:  # type: ignore[override]
        future = Future[bytes]()
        if self.answered:
            future.set_result(work(*given))
        else:
            future.set_exception(BrokenProcessPool("killed"))
        self.answered = max(0, self.answered - 1)
        return future

    def shutdown(self, wait: bool = True, *, kill_workers: bool = False, **_: object) -> None:  # type: ignore[override]
        assert kill_workers


@pytest.mark.parametrize("answered", [0, 2], ids=["nothing answered", "two shares answered"])
def test_what_workers_leave_undone_is_done_here(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch, answered: int
) -> None:
    """What they answered counts, and nothing is given twice."""
    monkeypatch.setattr(outlines, "start_processes", lambda _: Dying(answered))
    monkeypatch.setattr(outlines, "_AT_A_TIME", 30)
    jobs = jobs_of(repository)
    parsed = list(parse_jobs(repository, jobs, workers=2))
    assert sorted(each.job.path for each in parsed) == sorted(job.path for job in jobs)
    assert by_path(iter(parsed)) == by_path(parse_jobs(repository, jobs, workers=1))


def test_a_machine_that_starts_no_process_is_no_end(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: int) -> Executor:
        raise OSError("no process")

    monkeypatch.setattr(outlines, "start_processes", start)
    assert len(list(parse_jobs(repository, jobs_of(repository), workers=2))) == len(FILES)
