"""Caps on what is handed in, checked before anything is parsed."""

from __future__ import annotations

from diffscope.errors import DiffError
from diffscope.source.model import Value


class Limits(Value, frozen=True, kw_only=True):
    """The largest patch that is read: some four times vLLM's largest commit.

    That one (all files reformatted) has 16 MB, 1,508 files and 383,563 lines of patch.
    """

    patch_bytes: int = 64 * 1024 * 1024
    """Characters of patch text, which are bytes for the ASCII that patches mostly are."""
    files: int = 20_000
    lines: int = 2_000_000
    line_length: int = 4 * 1024 * 1024
    path_length: int = 4096
    """PATH_MAX of Linux: git cannot check out a longer name there."""


DEFAULT_LIMITS = Limits()

_HINT = "split the change, or hand in the files that matter: git diff BASE...HEAD -- vllm csrc"


def check_limits(patch: str, *, limits: Limits) -> None:
    """Raise ``DiffError`` when ``patch`` is larger than ``limits`` allow. Linear, without splitting the text."""
    _check(len(patch), limits.patch_bytes, "characters")
    _check(patch.count("\n"), limits.lines, "lines")
    _check(patch.count("\ndiff --git "), limits.files, "files")
    if len(patch) > limits.line_length:
        _check(_longest_line(patch), limits.line_length, "characters in one line")


def _check(found: int, allowed: int, what: str) -> None:
    if found > allowed:
        raise DiffError(f"the patch has {found:,} {what}; {allowed:,} are allowed", hint=_HINT)


def _longest_line(patch: str) -> int:
    longest = start = 0
    while (end := patch.find("\n", start)) != -1:
        longest = max(longest, end - start)
        start = end + 1
    return max(longest, len(patch) - start)
