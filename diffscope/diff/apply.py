"""One side of a file and its hunks -> the other side. The reverse of making a diff."""

from __future__ import annotations

import hashlib

from diffscope.diff.model import FileDiff, FileKind, FileStatus, Hunk


def apply_hunks(file: FileDiff, before: bytes) -> bytes | None:
    """Return the new side of ``file``, made from its old side; ``None`` where the hunks do not fit it.

    They fit when every removed line stands where the patch says, and the result has the blob id that the patch
    names, if it names one. The new side of a deleted file is ``None`` too.
    """
    if file.kind in {FileKind.BINARY, FileKind.SUBMODULE} and not _is_same_content(file):
        return None
    if file.status is FileStatus.DELETED:
        return None
    lines = before.split(b"\n")
    ends_open = lines[-1] != b""
    if not ends_open:
        lines.pop()
    if file.hunks and ends_open != file.old_no_newline_at_end and _touches_end(file, len(lines)):
        return None
    made = _replace(file, lines)
    if made is None:
        return None
    is_open = file.no_newline_at_end if _touches_end(file, len(lines)) else ends_open
    after = b"\n".join(made) + (b"" if is_open or not made else b"\n")
    return after if has_id(after, file.new_blob or "") else None


def has_id(data: bytes, blob: str) -> bool:
    """Say whether ``blob``, a full or abbreviated id (empty fits all), is the id of ``data``."""
    return blob_id(data, length=64 if len(blob) > 40 else 40).startswith(blob)


def blob_id(data: bytes, *, length: int = 40) -> str:
    """Return the id that git gives ``data``: SHA-1 for 40 digits, SHA-256 for 64."""
    head = b"blob %d\0" % len(data)
    made = hashlib.sha256(head + data) if length == 64 else hashlib.sha1(head + data, usedforsecurity=False)
    return made.hexdigest()


def _is_same_content(file: FileDiff) -> bool:
    return file.old_blob is not None and file.old_blob == file.new_blob


def _touches_end(file: FileDiff, length: int) -> bool:
    """Say whether the last hunk reaches the end of the old side, so that it speaks of the last line feed."""
    if not file.hunks:
        return False
    last = file.hunks[-1]
    return (
        last.old_length == 0 and last.old_start >= length
    ) or last.old_start + last.old_length - 1 >= length


def _replace(file: FileDiff, lines: list[bytes]) -> list[bytes] | None:
    made: list[bytes] = []
    at = 0
    for hunk in file.hunks:
        start = hunk.old_start - 1 if hunk.old_length else hunk.old_start
        if start < at or start + hunk.old_length > len(lines):
            return None
        made += lines[at:start]
        body = _replace_hunk(hunk, lines[start : start + hunk.old_length], start)
        if body is None or len(body) != hunk.new_length:
            return None
        made += body
        at = start + hunk.old_length
    return made + lines[at:]


def _replace_hunk(hunk: Hunk, old: list[bytes], start: int) -> list[bytes] | None:
    """Return the new lines of one hunk. Added lines know their numbers; what is kept fills the places between."""
    removed = {line.number - 1 - start: line.text for line in hunk.removed}
    if any(not 0 <= at < len(old) or _text(old[at]) != text for at, text in removed.items()):
        return None
    kept = iter([line for at, line in enumerate(old) if at not in removed])
    added = {line.number: line.text for line in hunk.added}
    first = hunk.new_start if hunk.new_length else 1
    made = [
        added[number].encode("utf-8", "surrogateescape") if number in added else next(kept, None)
        for number in range(first, first + hunk.new_length)
    ]
    if None in made or next(kept, None) is not None:
        return None
    return [line for line in made if line is not None]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")
