"""``diffscope doctor``: finds mistakes in the target repository's own declarations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffscope.cli import options
from diffscope.cli.console import DONE, FINDINGS, Console

if TYPE_CHECKING:
    from diffscope.products.doctor.doctor import DoctorReport
    from diffscope.project.model import ProjectFiles

_LEVELS = ("none", "info", "low", "medium", "high")
_FORMATS = ("text", "json", "sarif")


@click.command()
@options.repository_option
@click.option(
    "--at", "revision", default="HEAD", show_default=True, metavar="REV", help="The commit to look at."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="Format of the result.",
)
@click.option("--output", type=options.FILE, metavar="FILE", help="File for the result. Default: stdout.")
@click.option(
    "--only",
    "codes",
    multiple=True,
    metavar="CODE",
    help="Only findings whose code starts with this, such as DR3. Repeatable.",
)
@click.option(
    "--own-rules",
    "tries_own_rules",
    is_flag=True,
    help="Also check that the globs of diffscope's own rules match something.",
)
@click.option("--fix", is_flag=True, help="Print a patch of the safe fixes instead; nothing is written.")
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
    tries_own_rules: bool,
    fix: bool,
    fail_on: str,
    console: Console,
) -> int:
    """Find mistakes in the target repository's own declarations: CODEOWNERS, mergify.yml, Buildkite pipelines.

    Nothing is checked out or written. --fix prints a patch: diffscope doctor --fix | git apply
    """
    report, files = _examine(repo, revision, codes, console, tries_own_rules=tries_own_rules)
    if fix:
        from diffscope.products.doctor.render import make_fixes

        _publish(make_fixes(report.findings, files.contents), output, is_for_people=False)
    else:
        from diffscope.cli.publish import WidthLimits, style_of
        from diffscope.products.doctor.render import FORMATS

        style = style_of(output, WidthLimits(fewest=80, most=120, elsewhere=100))
        _publish(FORMATS[form](report, style), output, is_for_people=form == "text")
    worst = max((each.weight.rank for each in report.findings), default=-1)
    return FINDINGS if fail_on != "none" and worst >= _LEVELS.index(fail_on) - 1 else DONE


def _examine(
    repo: Path | None, revision: str, codes: tuple[str, ...], console: Console, *, tries_own_rules: bool
) -> tuple[DoctorReport, ProjectFiles]:
    from diffscope.adapters.config.rule_tables import read_rule_globs
    from diffscope.adapters.declarations import collect_project_files, read_entries
    from diffscope.cli.gather import Request, find_clone
    from diffscope.cli.open_workspace import take_profile
    from diffscope.errors import UsageError
    from diffscope.products.doctor.doctor import examine, only, wanted_tests

    repository = find_clone(repo, Request())
    if repository is None:
        raise UsageError("there is no clone to look at", hint="name one: diffscope doctor --repo PATH")
    with repository:
        chosen = take_profile(repository)
        names = chosen.names()
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
    globs = read_rule_globs(Path(chosen.folder)) if tries_own_rules else ()
    report = examine(files, tests, globs=globs, revision=commit)
    return (only(report, codes) if codes else report), files


def _publish(text: str, output: Path | None, *, is_for_people: bool) -> None:
    from diffscope.cli.publish import write_result, write_stdout

    if output is None:
        write_stdout(text, is_for_people=is_for_people)
    else:
        write_result(text, output)
