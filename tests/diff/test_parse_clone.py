"""git is the oracle: on real commits the parsed diff says what --numstat, --raw and the blobs themselves say."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffscope.diff.model import FileDiff, FileKind, FileStatus
from diffscope.diff.parse import parse_diff
from diffscope.diff.reconstruct import apply_hunks

pytestmark = pytest.mark.clone
SAMPLE = int(os.environ.get("DIFFSCOPE_TEST_SAMPLE", "40"))
LETTERS = {"A": "added", "M": "modified", "D": "deleted", "R": "renamed", "C": "copied", "T": "modified"}


@pytest.fixture(scope="module")
def clone() -> Path:
    if not os.environ.get("DIFFSCOPE_REPO"):
        pytest.skip("needs a clone of vLLM: set DIFFSCOPE_REPO")
    return Path(os.environ["DIFFSCOPE_REPO"])


@pytest.fixture(scope="module")
def commits(clone: Path) -> list[str]:
    """A sample spread evenly over the history; the first commit has no parent."""
    every = git(clone, "log", "--format=%H", "--min-parents=1").decode().split()
    return every[:: max(1, len(every) // SAMPLE)]


def git(clone: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(clone), *arguments], capture_output=True, check=True).stdout


def test_counts_statuses_names_modes_and_blobs_are_those_of_git(clone: Path, commits: list[str]) -> None:
    for commit in commits:
        options = ("-r", "-M", "--full-index", f"{commit}^1", commit)
        patch = git(clone, "diff-tree", "-p", *options).decode("utf-8", "backslashreplace")
        if not patch:
            continue
        raw = git(clone, "diff-tree", "-z", "--raw", "--numstat", "--no-abbrev", *options[:2], *options[3:])
        expected = dict(sorted(oracle(raw.decode("utf-8", "backslashreplace").split("\0"))))
        assert {file.path: told(file) for file in parse_diff(patch).files} == expected, commit


def told(file: FileDiff) -> tuple[object, ...]:
    is_binary = file.kind is FileKind.BINARY
    counts = ("-", "-") if is_binary else (str(file.additions), str(file.deletions))
    ids = (file.old_blob, file.new_blob)
    return (file.status.value, file.old_path, *counts, ids)


def oracle(cells: list[str]) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield what ``git diff-tree -z --raw --numstat`` says of each path."""
    raw: dict[str, tuple[object, ...]] = {}
    at = 0
    while at < len(cells) - 1:
        if cells[at].startswith(":"):
            _, _, old, new, status = cells[at].split(" ")
            is_moved = status[0] in "RC"
            path = cells[at + 2] if is_moved else cells[at + 1]
            # Where the content is the same (a rename, a mode) the patch has no index line.
            ids = tuple(None if old == new or not name.strip("0") else name for name in (old, new))
            raw[path] = (LETTERS[status[0]], cells[at + 1] if is_moved else None, ids)
            at += 3 if is_moved else 2
        else:
            added, removed, path = cells[at].split("\t")
            if not path:
                path, at = cells[at + 2], at + 2
            status, old_path, ids = raw[path]
            yield path, (status, old_path, added, removed, ids)
            at += 1


def test_applying_the_patch_to_the_old_blob_gives_the_new_blob(clone: Path, commits: list[str]) -> None:
    for commit in commits[:: max(1, len(commits) // 20)]:
        patch = git(clone, "diff-tree", "-p", "-r", "-M", "--full-index", f"{commit}^1", commit)
        for file in parse_diff(patch.decode("utf-8", "backslashreplace")).files if patch else ():
            if file.kind is FileKind.TEXT and file.status is not FileStatus.DELETED and file.hunks:
                before = git(clone, "cat-file", "blob", file.old_blob) if file.old_blob else b""
                after = git(clone, "cat-file", "blob", file.new_blob or "")
                assert apply_hunks(file, before) == after, (commit, file.path)
