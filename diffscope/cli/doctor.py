"""``diffscope doctor``: finds mistakes in the target repository's own declarations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffscope.cli import options
from diffscope.cli.console import DONE, FINDINGS, Console

if TYPE_CHECKING:
    from diffscope.products.doctor.doctor import DoctorReport

_LEVELS = ("none", "info", "low", "medium", "high")


@click.command()
@options.repository_option
@click.option(
    "--at", "revision", default="HEAD", show_default=True, metavar="REV", help="The commit to look at."
)
@options.form_option
@click.option("--output", type=options.FILE, metavar="FILE", help="File for the result. Default: stdout.")
@click.option(
    "--only",
    "codes",
    multiple=True,
    metavar="CODE",
    help="Only findings whose code starts with this, such as DR3. Repeatable.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_LEVELS),
    default="none",
    show_default=True,
    envvar="DIFFSCOPE_FAIL_ON",
    help="Exit with 1 if any finding has this severity or worse.",
)
@options.verbosity_options
def doctor(
    *,
    repo: Path | None,
    revision: str,
    form: str,
    output: Path | None,
    codes: tuple[str, ...],
    fail_on: str,
    console: Console,
) -> int:
    """Find mistakes in the target repository's own declarations: CODEOWNERS, mergify.yml, Buildkite pipelines.

    Nothing is checked out or written.
    """
    from diffscope.cli.publish import WidthLimits, style_of, write_result, write_stdout
    from diffscope.products.doctor.doctor import FORMATS

    report = _examine(repo, revision, codes, console)
    text = FORMATS[form](report, style_of(output, WidthLimits(fewest=80, most=120, elsewhere=100)))
    if output is None:
        write_stdout(text, is_for_people=form == "text")
    else:
        write_result(text, output)
    worst = max((each.weight.rank for each in report.findings), default=-1)
    return FINDINGS if fail_on != "none" and worst >= _LEVELS.index(fail_on) - 1 else DONE


def _examine(repo: Path | None, revision: str, codes: tuple[str, ...], console: Console) -> DoctorReport:
    from diffscope.adapters.declarations import collect_project_files, read_entries
    from diffscope.cli.gather import Request, find_clone
    from diffscope.cli.open_workspace import take_profile
    from diffscope.errors import UsageError
    from diffscope.products.doctor.doctor import examine, only, wanted_tests

    repository = find_clone(repo, Request())
    if repository is None:
        raise UsageError("there is no clone to look at", hint="name one: diffscope doctor --repo PATH")
    with repository:
        names = take_profile(repository).names()
        if names.ci != "buildkite":
            raise UsageError(
                f"its profile, {names.name}, declares no pipelines of Buildkite: doctor reads no others",
                at=str(repository.path),
                hint="name another clone or profile: diffscope doctor --repo PATH --profile NAME",
            )
        commit = repository.resolve(revision)
        console.detail(f"reading {repository.path} at {commit}")
        entries = repository.entries(commit)
        files = collect_project_files(entries, repository)
        tests = read_entries(wanted_tests(entries), repository)
    report = examine(files, tests, revision=commit)
    return only(report, codes) if codes else report
