"""Changes read from a local clone: a pull request by number, a commit, a range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from diffscope.adapters.git.log import Squash, is_revert, main_tip, pull_number, pull_title, squashes
from diffscope.adapters.git.objects import OPTIONS, CommitInfo, list_files
from diffscope.adapters.git.process import run
from diffscope.adapters.git.pull_index import PullIndex
from diffscope.adapters.git.repository import GitRepository
from diffscope.diff.model import Diff
from diffscope.errors import EmptyChangeError, NotFoundError, RepositoryError, UsageError, shell_line
from diffscope.messages.model import message
from diffscope.source.model import Change, CommitId, Gap, MergedPull, PullRequest, SourceKind
from diffscope.source.profile import pull_url, repository_name
from diffscope.source.text import decode_whole
from diffscope.source.window import Window, stamp


def commits_between(repository: GitRepository, base: str, head: str) -> tuple[CommitId, ...]:
    """Return the commits of ``head`` and its first parents that ``base`` does not have, oldest first.

    Raises:
        NotFoundError: one of the two is not a commit.
        UsageError: the range is turned around.
        RepositoryError: the history cannot be read.
    """
    start, end = repository.resolve(base), repository.resolve(head)
    found = run(repository.objects, "rev-list", "--first-parent", "--reverse", end, f"^{start}")
    if found.code != 0:
        raise RepositoryError(
            f"git: {found.err.strip()}", at=str(repository.path), hint="fetch what is missing"
        )
    listed = tuple(CommitId(line) for line in found.out.decode().split())
    if not listed and start != end:
        raise UsageError(
            f"nothing comes after {base} up to {head}: {head} is the older one",
            hint=f"reverse it: {shell_line(f'{head}..{base}')}",
        )
    return listed


_PULL_REFS = (
    "refs/pull/{0}/head", "refs/pull/{0}", "refs/remotes/*/pr/{0}", "refs/remotes/*/pr/{0}/head",
    "refs/remotes/*/pull/{0}", "refs/remotes/*/pull/{0}/head",
)  # fmt: skip
_MOST_SUBJECTS = 50


class CloneSource:
    """The changes of a local clone. ``name`` is the repository's name on GitHub."""

    def __init__(self, repository: GitRepository, index: PullIndex, *, name: str | None = None) -> None:
        self._repository = repository
        self._index = index
        self._name = name or repository_name()

    def pull(self, number: int) -> Change:
        """Return a pull request: its squash commit, else ``refs/pull/N/head`` against the merge base with main.

        Of several squash commits that carry the number the newest that is no revert counts; a gap says so. Raises
        ``NotFoundError`` where the clone has neither, ``RepositoryError`` where the history is cut off there.
        """
        found = self._index.find(number) or self._off_main(number)
        if found:
            return self._squash(number, found)
        if (tip := self._pull_ref(number)) is not None:
            return self._pull_head(number, tip)
        path = self._repository.path
        raise NotFoundError(
            f"pull request {number} is not in this clone",
            at=str(path),
            hint=f"fetch it: {shell_line('git', '-C', path, 'fetch', 'origin', f'pull/{number}/head:refs/pull/{number}/head')}",
        )

    def commit(self, revision: str) -> Change:
        """Return one commit against its first parent."""
        info = self._repository.commit(revision)
        return self._single(info, pull_number(info.subject), gaps=())

    def listed(self, revision: str) -> tuple[Change, Diff]:
        """Return one commit without its patch, and which files it changes by how many lines, as git lists them.

        Nothing is parsed or kept: for a commit that could not be judged. What git cannot list is left out.
        """
        info = self._repository.commit(revision)
        base = info.parents[0] if info.parents else None
        old = self._repository.empty_tree if base is None else base
        pull = self._described(info, pull_number(info.subject), base)
        return Change(pull=pull, patch=""), list_files(self._repository.objects, old, info.commit)

    def between(self, base: str, head: str, *, is_direct: bool = False) -> Change:
        """Return ``BASE...HEAD``, from the merge base; with ``is_direct`` ``BASE..HEAD``, tree against tree."""
        old, new = self._repository.resolve(base), self._repository.resolve(head)
        if not is_direct:
            old = self._merge_base(old, new)
        return self._range(old, new, number=None, kind=SourceKind.RANGE)

    def part_between(self, base: CommitId, head: CommitId, paths: Sequence[str]) -> Change:
        """Return what the files ``paths`` become from one commit to another; empty where none of them changes."""
        access = self._repository.objects
        found = run(access, "diff-tree", *OPTIONS, "--no-renames", base, head, "--", *paths)
        if found.code != 0:
            raise RepositoryError(
                f"git: {found.err.strip()}", at=str(self._repository.path), hint="fetch what is missing"
            )
        pull = self._described(self._repository.commit(head), None, base)
        return Change(pull=pull, patch=decode_whole(found.out))

    def window(self, window: Window) -> tuple[MergedPull, ...]:
        """Return what was merged to the main branch in ``window``, oldest first. One pull request may stand twice."""
        found = reversed(self._index.between(window.start, window.end))
        return tuple(
            MergedPull(
                number=squash.number,
                commit=CommitId(squash.commit),
                subject=squash.subject,
                author=squash.author,
                merged_at=stamp(squash.committed_at),
            )
            for squash in found
        )

    def _off_main(self, number: int) -> tuple[Squash, ...]:
        """Look on the current branch, which may hold what no main branch does: a release, or work not merged yet."""
        main = main_tip(self._repository)
        head = self._repository.head()
        if main is None or head is None:
            return ()
        return tuple(
            squash for squash in squashes(self._repository, head, f"^{main}") if squash.number == number
        )

    def _squash(self, number: int, found: Sequence[Squash]) -> Change:
        chosen = next((squash for squash in found if not is_revert(squash.subject)), found[0])
        others = tuple(squash.commit[:12] for squash in found if squash is not chosen)
        said = message(
            "gap.several-commits", count=len(found), number=number, taken=chosen.commit[:12], others=others
        )
        gaps = (Gap(what="metadata", message=said),) if others else ()
        return self._single(self._repository.commit(chosen.commit), number, gaps=gaps)

    def _pull_ref(self, number: int) -> CommitId | None:
        patterns = [pattern.format(number) for pattern in _PULL_REFS]
        found = run(
            self._repository.refs,
            "for-each-ref",
            "--sort=-committerdate",
            "--format=%(objectname)",
            *patterns,
        )
        names = found.out.decode().split()
        return CommitId(names[0]) if names else None

    def _pull_head(self, number: int, tip: CommitId) -> Change:
        main = main_tip(self._repository)
        if main is None:
            raise NotFoundError(
                "the clone has no main branch", at=str(self._repository.path), hint="name one: --base REF"
            )
        return self._range(self._merge_base(CommitId(main), tip), tip, number=number, kind=SourceKind.CLONE)

    def _merge_base(self, old: CommitId, new: CommitId) -> CommitId:
        for commit in (old, new):
            self._repository.commit(commit)
        base = self._repository.merge_base(old, new)
        if base is None:
            path = self._repository.path
            cure = "--unshallow" if self._repository.is_shallow else "--all"
            trees = shell_line("git", "-C", path, "diff", "--full-index", old[:12], new[:12])
            raise RepositoryError(
                f"{old[:12]} and {new[:12]} have no common ancestor in this clone",
                at=str(path),
                hint=f"{shell_line('git', '-C', path, 'fetch', cure)}, or compare the trees themselves: {trees} | diffscope classify -",
            )
        return base

    def _single(self, info: CommitInfo, number: int | None, *, gaps: tuple[Gap, ...]) -> Change:
        base = info.parents[0] if info.parents else None
        if base is not None and not self._repository.has_commit(base):
            path = self._repository.path
            raise RepositoryError(
                f"the parent of {info.commit[:12]} is not in this clone: its history is cut off there",
                at=str(path),
                hint=f"{shell_line('git', '-C', path, 'fetch', '--deepen=1', 'origin')}, or --unshallow for all of it",
            )
        patch, lost = self._repository.patch(base, info.commit)
        _refuse_empty(patch, f"commit {info.commit[:12]}")
        return Change(pull=self._described(info, number, base), patch=patch, gaps=(*gaps, *lost))

    def _described(self, info: CommitInfo, number: int | None, base: CommitId | None) -> PullRequest:
        return PullRequest(
            repository=self._name,
            source=SourceKind.CLONE,
            title=pull_title(info.subject) if number is not None else info.subject,
            number=number,
            body=info.body or None,
            author=info.author or None,
            merged_at=None if number is None else stamp(info.committed_at),
            base=base,
            head=info.commit,
            url=pull_url(self._name, number),
        )

    def _range(self, base: CommitId, head: CommitId, *, number: int | None, kind: SourceKind) -> Change:
        info = self._repository.commit(head)
        self._repository.commit(base)
        patch, lost = self._repository.patch(base, head)
        _refuse_empty(patch, f"{base[:12]}..{head[:12]}")
        words = self._words(base, info)
        number = words.number if number is None else number
        pull = PullRequest(
            repository=self._name,
            source=kind,
            title=words.title if words.number is None else pull_title(words.title),
            number=number,
            body=words.body,
            author=info.author or None,
            base=base,
            head=head,
            url=pull_url(self._name, number),
        )
        return Change(pull=pull, patch=patch, gaps=lost)

    def _words(self, base: CommitId, head: CommitInfo) -> _Words:
        found = run(
            self._repository.objects, *("rev-list", "--reverse", "--no-merges", head.commit, f"^{base}")
        )
        commits = [CommitId(name) for name in found.out.decode().split()]
        if len(commits) > 1:
            told = self._repository.commits(commits[:_MOST_SUBJECTS])
            subjects = [info.subject for name in commits if (info := told.get(name)) is not None]
            listed = "\n".join(f"- {subject}" for subject in subjects)
            return _Words(title=subjects[0] if subjects else head.subject, body=listed, number=None)
        only = self._repository.commit(commits[0]) if commits else head
        return _Words(title=only.subject, body=only.body or None, number=pull_number(only.subject))


class _Words(NamedTuple):
    """What a range calls itself: as its one commit does; else the oldest subject, and a list of all as the body."""

    title: str
    body: str | None
    number: int | None
    """Only one commit can be one pull request."""


def _refuse_empty(patch: str, what: str) -> None:
    if not patch:
        raise EmptyChangeError(f"{what} changes nothing", hint="name a commit or range with a difference")
