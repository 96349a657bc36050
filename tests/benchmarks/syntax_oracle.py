"""Comparisons of a real clone's history against ``ast``: prints how many pairs were judged, and every disagreement.

DIFFSCOPE_REPO=/path/to/vllm python -m tests.benchmarks.syntax_oracle [--changes 1000] [--skip 0]
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.bench_syntax import git, read_blobs
from tests.syntax.judging import disagreements

CHUNK = 200
"""Pairs whose blobs are read at once."""


def main() -> int:
    """Return 1 where the two disagree, 2 without a clone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1000, help="squash commits to read (default 1000)")
    parser.add_argument("--skip", type=int, default=0, help="newest squash commits to leave out")
    arguments = parser.parse_args()
    named = os.environ.get("DIFFSCOPE_REPO")
    if not named:
        print("set DIFFSCOPE_REPO to a clone of vLLM", file=sys.stderr)
        return 2
    counts: Counter[str] = Counter()
    for at, (name, before, after) in enumerate(pairs(Path(named), arguments.changes, arguments.skip)):
        if at and at % CHUNK == 0:
            print(f"… {counts['judged']} judged", file=sys.stderr, flush=True)
        found = disagreements(before, after)
        counts["judged" if found is not None else "not read by ast or the grammar"] += 1
        for line in found or ():
            counts[line.split()[0]] += 1
            print(f"{name}: {line}", flush=True)
    print(", ".join(f"{key}: {count}" for key, count in sorted(counts.items())))
    return 1 if counts["missed"] or counts["invented"] else 0


def pairs(clone: Path, changes: int, skip: int = 0) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield the commit and path, and both sides, of every Python file that single commits change."""
    listing = git(
        clone, "log", f"--skip={skip}", "-n", str(changes), "--format=%h", "--raw", "-M", "--abbrev=40", "--no-merges", "HEAD"
    )  # fmt: skip
    rows: list[tuple[str, str, str]] = []
    commit = ""
    for line in listing.splitlines():
        if line.startswith(":"):
            fields, *paths = line.split("\t")
            _, _, before, after, status = fields.split()
            if paths[-1].endswith(".py") and status[0] in "MR":
                rows.append((f"{commit} {paths[-1]}", before, after))
        elif line:
            commit = line
    for at in range(0, len(rows), CHUNK):
        part = rows[at : at + CHUNK]
        blobs = read_blobs(clone, [blob for _, *both in part for blob in both])
        for place, (name, _, _) in enumerate(part):
            if blobs[2 * place] != blobs[2 * place + 1]:
                yield name, blobs[2 * place], blobs[2 * place + 1]


if __name__ == "__main__":
    sys.exit(main())
