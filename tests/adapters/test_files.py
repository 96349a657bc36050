"""Patches from files and standard input, and the words that come with them."""

from __future__ import annotations

import base64
import io
import quopri
from collections.abc import Callable
from pathlib import Path

import pytest

from diffscope.adapters.changes.files import patch_change, read_patch
from diffscope.diff.parse import Limits, parse_diff
from diffscope.errors import InputError, NotFoundError
from diffscope.messages.model import message
from diffscope.source.model import Gap, SourceKind
from tests.builders import FIXTURES, git, git_repository, write_files

DIFFS = FIXTURES / "diffs"
DIFF = (DIFFS / "modified.patch").read_bytes()


def test_a_mail_of_format_patch_brings_title_author_body_and_commit() -> None:
    pull = read_patch(DIFFS / "format-patch.patch").pull
    assert (pull.title, pull.number, pull.author, pull.body) == (
        "[Misc] Change one thing",
        7,
        "Ada",
        "Because.",
    )
    assert pull.head == "4b219d00f18f6686c77ced55df8834f8fed32d9c"
    assert pull.source is SourceKind.PATCH


def quoted(body: bytes) -> bytes:
    return b"Content-Transfer-Encoding: quoted-printable\n\n" + quopri.encodestring(body)


def encoded(body: bytes) -> bytes:
    return b"content-transfer-encoding: Base64\r\n\r\n" + base64.encodebytes(body)


def attached(body: bytes) -> bytes:
    part = b"Content-Type: text/x-patch\n" + encoded(body)
    return b'Content-Type: multipart/mixed; boundary="X"\n\n--X\n\nhello\n--X\n' + part + b"--X--\n"


@pytest.mark.parametrize("encode", [quoted, encoded, attached])
def test_bodies_of_mails_are_decoded(encode: Callable[[bytes], bytes]) -> None:
    mail = (DIFFS / "format-patch.patch").read_bytes()
    head, _, body = mail.partition(b"\n\n")
    series = 2 * (head + b"\nX-A: content-transfer-encoding: base64\n" + encode(body + b"+\xc3\xa9 = 3D\n"))
    patch = patch_change(series).patch
    assert patch.count(body.decode()) == patch.count("+é = 3D\n") == 2
    assert patch_change(mail).patch == mail.decode()


def test_a_field_in_the_text_of_a_mail_encodes_nothing() -> None:
    mail = (DIFFS / "format-patch.patch").read_bytes()
    text = mail.replace(b"Because.", b"Because.\n\nContent-Transfer-Encoding: base64\n\nabcd")
    assert patch_change(text).patch == text.decode()


def test_git_show_brings_the_same() -> None:
    pull = read_patch(DIFFS / "git-show.patch").pull
    assert (pull.title, pull.number, pull.author, pull.body) == (
        "[Misc] Change one thing",
        7,
        "Ada",
        "Because.",
    )
    assert pull.head == "4b219d00f18f6686c77ced55df8834f8fed32d9c"


def test_a_bare_patch_says_that_it_has_no_title() -> None:
    change = read_patch(DIFFS / "modified.patch")
    assert (change.pull.title, change.pull.head) == ("", None)
    assert change.gaps == (Gap(what="metadata", message=message("gap.no-metadata")),)


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        pytest.param(b"[PATCH v2 3/7] [Core] A", "[Core] A", id="the mark of a series goes, the area stays"),
        pytest.param(b"[PATCH] =?utf-8?q?caf=C3=A9?=", "café", id="encoded words"),
        pytest.param(
            b"[PATCH] a subject that is\n folded", "a subject that is folded", id="folded over two lines"
        ),
        pytest.param(b"=?no-such?q?a?=", "=?no-such?q?a?=", id="an unknown encoding stays as it is"),
        pytest.param(b"", "", id="empty"),
    ],
)
def test_subjects_of_mails(subject: bytes, title: str) -> None:
    head = (
        b"From "
        + b"1" * 40
        + b" Mon Sep 17 00:00:00 2001\nFrom: Ada <a@b>\nSubject: "
        + subject
        + b"\n\n---\n\n"
    )
    assert patch_change(head + DIFF).pull.title == title


def test_a_zero_commit_is_no_commit() -> None:
    pull = read_patch(FIXTURES / "minivllm" / "patches" / "105-rename.patch").pull
    assert (pull.head, pull.number, pull.author) == (None, 105, "Radia")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "utf-8"])
def test_the_encodings_of_windows_shells_are_read(encoding: str) -> None:
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    data = mark + DIFF.decode().replace("\n", "\r\n").encode(encoding)
    assert parse_diff(patch_change(data).patch) == parse_diff(DIFF.decode())


def test_standard_input_is_named_by_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(DIFF)))
    assert read_patch("-").patch == DIFF.decode()


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such patch file") as caught:
        read_patch(tmp_path / "gone.patch")
    assert caught.value.hint == "a patch on standard input is named -"


def test_a_folder_is_no_patch(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_patch(tmp_path)


def test_more_than_the_cap_is_not_read_into_memory() -> None:
    with pytest.raises(InputError, match="more than 10 bytes") as caught:
        read_patch(DIFFS / "modified.patch", limits=Limits(patch_bytes=10))
    assert caught.value.hint


def test_colours_of_a_terminal_are_taken_off(tmp_path: Path) -> None:
    """``git diff --color=always | diffscope classify -`` is what a shell alias makes of ``git diff``."""
    folder = git_repository(tmp_path / "one", {"vllm/a.py": "def f():\n    return 1\n"})
    write_files(folder, {"vllm/a.py": "def f():\n    return 2  \n\n"})
    plain, coloured = (git(folder, "diff", f"--color={when}").encode() for when in ("never", "always"))
    assert b"\x1b[" in coloured
    assert patch_change(coloured).patch == plain.decode()


def test_a_source_line_that_holds_colours_keeps_them() -> None:
    patch = DIFF.replace(b"\n+", b"\n+\x1b[31mred\x1b[m ", 1)
    assert "\x1b[31mred" in patch_change(patch).patch
