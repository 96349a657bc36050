"""Judge the hand-read pull requests of fixtures/verdicts.yml again. Anyone with a clone can run it:

    python tests/benchmarks/precision.py --repo PATH [--file fixtures/verdicts.yml] [--severity medium]

Prints precision per family and per rule (flags that were read as right, of all read flags that still fire) of each sample, since only what
nobody tuned on tells how good the rules are, and every verdict whose flag changed: a wrong flag that is gone, a right one that is gone, a
missed one that now fires, and, of the pull requests that were read as wholes, a flag that nobody has read.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from diffscope.adapters.config.rule_files import load_rules
from diffscope.adapters.git.repository import GitRepository
from diffscope.errors import DiffscopeError
from diffscope.facts.model import ChangeFacts
from diffscope.rules.engine.evaluate import evaluate
from diffscope.rules.language.catalogue import Catalogue, Stage
from diffscope.rules.model import Severity
from diffscope.workspace import Workspace
from diffscope.yaml.strict import plain
from tests.strict_yaml import load_strict

ROOT = Path(__file__).parents[2]
TUNED = "tuned"
"""The sample of a verdict that names none."""


class Verdicts(NamedTuple):
    """The file's content: flags read, and pull requests read that had none."""

    flagged: tuple[Mapping[str, Any], ...]
    unflagged: tuple[Mapping[str, Any], ...]


class Fired(NamedTuple):
    """What fires now: the codes of each pull request at the severity asked for, and the family of each code."""

    codes: Mapping[int, frozenset[str]]
    families: Mapping[str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge again and print; 0 when it could be done, whatever it shows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--repo", type=Path, required=True, help="a clone of vLLM that holds the pull requests"
    )
    parser.add_argument("--file", type=Path, default=ROOT / "fixtures" / "verdicts.yml")
    parser.add_argument("--severity", choices=[one.value for one in Severity], default="medium")
    chosen = parser.parse_args(arguments)
    verdicts = read_verdicts(chosen.file)
    with Workspace(GitRepository(chosen.repo)) as workspace:
        facts = ((number, workspace.facts(workspace.clone.pull(number))) for number in numbers(verdicts))
        fired = fire(load_rules(), facts, least=Severity(chosen.severity))
    for line in report(verdicts, fired):
        print(line)
    return 0


def read_verdicts(path: Path) -> Verdicts:
    """Return the verdicts of a file."""
    content: Any = plain(load_strict(path.read_text("utf-8"), at=str(path)))
    return Verdicts(tuple(content["flagged"]), tuple(content["unflagged"]))


def numbers(verdicts: Verdicts) -> tuple[int, ...]:
    """Return every pull request that was read, in order."""
    return tuple(sorted({int(one["number"]) for one in (*verdicts.flagged, *verdicts.unflagged)}))


def fire(catalogue: Catalogue, facts: Iterable[tuple[int, ChangeFacts]], *, least: Severity) -> Fired:
    """Return what fires on each change at that severity or above, rules in preview left out. Pure."""
    preview = {rule.code for rule in catalogue.rules if rule.status.stage is not Stage.STABLE}
    codes: dict[int, frozenset[str]] = {}
    for number, one in facts:
        flags = evaluate(catalogue, one).flags
        codes[number] = frozenset(
            flag.code for flag in flags if flag.severity.rank >= least.rank and flag.code not in preview
        )
    return Fired(codes, {rule.code: rule.family for rule in catalogue.rules})


def report(verdicts: Verdicts, fired: Fired) -> Iterator[str]:
    """Yield the lines of the report: precision of each sample by family and rule, then each verdict that changed. Pure."""
    for sample in sorted({sample_of(one) for one in (*verdicts.flagged, *verdicts.unflagged)}):
        read = [one for one in verdicts.flagged if sample_of(one) == sample]
        for title, keys in (("family", fired.families), ("rule", {code: code for code in fired.families})):
            yield f"{f'{sample}, by {title}':24} {'right':>5} / read   precision   first reading"
            yield from _precision(read, fired, keys)
        yield from _missed(verdicts.unflagged, fired, sample)
    yield "changed since the reading"
    yield from _changes(verdicts, fired)


def sample_of(verdict: Mapping[str, Any]) -> str:
    """Return the sample that a verdict belongs to."""
    return str(verdict.get("sample", TUNED))


def _precision(read: Sequence[Mapping[str, Any]], fired: Fired, keys: Mapping[str, str]) -> Iterator[str]:
    now, first = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in read:
        for key in (keys.get(one["code"], "retired"), "all"):
            first[key, one["verdict"]] += 1
            now[key, one.get("since", one["verdict"])] += one["code"] in fired.codes[int(one["number"])]
    for key in sorted({key for key, _ in first}):
        right, still = now[key, "right"], now[key, "right"] + now[key, "wrong"]
        then = first[key, "right"] + first[key, "wrong"]
        share = f"{right / still:9.2f}" if still else "     none"
        yield f"{key:24} {right:5} / {still:<5} {share}   {first[key, 'right'] / then:9.2f} of {then}"


def _missed(unflagged: Iterable[Mapping[str, Any]], fired: Fired, sample: str) -> Iterator[str]:
    read = [one for one in unflagged if sample_of(one) == sample]
    missed = [one for one in read if one["verdict"] == "missed"]
    still = sum(not _is_found(one, fired) for one in missed)
    if read:
        yield f"without flags: {len(read)} read, {len(missed)} missed something, {still} still"


def _is_found(one: Mapping[str, Any], fired: Fired) -> bool:
    return one["family"] in {fired.families[code] for code in fired.codes[int(one["number"])]}


def _changes(verdicts: Verdicts, fired: Fired) -> Iterator[str]:
    read = {(int(one["number"]), one["code"]): one["verdict"] for one in verdicts.flagged}
    for (number, code), verdict in sorted(read.items()):
        if code not in fired.codes[number]:
            yield f"{number} {code} was {verdict} and no longer fires"
    # Outside the tuned weeks some pull requests were read for a rare rule alone.
    wholes = {
        int(one["number"]) for one in (*verdicts.flagged, *verdicts.unflagged) if sample_of(one) == TUNED
    }
    for number, codes in sorted(fired.codes.items()):
        for code in sorted(codes if number in wholes else ()):
            if (number, code) not in read:
                yield f"{number} {code} fires and was not read"
    for one in verdicts.unflagged:
        if one["verdict"] == "missed":
            state = "found now" if _is_found(one, fired) else "still missed"
            yield f"{one['number']} {one['family']} {state}: {one['reason']}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DiffscopeError as error:
        sys.exit(str(error))
