"""Branches that are not merged: fetched, where each left the base, which other heads it holds, whether two conflict in their lines.

A few calls of git for any number of them. Trees are merged in a temporary store of objects beside the clone's: nothing of the clone is
written, checked out or moved.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from diffscope.adapters.git.objects import make_store, store_object
from diffscope.adapters.git.process import fetch_access, object_access, run
from diffscope.adapters.git.repository import GitRepository
from diffscope.errors import NotFoundError
from diffscope.patterns import lazy_regex
from diffscope.source.model import CommitId

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
        objects = make_store(Path(folder), repository.common_dir)
        make = functools.partial(_commit, objects, repository.object_format)
        asked = [at for at, case in enumerate(cases) if all(name in trees for name in case)]
        lines = []
        for at in asked:
            # The trees get a history of their own, in which the base is what git finds to merge from.
            base = make(trees[cases[at].base])
            lines.append(f"{make(trees[cases[at].ours], base)} {make(trees[cases[at].theirs], base)}\n")
        access = object_access(repository.common_dir, repository.object_format, objects=objects)
        answers = _answers(lambda text: run(access, *_MERGE, given=text).out, lines)
    found: list[bool | None] = [None] * len(cases)
    for at, answer in zip(asked, answers, strict=False):
        found[at] = answer
    return found


def _commit(objects: Path, object_format: str, tree: str, parent: str = "") -> str:
    text = f"tree {tree}\n{f'parent {parent}{chr(10)}' if parent else ''}author {_WHO}\ncommitter {_WHO}\n\n\n".encode()
    name = hashlib.new(object_format, b"commit %d\0" % len(text) + text, usedforsecurity=False).hexdigest()
    store_object(objects, b"commit", name, text)
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


_PULL_REF: Final = lazy_regex(
    r"refs/(?:(?:diffscope/)?pull/(\d+)(?:/head)?|remotes/[^/]+/(?:pr|pull)/(\d+)(?:/head)?)"
)
_OWN: Final = "refs/diffscope/pull"
"""Where heads are fetched to: no branch or ref of the user's is moved."""
_HEAD: Final = lazy_regex(r"refs/pull/(\d+)/head$", re.MULTILINE)
_VANISHED: Final = "couldn't find remote ref"
_ROUNDS: Final = 3
"""Heads may vanish while others are asked for."""


class Branch(NamedTuple):
    """One branch."""

    base: CommitId | None
    """The newest commit that it has in common with what it is to be merged into; ``None`` where there is none."""
    below: tuple[int, ...]
    """Numbers of the branches whose heads are among its own commits, the nearest last."""


def resolve_branch(repository: GitRepository, name: str) -> CommitId:
    """Return the commit of a revision, or of the branch ``origin`` has of that name. Raises ``NotFoundError``."""
    try:
        return repository.resolve(name)
    except NotFoundError:
        with contextlib.suppress(NotFoundError):
            return repository.resolve(f"origin/{name}")
        raise


def pull_heads(repository: GitRepository) -> dict[int, CommitId]:
    """Return the heads of the pull requests that the clone has refs of, by number."""
    form = "--format=%(objectname) %(refname)"
    found = run(
        repository.refs, "for-each-ref", "--sort=committerdate", form, "refs/pull", "refs/remotes", _OWN
    )
    rows = (row.split(" ", 1) for row in found.out.decode("utf-8", "replace").split("\n") if row)
    return {
        int(match[1] or match[2]): CommitId(commit)
        for commit, name in rows
        if (match := _PULL_REF.fullmatch(name))
    }


def fetch_heads(
    repository: GitRepository, numbers: Iterable[int], *, name: str, host: str = "github.com"
) -> dict[int, str]:
    """Fetch the heads of pull requests in one call of git, without those that vanished. Return what git said of each that was not had.

    They come from the remote that is the repository ``name``, else from its address on ``host``.
    """
    access, remote = fetch_access(repository.git_dir), _remote(repository, name, host)
    wanted, lost = sorted(set(numbers)), dict[int, str]()
    for _ in range(_ROUNDS):
        given = "".join(f"+refs/pull/{number}/head:{_OWN}/{number}/head\n" for number in wanted)
        options = ("--stdin", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--quiet")
        done = run(access, "fetch", *options, remote, given=given.encode()) if wanted else None
        if done is None or done.code == 0:
            return lost
        said = done.err.split("\n")[0].removeprefix("fatal: ") or f"git fetch failed with code {done.code}"
        if _VANISHED not in said:
            break
        # One head that vanished fails all of them: ask which are there.
        told = run(access, "ls-remote", remote, *(f"refs/pull/{number}/head" for number in wanted))
        there = set(map(int, _HEAD.findall(told.out.decode("utf-8", "replace"))))
        lost |= {number: f"{_VANISHED} refs/pull/{number}/head" for number in wanted if number not in there}
        wanted = [number for number in wanted if number in there]
    return lost | dict.fromkeys(wanted, said)


def _remote(repository: GitRepository, name: str, host: str) -> str:
    listed = run(repository.refs, "config", "--get-regexp", r"^remote\..*\.url$").out.decode(
        "utf-8", "replace"
    )
    for row in listed.split("\n"):
        key, _, address = row.partition(" ")
        if address.removesuffix("/").removesuffix(".git").lower().endswith(name.lower()):
            return key.removeprefix("remote.").removesuffix(".url")
    return f"https://{host}/{name}.git"


def read_branches(
    repository: GitRepository, heads: Mapping[int, CommitId], base: CommitId
) -> dict[int, Branch]:
    """Return each branch whose head the clone has; one whose head the base has already has its head as its base."""
    known = {name for name, info in repository.commits(heads.values()).items() if info is not None}
    here = {number: head for number, head in heads.items() if head in known}
    parents, boundary = _between(repository, set(here.values()), base)
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for number, head in here.items():
        numbers[head].append(number)
    walked = {number: _walk(head, parents, boundary) for number, head in sorted(here.items())}
    line = _line(repository, base) if any(len(edges) != 1 for _, edges in walked.values()) else {}
    found = {}
    for number, (own, edges) in walked.items():
        below = {other for each in own for other in numbers.get(each, ())}
        nearest_last = sorted(below, key=lambda other: (len(walked[other][0]), other))
        found[number] = Branch(_base(repository, here[number], base, edges, line), tuple(nearest_last))
    return found


def _between(
    repository: GitRepository, heads: Iterable[str], base: str
) -> tuple[dict[str, list[str]], set[str]]:
    given = "".join(f"{head}\n" for head in sorted(heads)) + f"^{base}\n"
    out = run(
        repository.objects, "rev-list", "--parents", "--boundary", "--stdin", given=given.encode()
    ).out.decode()
    rows = [row.split() for row in out.split("\n") if row]
    return {row[0]: row[1:] for row in rows if row[0][0] != "-"}, {
        row[0][1:] for row in rows if row[0][0] == "-"
    }


def _walk(head: str, parents: Mapping[str, list[str]], boundary: set[str]) -> tuple[set[str], set[str]]:
    """Return the commits of a branch, its head left out, and those of the base that they stand on."""
    pending, own, edges = [head], set[str](), set[str]()
    while pending:
        for each in parents.get(pending.pop(), ()):
            if each in boundary:
                edges.add(each)
            elif each in parents and each not in own:
                own.add(each)
                pending.append(each)
    return own, edges


def _line(repository: GitRepository, base: str) -> dict[str, int]:
    """Return the commits of the main line of the base, the newest 0."""
    out = run(repository.objects, "rev-list", "--first-parent", base).out.decode()
    return {commit: at for at, commit in enumerate(out.split())}


def _base(
    repository: GitRepository, head: CommitId, base: CommitId, edges: set[str], line: Mapping[str, int]
) -> CommitId | None:
    if len(edges) == 1:
        return CommitId(next(iter(edges)))
    if not edges and head in line:
        return head
    if edges and all(edge in line for edge in edges):
        return CommitId(min(edges, key=line.__getitem__))  # the base was merged into it meanwhile
    return repository.merge_base(head, base)
