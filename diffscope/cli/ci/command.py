"""``diffscope ci``: the step of a workflow. Reads the event, judges the change, leaves a report, posts where it may."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from diffscope.cli import options
from diffscope.cli.ci.change import POSTS, CiOptions
from diffscope.cli.console import DONE, FINDINGS, Console
from diffscope.errors import UsageError


def split_posts(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    """Return the words of ``--post``, each once."""
    words = [word.strip() for word in value.split(",") if word.strip()]
    for word in words:
        if word not in POSTS:
            message = f"{word!r} cannot be posted; there are {', '.join(POSTS)}"
            raise click.BadParameter(message, context, parameter)
    return tuple(dict.fromkeys(words))


@click.command()
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The checkout. Default: GITHUB_WORKSPACE; with --event the clone around the current folder, else DIFFSCOPE_REPO.",
)
@click.option(
    "--pull",
    type=click.IntRange(min=1),
    metavar="N",
    help="A pull request, in place of the one of the event.",
)
@click.option(
    "--source",
    type=click.Choice(["auto", "clone", "github"]),
    default="auto",
    show_default=True,
    help="Where the change comes from: the checkout, GitHub, or the checkout with GitHub behind it.",
)
@click.option(
    "--from",
    "stored",
    type=options.FILE,
    metavar="FILE",
    help="Judge nothing: check the assessment.json of another run's artifact and post it (on workflow_run).",
)
@click.option(
    "--post", callback=split_posts, default="", metavar="WHAT,...", help=f"What to post: {', '.join(POSTS)}."
)
@click.option(
    "--triage",
    type=options.FILE,
    metavar="FILE",
    help="What `diffscope triage --format json` wrote: one line of the comment says what open pull requests it collides with.",
)
@click.option(
    "--event",
    type=options.FILE,
    metavar="FILE",
    help="Try it at home on a saved event: posts nothing, and prints what would be posted.",
)
@click.option("--dry-run", is_flag=True, help="Post nothing; print what would be posted.")
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where assessment.json, .sarif, .rdjson and comment.md go. Default: diffscope in RUNNER_TEMP.",
)
@click.option(
    "--api-url", metavar="URL", help="Root of the GitHub API. Default: DIFFSCOPE_API_URL, GITHUB_API_URL."
)
@click.option(
    "--lang",
    type=click.Choice(options.LANGUAGES),
    envvar="DIFFSCOPE_LANG",
    help="Language of what is written.",
)
@click.option(
    "--fail-on",
    type=click.Choice(options.LEVELS),
    envvar="DIFFSCOPE_FAIL_ON",
    help="Exit with 1 if any flag is that severe or worse. Default: as the base's diffscope.yml says, else none.",
)
@options.cache_option
@options.verbosity_options
def ci(*, event: Path | None, console: Console, **asked: Any) -> int:
    """Run as a step of a GitHub workflow.

    Judges the change of the event (pull_request, pull_request_target, merge_group, push, workflow_run), writes the job
    summary, annotations, outputs and files for an artifact, and posts what --post names. Where the token may not post
    (a fork), summary and files have it all and the step stays green. Settings and rules are those of the base, never
    those that the change brings. With --event it is a trial at home: a checkout with history and the JSON of an event
    (`gh api repos/OWNER/REPO/pulls/N` inside of {"repository": ..., "pull_request": ...}) are all that it needs.
    """
    from diffscope.cli.ci.run import finish, judge, read_stored
    from diffscope.cli.classify.command import require_judged

    if click.get_current_context().obj is not None:
        raise UsageError(
            "ci takes no --config", hint="it reads the diffscope.yml of the change's base, nobody else's"
        )
    request = CiOptions(**asked)
    environ: Mapping[str, str] = os.environ
    if event is not None:
        from diffscope.adapters.events import trial_environment
        from diffscope.cli.ci.change import trial_checkout

        environ = trial_environment(os.environ, event)
        request = request._replace(
            repo=request.repo or trial_checkout(), dry_run=True, post=request.post or ("comment",)
        )
    if request.stored is not None and request.pull is not None:
        raise UsageError(
            "--from and --pull exclude each other", hint="the stored assessment names its pull request"
        )
    with tempfile.TemporaryDirectory(prefix="diffscope-rules-") as scratch:
        work = judge if request.stored is None else read_stored
        judged = work(request, environ, Path(scratch), console)
    if judged is None:
        return DONE
    finish(judged, request, console)
    if judged.is_unsure:
        require_judged(judged.fail_on)
    return FINDINGS if judged.is_over else DONE
