"""Going on with a window that was interrupted: which changes a JSON-lines file holds already."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from diffscope.adapters.output import write_file
from diffscope.adapters.read_file import decode_json, read_bytes
from diffscope.cli.gather import Request
from diffscope.cli.options import Output
from diffscope.errors import InputError, UsageError

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
    return _heads(files[0])


def _heads(file: Path) -> frozenset[str]:
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
