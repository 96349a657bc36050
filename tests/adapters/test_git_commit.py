"""Commit objects: as git reads them, and whatever else a repository may hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from diffscope.adapters.git.objects import parse_commit, seconds
from diffscope.adapters.git.repository import GitRepository
from diffscope.source.model import CommitId
from diffscope.source.window import stamp

NAME = CommitId("1" * 40)
HEAD = b"tree 2222\nparent 3333\nparent 4444\nauthor Ada L <ada@x> 1774760883 +0800\ncommitter GitHub <n@x> 1774760884 +0000\n"


def test_every_field_is_read() -> None:
    info = parse_commit(
        NAME,
        HEAD + b"gpgsig -----BEGIN\n author Eve <e@x> 1 +0000\n -----END\n\n[Core] A (#1)\n\nWhy.\n\nMore.\n",
    )
    assert (info.author, info.author_email, info.committed_at) == (
        "Ada L",
        "ada@x",
        1774760884,
    )
    assert (info.tree, info.parents) == ("2222", ("3333", "4444"))
    assert (info.subject, info.body) == ("[Core] A (#1)", "Why.\n\nMore.")


@pytest.mark.parametrize(
    ("message", "subject", "body"),
    [
        pytest.param(b"", "", "", id="no message"),
        pytest.param(b"\n\n  A\n", "A", "", id="blank lines and blanks before it"),
        pytest.param(b"A\nB\n \nC\n", "A B", "C", id="a subject of two lines, then a line of one blank"),
        pytest.param(b"caf\xe9\n", "caf\ufffd", "", id="not UTF-8 and it does not say what"),
    ],
)
def test_messages(message: bytes, subject: str, body: str) -> None:
    info = parse_commit(NAME, HEAD + b"\n" + message)
    assert (info.subject, info.body) == (subject, body)


def test_a_message_in_its_own_encoding() -> None:
    assert parse_commit(NAME, HEAD + b"encoding ISO-8859-1\n\ncaf\xe9\n").subject == "café"
    assert parse_commit(NAME, HEAD + b"encoding no-such\n\ncafe\n").subject == "cafe"


@pytest.mark.parametrize("seconds", [b"99999999999999999", b"-5", b"9" * 400, b"soon"])
def test_a_time_that_cannot_be_is_still_a_time(seconds: bytes) -> None:
    info = parse_commit(NAME, HEAD.replace(b"1774760884", seconds) + b"\nA\n")
    assert stamp(info.committed_at) in {"1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}


def test_junk_is_an_empty_commit() -> None:
    assert parse_commit(NAME, b"\xff\x00junk").subject == ""


@pytest.mark.clone
def test_real_commits_are_read_as_git_log_reads_them(vllm_clone: Path) -> None:
    form = "--format=%H%n%ct%n%an%n%P%n%s%n%b"
    command = ["git", "-C", str(vllm_clone), "log", "-z", "-n", "2000", form]
    told = subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8", "replace")
    expected = {}
    for row in filter(None, told.split("\0")):
        name, at, author, parents, subject, body = row.split("\n", 5)
        expected[name] = (int(at), author, tuple(parents.split()), subject.strip(), body.strip())
    with GitRepository(vllm_clone) as repository:
        found = repository.commits(CommitId(name) for name in expected)
    for name, info in found.items():
        assert info is not None
        assert (info.committed_at, info.author, info.parents, info.subject, info.body.strip()) == expected[
            name
        ]


@pytest.mark.parametrize(
    ("written", "claimed"),
    [
        pytest.param("0", 0, id="the epoch"),
        pytest.param("-5", 0, id="before it"),
        pytest.param("253402300800", 253_402_300_799, id="beyond the year 9999"),
        pytest.param("18446744073709551615", 253_402_300_799, id="more than a database holds"),
        pytest.param("", 0, id="nothing, which git prints for a time that it cannot read"),
        pytest.param("now", 0, id="a word"),
    ],
)
def test_a_commit_may_claim_any_time(written: str, claimed: int) -> None:
    assert seconds(written) == claimed
