"""Pull requests from GitHub, by number: metadata, diff, both sides of each file, the base tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.declarations import declarations_from
from diffscope.adapters.github.answers import Comparison, FileEntry, Pull
from diffscope.adapters.github.client import DIFF, Client
from diffscope.adapters.github.files import MOST_FILES, FindBase, patch_from_files
from diffscope.adapters.github.sides import read_sides
from diffscope.adapters.github.store import GitHubStore
from diffscope.adapters.github.trees import GitHubBlobs, GitHubTree, Progress
from diffscope.diff.model import Diff, FileSides, Sides
from diffscope.diff.names import split_git_names, strip_prefixes
from diffscope.diff.sections import is_git_diff
from diffscope.errors import NotFoundError, SourceError
from diffscope.facts.ci.declarations import Declarations
from diffscope.source.model import BlobId, Change, CommitId, Gap, PullRequest, RepoPath, SourceKind

LocalPatch = Callable[[CommitId, CommitId], str | None]
"""Takes merge base and head, gives the patch from a clone that has both; ``None`` from one that has not."""

_LISTED_IN_COMPARISON = 300
_NO_DIFF = {
    406: "over 20,000 lines or 300 files",
    422: "it says that there was a problem making it",
    **dict.fromkeys(range(500, 600), "it takes GitHub too long"),
}
"""Statuses that refuse the diff alone. Those that refuse the pull request (401, 403, 404, a rate limit) stay errors."""


class _Known(NamedTuple):
    repository: str
    blobs: GitHubBlobs
    base: GitHubTree | None
    merge_base: CommitId | None
    heads: dict[RepoPath, BlobId]
    gaps: tuple[Gap, ...]


class GitHubSource:
    """Pull requests of one repository. Ask for ``pull`` first; ``sides`` and ``base_tree`` tell of that change."""

    def __init__(
        self,
        client: Client,
        *,
        store: GitHubStore | None = None,
        local_patch: LocalPatch = lambda *_: None,
        progress: Progress = lambda *_: None,
    ) -> None:
        self._client = client
        self._store = store
        self._local_patch = local_patch
        self._progress = progress
        self._changes: dict[tuple[int | None, CommitId | None], _Known] = {}

    def pull(self, number: int) -> Change:
        """Return the pull request as a change whose base is the merge base. Raises ``SourceError``."""
        pull = self._find(number)
        known = self._surround(pull)
        patch, gaps = self._patch(pull, known)
        described = describe(pull, known.repository, known.merge_base)
        self._changes[(described.number, described.head)] = known
        return Change(pull=described, patch=patch, gaps=(*known.gaps, *gaps))

    def sides(self, change: Change, diff: Diff) -> Sides:
        """Return both sides of every file of a change that ``pull`` gave. Never raises: what is missing is a gap."""
        known = self._changes.get((change.pull.number, change.pull.head))
        if known is None:
            gap = Gap(what="blob", reason="the change did not come from this GitHub source")
            return Sides(
                files=tuple(FileSides(path=file.path, is_read=False) for file in diff.files), gaps=(gap,)
            )
        return read_sides(diff, base=known.base, heads=known.heads, blobs=known.blobs)

    def base_tree(self, change: Change) -> GitHubTree | None:
        """Return the tree at the merge base of a change that ``pull`` gave; ``None`` where it cannot be listed."""
        known = self._changes.get((change.pull.number, change.pull.head))
        return known.base if known else None

    def declarations(self, change: Change, *, cache: Cache) -> tuple[Declarations | None, tuple[Gap, ...]]:
        """Return what the target declares at the base of a change that ``pull`` gave, and what is missing of it.

        vLLM declares in some 240 small files: seven GraphQL queries the first time, what changed later. One by one,
        without a token, they would use up the rate limit four times over, so they are not asked for.
        """
        known = self._changes.get((change.pull.number, change.pull.head))
        if known is None or known.base is None:
            return None, (Gap(what="declarations", reason="GitHub does not give the tree of the base"),)
        if self._client.access.token is None:
            reason = "GitHub gives that many files only with a token: set GITHUB_TOKEN"
            return None, (Gap(what="declarations", reason=reason),)
        found = declarations_from(known.base.entries(), known.blobs, cache=cache)
        problem = known.blobs.problem
        return found, (Gap(what="declarations", reason=problem.message),) if problem else ()

    def _find(self, number: int) -> Pull:
        repository = self._client.access.repository
        try:
            return self._client.get_value(f"/repos/{repository}/pulls/{number}", Pull)
        except NotFoundError as error:
            raise NotFoundError(
                f"GitHub shows no pull request {number} in {repository}",
                at=error.at,
                hint="an issue's number is none; a private repository needs GITHUB_TOKEN",
            ) from error

    def _surround(self, pull: Pull) -> _Known:
        asked = self._client.access.repository
        repository = pull.base.repo.full_name if pull.base.repo else asked
        if repository.lower() != asked.lower():
            # PyGithub follows the redirect, but drops the query on the way: from here on the present name is used.
            self._client.notice(f"{asked} is {repository} now")
        blobs = GitHubBlobs(self._client, repository, store=self._store, progress=self._progress)
        found = self._compare(repository, pull)
        if isinstance(found, Gap):
            return _Known(repository, blobs, None, None, {}, (found,))
        tree = GitHubTree(self._client, repository, found.merge_base_commit.commit.tree.sha, blobs=blobs)
        merge_base = CommitId(found.merge_base_commit.sha)
        heads = _head_blobs(found.files)
        try:
            return _Known(repository, blobs, tree, merge_base, heads, tree.gaps())
        except SourceError as error:
            return _Known(
                repository, blobs, None, merge_base, heads, (Gap(what="base-tree", reason=error.message),)
            )

    def _compare(self, repository: str, pull: Pull) -> Comparison | Gap:
        # Files come with the first page of commits only, 300 of them; a larger pull request has no use for half a list.
        page = 1 if pull.changed_files <= _LISTED_IN_COMPARISON else 2
        path = f"/repos/{repository}/compare/{pull.base.sha}...{pull.head.sha}"
        try:
            return self._client.get_forever(path, Comparison, query={"per_page": 1, "page": page})
        except NotFoundError:
            return Gap(what="base-tree", reason="GitHub cannot compare base and head: one of them is gone")

    def _patch(self, pull: Pull, known: _Known) -> tuple[str, tuple[Gap, ...]]:
        path = f"/repos/{known.repository}/pulls/{pull.number}"
        answer = self._client.get(path, accept=DIFF, allow=frozenset(_NO_DIFF))
        if answer.status == 200 and (is_git_diff(answer.text) or not pull.changed_files):
            return answer.text, _drift(answer.text, known.heads)
        reason = _NO_DIFF.get(answer.status, "its answer is none")
        self._client.notice(
            f"GitHub gives no diff of #{pull.number} ({reason}); reading the list of files instead"
        )
        patch, gaps = self._patch_from_list(pull, known, path)
        local = (
            self._local_patch(known.merge_base, CommitId(pull.head.sha))
            if gaps and known.merge_base
            else None
        )
        if local is None:
            return patch, gaps
        self._client.notice(
            "the list is not whole either; the clone has both commits, the diff comes from there"
        )
        return local, ()

    def _patch_from_list(self, pull: Pull, known: _Known, path: str) -> tuple[str, tuple[Gap, ...]]:
        rows, is_cut = self._client.get_rows(
            f"{path}/files",
            tuple[FileEntry, ...],
            most=MOST_FILES,
            progress=lambda count: self._progress(count, pull.changed_files),
        )
        known.heads.update(_head_blobs(rows))
        listed = patch_from_files(
            rows,
            is_cut=is_cut or len(rows) < pull.changed_files,
            find_base=_finder(known.base),
            read_sides=lambda entry: _read_entry(entry, known),
        )
        return listed.patch, listed.gaps


def describe(pull: Pull, repository: str, merge_base: CommitId | None) -> PullRequest:
    """Return what GitHub tells of a pull request besides its diff."""
    return PullRequest(
        repository=repository,
        source=SourceKind.GITHUB,
        title=pull.title,
        number=pull.number,
        body=pull.body or "",
        author_login=pull.user.login if pull.user else None,
        labels=tuple(sorted(label.name for label in pull.labels)),
        merged_at=pull.merged_at,
        base=merge_base,
        head=CommitId(pull.head.sha),
        url=pull.html_url,
    )


def _head_blobs(files: Iterable[FileEntry]) -> dict[RepoPath, BlobId]:
    return {RepoPath(file.filename): BlobId(file.sha) for file in files if file.sha}


def _finder(tree: GitHubTree | None) -> FindBase:
    if tree is None:
        return lambda _: None
    return {entry.path: entry for entry in tree.entries()}.get


def _read_entry(entry: FileEntry, known: _Known) -> tuple[bytes, bytes] | None:
    old_path, new_id = RepoPath(entry.previous_filename or entry.filename), BlobId(entry.sha or "")
    before = b"" if entry.status == "added" else (known.base.read(old_path) if known.base else None)
    after = b"" if entry.status == "removed" else known.blobs.read_blobs([new_id]).get(new_id)
    return None if before is None or after is None else (before, after)


def _drift(patch: str, heads: dict[RepoPath, BlobId]) -> tuple[Gap, ...]:
    """Return a gap where diff and comparison are of different heads: someone pushed between two requests."""
    names = (split_git_names(line[11:]) for line in patch.split("\n") if line.startswith("diff --git "))
    paths = {path for pair in names if pair and (path := strip_prefixes(*pair)[1]) is not None}
    if not heads or not paths - heads.keys():
        return ()
    reason = "the diff and the comparison name different files: was something pushed in between? run it again"
    return (Gap(what="metadata", reason=reason),)
