"""Time of outlines and comparisons on a real clone, beside ``ast.parse`` of the same files in the same run and process.

    DIFFSCOPE_REPO=/path/to/vllm python tests/benchmarks/bench_syntax.py [--changes 60]

Outlines: every Python file under ``vllm/`` and ``tests/`` at HEAD. Comparisons: the files of the newest squash commits.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from diffscope.syntax.compare.compare import compare_python
from diffscope.syntax.native.native import outline_native
from diffscope.syntax.outline.outline import identifiers, outline_python
from diffscope.syntax.parsers import parse_python

NATIVE = (".cu", ".cuh", ".cpp", ".h", ".hpp", ".inl", ".hip")


def main() -> int:
    """Print one line a measure; return 2 without a clone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=60, help="squash commits to compare (default 60)")
    arguments = parser.parse_args()
    named = os.environ.get("DIFFSCOPE_REPO")
    if not named:
        print("set DIFFSCOPE_REPO to a clone of vLLM", file=sys.stderr)
        return 2
    clone = Path(named)
    outlines(clone)
    comparisons(clone, arguments.changes)
    return 0


def outlines(clone: Path) -> None:
    """Measure a whole tree, one file after the other."""
    python = read_files(
        clone, "HEAD", [name for name in names(clone, "HEAD", "vllm", "tests") if name.endswith(".py")]
    )
    native = read_files(
        clone, "HEAD", [name for name in names(clone, "HEAD", "csrc") if name.endswith(NATIVE)]
    )
    size = sum(map(len, python)) / 1e6
    print(
        f"{len(python)} Python files, {size:.1f} MB; {len(native)} native files, {sum(map(len, native)) / 1e6:.1f} MB"
    )
    warnings.simplefilter("ignore")
    parse_python(b"")
    base = measure(ast.parse, python)
    for label, verb, files in (
        ("ast.parse", None, python),
        ("tree-sitter alone", parse_python, python),
        ("outline_python", outline_python, python),
        ("identifiers", identifiers, python),
        ("outline_native", outline_native, native),
    ):
        seconds = base if verb is None else measure(verb, files)
        print(
            f"{label:<20} {seconds:6.2f} s  {seconds / len(files) * 1e3:6.2f} ms a file  {seconds / base:5.2f} of ast.parse"
        )


def comparisons(clone: Path, count: int) -> None:
    """Measure the Python files of single changes, and the changes as a whole."""
    commits = git(clone, "log", "--format=%H", "-n", str(count), "HEAD").split()
    files: list[float] = []
    changes: list[float] = []
    base = 0.0
    for commit in commits:
        pairs = [(before, after) for before, after in sides(clone, commit)]
        took = [measure_one(lambda pair=pair: compare_python(*pair)) for pair in pairs]
        base += sum(measure(parse_quietly, [side for side in pair if side is not None]) for pair in pairs)
        files += took
        changes.append(sum(took))
    total = sum(files)
    print(
        f"compare_python       {total:6.2f} s for {len(files)} files of {len(changes)} changes  {total / base:5.2f} of ast.parse of both sides; "
        f"a change: median {statistics.median(changes) * 1e3:.1f} ms, worst {max(changes) * 1e3:.0f} ms"
    )


def parse_quietly(source: bytes) -> None:
    with contextlib.suppress(SyntaxError):
        ast.parse(source)


def measure(verb: Callable[[bytes], object], files: Iterable[bytes]) -> float:
    start = time.process_time()
    for source in files:
        verb(source)
    return time.process_time() - start


def measure_one(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def names(clone: Path, revision: str, *folders: str) -> list[str]:
    return git(clone, "ls-tree", "-r", "--name-only", "-z", revision, *folders).split("\0")[:-1]


def sides(clone: Path, commit: str) -> list[tuple[bytes | None, bytes | None]]:
    """Return both sides of the Python files of a commit."""
    listing = git(
        clone, "diff-tree", "-r", "-M", "--raw", "--no-commit-id", "--abbrev=40", f"{commit}^", commit
    )
    blobs = []
    for line in listing.splitlines():
        fields, *paths = line.split("\t")
        if paths[-1].endswith(".py"):
            _, _, before, after, _ = fields.split()
            blobs.append((before, after))
    wanted = [blob for pair in blobs for blob in pair if blob.strip("0")]
    data = dict(zip(wanted, read_blobs(clone, wanted), strict=True))
    return [(data.get(before), data.get(after)) for before, after in blobs]


def read_files(clone: Path, revision: str, paths: list[str]) -> list[bytes]:
    return read_blobs(clone, [f"{revision}:{path}" for path in paths])


def read_blobs(clone: Path, objects: list[str]) -> list[bytes]:
    text = "".join(f"{name}\n" for name in objects).encode()
    output = subprocess.run(
        ["git", "-C", clone, "cat-file", "--batch"], input=text, capture_output=True, check=True
    ).stdout
    found, position = [], 0
    for _ in objects:
        end = output.index(b"\n", position)
        size = int(output[position:end].split()[2])
        found.append(output[end + 1 : end + 1 + size])
        position = end + size + 2
    return found


def git(clone: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", clone, *arguments], capture_output=True, check=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
