"""Makes what git makes: one side of a file and its hunks -> the other side; two sides -> the patch between them, by Myers' algorithm; blob ids."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from diffscope.diff.model import FileDiff, FileKind, FileStatus, Hunk, quote
from diffscope.source.text import decode_whole


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
    if any(not 0 <= at < len(old) or decode_whole(old[at]) != text for at, text in removed.items()):
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


_NO_BLOB = "0" * 40
_LOOKED_AT = 8000
"""git, too, calls a file binary for a NUL in its first 8000 bytes."""


def make_patch(
    before: Mapping[str, bytes], after: Mapping[str, bytes], *, renames: Mapping[str, str] | None = None
) -> str:
    """Return the patch from ``before`` to ``after`` (path -> content), files sorted by path; empty where equal.

    ``renames`` maps old names to new ones; nothing is detected.
    """
    old_names = {new: old for old, new in (renames or {}).items()}
    paths = sorted((before.keys() | after.keys()) - set(old_names.values()))
    return "".join(
        part
        for path in paths
        for part in _file(
            old_names.get(path, path), path, before.get(old_names.get(path, path)), after.get(path)
        )
    )


def _file(old_path: str, path: str, old: bytes | None, new: bytes | None) -> Iterator[str]:
    if old == new and old_path == path:
        return
    old_name, new_name = quote(f"a/{old_path}".encode()), quote(f"b/{path}".encode())
    yield f"diff --git {old_name} {new_name}\n"
    if old is None:
        yield "new file mode 100644\n"
    elif new is None:
        yield "deleted file mode 100644\n"
    elif old_path != path:
        alike = int(100 * difflib.SequenceMatcher(None, _lines(old), _lines(new), autojunk=False).ratio())
        yield f"similarity index {alike}%\n"
        yield f"rename from {quote(old_path.encode())}\nrename to {quote(path.encode())}\n"
    if old == new:
        return
    mode = " 100644" if old is not None and new is not None else ""
    yield f"index {_id(old)}..{_id(new)}{mode}\n"
    left, right = ("/dev/null" if old is None else old_name), ("/dev/null" if new is None else new_name)
    yield from _body(left, right, old or b"", new or b"")


def _body(left: str, right: str, old: bytes, new: bytes) -> Iterator[str]:
    if b"\0" in old[:_LOOKED_AT] or b"\0" in new[:_LOOKED_AT]:
        yield f"Binary files {left} and {right} differ\n"
    else:
        rows = difflib.unified_diff(_lines(old), _lines(new))
        for number, row in enumerate(rows):
            if number < 2:
                yield f"{('---', '+++')[number]} {(left, right)[number]}\n"
            else:
                yield row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n"


def _lines(data: bytes) -> list[str]:
    text = decode_whole(data)
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines


def _id(data: bytes | None) -> str:
    return _NO_BLOB if data is None else blob_id(data)


Op = tuple[str, str]
"""A kind (``-``, ``+`` or a blank for a line that stays) and the line, its line feed included where it has one."""

_MOST_EDITS = 500
"""Beyond so many edits the search would need tens of megabytes; a script that may be longer than the shortest is taken then."""


def shortest(ops: Sequence[Op]) -> list[Op]:
    """Return the shortest edit script with the same two sides as ``ops``; a short one where the search would take too long.

    In each run of changes the removed lines stand before the added ones, and a run is moved down as far as it goes, as git does.
    """
    old = [text for kind, text in ops if kind != "+"]
    new = [text for kind, text in ops if kind != "-"]
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    middle = old[start : len(old) - end], new[start : len(new) - end]
    found = _search(*middle)
    if found is None:
        found = _match(*middle)
        if _edits(found) > _edits(ops):
            return _arranged(ops)
    head, tail = [(" ", text) for text in old[:start]], [(" ", text) for text in old[len(old) - end :]]
    return _arranged([*head, *found, *tail])


def _match(old: list[str], new: list[str]) -> list[Op]:
    ops: list[Op] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            ops += [(" ", text) for text in old[a:b]]
        else:
            ops += [*(("-", text) for text in old[a:b]), *(("+", text) for text in new[c:d])]
    return ops


def _edits(ops: Sequence[Op]) -> int:
    return sum(kind != " " for kind, _ in ops)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    count = 0
    for left, right in zip(old, new, strict=False):
        if left != right:
            break
        count += 1
    return count


def _search(old: list[str], new: list[str]) -> list[Op] | None:
    """Return the greedy forward search's script (Myers 1986, figure 2); ``None`` where it takes too many edits."""
    if not old or not new:
        return [*(("-", text) for text in old), *(("+", text) for text in new)]
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(len(old) + len(new), _MOST_EDITS) + 1):
        trace.append(furthest.copy())
        for diagonal in range(-edits, edits + 1, 2):
            goes_down = diagonal == -edits or (
                diagonal != edits and furthest.get(diagonal - 1, -1) < furthest.get(diagonal + 1, -1)
            )
            at = furthest[diagonal + 1] if goes_down else furthest[diagonal - 1] + 1
            while at < len(old) and 0 <= at - diagonal < len(new) and old[at] == new[at - diagonal]:
                at += 1
            furthest[diagonal] = at
            if at >= len(old) and at - diagonal >= len(new):
                return _walk_back(old, new, trace)
    return None


def _walk_back(old: list[str], new: list[str], trace: list[dict[int, int]]) -> list[Op]:
    ops: list[Op] = []
    at, to = len(old), len(new)
    for edits in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[edits], at - to
        goes_down = diagonal == -edits or (
            diagonal != edits and furthest.get(diagonal - 1, -1) < furthest.get(diagonal + 1, -1)
        )
        before = diagonal + 1 if goes_down else diagonal - 1
        start = furthest[before] if edits else 0
        while at > start and to > start - before and at > 0 and to > 0 and old[at - 1] == new[to - 1]:
            at, to = at - 1, to - 1
            ops.append((" ", old[at]))
        if edits and goes_down:
            to -= 1
            ops.append(("+", new[to]))
        elif edits:
            at -= 1
            ops.append(("-", old[at]))
    return ops[::-1]


def _arranged(ops: Sequence[Op]) -> list[Op]:
    """Return ``ops`` with each run of one kind moved down as far as it goes, removed lines before added ones."""
    moved = list(ops)
    for kind in "-+":
        _slide(moved, kind)
    arranged: list[Op] = []
    for is_kept, run in groupby(moved, lambda op: op[0] == " "):
        ops_of_run = list(run)
        arranged += ops_of_run if is_kept else sorted(ops_of_run, key=lambda op: op[0] == "+")
    return arranged


def _slide(ops: list[Op], kind: str) -> None:
    at = len(ops) - 1
    while at >= 0:
        start = at
        while start >= 0 and ops[start][0] == kind:
            start -= 1
        first, end = start + 1, at + 1
        while first < end < len(ops) and ops[end][0] == " " and ops[end][1] == ops[first][1]:
            ops[first], ops[end] = (" ", ops[end][1]), (kind, ops[first][1])
            first, end = first + 1, end + 1
        at = start if start < at else at - 1
