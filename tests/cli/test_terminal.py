"""On a real terminal: colour unless it is not wanted, width within bounds, the progress of long work on stderr."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.harness import ROOT, Project, run_on
from tests.examples import one_in

RECORDED = ("classify", "38450", "--source", "recorded")


def run_on_terminal(
    project: Project,
    arguments: tuple[str, ...],
    *,
    columns: int = 90,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Run with stdout and stderr on one terminal and return what it shows."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = project.environment(environ) | {"TERM": "xterm", "LANG": "C.UTF-8"} | dict(environ or {})
    shown = bytearray()
    reader = threading.Thread(target=_read_all, args=(outer, shown))
    reader.start()
    try:
        with (
            os.fdopen(inner, "w", encoding="utf-8", newline="\n") as screen,
            pytest.MonkeyPatch.context() as patch,
        ):
            # Of this one the width of the terminal is asked.
            patch.setattr(sys, "__stdout__", screen)
            assert run_on(arguments, project.folder, environment, screen, screen) == 0
    finally:
        reader.join()
        os.close(outer)
    return shown.decode().replace("\r\n", "\n")


def _read_all(terminal: int, shown: bytearray) -> None:
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says EIO when the other side is closed
            return
        if not part:
            return
        shown += part


def test_colour_on_a_terminal(project: MakeProject) -> None:
    """The level stands out, and without its colours the text is that of a pipe of the same width."""
    here = project()
    shown = run_on_terminal(here, RECORDED, columns=100)
    assert "\x1b[" in shown
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == here.run(*RECORDED).out


@pytest.mark.parametrize(
    "environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "a dumb terminal"]
)
def test_no_colour_where_it_is_not_wanted(environ: dict[str, str], project: MakeProject) -> None:
    assert "\x1b" not in run_on_terminal(project(), RECORDED, environ=environ)


@pytest.mark.parametrize(
    ("columns", "widest"), [(40, 80), (90, 90), (300, 100)], ids=["narrow", "in between", "wide"]
)
def test_the_width_follows_the_terminal_within_bounds(
    columns: int, widest: int, project: MakeProject
) -> None:
    """80 to 100 columns read well; a longer line holds a single word that may not be broken, or one of a command's."""
    shown = run_on_terminal(project(), RECORDED, columns=columns, environ={"NO_COLOR": "1"})
    too_long = [
        line
        for line in shown.splitlines()
        if len(line) > widest and len(line.split()) > 1 and line[-1] != "\\"
    ]
    assert all(len(line.strip().split()[-1]) > widest - 14 for line in too_long), too_long


def test_long_work_shows_its_progress_on_a_terminal_only(minivllm: Path, project: MakeProject) -> None:
    """A range counts its changes on stderr; in a pipe there is no trace of it."""
    here = project()
    arguments = (
        "classify",
        "--range",
        "main~3..main",
        "--repo",
        str(minivllm),
        "--format",
        "jsonl:out.jsonl",
    )
    assert "3/3" in run_on_terminal(here, arguments)
    assert here.run(*arguments).err == ""
    assert "3/3" not in run_on_terminal(here, (*arguments, "-q"))


@pytest.mark.parametrize(
    ("closed", "arguments", "code", "told"),
    one_in(
        3,
        [
            pytest.param(">&-", RECORDED, 2, "cannot write the result", id="a closed stdout is a result that nobody gets"),
            pytest.param("<&-", ("classify", "-"), 2, "the patch is empty", id="a closed stdin is an empty patch"),
            pytest.param("2>&-", RECORDED, 0, "", id="a closed stderr has no listeners, and costs nothing"),
        ],
    ),
)  # fmt: skip
def test_closed_streams(
    project: MakeProject, closed: str, arguments: tuple[str, ...], code: int, told: str
) -> None:
    """Daemons and cron close what they do not need."""
    made = project()
    done = subprocess.run(
        ["bash", "-c", f'exec "$@" {closed}', "-", sys.executable, "-m", "diffscope", *arguments],
        cwd=made.folder,
        env=made.environment({}) | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == code
    assert told in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
