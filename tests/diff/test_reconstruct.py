"""The patches that we write ourselves are patches to git."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.diff.parse import parse_diff
from diffscope.diff.reconstruct import make_patch
from tests.builders import git

CASES = [
    pytest.param({"a.py": b"a\n"}, {"a.py": b"b\n"}, {}, id="modified"),
    pytest.param({}, {"deep/down/a.py": b"a\n"}, {}, id="added in a new folder"),
    pytest.param({"a.py": b"a\n"}, {}, {}, id="deleted"),
    pytest.param({}, {"__init__.py": b""}, {}, id="an empty file added"),
    pytest.param({"__init__.py": b""}, {}, {}, id="an empty file deleted"),
    pytest.param({"__init__.py": b""}, {"__init__.py": b"a\n"}, {}, id="an empty file filled"),
    pytest.param({"a": b"a\nb"}, {"a": b"a\nc"}, {}, id="no line feed at either end"),
    pytest.param({"a": b"a\nb\n"}, {"a": b"a\nb"}, {}, id="the last line feed taken away"),
    pytest.param({"a": b"a\nb"}, {"a": b"a\nb\n"}, {}, id="the last line feed added"),
    pytest.param({"a": b"a\r\nb\r\n"}, {"a": b"a\r\nc\r\n"}, {}, id="carriage returns"),
    pytest.param({"a": b"\x0c\n\x1c\n"}, {"a": b"\x0c\nx\n"}, {}, id="odd separators"),
    pytest.param(
        {"old.py": b"a\nb\n"}, {"new.py": b"a\nc\n"}, {"old.py": "new.py"}, id="renamed and changed"
    ),
    pytest.param({"old.py": b"a\n"}, {"new.py": b"a\n"}, {"old.py": "new.py"}, id="renamed"),
    pytest.param({'q"\t é.py': b"a\n"}, {'q"\t é.py': b"b\n"}, {}, id="a name that must be quoted"),
    pytest.param({"a b/c d.py": b"a\n"}, {"a b/c d.py": b"b\n"}, {}, id="a name with blanks"),
    pytest.param({"x": b"-- a\n"}, {"x": b"++ b\n"}, {}, id="lines that look like headers"),
    pytest.param({"b": b"1\n", "a": b"1\n"}, {"a": b"2\n", "b": b"2\n", "c": b"2\n"}, {}, id="several files"),
]


@pytest.mark.parametrize(("before", "after", "renames"), CASES)
def test_git_applies_what_we_write(
    tmp_path: Path, before: dict[str, bytes], after: dict[str, bytes], renames: dict[str, str]
) -> None:
    git(tmp_path, "init", "--quiet")
    for name, data in before.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    patch = make_patch(before, after, renames=renames)
    git(tmp_path, "apply", "-", given=patch.encode())
    found = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    assert found == after


def test_nothing_changed_is_no_patch() -> None:
    assert make_patch({"a": b"a\n"}, {"a": b"a\n"}) == ""


def test_binary_files_are_named_and_not_shown() -> None:
    (file,) = parse_diff(make_patch({"a": b"\0old"}, {"a": b"\0new"})).files
    assert (file.kind.value, file.additions, file.deletions) == ("binary", 0, 0)
