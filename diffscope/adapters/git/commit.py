"""A commit object, as git stores it, read."""

from __future__ import annotations

from diffscope.patterns import lazy_regex
from diffscope.source.model import CommitId, Value


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
    author, email, authored = _person(fields.get(b"author", [b""])[0], codec)
    paragraphs = _BLANK_LINES.split(_decode(message, codec).strip(), 1)
    return CommitInfo(
        commit=name,
        tree=fields.get(b"tree", [b""])[0].decode("ascii", "replace"),
        parents=tuple(CommitId(parent.decode("ascii", "replace")) for parent in fields.get(b"parent", [])),
        author=author,
        author_email=email,
        authored_at=authored,
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
