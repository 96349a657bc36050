"""Runs the command line on a project made from strings, in this process or in one of its own.

::

    outcome = project({"a.patch": "..."}).run("classify", "--diff", "a.patch")
    assert outcome == Outcome(exit_code=0, out="...", err="...")
"""

from __future__ import annotations

import io
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from diffscope.cli.main import main
from tests.builders import write_files

ROOT = Path(__file__).resolve().parents[2]
OTHER_SEED = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
"""A seed of hashing that this process does not have."""
_KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "SYSTEMROOT")


class Outcome(NamedTuple):
    """What a command did."""

    exit_code: int
    out: str
    err: str


class Project:
    """A folder with files, a cache of its own, and nothing of the environment of whoever runs the tests."""

    def __init__(self, folder: Path, files: Mapping[str, str | bytes | None]) -> None:
        self.folder = folder / "project"
        self.cache = folder / "cache"
        self.folder.mkdir(parents=True, exist_ok=True)
        write_files(self.folder, files)

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environ: Mapping[str, str] | None = None,
        encoding: str = "utf-8",
    ) -> Outcome:
        """Run in this process. stdout and stderr are no terminals and have ``encoding``."""
        return run_here(arguments, self.folder, self.environment(environ), stdin=stdin, encoding=encoding)

    def start(self, *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None) -> Outcome:
        """Run in a process of its own: for start-up, hash seeds and closed pipes."""
        done = subprocess.run(
            [sys.executable, "-m", "diffscope", *arguments],
            cwd=self.folder,
            env=self.environment(environ) | {"PYTHONPATH": str(ROOT)},
            input=stdin,
            capture_output=True,
            check=False,
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return what a command sees of the environment: little of ours, no network, a cache of its own."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        # No request leaves the machine: the address answers nobody.
        offline = {"DIFFSCOPE_API_URL": "http://127.0.0.1:9"}
        return kept | offline | {"DIFFSCOPE_CACHE_DIR": str(self.cache)} | dict(more or {})


def run_here(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    stdin: bytes = b"",
    encoding: str = "utf-8",
) -> Outcome:
    """Run the command line in this process, in ``folder`` and with nothing but ``environment``."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n") for _ in range(2))
    code = run_on(arguments, folder, environment, out, err, stdin=stdin)
    return Outcome(code, _text(out, encoding), _text(err, encoding))


def run_on(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    out: io.TextIOWrapper,
    err: io.TextIOWrapper,
    *,
    stdin: bytes = b"",
) -> int:
    """Run in this process with these streams as stdout and stderr, and return the exit code."""
    with _standing_in(folder, environment), _streams(stdin, out, err):
        return main(arguments)


def run_script(file: Path, *arguments: str, environment: Mapping[str, str]) -> Outcome:
    """Run a Python program as it stands, in this process and in its folder."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in range(2))
    before = sys.argv
    sys.argv = [file.name, *arguments]
    try:
        with _standing_in(file.parent, environment), _streams(b"", out, err):
            runpy.run_path(file.name, run_name="__main__")
    finally:
        sys.argv = before
    return Outcome(0, _text(out, "utf-8"), _text(err, "utf-8"))


@contextmanager
def _standing_in(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    before, variables = Path.cwd(), dict(os.environ)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(variables)


@contextmanager
def _streams(stdin: bytes, out: io.TextIOWrapper, err: io.TextIOWrapper) -> Iterator[None]:
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"), out, err
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def _text(stream: io.TextIOWrapper, encoding: str) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode(encoding)
