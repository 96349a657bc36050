"""Outputs of a workflow step: the job summary, outputs for later steps, files for the artifact."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from diffscope.adapters.output import append_file, encoded, make_folder, write_own_file
from diffscope.adapters.read_file import read_bytes
from diffscope.errors import UsageError
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value

SUMMARY_BYTES = 1024 * 1024
"""More than this of one step GitHub drops as a whole."""

_KEY = lazy_regex(r"[a-z][a-z-]*")
_URL = lazy_regex(r"https?://[\w.:-]+", re.ASCII)
_WORD = lazy_regex(r"[\w./-]+", re.ASCII)


class Runner(Value, frozen=True, kw_only=True):
    """Where the runner wants things; ``None`` for what it does not offer (another CI, a shell)."""

    workspace: Path
    summary: Path | None = None
    output: Path | None = None
    run_url: str | None = None
    """The page of this run, where artifacts hang."""
    folder: Path
    """Where files for the artifact go unless a folder is named: outside the checkout, which a pull request fills."""


def read_runner(environ: Mapping[str, str]) -> Runner:
    """Return what the environment says of the runner."""
    server, name, run = (environ.get(f"GITHUB_{key}", "") for key in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    is_known = _URL.fullmatch(server) and _WORD.fullmatch(name) and run.isdigit()
    temporary = environ.get("RUNNER_TEMP") or tempfile.gettempdir()
    return Runner(
        workspace=Path(environ.get("GITHUB_WORKSPACE") or "."),
        summary=_path(environ.get("GITHUB_STEP_SUMMARY")),
        output=_path(environ.get("GITHUB_OUTPUT")),
        run_url=f"{server}/{name}/actions/runs/{run}" if is_known else None,
        folder=Path(temporary) / "diffscope",
    )


def summary_room(runner: Runner) -> int:
    """Return how many bytes the job summary of this step still takes."""
    try:
        return max(0, SUMMARY_BYTES - runner.summary.stat().st_size) if runner.summary else 0
    except OSError:
        return SUMMARY_BYTES


def append_summary(runner: Runner, text: str) -> None:
    """Add Markdown to the job summary, where there is one. The caller keeps it within ``summary_room``."""
    if runner.summary is not None:
        append_file(
            runner.summary, encoded(text if text.endswith("\n") else f"{text}\n"), what="the job summary"
        )


def append_outputs(runner: Runner, outputs: Mapping[str, str]) -> None:
    """Add outputs for later steps, where the runner takes any: one ``key=value`` line each.

    The multi-line form needs a delimiter that the value cannot hold, and what a later step does with text of a pull request is
    how workflows are taken over. So there is no such form here: values are words of our own, counts and paths, and a
    value with a line break is refused. Everything else is in the JSON file that an output names.
    """
    lines = []
    for key, value in outputs.items():
        if not _KEY.fullmatch(key) or any(
            ord(letter) < 32 or letter in "\x7f\x85\u2028\u2029" for letter in value
        ):
            raise UsageError(
                f"the output {key!r} would break the file of outputs", hint="choose another --output-dir"
            )
        lines.append(f"{key}={value}\n")
    if runner.output is not None:
        append_file(runner.output, encoded("".join(lines)), what="the outputs of the step")


def write_report(folder: Path, files: Mapping[str, str]) -> dict[str, Path]:
    """Write the files of the artifact and return where they are.

    Links are not followed: a pull request may have put one where the folder should be.
    """
    if folder.is_symlink():
        raise UsageError("the folder is a link", at=str(folder), hint="name another: --output-dir DIR")
    make_folder(folder, what="the report")
    for name, text in files.items():
        write_own_file(folder / name, encoded(text), what="the report")
    return {name: folder / name for name in files}


def read_report(path: Path, *, most: int) -> bytes:
    """Return a file of somebody's artifact: a regular file of at most ``most`` bytes."""
    hint = "name assessment.json of the artifact"
    try:
        return read_bytes(path, most=most, hint=hint, kind=UsageError, follows_links=False)
    except FileNotFoundError:
        raise UsageError("cannot be read: no such file", at=str(path), hint=hint) from None


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
