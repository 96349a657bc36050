"""``diffscope classify``: one change, or every change of a range, to an assessment; an interrupted range is resumed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffscope.cli import options
from diffscope.cli.gather import SOURCES, Request, check, find_clone, gather
from diffscope.cli.options import Output
from diffscope.cli.progress import DONE, FINDINGS, Talk
from diffscope.errors import InternalError

if TYPE_CHECKING:
    from diffscope.assessment.document import Assessment
    from diffscope.cli.progress import Progress
    from diffscope.workspace import Workspace
from typing import Final

import msgspec

from diffscope.adapters.output import write_file
from diffscope.adapters.read_file import decode_json, read_bytes
from diffscope.assessment.document import Assessment
from diffscope.batch.judging import Judged, Wanted
from diffscope.batch.run import Batch
from diffscope.batch.windows import empty_gaps, find_range, range_ends
from diffscope.cli.gather import no_clone
from diffscope.cli.progress import Progress
from diffscope.errors import InputError, SourceError, UsageError
from diffscope.workspace import Workspace

_LARGEST: Final = 2_000_000_000
"""Bytes: some 100,000 assessments."""


class _Pull(msgspec.Struct):
    head: str


class _Change(msgspec.Struct):
    pull: _Pull


class _Line(msgspec.Struct):
    change: _Change


def read_done(request: Request, outputs: tuple[Output, ...]) -> frozenset[str]:
    """Return the head commits in the one JSON-lines file that is written; a line that was cut off is removed from it.

    Raises:
        UsageError: there is no such file among the outputs, or the request is no window.
        InputError: the file holds something else.
    """
    files = [output.file for output in outputs if output.form == "jsonl" and output.file is not None]
    if not request.is_window or len(files) != 1 or len(outputs) != 1:
        raise UsageError(
            "--resume goes on with one file of a range", hint="--range A..B --format jsonl:FILE --resume"
        )
    return _heads(files[0])


def _heads(file: Path) -> frozenset[str]:
    try:
        data = read_bytes(
            file, most=_LARGEST, hint="name a file of results: --format jsonl:FILE", kind=InputError
        )
    except FileNotFoundError:
        return frozenset()
    whole = data[: data.rfind(b"\n") + 1]
    try:
        heads = frozenset(decode_json(line, _Line).change.pull.head for line in whole.split(b"\n")[:-1])
    except msgspec.DecodeError as error:
        raise InputError(
            f"not assessments, one a line: {error}", at=str(file), hint="name another file"
        ) from None
    if whole != data:
        write_file(file, whole)
    return heads


def judge_range(
    request: Request, workspace: Workspace, *, workers: int | None, talk: Talk
) -> Iterator[Assessment]:
    """Yield the assessment of each change that the request's range holds and ``done`` does not, oldest first.

    What is judged is kept in the store before it is yielded. A change that the clone cannot give is told and left out; one that failed
    inside is told, and stands by what the list of its files tells. Changes that change nothing are told in one line.

    Raises:
        SourceError: at the end, where some could not be judged.
        DiffscopeError: there is no clone, or no such range.
    """
    range_ends(request.window or "")
    if workspace.repository is None:
        raise no_clone()
    span = find_range(workspace, request.window or "")
    left = [wanted for wanted in span.wanted if wanted.commit not in request.done]
    before, lost, empty = len(span.wanted) - len(left), 0, list[Wanted]()
    with Batch(workspace, workers=workers) as batch, Progress("changes", talk) as progress:
        try:
            for at, judged in enumerate(batch.judge(left), start=1):
                if judged.gap is not None and judged.gap.code == "change-empty":
                    empty.append(judged.wanted)
                elif judged.gap is not None:
                    lost += 1
                    talk.note(judged.gap.reason)
                shown = _shown(judged)
                if shown is not None:
                    yield shown
                progress(before + at, len(span.wanted))
        except KeyboardInterrupt:
            talk.note("interrupted; what was judged is kept, and the same command goes on from there")
            raise
        # `tell_of` says those of the workspace.
        news = [note for note in batch.notes if note not in workspace.notes]
        for note in (*(gap.reason for gap in empty_gaps(empty)), *news):
            talk.note(note)
    if lost:
        raise SourceError(
            f"{lost} of {len(span.wanted)} changes could not be judged", hint="the notes above say why"
        )


def _shown(judged: Judged) -> Assessment | None:
    failed = judged.gap is not None and judged.gap.code == "internal-error"
    return judged.stand_in if failed else judged.assessment


_TERSE = frozenset({"concise", "github", "rdjson"})
"""Formats of findings alone: what could not be judged has no place in them."""


@click.command()
@click.argument("target", required=False, metavar="[PR|URL|-]")
@options.repository_option
@click.option(
    "--diff", metavar="FILE", help="A patch; - is standard input. In a clone: against --base, HEAD or main."
)
@click.option("--base", metavar="REF", help="Where a range starts. Default: the main branch.")
@click.option("--head", metavar="REF", help="Where it ends; it is judged from the merge base. Default: HEAD.")
@click.option("--worktree", is_flag=True, help="Uncommitted changes, against --base or HEAD.")
@click.option("--range", "window", metavar="A..B", help="Every change merged after A, up to B, one by one.")
@click.option(
    "--source",
    type=click.Choice(SOURCES),
    default="auto",
    show_default=True,
    help="Where a pull request comes from.",
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
@click.option("--resume", is_flag=True, help="Go on with the jsonl file of a --range that was interrupted.")
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes for a --range.  [default: the number of cores]"
)
@options.rules_option
@options.selection_options
@options.cache_option
@options.talk_options
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
    outputs: tuple[Output, ...],
    output: Path | None,
    lang: str,
    fail_on: str,
    record: Path | None,
    rule_folders: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    use_cache: bool,
    resume: bool,
    workers: int | None,
    talk: Talk,
) -> int:
    """Classify one change, or every change of a range.

    PR is a number (38450), owner/repo#N or an address; - reads a patch from standard input. A pull request comes from
    a local clone, else from GitHub, else from the facts recorded with diffscope; a fallback is said on stderr.
    """
    # A command line that makes no sense is told so before anything heavy is imported.
    request = check(Request(target, diff, base, head, worktree, window, source))
    from diffscope.cli.classify import read_done
    from diffscope.cli.gather import open_workspace
    from diffscope.cli.progress import Progress
    from diffscope.cli.publish import Publisher, outputs_of
    from diffscope.source.attempts import is_internal

    chosen = outputs_of(outputs, output)
    if resume:
        request = request._replace(done=read_done(request, chosen))
    is_terse = any(one.form in _TERSE for one in chosen)
    publisher = Publisher(chosen, language=lang, is_many=request.is_window, is_resumed=bool(request.done))
    is_over = is_unsure = False
    with (
        publisher,
        Progress("changes" if request.is_window else "reading files", talk) as progress,
        open_workspace(
            find_clone(repo, request),
            rule_folders=rule_folders,
            select=select,
            ignore=ignore,
            use_cache=use_cache,
            progress=None if request.is_window else progress,
        ) as workspace,
    ):
        for assessment in _assessments(
            request, workspace, record=record, workers=workers, talk=talk, progress=progress
        ):
            publisher.add(assessment)
            tell_doubts(assessment, talk, is_terse=is_terse)
            is_over = is_over or exceeds(assessment, fail_on)
            is_unsure = is_unsure or is_internal(assessment.completeness.gaps)
        tell_of(workspace, talk)
    publisher.finish()
    if is_unsure and not is_over:
        refuse_unsure(fail_on)
    return FINDINGS if is_over else DONE


def _assessments(
    request: Request,
    workspace: Workspace,
    *,
    record: Path | None,
    workers: int | None,
    talk: Talk,
    progress: Progress,
) -> Iterator[Assessment]:
    """Yield what becomes of each change: those of a range by workers, unless their facts are to be recorded."""
    if request.is_window and record is None:
        from diffscope.cli.classify import judge_range

        yield from judge_range(request, workspace, workers=workers, talk=talk)
        return
    for gathered in gather(request, workspace, talk.note):
        facts = gathered.facts(workspace)
        if record is not None:
            from diffscope.adapters.changes.recorded import write_record

            talk.note(f"recorded {write_record(record, facts)}")
        yield workspace.judge(facts)
        if request.is_window:
            progress(*gathered.position)


def refuse_unsure(fail_on: str) -> None:
    """Raise ``InternalError`` where ``--fail-on`` asks of a change what was not judged for an internal error: it is not passed in silence."""
    if fail_on != "none":
        hint = "the result says what was not judged; run it again with --debug, and report what it prints"
        raise InternalError(
            f"whether a flag is {fail_on} or worse was not judged: an internal error", hint=hint
        )


def tell_doubts(assessment: Assessment, talk: Talk, *, is_terse: bool) -> None:
    """Say what failed inside, and, where the format has no room for it, what else was not judged: silence would read as all clear."""
    from diffscope.source.attempts import is_internal

    pull, gaps = assessment.change.pull, assessment.completeness.gaps
    if not (is_terse or is_internal(gaps)) or not (assessment.unknown or gaps):
        return
    gaps = tuple(sorted(gaps, key=lambda gap: gap.code != "internal-error"))
    name = f"#{pull.number}" if pull.number else (pull.head or "this change")[:12]
    rules = f"{len(assessment.unknown)} rules could not be judged" if assessment.unknown else "judged in part"
    more = f": {gaps[0].reason}" + (f" (and {len(gaps) - 1} more)" if gaps[1:] else "") if gaps else ""
    talk.note(f"{name}: {rules}{more}{'; --format text says which' if is_terse else ''}")


def tell_of(workspace: Workspace, talk: Talk) -> None:
    """Say what went wrong with the cache, and with ``-v`` what was used."""
    for note in workspace.notes:
        talk.note(note)
    if workspace.repository is not None:
        talk.detail(f"clone: {workspace.repository.path}")
    talk.detail(f"cache: {workspace.folder or 'none'}")
    talk.detail(f"rules: {len(workspace.catalogue.rules)}")


def exceeds(assessment: Assessment, fail_on: str) -> bool:
    """Return whether any flag that is not waived is as severe as ``fail_on`` or worse, or a source file was brought that nobody can read.

    Such a file may hold anything: a gate that asks for findings must not open for it.
    """
    from diffscope.facts.change.unreadable import NOT_TEXT
    from diffscope.rules.values import Severity

    return fail_on != "none" and (
        any(flag.severity.rank >= Severity(fail_on).rank for flag in assessment.flags)
        or any(gap.what == NOT_TEXT for gap in assessment.completeness.gaps)
    )
