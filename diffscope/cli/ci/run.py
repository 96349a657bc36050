"""The work of ``diffscope ci``: judge (or read what another run judged), then publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from diffscope.adapters.config.profiles import choose_profile
from diffscope.adapters.config.settings import BaseRules, Settings, edited_settings, read_base
from diffscope.adapters.events import (
    CiEvent,
    Runner,
    Trigger,
    append_outputs,
    append_summary,
    event_of_pull,
    read_event,
    read_report,
    read_runner,
    summary_room,
    write_report,
)
from diffscope.adapters.github.access import Access, check_repository, find_access
from diffscope.adapters.github.posting import Posted, Poster
from diffscope.adapters.github.trust import LARGEST, bind, decode_assessment, restore_texts
from diffscope.assessment.document import Assessment
from diffscope.cli.ci.change import (
    CiOptions,
    LazyGitHub,
    NothingToJudge,
    find_change,
    open_checkout,
    refuse_untrusted_checkout,
)
from diffscope.cli.ci.posting import Posting, post
from diffscope.cli.classify.command import exceeds
from diffscope.cli.console import Console
from diffscope.cli.options import is_debug
from diffscope.cli.publish import raise_if_failed, write_stdout
from diffscope.errors import ConfigurationError, DiffscopeError, InputError, UsageError
from diffscope.messages.model import Language
from diffscope.render.formats.documents import Circumstances, render_comment, render_summary
from diffscope.render.formats.table import render
from diffscope.render.style import Style
from diffscope.rules.engine.configuration import check_against
from diffscope.source.attempts import Attempts, is_internal
from diffscope.source.model import CommitId
from diffscope.source.profile import repository_name
from diffscope.workspace import Workspace
from diffscope.yaml.reading import mistakes_error

FILES = {"json": "assessment.json", "sarif": "assessment.sarif", "rdjson": "assessment.rdjson"}
COMMENT_FILE = "comment.md"


class Judged(NamedTuple):
    """An assessment and all that publishing needs besides."""

    assessment: Assessment
    event: CiEvent
    runner: Runner
    settings: Settings
    access: Access
    language: str
    fail_on: str
    is_over: bool
    is_unsure: bool
    """No flag is as severe as ``fail_on``, and not all was judged for an internal error."""
    edited: tuple[str, ...]


def judge(request: CiOptions, environ: Mapping[str, str], scratch: Path, console: Console) -> Judged | None:
    """Return the assessment of the event's change; ``None`` where there is nothing to judge, which is said."""
    runner = read_runner(environ)
    checkout = open_checkout(request.repo or runner.workspace)
    with Workspace(checkout, use_cache=request.use_cache) as workspace:
        event, hub = _open(request, environ, workspace, console)
        refuse_untrusted_checkout(event, checkout, environ.get("GITHUB_SHA"))
        if event.head is None:
            console.note("the push deleted a branch: nothing to judge")
            return None
        try:
            found = find_change(event, workspace, hub, source=request.source, say=console.note)
        except NothingToJudge as reason:
            console.note(f"nothing to judge: {reason}")
            return None
        base = read_base(found.base, scratch)
        with _judging(workspace, base, request) as judging:
            assessment = judging.classify(found.change, found.source)
            for note in dict.fromkeys((*workspace.notes, *judging.notes)):
                console.note(note)
    return _judged(assessment, event, base.settings, request=request, runner=runner, access=hub.access)


def read_stored(request: CiOptions, environ: Mapping[str, str], scratch: Path, console: Console) -> Judged:
    """Return the assessment that another run stored, checked against that run and against GitHub.

    Raises ``InputError`` for one that does not hold: see ``adapters/github/trust.py``.
    """
    assert request.stored is not None  # noqa: S101 - asked by the caller
    runner, at = read_runner(environ), str(request.stored)
    event = read_event(environ)
    if event.trigger is not Trigger.WORKFLOW_RUN or event.head is None:
        raise UsageError(
            "--from belongs to workflow_run",
            hint="on a pull request leave it out: the change is judged there",
        )
    if event.source_event != "pull_request":
        raise InputError(
            f"the other run was started by {event.source_event}",
            at=at,
            hint="post what pull_request runs judged",
        )
    claimed = decode_assessment(read_report(request.stored, most=LARGEST), at=at)
    number = claimed.change.pull.number
    if number is None:
        raise InputError("the assessment names no pull request", at=at, hint="run the other workflow again")
    access = _access(request, environ, event.repository)
    with Workspace(None, use_cache=False) as workspace:
        hub = LazyGitHub(access, workspace, console.note)
        pull = hub.pull(number)
        base = read_base(hub.tree(CommitId(pull.base.sha)), scratch)
        bound = bind(
            claimed,
            pull,
            repository=event.repository,
            head=event.head,
            head_repository=event.head_repository,
            at=at,
        )
        with Workspace(None, rule_folders=base.folders, use_cache=False) as trusted:
            assessment = restore_texts(bound, trusted.catalogue, at=at)
    named = msgspec.structs.replace(event, number=number)
    return _judged(assessment, named, base.settings, request=request, runner=runner, access=access)


def finish(judged: Judged, request: CiOptions, console: Console) -> None:
    """Write the report, post, then write summary, annotations and outputs, which say what became of the posting."""
    runner, assessment = judged.runner, judged.assessment
    style = Style(language=Language(judged.language))
    others = _others(request, assessment, style, console)
    about = Circumstances(
        report_url=runner.run_url, fail_on=judged.fail_on, edited=judged.edited, others=others
    )
    attempt = Attempts(is_debug=is_debug())
    texts = {
        name: attempt(f"format {form}", partial(render, [assessment], style, form=form), None)
        for form, name in FILES.items()
    }
    texts[COMMENT_FILE] = comment = attempt(
        "comment", partial(render_comment, assessment, style, about), None
    )
    files = {name: text for name, text in texts.items() if text is not None}
    folder = request.output_dir or runner.folder
    written = write_report(folder, files)
    posted = _post(judged, request, style, about)
    for one in posted:
        console.note(f"{one.what}: {one.done}")
    if request.dry_run and request.post:
        write_stdout(comment or "")
    notes = tuple(f"{one.what}: {one.done}" for one in posted if one.refused)
    told, room = msgspec.structs.replace(about, notes=notes), summary_room(runner)
    summary = attempt("summary", partial(render_summary, assessment, style, told, limit=room), None)
    append_summary(runner, minimal_summary(assessment) if summary is None else summary)
    lines = attempt("format github", partial(render, [assessment], style, form="github"), "")
    write_stdout(lines)
    append_outputs(runner, _outputs(assessment, folder, written, posted))
    for gap in attempt.gaps:
        console.note(gap.reason)
    raise_if_failed(attempt.gaps)


def _others(request: CiOptions, assessment: Assessment, style: Style, console: Console) -> str:
    """Return the line on other open pull requests; a triage that cannot be read costs nothing but that line."""
    number = assessment.change.pull.number
    if request.triage is None or number is None:
        return ""
    from diffscope.cli.triage.sources import read_triage
    from diffscope.products.triage.triage import line_about

    try:
        return line_about(read_triage(request.triage), number).pick(style.language)
    except DiffscopeError as error:
        console.note(str(error))
        return ""


def minimal_summary(assessment: Assessment) -> str:
    """Return level and flags in plain words, for where the summary itself failed inside."""
    flags = ", ".join(f"{flag.code} ({flag.severity.value})" for flag in assessment.flags)
    return f"diffscope: risk {assessment.risk.level.value}; {flags or 'no flags'}; its summary could not be made\n"


def _open(
    request: CiOptions, environ: Mapping[str, str], workspace: Workspace, console: Console
) -> tuple[CiEvent, LazyGitHub]:
    if request.pull is None:
        event = read_event(environ)
        if event.trigger is Trigger.WORKFLOW_RUN:
            raise UsageError(
                "workflow_run has no change of its own",
                hint="post the other run's: --from FILE; or name one: --pull N",
            )
        return event, LazyGitHub(_access(request, environ, event.repository), workspace, console.note)
    repository = check_repository(environ.get("GITHUB_REPOSITORY") or repository_name())
    hub = LazyGitHub(_access(request, environ, repository), workspace, console.note)
    return event_of_pull(hub.pull(request.pull), repository), hub


def _access(request: CiOptions, environ: Mapping[str, str], repository: str) -> Access:
    return find_access(environ, api_url=request.api_url, repository=repository)


def _judging(workspace: Workspace, base: BaseRules, request: CiOptions) -> Workspace:
    judging = Workspace(
        workspace.repository,
        rule_folders=base.folders,
        configuration=base.settings.rules,
        use_cache=request.use_cache,
        is_debug=is_debug(),
        profile=choose_profile(base.profile, workspace.repository),
    )
    if mistakes := check_against(judging.configuration, judging.catalogue):
        raise mistakes_error(mistakes, kind=ConfigurationError)
    return judging


def _judged(
    assessment: Assessment,
    event: CiEvent,
    settings: Settings,
    *,
    request: CiOptions,
    runner: Runner,
    access: Access,
) -> Judged:
    fail_on = request.fail_on or settings.fail_on or "none"
    is_over = exceeds(assessment, fail_on)
    return Judged(
        assessment=assessment,
        event=event,
        runner=runner,
        settings=settings,
        access=access,
        language=request.lang or settings.lang or "en",
        fail_on=fail_on,
        is_over=is_over,
        is_unsure=not is_over and is_internal(assessment.completeness.gaps),
        edited=edited_settings(assessment, settings),
    )


def _post(judged: Judged, request: CiOptions, style: Style, about: Circumstances) -> Sequence[Posted]:
    if not request.post:
        return ()
    if judged.access.token is None and request.dry_run:
        return [
            Posted(what=what, done="tried without a token: GitHub was not asked") for what in request.post
        ]
    if judged.access.token is None:
        return [
            Posted(what=what, done="there is no token: set GITHUB_TOKEN", refused=True)
            for what in request.post
        ]
    posting = Posting(
        assessment=judged.assessment,
        event=judged.event,
        settings=judged.settings.ci,
        style=style,
        about=about,
        is_failure=judged.is_over or (judged.is_unsure and judged.fail_on != "none"),
    )
    with Workspace(None, use_cache=False) as workspace:
        hub = LazyGitHub(judged.access, workspace, lambda _: None)
        return post(
            posting,
            request.post,
            lambda: Poster(hub.client, judged.event.repository, dry_run=request.dry_run),
        )


def _outputs(
    assessment: Assessment, folder: Path, written: Mapping[str, Path], posted: Sequence[Posted]
) -> Mapping[str, str]:
    return {
        "level": assessment.risk.level.value,
        "flags": str(len(assessment.flags)),
        "complete": str(assessment.completeness.complete).lower(),
        "posted": str(bool(posted) and not any(one.refused for one in posted)).lower(),
        "folder": str(folder),
        **{form: str(written.get(name, "")) for form, name in FILES.items()},
        "comment": str(written.get(COMMENT_FILE, "")),
    }
