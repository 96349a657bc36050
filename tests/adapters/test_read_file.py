"""One reader for what somebody names: whatever stands there, it is read within its limit or refused within a second, with a hint."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from diffscope.adapters import read_file
from diffscope.adapters.changes.files import read_patch
from diffscope.adapters.config.rule_files import check_holds_rules, load_rules
from diffscope.adapters.config.settings import read_settings
from diffscope.adapters.events import read_event, read_events, read_report
from diffscope.adapters.read_file import decode_json, read_bytes, read_stream, read_text, stamp_of
from diffscope.cli.report.outputs import read_templates
from diffscope.errors import ConfigurationError, DiffscopeError, InputError
from tests.builders import write_files

DIFF = (
    "diff --git a/x.py b/x.py\nindex 1111111..2222222 100644\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n"
)


def pipe(at: Path) -> None:
    os.mkfifo(at)


def huge(at: Path) -> None:
    with at.open("wb") as stream:
        stream.truncate(3 * 2**30)


def loop(at: Path) -> None:
    at.symlink_to(at.name)


def listening(at: Path) -> None:
    # A path of a socket may have a hundred bytes, a temporary folder's is longer.
    here = Path.cwd()
    os.chdir(at.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(at.name)
    finally:
        os.chdir(here)


def linked(target: str) -> Callable[[Path], None]:
    return lambda at: at.symlink_to(target)


ODD = [
    pytest.param(linked("/dev/zero"), "it is a device", id="a link to endless zeros"),
    pytest.param(linked("/dev/urandom"), "it is a device", id="a link to endless noise"),
    pytest.param(linked("/dev/null"), "it is a device", id="a link to nothing"),
    pytest.param(linked("/nowhere/at/all"), "No such file", id="a link that leads nowhere"),
    pytest.param(loop, "symbolic links", id="a loop of links"),
    pytest.param(pipe, "it is a pipe", id="a pipe that nobody writes to"),
    pytest.param(listening, "it is a socket", id="a socket"),
    pytest.param(Path.mkdir, "it is a folder", id="a folder"),
    pytest.param(huge, "more than", id="three gigabytes"),
]


READERS = [
    pytest.param(read_settings, "diffscope.yml", id="diffscope.yml"),
    pytest.param(read_events, "events.json", id="saved events"),
    pytest.param(lambda at: read_report(at, most=1000), "assessment.json", id="a report of an artifact"),
    pytest.param(lambda at: read_event({"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(at)}), "event.json", id="an event"),
    pytest.param(lambda at: load_rules([at.parent.parent]), "CP190-x/rule.yml", id="a rule"),
    pytest.param(lambda at: check_holds_rules(at.parent.parent), "CP190-x/rule.yml", id="a rule that is only looked for"),
    pytest.param(lambda at: load_rules([at.parent]), "lists.yml", id="lists of a rule folder"),
    pytest.param(lambda at: load_rules([at.parent]), "words.yml", id="words of a rule folder"),
    pytest.param(lambda at: read_templates(at.parent), "weekly.en.md.j2", id="a template"),
]  # fmt: skip


@pytest.mark.parametrize(("read", "name"), READERS)
@pytest.mark.parametrize(("make", "said"), ODD)
def test_what_is_no_file_is_refused_at_once(
    read: Callable[[Path], object], name: str, make: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    at = tmp_path / "named" / name
    at.parent.mkdir(parents=True)
    make(at)
    start = time.perf_counter()
    with pytest.raises(DiffscopeError) as caught:
        read(at)
    assert time.perf_counter() - start < 1.0
    # A report of an artifact is read through no link at all.
    is_link = name == "assessment.json" and at.is_symlink()
    assert ("it is a link" if is_link else said) in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(linked("/dev/zero"), "more than 1,000 bytes", id="endless zeros"),
        pytest.param(loop, "symbolic links", id="a loop of links"),
        pytest.param(listening, "it is a socket", id="a socket"),
        pytest.param(Path.mkdir, "Is a directory", id="a folder"),
        pytest.param(huge, "more than 1,000 bytes", id="three gigabytes"),
    ],
)
def test_a_patch_comes_from_anything_that_ends(
    make: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    make(tmp_path / "odd")
    with pytest.raises(InputError, match=said) as caught:
        read_stream(tmp_path / "odd", most=1000, hint="name a file", kind=InputError)
    assert caught.value.hint


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("lang: zh\n")
    (tmp_path / "link").symlink_to("real")
    assert read_settings(tmp_path / "link").lang == "zh"


@pytest.fixture
def named_pipe(tmp_path: Path) -> Path:
    at = tmp_path / "pipe"
    os.mkfifo(at)
    return at


@pytest.mark.parametrize("delay", [0.0, 0.3], ids=["at once", "after a while"])
@pytest.mark.parametrize(
    "chunks", [[DIFF], [DIFF[:20], DIFF[20:]], [""]], ids=["whole", "in parts", "nothing"]
)
def test_a_patch_comes_through_a_named_pipe(named_pipe: Path, delay: float, chunks: list[str]) -> None:
    def write() -> None:
        time.sleep(delay)
        with named_pipe.open("w") as stream:
            for chunk in chunks:
                stream.write(chunk)
                stream.flush()
                time.sleep(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    assert read_patch(named_pipe).patch == "".join(chunks)
    writer.join()


def test_a_patch_comes_through_process_substitution() -> None:
    reading, writing = os.pipe()
    os.write(writing, DIFF.encode())
    os.close(writing)
    try:
        assert read_patch(f"/dev/fd/{reading}").patch == DIFF
    finally:
        os.close(reading)


def test_a_pipe_that_nobody_writes_to_is_given_up(named_pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_file, "_WAIT", 0.2)
    start = time.perf_counter()
    with pytest.raises(InputError, match="nobody writes to this pipe") as caught:
        read_patch(named_pipe)
    assert (caught.value.hint, time.perf_counter() - start < 2) == ("start what writes to it first", True)


def test_text_is_utf8(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="the file is not UTF-8"):
        read_text(tmp_path / "a", most=10, hint="x")
    assert read_bytes(tmp_path / "a", most=1, hint="x") == b"\xff"
    with pytest.raises(ConfigurationError, match="more than 0 bytes"):
        read_bytes(tmp_path / "a", most=0, hint="x")
    with pytest.raises(ConfigurationError, match="a name with a NUL"):
        read_bytes(tmp_path / "a\0b", most=0, hint="x")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[" * 100_000, id="lists without end"),
        pytest.param(b'{"a":' * 100_000, id="objects without end"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="lists that end"),
        pytest.param(b'"\xff"', id="not UTF-8"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\0", id="a NUL"),
    ],
)
def test_json_of_any_shape_is_decoded_or_refused(data: bytes) -> None:
    for kind in (object, dict[str, int]):
        with pytest.raises(msgspec.DecodeError):
            decode_json(data, kind)


def test_a_stamp_tells_every_change_of_a_folder(tmp_path: Path) -> None:
    """Content of equal size, a new file and a file that goes change it; other files and compiled code do not."""
    write_files(tmp_path, {"a.yml": "1", "b/c.yml": "2"})
    stamps = [stamp_of(tmp_path, ".yml")]
    write_files(tmp_path, {"readme.md": "x", "b/__pycache__/d.yml": "x"})
    assert stamp_of(tmp_path, ".yml") == stamps[0]
    for edit in ({"b/c.yml": "3"}, {"b/e.yml": "4"}):
        write_files(tmp_path, edit)
        stamps.append(stamp_of(tmp_path, ".yml"))
    (tmp_path / "a.yml").unlink()
    stamps.append(stamp_of(tmp_path, ".yml"))
    assert None not in stamps
    assert len(set(stamps)) == 4
    (tmp_path / "lost.yml").symlink_to("nowhere")
    assert stamp_of(tmp_path, ".yml") is None
