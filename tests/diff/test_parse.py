"""What a patch says: one oddity each, hostile input, and git itself as the oracle (see test_parse_clone.py)."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.diff.model import FileDiff
from diffscope.diff.parse import Limits, parse_diff, salvage_diff
from diffscope.errors import DiffError
from tests.builders import FIXTURES, change
from tests.examples import one_in

ODD = FIXTURES / "diffs"


def summary(file: FileDiff) -> str:
    """Say everything but the lines of a file in one line."""
    moved = f"{file.old_path} -> " if file.old_path else ""
    ends = (" old-open" if file.old_no_newline_at_end else "") + (" open" if file.no_newline_at_end else "")
    alike = "" if file.similarity is None else f" {file.similarity}%"
    return (
        f"{file.status.value} {file.kind.value} {moved}{file.path} +{file.additions} -{file.deletions} "
        f"{file.old_mode or '-'}:{file.new_mode or '-'} {(file.old_blob or '-')[:7]}..{(file.new_blob or '-')[:7]}"
        f"{alike}{ends}"
    )


def load(path: Path) -> str:
    """Decode as the adapter does; only the UTF-16 file is special."""
    data = path.read_bytes()
    return data.decode("utf-16") if data[:2] == b"\xff\xfe" else data.decode("utf-8", "backslashreplace")


# Each row is what `git diff --raw --numstat` says of the change that the fixture was made from.
EXPECTED = {
    "abbreviated-index": ["modified text vllm/a.py +1 -1 100644:100644 c7c2e35..c705058"],
    "added": ["added text vllm/new.py +1 -0 -:100644 -..b15b1b0"],
    "binary-added": ["added binary my logo.png +0 -0 -:100644 -..730edd8"],
    "binary-literal": ["modified binary logo.png +0 -0 100644:100644 730edd8..5bb6937"],
    "binary-modified": ["modified binary logo.png +0 -0 100644:100644 730edd8..5bb6937"],
    "blanks-stripped": ["modified text vllm/a.py +1 -1 100644:100644 c7c2e35..c705058"],
    "copied": ["copied text vllm/old.py -> vllm/new.py +0 -0 -:- -..- 100%"],
    "crlf-file": ["modified text a.bat +1 -1 100644:100644 4e349b5..24fe5dc"],
    "crlf-patch": ["renamed text vllm/old.py -> vllm/new.py +1 -1 100644:100644 c7c2e35..c705058 67%"],
    "crlf-to-lf": ["modified text a.bat +2 -2 100644:100644 4e349b5..814f4a4"],
    "deleted": ["deleted text vllm/old.py +0 -1 100644:- b15b1b0..-"],
    "empty-added": ["added text vllm/v1/__init__.py +0 -0 -:100644 -..e69de29"],
    "empty-deleted": ["deleted text vllm/v1/__init__.py +0 -0 100644:- e69de29..-"],
    "empty-filled": ["modified text vllm/__init__.py +1 -0 100644:100644 e69de29..b15b1b0"],
    "file-becomes-symlink": ["type-changed symlink latest +1 -1 100644:120000 8e27be7..e8b12cd open"],
    "form-feed-and-separators": ["modified text a.py +3 -3 100644:100644 96a0267..a1f9ae2"],
    "format-patch": ["modified text vllm/a.py +1 -1 100644:100644 c7c2e35..c705058"],
    "git-show": ["modified text vllm/a.py +1 -1 100644:100644 c7c2e35..c705058"],
    "lines-like-headers": ["modified text a.sql +4 -2 100644:100644 8f1b61d..0ac80e1"],
    "mnemonic-prefix": ["modified text vllm/a.py +1 -1 100644:100644 c7c2e35..c705058"],
    "mode-and-text": ["modified text run.sh +1 -0 100644:100755 1a24852..039e4d0"],
    "mode-only": ["modified text run.sh +0 -0 100644:100755 -..-"],
    "modified": ["modified text vllm/a.py +1 -1 100644:100644 c7c2e35..c705058"],
    "name-not-ascii-raw": ["modified text docs/文档/é.md +1 -1 100644:100644 7898192..6178079"],
    "name-not-ascii": ["modified text docs/文档/é.md +1 -1 100644:100644 7898192..6178079"],
    "name-not-utf8": ["added text caf\\xe9.txt +1 -0 -:100644 -..7898192"],
    "name-with-b-slash-mode-only": ["modified text x b/x +0 -0 100644:100755 -..-"],
    "name-with-b-slash": ["modified text x b/x b/x +1 -1 100644:100644 7898192..6178079"],
    "name-with-quote-tab-newline": ['modified text a"b\tc\nd\\e.txt +1 -1 100644:100644 7898192..6178079'],
    "name-with-spaces-renamed": ["renamed text my docs/a b/old name.md -> my docs/a b/new name.md +0 -0 -:- -..- 100%"],
    "name-with-spaces": ["modified text my docs/read me.md +1 -1 100644:100644 7898192..6178079"],
    "no-context": ["modified text vllm/a.py +2 -2 100644:100644 c7c2e35..1e59d02"],
    "no-final-newline": ["modified text vllm/a.py +1 -1 100644:100644 c7c2e35..c705058"],
    "no-newline-added": ["modified text a.txt +1 -1 100644:100644 814f4a4..9ed40b4 open"],
    "no-newline-both": ["modified text a.txt +1 -1 100644:100644 9ed40b4..7279b45 old-open open"],
    "no-newline-context": ["modified text a.txt +1 -1 100644:100644 9ed40b4..9628f51 old-open open"],
    "no-newline-removed": ["modified text a.txt +1 -1 100644:100644 9ed40b4..814f4a4 old-open"],
    "no-prefix": ["modified text vllm/a.py +1 -1 100644:100644 c7c2e35..c705058"],
    "other-prefixes": ["modified text vllm/a.py +1 -1 100644:100644 c7c2e35..c705058"],
    "plain-diff-binary": ["modified binary logo.png +0 -0 -:- -..-", "added binary new.png +0 -0 -:- -..-", "modified text x.py +1 -1 -:- -..-"],
    "plain-diff-no-times": ["modified text vllm/x.py +2 -2 -:- -..-", "added text vllm/y.py +1 -0 -:- -..-"],
    "plain-diff-one-folder": ["modified text vllm/x.py +1 -1 -:- -..-"],
    "plain-diff": ["deleted text vllm/gone.py +0 -1 -:- -..-", "added text vllm/new.py +1 -0 -:- -..-", "modified text vllm/x.py +1 -1 -:- -..-"],
    "rename-only-mail": ["renamed text vllm/old.py -> vllm/new.py +0 -0 -:- -..- 100%"],
    "renamed-changed": ["renamed text vllm/old.py -> vllm/new.py +1 -1 100644:100644 c7c2e35..c705058 67%"],
    "renamed-unchanged": ["renamed text vllm/old.py -> vllm/new.py +0 -0 -:- -..- 100%"],
    "several-files": [
        "deleted text a.py +0 -9 100644:- c7c2e35..-",
        "modified text b.py +1 -0 100644:100644 c7c2e35..e8245d1",
        "modified text c/d.py +1 -1 100644:100644 c7c2e35..fd5e485",
    ],
    "submodule-added": ["added submodule third_party/lib +1 -0 -:160000 -..1111111"],
    "submodule-log": ["modified submodule third_party/lib +0 -0 -:- 1111111..2222222"],
    "submodule-moved": ["modified submodule third_party/lib +1 -1 160000:160000 1111111..2222222"],
    "symlink-added": ["added symlink latest +1 -0 -:120000 -..60778aa open"],
    "symlink-retargeted": ["modified symlink latest +1 -1 120000:120000 60778aa..e8b12cd old-open open"],
    "text-not-utf8": ["modified text a.txt +1 -1 100644:100644 a1c3483..82690f9"],
    "utf-16": ["modified text vllm/a.py +1 -1 100644:100644 c7c2e35..c705058"],
}  # fmt: skip


def test_every_odd_diff_has_an_expectation() -> None:
    assert sorted(path.stem for path in ODD.glob("*.patch")) == sorted(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_odd_diffs_are_read(name: str) -> None:
    diff = parse_diff(load(ODD / f"{name}.patch"))
    assert [summary(file) for file in diff.files] == EXPECTED[name]


def test_lines_carry_their_numbers_on_their_own_side() -> None:
    built = change(
        {"a.py": "one\ntwo\nthree\nfour\n"},
        {"a.py": "one\nTWO\nand a half\nthree\n"},
    )
    (hunk,) = built.diff.files[0].hunks
    assert [(line.number, line.text) for line in hunk.removed] == [(2, "two"), (4, "four")]
    assert [(line.number, line.text) for line in hunk.added] == [(2, "TWO"), (3, "and a half")]
    assert (hunk.old_start, hunk.old_length, hunk.new_start, hunk.new_length) == (1, 4, 1, 4)


def test_odd_separators_do_not_cut_a_line() -> None:
    (file,) = parse_diff(load(ODD / "form-feed-and-separators.patch")).files
    assert [line.text for line in file.hunks[0].added] == [
        "x = 2",
        "y = 'A\u2028B\u0085C'",
        "z = '\x1c\x1d\x0b!'",
    ]


def test_lines_that_look_like_headers_stay_lines() -> None:
    (file,) = parse_diff(load(ODD / "lines-like-headers.patch")).files
    assert [line.text for line in file.hunks[0].removed] == ["-- a/x", "++ b/x"]
    assert [line.text for line in file.hunks[0].added] == [
        "-- b/y",
        "++ c/z",
        "@@ -1 +1 @@",
        "diff --git a/x b/x",
    ]


def test_the_carriage_return_of_a_file_stays_and_that_of_a_converted_patch_goes() -> None:
    (file,) = parse_diff(load(ODD / "crlf-file.patch")).files
    assert file.hunks[0].added[0].text == "TWO\r"
    (file,) = parse_diff(load(ODD / "crlf-patch.patch")).files
    assert file.hunks[0].added[0].text == "    return os.scandir(path)"
    assert file.hunks[0].section == "import os"


def test_the_section_of_a_hunk_is_kept() -> None:
    (file,) = parse_diff(load(ODD / "no-context.patch")).files
    assert [hunk.section for hunk in file.hunks] == ["def run(path):", "def stop():"]


def test_text_that_is_not_utf8_is_spelled_out() -> None:
    (file,) = parse_diff(load(ODD / "text-not-utf8.patch")).files
    assert file.hunks[0].added[0].text == "new \\xff"


def test_a_file_that_becomes_a_link_is_one_file() -> None:
    (file,) = parse_diff(load(ODD / "file-becomes-symlink.patch")).files
    (hunk,) = file.hunks
    assert [line.text for line in hunk.removed] == ["text"]
    assert [line.text for line in hunk.added] == ["docs/v2"]


def test_files_come_sorted_whatever_their_order_in_the_patch() -> None:
    parts = [change({}, {f"{name}.py": "x\n"}).change.patch for name in "cab"]
    assert parse_diff("".join(parts)) == parse_diff("".join(sorted(parts)))
    assert [file.path for file in parse_diff("".join(parts)).files] == ["a.py", "b.py", "c.py"]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        pytest.param(Limits(patch_bytes=100), "characters; 100 are allowed", id="too many characters"),
        pytest.param(Limits(lines=5), "lines; 5 are allowed", id="too many lines"),
        pytest.param(Limits(files=1), "files; 1 are allowed", id="too many files"),
        pytest.param(Limits(line_length=20), "characters in one line; 20 are allowed", id="too long a line"),
    ],
)
def test_a_patch_over_a_cap_is_refused_with_a_hint(limits: Limits, says: str) -> None:
    with pytest.raises(DiffError, match=says) as caught:
        parse_diff(load(ODD / "several-files.patch"), limits=limits)
    assert (
        caught.value.hint
        == "split the change, or hand in the files that matter: git diff BASE...HEAD -- FOLDER"
    )


# The first half of what becomes a link is a whole deletion; nothing in it says that more was to come.
CUTTABLE = sorted(EXPECTED.keys() - {"utf-16", "file-becomes-symlink"})


@pytest.mark.parametrize("name", CUTTABLE)
def test_every_prefix_of_a_patch_is_refused_or_is_part_of_what_the_whole_says(name: str) -> None:
    """A download may stop anywhere. Of a kept file whole hunks may be missing at the end, and nothing may be wrong."""
    text = load(ODD / f"{name}.patch")
    whole = {file.path: file for file in parse_diff(text).files}
    for end in one_in(3, range(len(text))):
        try:
            salvage = salvage_diff(text[:end])
        except DiffError:
            continue
        for file in salvage.diff.files:
            expected = whole[file.path]
            assert (file.status, file.kind, file.old_path) == (
                expected.status,
                expected.kind,
                expected.old_path,
            )
            assert starts(lines(file), lines(expected), last_is_cut=text[end - 1] != "\n"), text[:end]


def lines(file: FileDiff) -> list[tuple[int, str]]:
    return [(line.number, line.text) for hunk in file.hunks for line in (*hunk.removed, *hunk.added)]


def starts(part: list[tuple[int, str]], whole: list[tuple[int, str]], *, last_is_cut: bool) -> bool:
    if last_is_cut and part and part != whole[: len(part)]:
        number, text = part.pop()
        return (
            part == whole[: len(part)]
            and whole[len(part)][0] == number
            and whole[len(part)][1].startswith(text)
        )
    return part == whole[: len(part)]


@given(st.text(alphabet=st.sampled_from('-+@ \n\\ad/b0,1\r"\tix'), max_size=200))
def test_junk_is_refused_or_read_and_never_raises_anything_else(text: str) -> None:
    for start in ("", "diff --git a/x b/x\n", "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n"):
        with contextlib.suppress(DiffError):
            salvage_diff(start + text)


def test_a_large_patch_takes_time_in_proportion() -> None:
    """20,000 lines well under a second; twice the lines at most three times the time."""

    def seconds(count: int) -> float:
        before = "".join(f"line {number}\n" for number in range(count))
        patch = change({"a.py": before}, {"a.py": before.replace("line", "LINE")}).change.patch
        start = time.process_time()
        parse_diff(patch)
        return time.process_time() - start

    seconds(100)
    assert seconds(10_000) < 2.0


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("Binary files " + " and a" * 200_000 + " differ", id="a sentence of many ands"),
        pytest.param("Binary files " + " and a" * 200_000, id="a sentence that does not end"),
        pytest.param("Submodule " + "1234..5678 " * 100_000, id="many submodule ranges"),
        pytest.param("diff --git " + "a " * 200_000, id="a header of many blanks"),
        pytest.param('diff --git "' + "\\" * 200_001, id="a quoted name of backslashes"),
        pytest.param("index " + "0" * 200_000, id="a long index line"),
        pytest.param("Only in " + ": " * 200_000, id="many colons"),
    ],
)
def test_no_line_makes_the_parser_slow(line: str) -> None:
    start = time.process_time()
    for patch in (line, f"diff --git a/x b/x\n{line}\n"):
        with contextlib.suppress(DiffError):
            salvage_diff(patch)
    assert time.process_time() - start < 2.0
