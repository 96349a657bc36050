"""The worktree of a clone as a change, and its files as a commit of them would hold them: no filter, attribute or setting decides.

A tracked file whose size and times are those that the index noted at checkout is what the index says, as for git itself. Any other is
read. Its bytes count as they lie there, with one exception: the index also notes the size that a file had when it was checked out, and
where that is the size of the blob with CR LF for LF, the checkout wrote CR LF (``core.autocrlf``, ``eol=crlf``), and CR LF reads as LF.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from diffscope.adapters.git.objects import make_patch, make_store, store_object
from diffscope.adapters.git.process import clone_access, discovery_access, object_access, run
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.read_file import read_bytes
from diffscope.diff.reconstruct import blob_id
from diffscope.errors import InputError, NotFoundError, RepositoryError, shell_line
from diffscope.messages.model import Message, message
from diffscope.patterns import lazy_regex
from diffscope.source.model import BlobId, Change, Gap, PullRequest, RepoPath, SourceKind
from diffscope.source.profile import repository_name
from diffscope.source.text import decode_whole


def worktree_change(repository: GitRepository, *, base: str = "HEAD", name: str | None = None) -> Change:
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
    committed = {os.fsencode(entry.path) for entry in repository.entries(commit)} if commit else set()
    if committed and not checkout.has_index and committed.isdisjoint(checkout.files):
        raise RepositoryError(
            f"no file of {base} is checked out in this clone",
            at=str(top),
            hint=f"{shell_line('git', '-C', top, 'checkout', base, '--', '.')}, or name a range: --base A --head B",
        )
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
        repository=name or repository_name(),
        source=SourceKind.WORKTREE,
        title=f"Uncommitted changes on {branch or 'a detached HEAD'}",
        base=commit,
    )
    return Change(pull=pull, patch=patch, gaps=(*lost, *checkout.gaps))


def _patch(repository: GitRepository, base: str | None, checkout: Checkout) -> tuple[str, tuple[Gap, ...]]:
    with tempfile.TemporaryDirectory(prefix="diffscope-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        objects = make_store(folder, repository.common_dir)
        for file in checkout.files.values():
            if file.data is not None:
                store_object(objects, b"blob", file.blob, file.data)
        access = object_access(
            repository.common_dir, repository.object_format, index=folder / "index", objects=objects
        )
        rows = b"".join(
            f"{file.mode} {file.blob}\t".encode() + name + b"\0" for name, file in checkout.files.items()
        )
        listed = run(access, "update-index", "-z", "--index-info", given=rows)
        made = run(access, "write-tree", "--missing-ok")
        if listed.code != 0 or made.code != 0:
            raise RepositoryError(
                f"git: {(listed if listed.err else made).reason}",
                at=str(repository.path),
                hint=shell_line("git", "-C", repository.path, "status"),
            )
        old = repository.empty_tree if base is None else base
        return make_patch(access, old, made.out.decode().strip(), at=repository.path)


LARGEST: Final = 8 * 1024 * 1024
"""A changed or new file above this many bytes is named, not read: a model's weights beside the code, say."""

_ROW: Final = lazy_regex(
    rb"([A-Za-z?]) ([0-7]{6}) ([0-9a-f]+) ([0-3])\t([^\0]+)\0"
    rb"(?:  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n[^\n]*\n[^\n]*\n  size: (\d+)\t[^\n]*\n)?"
)
_LINK, _SUBMODULE = "120000", "160000"
_REGULAR: Final = ("100644", "100755")


class IndexEntry(NamedTuple):
    """What the index notes of a tracked file. Times are seconds and nanoseconds; ``size`` is that of the file as it was checked out."""

    mode: str
    blob: BlobId
    is_skipped: bool
    """A sparse checkout leaves it out."""
    changed_at: tuple[int, int]
    modified_at: tuple[int, int]
    size: int


class WorktreeFile(NamedTuple):
    """A file as a commit would hold it: ``data`` where it has to be stored, ``None`` where the clone names the blob already."""

    mode: str
    blob: BlobId
    data: bytes | None = None


class Checkout(NamedTuple):
    """Every file of a worktree, by its name in bytes, and a gap for each that could not be read."""

    files: Mapping[bytes, WorktreeFile]
    gaps: tuple[Gap, ...]
    has_index: bool
    """Whether git tracks a file there; it tracks none in a clone whose files were never checked out."""


def read_checkout(repository: GitRepository, top: Path) -> Checkout:
    """Return the tracked files of the worktree at ``top`` and the new ones that are not ignored. Raises ``RepositoryError``."""
    noted = _noted(repository, top)
    reader = _Reader(repository, top, keeps_modes=_keeps_modes(repository, top, noted))
    for name, file in sorted(noted.items()):
        reader.read_tracked(name, file)
    found = run(clone_access(repository.git_dir, top), "ls-files", "-z", "--others", "--exclude-standard")
    for name in sorted(name for name in found.out.split(b"\0") if name):
        reader.read_new(name)
    return Checkout(reader.files, tuple(reader.gaps), has_index=bool(noted))


class _Reader:
    def __init__(self, repository: GitRepository, top: Path, *, keeps_modes: bool) -> None:
        self.files: dict[bytes, WorktreeFile] = {}
        self.gaps: list[Gap] = []
        self._repository = repository
        self._top = top
        self._digits = 64 if repository.object_format == "sha256" else 40
        self._noted_at = _written_at(repository.git_dir / "index")
        self._keeps_modes = keeps_modes

    def read_tracked(self, name: bytes, noted: IndexEntry) -> None:
        """Add a tracked file, unless it was deleted."""
        same = WorktreeFile(noted.mode, noted.blob)
        path = self._top / os.fsdecode(name)
        try:
            status = path.lstat()
        except OSError as error:
            if noted.is_skipped:
                self.files[name] = same
            elif not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                self._keep(name, same, message("gap.unreadable", error=error.strerror or ""))
            return
        if noted.mode == _SUBMODULE:
            self.files[name] = self._submodule(path, same)
        elif stat.S_ISDIR(status.st_mode):
            return
        elif self._is_as_noted(status, noted):
            self.files[name] = same
        else:
            self._read(name, path, status, noted)

    def read_new(self, name: bytes) -> None:
        """Add a file that is not tracked."""
        path = self._top / os.fsdecode(name)
        try:
            status = path.lstat()
            if not _is_file(status):
                self._miss(name, message("gap.not-regular-new"))
            elif status.st_size > LARGEST:
                self._miss(name, message("gap.large-new-file", bytes=status.st_size))
            else:
                data = _content(path, status)
                self.files[name] = self._file_of(_mode(status), data)
        except OSError as error:
            self._miss(name, message("gap.unreadable", error=error.strerror or ""))

    def _read(self, name: bytes, path: Path, status: os.stat_result, noted: IndexEntry) -> None:
        same = WorktreeFile(noted.mode, noted.blob)
        if not _is_file(status):
            self._keep(name, same, message("gap.not-regular"))
            return
        if status.st_size > LARGEST:
            self._keep(name, same, message("gap.large-file", bytes=status.st_size))
            return
        try:
            data = _content(path, status)
        except OSError as error:
            self._keep(name, same, message("gap.unreadable", error=error.strerror or ""))
            return
        mode = _mode(status)
        if not self._keeps_modes and _LINK not in {mode, noted.mode}:
            mode = noted.mode
        found = self._file_of(mode, data)
        if found.blob != noted.blob and mode != _LINK:
            before = self._repository.read_blobs([noted.blob])[noted.blob] or b""
            if _was_written_with_crlf(noted, before, data):
                found = self._file_of(mode, data.replace(b"\r\n", b"\n"))
            elif noted.size not in {0, len(before)}:
                if _is_as_checked_out(status, noted):
                    found = same
                else:
                    self._miss(name, message("gap.filtered"))
        self.files[name] = found._replace(data=None) if found.blob == noted.blob else found

    def _file_of(self, mode: str, data: bytes) -> WorktreeFile:
        return WorktreeFile(mode, BlobId(blob_id(data, length=self._digits)), data)

    def _is_as_noted(self, status: os.stat_result, noted: IndexEntry) -> bool:
        if _mode(status) != noted.mode and (self._keeps_modes or _LINK in {_mode(status), noted.mode}):
            return False
        times = (divmod(status.st_ctime_ns, 1_000_000_000), divmod(status.st_mtime_ns, 1_000_000_000))
        return (
            times == (noted.changed_at, noted.modified_at)
            and status.st_size & 0xFFFFFFFF == noted.size
            # Written in the second of the index itself it may have been written again without a trace.
            and noted.modified_at[0] < self._noted_at
        )

    def _submodule(self, path: Path, same: WorktreeFile) -> WorktreeFile:
        if not (path / ".git").exists():
            return same
        found = run(discovery_access(path), "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return same if found.code != 0 else WorktreeFile(_SUBMODULE, BlobId(found.out.decode().strip()))

    def _keep(self, name: bytes, same: WorktreeFile, reason: Message) -> None:
        self.files[name] = same
        self._miss(name, reason)

    def _miss(self, name: bytes, reason: Message) -> None:
        self.gaps.append(Gap(what="blob", message=reason, path=RepoPath(decode_whole(name))))


def _noted(repository: GitRepository, top: Path) -> dict[bytes, IndexEntry]:
    access = clone_access(repository.git_dir, top)
    asked = ("ls-files", "-z", "--cached", "--stage", "-v")
    found = run(access, *asked, "--debug")
    if found.code != 0:
        raise RepositoryError(
            f"git: {found.reason}", at=str(top), hint=shell_line("git", "-C", top, "status")
        )
    rows = _rows(found.out)
    if rows is None:
        # The form of --debug may change with git. Without it every file is read.
        rows = _rows(run(access, *asked).out)
    if rows is None:
        raise RepositoryError(
            "the index cannot be read: git lists it in an unknown form",
            at=str(top),
            hint=shell_line("git", "-C", top, "status"),
        )
    noted = dict[bytes, IndexEntry]()
    for tag, mode, blob, stage, name, *numbers in rows:
        changed, changed_ns, modified, modified_ns, size = (int(number or 0) for number in numbers)
        noted[name] = IndexEntry(
            mode=mode.decode(),
            blob=BlobId(blob.decode()),
            is_skipped=tag in b"Ss",
            changed_at=(changed, changed_ns),
            modified_at=(modified, modified_ns),
            size=size if stage == b"0" else 0,
        )
    return noted


def _rows(listed: bytes) -> list[tuple[bytes, ...]] | None:
    """Return the rows of the index; ``None`` where some part of the listing is none."""
    rows, end = list[tuple[bytes, ...]](), 0
    for row in _ROW.finditer(listed):
        if row.start() != end:
            return None
        rows.append(row.groups())
        end = row.end()
    return rows if end == len(listed) else None


def _written_at(index: Path) -> int:
    try:
        return int(index.stat().st_mtime)
    except OSError:
        return 0


def _was_written_with_crlf(noted: IndexEntry, before: bytes, data: bytes) -> bool:
    if b"\r\n" in before or b"\n" not in before:
        return False
    if noted.size:
        return len(before) < noted.size <= len(before) + before.count(b"\n")
    # git notes no size for a file that was written in the second of the index: what it is like now must do.
    return data.count(b"\r\n") == data.count(b"\n")


def _is_as_checked_out(status: os.stat_result, noted: IndexEntry) -> bool:
    modified = divmod(status.st_mtime_ns, 1_000_000_000)
    return (status.st_size & 0xFFFFFFFF, modified) == (noted.size, noted.modified_at)


def _keeps_modes(repository: GitRepository, top: Path, noted: Mapping[bytes, IndexEntry]) -> bool:
    """Say whether files are executable or not as they were made so: some file systems call all of them the one or the other."""
    answer = run(clone_access(repository.git_dir, top), "config", "--type=bool", "--get", "core.fileMode")
    if answer.out.strip() != b"false":
        return True
    modes = set[str]()
    for name, file in noted.items():
        try:
            status = (top / os.fsdecode(name)).lstat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and file.mode in _REGULAR:
            modes.add(_mode(status))
    return len(modes) > 1


def _is_file(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)


def _mode(status: os.stat_result) -> str:
    if stat.S_ISLNK(status.st_mode):
        return _LINK
    return "100755" if status.st_mode & 0o100 else "100644"


def _content(path: Path, status: os.stat_result) -> bytes:
    """Return what lies at a path. Raises ``OSError``, also for what became something else than a file in the meantime."""
    if stat.S_ISLNK(status.st_mode):
        return os.fsencode(path.readlink())
    try:
        return read_bytes(path, most=LARGEST, hint="", kind=InputError, follows_links=False)
    except InputError as error:
        raise OSError(0, error.message) from None
