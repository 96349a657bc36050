"""Diffs that other tools than git write: GNU diff, Subversion, Mercurial. Where git reads the same form, ``git apply`` is the oracle."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from diffscope.diff.parse import parse_diff, salvage_diff
from diffscope.errors import DiffError
from tests.diff.git_series import run, tell
from tests.diff.test_series import row


def section(old: str, new: str, body: str = "@@ -1 +1 @@\n-a\n+b\n") -> str:
    return f"--- {old}\n+++ {new}\n{body}"


ADDED, REMOVED = "@@ -0,0 +1,2 @@\n+import os\n+x = 1\n", "@@ -1,2 +0,0 @@\n-import os\n-x = 1\n"
NOW, NEVER = "2026-03-01 10:00:00.000000000 +0100", "1970-01-01 01:00:00.000000000 +0100"
PROPERTY = (
    "\nProperty changes on: vllm/run.sh\n"
    + "_" * 67
    + "\n{}: svn:executable\n## -0,0 +1 ##\n+*\n\\ No newline at end of property\n"
)

CASES = [
    pytest.param(
        section(f"v-1/vllm/a.py\t{NOW}", f"v-2/vllm/a.py\t{NOW}")
        + section(f"v-1/vllm/new.py\t{NEVER}", f"v-2/vllm/new.py\t{NOW}", ADDED)
        + section(f"v-1/vllm/gone.py\t{NOW}", f"v-2/vllm/gone.py\t{NEVER}", REMOVED),
        ["modified vllm/a.py +1 -1", "deleted vllm/gone.py +0 -2", "added vllm/new.py +2 -0"],
        id="diff -ruN takes the folder off every file",
    ),
    pytest.param(section(f"old/new.py\t{NEVER}", f"new/new.py\t{NOW}", ADDED), ["added new.py +2 -0"], id="an added file alone tells its folder too"),
    pytest.param(
        section("v-1/vllm/a.py", "v-2/vllm/a.py") + section("/dev/null", "v-2/vllm/new.py", ADDED),
        ["modified vllm/a.py +1 -1", "added vllm/new.py +2 -0"],
        id="the folder behind /dev/null is that of the other files",
    ),
    pytest.param(
        section("vllm/a.py", "vllm/a.py") + section("/dev/null", "b/new.py", ADDED),
        ["added b/new.py +2 -0", "modified vllm/a.py +1 -1"],
        id="without a folder none is taken off",
    ),
    pytest.param(
        section(f"a/x.py\t{NEVER}", f"b/x.py\t{NEVER}"), ["modified x.py +1 -1"], id="times of nothing on both sides of a file with lines on both"
    ),
    pytest.param(
        section("a/x.py\t1970-01-01 10:00:00.000000000 +0100", f"b/x.py\t{NOW}", ADDED),
        ["modified x.py +2 -0"],
        id="an empty file of the first of January 1970, ten o'clock",
    ),
    pytest.param(
        section("a/x.py\t1969-12-31 19:00:00.000000000 -0500", f"b/x.py\t{NOW}", ADDED), ["added x.py +2 -0"], id="the epoch, west of Greenwich"
    ),
    pytest.param(
        section(f'"a/t\\tab \\303\\251.py"\t{NOW}', f'"b/t\\tab \\303\\251.py"\t{NOW}'), ["modified t\tab é.py +1 -1"], id="quoted names with times"
    ),
    pytest.param(
        section(f"a/my docs/a b.md\t{NOW}", f"b/my docs/a b.md\t{NOW}").replace("\n", "\r\n"),
        ["modified my docs/a b.md +1 -1"],
        id="blanks in names, carriage returns",
    ),
    pytest.param(
        f"Index: vllm/new.py\n{'=' * 67}\n" + section("vllm/new.py\t(nonexistent)", "vllm/new.py\t(working copy)", ADDED),
        ["added vllm/new.py +2 -0"],
        id="svn, an added file",
    ),
    pytest.param(
        f"Index: vllm/x.py\n{'=' * 67}\n" + section("vllm/x.py\t(revision 0)", "vllm/x.py\t(revision 0)", ADDED),
        ["added vllm/x.py +2 -0"],
        id="svn 1.6, an added file",
    ),
    pytest.param(
        f"Index: vllm/x.py\n{'=' * 67}\n" + section("vllm/x.py\t(revision 7)", "vllm/x.py\t(nonexistent)", REMOVED),
        ["deleted vllm/x.py +0 -2"],
        id="svn, a deleted file",
    ),
    pytest.param(
        f"Index: vllm/x.py\n{'=' * 67}\n"
        + section("vllm/x.py\t(.../trunk/vllm/x.py)\t(revision 7)", "vllm/x.py\t(.../branch/vllm/x.py)\t(revision 8)"),
        ["modified vllm/x.py +1 -1"],
        id="svn, two addresses",
    ),
    pytest.param(
        f"Index: vllm/e.py\n{'=' * 67}\n--- vllm/e.py\t(nonexistent)\n+++ vllm/e.py\t(working copy)\n",
        ["added vllm/e.py +0 -0"],
        id="svn, an empty file added",
    ),
    pytest.param(
        f"Index: vllm/run.sh\n{'=' * 67}\n--- vllm/run.sh\t(revision 1)\n+++ vllm/run.sh\t(working copy)\n" + PROPERTY.format("Added"),
        ["modified vllm/run.sh +0 -0 100644:100755"],
        id="svn, a file made executable",
    ),
    pytest.param(
        f"Index: vllm/run.sh\n{'=' * 67}\n" + section("vllm/run.sh\t(revision 1)", "vllm/run.sh\t(working copy)") + PROPERTY.format("Deleted"),
        ["modified vllm/run.sh +1 -1 100755:100644"],
        id="svn, edited and no longer executable",
    ),
    pytest.param(
        f"Index: .\n{'=' * 67}\n--- .\t(revision 1)\n+++ .\t(working copy)\n\nProperty changes on: .\n___\nModified: svn:mergeinfo\n"
        f"Index: vllm/x.py\n{'=' * 67}\n" + section("vllm/x.py\t(revision 1)", "vllm/x.py\t(working copy)"),
        ["modified vllm/x.py +1 -1"],
        id="svn, a property of the folder itself",
    ),
    pytest.param(
        f"Index: logo.png\n{'=' * 67}\nCannot display: file marked as a binary type.\nsvn:mime-type = application/octet-stream\n"
        f"Index: vllm/x.py\n{'=' * 67}\n" + section("vllm/x.py\t(revision 1)", "vllm/x.py\t(working copy)"),
        ["modified logo.png +0 -0", "modified vllm/x.py +1 -1"],
        id="svn, a binary file",
    ),
    pytest.param(
        "diff -r 0123456789ab vllm/new.py\n"
        + section("/dev/null\tThu Jan 01 00:00:00 1970 +0000", "b/vllm/new.py\tSun Mar 01 10:00:00 2026 +0100", ADDED),
        ["added vllm/new.py +2 -0"],
        id="hg, an added file",
    ),
    pytest.param(
        "diff -r 0123456789ab logo.png\nBinary file logo.png has changed\ndiff -r 0123456789ab x.py\n"
        + section("a/x.py\tSun Mar 01 10:00:00 2026 +0100", "b/x.py\tSun Mar 01 10:00:00 2026 +0100"),
        ["modified logo.png +0 -0", "modified x.py +1 -1"],
        id="hg, a binary file",
    ),
    pytest.param(
        "diff --git a/old.py b/new.py\nrename from old.py\nrename to new.py\n" + section("a/old.py", "b/new.py"),
        ["renamed new.py +1 -1"],
        id="hg --git, renamed and edited, without ids",
    ),
    pytest.param("diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n", ["modified run.sh +0 -0 100644:100755"], id="hg --git, a mode"),
]  # fmt: skip


def told(patch: str) -> list[str]:
    return [
        f"{one.status.value} {one.path} +{one.additions} -{one.deletions}"
        + (f" {one.old_mode}:{one.new_mode}" if one.old_mode != one.new_mode else "")
        for one in parse_diff(patch).files
    ]


@pytest.mark.parametrize(("patch", "rows"), CASES)
def test_a_diff_of_another_tool_is_read(patch: str, rows: list[str]) -> None:
    assert told(patch) == rows


@pytest.mark.parametrize(
    "options", [["-ruN"], ["-ruN", "-U0"], ["-rupN"], ["-ruN", "--strip-trailing-cr"]], ids=" ".join
)
def test_gnu_diff_says_what_git_apply_reads(options: list[str], tmp_path: Path) -> None:
    """The paths, counts, additions and deletions of ``git apply -p1 --numstat --summary``."""
    for side, files in (
        ("old", {"v/a.py": "x = 1\n" * 9, "v/gone.py": "a\n", "v/sp ace.py": "a\n", "end.txt": "a"}),
        (
            "new",
            {"v/a.py": "x = 1\n" * 8 + "y\n", "v/b/new é.py": "b\n", "v/sp ace.py": "c\n", "end.txt": "b"},
        ),
    ):
        for name, text in files.items():
            (tmp_path / side / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / side / name).write_text(text)
    command = ["diff", *options, "old", "new"]
    patch = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout
    numbers = run(tmp_path, "apply", "-p1", "--numstat", "-z", "--unidiff-zero", given=patch).decode()
    summary = run(tmp_path, "apply", "-p1", "--summary", "--unidiff-zero", given=patch).decode()
    files = parse_diff(patch.decode()).files
    assert sorted(f"{one.additions}\t{one.deletions}\t{one.path}" for one in files) == sorted(
        numbers.strip("\0").split("\0")
    )
    verbs = {"added": "create", "deleted": "delete"}
    assert summary.split("\n")[:-1] == [
        f" {verbs[one.status.value]} {one.path}" for one in files if one.status.value in verbs
    ]


TREE = {
    "a.py": ("100644", b"x = 1\n" * 9),
    "gone.py": ("100644", b"a\nb\n"),
    "run.sh": ("100644", b"#!\n"),
    "l": ("100644", b"text\n"),
}
AFTER = {
    "a.py": ("100644", b"x = 1\n" * 8 + b"y"),
    "run.sh": ("100755", b"#!\n"),
    "e.py": ("100644", b""),
    "l": ("120000", b"a.py"),
}
GIT_ROWS = [
    "modified text a.py +1 -1",
    "added text e.py +0 -0",
    "deleted text gone.py +0 -2",
    "type-changed symlink l +1 -1",
    "modified text run.sh +0 -0",
]


@pytest.mark.parametrize(
    "options",
    [
        ["--no-prefix"],
        ["--src-prefix=i/", "--dst-prefix=w/"],
        ["--src-prefix=old/", "--dst-prefix=new/"],
        ["--src-prefix=", "--dst-prefix=b/"],
        ["--full-index"],
        ["--binary"],
        ["-U0"],
        ["--function-context"],
        ["--submodule=log"],
        ["--stat", "-p"],
        ["--raw", "-p"],
        ["-M", "-C"],
    ],
    ids=" ".join,
)
def test_every_form_of_git_diff_says_the_same(options: list[str], tmp_path: Path) -> None:
    patch = tell(tmp_path / "r.git", [TREE, AFTER], net_options=options).net
    assert [row(one) for one in parse_diff(patch).files] == GIT_ROWS


def test_a_deletion_without_its_lines_is_a_deletion_and_a_gap(tmp_path: Path) -> None:
    """``git diff -D``: that the file is gone is sure, how many lines went is not told."""
    found = salvage_diff(tell(tmp_path / "r.git", [TREE, AFTER], net_options=["-D"]).net)
    rows = [row(one) for one in found.diff.files]
    assert rows[2] == "deleted text gone.py +0 -0"
    assert [(gap.what, gap.path) for gap in found.gaps] == [
        ("diff-truncated", "gone.py"),
        ("diff-truncated", "l"),
    ]


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        pytest.param("diff --cc a.py\nindex 1,2..3\n--- a/a.py\n+++ b/a.py\n@@@ -1,1 -1,1 +1,1 @@@\n--a\n++b\n", "combined diff", id="a merge"),
        pytest.param(f"Index: a.py\n{'=' * 67}\n", "followed by no change", id="svn names a file and tells nothing"),
        pytest.param("*** a/x.py\n--- b/x.py\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n", "no diff in the input", id="a context diff"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_hint(patch: str, said: str) -> None:
    with pytest.raises(DiffError, match=said) as caught:
        salvage_diff(patch)
    assert caught.value.hint
