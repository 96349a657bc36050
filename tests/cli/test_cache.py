"""The cache under whole commands: shared, spoiled, bounded, refused; answers never depend on it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from diffscope.adapters.cache.cache import FILE_NAME
from diffscope.workspace import Workspace
from tests.cli.conftest import MakeProject
from tests.cli.harness import ROOT, Project

NUMBERS = ("101", "102")


def classify(here: Project, clone: Path, number: str, *more: str) -> str:
    outcome = here.run("classify", number, "--repo", str(clone), "--format", "json", *more)
    assert (outcome.exit_code, outcome.err) == (0, "")
    return outcome.out


@pytest.mark.thorough
def test_two_at_once_on_no_cache_answer_as_one_without(
    minivllm: Path, project: MakeProject, tmp_path: Path
) -> None:
    """Each in a process of its own; the file is whole afterwards and answers the next one."""
    here = project()
    expected = {number: classify(here, minivllm, number, "--no-cache") for number in NUMBERS}
    assert not here.cache.exists()
    command = [sys.executable, "-m", "diffscope", "classify", "--repo", str(minivllm), "--format", "json"]
    running = {
        number: subprocess.Popen(
            [*command, number],
            cwd=here.folder,
            env=here.environment() | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for number in NUMBERS
    }
    answers = {number: process.communicate() for number, process in running.items()}
    assert answers == {number: (answer, "") for number, answer in expected.items()}
    assert [process.returncode for process in running.values()] == [0] * len(NUMBERS)
    connection = sqlite3.connect(here.cache / FILE_NAME)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert classify(here, minivllm, "101") == expected["101"]


def test_a_change_that_was_judged_is_judged_again_by_the_facts_that_are_kept(
    minivllm: Path, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = project()
    expected = classify(here, minivllm, "101")
    monkeypatch.setattr(Workspace, "facts", lambda *_: pytest.fail("the facts are collected again"))
    assert classify(here, minivllm, "101") == expected
    with pytest.raises(pytest.fail.Exception):
        classify(here, minivllm, "101", "--no-cache")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribble(path: Path) -> None:
    path.write_bytes(b"not a database\n" * 400)


@pytest.mark.parametrize("spoil", [cut, scribble], ids=["cut off", "scribbled over"])
def test_a_spoiled_cache_is_made_anew_and_said_once(
    minivllm: Path, project: MakeProject, spoil: Callable[[Path], None]
) -> None:
    here = project()
    first = classify(here, minivllm, "101")
    spoil(here.cache / FILE_NAME)
    outcome = here.run("classify", "101", "--repo", str(minivllm), "--format", "json")
    assert (outcome.exit_code, outcome.out) == (0, first)
    assert len(re.findall(r"(?m)^note: .*made anew", outcome.err)) == 1
    assert classify(here, minivllm, "101") == first


def test_another_program_s_database_is_left_alone(minivllm: Path, project: MakeProject) -> None:
    here = project()
    expected = classify(here, minivllm, "101", "--no-cache")
    here.cache.mkdir()
    connection = sqlite3.connect(here.cache / FILE_NAME)
    connection.execute("CREATE TABLE precious (it TEXT)")
    connection.close()
    before = (here.cache / FILE_NAME).read_bytes()
    outcome = here.run("classify", "101", "--repo", str(minivllm), "--format", "json")
    assert (outcome.exit_code, outcome.out) == (0, expected)
    assert "note: the cache " in outcome.err
    assert (here.cache / FILE_NAME).read_bytes() == before


def test_clearing_while_another_reads_is_safe(minivllm: Path, project: MakeProject) -> None:
    """Its file is gone, and what it has open goes on; afterwards there is a cache again."""
    here = project()
    expected = classify(here, minivllm, "101")
    held = sqlite3.connect(here.cache / FILE_NAME)
    rows = held.execute("SELECT count(*) FROM entry")
    assert here.run("cache", "clear").exit_code == 0
    assert rows.fetchone()[0] > 0
    assert not (here.cache / FILE_NAME).exists()
    assert classify(here, minivllm, "101") == expected
    held.close()
    assert " entries " in here.run("cache", "info").out
