"""Both sides of a change: from blobs, by path, or by applying the patch; never a guess."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.adapters.changes.sides import read_sides
from diffscope.diff.model import Sides
from diffscope.diff.parse import parse_diff
from diffscope.messages.model import message
from diffscope.source.model import Change, CommitId, Gap
from tests.builders import BuiltChange, change
from tests.fakes import FakeClone

BASE, HEAD = CommitId("base"), CommitId("head")
BEFORE = {"edited.py": "a = 1\nb = 2\n", "gone.py": "g = 1\n", "old/moved.py": "m = 1\nn = 2\n"}
AFTER = {"edited.py": "a = 1\nb = 3\n", "new/moved.py": "m = 1\nn = 3\n", "added.py": "n = 1\n"}
BUILT = change(BEFORE, AFTER, renames={"old/moved.py": "new/moved.py"})


def at(built: BuiltChange, *, base: CommitId | None = None, head: CommitId | None = None) -> Change:
    pull = msgspec.structs.replace(built.change.pull, base=base, head=head)
    return msgspec.structs.replace(built.change, pull=pull)


def without_ids(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("index "))


def contents(sides: Sides) -> dict[str, tuple[bytes | None, bytes | None]]:
    return {file.path: (file.before, file.after) for file in sides.files}


WHOLE = contents(BUILT.sides)


def test_sides_are_read_by_the_blob_ids_of_the_patch() -> None:
    sides = read_sides(at(BUILT), BUILT.diff, FakeClone(any=BEFORE, other=AFTER))
    assert contents(sides) == WHOLE
    assert sides.gaps == ()


def test_the_new_side_is_made_from_the_patch_where_no_clone_has_it() -> None:
    sides = read_sides(at(BUILT), BUILT.diff, FakeClone(any=BEFORE))
    assert contents(sides) == WHOLE
    assert sides.gaps == ()


def test_abbreviated_ids_do() -> None:
    patch = "\n".join(
        f"{line[:13]}..{line.partition('..')[2][:7]}{line[-7:] if line.endswith(' 100644') else ''}"
        if line.startswith("index ")
        else line
        for line in BUILT.change.patch.split("\n")
    )
    assert contents(read_sides(at(BUILT), parse_diff(patch), FakeClone(any=BEFORE))) == WHOLE


def test_a_patch_without_ids_is_read_by_path_at_its_base() -> None:
    diff = parse_diff(without_ids(BUILT.change.patch))
    assert contents(read_sides(at(BUILT, base=BASE), diff, FakeClone(base=BEFORE))) == WHOLE


def test_a_base_that_the_patch_does_not_fit_gives_no_new_side() -> None:
    diff = parse_diff(without_ids(BUILT.change.patch))
    other = BEFORE | {"edited.py": "something = else\n"}
    sides = read_sides(at(BUILT, base=BASE), diff, FakeClone(base=other))
    edited = next(file for file in sides.files if file.path == "edited.py")
    assert (edited.after, edited.is_read) == (None, False)
    assert [gap.path for gap in sides.gaps] == ["edited.py"]


def test_a_base_with_another_content_than_the_patch_names_is_not_taken_for_the_old_side() -> None:
    other = BEFORE | {"edited.py": "a = 1\nb = 2\nc = 3\n"}
    sides = read_sides(at(BUILT, base=BASE), BUILT.diff, FakeClone(base=other))
    assert contents(sides)["edited.py"] == (None, None)
    assert sides.gaps == (
        Gap(
            what="blob",
            message=message("gap.old-side-missing"),
            path=BUILT.diff.files[1].path,
        ),
    )


def test_without_a_clone_only_added_files_have_a_side_and_one_gap_says_why() -> None:
    sides = read_sides(at(BUILT), BUILT.diff)
    assert {path: after for path, (_, after) in contents(sides).items() if after} == {"added.py": b"n = 1\n"}
    assert [(file.path, file.is_read) for file in sides.files] == [
        ("added.py", True),
        ("edited.py", False),
        ("gone.py", False),
        ("new/moved.py", False),
    ]
    assert sides.gaps == (Gap(what="base-tree", message=message("gap.no-clone")),)


def test_a_missing_blob_is_a_gap_of_its_file_alone() -> None:
    sides = read_sides(
        at(BUILT, base=BASE, head=HEAD), BUILT.diff, FakeClone(base=BEFORE, head=AFTER, missing=["edited.py"])
    )
    assert [file.path for file in sides.files if not file.is_read] == ["edited.py"]
    assert [gap.path for gap in sides.gaps] == ["edited.py"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"a.png": b"\x89PNG\0old"}, {"a.png": b"\x89PNG\0new"}, id="binary"),
        pytest.param({}, {"a.png": b"\x89PNG\0new"}, id="binary added"),
    ],
)
def test_binary_files_are_not_read_and_nothing_of_them_is_missing(
    before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    built = change(before, after)
    sides = read_sides(at(built, base=BASE, head=HEAD), built.diff, FakeClone(base=before, head=after))
    assert [(file.before, file.after, file.is_read) for file in sides.files] == [(None, None, True)]
    assert sides.gaps == ()


def test_a_rename_without_a_change_has_two_equal_sides() -> None:
    built = change({"a.py": "a = 1\n"}, {"b.py": "a = 1\n"}, renames={"a.py": "b.py"})
    sides = read_sides(at(built, base=BASE), built.diff, FakeClone(base={"a.py": "a = 1\n"}))
    assert contents(sides) == {"b.py": (b"a = 1\n", b"a = 1\n")}
