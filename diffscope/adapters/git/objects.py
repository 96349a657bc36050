"""Reads git objects and patches, resolves names to ids and compares trees, through git processes that stay open; new objects go to a store beside.

A commit object is read as git stores it.
"""

from __future__ import annotations

import os
import re
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Final, Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from diffscope.adapters.git.process import GitAccess, PersistentProcess, run, unreadable
from diffscope.adapters.output import write_file
from diffscope.diff.model import Diff, FileDiff, FileKind, FileStatus, quote
from diffscope.messages.model import message
from diffscope.patterns import lazy_regex
from diffscope.source.model import CommitId, Gap, RepoPath, Value
from diffscope.source.text import decode_whole


def make_store(folder: Path, common_dir: Path) -> Path:
    """Make a store of new objects in a temporary folder and return it; it knows those of the clone, of which nothing is written."""
    objects = folder / "objects"
    (objects / "info").mkdir(parents=True)
    write_file(objects / "info" / "alternates", os.fsencode(f"{common_dir / 'objects'}\n"))
    return objects


def store_object(objects: Path, kind: bytes, name: str, data: bytes) -> None:
    """Store an object as git would, but without its filters."""
    path = objects / name[:2] / name[2:]
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        write_file(path, zlib.compress(b"%s %d\0" % (kind, len(data)) + data, 1))


class CommitInfo(Value, frozen=True, kw_only=True):
    """A commit as git stores it. Times are seconds since the epoch, UTC."""

    commit: CommitId
    tree: str
    parents: tuple[CommitId, ...]
    author: str
    author_email: str
    committed_at: int
    subject: str
    body: str


_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: a commit may claim any number, and a date must come of it."""
_BLANK_LINES = lazy_regex(r"\n\s*\n")
_WHOLE = lazy_regex(r"-?[0-9]{1,20}")
_PERSON = lazy_regex(rb"(.*?) ?<([^>]*)> (-?[0-9]{1,20}) [+-][0-9]+$")


def parse_commit(name: CommitId, data: bytes) -> CommitInfo:
    """Return what the bytes of a commit object say; what they do not say is empty or 0."""
    head, _, message = data.partition(b"\n\n")
    # Headers that run over several lines (signatures) start their other lines with a blank.
    fields: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        fields.setdefault(key, []).append(value)
    codec = fields.get(b"encoding", [b"utf-8"])[0].decode("ascii", "replace")
    author, email, _ = _person(fields.get(b"author", [b""])[0], codec)
    paragraphs = _BLANK_LINES.split(_decode(message, codec).strip(), 1)
    return CommitInfo(
        commit=name,
        tree=fields.get(b"tree", [b""])[0].decode("ascii", "replace"),
        parents=tuple(CommitId(parent.decode("ascii", "replace")) for parent in fields.get(b"parent", [])),
        author=author,
        author_email=email,
        committed_at=_person(fields.get(b"committer", [b""])[0], codec)[2],
        subject=" ".join(line.strip() for line in paragraphs[0].split("\n")),
        body=paragraphs[1] if len(paragraphs) > 1 else "",
    )


def seconds(text: str) -> int:
    """Return the seconds since the epoch that a commit claims, within the calendar; 0 where it claims none."""
    number = int(text) if _WHOLE.fullmatch(text) else 0
    return min(max(number, 0), _LAST_SECOND)


def _person(data: bytes, codec: str) -> tuple[str, str, int]:
    match = _PERSON.match(data)
    if match is None:
        return "", "", 0
    return _decode(match[1], codec), match[2].decode("utf-8", "replace"), seconds(match[3].decode())


def _decode(message: bytes, encoding: str) -> str:
    try:
        return message.decode(encoding, "replace")
    except (LookupError, ValueError):  # no codec of text, or one that knows no "replace"
        return message.decode("utf-8", "replace")


_AT_ONCE = 1 << 16


class DifferenceReader:
    """Answers what ``git diff-tree OPTIONS OLD NEW`` prints, by ids of trees."""

    def __init__(self, access: GitAccess, *options: str) -> None:
        self._process = PersistentProcess(access, "diff-tree", "--stdin", *options)

    def read(self, old: str, new: str) -> bytes | None:
        """Return what git prints; ``None`` where it cannot compare the two, which a call of its own may explain."""
        with self._process.lock:
            try:
                stdin, stdout = self._process.streams()
                return _ask(stdin, stdout, f"{old} {new}\n".encode())
            except (OSError, EOFError):
                self._process.close()
                return None

    def close(self) -> None:
        """End the process, if there is one."""
        self._process.close()


def _ask(stdin: IO[bytes], stdout: IO[bytes], pair: bytes) -> bytes:
    # git repeats a line that names no object, flushed, when it has answered all before it (builtin/diff-tree.c). Behind it nothing
    # comes, and no file's name can hold the ids of the trees that it lies in: so this is the end.
    end = b"=" + pair
    stdin.write(pair + end)
    stdin.flush()
    told = bytearray()
    while not told.endswith(end):
        piece = os.read(stdout.fileno(), _AT_ONCE)
        if not piece:
            raise EOFError
        told += piece
    return bytes(told[: -len(end)]).removeprefix(pair)


_Answer = TypeVar("_Answer")


class GitObject(NamedTuple):
    """One object of the database."""

    kind: str
    data: bytes


class _Reader(ABC, Generic[_Answer]):
    """Asks ``git cat-file`` for one name after the other."""

    _AHEAD = 400
    """Requests written before answers are read: 400 lines of 65 bytes fit in the smallest pipe, so neither waits."""

    def __init__(self, access: GitAccess, *arguments: str) -> None:
        self._process = PersistentProcess(access, "cat-file", *arguments)

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, _Answer | None]]:
        """Yield each name with its answer; ``None`` where the repository does not have it or cannot read it."""
        todo = iter(names)
        while chunk := list(islice(todo, self._AHEAD)):
            with self._process.lock:
                found = self._read_chunk(chunk)
            yield from zip(chunk, found, strict=True)

    def close(self) -> None:
        """End the process, if there is one."""
        self._process.close()

    def _read_chunk(self, names: list[str]) -> list[_Answer | None]:
        found: list[_Answer | None] = []
        while len(found) < len(names):
            rest = names[len(found) :]
            try:
                stdin, stdout = self._process.streams()
                stdin.write("".join(f"{name}\n" for name in rest).encode())
                stdin.flush()
                for _ in rest:
                    found.append(self._read_answer(stdout))  # noqa: PERF401 - what was read before a failure counts
            except (OSError, EOFError):
                # A corrupt object, or a promised one that cannot be fetched, ends git: that one is missing.
                self.close()
                found.append(None)
        return found

    @abstractmethod
    def _read_answer(self, stream: IO[bytes]) -> _Answer | None:
        """Return one answer. Raises ``EOFError`` where git ended."""


class ObjectReader(_Reader[GitObject]):
    """Reads objects whole."""

    def __init__(self, access: GitAccess) -> None:
        super().__init__(access, "--batch")

    def _read_answer(self, stream: IO[bytes]) -> GitObject | None:
        words = _line(stream).split()
        if len(words) != 3 or not words[2].isdigit():  # "NAME missing", "NAME ambiguous"
            return None
        size = int(words[2])
        data = stream.read(size + 1)
        if len(data) != size + 1:
            raise EOFError
        return GitObject(words[1].decode(), data[:-1])


class NameReader(_Reader[str]):
    """Reads the ids that names (``COMMIT:FOLDER``, ``COMMIT^{tree}``) stand for, whether or not the object itself is there."""

    def __init__(self, access: GitAccess) -> None:
        super().__init__(access, "--batch-check=%(objectname)")

    def _read_answer(self, stream: IO[bytes]) -> str | None:
        words = _line(stream).split()
        return words[0].decode() if len(words) == 1 else None


def _line(stream: IO[bytes]) -> bytes:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line


_OPTIONS: Final = ("-r", "-z", "-M", "-l1000", "--no-ext-diff", "--no-textconv", "--no-abbrev", "--raw")
_STATUSES: Final = {
    "A": FileStatus.ADDED,
    "D": FileStatus.DELETED,
    "R": FileStatus.RENAMED,
    "C": FileStatus.COPIED,
}
_SUBMODULE, _LINK = "160000", "120000"


def list_files(access: GitAccess, old: str, new: str) -> Diff:
    """Return the files that differ between two trees, without their hunks, sorted; empty where git cannot tell.

    Where a blob is missing nobody can count lines: the files are then listed without.
    """
    found = run(access, "diff-tree", *_OPTIONS, "--numstat", old, new)
    if found.code != 0:
        found = run(access, "diff-tree", *_OPTIONS, "--no-renames", old, new)
    cells = iter(found.out.split(b"\0")[:-1] if found.code == 0 else ())
    files: dict[RepoPath, FileDiff] = {}
    for cell in cells:
        if cell.startswith(b":"):
            old_mode, new_mode, _, _, status = cell.decode("ascii").removeprefix(":").split(" ")
            first = RepoPath(decode_whole(next(cells)))
            kind = _STATUSES.get(status[0], FileStatus.MODIFIED)
            is_pair = kind in {FileStatus.RENAMED, FileStatus.COPIED}
            mode = old_mode if kind is FileStatus.DELETED else new_mode
            file = FileDiff(
                path=RepoPath(decode_whole(next(cells))) if is_pair else first,
                old_path=first if is_pair else None,
                status=kind,
                kind={_SUBMODULE: FileKind.SUBMODULE, _LINK: FileKind.SYMLINK}.get(mode, FileKind.TEXT),
                additions=0,
                deletions=0,
                hunks=(),
            )
            files[file.path] = file
        else:
            added, removed, name = cell.split(b"\t", 2)
            if not name:
                next(cells)
                name = next(cells)
            path = RepoPath(decode_whole(name))
            if path in files:
                files[path] = replace(files[path], additions=_number(added), deletions=_number(removed))
    return Diff(files=tuple(files[path] for path in sorted(files)))


def files_defining(access: GitAccess, old: str, new: str, names: Iterable[str]) -> frozenset[str]:
    """Return the Python files between whose sides a definition of one of the names came or went; none where git cannot tell."""
    any_name = "|".join(sorted(map(re.escape, names)))
    line = rf"^[[:space:]]*(async[[:space:]]+def|def|class)[[:space:]]+({any_name})[^A-Za-z0-9_]|^({any_name})[[:space:]]*[:=]"
    options = ("-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--name-only", f"-G{line}")
    found = run(access, "diff-tree", *options, old, new)
    listed = found.out.split(b"\0")[:-1] if found.code == 0 else []
    return frozenset(decode_whole(name) for name in listed if name.endswith(b".py"))


def _number(cell: bytes) -> int:
    return int(cell) if cell.isdigit() else 0


OPTIONS = (
    "-r", "-p", "-M", "-l1000", "-U3", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color",
    "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip


def make_patch(access: GitAccess, old: str, new: str, *, at: Path) -> tuple[str, tuple[Gap, ...]]:
    """Return the patch between two trees, and a gap for each file whose blob is missing.

    Such a file stands in the patch with its modes and blob ids, as a binary one: it changed, and nobody here can
    say how.
    """
    found = run(access, "diff-tree", *OPTIONS, old, new)
    if found.code == 0:
        return decode_whole(found.out), ()
    raw = run(access, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", old, new)
    if raw.code != 0:
        raise unreadable(at, raw)
    lost = find_missing_sides(access, raw.out)
    if not lost:
        raise unreadable(at, found)
    without = excluding(each.name for each in lost)
    found = run(access, "--no-literal-pathspecs", "diff-tree", *OPTIONS, old, new, "--", *without)
    if found.code != 0:
        raise unreadable(at, found)
    rest = decode_whole(found.out)
    return rest + "".join(map(placeholder_section, lost)), tuple(each.gap for each in lost)


class MissingSide(NamedTuple):
    """A changed file of which the clone misses a side: its row of ``git diff --raw``, and its name as git gives it."""

    row: list[str]
    name: bytes

    @property
    def gap(self) -> Gap:
        """What is said of it."""
        return Gap(what="blob", message=message("gap.blob-missing"), path=RepoPath(decode_whole(self.name)))


def find_missing_sides(access: GitAccess, raw: bytes) -> list[MissingSide]:
    """Return the files with a missing blob among the rows of ``git diff --raw -z --no-renames --no-abbrev``, by name."""
    cells = raw.split(b"\0")
    rows = [
        MissingSide(cells[at].decode().removeprefix(":").split(" "), cells[at + 1])
        for at in range(0, len(cells) - 1, 2)
    ]
    missing = _missing(access, {blob for each in rows for blob in each.row[2:4] if blob.strip("0")})
    lost = [each for each in rows if missing & set(each.row[2:4]) and "160000" not in each.row[:2]]
    return sorted(lost, key=lambda each: each.name)


def excluding(names: Iterable[bytes]) -> list[str]:
    """Return the pathspecs that leave files out; they need ``--no-literal-pathspecs``."""
    return [f":(exclude,literal,top){name.decode('utf-8', 'surrogateescape')}" for name in names]


def _missing(access: GitAccess, blobs: set[str]) -> set[str]:
    given = "".join(f"{blob}\n" for blob in sorted(blobs)).encode()
    # One blob a process only where a batch dies: git before 2.45 stops at a promised object that it may not fetch.
    found = run(access, "cat-file", "--batch-check=%(objectname) %(objecttype)", given=given)
    rows = dict(line.split(" ", 1) for line in found.out.decode().split("\n") if line)
    unanswered = blobs - rows.keys()
    alone = {blob for blob in unanswered if run(access, "cat-file", "-e", blob).code != 0}
    return alone | {blob for blob, kind in rows.items() if kind == "missing"}


def placeholder_section(lost: MissingSide) -> str:
    """Return the section of a patch that says that a file changed, and not how."""
    (old_mode, new_mode, old_blob, new_blob, status), name = lost
    old, new = quote(b"a/" + name), quote(b"b/" + name)
    modes = {"A": f"new file mode {new_mode}\n", "D": f"deleted file mode {old_mode}\n"}.get(status)
    if modes is None and old_mode != new_mode:
        modes = f"old mode {old_mode}\nnew mode {new_mode}\n"
    tail = f" {old_mode}" if modes is None else ""
    return f"diff --git {old} {new}\n{modes or ''}index {old_blob}..{new_blob}{tail}\nBinary files {old} and {new} differ\n"
