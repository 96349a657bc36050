"""``diffscope classify``: one change, or every change of a range, to an assessment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffscope.cli import options
from diffscope.cli.console import DONE, FINDINGS, Console
from diffscope.cli.gather import SOURCES, Request, check, find_clone, gather
from diffscope.cli.options import Output, Shard, Sharing, shard_option
from diffscope.errors import InternalError, SourceError, UsageError
from diffscope.render.formats.table import RENDERERS

if TYPE_CHECKING:
    from diffscope.assessment.document import Assessment
    from diffscope.batch.judging import Wanted
    from diffscope.cli.open_workspace import RuleOptions
    from diffscope.workspace import Workspace


@click.command()
@click.argument("target", required=False, metavar="[PR|URL|BRANCH|COMMIT|-]")
@options.repository_option
@click.option(
    "--diff",
    metavar="FILE",
    help="Patch file; - is standard input. In a clone it is applied to --base, HEAD or main.",
)
@click.option("--base", metavar="REF", help="Commit or branch to compare with. Default: the main branch.")
@click.option(
    "--head",
    metavar="REF",
    help="Commit or branch to classify, from its merge base with --base. Default: HEAD.",
)
@click.option("--worktree", is_flag=True, help="Uncommitted changes, compared with --base or HEAD.")
@click.option(
    "--range", "window", metavar="A..B", help="Every change merged after commit A, up to B, one by one."
)
@click.option(
    "--source",
    type=click.Choice(SOURCES),
    default="auto",
    show_default=True,
    help="Where to look for a pull request; auto tries the others in this order.",
)
@click.option(
    "--against",
    metavar="REF",
    help="Also list conflicts with another commit, such as main today: names that the change uses and that are gone or different there.",
)
@options.output_options
@options.language_option
@options.fail_on_option
@click.option(
    "--record",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also write the facts to DIR.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Worker processes for a --range.  [default: the number of cores]",
)
@options.cluster_option
@shard_option
@options.rules_option
@options.selection_options
@options.cache_option
@options.verbosity_options
def classify(
    *,
    target: str | None,
    repo: Path | None,
    diff: str | None,
    base: str | None,
    head: str | None,
    worktree: bool,
    window: str | None,
    source: str,
    against: str | None,
    outputs: tuple[Output, ...],
    output: Path | None,
    lang: str,
    fail_on: str,
    record: Path | None,
    rule_folders: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    use_cache: bool,
    workers: int | None,
    cluster: str | None,
    shard: Shard | None,
    console: Console,
) -> int:
    """Classify one change, or every change of a range.

    PR is a number (38450) or owner/repo#N. A branch is compared with its merge base with main, a commit with its
    parent; - reads a patch from standard input. A pull request is looked for in the local clone, then on GitHub,
    then in the facts recorded with diffscope, which is reported on stderr.
    """
    # A wrong command line is reported before anything heavy is imported.
    request = check(Request(target, diff, base, head, worktree, window, source, against=against))
    if record is not None and request.is_window:
        raise UsageError("--record is for one change", hint="leave out --range")
    if shard is not None and not request.is_window:
        raise UsageError("--shard takes a part of a range", hint="--range A..B --shard 3/16")
    from diffscope.cli.console import Progress
    from diffscope.cli.open_workspace import RuleOptions, open_workspace
    from diffscope.cli.publish import Publisher, outputs_of
    from diffscope.source.attempts import is_internal

    chosen = outputs_of(outputs, output)
    is_terse = any(RENDERERS[one.form].is_terse for one in chosen)
    publisher = Publisher(
        chosen,
        language=lang,
        is_many=request.is_window,
        is_verbose=console.level > 0,
    )
    is_over = is_unsure = False
    asked, limit = RuleOptions(rule_folders, select, ignore, use_cache), fail_on
    with (
        console.resumable(is_many=request.is_window),
        publisher,
        Progress("reading files", console) as progress,
        open_workspace(
            find_clone(repo, request), asked, progress=None if request.is_window else progress
        ) as workspace,
    ):
        for assessment, patch, limit in _assessments(
            request,
            workspace,
            asked,
            fail_on,
            record=record,
            sharing=Sharing(workers, cluster, shard or Shard(1, 1)),
            console=console,
        ):
            publisher.add(assessment, patch)
            report_not_judged(assessment, console, is_terse=is_terse)
            is_over = is_over or exceeds(assessment, limit)
            is_unsure = is_unsure or is_internal(assessment.completeness.gaps)
        report_notes(workspace, console)
    publisher.finish()
    if is_unsure and not is_over:
        require_judged(limit)
    return FINDINGS if is_over else DONE


def _assessments(
    request: Request,
    workspace: Workspace,
    asked: RuleOptions,
    fail_on: str,
    *,
    record: Path | None,
    sharing: Sharing,
    console: Console,
) -> Iterator[tuple[Assessment, str | None, str]]:
    """Yield the result of each change, with its patch if it is available and the level from which it fails: those of a range by workers."""
    if request.is_window:
        for judged in judge_range(request, workspace, sharing, console):
            yield judged, None, fail_on
        return
    from diffscope.cli.open_workspace import with_base_settings

    gathered = gather(request, workspace, console.note)
    with with_base_settings(gathered, workspace, asked, fail_on, console) as (judging, limit):
        facts = gathered.facts(judging)
        if record is not None:
            from diffscope.adapters.changes.files import write_record

            console.note(f"recorded {write_record(record, facts)}")
        assessment = judging.judge(facts)
        if request.against is not None:
            from diffscope.cli.classify.against import with_against

            assessment = with_against(assessment, facts, request.against, judging)
        yield assessment, gathered.change.patch if gathered.change else None, limit


def judge_range(
    request: Request, workspace: Workspace, sharing: Sharing, console: Console
) -> Iterator[Assessment]:
    """Yield the assessment of each change that this part of the request's range holds, oldest first.

    What is judged is kept in the store before it is yielded. A change that the clone does not have is reported and left out; one that failed
    inside is reported and represented by its list of files. Changes without a difference are reported in one line.

    Raises:
        SourceError: at the end, where some could not be judged.
        DiffscopeError: there is no clone, or no such range.
    """
    from diffscope.batch.run import Batch
    from diffscope.batch.windows import empty_gaps, find_range, range_ends
    from diffscope.cli.console import Progress
    from diffscope.cli.gather import no_clone
    from diffscope.source.attempts import is_internal

    range_ends(request.window or "")
    if workspace.repository is None:
        raise no_clone()
    span = find_range(workspace, request.window or "")
    asked = sharing.shard.of(span.wanted)
    lost = 0
    empty: list[Wanted] = []
    with (
        Batch(workspace, workers=sharing.workers, cluster=sharing.cluster) as batch,
        Progress("changes", console) as progress,
    ):
        for at, judged in enumerate(batch.judge(asked), start=1):
            if judged.gap is not None and judged.gap.code == "gap.change-empty":
                empty.append(judged.wanted)
            elif judged.gap is not None:
                lost += 1
                console.note(judged.gap.reason)
            failed = judged.gap is not None and is_internal((judged.gap,))
            shown = judged.stand_in if failed else judged.assessment
            if shown is not None:
                yield shown
            progress(at, len(asked))
        # `report_notes` says those of the workspace.
        news = [note for note in batch.notes if note not in workspace.notes]
        for note in (*(gap.reason for gap in empty_gaps(empty)), *news):
            console.note(note)
    if lost:
        raise SourceError(
            f"{lost} of {len(asked)} changes could not be judged", hint="the notes above say why"
        )


def require_judged(fail_on: str) -> None:
    """Raise ``InternalError`` where ``--fail-on`` asks of a change what was not judged for an internal error: it is not passed in silence."""
    if fail_on != "none":
        hint = "the result says what was not judged; run it again with --debug, and report what it prints"
        raise InternalError(
            f"whether a flag is {fail_on} or worse was not judged: an internal error", hint=hint
        )


def report_not_judged(assessment: Assessment, console: Console, *, is_terse: bool) -> None:
    """Say what failed inside, and, where the format has no room for it, what else was not judged: silence would read as all clear."""
    from diffscope.source.attempts import is_internal

    pull, gaps = assessment.change.pull, assessment.completeness.gaps
    if not (is_terse or is_internal(gaps)) or not (assessment.unknown or gaps):
        return
    gaps = tuple(sorted(gaps, key=lambda gap: not is_internal((gap,))))
    name = f"#{pull.number}" if pull.number else (pull.head or "this change")[:12]
    rules = f"{len(assessment.unknown)} rules could not be judged" if assessment.unknown else "judged in part"
    more = f": {gaps[0].reason.en}" + (f" (and {len(gaps) - 1} more)" if gaps[1:] else "") if gaps else ""
    console.note(f"{name}: {rules}{more}{'; --format text says which' if is_terse else ''}")


def report_notes(workspace: Workspace, console: Console) -> None:
    """Say what went wrong with the cache, and with ``-v`` what was used."""
    for note in workspace.notes:
        console.note(note)
    if workspace.repository is not None:
        console.detail(f"clone: {workspace.repository.path}")
    console.detail(f"cache: {workspace.folder or 'none'}")
    console.detail(f"rules: {len(workspace.catalogue.rules)}")


def exceeds(assessment: Assessment, fail_on: str) -> bool:
    """Return whether any flag that is not waived is as severe as ``fail_on`` or worse, or a source file was brought that nobody can read.

    Such a file may hold anything: a gate that asks for findings must not open for it.
    """
    from diffscope.rules.model import Severity

    return fail_on != "none" and (
        any(flag.severity.rank >= Severity(fail_on).rank for flag in assessment.flags)
        or any(gap.what == "not-text" for gap in assessment.completeness.gaps)
    )
