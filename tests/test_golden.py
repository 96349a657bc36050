"""The golden runs are what the code gives now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden import FOLDER, RUNS, Run, perform


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One project for all runs, as for the command that writes the files."""
    return tmp_path_factory.mktemp("golden")


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.file)
def test_golden_run(run: Run, minivllm: Path, folder: Path) -> None:
    """The whole result, byte for byte, is the one in the file; `just generate` writes it anew, a review reads it."""
    outcome = perform(run, minivllm, folder)
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert outcome.out == (FOLDER / run.file).read_text(encoding="utf-8"), (
        "run `just generate` and read the difference"
    )


def test_golden_files_are_few_and_short() -> None:
    """Nobody reviews a golden file of a thousand lines; a file that no run writes is dead."""
    files = {
        file.name: file.read_text(encoding="utf-8").count("\n")
        for file in FOLDER.iterdir()
        if file.name != ".gitkeep"
    }
    assert set(files) == {run.file for run in RUNS}
    assert {name: lines for name, lines in files.items() if lines > 320} == {}
