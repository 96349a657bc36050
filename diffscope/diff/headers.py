"""The header of one section -> names, status, modes, blob ids."""

from __future__ import annotations

import re
from dataclasses import dataclass

from diffscope.diff.names import split_git_names, strip_prefixes, unquote
from diffscope.diff.sections import Section, is_plain_binary
from diffscope.diff.values import FileKind, FileStatus

_INDEX = re.compile(r"index ([0-9a-f]{4,64})(?:,[0-9a-f]+)?\.\.([0-9a-f]{4,64})(?: ([0-7]{6}))?$")
_BINARY = re.compile(r"(?:Binary files? .* (?:differ|has changed)|GIT binary patch)$", re.DOTALL)
_SUBMODULE = re.compile(r"Submodule (.+) ([0-9a-f]{4,64})\.{2,3}([0-9a-f]{4,64})(.*)$", re.DOTALL)
_ONE_SIDED = re.compile(r"Only in (.+?): (.+)$")
_NEVER = re.compile(r"(?:1970-01-01|1969-12-31|Thu Jan +1 00:00:00 1970|Wed Dec 31 )")
_MODE = re.compile(r"[0-7]{6}")
MOVED = frozenset({FileStatus.RENAMED, FileStatus.COPIED})
_KINDS = {"160000": FileKind.SUBMODULE, "120000": FileKind.SYMLINK}


@dataclass(slots=True)
class Header:
    """What the header says; ``old`` and ``new`` are ``None`` for a side that is absent."""

    old: str | None = None
    new: str | None = None
    status: FileStatus = FileStatus.MODIFIED
    old_mode: str | None = None
    new_mode: str | None = None
    old_blob: str | None = None
    new_blob: str | None = None
    similarity: int | None = None
    is_binary: bool = False
    is_submodule: bool = False
    says_change: bool = False
    """Without a hunk, too, the header says what happened."""

    @property
    def kind(self) -> FileKind:
        """Return what the file is made of; the new side decides."""
        if self.is_submodule:
            return FileKind.SUBMODULE
        mode = self.new_mode or self.old_mode
        return _KINDS.get(mode or "", FileKind.BINARY if self.is_binary else FileKind.TEXT)


def read_header(section: Section) -> Header | None:
    """Return what the header of ``section`` says; ``None`` where it names no file."""
    if section.is_git:
        return _read_git(section.header)
    if match := _SUBMODULE.match(section.header[0]):
        return _read_submodule(match)
    if is_plain_binary(section.header[0]):
        old, _, new = (
            section.header[0].removeprefix("Binary files ").removesuffix(" differ").partition(" and ")
        )
        return _name_plain(Header(is_binary=True, says_change=True), _side(old), _side(new))
    if match := _ONE_SIDED.match(section.header[0]):
        path = f"{match[1]}/{match[2]}".partition("/")[2]
        return Header(old=path, new=path)
    return _read_plain(section.header)


def _read_submodule(match: re.Match[str]) -> Header:
    # diff.submodule=log and =diff: no header, one sentence.
    path, old, new, rest = match.groups()
    header = Header(old=path, new=path, old_blob=old, new_blob=new, is_submodule=True, says_change=True)
    if "(new submodule)" in rest:
        header.status, header.old, header.old_blob = FileStatus.ADDED, None, None
    elif "(submodule deleted)" in rest:
        header.status, header.new, header.new_blob = FileStatus.DELETED, None, None
    return header


def _read_git(lines: list[str]) -> Header | None:
    rest = lines[0].removeprefix("diff --git ")
    names = split_git_names(rest)
    header = Header()
    if names is not None:
        header.old, header.new = strip_prefixes(*names)
    for line in lines[1:]:
        if not _take(header, line):
            break
    if header.status is FileStatus.ADDED:
        header.old, header.old_blob, header.old_mode = None, None, None
    elif header.status is FileStatus.DELETED:
        header.new, header.new_blob, header.new_mode = None, None, None
    elif header.status in MOVED and not _agrees(
        header.new, rest if '"' not in rest or names is None else names[1]
    ):
        header.says_change = False
    return header if header.old is not None or header.new is not None else None


def _agrees(new: str | None, named: str) -> bool:
    """Say whether ``rename to`` names what the first line names: a patch may be cut off inside a name."""
    return new is not None and named.endswith(new)


def _take(header: Header, line: str) -> bool:
    """Take one line of a git header; false at the first that is none."""
    for prefix, field, status in _FIELDS:
        if line.startswith(prefix):
            return _take_field(header, field, line[len(prefix) :], status)
    if line.startswith(("similarity index ", "dissimilarity index ")):
        percent = line.rpartition(" ")[2].rstrip("%")
        header.similarity = int(percent) if line[0] == "s" and re.fullmatch(r"\d{1,3}", percent) else None
        return True
    if match := _INDEX.match(line):
        _take_index(header, match)
        return True
    if _BINARY.match(line):
        header.is_binary = header.says_change = True
        return True
    return _take_file_line(header, line)


def _take_field(header: Header, field: str, value: str, status: FileStatus | None) -> bool:
    if field in {"old", "new"}:
        value = unquote(value)
    elif not _MODE.fullmatch(value):
        return False
    setattr(header, field, value)
    header.status = status or header.status
    header.says_change |= field not in {"old", "old_mode"} or status is FileStatus.DELETED
    return True


_FIELDS: tuple[tuple[str, str, FileStatus | None], ...] = (
    ("old mode ", "old_mode", None),
    ("new mode ", "new_mode", None),
    ("new file mode ", "new_mode", FileStatus.ADDED),
    ("deleted file mode ", "old_mode", FileStatus.DELETED),
    ("rename from ", "old", FileStatus.RENAMED),
    ("rename to ", "new", FileStatus.RENAMED),
    ("rename old ", "old", FileStatus.RENAMED),
    ("rename new ", "new", FileStatus.RENAMED),
    ("copy from ", "old", FileStatus.COPIED),
    ("copy to ", "new", FileStatus.COPIED),
)


def _take_index(header: Header, match: re.Match[str]) -> None:
    old, new, mode = match.groups()
    header.old_blob = old if old.strip("0") else None
    header.new_blob = new if new.strip("0") else None
    header.old_mode = header.old_mode or mode
    header.new_mode = header.new_mode or mode


def _take_file_line(header: Header, line: str) -> bool:
    """``---`` and ``+++`` name files whose ``diff --git`` line could not be cut in two."""
    if line.startswith("--- "):
        if header.old is None:
            header.old = _strip_git(_plain_name(line))
        return True
    if line.startswith("+++ "):
        if header.new is None:
            header.new = _strip_git(_plain_name(line))
        return True
    return False


def _strip_git(name: str | None) -> str | None:
    return strip_prefixes(name, None)[0]


def _read_plain(lines: list[str]) -> Header | None:
    if len(lines) < 2:
        return None
    return _name_plain(Header(), _plain_name(lines[0]), _plain_name(lines[1]))


def _name_plain(header: Header, old: str | None, new: str | None) -> Header | None:
    header.old, header.new = strip_prefixes(old, new)
    if header.old is None:
        header.status = FileStatus.ADDED
    elif header.new is None:
        header.status = FileStatus.DELETED
    return header if header.old is not None or header.new is not None else None


def _side(name: str) -> str | None:
    return None if name == "/dev/null" else unquote(name)


def _plain_name(line: str) -> str | None:
    """Return the name of a ``---`` or ``+++`` line; ``None`` for an absent side.

    GNU diff writes a time after a tab, and the epoch for a file that is not there.
    """
    name, _, stamp = line[4:].partition("\t")
    name = name.rstrip("\r")
    return None if _NEVER.match(stamp) else _side(name)
