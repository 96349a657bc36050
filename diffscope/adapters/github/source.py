"""Pull requests from GitHub, by number: metadata, diff or list of files, both sides of each file, the base tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.declarations import declarations_from
from diffscope.adapters.github.client import DIFF, Client
from diffscope.adapters.github.responses import Comparison, FileEntry, Pull
from diffscope.adapters.github.trees import GitHubBlobs, GitHubStore, GitHubTree, Progress, read_sides
from diffscope.diff.model import Diff, FileSides, Sides, quote, split_git_names, strip_prefixes
from diffscope.diff.reconstruct import make_patch
from diffscope.errors import NotFoundError, SourceError
from diffscope.facts.ci.declarations import Declarations
from diffscope.messages.model import message
from diffscope.source.model import BlobId, Change, CommitId, Gap, PullRequest, RepoPath, SourceKind, TreeEntry

MOST_FILES = 3000
"""GitHub lists no more."""
_LARGEST_SIDE = 400_000
"""Bytes of a side up to which a hunk that GitHub left out is worked out here: difflib is slow on more."""
_EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
_ABSENT = "0" * 40
_FLIPPED = {"100644": "100755", "100755": "100644"}

ReadSides = Callable[[FileEntry], tuple[bytes, bytes] | None]
"""Takes an entry, gives its old and new content (empty for a side that does not exist), or ``None``."""

FindBase = Callable[[RepoPath], TreeEntry | None]
"""Gives the entry of the base tree at a path, as far as it is known."""


def patch_from_files(
    entries: Iterable[FileEntry], *, is_cut: bool, find_base: FindBase, read_sides: ReadSides
) -> tuple[str, tuple[Gap, ...]]:
    """Return the patch that ``entries`` describe, and what they do not tell.

    The list knows no file modes, the base tree does. Where GitHub left the hunks out (binary, or too large for it)
    both sides are read and compared here; a file whose sides are not available stands in the patch as a binary one,
    with a gap.
    """
    parts: list[str] = []
    gaps: list[Gap] = []
    for entry in sorted(entries, key=lambda entry: entry.filename):
        part, gap = _part(entry, find_base(RepoPath(entry.previous_filename or entry.filename)), read_sides)
        parts.append(part)
        gaps += [gap] if gap else []
    if is_cut:
        gaps.append(Gap(what="diff-truncated", message=message("gap.github-files-cut", most=MOST_FILES)))
    return "".join(parts), tuple(gaps)


def _part(entry: FileEntry, base: TreeEntry | None, read_sides: ReadSides) -> tuple[str, Gap | None]:
    old, new = _both(entry)
    names = " ".join((quote(f"a/{old}".encode()), quote(f"b/{new}".encode())))
    header = "".join(
        f"{line}\n"
        for line in (f"diff --git {names}", *_modes(entry, base), *_move(entry), *_index(entry, base))
    )
    if entry.patch:
        end = "" if entry.patch.endswith("\n") else "\n"
        return f"{header}--- {_old(entry)}\n+++ {_new(entry)}\n{entry.patch}{end}", None
    if _is_same_content(entry, base):
        return header, None
    sides = read_sides(entry)
    if sides is not None and max(map(len, sides)) <= _LARGEST_SIDE:
        return _compared(entry, *sides), None
    stand_in = f"{header}Binary files {_old(entry)} and {_new(entry)} differ\n"
    if not entry.changes:
        return stand_in, None  # GitHub counts no lines of a binary file
    left_out = message("gap.github-hunks-left-out")
    return stand_in, Gap(what="diff-truncated", message=left_out, path=RepoPath(entry.filename))


def _is_same_content(entry: FileEntry, base: TreeEntry | None) -> bool:
    """Say whether there is nothing to compare: a pure move, a change of mode, an empty file."""
    if entry.changes:
        return False
    return (
        entry.sha == (base.blob if base and entry.status != "added" else _EMPTY_BLOB)
        or entry.status == "unchanged"
    )


def _compared(entry: FileEntry, before: bytes, after: bytes) -> str:
    old_path = entry.previous_filename or entry.filename
    old = {} if entry.status == "added" else {old_path: before}
    new = {} if entry.status == "removed" else {entry.filename: after}
    renames = {old_path: entry.filename} if entry.status == "renamed" else None
    return make_patch(old, new, renames=renames)


def _modes(entry: FileEntry, base: TreeEntry | None) -> Iterable[str]:
    if entry.status == "added":
        yield "new file mode 100644"
    elif entry.status == "removed":
        yield f"deleted file mode {base.mode if base else '100644'}"
    elif base and entry.sha == base.blob and entry.status in {"modified", "changed"}:
        # The same content in a changed file: only its mode can differ, and a regular file has two.
        yield f"old mode {base.mode}"
        yield f"new mode {_FLIPPED.get(base.mode, base.mode)}"


def _move(entry: FileEntry) -> Iterable[str]:
    if entry.status in {"renamed", "copied"}:
        verb = "rename" if entry.status == "renamed" else "copy"
        if not entry.changes:
            yield "similarity index 100%"
        for way, name in zip(("from", "to"), _both(entry), strict=True):
            yield f"{verb} {way} {quote(name.encode())}"


def _index(entry: FileEntry, base: TreeEntry | None) -> Iterable[str]:
    if entry.status == "added" and entry.sha:
        yield f"index {_ABSENT}..{entry.sha}"
    elif entry.status == "removed" and base:
        yield f"index {base.blob}..{_ABSENT}"
    elif base and entry.sha and entry.sha != base.blob:
        yield f"index {base.blob}..{entry.sha} {base.mode}"


def _old(entry: FileEntry) -> str:
    return "/dev/null" if entry.status == "added" else quote(f"a/{_both(entry)[0]}".encode())


def _new(entry: FileEntry) -> str:
    return "/dev/null" if entry.status == "removed" else quote(f"b/{entry.filename}".encode())


def _both(entry: FileEntry) -> tuple[str, str]:
    return entry.previous_filename or entry.filename, entry.filename


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
            gap = Gap(what="blob", message=message("gap.foreign-change"))
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
            return None, (Gap(what="declarations", message=message("gap.github-no-base")),)
        if self._client.access.token is None:
            return None, (Gap(what="declarations", message=message("gap.github-needs-token")),)
        found = declarations_from(known.base.entries(), known.blobs, cache=cache)
        if known.blobs.problem is None:
            return found, ()
        lost = message("gap.github-failed", error=known.blobs.problem.message)
        return found, (Gap(what="declarations", message=lost),)

    def _find(self, number: int) -> Pull:
        repository = self._client.access.repository
        try:
            return self._client.get_value(f"/repos/{repository}/pulls/{number}", Pull)
        except NotFoundError as error:
            raise NotFoundError(
                f"GitHub shows no pull request {number} in {repository}",
                at=error.at,
                hint="it may be an issue; a private repository needs GITHUB_TOKEN",
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
            lost = Gap(what="base-tree", message=message("gap.github-failed", error=error.message))
            return _Known(repository, blobs, None, merge_base, heads, (lost,))

    def _compare(self, repository: str, pull: Pull) -> Comparison | Gap:
        # Files come with the first page of commits only, 300 of them; a larger pull request has no use for half a list.
        page = 1 if pull.changed_files <= _LISTED_IN_COMPARISON else 2
        path = f"/repos/{repository}/compare/{pull.base.sha}...{pull.head.sha}"
        try:
            return self._client.get_forever(path, Comparison, query={"per_page": 1, "page": page})
        except NotFoundError:
            return Gap(what="base-tree", message=message("gap.github-no-comparison"))

    def _patch(self, pull: Pull, known: _Known) -> tuple[str, tuple[Gap, ...]]:
        path = f"/repos/{known.repository}/pulls/{pull.number}"
        answer = self._client.get(path, accept=DIFF, allow=frozenset(_NO_DIFF))
        told = f"\n{answer.text}".count("\ndiff --git ")
        # Whether a text begins as a diff of git's does; a page, a sentence or nothing at all does not.
        if answer.status == 200 and (
            (answer.text.lstrip().startswith("diff --git ") and told >= pull.changed_files)
            or not pull.changed_files
        ):
            return answer.text, _drift(answer.text, known.heads)
        reason = _NO_DIFF.get(answer.status, "its answer is cut off" if told else "its answer is none")
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
        # A push between two pages shifts them, and a file stands on both.
        rows = tuple({row.filename: row for row in rows}.values())
        known.heads.update(_head_blobs(rows))
        return patch_from_files(
            rows,
            is_cut=is_cut or len(rows) < pull.changed_files,
            find_base=_finder(known.base),
            read_sides=lambda entry: _read_entry(entry, known),
        )


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
    return (Gap(what="metadata", message=message("gap.pushed-meanwhile")),)
