"""Compare diffscope with the facts that single reports state of pull requests of vLLM. Anyone with a clone and such a file can run it:

    python tests/benchmarks/report_facts.py FILE.jsonl --repo PATH [--since 2026-04-20]

A line of the file is ``{"pr": N, "kind": …, "files": [{"path": …, "category"?: …, "type"?: …}], "symbols": […], "merged_at": …}``; paths may be
file names alone. Prints kind accuracy, how many of the listed files are among the top files by importance (top max(3, listed)), how many of the
listed symbols are among the changed ones (and, beside that, among those that are called anew or no more), and agreement on category and change type, misses first. ``--since`` splits what was tuned on
from what was not.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment, FileAssessment, SymbolAssessment
from diffscope.errors import DiffscopeError
from diffscope.workspace import Workspace
from tests.said import sentences

CALLED = frozenset({"called", "no-longer-called"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; 0 when it could be made, whatever it shows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--since", default="9999", help="tally pull requests merged from this day on apart")
    chosen = parser.parse_args(arguments)
    stated = [json.loads(line) for line in chosen.file.read_text("utf-8").splitlines() if line.strip()]
    with Workspace(GitRepository(chosen.repo)) as workspace:
        parts = (
            ("before", [one for one in stated if one["merged_at"] < chosen.since]),
            ("since", [one for one in stated if one["merged_at"] >= chosen.since]),
        )
        for name, part in parts:
            if part:
                print(f"\n{name} {chosen.since}: {len(part)} pull requests")
                for line in compare(workspace, part):
                    print(line)
    return 0


def compare(workspace: Workspace, stated: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Yield misses, then tallies."""
    met: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for one in stated:
        try:
            found = workspace.classify(workspace.clone.pull(one["pr"]))
        except DiffscopeError as error:
            yield f"  {one['pr']}: {error}"
            continue
        for what, is_met, detail in answers(found, one):
            wanted[what] += 1
            met[what] += is_met
            if not is_met:
                yield f"  {one['pr']} {what}: {detail}"
    for what in wanted:
        yield f"{what:28} {met[what]:4} / {wanted[what]:<4} {met[what] / wanted[what]:6.1%}"


def answers(found: Assessment, stated: Mapping[str, Any]) -> Iterable[tuple[str, bool, str]]:
    """Yield what was asked, whether it was met, and what stands in its place."""
    yield (
        "kind",
        found.kind == stated["kind"],
        f"{stated['kind']}, has {found.kind}: {sentences(found.kind_reasons)}",
    )
    top = found.files[: max(3, len(stated["files"]))]
    for listed in stated["files"]:
        same = [file for file in found.files if is_same(file, listed["path"])]
        if not same:
            continue
        yield (
            "key file among the top",
            any(file in top for file in same),
            f"{listed['path']}, importance {same[0].importance}",
        )
        if "category" in listed:
            yield (
                "category",
                same[0].category == listed["category"],
                f"{listed['path']}: {listed['category']}, has {same[0].category}",
            )
        if "type" in listed:
            yield (
                "change type",
                same[0].change_type == listed["type"],
                f"{listed['path']}: {listed['type']}, has {same[0].change_type}",
            )
    changed = _names(symbol for symbol in found.symbols if not CALLED & set(symbol.aspects))
    named = _names(found.symbols)
    for symbol in stated["symbols"]:
        yield "symbol among the changed", symbol in changed, symbol
        yield "... or among the called", symbol in named, symbol


def _names(symbols: Iterable[SymbolAssessment]) -> set[str]:
    # A class is changed when a method of it is; a namespace when a function in it is.
    return {part for symbol in symbols for part in (symbol.name, *re.split(r"\.|::", symbol.name))}


def is_same(file: FileAssessment, path: str) -> bool:
    """Return whether a stated path, maybe a file name alone, is that file."""
    return file.path == path or file.path.endswith(f"/{path}")


if __name__ == "__main__":
    sys.exit(main())
