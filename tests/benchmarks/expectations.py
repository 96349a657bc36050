"""Compare diffscope with what published reports say of pull requests and weeks of vLLM. Anyone with a clone can run it:

    python tests/benchmarks/expectations.py --repo PATH [--weeks] [--file fixtures/expectations.yml]

Prints recall of areas and platforms, accuracy of kinds and the flags met over the single pull requests, every miss on a line of its own.
With ``--weeks`` it also reads each week's pull requests: tags, flag families, means, and how many of the named ones rank in the top 24.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.errors import DiffscopeError
from diffscope.rules.model import Severity, every_flag
from diffscope.source.window import days
from diffscope.workspace import Workspace
from diffscope.yaml.strict import plain
from tests.said import sentences
from tests.strict_yaml import load_strict

ROOT = Path(__file__).parents[2]
TOP = 24


class Tally(NamedTuple):
    """How many of the wanted answers were given."""

    name: str
    met: int
    wanted: int
    aim: str = ""

    def __str__(self) -> str:
        share = self.met / self.wanted if self.wanted else 1.0
        return f"{self.name:28} {self.met:4} / {self.wanted:<4} {share:6.1%}  {self.aim}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; 0 when it could be made, whatever it shows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--repo", type=Path, required=True, help="a clone of vLLM that holds the pull requests"
    )
    parser.add_argument("--file", type=Path, default=ROOT / "fixtures" / "expectations.yml")
    parser.add_argument("--weeks", action="store_true", help="read every pull request of the weeks too")
    chosen = parser.parse_args(arguments)
    wanted: Any = plain(load_strict(chosen.file.read_text("utf-8"), at=str(chosen.file)))
    with Workspace(GitRepository(chosen.repo)) as workspace:
        for line in compare_pulls(workspace, wanted["pulls"]):
            print(line)
        for name, week in wanted["weeks"].items() if chosen.weeks else ():
            for line in compare_week(workspace, name, week):
                print(line)
    return 0


def compare_pulls(workspace: Workspace, pulls: Mapping[str, Mapping[str, list[str]]]) -> Iterable[str]:
    """Yield the misses and tallies of the single pull requests."""
    met: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for number, expected in pulls.items():
        try:
            found = workspace.classify(workspace.clone.pull(int(number)))
        except DiffscopeError as error:
            yield f"  {number}: {error}"
            continue
        for what, missed in misses(found, expected).items():
            asked = 1 if what == "kind" else len(expected.get(what, ()))
            wanted[what] += asked
            met[what] += asked - len(missed)
            for miss in missed:
                yield f"  {number} {what}: wants {miss}, has {said(found, what)} ({found.change.pull.title[:60]})"
    for what, aim in (
        ("areas", "aim 95%"),
        ("platforms", "aim 100%"),
        ("kind", "aim 90%"),
        ("flags", "medium and above"),
    ):
        yield str(Tally(what, met[what], wanted[what], aim))


def misses(found: Assessment, expected: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return what is expected and was not answered."""
    areas = {share.area for share in found.areas}
    # A lighter touch is noted, not counted: the reports name what deserves a look.
    families = {flag.family for flag in every_flag(found.flags) if flag.severity.rank >= Severity.MEDIUM.rank}
    return {
        "areas": [area for area in expected.get("areas", ()) if area not in areas],
        "platforms": [one for one in expected.get("platforms", ()) if one not in found.platforms],
        "kind": [] if found.kind in expected["kind"] else ["|".join(expected["kind"])],
        "flags": [flag for flag in expected.get("flags", ()) if not families & set(flag.split("|"))],
    }


def said(found: Assessment, what: str) -> str:
    """Return what was answered, in a line."""
    if what == "areas":
        return ", ".join(f"{share.area} {share.weight:.2f}" for share in found.areas)
    if what == "flags":
        return ", ".join(f"{flag.code} {flag.severity.value}" for flag in found.flags) or "none"
    return (
        ", ".join(found.platforms) or "none"
        if what == "platforms"
        else f"{found.kind}: {sentences(found.kind_reasons)}"
    )


def compare_week(workspace: Workspace, name: str, week: Mapping[str, Any]) -> Iterable[str]:
    """Yield what is known of a week beside what diffscope counts."""
    found = list(read_week(workspace, name))
    yield f"\n{name}: {len(found)} pull requests ({week['source_pulls']} in the report)"
    tags = Counter(tag for one in found for tag in one.tags)
    for tag, count in week["tags"].items():
        yield f"  tag {tag:22} {tags[tag]:4}, report {count} ({tags[tag] / count - 1:+.0%})"
    medium = Counter(
        family
        for one in found
        for family in {
            flag.family for flag in every_flag(one.flags) if flag.severity.rank >= Severity.MEDIUM.rank
        }
    )
    for family, count in week["risks"].items():
        yield f"  family {family:19} {medium[family]:4}, report {count}"
    for score in ("importance", "insight"):
        mean = sum(getattr(one, score).value for one in found) / max(len(found), 1)
        yield f"  mean {score:21} {mean:.2f}, report {week.get(f'mean_{score}', 'silent')}"
    ranked = sorted(found, key=lambda one: (-one.importance.value, one.change.pull.number or 0))
    numbers = [one.change.pull.number for one in ranked]
    yield "  " + str(
        Tally(
            f"named in the top {TOP}",
            sum(n in numbers[:TOP] for n in week["named"]),
            len(week["named"]),
            "aim 85%",
        )
    )
    for number in week["named"]:
        if number not in numbers[:TOP]:
            place = numbers.index(number) + 1 if number in numbers else None
            yield f"    {number} stands at {place}: {next((one.change.pull.title for one in ranked if one.change.pull.number == number), 'not found')}"


def read_week(workspace: Workspace, name: str) -> Iterable[Assessment]:
    """Yield the assessments of what was merged in a week of days in UTC+8, oldest first."""
    first, last = name.split("/")
    for pull in workspace.clone.window(days(first, last, utc_offset="+08:00")):
        try:
            yield workspace.classify(workspace.clone.commit(pull.commit))
        except DiffscopeError as error:
            print(f"  {pull.commit[:12]}: {error}")


if __name__ == "__main__":
    sys.exit(main())
