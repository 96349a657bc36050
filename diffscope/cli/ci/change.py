"""Finds the change that a workflow's event is about, in the checkout or on GitHub."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec

from diffscope.adapters.config.settings import CloneTree
from diffscope.adapters.events import CiEvent, Trigger
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.github.access import Access
from diffscope.adapters.github.client import Client
from diffscope.adapters.github.responses import Pull
from diffscope.adapters.github.source import GitHubSource
from diffscope.adapters.github.trees import GitHubBlobs, GitHubStore, GitHubTree
from diffscope.cli.gather import Request, find_clone
from diffscope.errors import InputError, NotFoundError, SourceError, UsageError
from diffscope.source.model import Change, CommitId, SourceKind, TreeReader
from diffscope.workspace import Workspace

Say = Callable[[str], None]


class NothingToJudge(Exception):  # noqa: N818 - no failure, but the end of the work
    """The event is of a kind that is judged, and there is no difference in it."""


class FoundChange(NamedTuple):
    """A change, where it comes from if not from the checkout, and the tree that its settings are read from."""

    change: Change
    source: GitHubSource | None
    base: TreeReader | None


class LazyGitHub:
    """GitHub, asked when something is needed from there and not before."""

    def __init__(self, access: Access, workspace: Workspace, say: Say) -> None:
        self.access = access
        self._workspace = workspace
        self._say = say

    @cached_property
    def store(self) -> GitHubStore:
        """Answers and blobs of earlier runs."""
        return GitHubStore(self._workspace.cache)

    @cached_property
    def client(self) -> Client:
        """The connection."""
        return Client(self.access, store=self.store, notice=self._say)

    @cached_property
    def source(self) -> GitHubSource:
        """Pull requests by number."""
        return GitHubSource(self.client, store=self.store, local_patch=self._local_patch)

    def pull(self, number: int) -> Pull:
        """Return a pull request as it is now. Raises ``SourceError``."""
        return self.client.get_value(f"/repos/{self.access.repository}/pulls/{number}", Pull)

    def tree(self, commit: CommitId) -> GitHubTree:
        """Return the tree of a commit, which GitHub takes for its tree's id."""
        name = self.access.repository
        return GitHubTree(self.client, name, commit, blobs=GitHubBlobs(self.client, name, store=self.store))

    def _local_patch(self, base: CommitId, head: CommitId) -> str | None:
        repository = self._workspace.repository
        if repository is None or not (repository.has_commit(base) and repository.has_commit(head)):
            return None
        return repository.patch(base, head)[0]


def open_checkout(folder: Path) -> GitRepository | None:
    """Return the repository that the workflow checked out; ``None`` where it checked out none."""
    if not any((each / ".git").exists() for each in (folder.resolve(), *folder.resolve().parents)):
        return None
    return GitRepository(folder)


def trial_checkout() -> Path | None:
    """Return the clone in which an event is tried at home: what every other command takes where none is named."""
    clone = find_clone(None, Request())
    if clone is None:
        return None
    with clone:
        return clone.path


def refuse_untrusted_checkout(event: CiEvent, repository: GitRepository | None, trusted: str | None) -> None:
    """Raise ``UsageError`` where a ``pull_request_target`` workflow has checked out what the pull request brings.

    Such a workflow has a token that can write and often secrets; with the pull request's files beside them every later
    step is a hole. What is checked out must be the base's tip (``trusted``, the workflow's own commit) or older.
    """
    if event.trigger is not Trigger.PULL_REQUEST_TARGET or repository is None:
        return
    head = repository.resolve("HEAD")
    for known in (trusted, event.base):
        if known and repository.has_commit(CommitId(known)) and repository.merge_base(head, known) == head:
            return
    raise UsageError(
        "pull_request_target with a checkout of the pull request is refused: the job's token can write",
        at=f"HEAD is {head[:12]}",
        hint="check out the base (leave out ref:), or judge on pull_request and post on workflow_run, as docs/ci.md shows",
    )


def find_change(
    event: CiEvent, workspace: Workspace, hub: LazyGitHub, *, source: str, say: Say
) -> FoundChange:
    """Return the change that the event means: from the checkout, else (``auto``) from GitHub, which is said.

    Raises ``SourceError`` where neither has it, ``NothingToJudge`` where there is no difference.
    """
    if source != "github":
        try:
            return _from_checkout(event, workspace, say)
        except SourceError as error:
            if (
                source == "clone"
                or event.number is None
                or event.trigger in {Trigger.PUSH, Trigger.MERGE_GROUP}
            ):
                raise
            say(f"{error}; asking GitHub instead (a checkout with fetch-depth: 0 has everything)")
    if event.number is None:
        raise NotFoundError(
            "the event names no pull request to ask GitHub for", hint="check out with fetch-depth: 0"
        )
    change = hub.source.pull(event.number)
    return FoundChange(change, hub.source, hub.tree(event.base) if event.base else None)


def _from_checkout(event: CiEvent, workspace: Workspace, say: Say) -> FoundChange:
    repository = workspace.repository
    if repository is None or event.head is None:
        raise SourceError(
            "there is no checkout here", hint="add actions/checkout with fetch-depth: 0 before this step"
        )
    base = event.base
    if base is not None and not repository.has_commit(base) and event.trigger is Trigger.PUSH:
        say(
            f"{base[:12]}, where the branch was before the push, is not in the checkout; judging the last commit alone"
        )
        base = None
    try:
        if base is None:
            change = workspace.clone.commit(event.head)
        else:
            change = workspace.clone.between(base, event.head)
    except InputError as error:
        raise NothingToJudge(error.message) from None
    pull = msgspec.structs.replace(
        change.pull,
        repository=event.repository,
        source=SourceKind.CLONE,
        title=event.title or change.pull.title,
        number=event.number,
        body=event.body if event.body is not None else change.pull.body,
        author_login=event.author_login,
        labels=event.labels,
        url=event.url or _url(event),
    )
    start = base or change.pull.base
    return FoundChange(
        msgspec.structs.replace(change, pull=pull), None, CloneTree(repository, start) if start else None
    )


def _url(event: CiEvent) -> str | None:
    return f"https://github.com/{event.repository}/pull/{event.number}" if event.number is not None else None


POSTS = ("comment", "labels", "check")
"""What can be posted, in the order in which it is."""


class CiOptions(NamedTuple):
    """The options of one run; ``None`` is what the settings of the base, or the event, decide."""

    repo: Path | None
    pull: int | None
    source: str
    stored: Path | None
    post: tuple[str, ...]
    dry_run: bool
    output_dir: Path | None
    api_url: str | None
    lang: str | None
    fail_on: str | None
    use_cache: bool
    triage: Path | None = None
    """What `diffscope triage --format json` wrote of the open pull requests."""
