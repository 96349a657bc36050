"""What a step leaves behind for the runner."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.adapters.events import (
    SUMMARY_BYTES,
    append_outputs,
    append_summary,
    read_report,
    read_runner,
    summary_room,
    write_report,
)
from diffscope.errors import UsageError


def a_runner(folder: Path, **environ: str) -> dict[str, str]:
    return {
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "GITHUB_OUTPUT": str(folder / "output"),
        "RUNNER_TEMP": str(folder / "temp"),
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "a/b",
        "GITHUB_RUN_ID": "12",
        **environ,
    }


def test_the_run_has_a_page(tmp_path: Path) -> None:
    runner = read_runner(a_runner(tmp_path))
    assert runner.run_url == "https://github.com/a/b/actions/runs/12"
    assert runner.folder == tmp_path / "temp" / "diffscope"


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"GITHUB_RUN_ID": "12)](javascript:x"}, id="a run that is no number"),
        pytest.param({"GITHUB_SERVER_URL": "javascript:x"}, id="a server that is no address"),
        pytest.param({"GITHUB_REPOSITORY": "a/b) [x](y"}, id="a name with a link in it"),
        pytest.param({"GITHUB_RUN_ID": ""}, id="no run"),
    ],
)
def test_a_page_that_is_none_is_left_out(environ: dict[str, str], tmp_path: Path) -> None:
    assert read_runner(a_runner(tmp_path, **environ)).run_url is None


def test_elsewhere_there_is_no_runner(tmp_path: Path) -> None:
    runner = read_runner({})
    append_summary(runner, "text")
    append_outputs(runner, {"level": "high"})
    assert (runner.summary, runner.output, summary_room(runner)) == (None, None, 0)


def test_summary_and_outputs_are_added_to_what_is_there(tmp_path: Path) -> None:
    runner = read_runner(a_runner(tmp_path))
    (tmp_path / "summary.md").write_text("before\n")
    (tmp_path / "output").write_text("x=1\n")
    append_summary(runner, "after")
    append_outputs(runner, {"level": "high", "json": "/tmp/a b/x.json"})
    assert (tmp_path / "summary.md").read_text() == "before\nafter\n"
    assert (tmp_path / "output").read_text() == "x=1\nlevel=high\njson=/tmp/a b/x.json\n"
    assert summary_room(runner) == SUMMARY_BYTES - len("before\nafter\n")


@pytest.mark.parametrize("value", ["a\nPATH=/x", "a\rb", "a\x0bb", "a\x85b", "a\u2028b", "a\0b"])
def test_an_output_with_a_line_break_is_refused_and_none_is_written(value: str, tmp_path: Path) -> None:
    runner = read_runner(a_runner(tmp_path))
    with pytest.raises(UsageError, match="would break the file of outputs"):
        append_outputs(runner, {"level": "high", "json": value})
    assert not (tmp_path / "output").exists()


def test_an_output_whose_name_is_odd_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        append_outputs(read_runner(a_runner(tmp_path)), {"a=b\nc": "x"})


def test_a_report_is_written_twice_without_complaint(tmp_path: Path) -> None:
    for text in ("one", "two \ud800"):
        written = write_report(tmp_path / "deep" / "folder", {"a.json": text})
    assert written == {"a.json": tmp_path / "deep" / "folder" / "a.json"}
    assert written["a.json"].read_bytes() == b"two \\ud800"


def test_a_link_in_the_place_of_the_report_is_not_followed(tmp_path: Path) -> None:
    """A pull request can hold symbolic links; the report must not be written through one."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (tmp_path / "report").symlink_to(victim)
    with pytest.raises(UsageError, match="the folder is a link"):
        write_report(tmp_path / "report", {"a.json": "x"})
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.json").symlink_to(victim / "a.json")
    with pytest.raises(UsageError, match="cannot write the report: not a regular file"):
        write_report(tmp_path / "real", {"a.json": "x"})
    assert list(victim.iterdir()) == []


def test_a_file_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write the report"):
        write_report(tmp_path / "file" / "folder", {"a.json": "x"})
    with pytest.raises(UsageError, match="cannot write the job summary"):
        append_summary(
            read_runner(a_runner(tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "no" / "such"))), "x"
        )


def test_a_stored_report_is_read_up_to_its_cap_and_never_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"12345")
    assert read_report(tmp_path / "a.json", most=5) == b"12345"
    with pytest.raises(UsageError, match="more than 4 bytes"):
        read_report(tmp_path / "a.json", most=4)
    (tmp_path / "link.json").symlink_to(tmp_path / "a.json")
    with pytest.raises(UsageError, match="cannot be read"):
        read_report(tmp_path / "link.json", most=5)
    with pytest.raises(UsageError, match="cannot be read"):
        read_report(tmp_path, most=5)
