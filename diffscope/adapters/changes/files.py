"""Changes out of files: a patch, or standard input, and the recorded facts that ship with diffscope."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.utils import parseaddr
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec
from msgspec import UNSET

from diffscope.adapters.output import make_folder, write_file
from diffscope.adapters.read_file import is_there, read_document, read_stream
from diffscope.diff.parse import DEFAULT_LIMITS, Limits
from diffscope.errors import InputError, NotFoundError
from diffscope.facts.model import ChangeFacts, CiFacts, Footprint
from diffscope.messages.model import message
from diffscope.patterns import lazy_regex
from diffscope.source.model import Change, CommitId, Gap, PullRequest, SourceKind, Value
from diffscope.source.profile import repository_name

_MAIL = lazy_regex(r"From ([0-9a-f]{40,64}) ")
_MAILS = lazy_regex(r"^From ([0-9a-f]{40,64}) Mon Sep 17 00:00:00 2001\r?$", re.MULTILINE)
"""The first line of each mail of ``git format-patch``, which has this one date always; the last is the head of the series."""
_SHOW = lazy_regex(r"commit ([0-9a-f]{40,64})(?: \(.*\))?\n")
_SUBJECT_MARK = lazy_regex(r"^\[(?:RFC )?PATCH[^\]]*\]\s*")
_NUMBER = lazy_regex(r" \(#(\d{1,9})\)$")
_COLOURED = lazy_regex(rb"^(?:\x1b\[[\d;]*m)+(?:diff --|--- |@@ )", re.MULTILINE)
"""How a diff begins that was made for a terminal: ``--color=always``."""
_COLOUR = lazy_regex(rb"\x1b\[[\d;]*[mK]")
_ENCODED = lazy_regex(
    rb"^content-transfer-encoding:[ \t]*(quoted-printable|base64)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE
)
_BOUNDARY = lazy_regex(rb"""\bboundary=["']?([^"'\s;]+)""", re.IGNORECASE)
_MAIL_START = rb"From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [^\n]*"
_BLANK_LINE = lazy_regex(rb"\n\r?\n")
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


def read_patch(path: Path | str, *, name: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Change:
    """Return the patch in the file ``path`` (``-``: standard input) as a change.

    Title, author and commit come from the head that ``git format-patch`` and ``git show`` write. Raises
    ``NotFoundError``, or ``InputError`` where the file cannot be read or is larger than ``limits``.
    """
    try:
        data = read_stream(
            path,
            most=limits.patch_bytes,
            hint="hand in the files that matter, or name a file",
            kind=InputError,
        )
    except NotFoundError as error:
        raise NotFoundError(
            "no such patch file", at=error.at, hint="a patch on standard input is named -"
        ) from None
    return patch_change(data, name=name)


def patch_change(data: bytes, *, name: str | None = None) -> Change:
    """Return patch bytes as a change. PowerShell's ``>`` writes UTF-16; that is read too."""
    encoding = next((encoding for mark, encoding in _MARKS.items() if data.startswith(mark)), "utf-8")
    if b"\x1b[" in data and _COLOURED.search(data):
        data = _COLOUR.sub(b"", data)
    data = _decode_bodies(data)
    text = data.decode(encoding, "backslashreplace")
    # Only text before the first diff is about the change as a whole.
    head = text[: text.find("diff --git ")] if "diff --git " in text[:100_000] else ""
    title, author, commit, body = _words(head.replace("\r\n", "\n"))
    mails = _MAILS.findall(text)
    if len(mails) > 1:
        commit = _commit(mails[-1])
    number = _NUMBER.search(title)
    pull = PullRequest(
        repository=name or repository_name(),
        source=SourceKind.PATCH,
        title=_NUMBER.sub("", title),
        number=int(number[1]) if number else None,
        body=body or None,
        author=author or None,
        head=commit,
    )
    gaps = () if title else (Gap(what="metadata", message=message("gap.no-metadata")),)
    return Change(pull=pull, patch=text, gaps=gaps)


def _decode_bodies(data: bytes) -> bytes:
    """Return mails with the bodies that were encoded for their way decoded, as ``git am`` reads them."""
    boundaries = (re.escape(each) for each in _BOUNDARY.findall(data)) if _ENCODED.search(data) else ()
    end_of_body = re.compile(
        rb"^(?:%s|--(?:%s)(?:--)?\r?$)" % (_MAIL_START, b"|".join(boundaries)), re.MULTILINE
    )
    parts, at = [], 0
    for encoded in _ENCODED.finditer(data):
        gap = _BLANK_LINE.search(data, encoded.end())
        if encoded.start() < at or gap is None or not _is_head(data[at : encoded.start()]):
            continue
        following = end_of_body.search(data, gap.end())
        end = following.start() if following else len(data)
        body = _decode_body(data[gap.end() : end], encoded[1].lower())
        parts += [data[at : gap.end()], body, b"" if body.endswith(b"\n") else b"\n"]
        at = end
    return b"".join([*parts, data[at:]])


def _is_head(before: bytes) -> bool:
    """Return whether what stands in front of a header field is the beginning of a head of a mail or of a part of one."""
    blanks = list(_BLANK_LINE.finditer(before))
    head = before[blanks[-1].end() :] if blanks else before
    head = head[head.rfind(b"\n--") + 1 :]
    return not blanks or head.startswith((b"From ", b"--"))


def _decode_body(body: bytes, encoding: bytes) -> bytes:
    try:
        decoded = base64.b64decode(body) if encoding == b"base64" else quopri.decodestring(body)
    except binascii.Error:
        return body
    return decoded.replace(b"\r\n", b"\n") if decoded.count(b"\r\n") == decoded.count(b"\n") else decoded


def _words(head: str) -> tuple[str, str, CommitId | None, str]:
    """Return title, author, commit and body of a mail or of ``git show``."""
    if match := _MAIL.match(head):
        fields, _, rest = head.partition("\n\n")
        unfolded = re.sub(r"\n[ \t]+", " ", fields)
        subject = _field(unfolded, "Subject")
        body = rest.partition("\n---\n")[0].strip()
        author = parseaddr(_field(unfolded, "From"))[0]
        return _SUBJECT_MARK.sub("", subject), author, _commit(match[1]), body
    if match := _SHOW.match(head):
        fields, _, rest = head.partition("\n\n")
        message = "\n".join(line.removeprefix("    ") for line in rest.split("\n")).strip()
        title, _, body = message.partition("\n\n")
        return (
            " ".join(title.split("\n")),
            parseaddr(_field(fields, "Author"))[0],
            CommitId(match[1]),
            body.strip(),
        )
    return "", "", None, ""


def _commit(name: str) -> CommitId | None:
    return CommitId(name) if name.strip("0") else None  # --zero-commit


def _field(head: str, name: str) -> str:
    match = re.search(rf"^{name}: *(.*)$", head, re.MULTILINE)
    if match is None:
        return ""
    try:
        return str(make_header(decode_header(match[1])))
    except (LookupError, UnicodeError, ValueError):
        return match[1]


SCHEMA: Final = "diffscope.facts/3"
LONGEST_CODE: Final = 120
"""An expression longer than this is cut in a record: enough to know it by, too little to be anybody's source."""
_LARGEST: Final = 50_000_000
"""Bytes of a record; the largest that ships has some hundred thousand."""
_CODE: Final = frozenset(
    {"parameter", "option", "guard", "call", "numeric", "write", "test", "build", "operator"}
)
"""Families with fields that quote expressions."""
_NAMES: Final = frozenset({"path", "symbol", "module", "name"})


class Record(Value, frozen=True, kw_only=True):
    """One file of the records."""

    schema: str
    facts: ChangeFacts


def bundled_records() -> Path:
    """Return the folder of the records that come with diffscope."""
    package = Path(__file__).resolve().parents[2]
    bundled = package / "_bundled" / "recorded"
    return bundled if bundled.is_dir() else package.parent / "fixtures" / "recorded"


class RecordedSource:
    """The records of one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or bundled_records()

    def numbers(self) -> tuple[int, ...]:
        """Return the pull requests on record, in order."""
        return tuple(sorted(int(file.stem) for file in self._folder.glob("*.json") if file.stem.isdigit()))

    def facts(self, number: int) -> ChangeFacts:
        """Return the facts of a pull request, marked as recorded.

        Raises:
            NotFoundError: there is no record of it.
            InputError: the record cannot be read by this version.
        """
        file = self._folder / f"{number}.json"
        if not is_there(file):
            known = ", ".join(str(known) for known in self.numbers()[:5])
            raise NotFoundError(
                f"pull request {number} has no recorded facts",
                at=str(self._folder),
                hint=f"recorded are {known}, ...",
            )
        hint = "record it again: --record DIR"
        record = read_document(file, Record, what="not a record", hint=hint, most=_LARGEST, schema=SCHEMA)
        pull = msgspec.structs.replace(record.facts.pull, source=SourceKind.RECORDED)
        return msgspec.structs.replace(record.facts, pull=pull)


def write_record(folder: Path, facts: ChangeFacts) -> Path:
    """Write the facts of a change as ``<number>.json`` and return the file.

    Raises:
        InputError: the change has no number.
        UsageError: the folder cannot be written.
    """
    if facts.pull.number is None:
        raise InputError(
            "a change without a number cannot be recorded",
            hint="record a pull request: diffscope classify N --record DIR",
        )
    file = folder / f"{facts.pull.number}.json"
    make_folder(folder, what="a record")
    write_file(file, encode_record(facts), what="a record")
    return file


def encode_record(facts: ChangeFacts) -> bytes:
    """Return the bytes of a record: a line a fact. Prose of the pull request (its body, its docstrings) is not ours to keep."""
    bare = msgspec.structs.replace(
        facts,
        footprint=Footprint(),
        # Expressions of the code itself.
        edit=(),
        point=(),
        symbol=tuple(msgspec.structs.replace(one, summary="") for one in facts.symbol),
        pull=msgspec.structs.replace(facts.pull, body=None),
    )
    lines = ["{", f'"schema": {_line(SCHEMA)},', '"facts": {', ",\n".join(_members(bare)), "}", "}"]
    return ("\n".join(lines) + "\n").encode()


def _members(facts: msgspec.Struct) -> Iterator[str]:
    for name, value in _kept(facts):
        plain = _plain(value, is_code=name in _CODE)
        if isinstance(value, CiFacts):
            yield f'"{name}": {{\n' + ",\n".join(_members(value)) + "\n}"
        elif isinstance(plain, list):
            yield f'"{name}": [\n' + ",\n".join(_line(item) for item in plain) + "\n]"
        else:
            yield f'"{name}": {_line(plain)}'


def _line(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _kept(value: msgspec.Struct) -> Iterator[tuple[str, object]]:
    """Yield name and value of every field that a reader would not fill in by itself."""
    for field in msgspec.structs.fields(value):
        found = getattr(value, field.name)
        if found is not UNSET and found != field.default:
            yield field.encode_name, found


def _plain(value: object, *, is_code: bool) -> object:
    match value:
        case msgspec.Struct():
            return {name: _plain(part, is_code=is_code and name not in _NAMES) for name, part in _kept(value)}
        case tuple():
            return [_plain(item, is_code=is_code) for item in value]
        case Enum():
            return value.value
        case str() if is_code and len(value) > LONGEST_CODE:
            return value[: LONGEST_CODE - 1] + "…"
        case _:
            return value
