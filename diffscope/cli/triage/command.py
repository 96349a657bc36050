"""``diffscope triage``: open changes compared with each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import msgspec

from diffscope.adapters.git.branches import MergeCase, try_merges
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.open_pulls import read_open_pulls
from diffscope.adapters.output import encoded, write_file
from diffscope.batch.run import Batch
from diffscope.cli import options
from diffscope.cli.console import DONE, Console, Progress
from diffscope.cli.gather import need_clone
from diffscope.cli.open_workspace import RuleOptions, open_workspace
from diffscope.cli.options import Output
from diffscope.cli.publish import WidthLimits, check_outputs, style_of, write_stdout
from diffscope.cli.triage.sources import (
    OpenList,
    github_as_open,
    merged_as_open,
    merged_lately,
    saved_as_open,
)
from diffscope.errors import DiffscopeError, UsageError
from diffscope.messages.model import Language, Text
from diffscope.products.triage.candidates import Candidate, read_candidate
from diffscope.products.triage.model import Conflict, Triage, TriageGap
from diffscope.products.triage.needs import mirrored_by
from diffscope.products.triage.queue import load_of
from diffscope.products.triage.render import FORMATS
from diffscope.products.triage.triage import DAY, Relations, build_triage, meets_within
from diffscope.render.formats.json import indented
from diffscope.source.profile import places
from diffscope.source.text import decode, split_lines
from diffscope.taxonomy.model import OTHER, Taxonomy
from diffscope.workspace import Workspace
from diffscope.yaml.reading import nearest

FORMS = ("text", "json", "markdown", "html")
"""The names in ``diffscope.products.triage.render.FORMATS``; a test compares the two."""


@click.command()
@options.repository_option
@click.option(
    "--base",
    metavar="REF",
    help="Branch that they are to be merged into. Default: the main branch of the clone.",
)
@click.option(
    "--list",
    "listed",
    type=options.FILE,
    metavar="FILE",
    help="A saved list of open pull requests (docs/triage.md), whose heads the clone has; GitHub is not asked.",
)
@click.option(
    "--save-list", type=options.FILE, metavar="FILE", help="Save the list that GitHub gave, for --list."
)
@click.option(
    "--range",
    "window",
    metavar="A..B",
    help="Compare the changes merged after A, up to B, as if all were open.",
)
@click.option(
    "--within",
    type=click.FloatRange(0),
    metavar="DAYS",
    help="With --range: compare changes merged within this many days of each other.  [default: 3]",
)
@click.option(
    "--closed",
    type=click.FloatRange(0),
    default=14.0,
    show_default=True,
    metavar="DAYS",
    help="Also compare with pull requests merged or closed in the last DAYS days, to find repeated work; 0 for none.",
)
@click.option(
    "--area", "areas", multiple=True, metavar="AREA", help="Show only changes of this area. Repeatable."
)
@click.option(
    "--label", "labels", multiple=True, metavar="LABEL", help="Show only changes with this label. Repeatable."
)
@click.option(
    "--newer-than",
    type=click.FloatRange(0),
    metavar="DAYS",
    help="Show only changes opened at most this many days before the newest.",
)
@click.option(
    "--format",
    "forms",
    type=options.OutputType(FORMS, of="a triage"),
    multiple=True,
    metavar="FORMAT[:FILE]",
    help=f"{', '.join(FORMS)}. Several: --format json:t.json --format html:t.html. [default: text]",
)
@options.language_option
@options.workers_option
@options.rules_option
@options.selection_options
@options.cache_option
@options.verbosity_options
def triage(*, repo: Path | None, forms: tuple[Output, ...], console: Console, **asked: Any) -> int:
    """Compare open pull requests with each other: semantic conflicts, duplicates, order, and a queue for reviewers.

    They come from GitHub, from a saved list, or from a range of merged changes that are treated as open. Results are stored by head
    commit: an interrupted run continues where it stopped.
    """
    run_triage(TriageRequest(**asked), repo, forms, console)
    return DONE


_DAYS: Final = 3.0
_MIRRORS: Final = r"([Mm]irrors?|[Ii]n sync with|[Mm]ust (match|not disagree)).*[A-Z][A-Za-z0-9_]*\.[a-z_]+"
"""What a docstring or a comment says of a second copy of something."""
_COLUMNS: Final = WidthLimits(fewest=80, most=140, elsewhere=110)
_MOST_MERGES: Final = 2_000
"""Merges that git is asked for: of pairs those that break first, into the base those that are listed first."""


class TriageRequest(NamedTuple):
    """What the command line asks for: a field for each of its options."""

    base: str | None = None
    listed: Path | None = None
    save_list: Path | None = None
    window: str | None = None
    within: float | None = None
    closed: float = 14.0
    areas: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    newer_than: float | None = None
    lang: str = "en"
    workers: int | None = None
    rule_folders: tuple[Path, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    use_cache: bool = True


def run_triage(asked: TriageRequest, repo: Path | None, forms: Sequence[Output], console: Console) -> None:
    """Write the triage that is asked for.

    Raises:
        DiffscopeError: there is no clone, or no list of open changes.
    """
    outputs = tuple(forms) or (Output("text", None),)
    check_outputs(outputs)
    clone = need_clone(repo)
    with (
        clone,
        open_workspace(
            clone, RuleOptions(asked.rule_folders, asked.select, asked.ignore, asked.use_cache)
        ) as workspace,
        Batch(workspace, workers=asked.workers) as batch,
        console.resumable(),
    ):
        check_areas(asked.areas, workspace.knowledge.taxonomy)
        listed = list_open(asked, workspace, clone, console)
        listed = with_merges(clone, listed)
        candidates, gaps = judge_open(batch, listed, console)
        files = frozenset(path for one in candidates for path in one.files if not path.startswith("docs/"))
        closed, more = judge_open(batch, merged_lately(clone, listed, asked.closed, files), console)
        candidates, gaps = (*candidates, *closed), (*gaps, *more)
        said = read_mirrors(clone, listed.tip or next((wanted.commit for wanted in listed.wanted), None))
        candidates = tuple(mirrored_by(one, said) for one in candidates)
        for note in batch.notes:
            console.note(note)
        within = _DAYS if asked.within is None else asked.within
        found = Relations(candidates, meets_within(within), meets_within(max(within, asked.closed)))
        found.conflicts = with_textual(clone, candidates, found.conflicts)
        triage = build_triage(
            candidates,
            found,
            repository=listed.repository,
            base=listed.base,
            gaps=(*listed.gaps, *gaps),
            merged=listed.tip is None,
        )
    shown = narrowed(triage, asked)
    if triage.queue and not shown.queue:
        console.note(
            f"none of the {triage.changes} changes is of what --area, --label and --newer-than ask for"
        )
    for output in outputs:
        style = style_of(output.file, _COLUMNS, language=Language(asked.lang))
        text = FORMATS[output.form](shown, msgspec.structs.replace(style, is_verbose=console.level > 0))
        if output.file is None:
            write_stdout(text, is_for_people=output.form == "text")
        else:
            write_file(output.file, encoded(text))


def check_areas(asked: Sequence[str], taxonomy: Taxonomy) -> None:
    """Raise ``UsageError`` for an area that the tables do not have."""
    known = {OTHER, *(area.name for area in taxonomy.tables.areas.areas)}
    for area in asked:
        if area not in known:
            raise UsageError(
                f"unknown area {area!r}", hint=nearest(area, known) or f"known: {', '.join(sorted(known))}"
            )


def list_open(asked: TriageRequest, workspace: Workspace, clone: GitRepository, console: Console) -> OpenList:
    """Return the open changes: of a range of merged ones, of a saved list, or of GitHub.

    Raises:
        DiffscopeError: there is no such range or list, or GitHub gives none.
    """
    if asked.window is not None and asked.listed is not None:
        raise UsageError("--range and --list exclude each other", hint="ask for one of them")
    if asked.save_list is not None and (asked.window is not None or asked.listed is not None):
        raise UsageError(
            "--save-list keeps what GitHub gives; --range and --list do not ask it",
            hint="leave out --save-list",
        )
    if asked.window is not None:
        return merged_as_open(asked.window, workspace, clone)
    if asked.listed is not None:
        return saved_as_open(read_open_pulls(asked.listed), asked.base, clone)
    pulls, lost = github_as_open(asked.base, clone, workspace.cache, console, closed_days=asked.closed)
    if asked.save_list is not None:
        # Save a list.
        write_file(asked.save_list, encoded(indented(pulls)))
    return saved_as_open(pulls, asked.base, clone, lost)


def judge_open(
    batch: Batch, listed: OpenList, console: Console
) -> tuple[tuple[Candidate, ...], tuple[TriageGap, ...]]:
    """Return what is compared of each change that could be judged, and the others as gaps."""
    candidates, gaps = list[Candidate](), list[TriageGap]()
    with Progress("judging", console) as progress:
        for at, judged in enumerate(batch.judge(listed.wanted, progress=progress), start=1):
            wanted = judged.wanted
            number = wanted.number or -at
            if judged.assessment is not None:
                try:
                    facts = batch.facts(wanted)
                except DiffscopeError as error:
                    gaps.append(
                        TriageGap(number=wanted.number or None, reason=Text(en=str(error), zh=str(error)))
                    )
                    continue
                candidates.append(read_candidate(facts, judged.assessment, number, listed.states.get(wanted)))
            elif judged.gap is not None:
                reason = judged.gap.reason
                gaps.append(TriageGap(number=wanted.number or None, reason=Text(en=reason, zh=reason)))
    return tuple(candidates), tuple(gaps)


def read_mirrors(clone: GitRepository, commit: str | None) -> list[tuple[str, str]]:
    """Return the lines of the product's Python that say that they mirror a member of a class: ``path:line`` and the text."""
    if commit is None:
        return []
    folders = [folder.rstrip("/") for folder in places().packages]
    found = run(clone.objects, "grep", "-n", "-I", "-E", "-e", _MIRRORS, commit, "--", *folders)
    lines = (line.split(":", 3) for line in split_lines(decode(found.out)))
    return [(f"{each[1]}:{each[2]}", each[3]) for each in lines if len(each) == 4 and each[1].endswith(".py")]


def with_merges(clone: GitRepository, listed: OpenList) -> OpenList:
    """Return the list with whether git merges each change into the base as that stands."""
    if listed.tip is None:
        return listed
    opened = [wanted for wanted in listed.wanted if not listed.states[wanted].closed_at]
    asked = opened[:_MOST_MERGES]
    bases = [listed.states[wanted].branched_at or wanted.commit for wanted in asked]
    cases = [MergeCase(base, listed.tip, wanted.commit) for base, wanted in zip(bases, asked, strict=True)]
    states = dict(listed.states)
    for wanted, is_clean in zip(asked, try_merges(clone, cases), strict=True):
        states[wanted] = msgspec.structs.replace(states[wanted], merges=is_clean)
    return listed._replace(states=states)


def with_textual(
    clone: GitRepository, candidates: Sequence[Candidate], conflicts: Sequence[Conflict]
) -> tuple[Conflict, ...]:
    """Return the conflicts, each with whether git cannot merge the two either."""
    known = {one.number: one for one in candidates if not one.state.closed_at}
    cases: dict[frozenset[int], MergeCase] = {}
    for one in conflicts:
        case = _case(known[one.first], known[one.second])
        if case is not None and len(cases) < _MOST_MERGES:
            cases[frozenset((one.first, one.second))] = case
    merges = dict(zip(cases, try_merges(clone, list(cases.values())), strict=True))
    found = []
    for one in conflicts:
        is_clean = merges.get(frozenset((one.first, one.second)))
        found.append(msgspec.structs.replace(one, is_textual=None if is_clean is None else not is_clean))
    # What git cannot merge it says itself: what it merges comes first.
    return tuple(sorted(found, key=lambda one: (one.certainty != "breaks", one.is_textual is True)))


def _case(one: Candidate, other: Candidate) -> MergeCase | None:
    left, right = one.state.merged_at, other.state.merged_at
    if left is not None and right is not None:
        # The later one was merged onto the earlier one: they are apart where that can be taken out from under it.
        first, then = (one, other) if left <= right else (other, one)
        return (
            MergeCase(first.head, then.head, first.base) if first.head and then.head and first.base else None
        )
    bases = [
        (each.state.branched_on, each.state.branched_at)
        for each in (one, other)
        if each.state.branched_on is not None and each.state.branched_at is not None
    ]
    if len(bases) < 2 or not one.head or not other.head:
        return None
    # Both branches left one line of commits: what they have in common is where the older one left it.
    return MergeCase(min(bases)[1], one.head, other.head)


def narrowed(triage: Triage, asked: TriageRequest) -> Triage:
    """Return the triage with the changes that the filters keep, and what is said of at least one of them."""
    if not (asked.areas or asked.labels or asked.newer_than is not None):
        return triage
    newest = max((entry.opened_at or "" for entry in triage.queue), default="")
    queue = tuple(
        entry
        for entry in triage.queue
        if (not asked.areas or set(asked.areas) & set(entry.areas))
        and (not asked.labels or set(asked.labels) & set(entry.labels))
        and (asked.newer_than is None or _days_between(entry.opened_at, newest) <= asked.newer_than)
    )
    kept = {entry.number for entry in queue}
    return msgspec.structs.replace(
        triage,
        queue=queue,
        owners=load_of(queue, "owners"),
        areas=load_of(queue, "areas"),
        conflicts=tuple(one for one in triage.conflicts if {one.first, one.second} & kept),
        duplicates=tuple(one for one in triage.duplicates if {one.first, one.second} & kept),
        order=tuple(one for one in triage.order if {one.first, one.then} & kept),
    )


def _days_between(earlier: str | None, later: str) -> float:
    try:
        span = datetime.fromisoformat(later) - datetime.fromisoformat(earlier or "")
    except ValueError:
        return 0.0
    return span.total_seconds() / DAY
