"""How well the scores order pull requests that vLLM's release notes name. Anyone with a clone can run it:

    diffscope classify --repo PATH --range A..B --format jsonl > window.jsonl
    python tests/benchmarks/ranking.py window.jsonl [--notes fixtures/release_notes.yml] [--before 2026-04-20]

Prints for each score, beside plain added source lines, how often a named pull request stands above one that is not (AUC, with DeLong's 95%
interval and the difference of the pair), for all that a release names and for its highlights alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from diffscope.assessment.document import Assessment
from diffscope.facts.classify.change_shape import PRODUCT
from diffscope.products.backtest.measure import rankings
from diffscope.products.backtest.model import Rankings
from diffscope.yaml.strict import plain
from tests.strict_yaml import load_strict

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; 0 when it could be made, whatever it shows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("window", type=Path, help="assessments, one a line")
    parser.add_argument("--notes", type=Path, default=ROOT / "fixtures" / "release_notes.yml")
    parser.add_argument("--before", default="9999", help="leave out what was merged from this day on")
    chosen = parser.parse_args(arguments)
    notes: Any = plain(load_strict(chosen.notes.read_text("utf-8"), at=str(chosen.notes)))
    decoder = msgspec.json.Decoder(Assessment)
    every = [decoder.decode(line) for line in chosen.window.read_bytes().splitlines() if line.strip()]
    kept = [one for one in every if (one.change.pull.merged_at or "") < chosen.before]
    for line in compare(kept, notes["releases"]):
        print(line)
    return 0


def compare(assessments: Sequence[Assessment], releases: dict[str, dict[str, list[Any]]]) -> Iterable[str]:
    """Yield one line for each score and label."""
    added = [
        float(sum(file.additions for file in one.files if file.category in PRODUCT)) for one in assessments
    ]
    for label in ("named", "highlights"):
        numbers = {int(number) for release in releases.values() for number in release[label]}
        hits = [one.change.pull.number in numbers for one in assessments]
        yield f"{label}: {sum(hits)} of {len(hits)} pull requests"
        for score in ("importance", "insight"):
            found = rankings([getattr(one, score).value for one in assessments], added, hits)
            yield f"  {score:11} {said(found)}" if found else f"  {score}: too few"


def said(found: Rankings) -> str:
    """Return three AUC in a line."""
    parts = (("", found.importance), ("added lines ", found.added_lines), ("difference ", found.difference))
    return ", ".join(f"{name}{one.auc:.3f} ({one.low:.3f} to {one.high:.3f})" for name, one in parts)


if __name__ == "__main__":
    sys.exit(main())
