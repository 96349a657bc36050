"""``diffscope classify --range``: judges every change of a range in workers and publishes them in order.

One that was interrupted goes on with the changes that its JSON-lines file does not hold yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from diffscope.adapters.output import write_file
from diffscope.adapters.read_file import decode_json, read_bytes
from diffscope.assessment.document import Assessment
from diffscope.batch.judging import Wanted
from diffscope.batch.run import Batch
from diffscope.batch.windows import empty_gaps, find_range, range_ends
from diffscope.cli.console import Console, Progress
from diffscope.cli.gather import Request, no_clone
from diffscope.cli.options import Output, Sharing
from diffscope.errors import InputError, SourceError, UsageError
from diffscope.source.attempts import is_internal
from diffscope.workspace import Workspace


def judge_range(
    request: Request, workspace: Workspace, sharing: Sharing, console: Console
) -> Iterator[Assessment]:
    """Yield the assessment of each change that this part of the request's range holds and ``done`` does not, oldest first.

    What is judged is kept in the store before it is yielded. A change that the clone does not have is reported and left out; one that failed
    inside is reported and represented by its list of files. Changes without a difference are reported in one line.

    Raises:
        SourceError: at the end, where some could not be judged.
        DiffscopeError: there is no clone, or no such range.
    """
    range_ends(request.window or "")
    if workspace.repository is None:
        raise no_clone()
    span = find_range(workspace, request.window or "")
    asked = sharing.shard.of(span.wanted)
    left = [wanted for wanted in asked if wanted.commit not in request.done]
    before, lost, empty = len(asked) - len(left), 0, list[Wanted]()
    with (
        Batch(workspace, workers=sharing.workers, cluster=sharing.cluster) as batch,
        Progress("changes", console) as progress,
    ):
        for at, judged in enumerate(batch.judge(left), start=1):
            if judged.gap is not None and judged.gap.code == "gap.change-empty":
                empty.append(judged.wanted)
            elif judged.gap is not None:
                lost += 1
                console.note(judged.gap.reason)
            failed = judged.gap is not None and is_internal((judged.gap,))
            shown = judged.stand_in if failed else judged.assessment
            if shown is not None:
                yield shown
            progress(before + at, len(asked))
        # `report_notes` says those of the workspace.
        news = [note for note in batch.notes if note not in workspace.notes]
        for note in (*(gap.reason for gap in empty_gaps(empty)), *news):
            console.note(note)
    if lost:
        raise SourceError(
            f"{lost} of {len(asked)} changes could not be judged", hint="the notes above say why"
        )


_LARGEST: Final = 2_000_000_000
"""Bytes: some 100,000 assessments."""


class _Pull(msgspec.Struct):
    head: str


class _Change(msgspec.Struct):
    pull: _Pull


class _Line(msgspec.Struct):
    change: _Change


def read_done(request: Request, outputs: tuple[Output, ...]) -> frozenset[str]:
    """Return the head commits in the one JSON-lines file that is written; a line that was cut off is removed from it.

    Raises:
        UsageError: there is no such file among the outputs, or the request is no window.
        InputError: the file holds something else.
    """
    files = [output.file for output in outputs if output.form == "jsonl" and output.file is not None]
    if not request.is_window or len(files) != 1 or len(outputs) != 1:
        raise UsageError(
            "--resume goes on with one file of a range", hint="--range A..B --format jsonl:FILE --resume"
        )
    file = files[0]
    try:
        data = read_bytes(
            file, most=_LARGEST, hint="name a file of results: --format jsonl:FILE", kind=InputError
        )
    except FileNotFoundError:
        return frozenset()
    whole = data[: data.rfind(b"\n") + 1]
    try:
        heads = frozenset(decode_json(line, _Line).change.pull.head for line in whole.split(b"\n")[:-1])
    except msgspec.DecodeError as error:
        raise InputError(
            f"not assessments, one a line: {error}", at=str(file), hint="name another file"
        ) from None
    if whole != data:
        write_file(file, whole)
    return heads
