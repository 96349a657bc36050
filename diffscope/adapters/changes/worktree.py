"""Uncommitted work as a change: what differs from a commit, staged or not, and new files that are not ignored.

The files are stored as a tree in a temporary folder, so that they are compared as any two trees are.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from pathlib import Path

from diffscope.adapters.changes.checkout import Checkout, WorktreeFile, read_checkout
from diffscope.adapters.git.environment import object_access
from diffscope.adapters.git.patch import make_patch
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.output import write_file
from diffscope.errors import InputError, NotFoundError, RepositoryError
from diffscope.source.model import Change, Gap, PullRequest, SourceKind


def worktree_change(
    repository: GitRepository, *, base: str = "HEAD", name: str = "vllm-project/vllm"
) -> Change:
    """Return what the worktree changes against ``base``. Raises ``RepositoryError`` for a bare one, ``InputError`` if clean."""
    top = repository.top
    if top is None:
        raise RepositoryError(
            "a bare repository has no worktree",
            at=str(repository.path),
            hint="name a range: --base A --head B",
        )
    try:
        commit = repository.resolve(base)
    except NotFoundError:
        if base != "HEAD":
            raise
        commit = None  # nothing is committed yet
    checkout = read_checkout(repository, top)
    patch, lost = _patch(repository, commit, checkout)
    if not patch:
        raise InputError("the worktree changes nothing", at=str(top), hint="name a range: --base A --head B")
    repository.lend({file.blob: file.data for file in checkout.files.values() if file.data is not None})
    branch = (
        run(repository.refs, "symbolic-ref", "--quiet", "--short", "HEAD")
        .out.decode("utf-8", "replace")
        .strip()
    )
    pull = PullRequest(
        repository=name,
        source=SourceKind.WORKTREE,
        title=f"Uncommitted changes on {branch or 'a detached HEAD'}",
        base=commit,
    )
    return Change(pull=pull, patch=patch, gaps=(*lost, *checkout.gaps))


def _patch(repository: GitRepository, base: str | None, checkout: Checkout) -> tuple[str, tuple[Gap, ...]]:
    with tempfile.TemporaryDirectory(prefix="diffscope-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        objects = folder / "objects"
        (objects / "info").mkdir(parents=True)
        alternates = f"{repository.common_dir / 'objects'}\n"
        write_file(objects / "info" / "alternates", os.fsencode(alternates))
        for file in checkout.files.values():
            _store(objects, file)
        access = object_access(
            repository.common_dir, repository.object_format, index=folder / "index", objects=objects
        )
        rows = b"".join(
            f"{file.mode} {file.blob}\t".encode() + name + b"\0" for name, file in checkout.files.items()
        )
        listed = run(access, "update-index", "-z", "--index-info", given=rows)
        made = run(access, "write-tree", "--missing-ok")
        if listed.code != 0 or made.code != 0:
            message = (listed.err or made.err).split("\n")[-1].removeprefix("fatal: ")
            raise RepositoryError(
                f"git: {message}", at=str(repository.path), hint=f"git -C {repository.path} status"
            )
        old = repository.empty_tree if base is None else base
        return make_patch(access, old, made.out.decode().strip(), at=repository.path)


def _store(objects: Path, file: WorktreeFile) -> None:
    """Store a file as git would, but without its filters."""
    if file.data is None:
        return
    path = objects / file.blob[:2] / file.blob[2:]
    path.parent.mkdir(exist_ok=True)
    write_file(path, zlib.compress(b"blob %d\0" % len(file.data) + file.data, 1))
