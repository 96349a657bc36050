"""Source files that cannot be read as text: a NUL byte or a foreign encoding must not get a file past the rules."""

from __future__ import annotations

from typing import Final

import msgspec

from diffscope.diff.model import Diff, FileDiff, FileKind, FileSides, Sides
from diffscope.messages.model import Message, message
from diffscope.source.model import Gap
from diffscope.taxonomy.model import OTHER, Taxonomy

NOT_TEXT: Final = "not-text"
"""The ``what`` of its gaps."""

_CODE: Final = frozenset({"python", "cuda", "hip", "cpp", "rust", "shell", "cmake", "dockerfile", "protobuf"})
_NO_CODE: Final = frozenset({"image", "markdown", OTHER})
_ACTED_ON: Final = frozenset({"source", "native", "build", "config", "infra"})
"""Categories in which data is acted on as code is: settings, pipelines, requirements."""
_LARGEST: Final = 4_000_000
"""Bytes of one side above which files are not compared (``facts.material``)."""

_BINARY: Final = message("gap.not-text")


def mark_unreadable(diff: Diff, sides: Sides, taxonomy: Taxonomy) -> Sides:
    """Return ``sides`` in which source files that are not text, or too large to compare, count as not read, each with a gap.

    A genuine binary file (an image, weights) is no source file. A file that the source could not get has its gap already.
    """
    by_path = {side.path: side for side in sides.files}
    found = {
        file.path: reason
        for file in diff.files
        if (side := by_path.get(file.path)) is not None
        and _is_source(file, taxonomy)
        and (reason := _why(file, side)) is not None
    }
    files = tuple(
        msgspec.structs.replace(side, is_read=False) if side.path in found else side for side in sides.files
    )
    gaps = tuple(Gap(what=NOT_TEXT, message=found[path], path=path) for path in sorted(found))
    return Sides(files=files, gaps=(*sides.gaps, *gaps))


def _is_source(file: FileDiff, taxonomy: Taxonomy) -> bool:
    language = taxonomy.language_of(file.path)
    return language in _CODE or (language not in _NO_CODE and taxonomy.category_of(file.path) in _ACTED_ON)


def _why(file: FileDiff, side: FileSides) -> Message | None:
    if file.kind is FileKind.BINARY:
        return _BINARY if side.is_read else None
    if file.kind is not FileKind.TEXT or not file.hunks:
        return None
    contents = [data for data in (side.before, side.after) if data is not None]
    if any(b"\0" in data for data in contents):
        return _BINARY
    largest = max(map(len, contents), default=0)
    return message("gap.too-large", bytes=largest) if largest > _LARGEST else None
