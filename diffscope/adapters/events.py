"""A GitHub workflow as its step sees it: the event that started it, the runner's files, and events saved to a file.

Everything in an event that people can write (titles, branch names, bodies) is text and nothing else; everything that goes to git is
checked to be a commit id first.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Final

from diffscope.adapters.github.responses import Pull, Repository
from diffscope.adapters.output import append_file, encoded, make_folder, write_own_file
from diffscope.adapters.read_file import read_bytes, read_document
from diffscope.errors import InputError, UsageError
from diffscope.patterns import lazy_regex
from diffscope.products.report.dynamics.events import EVENTS_SCHEMA, Events
from diffscope.source.model import CommitId, Value

SUMMARY_BYTES = 1024 * 1024
"""More than this of one step GitHub drops as a whole."""

_KEY = lazy_regex(r"[a-z][a-z-]*")
_URL = lazy_regex(r"https?://[\w.:-]+", re.ASCII)
_WORD = lazy_regex(r"[\w./-]+", re.ASCII)


class Runner(Value, frozen=True, kw_only=True):
    """Where the runner wants things; ``None`` for what it does not offer (another CI, a shell)."""

    workspace: Path
    summary: Path | None = None
    output: Path | None = None
    run_url: str | None = None
    """The page of this run, where artifacts hang."""
    folder: Path
    """Where files for the artifact go unless a folder is named: outside the checkout, which a pull request fills."""


def read_runner(environ: Mapping[str, str]) -> Runner:
    """Return what the environment says of the runner."""
    server, name, run = (environ.get(f"GITHUB_{key}", "") for key in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    is_known = _URL.fullmatch(server) and _WORD.fullmatch(name) and run.isdigit()
    temporary = environ.get("RUNNER_TEMP") or tempfile.gettempdir()
    return Runner(
        workspace=Path(environ.get("GITHUB_WORKSPACE") or "."),
        summary=_path(environ.get("GITHUB_STEP_SUMMARY")),
        output=_path(environ.get("GITHUB_OUTPUT")),
        run_url=f"{server}/{name}/actions/runs/{run}" if is_known else None,
        folder=Path(temporary) / "diffscope",
    )


def summary_room(runner: Runner) -> int:
    """Return how many bytes the job summary of this step still takes."""
    try:
        return max(0, SUMMARY_BYTES - runner.summary.stat().st_size) if runner.summary else 0
    except OSError:
        return SUMMARY_BYTES


def append_summary(runner: Runner, text: str) -> None:
    """Add Markdown to the job summary, where there is one. The caller keeps it within ``summary_room``."""
    if runner.summary is not None:
        append_file(
            runner.summary, encoded(text if text.endswith("\n") else f"{text}\n"), what="the job summary"
        )


def append_outputs(runner: Runner, outputs: Mapping[str, str]) -> None:
    """Add outputs for later steps, where the runner takes any: one ``key=value`` line each.

    The multi-line form needs a delimiter that the value cannot hold, and what a later step does with text of a pull request is
    how workflows are taken over. So there is no such form here: values are words of our own, counts and paths, and a
    value with a line break is refused. Everything else is in the JSON file that an output names.
    """
    lines = []
    for key, value in outputs.items():
        if not _KEY.fullmatch(key) or any(
            ord(letter) < 32 or letter in "\x7f\x85\u2028\u2029" for letter in value
        ):
            raise UsageError(
                f"the output {key!r} would break the file of outputs", hint="choose another --output-dir"
            )
        lines.append(f"{key}={value}\n")
    if runner.output is not None:
        append_file(runner.output, encoded("".join(lines)), what="the outputs of the step")


def write_report(folder: Path, files: Mapping[str, str]) -> dict[str, Path]:
    """Write the files of the artifact and return where they are.

    Links are not followed: a pull request may have put one where the folder should be.
    """
    if folder.is_symlink():
        raise UsageError("the folder is a link", at=str(folder), hint="name another: --output-dir DIR")
    make_folder(folder, what="the report")
    for name, text in files.items():
        write_own_file(folder / name, encoded(text), what="the report")
    return {name: folder / name for name in files}


def read_report(path: Path, *, most: int) -> bytes:
    """Return a file of somebody's artifact: a regular file of at most ``most`` bytes."""
    hint = "name assessment.json of the artifact"
    try:
        return read_bytes(path, most=most, hint=hint, kind=UsageError, follows_links=False)
    except FileNotFoundError:
        raise UsageError("cannot be read: no such file", at=str(path), hint=hint) from None


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


_HINT: Final = "is it the event file of GITHUB_EVENT_PATH? A pull request in it is as GitHub writes it: gh api repos/OWNER/REPO/pulls/N"


def read_events(file: Path) -> Events:
    """Return the events in a file.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    hint = "name a file of saved events: --events FILE, as diffscope schema events describes it"
    return read_document(file, Events, what="no saved events", hint=hint, schema=EVENTS_SCHEMA)


_LARGEST_EVENT = 32 << 20
_SHA = lazy_regex(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NAME = lazy_regex(r"[\w.-]{1,100}/[\w.-]{1,100}", re.ASCII)
_QUEUE_PULL = lazy_regex(r"/pr-(\d{1,9})-")
_SQUASHED = lazy_regex(r"(.*) \(#(\d{1,9})\)")


class Trigger(Enum):
    """What started the workflow; the value is GitHub's word."""

    PULL_REQUEST = "pull_request"
    PULL_REQUEST_TARGET = "pull_request_target"
    MERGE_GROUP = "merge_group"
    PUSH = "push"
    WORKFLOW_RUN = "workflow_run"


class CiEvent(Value, frozen=True, kw_only=True):
    """One event, reduced to what is judged. ``None`` means that the event does not say it."""

    trigger: Trigger
    repository: str
    head: CommitId | None
    """``None`` for a push that deletes a branch: there is nothing to judge."""
    base: CommitId | None = None
    """Where to compare from; for a pull request the tip of the base branch, of which the merge base is taken."""
    number: int | None = None
    title: str = ""
    body: str | None = None
    author_login: str | None = None
    labels: tuple[str, ...] | None = None
    url: str | None = None
    default_branch: str = "main"
    head_repository: str | None = None
    """Whose repository the head is in; another than ``repository`` for a fork."""
    source_event: str | None = None
    """For ``workflow_run``: what started that run."""


class _Message(Value, frozen=True, kw_only=True):
    message: str = ""


class _Group(Value, frozen=True, kw_only=True):
    head_sha: str
    base_sha: str
    head_ref: str = ""
    head_commit: _Message | None = None


class _Run(Value, frozen=True, kw_only=True):
    head_sha: str
    event: str
    head_repository: Repository | None = None


class _Payload(Value, frozen=True, kw_only=True):
    repository: Repository
    pull_request: Pull | None = None
    merge_group: _Group | None = None
    workflow_run: _Run | None = None
    before: str | None = None
    after: str | None = None
    head_commit: _Message | None = None


def read_event(environ: Mapping[str, str]) -> CiEvent:
    """Return the event that ``GITHUB_EVENT_NAME`` and ``GITHUB_EVENT_PATH`` name.

    Raises ``UsageError`` outside a workflow and for an event of which there is nothing to judge, ``InputError`` for an event
    file that is damaged.
    """
    name, path = environ.get("GITHUB_EVENT_NAME"), environ.get("GITHUB_EVENT_PATH")
    if not name or not path:
        raise UsageError(
            "this is not a step of a GitHub workflow: GITHUB_EVENT_NAME and GITHUB_EVENT_PATH are not set",
            hint="elsewhere use: diffscope classify, or diffscope ci --pull NUMBER",
        )
    known = {trigger.value: trigger for trigger in Trigger}
    if name not in known:
        raise UsageError(
            f"there is nothing to judge on the event {name!r}",
            hint=f"run it on {', '.join(known)}; on any other event name a pull request: --pull NUMBER",
        )
    return _reduce(known[name], _decode(Path(path)), at=path)


def trial_environment(environ: Mapping[str, str], file: Path) -> dict[str, str]:
    """Return the environment that the step of a workflow would have on the event in a file; raises as ``read_event`` does."""
    payload = _decode(file)
    told = {
        Trigger.PULL_REQUEST: payload.pull_request,
        Trigger.MERGE_GROUP: payload.merge_group,
        Trigger.WORKFLOW_RUN: payload.workflow_run,
    }
    trigger = next((trigger for trigger, part in told.items() if part is not None), Trigger.PUSH)
    return {
        "GITHUB_EVENT_NAME": trigger.value,
        **environ,
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_REPOSITORY": payload.repository.full_name,
    }


def _decode(path: Path) -> _Payload:
    what = "the event is not as documented"
    return read_document(path, _Payload, what=what, hint=_HINT, most=_LARGEST_EVENT)


def _reduce(trigger: Trigger, payload: _Payload, *, at: str) -> CiEvent:
    name, main = payload.repository.full_name, payload.repository.default_branch
    if not _NAME.fullmatch(name):
        raise InputError("the event names no repository", at=at, hint="is it the event file?")
    match trigger, payload:
        case ((Trigger.PULL_REQUEST | Trigger.PULL_REQUEST_TARGET), _Payload(pull_request=Pull() as pull)):
            return event_of_pull(pull, name, trigger=trigger, default_branch=main, at=at)
        case Trigger.MERGE_GROUP, _Payload(merge_group=_Group() as group):
            number = _QUEUE_PULL.search(group.head_ref)
            return CiEvent(
                trigger=trigger,
                repository=name,
                base=_checked_commit(group.base_sha, at=at),
                head=_checked_commit(group.head_sha, at=at),
                number=int(number[1]) if number else None,
                title=_title(group.head_commit) or "merge queue",
                default_branch=main,
            )
        case Trigger.WORKFLOW_RUN, _Payload(workflow_run=_Run() as run):
            return CiEvent(
                trigger=trigger,
                repository=name,
                head=_checked_commit(run.head_sha, at=at),
                default_branch=main,
                head_repository=run.head_repository.full_name if run.head_repository else "?/?",
                source_event=run.event,
            )
        case Trigger.PUSH, _Payload(after=str()):
            title = _title(payload.head_commit)
            squashed = _SQUASHED.fullmatch(title)
            return CiEvent(
                trigger=trigger,
                repository=name,
                base=_commit_or_none(payload.before, at=at),
                head=_commit_or_none(payload.after, at=at),
                number=int(squashed[2]) if squashed else None,
                title=squashed[1] if squashed else title,
                default_branch=main,
            )
    raise InputError(
        f"the event file has no data on a {trigger.value}", at=at, hint="is it this event's file?"
    )


def event_of_pull(
    pull: Pull,
    repository: str,
    *,
    trigger: Trigger = Trigger.PULL_REQUEST,
    default_branch: str = "main",
    at: str = "",
) -> CiEvent:
    """Return the event of a pull request, announced by the file ``at`` or asked for by number."""
    return CiEvent(
        trigger=trigger,
        repository=repository,
        base=_checked_commit(pull.base.sha, at=at),
        head=_checked_commit(pull.head.sha, at=at),
        number=pull.number,
        title=pull.title,
        body=pull.body or "",
        author_login=pull.user.login if pull.user else None,
        labels=tuple(sorted(label.name for label in pull.labels)),
        url=pull.html_url,
        default_branch=default_branch,
        # The repository of a deleted fork is null; it was a fork all the same.
        head_repository=pull.head.repo.full_name if pull.head.repo else "?/?",
    )


def _title(commit: _Message | None) -> str:
    return commit.message.partition("\n")[0] if commit else ""


def _commit_or_none(sha: str | None, *, at: str) -> CommitId | None:
    # All zeros: the branch was made, or deleted, by this push.
    return None if sha is None or not sha.strip("0") else _checked_commit(sha, at=at)


def _checked_commit(sha: str, *, at: str) -> CommitId:
    if not _SHA.fullmatch(sha):
        raise InputError(
            "the event names a commit by something that is not a commit id",
            at=at,
            hint="is it the event file?",
        )
    return CommitId(sha)
