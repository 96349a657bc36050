"""A commit object, as git stores it, read."""

from __future__ import annotations

import re

from diffscope.source.values import CommitId, Value


class CommitInfo(Value, frozen=True, kw_only=True):
    """A commit as git stores it. Times are seconds since the epoch, UTC."""

    commit: CommitId
    tree: str
    parents: tuple[CommitId, ...]
    author: str
    author_email: str
    authored_at: int
    committed_at: int
    subject: str
    body: str


_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: a commit may claim any number, and a date must come of it."""
_BLANK_LINES = re.compile(r"\n\s*\n")
_SECONDS = re.compile(r"-?[0-9]{1,30}")
_PERSON = re.compile(r"(.*?) ?<([^>]*)> (-?\d{1,30}) [+-]\d+$")


def parse_commit(name: CommitId, data: bytes) -> CommitInfo:
    """Return what the bytes of a commit object say; what they do not say is empty or 0."""
    head, _, message = data.partition(b"\n\n")
    # Headers that run over several lines (signatures) start their other lines with a blank.
    fields: dict[str, list[str]] = {}
    for line in head.decode("utf-8", "replace").split("\n"):
        key, _, value = line.partition(" ")
        fields.setdefault(key, []).append(value)
    author, email, authored = _person(fields.get("author", [""])[0])
    paragraphs = _BLANK_LINES.split(_decode(message, fields.get("encoding", ["utf-8"])[0]).strip(), 1)
    return CommitInfo(
        commit=name,
        tree=fields.get("tree", [""])[0],
        parents=tuple(CommitId(parent) for parent in fields.get("parent", [])),
        author=author,
        author_email=email,
        authored_at=authored,
        committed_at=_person(fields.get("committer", [""])[0])[2],
        subject=" ".join(line.strip() for line in paragraphs[0].split("\n")),
        body=paragraphs[1] if len(paragraphs) > 1 else "",
    )


def _person(text: str) -> tuple[str, str, int]:
    match = _PERSON.match(text)
    return (match[1], match[2], as_seconds(match[3])) if match else ("", "", 0)


def as_seconds(written: str) -> int:
    """Return a time that a commit claims as seconds since the epoch, within the years 1970 to 9999; 0 for what is no time."""
    return min(max(int(written), 0), _LAST_SECOND) if _SECONDS.fullmatch(written) else 0


def _decode(message: bytes, encoding: str) -> str:
    try:
        return message.decode(encoding, "replace")
    except LookupError:
        return message.decode("utf-8", "replace")
