"""Two sets of files -> the patch between them, as git writes it. For rule cases and tests; a clone asks git."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from diffscope.diff.apply import blob_id
from diffscope.diff.names import quote

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
        yield from _rename(old_path, path, old, new)
    if old == new:
        return
    mode = " 100644" if old is not None and new is not None else ""
    yield f"index {_id(old)}..{_id(new)}{mode}\n"
    left, right = ("/dev/null" if old is None else old_name), ("/dev/null" if new is None else new_name)
    yield from _body(left, right, old or b"", new or b"")


def _rename(old_path: str, path: str, old: bytes, new: bytes) -> Iterator[str]:
    alike = int(100 * difflib.SequenceMatcher(None, _lines(old), _lines(new), autojunk=False).ratio())
    yield f"similarity index {alike}%\n"
    yield f"rename from {quote(old_path.encode())}\nrename to {quote(path.encode())}\n"


def _body(left: str, right: str, old: bytes, new: bytes) -> Iterator[str]:
    if b"\0" in old[:_LOOKED_AT] or b"\0" in new[:_LOOKED_AT]:
        yield f"Binary files {left} and {right} differ\n"
    else:
        yield from _hunks(left, right, old, new)


def _hunks(left: str, right: str, old: bytes, new: bytes) -> Iterator[str]:
    rows = difflib.unified_diff(_lines(old), _lines(new))
    for number, row in enumerate(rows):
        if number < 2:
            yield f"{('---', '+++')[number]} {(left, right)[number]}\n"
        else:
            yield row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n"


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "backslashreplace")
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines


def _id(data: bytes | None) -> str:
    return _NO_BLOB if data is None else blob_id(data)
