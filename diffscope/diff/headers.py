"""The header of one section -> names, status, modes, blob ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from diffscope.diff.model import FileKind, FileStatus, split_git_names, strip_prefixes, unquote
from diffscope.diff.sections import HG_BINARY, Section, is_plain_binary, is_unshown
from diffscope.patterns import lazy_regex

_INDEX = lazy_regex(r"index ([0-9a-f]{4,64})(?:,[0-9a-f]+)?\.\.([0-9a-f]{4,64})(?: ([0-7]{6}))?$")
_BINARY = lazy_regex(r"(?:Binary files? .* (?:differ|has changed)|GIT binary patch)$", re.DOTALL)
_SUBMODULE = lazy_regex(r"Submodule (.+) ([0-9a-f]{4,64})\.{2,3}([0-9a-f]{4,64})(.*)$", re.DOTALL)
_ONE_SIDED = lazy_regex(r"Only in (.+?): (.+)$")
_EPOCH = lazy_regex(
    r"(?:1969-12-31|1970-01-01) (?P<hour>\d\d):(?P<minute>\d\d):00(?:\.0+)?(?: (?P<zone>[+-]\d\d:?\d\d))?$"
    r"|Thu Jan +1 00:00:00 1970(?: [+-]0000)?$"
)
_NONEXISTENT = lazy_regex(r"(?:\([^()\t]*\)\t)?\((?:nonexistent|revision 0)\)$", re.IGNORECASE)
_PROPERTY = lazy_regex(r"(Added|Deleted): svn:(executable|special)$")
_HUNK_LENGTHS = lazy_regex(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_MODE = lazy_regex(r"[0-7]{6}")
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
    is_whole: bool = False
    """Subversion says that the file is new: without a hunk it is empty."""

    @property
    def kind(self) -> FileKind:
        """Return what the file is made of; the new side decides."""
        if self.is_submodule:
            return FileKind.SUBMODULE
        mode = self.new_mode or self.old_mode
        return _KINDS.get(mode or "", FileKind.BINARY if self.is_binary else FileKind.TEXT)


Folders = tuple[str, str]
"""The folders that a plain diff compared, as far as they stand before each name; both empty for none."""


def find_folders(sections: Iterable[Section]) -> Folders | None:
    """Return the folders that every file of a plain diff names on both sides; ``None`` where there is no such file, or no single pair."""
    found = set[Folders]()
    for section in sections:
        if section.is_git or section.is_index or len(section.header) < 2 or section.header[0][:4] != "--- ":
            continue
        old, new = _plain_name(section.header[0])[0], _plain_name(section.header[1])[0]
        if old is not None and new is not None:
            kept, _ = strip_prefixes(old, new)
            found.add(("", "") if kept == old else (old.partition("/")[0], new.partition("/")[0]))
    return found.pop() if len(found) == 1 else None


def read_header(section: Section, folders: Folders | None = None) -> Header | None:
    """Return what the header of ``section`` says; ``None`` where it names no file.

    ``folders`` are those of the whole patch: a file with ``/dev/null`` on one side does not tell its folder from its path.
    """
    if section.is_git:
        return _read_git(section.header)
    if section.is_index:
        return _read_index(section.header)
    return _read_sentence(section.header[0]) or _read_plain(section, folders)


def _read_sentence(line: str) -> Header | None:
    """Return what one line says of a file of which nothing else is written."""
    if match := _SUBMODULE.match(line):
        return _read_submodule(match)
    if match := HG_BINARY.match(line):
        return Header(old=match[1], new=match[1], is_binary=True, says_change=True)
    if is_plain_binary(line):
        old, _, new = line.removeprefix("Binary files ").removesuffix(" differ").partition(" and ")
        return _name_plain(Header(is_binary=True, says_change=True), _side(old), _side(new))
    if match := _ONE_SIDED.match(line):
        path = f"{match[1]}/{match[2]}".partition("/")[2]
        return Header(old=path, new=path)
    return None


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
            header.old = _strip_git(_plain_name(line)[0])
        return True
    if line.startswith("+++ "):
        if header.new is None:
            header.new = _strip_git(_plain_name(line)[0])
        return True
    return False


def _strip_git(name: str | None) -> str | None:
    return strip_prefixes(name, None)[0]


def _read_index(lines: list[str]) -> Header:
    # Subversion names a binary file and no more: whether it is new shows in its properties alone.
    name = lines[0].removeprefix("Index: ")
    header = Header(old=name, new=name, is_binary=any(map(is_unshown, lines)))
    header.says_change = header.is_binary
    _take_properties(header, lines)
    return header


def _read_plain(section: Section, folders: Folders | None) -> Header | None:
    if len(section.header) < 2:
        return None
    (old, old_stamp), (new, new_stamp) = map(_plain_name, section.header[:2])
    has_old, has_new = _lengths(section)
    if old is not None and new is not None:
        # Both names are told, so the folder comes off both, also where a side is absent.
        old, new = strip_prefixes(old, new)
        is_added = _is_absent(old_stamp) and not has_old
        is_deleted = not is_added and _is_absent(new_stamp) and not has_new
        header = Header(
            old=None if is_added else old,
            new=None if is_deleted else new,
            says_change=is_added or is_deleted,
            is_whole=is_added and _NONEXISTENT.match(old_stamp) is not None,
        )
    elif folders is None:
        header = Header(*strip_prefixes(old, new))
    else:
        header = Header(_without(old, folders[0]), _without(new, folders[1]))
    if header.old is None:
        header.status = FileStatus.ADDED
    elif header.new is None:
        header.status = FileStatus.DELETED
    _take_properties(header, section.header[2:])
    return header if header.old is not None or header.new is not None else None


def _without(name: str | None, folder: str) -> str | None:
    return None if name is None else name.removeprefix(f"{folder}/") if folder else name


def _lengths(section: Section) -> tuple[bool, bool]:
    """Say of each side whether a hunk has lines of it."""
    found = [match.groups() for line in section.hunks[:1] if (match := _HUNK_LENGTHS.match(line))]
    return any(old != "0" for old, _ in found), any(new != "0" for _, new in found)


def _is_absent(stamp: str) -> bool:
    """Say whether what follows a name means that this side does not exist: Subversion's words, or the epoch of GNU diff."""
    match = _EPOCH.match(stamp)
    if match is None:
        return _NONEXISTENT.match(stamp) is not None
    if match["hour"] is None:
        return True
    minutes = int(match["hour"]) * 60 + int(match["minute"]) - (24 * 60 if stamp.startswith("1969") else 0)
    zone = (match["zone"] or "+0000").replace(":", "")
    offset = int(zone[1:3]) * 60 + int(zone[3:5])
    return minutes == (-offset if zone[0] == "-" else offset)


def _take_properties(header: Header, lines: list[str]) -> None:
    """Take what Subversion tells of properties; two of them are what git calls a mode."""
    for line in lines:
        if line.startswith("Property changes on: "):
            header.says_change = True
        elif match := _PROPERTY.match(line):
            regular, special = "100644", "100755" if match[2] == "executable" else "120000"
            old, new = (regular, special) if match[1] == "Added" else (special, regular)
            header.old_mode = None if header.status is FileStatus.ADDED else old
            header.new_mode = None if header.status is FileStatus.DELETED else new


def _name_plain(header: Header, old: str | None, new: str | None) -> Header | None:
    header.old, header.new = strip_prefixes(old, new)
    if header.old is None:
        header.status = FileStatus.ADDED
    elif header.new is None:
        header.status = FileStatus.DELETED
    return header if header.old is not None or header.new is not None else None


def _side(name: str) -> str | None:
    return None if name == "/dev/null" else unquote(name)


def _plain_name(line: str) -> tuple[str | None, str]:
    """Return the name of a ``---`` or ``+++`` line (``None`` for ``/dev/null``) and what stands behind it, a time or a revision."""
    name, _, stamp = line[4:].rstrip("\r").partition("\t")
    return _side(name), stamp
