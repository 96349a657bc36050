"""Asks git whether two changes conflict in their lines.

Trees are merged in a temporary store of objects beside the clone's: nothing of the clone is written, checked out or moved.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from diffscope.adapters.git.process import object_access, run
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.output import write_file

_WHO: Final = "diffscope <diffscope> 0 +0000"
_AT_A_TIME: Final = 400
_MERGE: Final = ("merge-tree", "--stdin", "--name-only", "--no-messages")


class MergeCase(NamedTuple):
    """Two trees to be merged, and the one that both came from; each named by a commit."""

    base: str
    ours: str
    theirs: str


def try_merges(repository: GitRepository, cases: Sequence[MergeCase]) -> list[bool | None]:
    """Return for each case whether git merges it without a conflict; ``None`` where it cannot say (no such commit, a missing blob, an old git)."""
    found: list[bool | None] = []
    for at in range(0, len(cases), _AT_A_TIME):
        found += _try_some(repository, cases[at : at + _AT_A_TIME])
    return found


def _try_some(repository: GitRepository, cases: Sequence[MergeCase]) -> list[bool | None]:
    names = sorted({name for case in cases for name in case})
    given = "".join(f"{name}^{{tree}}\n" for name in names).encode()
    rows = (
        run(repository.objects, "cat-file", "--batch-check=%(objectname) %(objecttype)", given=given)
        .out.decode()
        .split("\n")
    )
    trees = {name: row.split(" ")[0] for name, row in zip(names, rows, strict=False) if row.endswith(" tree")}
    with tempfile.TemporaryDirectory(prefix="diffscope-", ignore_cleanup_errors=True) as folder:
        objects = Path(folder)
        (objects / "info").mkdir()
        write_file(objects / "info" / "alternates", os.fsencode(f"{repository.common_dir / 'objects'}\n"))
        store = _Commits(objects, repository.object_format)
        asked = [at for at, case in enumerate(cases) if all(name in trees for name in case)]
        lines = []
        for at in asked:
            # The trees get a history of their own, in which the base is what git finds to merge from.
            base = store.make(trees[cases[at].base])
            lines.append(
                f"{store.make(trees[cases[at].ours], base)} {store.make(trees[cases[at].theirs], base)}\n"
            )
        access = object_access(repository.common_dir, repository.object_format, objects=objects)
        answers = _answers(lambda text: run(access, *_MERGE, given=text).out, lines)
    found: list[bool | None] = [None] * len(cases)
    for at, answer in zip(asked, answers, strict=False):
        found[at] = answer
    return found


class _Commits:
    """Writes commits as git would, by trees."""

    def __init__(self, objects: Path, object_format: str) -> None:
        self._objects = objects
        self._format = object_format

    def make(self, tree: str, parent: str = "") -> str:
        text = f"tree {tree}\n{f'parent {parent}{chr(10)}' if parent else ''}author {_WHO}\ncommitter {_WHO}\n\n\n".encode()
        data = b"commit %d\0" % len(text) + text
        name = hashlib.new(self._format, data, usedforsecurity=False).hexdigest()
        path = self._objects / name[:2] / name[2:]
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            write_file(path, zlib.compress(data, 1))
        return name


def _answers(merge: Callable[[bytes], bytes], lines: Sequence[str]) -> list[bool | None]:
    left, found = list(lines), list[bool | None]()
    while left:
        told = _parsed(merge("".join(left).encode()))
        found += told[: len(left)]
        left = left[len(told) :]
        if left:  # git died at the next one, of a blob that the clone does not have, say
            found.append(None)
            left = left[1:]
    return found


def _parsed(out: bytes) -> list[bool | None]:
    """Read ``STATUS NUL TREE NUL [FILE NUL ...] NUL`` once a merge; a status of 1 is a clean one."""
    cells, at, found = out.split(b"\0"), 0, list[bool | None]()
    while at + 2 < len(cells) and cells[at] in {b"0", b"1"}:
        found.append(cells[at] == b"1")
        at += 2
        while at < len(cells) and cells[at]:
            at += 1
        at += 1
    return found
