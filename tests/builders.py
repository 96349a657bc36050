"""Builds what tests look at: changes from strings, git repositories from strings, the small vLLM-like tree.

Every stage adds its own builders here; a builder takes legible text and gives the values of a stage.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import NamedTuple

from diffscope.diff.make import make_patch
from diffscope.diff.parse import parse_diff
from diffscope.diff.values import Diff, FileSides, Sides
from diffscope.source.values import Change, PullRequest, SourceKind

Files = Mapping[str, str | bytes]


class BuiltChange(NamedTuple):
    """A change with its parsed diff and both sides of every file."""

    change: Change
    diff: Diff
    sides: Sides


def change(
    before: Files | None = None,
    after: Files | None = None,
    *,
    title: str = "[Misc] Change something",
    number: int | None = None,
    body: str | None = None,
    author: str | None = "Ada",
    labels: tuple[str, ...] | None = None,
    renames: Mapping[str, str] | None = None,
) -> BuiltChange:
    """Return the change between two sets of files.

    A text that starts with a line feed is dedented and loses it, so that it can stand indented in a test.
    ``renames`` maps old names to new ones.
    """
    old, new = as_bytes(before or {}), as_bytes(after or {})
    patch = make_patch(old, new, renames=renames)
    diff = parse_diff(patch) if patch else Diff(files=())
    pull = PullRequest(
        repository="vllm-project/vllm",
        source=SourceKind.PATCH,
        title=title,
        number=number,
        body=body,
        author=author,
        labels=labels,
    )
    sides = tuple(
        FileSides(path=file.path, before=old.get(file.old_path or file.path), after=new.get(file.path))
        for file in diff.files
    )
    return BuiltChange(Change(pull=pull, patch=patch), diff, Sides(files=sides))


def as_bytes(files: Files) -> dict[str, bytes]:
    """Return the files as bytes, texts dedented where they start with a line feed."""
    return {
        path: content if isinstance(content, bytes) else text(content).encode()
        for path, content in files.items()
    }


def text(source: str) -> str:
    """Return ``source`` dedented and without its first line feed, if it starts with one."""
    return textwrap.dedent(source).removeprefix("\n") if source.startswith("\n") else source
