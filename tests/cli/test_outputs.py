"""Results in files, from the command line: devices and pipes are written, links followed, mistakes told in two lines with exit code 2."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.harness import ROOT
from tests.examples import one_in

CLASSIFY = ("classify", "38450", "--source", "recorded", "-q")


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """A device node of our own that swallows everything, as /dev/null does."""
    node = tmp_path / "null"
    try:
        os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        node.write_bytes(b"")
    except OSError as error:
        pytest.skip(f"no device can be made or opened here: {error.strerror}")
    return node


def test_a_device_takes_what_every_command_writes_and_stays_one(
    project: MakeProject, minivllm: Path, device: Path
) -> None:
    here, clone = project(), ("--repo", str(minivllm))
    week = ("report", "--week", "2026-W13", "--workers", "1", "-q", *clone)
    commands = [
        (*CLASSIFY, "--format", f"json:{device}"),
        (*CLASSIFY, "--output", str(device)),
        (*week, "--format", f"json:{device}", "--format", f"jsonl:{device}", "--format", f"html:{device}"),
        ("classify", "--range", "main~2..main", "--format", f"jsonl:{device}", "--workers", "1", *clone),
        ("doctor", "--output", str(device), *clone),
        ("graph", "export", "--output", str(device), *clone),
        ("backtest", "--statistics", str(device), "--workers", "1", "-q", *clone),
    ]
    for command in one_in(2, commands):
        outcome = here.run(*command)
        assert outcome.exit_code == 0, outcome.err
        assert stat.S_ISCHR(device.lstat().st_mode), command
    assert sorted(file.name for file in device.parent.iterdir()) == ["cache", "null", "project"]


def test_every_change_of_a_range_reaches_the_one_reader_of_a_pipe(
    project: MakeProject, minivllm: Path, tmp_path: Path
) -> None:
    """Opened anew for each, the reader would see the end after the first."""
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()), daemon=True)
    reader.start()
    outcome = project().run(
        *("classify", "--range", "main~3..main", "--workers", "1", "--repo", str(minivllm)),
        *("--format", f"jsonl:{tmp_path / 'pipe'}"),
    )
    reader.join(timeout=30)
    assert outcome.exit_code == 0, outcome.err
    assert [bool(json.loads(line)["schema"]) for line in got[0].splitlines()] == [True] * 3


def test_process_substitution_and_the_names_of_stdout(project: MakeProject, tmp_path: Path) -> None:
    """As bash has them; what stands in a log already stays."""
    here = project()
    program = f"{sys.executable} -m diffscope {' '.join(CLASSIFY)}"
    expected = here.run(*CLASSIFY, "--format", "json").out
    script = (
        "echo before > log\n"
        f"{program} --format json:>(cat > substituted; touch done) --format json:/dev/stdout >> log\n"
        "for _ in $(seq 300); do [ -e done ] && break; sleep 0.1; done\n"
    )
    subprocess.run(
        ["bash", "-c", script],
        cwd=here.folder,
        env=here.environment() | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert (here.folder / "substituted").read_text("utf-8") == expected
    assert (here.folder / "log").read_text("utf-8") == f"before\n{expected}"


@pytest.mark.parametrize(
    ("name", "reason", "hint"),
    [
        pytest.param("folder", "Is a directory", "it is a folder: name a file in it", id="a folder"),
        pytest.param(
            "none/a",
            "No such file or directory",
            "make the folder first, or name another file",
            id="no folder",
        ),
        pytest.param(
            "loop",
            "Too many levels of symbolic links",
            "the link leads back to itself: remove it, or name another file",
            id="links in a circle",
        ),
        pytest.param(
            "/dev/full",
            "No space left on device",
            "make room on the disk, or name a file on another one",
            id="a full disk",
        ),
    ],
)
def test_what_cannot_be_written_is_two_lines(project: MakeProject, name: str, reason: str, hint: str) -> None:
    here = project()
    (here.folder / "folder").mkdir()
    (here.folder / "loop").symlink_to("loop")
    outcome = here.run(*CLASSIFY, "--format", f"json:{name}")
    assert outcome == (2, "", f"error: {name}: cannot write the result: {reason}\nhint: {hint}\n")


@pytest.mark.parametrize("name", ["a.json", "link.json", "../project/a.json"])
def test_two_formats_do_not_share_a_file_by_any_name(project: MakeProject, name: str) -> None:
    here = project()
    (here.folder / "link.json").symlink_to("a.json")
    outcome = here.run(*CLASSIFY, "--format", "json:a.json", "--format", f"sarif:{name}")
    hint = "hint: give each a file of its own"
    assert outcome == (2, "", f"error: json and sarif cannot share {name}\n{hint}\n")
    assert not (here.folder / "a.json").exists()


def test_links_stay_links(project: MakeProject) -> None:
    here = project()
    (here.folder / "latest.json").symlink_to("today.json")
    for _ in range(2):
        assert here.run(*CLASSIFY, "--format", "json:latest.json").exit_code == 0
        assert (here.folder / "latest.json").is_symlink()
        assert json.loads((here.folder / "today.json").read_text("utf-8"))["schema"]
