"""Finds the change to judge: a pull request in the clone, on GitHub or on record; a patch, a range, the worktree."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from diffscope.errors import NotFoundError, SourceError, UsageError
from diffscope.patterns import lazy_regex

if TYPE_CHECKING:
    from diffscope.adapters.git.repository import GitRepository
    from diffscope.adapters.github.access import PullReference
    from diffscope.assessment.document import Assessment
    from diffscope.facts.model import ChangeFacts
    from diffscope.source.model import Change
    from diffscope.workspace import RemoteSource, Workspace

Notice = Callable[[str], None]
"""Takes a sentence that the reader of the result should know."""

_HEADER = lazy_regex(r"^(?:---|\+\+\+) [ab]/(\S+)", re.MULTILINE)
_PUBLIC = (None, "github.com", "www.github.com")


class Request(NamedTuple):
    """What the command line asks for. Exactly one of target, diff, worktree, window, and base or head; a diff or a worktree may have a base."""

    target: str | None = None
    diff: str | None = None
    base: str | None = None
    head: str | None = None
    worktree: bool = False
    window: str | None = None
    source: str = "auto"
    against: str | None = None
    """Another commit with which the change is compared."""

    @property
    def is_window(self) -> bool:
        """Whether it may give several changes."""
        return self.window is not None


class Gathered(NamedTuple):
    """A change as its source hands it in, or the facts of a recorded one."""

    change: Change | None = None
    source: RemoteSource | None = None
    """Where the change comes from, if not from the clone."""
    recorded: ChangeFacts | None = None

    def facts(self, workspace: Workspace) -> ChangeFacts:
        """Return the facts, collected now or recorded."""
        if self.recorded is not None:
            return self.recorded
        assert self.change is not None  # noqa: S101 - one of the two is always set
        if self.source is None:
            return workspace.known_facts(self.change)
        return workspace.facts(self.change, self.source)

    def assess(self, workspace: Workspace) -> Assessment:
        """Return the assessment."""
        return workspace.judge(self.facts(workspace))


def check(request: Request) -> Request:
    """Return the request with the patch of a target ``-`` in its place.

    Raises:
        UsageError: nothing is asked for, or two things at once.
    """
    if request.target == "-":
        request = request._replace(target=None, diff="-")
    asked = {
        "a pull request": request.target is not None,
        "--diff": request.diff is not None,
        "--worktree": request.worktree,
        "--base or --head": not request.worktree
        and request.diff is None
        and (request.base is not None or request.head is not None),
        "--range": request.window is not None,
    }
    chosen = [name for name, is_asked in asked.items() if is_asked]
    if not chosen:
        raise UsageError(
            "nothing to classify",
            hint="diffscope classify 38450, or --worktree, or --diff FILE, or --base REF",
        )
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude each other", hint="ask for one change at a time")
    if request.against is not None and request.is_window:
        raise UsageError("--against is for one change", hint="leave out --range, or ask diffscope triage")
    if request.worktree and request.head is not None:
        raise UsageError(
            "--worktree has no --head",
            hint="the worktree is the head; --base REF is what it is compared with",
        )
    if request.diff is not None and request.head is not None:
        raise UsageError(
            "--diff has no --head", hint="the patch makes the head; --base REF is what it was made against"
        )
    return request


def gather(request: Request, workspace: Workspace, notice: Notice) -> Gathered:
    """Return the one change that is asked for; those of a window are judged by ``judge_range`` of ``classify/command.py``.

    Raises:
        DiffscopeError: the change was not found or cannot be read, with a hint.
    """
    if request.target is not None:
        return _pull(request.target, request.source, workspace, notice)
    if request.diff is not None:
        return Gathered(change=_patch(request.diff, request.base, workspace))
    if request.worktree:
        from diffscope.adapters.changes.checkout import worktree_change

        clone, base = clone_of(workspace), request.base or "HEAD"
        return Gathered(change=worktree_change(clone, base=base, name=workspace.identity))
    clone_of(workspace)
    base, head = request.base or _main(workspace), request.head or "HEAD"
    return Gathered(change=workspace.clone.between(base, head))


def _patch(name: str, base: str | None, workspace: Workspace) -> Change:
    """Return a patch with the commit that it was made against: the one that is named, or one that it fits."""
    import msgspec

    from diffscope.adapters.changes.files import read_patch
    from diffscope.adapters.changes.sides import base_reader, with_base
    from diffscope.diff.parse import salvage_diff
    from diffscope.source.profile import UNKNOWN_REPOSITORY

    change = read_patch(name, name=workspace.identity)
    if base is not None:
        commit = clone_of(workspace).resolve(base)
        return msgspec.structs.replace(change, pull=msgspec.structs.replace(change.pull, base=commit))
    if workspace.repository is None:
        if _is_ours(change.patch, workspace):
            return change
        pull = msgspec.structs.replace(change.pull, repository=UNKNOWN_REPOSITORY)
        return msgspec.structs.replace(change, pull=pull)
    reader = base_reader(workspace.repository, None)
    return with_base(change, salvage_diff(change.patch, read_base=reader).diff, workspace.repository)


def _is_ours(patch: str, workspace: Workspace) -> bool:
    """Say whether a bare patch is of the repository of the profile: a path lies in its packages, or is a test that is known of it."""
    from diffscope.source.model import RepoPath
    from diffscope.source.profile import places

    here = places()
    paths = _HEADER.findall(patch)
    if any(path.startswith(here.product) for path in paths):
        return True
    tests = [RepoPath(path) for path in paths if here.is_test(path) and path.endswith(".py")]
    graph = workspace.packaged_for(workspace.identity).graph if tests else None
    return graph is not None and any(map(graph.module_of, tests))


def _pull(target: str, source: str, workspace: Workspace, notice: Notice) -> Gathered:
    from diffscope.adapters.github.access import parse_reference

    try:
        reference = parse_reference(target, repository=workspace.identity)
    except UsageError as error:
        if target.startswith("#") or ":" in target:
            raise
        if workspace.repository is None:
            hint = f"{error.hint}; a branch or commit needs a clone: --repo PATH or DIFFSCOPE_REPO"
            raise UsageError(error.message, hint=hint) from None
        return Gathered(change=_revision(target, workspace, error))
    if source != "auto":
        return _TRIES[source](reference, workspace, notice)
    reasons = []
    for name, attempt in _TRIES.items():
        try:
            found = attempt(reference, workspace, notice)
        except SourceError as error:
            reasons.append((name, error))
            continue
        if name == "recorded":
            _tell_fallback(reasons, reference.number, notice)
        return found
    raise _not_found(reference, reasons)


def _revision(target: str, workspace: Workspace, error: UsageError) -> Change:
    """Return the change that a name of the clone means: a branch from its merge base with main, anything else as one commit."""
    import msgspec

    from diffscope.adapters.git.process import run

    clone = clone_of(workspace)
    try:
        commit = clone.resolve(target)
    except SourceError:
        is_range = ".." in target.strip(".")
        hint = (
            f"for each change of a range: --range {target}; for the range as one change: --base and --head"
            if is_range
            else f"{error.hint}; or a branch or commit of the clone: {target!r} is none"
        )
        raise UsageError(error.message, hint=hint) from None
    names = [f"refs/heads/{target}", f"refs/remotes/{target}"]
    is_branch = bool(run(clone.refs, "for-each-ref", "--format=%(refname)", *names).out.strip())
    main = _main(workspace)
    is_merged = clone.merge_base(main, commit) == commit
    if is_branch and not is_merged:
        return workspace.clone.between(main, commit)
    change = workspace.clone.commit(commit)
    # The subject of a branch's own commit may name a pull request too: that makes it no merged one.
    replace = msgspec.structs.replace
    return change if is_merged else replace(change, pull=replace(change.pull, merged_at=None))


def _tell_fallback(reasons: list[tuple[str, SourceError]], number: int, notice: Notice) -> None:
    for name, error in reasons:
        notice(f"{name}: {error}")
    notice(f"using the facts of #{number} that are recorded with diffscope")


def _not_found(reference: PullReference, reasons: list[tuple[str, SourceError]]) -> NotFoundError:
    told = "".join(f"\n  {name}: {error}" for name, error in reasons)
    hint = next((error.hint for name, error in reasons if name == "clone" and error.hint), None)
    return NotFoundError(f"pull request {reference.number} was not found:{told}", hint=hint)


def _from_clone(reference: PullReference, workspace: Workspace, _: Notice) -> Gathered:
    clone_of(workspace)
    if not _is_of(workspace.identity, reference):
        # Its number 5 is not our number 5.
        raise SourceError(
            f"the clone is of {workspace.identity}, not of {_named(reference)}",
            hint="a number without a repository is looked for in the clone",
        )
    return Gathered(change=workspace.clone.pull(reference.number))


def _from_github(reference: PullReference, workspace: Workspace, notice: Notice) -> Gathered:
    # Each of these imports costs more than a recorded change takes as a whole.
    from diffscope.adapters.github.access import find_access
    from diffscope.adapters.github.client import Client
    from diffscope.adapters.github.source import GitHubSource
    from diffscope.adapters.github.trees import GitHubStore

    access = find_access(os.environ, repository=reference.repository, host=reference.host)
    store = GitHubStore(workspace.cache)
    client = Client(access, store=store, notice=notice)
    source = GitHubSource(client, store=store, progress=workspace.progress or (lambda *_: None))
    change = source.pull(reference.number)
    return Gathered(change=change, source=source)


def _from_records(reference: PullReference, workspace: Workspace, _: Notice) -> Gathered:
    from diffscope.adapters.changes.files import RecordedSource
    from diffscope.adapters.config.profiles import default_profile

    # Not read anew where it is at hand: start-up is hot.
    names = workspace.names if workspace.profile.is_default else default_profile().names()
    ours = names.repository or ""
    if not _is_of(ours, reference):
        raise SourceError(
            f"only changes of {ours} have recorded facts", hint="--source github, with a network"
        )
    return Gathered(recorded=RecordedSource().facts(reference.number))


def _named(reference: PullReference) -> str:
    return f"{reference.host}/{reference.repository}" if reference.host else reference.repository


def _is_of(repository: str, reference: PullReference) -> bool:
    return reference.repository.lower() == repository.lower() and reference.host in _PUBLIC


_TRIES: dict[str, Callable[[PullReference, Workspace, Notice], Gathered]] = {
    "clone": _from_clone,
    "github": _from_github,
    "recorded": _from_records,
}
"""Where a pull request is looked for, by the name of ``--source``, in the order in which ``auto`` tries them."""
SOURCES = ("auto", *_TRIES)


def need_clone(given: Path | None) -> GitRepository:
    """Return the clone that is meant. Raises ``SourceError`` where there is none."""
    clone = find_clone(given, Request())
    if clone is None:
        raise no_clone()
    return clone


def clone_of(workspace: Workspace) -> GitRepository:
    """Return the clone of a workspace. Raises ``SourceError`` where it has none."""
    if workspace.repository is None:
        raise no_clone()
    return workspace.repository


def no_clone() -> SourceError:
    """Return the error of a command that needs a clone and has none."""
    from diffscope.adapters.config.profiles import choose_profile
    from diffscope.cli.options import asked_profile

    title = choose_profile(asked_profile(), None).names().title
    return SourceError(
        f"there is no clone of {title} here", hint="name one: --repo PATH, or set DIFFSCOPE_REPO"
    )


def _main(workspace: Workspace) -> str:
    from diffscope.adapters.git.log import main_tip

    tip = main_tip(clone_of(workspace))
    if tip is None:
        raise NotFoundError(
            "the clone has no commit", at=str(clone_of(workspace).path), hint="commit something first"
        )
    return tip


def find_clone(given: Path | None, request: Request) -> GitRepository | None:
    """Return the clone that is meant, or ``None``; a recorded pull request needs none, so none is looked for."""
    if request.source == "recorded" and request.target is not None:
        return None
    from diffscope.adapters.config import profiles
    from diffscope.cli.options import asked_profile

    found = profiles.find_clone(given, current=Path.cwd(), environment=os.environ, profile=asked_profile())
    context = click.get_current_context(silent=True)
    if given is None and found is not None and context is not None and not context.params.get("quiet"):
        _say_which(found, Path.cwd())
    # Open to the end of the command; whoever comes from Python closes it.
    return context.with_resource(found) if found is not None and context is not None else found


def _say_which(clone: GitRepository, current: Path) -> None:
    """Say which repository is judged where that is not the one that the current folder lies in."""
    from diffscope.cli.console import say

    around = next((folder for folder in (current, *current.parents) if (folder / ".git").exists()), None)
    if around is not None and not (clone.top or clone.path).resolve().is_relative_to(around.resolve()):
        say(
            f"note: judging the clone {clone.path} (DIFFSCOPE_REPO), not {around}; --repo {around} takes that"
        )
