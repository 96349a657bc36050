"""Series of patches make the change that ``git am`` and then ``git diff -M`` tell: cases by hand, and git itself as the oracle."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from diffscope.diff.model import Diff, FileDiff, FileKind, FileStatus
from diffscope.diff.parse import parse_diff, salvage_diff
from diffscope.diff.reconstruct import apply_hunks
from diffscope.errors import DiffError
from tests.diff.git_series import Tree, run, tell
from tests.examples import examples

LONG = "".join(f"line{number} = {number}\n" for number in range(1, 31))
OTHER = "".join(f"other{number}()\n" for number in range(1, 21))
ICON = b"\x89PNG\0"


def file(content: str | bytes, mode: str = "100644") -> tuple[str, bytes]:
    return mode, content.encode() if isinstance(content, str) else content


def edited(*numbers: int, of: str = LONG) -> str:
    rows = of.split("\n")
    for number in numbers:
        rows[number - 1] += "  # edited"
    return "\n".join(rows)


def row(one: FileDiff) -> str:
    moved = f"{one.old_path} -> " if one.old_path else ""
    alike = "" if one.similarity is None else f" {one.similarity}%"
    return f"{one.status.value} {one.kind.value} {moved}{one.path} +{one.additions} -{one.deletions}{alike}"


def lines(one: FileDiff) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    removed = [(line.number, line.text) for hunk in one.hunks for line in hunk.removed]
    return removed, [(line.number, line.text) for hunk in one.hunks for line in hunk.added]


CASES = [
    pytest.param(
        [{"a.py": file(LONG)}, {"a.py": file(edited(5))}, {"b.py": file(edited(5))}], ["renamed text a.py -> b.py +1 -1"], id="edit, then rename"
    ),
    pytest.param(
        [{"a.py": file(LONG)}, {"b.py": file(LONG)}, {"b.py": file(edited(5))}], ["renamed text a.py -> b.py +1 -1"], id="rename, then edit"
    ),
    pytest.param(
        [{"a.py": file(LONG)}, {"b.py": file(LONG)}, {"c/d.py": file(LONG)}, {"e.py": file(LONG)}],
        ["renamed text a.py -> e.py +0 -0 100%"],
        id="a chain of renames",
    ),
    pytest.param([{"a.py": file(LONG)}, {"b.py": file(LONG)}, {"a.py": file(LONG)}], None, id="a rename and back is nothing"),
    pytest.param(
        [{"a.py": file(LONG)}, {"a.py": file(LONG), "n.py": file(OTHER)}, {"a.py": file(edited(2))}],
        ["modified text a.py +1 -1"],
        id="add, then delete",
    ),
    pytest.param([{"a.py": file(LONG)}, {}, {"a.py": file(edited(9))}], ["modified text a.py +1 -1"], id="delete, then add again"),
    pytest.param([{"a.py": file(LONG)}, {}, {"a.py": file(LONG)}], None, id="delete, then add the same"),
    pytest.param(
        [{"a.py": file(LONG)}, {}, {"b.py": file(edited(9))}], ["renamed text a.py -> b.py +1 -1 94%"], id="delete in one, add elsewhere in another"
    ),
    pytest.param(
        [{"a.py": file(LONG)}, {"a.py": file(edited(3))}, {"a.py": file(edited(3, 4, 20))}, {"a.py": file(edited(4, 20))}],
        ["modified text a.py +2 -2"],
        id="edited in three, one edit taken back",
    ),
    pytest.param(
        [{}, {"n.py": file(OTHER)}, {"n.py": file(edited(3, of=OTHER))}, {"m.py": file(edited(3, of=OTHER))}],
        ["added text m.py +20 -0"],
        id="added, edited, renamed",
    ),
    pytest.param(
        [{"a.py": file(LONG)}, {"a.py": file(edited(7))}, {"b.py": file(edited(7))}, {}],
        ["deleted text a.py +0 -30"],
        id="edited, renamed, deleted: what was there before is what goes",
    ),
    pytest.param(
        [{"a.py": file(LONG), "b.py": file(OTHER)}, {"b.py": file(LONG), "a.py": file(OTHER)}],
        ["modified text a.py +20 -30", "modified text b.py +30 -20"],
        id="names exchanged within one patch",
    ),
    pytest.param(
        [{"a.sh": file(LONG)}, {"a.sh": file(LONG, "100755")}, {"b.sh": file(LONG, "100755")}],
        ["renamed text a.sh -> b.sh +0 -0 100%"],
        id="mode, then rename",
    ),
    pytest.param([{"a.sh": file(LONG)}, {"a.sh": file(LONG, "100755")}, {"a.sh": file(LONG)}], None, id="mode and back"),
    pytest.param(
        [{"i.png": file(ICON)}, {"i.png": file(ICON + b"1")}, {"i.png": file(ICON + b"2")}],
        ["modified binary i.png +0 -0"],
        id="a picture edited twice",
    ),
    pytest.param(
        [{"a": file(LONG)}, {"a": file(edited(2))}, {"a": file("target", "120000")}], ["type-changed symlink a +1 -30"], id="edited, then a link"
    ),
    pytest.param([{"a": file(LONG)}, {"a": file("target", "120000")}, {"a": file(edited(2))}], ["modified text a +1 -1"], id="a link for a while"),
    pytest.param(
        [{"a.py": file(LONG), "__init__.py": file("")}, {"a.py": file(LONG)}, {"a.py": file(LONG), "__init__.py": file("")}],
        None,
        id="an empty file, gone and back",
    ),
    pytest.param(
        [{"a.py": file("one\ntwo")}, {"a.py": file("one\ntwo\n")}, {"a.py": file("one\ntwo\nthree")}],
        ["modified text a.py +2 -1"],
        id="no line feed at the end, on both sides",
    ),
    pytest.param(
        [
            {"a.py": file("a\fb\u2028c\r\n\x85d\n" + LONG)},
            {"a.py": file("a\fb\u2028C\r\n\x85d\n" + LONG)},
            {"b.py": file("a\fb\u2028C\r\n\x85d\n" + LONG)},
        ],
        ["renamed text a.py -> b.py +1 -1"],
        id="separators that are no line feeds",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("trees", "rows"), CASES)
def test_a_series_is_the_change_that_it_makes(
    trees: Sequence[Tree], rows: list[str] | None, tmp_path: Path
) -> None:
    told = tell(tmp_path / "r.git", trees)
    if rows is None:
        assert told.net == ""
        with pytest.raises(DiffError, match="cancel one another out"):
            salvage_diff(told.mails)
        return
    salvage, net = salvage_diff(told.mails), parse_diff(told.net)
    assert salvage.gaps == ()
    assert [row(one) for one in salvage.diff.files] == rows
    assert [lines(one) for one in salvage.diff.files] == [lines(one) for one in net.files]
    assert [identity(one) for one in salvage.diff.files] == [identity(one) for one in net.files]


def identity(one: FileDiff) -> tuple[object, ...]:
    return one.path, one.old_path, one.status, one.kind, one.no_newline_at_end, one.old_no_newline_at_end


def test_names_exchanged_over_three_patches_need_the_base(tmp_path: Path) -> None:
    """Pure renames hold no line: without the base nothing is said of the files, with it what git says."""
    trees = [
        {"a.py": file(LONG), "b.py": file(OTHER)},
        {"t.py": file(LONG), "b.py": file(OTHER)},
        {"t.py": file(LONG), "a.py": file(OTHER)},
        {"b.py": file(LONG), "a.py": file(OTHER)},
    ]
    told = tell(tmp_path / "r.git", trees)
    with pytest.raises(DiffError, match="do not hold the content that tells what became of this file"):
        salvage_diff(told.mails)
    found = salvage_diff(told.mails, read_base=lambda path, _: trees[0][path][1])
    assert [row(one) for one in found.diff.files] == [
        "modified text a.py +20 -30",
        "modified text b.py +30 -20",
    ]
    assert found.gaps == ()


def test_a_file_written_over_twice_may_hide_text_behind_a_binary_one(tmp_path: Path) -> None:
    trees = [{"a.py": file(LONG)}, {"a.py": file(b"\0")}, {"a.py": file(edited(3)), "b.py": file("x\n")}]
    found = salvage_diff(tell(tmp_path / "r.git", trees).mails)
    assert [(gap.what, gap.path) for gap in found.gaps] == [("diff-truncated", "a.py")]
    assert [one.path for one in found.diff.files] == ["b.py"]


@pytest.mark.parametrize(
    "leave_out",
    [
        pytest.param(1, id="the one in the middle"),
        pytest.param(0, id="the first of three, whose ids are asked for"),
    ],
)
def test_a_series_that_does_not_follow_on_itself_is_a_gap(leave_out: int, tmp_path: Path) -> None:
    trees = [
        {"a.py": file(LONG)},
        {"a.py": file(edited(3))},
        {"a.py": file(edited(3, 4))},
        {"a.py": file(edited(3, 4, 5)), "b.py": file("x\n")},
    ]
    mails = tell(tmp_path / "r.git", trees).mails.split("From ")[1:]
    mails = [f"From {mail}" for mail in mails if mail[:40].strip("0123456789abcdef") == ""]
    del mails[leave_out]
    if leave_out == 0:
        mails.reverse()
    found = salvage_diff("".join(mails))
    assert [(gap.path, gap.reason[:44]) for gap in found.gaps] == [
        ("a.py", "patch 2 of the series does not apply to this")
    ]
    assert [one.path for one in found.diff.files] == ["b.py"]


@pytest.mark.parametrize("order", [["--reverse"], []], ids=["oldest first", "newest first"])
def test_git_log_is_composed_in_the_order_that_fits(order: list[str], tmp_path: Path) -> None:
    trees = [{"a.py": file(LONG)}, {"a.py": file(edited(5))}, {"b.py": file(edited(5))}]
    tell(tmp_path / "r.git", trees)
    log = run(tmp_path / "r.git", "log", "-p", "-M", *order, "main~2..main").decode()
    assert [row(one) for one in parse_diff(log).files] == ["renamed text a.py -> b.py +1 -1"]


# --- git as the oracle -------------------------------------------------------------------------------------------------------

PATHS = ("a.py", "b.py", "d/a.py", "d/c.py")
OPTIONS = (
    (),
    ("--full-index",),
    ("-U0",),
    ("-U1",),
    ("--no-renames",),
    ("-C", "--find-copies-harder"),
    ("-W",),
    ("-M30%",),
)
OPERATIONS = ("add", "edit", "edit", "move", "move-edit", "delete", "mode", "swap")
_WORDS = ("a", "bb", "x = 1", "y = 22", "    return x", "", "}")


@st.composite
def histories(draw: st.DrawFn) -> list[Tree]:
    """Two to five trees of a few small files: each some operations away from the one before."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    tree: dict[str, tuple[str, bytes]] = {path: _new(chance) for path in PATHS[: chance.randint(1, 3)]}
    trees: list[Tree] = [dict(tree)]
    for _ in range(draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(1, 3))):
            _operate(chance, tree, draw(st.sampled_from(OPERATIONS)))
        trees.append(dict(tree))
    return trees


def _new(chance: random.Random) -> tuple[str, bytes]:
    count = chance.choice((0, 1, 4, 12, 30))
    text = "".join(f"{chance.choice(_WORDS)}{chance.randint(0, 60)}\n" for _ in range(count))
    return "100644", text.encode()


def _operate(chance: random.Random, tree: dict[str, tuple[str, bytes]], name: str) -> None:
    here, free = sorted(tree), [path for path in PATHS if path not in tree]
    if name == "add" and free:
        tree[chance.choice(free)] = _new(chance)
    elif name == "swap" and len(here) > 1:
        first, second = chance.sample(here, 2)
        tree[first], tree[second] = tree[second], tree[first]
    elif here:
        path = chance.choice(here)
        mode, content = tree[path]
        if name == "mode":
            tree[path] = ("100755" if mode == "100644" else "100644", content)
        if name in {"delete", "move", "move-edit"}:
            del tree[path]
        if name.startswith("move"):
            path = chance.choice(free or [path])
            tree[path] = (mode, content)
        if "edit" in name:
            rows = content.split(b"\n")
            at = chance.randrange(len(rows))
            rows[at : at + chance.randint(0, 2)] = [b"edit %d" % chance.randint(0, 99)] * chance.randint(0, 2)
            tree[path] = (mode, _ended(b"\n".join(rows)))


def _ended(content: bytes) -> bytes:
    """Return a text with an end of its last line: git before 2.44 leaves a line without one out when it counts how alike files are."""
    return content if not content or content.endswith(b"\n") else content + b"\n"


@given(histories(), st.sampled_from(OPTIONS), st.booleans())
@settings(max_examples=examples(40), deadline=None)
def test_a_series_says_what_git_says(
    tmp_path_factory: pytest.TempPathFactory,
    trees: list[Tree],
    options: tuple[str, ...],
    has_base: bool,
) -> None:
    """Files, statuses, modes and counts are git's, and the hunks make the new side of the old one.

    Allowed differences, each where the patches do not hold what git sees in the base, so never with a base at hand: a gap; a file
    that is called a copy of one that stays (git writes it out as added); a rename whose likeness cannot be counted stays one.
    """
    folder = tmp_path_factory.getbasetemp() / "series.git"
    told = tell(folder, trees, *options)
    base = trees[0]
    assume(told.mails.count("\n---\n") > 1)  # one patch is read as it is written
    net = parse_diff(told.net) if told.net else Diff(files=())
    found = None
    try:
        found = salvage_diff(
            told.mails, read_base=(lambda path, _: base[path][1]) if has_base else lambda *_: None
        )
    except DiffError as error:
        refused = error
    else:
        refused = None
    if refused is not None or found is None:
        assert not net.files or not (has_base or "cancel" in str(refused))
        return
    for one in found.diff.files:
        if one.kind is FileKind.TEXT and one.status is not FileStatus.DELETED:
            before = b"" if one.status is FileStatus.ADDED else base[one.old_path or one.path][1]
            assert apply_hunks(one, before) == trees[-1][one.path][1]
    if has_base:
        assert found.gaps == ()
        assert [(row(one), identity(one)) for one in found.diff.files] == [
            (row(one), identity(one)) for one in net.files
        ]
    left = {gap.path for gap in found.gaps} | {
        path
        for one in found.diff.files
        if one.status is FileStatus.COPIED or (one.status is FileStatus.RENAMED and one.similarity is None)
        for path in (one.path, one.old_path)
    }
    told_files, net_files = (
        [row(one) for one in diff.files if not left & {one.path, one.old_path}] for diff in (found.diff, net)
    )
    assert told_files == net_files
