"""Blobs of a repository -> outlines and records, in worker processes when there are many.

A worker is a fresh interpreter that runs ``serve``: it reads its jobs from stdin, writes one frame an answer to stdout, and ends.
So nothing is forked under a thread's feet, and no script that uses diffscope needs a ``__main__`` guard.
"""

from __future__ import annotations

import contextlib
import gc
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import IO, Final, NamedTuple

import msgspec

from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.outlines import encode_outline, read_outline
from diffscope.adapters.graphs.test_words import is_indexed
from diffscope.graph.build.describe import describe_file
from diffscope.graph.model.resolve import is_native
from diffscope.graph.model.tables import ABSENT, FileRecords
from diffscope.source.model import BlobId, RepoPath
from diffscope.syntax.model import Outline
from diffscope.syntax.outline.outline import identifiers

Progress = Callable[[int, int], None]
"""Is told how many of how many files are done."""

_WORTH_A_POOL: Final = 150
"""Files. Below, starting workers costs more than it saves."""
_AT_A_TIME: Final = 200
_SIZE: Final = struct.Struct("<I")
_SERVE: Final = "from diffscope.adapters.graphs.pool import serve; serve()"


class Job(NamedTuple):
    """A file to read: where it stands in the tree, and its bytes' id."""

    path: RepoPath
    blob: BlobId


class Parsed(NamedTuple):
    """What became of a job; ``outline`` is encoded as the cache keeps it, ``None`` where the bytes are missing."""

    job: Job
    records: FileRecords | None
    """Of a Python file; those of native files are made of all of them together."""
    outline: bytes | None
    words: tuple[str, ...] = ()
    """The identifiers of a test file."""


class _Order(NamedTuple):
    repository: str
    jobs: list[Job]


def parse_jobs(
    repository: GitRepository,
    jobs: Sequence[Job],
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Parsed]:
    """Yield what each job gives, in no fixed order.

    ``workers`` is the number of cores unless told; with 1, or few jobs, all is done in this process.
    """
    count = _usable_cores() if workers is None else workers
    is_worth_it = count > 1 and len(jobs) >= _WORTH_A_POOL
    parsed = _in_workers(repository, jobs, count) if is_worth_it else _here(repository, jobs)
    for done, each in enumerate(parsed, start=1):
        if progress is not None:
            progress(done, len(jobs))
        yield each


def serve() -> None:
    """Be a worker: jobs on stdin, answers on stdout."""
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=_Order)
    # Values and syntax trees hold no cycles, and looking for some takes a tenth of the time.
    gc.disable()
    with GitRepository(order.repository) as repository:
        for each in _here(repository, order.jobs):
            frame = msgspec.msgpack.encode(each)
            sys.stdout.buffer.write(_SIZE.pack(len(frame)) + frame)
    sys.stdout.buffer.flush()


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _here(repository: GitRepository, jobs: Sequence[Job]) -> Iterator[Parsed]:
    for at in range(0, len(jobs), _AT_A_TIME):
        chunk = jobs[at : at + _AT_A_TIME]
        data = repository.read_blobs(job.blob for job in chunk)
        for job in chunk:
            yield _parse(job, data.get(job.blob))


def _parse(job: Job, data: bytes | None) -> Parsed:
    if data is None:
        return Parsed(job, None if is_native(job.path) else ABSENT, None)
    outline = read_outline(job.path, data)
    records = describe_file(job.path, outline) if isinstance(outline, Outline) else None
    words = identifiers(data) if is_indexed(job.path) else ()
    return Parsed(job, records, encode_outline(outline), words)


def _in_workers(repository: GitRepository, jobs: Sequence[Job], count: int) -> Iterator[Parsed]:
    """Share the jobs out; what a worker leaves undone when it dies (memory, a signal) is done here."""
    # Neighbours in a tree are alike in size; dealing them out like cards gives every worker the same load.
    answers: SimpleQueue[Parsed | None] = SimpleQueue()
    talks: list[tuple[subprocess.Popen[bytes], threading.Thread]] = []
    todo = dict.fromkeys(jobs)
    try:
        for number in range(count):
            order = _Order(str(repository.path), list(jobs[number::count]))
            process = _launch()
            thread = threading.Thread(target=_converse, args=(process, order, answers), daemon=True)
            thread.start()
            talks.append((process, thread))
        left = count
        while left:
            parsed = answers.get()
            if parsed is None:
                left -= 1
            else:
                todo.pop(parsed.job, None)
                yield parsed
    except OSError:
        pass
    finally:
        for process, thread in talks:
            process.kill()
            thread.join()
    yield from _here(repository, list(todo))


def _launch() -> subprocess.Popen[bytes]:
    # -P: a file called msgspec.py in the current folder is none of ours.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-P", "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _converse(process: subprocess.Popen[bytes], order: _Order, answers: SimpleQueue[Parsed | None]) -> None:
    """Hand a worker its jobs and pass its answers on, then ``None``, whatever happens."""
    decoder = msgspec.msgpack.Decoder(Parsed)
    try:
        with process, contextlib.suppress(OSError, EOFError, ValueError, msgspec.DecodeError):
            try:
                if process.stdin is None or process.stdout is None:
                    raise EOFError
                process.stdin.write(msgspec.msgpack.encode(order))
                process.stdin.close()
                for frame in _frames(process.stdout):
                    answers.put(decoder.decode(frame))
            finally:
                process.kill()
    finally:
        answers.put(None)


def _frames(stream: IO[bytes]) -> Iterator[bytes]:
    while head := stream.read(_SIZE.size):
        if len(head) < _SIZE.size:
            raise EOFError
        (size,) = _SIZE.unpack(head)
        frame = stream.read(size)
        if len(frame) < size:
            raise EOFError
        yield frame
