"""Lay the digest of a week beside the figures of the published weekly. Anyone with a clone can run it:

    python tests/benchmarks/report_figures.py --repo PATH [--digest FILE ...] [--file fixtures/expectations.yml] [--show]

Prints a row a figure: published, ours, the difference in per cent, and whether it is within 15 %. ``--digest`` reads digests that were
written before (``diffscope report --format json:FILE``) instead of making them; ``--show`` adds the pull requests behind each of ours.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import diffscope
from diffscope.products.report.model import Digest
from diffscope.yaml.strict import plain
from tests.strict_yaml import load_strict

ROOT = Path(__file__).parents[2]
NEAR = 0.15


class Row(NamedTuple):
    """One figure of a week."""

    name: str
    published: float
    ours: float
    pulls: tuple[int, ...] = ()
    is_aimed: bool = True
    """Whether 15 % are asked of it; a score of another formula is only shown."""

    @property
    def share(self) -> float:
        """The difference, as a share of the published figure."""
        return (self.ours - self.published) / self.published

    @property
    def is_near(self) -> bool:
        """Whether it is within what is asked."""
        return not self.is_aimed or abs(self.share) <= NEAR


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 1 where a figure is off by more than 15 %."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", type=Path, help="a clone of vLLM")
    parser.add_argument("--file", type=Path, default=ROOT / "fixtures" / "expectations.yml")
    parser.add_argument("--digest", type=Path, nargs="*", default=[], help="digests written before")
    parser.add_argument("--show", action="store_true", help="the pull requests behind each figure")
    chosen = parser.parse_args(arguments)
    weeks: Any = plain(load_strict(chosen.file.read_text("utf-8"), at=str(chosen.file)))["weeks"]
    written = [msgspec.json.decode(file.read_bytes(), type=Digest) for file in chosen.digest]
    by_window = {f"{each.period.since}/{each.period.until}": each for each in written}
    is_near = True
    for window, published in weeks.items():
        digest = by_window.get(window) or diffscope.report(window, repo=chosen.repo)
        print(f"\n{window}\n{'':28}{'published':>10}{'ours':>8}{'off':>8}")
        for row in rows(published, digest):
            mark = "" if row.is_near else "  <- more than 15 %"
            print(f"{row.name:28}{row.published:10g}{row.ours:8g}{row.share:8.1%}{mark}")
            if chosen.show and row.pulls:
                print(f"{'':30}{' '.join(map(str, row.pulls))}")
            is_near = is_near and row.is_near
        for line in named(published, digest):
            print(line)
    return not is_near


def rows(published: Mapping[str, Any], digest: Digest) -> Iterator[Row]:
    """Yield the figures that both have."""
    yield Row("source pull requests", published["source_pulls"], digest.source_pulls)
    tags = {tag.name: tag for tag in digest.top_tags}
    for name, count in published.get("tags", {}).items():
        found = tags.get(name)
        yield Row(f"tag {name}", count, found.count if found else 0, found.pulls if found else ())
    for name, count in published.get("hot_files", {}).items():
        hot = next((file for file in digest.hot_files if file.path == name), None)
        yield Row(name.rpartition("/")[2], count, hot.count if hot else 0, hot.pulls if hot else ())
    if top := published.get("top_author"):
        first = digest.authors[0]
        yield Row(f"top author {first.login or first.name}", top["pulls"], first.count, first.pulls)
    risks = {risk.name: risk for risk in digest.top_risks}
    for name, count in published.get("risks", {}).items():
        risk = risks.get(name)
        yield Row(
            f"risk {name}", count, risk.count if risk else 0, risk.pulls if risk else (), is_aimed=False
        )
    for name in ("mean_importance", "mean_insight"):
        if name in published:
            yield Row(name.replace("_", " "), published[name], getattr(digest, name), is_aimed=False)


def named(published: Mapping[str, Any], digest: Digest) -> Iterator[str]:
    """Yield which of what the weekly names stands among ours."""
    wanted = published["named"]
    ours = list(digest.highlights)
    met = [number for number in wanted if number in ours]
    missed = [number for number in wanted if number not in ours]
    yield f"named among our {len(ours)} highlights: {len(met)} of {len(wanted)}; not: {' '.join(map(str, missed)) or 'none'}"
    if files := published.get("hot_files_named"):
        hot = [file.path for file in digest.hot_files]
        found = [name for name in files if any(path.endswith(name) for path in hot)]
        yield f"named files among our {len(hot)} hot files: {len(found)} of {len(files)}; {' '.join(found)}"


if __name__ == "__main__":
    sys.exit(main())
