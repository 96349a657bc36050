"""``diffscope doctor``: what the target repository's own rule files get wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffscope.cli import options
from diffscope.cli.exits import DONE, FINDINGS
from diffscope.cli.talk import Talk

if TYPE_CHECKING:
    from diffscope.project.doctor import DoctorReport
    from diffscope.project.values import ProjectFiles

_LEVELS = ("none", "info", "low", "medium", "high")
_FORMATS = ("text", "json", "sarif")


@click.command()
@options.repository_option
@click.option("--at", "revision", default="HEAD", show_default=True, metavar="REV", help="The commit to look at.")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True, help="How to write it.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where; default stdout.")
@click.option("--only", "codes", multiple=True, metavar="CODE", help="Only findings whose code starts so: DR3. Repeatable.")
@click.option("--fix", is_flag=True, help="Print a patch of the safe fixes instead; nothing is written.")
@click.option(
    "--fail-on",
    type=click.Choice(_LEVELS),
    default="none",
    show_default=True,
    envvar="DIFFSCOPE_FAIL_ON",
    help="Exit with 1 if any finding is that severe or worse.",
)
@options.talk_options
def doctor(
    *,
    repo: Path | None,
    revision: str,
    form: str,
    output: Path | None,
    codes: tuple[str, ...],
    fix: bool,
    fail_on: str,
    talk: Talk,
) -> int:
    """Lint the target repository's own rule files: CODEOWNERS, mergify.yml, Buildkite pipelines.

    Nothing is checked out or written. --fix prints a patch: diffscope doctor --fix | git apply
    """
    report, files = _examine(repo, revision, codes, talk)
    if fix:
        from diffscope.project.fixes import make_fixes  # noqa: PLC0415 - start-up is hot

        _write(make_fixes(report.findings, files.contents), output, "patch")
    else:
        _write(None, output, form, report)
    worst = max((each.weight.rank for each in report.findings), default=-1)
    return FINDINGS if fail_on != "none" and worst >= _LEVELS.index(fail_on) - 1 else DONE


def _examine(repo: Path | None, revision: str, codes: tuple[str, ...], talk: Talk) -> tuple[DoctorReport, ProjectFiles]:
    from diffscope.adapters.project_files import collect_project_files, read_entries  # noqa: PLC0415
    from diffscope.adapters.rule_files import bundled_rules  # noqa: PLC0415
    from diffscope.adapters.rule_globs import read_rule_globs  # noqa: PLC0415
    from diffscope.cli.gather import find_clone  # noqa: PLC0415
    from diffscope.errors import UsageError  # noqa: PLC0415
    from diffscope.project.doctor import examine, only, wanted_tests  # noqa: PLC0415

    repository = find_clone(repo)
    if repository is None:
        raise UsageError("there is no clone to look at", hint="name one: diffscope doctor --repo PATH")
    with repository:
        commit = repository.resolve(revision)
        talk.detail(f"reading {repository.path} at {commit}")
        entries = repository.entries(commit)
        files = collect_project_files(entries, repository)
        tests = read_entries(wanted_tests(entries), repository)
    report = examine(files, tests, globs=read_rule_globs(bundled_rules()), revision=commit)
    return (only(report, codes) if codes else report), files


def _write(text: str | None, output: Path | None, form: str, report: DoctorReport | None = None) -> None:
    from diffscope.cli.publish import style_of, write_file, write_stdout  # noqa: PLC0415
    from diffscope.render.doctor import FORMATS  # noqa: PLC0415

    if text is None and report is not None:
        text = FORMATS[form](report, style_of(form, output))
    if output is None:
        write_stdout(text or "", is_for_people=form == "text")
    else:
        write_file(output, text or "")
