"""Hostile patches: each is refused with a sentence and a hint, or read with a gap, or read as what it says."""

from __future__ import annotations

import pytest

from diffscope.diff.parse import parse_diff, salvage_diff
from diffscope.errors import DiffError
from tests.builders import FIXTURES

HOSTILE = FIXTURES / "hostile"
NO_DIFF = "no diff in the input"

REFUSED = {
    "empty": "the patch is empty",
    "only-blanks": "the patch is empty",
    "junk-text": NO_DIFF,
    "junk-html": NO_DIFF,
    "junk-json": NO_DIFF,
    "junk-bytes": NO_DIFF,
    "junk-status": NO_DIFF,
    "hunk-without-file": NO_DIFF,
    "combined": "line 1 of the patch: this is a combined diff of a merge commit",
    "combined-old-style": "line 1 of the patch: this is a combined diff of a merge commit",
    "series-of-two": "vllm/good.py: the patch changes this file twice: it is a series of patches",
    "truncated-only-file": "vllm/z.py: the hunk is cut off (line 10 of the patch)",
    "truncated-plain": "x.py: the hunk is cut off (line 4 of the patch)",
    "hunk-too-long": "vllm/good.py: the hunk is longer than it says (line 8 of the patch)",
}
"""Nothing can be kept of these."""

SALVAGED = {
    "truncated-hunk": ("vllm/z.py", "the hunk is cut off (line 17 of the patch)"),
    "truncated-in-the-middle": ("vllm/z.py", "the hunk is shorter than it says (line 11 of the patch)"),
    "truncated-header": ("vllm/z.py", "the file header is followed by no change (line 8 of the patch)"),
    "truncated-name": (None, "the file header names no file (line 8 of the patch)"),
    "hunk-too-short": ("x", "the hunk is shorter than it says (line 7 of the patch)"),
    "hunk-header-unreadable": ("x", "the hunk header cannot be read (line 5 of the patch)"),
    "hunk-header-enormous": ("x", "the hunk header cannot be read (line 5 of the patch)"),
    "hunk-empty": ("x", "the hunk is empty (line 5 of the patch)"),
    "one-sided": (
        "vllm/new.py",
        "the file is on one side only and the patch leaves it out: use diff -N (line 1 of the patch)",
    ),
    "path-absolute": ("/etc/passwd", "a path of the patch is refused: it is absolute"),
    "path-drive": ("C:/Windows/x.py", "a path of the patch is refused: it is absolute"),
    "path-parent": ("../../etc/passwd", "a path of the patch is refused: it leaves the repository"),
    "path-parent-inside": ("vllm/../../x", "a path of the patch is refused: it leaves the repository"),
    "path-dot": ("./x.py", "a path of the patch is refused: a part of it is empty or a dot"),
    "path-empty-part": ("vllm//x.py", "a path of the patch is refused: a part of it is empty or a dot"),
    "path-dot-git": (".git/hooks/pre-commit", "a path of the patch is refused: it points into .git"),
    "path-dot-git-nested": ("a/.GIT/config", "a path of the patch is refused: it points into .git"),
    "path-nul": ("x\\x00y", "a path of the patch is refused: it contains a NUL byte"),
    "path-4kb": ("d/" * 50 + "...", "a path of the patch is refused: it is longer than 4,096 bytes"),
}
"""The rest of these is kept; the damage is a gap."""

READ = {
    "name-backticks": ["`id`.py"],
    "name-colon-slash": [":/x"],
    "name-command": ["$(touch pwned).py"],
    "name-control": ["".join(chr(code) for code in range(1, 32))],
    "name-dash": ["-rf"],
    "name-dev-null": ["dev/null"],
    "name-escape": ["a\x1b[31mred\x1b[0m.py"],
    "name-glob": ["*?[x].py"],
    "name-html": ["<script>alert(1)</script>.py"],
    "name-markdown": ["](javascript:alert(1)).md"],
    "name-mention": ["@everyone/@here.md"],
    "name-newline": ["a\nb.py"],
    "name-not-utf8": ["\\xff\\xfe\\x80.py"],
    "name-option": ["--upload-pack=x"],
    "name-pathspec": [":(exclude)vllm"],
    "name-quote-only": ['"'],
    "name-right-to-left": ["a\u202etxt.yp"],
    "name-surrogate-bytes": ["\\xed\\xa0\\x80.py"],
    "name-tab": ["a\tb.py"],
    "name-table": ["a|b|c.md"],
    "name-workflow-command": ["::error file=x::y"],
    "message-with-diff": ["vllm/good.py"],
    "subject-hostile": ["vllm/good.py"],
    "text-control": ["x"],
    "two-files-in-one-header": ["x", "y"],
}
"""These are legal: the names reach the renderers as they are, and it is theirs to show them safely."""


def load(name: str) -> str:
    return (HOSTILE / f"{name}.patch").read_bytes().decode("utf-8", "backslashreplace")


def test_every_hostile_patch_has_an_expectation() -> None:
    names = sorted(path.stem for path in HOSTILE.glob("*.patch"))
    assert names == sorted([*REFUSED, *SALVAGED, *READ])


@pytest.mark.parametrize("name", sorted(REFUSED))
@pytest.mark.parametrize("read", [parse_diff, salvage_diff], ids=["strictly", "tolerantly"])
def test_what_holds_nothing_is_refused_with_a_hint(name: str, read: type) -> None:
    with pytest.raises(DiffError) as caught:
        read(load(name))
    assert str(caught.value) == REFUSED[name]
    assert caught.value.hint


@pytest.mark.parametrize("name", sorted(SALVAGED))
def test_damage_is_an_error_strictly_and_a_gap_tolerantly(name: str) -> None:
    path, reason = SALVAGED[name]
    with pytest.raises(DiffError) as caught:
        parse_diff(load(name))
    assert caught.value.message == reason
    salvage = salvage_diff(load(name))
    assert [(gap.path, gap.reason) for gap in salvage.gaps] == [(path, reason)]
    assert [file.path for file in salvage.diff.files] in (["vllm/good.py"], ["vllm/x.py"])


@pytest.mark.parametrize("name", sorted(READ))
def test_odd_but_legal_patches_are_read(name: str) -> None:
    assert [file.path for file in parse_diff(load(name)).files] == READ[name]


def test_error_messages_hold_no_control_characters() -> None:
    patch = load("name-escape").replace("@@ -1 +1 @@", "@@ -1,9 +1 @@")
    with pytest.raises(DiffError) as caught:
        parse_diff(patch)
    assert caught.value.at == "a\\x1b[31mred\\x1b[0m.py"


@pytest.mark.parametrize("lines", [1, 9])
def test_a_word_diff_is_refused_with_a_hint(lines: int) -> None:
    """Its lines bear no sign: indented code would read as context, and the change as none."""
    body = "".join(f"    x{number} = 1\n" for number in range(lines - 1))
    patch = (
        "diff --git a/a.py b/a.py\nindex 1111111..2222222 100644\n--- a/a.py\n+++ b/a.py\n"
        f"@@ -1,{lines} +1,{lines} @@\n{body}    return [-1-]{{+2+}}\n"
    )
    with pytest.raises(DiffError, match="the hunk changes no line") as caught:
        parse_diff(patch)
    with pytest.raises(DiffError) as tolerant:
        salvage_diff(patch)
    assert "--word-diff" in (tolerant.value.hint or "")
    assert "--word-diff" in (caught.value.hint or "")


def test_a_word_diff_beside_a_picture_is_refused_with_the_same_hint() -> None:
    """Else what is left would be a change of the picture alone."""
    patch = (
        "diff --git a/a.png b/a.png\nindex 1111111..2222222 100644\nBinary files a/a.png and b/a.png differ\n"
        "diff --git a/b.py b/b.py\nindex 1111111..2222222 100644\n--- a/b.py\n+++ b/b.py\n"
        "@@ -1 +1 @@\nx = [-1-]{+2+}\n"
    )
    with pytest.raises(DiffError) as caught:
        salvage_diff(patch)
    assert "--word-diff" in (caught.value.hint or "")


def test_a_word_diff_of_lines_at_the_margin_is_refused_with_the_same_hint() -> None:
    patch = (
        "diff --git a/a.py b/a.py\nindex 1111111..2222222 100644\n--- a/a.py\n+++ b/a.py\n"
        "@@ -1 +1 @@\nx = [-1-]{+2+}\n"
    )
    with pytest.raises(DiffError) as caught:
        salvage_diff(patch)
    assert "--word-diff" in (caught.value.hint or "")
