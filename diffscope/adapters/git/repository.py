"""A local git repository, read without a checkout and without the network."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from diffscope.adapters.git.objects import (
    OPTIONS,
    CommitInfo,
    DifferenceReader,
    NameReader,
    ObjectReader,
    make_patch,
    parse_commit,
)
from diffscope.adapters.git.process import (
    GitAccess,
    Outcome,
    clone_access,
    discovery_access,
    object_access,
    run,
    unreadable,
)
from diffscope.errors import DiffscopeError, NotFoundError, RepositoryError, shell_line
from diffscope.patterns import lazy_regex
from diffscope.source.model import BlobId, CommitId, Gap, RepoPath, TreeEntry, Value
from diffscope.source.text import decode_whole

_RAW = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev")
_DOUBTED = "dubious ownership"
_FAR = 2_000
"""Changed paths between two trees beyond which the second is listed anew."""
_PAIRS_KEPT = 16
_BLOBS_KEPT = 16_000_000
"""Bytes of blobs that stay in memory: neighbouring changes read the same files."""
_LARGEST_KEPT = 400_000
_OBJECT_ID = lazy_regex(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class ChangedPath(Value, frozen=True, kw_only=True):
    """One path that differs between two trees; a side that is absent is ``None``. Renames are two of these."""

    path: RepoPath
    old_blob: BlobId | None
    new_blob: BlobId | None
    old_mode: str | None
    new_mode: str | None


class _Place(NamedTuple):
    git_dir: Path
    common_dir: Path
    is_bare: bool
    is_shallow: bool
    object_format: str
    found_by: GitAccess


class GitRepository:
    """The repository that ``path`` is, or lies in. Close it, or use it in a ``with``.

    Every method that names a revision takes what ``git rev-parse`` takes; a full commit id is not looked up again.
    Nothing is fetched, written or checked out. Raises ``RepositoryError`` where ``path`` is no repository.

    ``git_dir`` is the folder of this worktree's HEAD and index, ``common_dir`` the one that all worktrees share, which tells one clone
    from another; ``object_format`` is ``sha1`` or ``sha256``.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        place = _locate(self.path)
        self.git_dir, self.common_dir, self.is_bare, self.is_shallow, self.object_format, self._found_by = (
            place
        )
        self.refs = clone_access(self.git_dir, None)
        self.objects = object_access(self.common_dir, self.object_format)
        self._lent: dict[BlobId, bytes] = {}
        self._blobs = OrderedDict[str, bytes]()
        self._bytes_kept = 0
        self._listed: tuple[CommitId, dict[RepoPath, TreeEntry]] | None = None
        self._compared: dict[tuple[CommitId, CommitId], tuple[ChangedPath, ...]] = {}
        self._objects = ObjectReader(self.objects)
        self._names = NameReader(self.objects)
        self._changes = DifferenceReader(self.objects, *_RAW)
        self._patches = DifferenceReader(self.objects, *OPTIONS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_patches"):
            self.close()

    def close(self) -> None:
        """End the reading processes."""
        for reader in (self._objects, self._names, self._changes, self._patches):
            reader.close()

    @cached_property
    def top(self) -> Path | None:
        """The root of the worktree; ``None`` for a bare repository or inside ``.git``."""
        found = run(self._found_by, "rev-parse", "--show-toplevel")
        return Path(_file_name(found.out)) if found.code == 0 and found.out.strip() else None

    @cached_property
    def empty_tree(self) -> str:
        """The id of the tree without files, in this repository's kind of hash. git knows it without storing it."""
        return hashlib.new(self.object_format, b"tree 0\0").hexdigest()

    def resolve(self, revision: str) -> CommitId:
        """Return the commit that ``revision`` names. Raises ``NotFoundError``."""
        if _OBJECT_ID.fullmatch(revision):
            return CommitId(revision)
        if revision and revision[0] != "-" and revision.isprintable():
            found = run(
                self.refs, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
            )
            if found.code == 0 and (name := found.out.decode().strip()):
                return CommitId(name)
        if revision.startswith(("HEAD", "@")) and self.head() is None:
            raise NotFoundError(
                "the repository has no commit", at=str(self.path), hint="name a clone: --repo PATH"
            )
        cure = "--unshallow" if self.is_shallow else "--all"
        what = ("origin", revision) if _is_name(revision) else (cure,)
        raise NotFoundError(
            f"no commit {revision!r}",
            at=str(self.path),
            hint=f"fetch it: {shell_line('git', '-C', self.path, 'fetch', *what)}",
        )

    def head(self) -> CommitId | None:
        """Return the commit that HEAD names; ``None`` before the first one."""
        found = run(self.refs, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return CommitId(found.out.decode().strip()) if found.code == 0 else None

    def has_commit(self, commit: CommitId) -> bool:
        """Say whether the commit itself is here (in a shallow clone a parent may not be)."""
        return next(iter(self._objects.read([commit])))[1] is not None

    def commit(self, revision: str) -> CommitInfo:
        """Return what is known of a commit. Raises ``NotFoundError``."""
        name = self.resolve(revision)
        found = next(iter(self._objects.read([name])))[1]
        if found is None or found.kind != "commit":
            raise self._absent(name)
        return parse_commit(name, found.data)

    def commits(self, names: Iterable[CommitId]) -> dict[CommitId, CommitInfo | None]:
        """Return what is known of many commits; ``None`` for what is not a commit here."""
        wanted = sorted(name for name in set(names) if _OBJECT_ID.fullmatch(name))
        return {
            CommitId(name): parse_commit(CommitId(name), item.data)
            if item and item.kind == "commit"
            else None
            for name, item in self._objects.read(wanted)
        }

    def merge_base(self, left: str, right: str) -> CommitId | None:
        """Return the newest common ancestor; ``None`` where there is none (or it is cut off)."""
        found = run(self.objects, "merge-base", self.resolve(left), self.resolve(right))
        if found.code not in {0, 1}:
            raise self._error(found)
        return CommitId(found.out.decode().split("\n")[0]) if found.out else None

    def entries(self, revision: str) -> tuple[TreeEntry, ...]:
        """Return every file of the tree at ``revision``, sorted by path. Submodules are entries of mode 160000."""
        return tuple(self._listing(self.resolve(revision)).values())

    def blob_at(self, revision: str, path: RepoPath) -> BlobId | None:
        """Return the blob of a file at ``revision``; ``None`` where the tree has no such file."""
        commit = self.resolve(revision)
        if self._listed is not None or "\n" in path or "\\" in path:
            entry = self._listing(commit).get(path)
            return entry.blob if entry is not None else None
        found = next(iter(self._names.read([f"{commit}:{path}"])))[1]
        return BlobId(found) if found is not None else None

    def _listing(self, commit: CommitId) -> dict[RepoPath, TreeEntry]:
        """Return the files of a commit by path, sorted: those of the commit asked for before it, with what differs."""
        if self._listed is None or self._listed[0] != commit:
            self._listed = commit, self._next_listing(commit) or self._read_listing(commit)
        return self._listed[1]

    def _next_listing(self, commit: CommitId) -> dict[RepoPath, TreeEntry] | None:
        if self._listed is None:
            return None
        before, known = self._listed
        try:
            changed = self.changed_paths(before, commit)
        except DiffscopeError:
            return None
        if len(changed) > _FAR:
            return None
        listing = known | {
            one.path: TreeEntry(path=one.path, blob=one.new_blob, mode=one.new_mode)
            for one in changed
            if one.new_blob and one.new_mode
        }
        for one in changed:
            if not one.new_blob:
                del listing[one.path]
        return dict(sorted(listing.items())) if any(not one.old_blob for one in changed) else listing

    def _read_listing(self, commit: CommitId) -> dict[RepoPath, TreeEntry]:
        found = run(self.objects, "ls-tree", "-r", "-z", "--full-tree", commit)
        if found.code != 0:
            raise self._error(found)
        entries = (_entry(row) for row in found.out.split(b"\0") if row)
        return {entry.path: entry for entry in sorted(entries, key=lambda entry: entry.path)}

    def tree_ids(self, revision: str, folders: Iterable[str]) -> dict[str, str]:
        """Return the object id of each of ``folders`` (or files) at ``revision``; absent ones are left out."""
        commit = self.resolve(revision)
        wanted = sorted(folder for folder in set(folders) if "\n" not in folder)
        found = self._names.read([commit, *(f"{commit}:{folder}" for folder in wanted)])
        if next(found)[1] is None:
            raise self._absent(commit)
        rows = zip(wanted, (name for _, name in found), strict=True)
        return {folder: name for folder, name in rows if name is not None}

    def changed_paths(self, base: str, head: str) -> tuple[ChangedPath, ...]:
        """Return the paths that differ between two trees, sorted, renames as a deletion and an addition."""
        old, new = self.resolve(base), self.resolve(head)
        if (old, new) not in self._compared:
            if len(self._compared) >= _PAIRS_KEPT:
                self._compared.clear()
            # A neighbour's graph, words of tests, declarations and files are all brought up to date by the same paths.
            told = self._between(self._changes, old, new)
            if told is None:
                found = run(self.objects, "diff-tree", *_RAW, old, new)
                if found.code != 0:
                    raise self._error(found)
                told = found.out
            cells = told.split(b"\0")
            changed = (_changed(cells[at], cells[at + 1]) for at in range(0, len(cells) - 1, 2))
            self._compared[old, new] = tuple(sorted(changed, key=lambda change: change.path))
        return self._compared[old, new]

    def patch(self, base: str | None, head: str) -> tuple[str, tuple[Gap, ...]]:
        """Return the patch from ``base`` (``None``: the empty tree) to ``head``, and a gap for each missing blob."""
        old, new = self.empty_tree if base is None else self.resolve(base), self.resolve(head)
        told = self._between(self._patches, old, new)
        return make_patch(self.objects, old, new, at=self.path) if told is None else (decode_whole(told), ())

    def read_blobs(self, blobs: Iterable[BlobId]) -> dict[BlobId, bytes | None]:
        """Return the bytes of each blob; ``None`` where the clone does not have it. Abbreviated ids work."""
        found: dict[BlobId, bytes | None] = {}
        unread = []
        for blob in sorted(set(blobs)):
            known = self._lent.get(blob, self._blobs.get(blob))
            if known is None:
                unread.append(blob)
            else:
                found[blob] = known
        for name, item in self._objects.read(unread):
            data = item.data if item is not None and item.kind == "blob" else None
            found[BlobId(name)] = data
            if data is not None:
                self._keep(name, data)
        return found

    def _keep(self, name: str, data: bytes) -> None:
        if len(data) > _LARGEST_KEPT:
            return
        self._bytes_kept += len(data) - len(self._blobs.get(name, b""))
        self._blobs[name] = data
        while self._bytes_kept > _BLOBS_KEPT:
            self._bytes_kept -= len(self._blobs.popitem(last=False)[1])

    def lend(self, blobs: Mapping[BlobId, bytes]) -> None:
        """Answer for blobs that the clone does not store: files of its worktree."""
        self._lent.update(blobs)

    def read(self, revision: str, path: RepoPath) -> bytes | None:
        """Return one file of one tree; ``None`` where it is absent or its blob is missing."""
        if "\n" in path or "\\" in path:
            entries = (entry for entry in self.entries(revision) if entry.path == path)
            name: str | None = next((entry.blob for entry in entries), None)
        else:
            name = f"{self.resolve(revision)}:{path}"
        if name is None:
            return None
        found = next(iter(self._objects.read([name])))[1]
        return found.data if found is not None and found.kind == "blob" else None

    def _absent(self, commit: CommitId) -> NotFoundError:
        return NotFoundError(
            f"commit {commit} is not in this clone",
            at=str(self.path),
            hint=f"fetch it: {shell_line('git', '-C', self.path, 'fetch', 'origin', commit)}",
        )

    def _between(self, reader: DifferenceReader, old: str, new: str) -> bytes | None:
        trees = [name for _, name in self._names.read([f"{old}^{{tree}}", f"{new}^{{tree}}"])]
        return reader.read(trees[0], trees[1]) if trees[0] and trees[1] else None

    def _error(self, outcome: Outcome) -> RepositoryError:
        return _git_error(self.path, outcome)


def _locate(path: Path) -> _Place:
    if not path.is_dir():
        raise RepositoryError(
            "no such folder", at=str(path), hint="name a clone: --repo PATH or DIFFSCOPE_REPO"
        )
    flags = ("--absolute-git-dir", "--git-common-dir", "--is-bare-repository", "--is-shallow-repository")
    access = discovery_access(path)
    found = run(access, "rev-parse", *flags, "--show-object-format")
    if found.code != 0 and _DOUBTED in found.err:
        access = discovery_access(path, trusts_user=True)
        found = run(access, "rev-parse", *flags, "--show-object-format")
    if found.code != 0:
        raise _git_error(path, found)
    git_dir, common_dir, is_bare, is_shallow, object_format = _file_name(found.out).split("\n")
    return _Place(
        git_dir=Path(git_dir),
        common_dir=(path / common_dir).resolve(),
        is_bare=is_bare == "true",
        is_shallow=is_shallow == "true",
        object_format=object_format,
        found_by=access,
    )


def _git_error(path: Path, outcome: Outcome) -> RepositoryError:
    if "not a git repository" in outcome.err:
        return RepositoryError(
            "not a git repository", at=str(path), hint="name a clone: --repo PATH or DIFFSCOPE_REPO"
        )
    if _DOUBTED in outcome.err:
        return RepositoryError(
            "the clone belongs to another user, so git refuses it",
            at=str(path),
            hint=shell_line("git", "config", "--global", "--add", "safe.directory", path.resolve()),
        )
    return unreadable(path, outcome)


def _file_name(out: bytes) -> str:
    return out.decode("utf-8", "surrogateescape").removesuffix("\n")


def _is_name(revision: str) -> bool:
    """Return whether a remote may know it by that name: no HEAD~3, and nothing that a shell or git would take for something else."""
    is_plain = re.fullmatch(r"[\w./-]{1,80}", revision) is not None
    return is_plain and revision[0] != "-" and not revision.startswith("HEAD")


def _entry(row: bytes) -> TreeEntry:
    meta, _, name = row.partition(b"\t")
    mode, _, blob = meta.decode().split(" ")
    return TreeEntry(path=RepoPath(decode_whole(name)), blob=BlobId(blob), mode=mode)


def _changed(meta: bytes, name: bytes) -> ChangedPath:
    old_mode, new_mode, old_blob, new_blob, _ = meta.decode().removeprefix(":").split(" ")
    return ChangedPath(
        path=RepoPath(decode_whole(name)),
        old_blob=BlobId(old_blob) if old_blob.strip("0") else None,
        new_blob=BlobId(new_blob) if new_blob.strip("0") else None,
        old_mode=old_mode if old_mode.strip("0") else None,
        new_mode=new_mode if new_mode.strip("0") else None,
    )
