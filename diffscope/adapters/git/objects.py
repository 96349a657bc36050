"""Reads git objects, resolves names to ids and compares trees, through git processes that stay open; new objects go to a store beside.

A commit object is read as git stores it.
"""

from __future__ import annotations

import os
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Generic, NamedTuple, TypeVar

from diffscope.adapters.git.process import GitAccess, PersistentProcess
from diffscope.adapters.output import write_file
from diffscope.patterns import lazy_regex
from diffscope.source.model import CommitId, Value


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
