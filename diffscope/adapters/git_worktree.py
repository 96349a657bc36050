"""Uncommitted work as a change: what differs from a commit, staged or not, and new files that are not ignored."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from diffscope.adapters.git import GitRepository
from diffscope.adapters.git_patch import OPTIONS, Lost, excluding, find_lost, stand_in
from diffscope.adapters.git_process import run
from diffscope.adapters.read_file import read_bytes
from diffscope.diff.make import new_file_patch
from diffscope.diff.names import decode_name
from diffscope.errors import InputError, NotFoundError, RepositoryError
from diffscope.source.values import Change, Gap, PullRequest, RepoPath, SourceKind

_SETTINGS = (
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "diff.relative=false",
    "diff.interHunkContext=0",
    "diff.indentHeuristic=true",
    "diff.algorithm=default",
    "diff.orderFile=/dev/null",
    "diff.ignoreSubmodules=dirty",
    "diff.colorMoved=no",
)
_LARGEST = 8 * 1024 * 1024
"""A new file above this many bytes is named, not read: a model's weights beside the code, say."""


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
    tracked, lost = _tracked(repository, top, commit)
    new, unread = _untracked(top)
    gaps = (*lost, *unread)
    if not tracked + new:
        raise InputError("the worktree changes nothing", at=str(top), hint="name a range: --base A --head B")
    branch = run(top, "symbolic-ref", "--quiet", "--short", "HEAD").out.decode("utf-8", "replace").strip()
    author = run(top, "config", "user.name").out.decode("utf-8", "replace").strip()
    pull = PullRequest(
        repository=name,
        source=SourceKind.WORKTREE,
        title=f"Uncommitted changes on {branch or 'a detached HEAD'}",
        author=author or None,
        base=commit,
    )
    return Change(pull=pull, patch=tracked + new, gaps=gaps)


def _tracked(repository: GitRepository, top: Path, commit: str | None) -> tuple[str, tuple[Gap, ...]]:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    options = [option for option in OPTIONS if option != "-r"]
    base = commit or repository.empty_tree
    found = run(top, *settings, "diff", *options, base, "--")
    lost: list[Lost] = []
    if found.code != 0:
        # A partial clone: what it does not have is a gap, the rest is compared.
        raw = run(top, *settings, "diff", "--raw", "-z", "--no-renames", "--no-abbrev", base, "--")
        lost = find_lost(top, raw.out)
        without = excluding(each.name for each in lost)
        found = run(top, "--no-literal-pathspecs", *settings, "diff", *options, base, "--", *without)
    if found.code != 0:
        message = found.err.split("\n")[-1].removeprefix("fatal: ")
        raise RepositoryError(f"git: {message}", at=str(top), hint=f"git -C {top} status")
    text = found.out.decode("utf-8", "backslashreplace")
    return text + "".join(map(stand_in, lost)), tuple(each.gap for each in lost)


def _untracked(top: Path) -> tuple[str, tuple[Gap, ...]]:
    found = run(top, "ls-files", "-z", "--others", "--exclude-standard")
    parts: list[str] = []
    gaps: list[Gap] = []
    for name in sorted(name for name in found.out.split(b"\0") if name):
        part = _new_file(top, name)
        if isinstance(part, Gap):
            gaps.append(part)
        else:
            parts.append(part)
    return "".join(parts), tuple(gaps)


def _new_file(top: Path, name: bytes) -> str | Gap:
    path = top / os.fsdecode(name)
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return new_file_patch(name, os.fsencode(path.readlink()), mode="120000")
        if not stat.S_ISREG(status.st_mode):
            return _gap(name, "not a regular file: a repository inside this one, or a device")
        if status.st_size > _LARGEST:
            return _gap(name, f"a new file of {status.st_size:,} bytes: not read")
        content = read_bytes(path, most=_LARGEST, hint="", kind=InputError, follows_links=False)
        return new_file_patch(name, content, mode="100755" if status.st_mode & 0o100 else "100644")
    except InputError as error:
        return _gap(name, error.message)
    except OSError as error:
        return _gap(name, f"it cannot be read: {error.strerror}")


def _gap(name: bytes, reason: str) -> Gap:
    return Gap(what="blob", reason=reason, path=RepoPath(decode_name(name)))
