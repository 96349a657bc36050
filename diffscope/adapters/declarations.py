"""Reads the target repository's declarations (owners, labels, CI, requirements) at a commit; cached by tree id."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import msgspec

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.git.repository import GitRepository
from diffscope.errors import DiffscopeError
from diffscope.facts.ci.declarations import Declarations
from diffscope.patterns import lazy_regex
from diffscope.project.ci.collection import StepTests, step_calls, step_tests
from diffscope.project.model import Project, ProjectFiles, Requirement
from diffscope.project.read import declares, declares_steps, read_dependencies, read_project, wanted_entries
from diffscope.project.requirements import is_requirements_file
from diffscope.source.model import BlobReader, CommitId, RepoPath, TreeEntry
from diffscope.source.profile import places, profile
from diffscope.version import VERSION


def collect_project_files(entries: tuple[TreeEntry, ...], blobs: BlobReader) -> ProjectFiles:
    """Return a tree's listing with the bytes of its declarations; a blob that is missing is left out.

    ``GitRepository`` is a ``BlobReader``; ``entries`` is what its ``entries(revision)`` returns.
    """
    return ProjectFiles(entries=entries, contents=read_entries(wanted_entries(entries), blobs))


def read_entries(entries: Iterable[TreeEntry], blobs: BlobReader) -> dict[RepoPath, bytes]:
    """Return the bytes of each entry by path; what the repository does not have is left out."""
    wanted = tuple(entries)
    found = blobs.read_blobs(entry.blob for entry in wanted)
    return {entry.path: data for entry in wanted if (data := found.get(entry.blob)) is not None}


T = TypeVar("T")

_FOLDERS: Final = (
    ".buildkite", ".github", "ci", "docker", "requirements", "scripts", "tools", "docs", "CODEOWNERS",
    ".mergify.yml",
)  # fmt: skip
_INSTALLS: Final = lazy_regex(
    r"docker/|tools/.*\.sh$|requirements/|setup\.py$|pyproject\.toml$|CMakeLists\.txt$"
)
_SPACE: Final = f"project-{VERSION}"
_STEPS: Final = f"steps-{VERSION}"


class DeclaredTrees:
    """What the trees of a clone declare, asked for one commit after another: what a commit shares with the one before is taken over."""

    def __init__(self, repository: GitRepository, cache: Cache) -> None:
        self._repository = repository
        self._cache = cache
        self._last: tuple[CommitId, Declarations] | None = None

    def at(self, revision: str) -> Declarations:
        """Return the declarations at a revision. Raises ``NotFoundError`` or ``RepositoryError`` where there is no such tree."""
        commit = self._repository.resolve(revision)
        if self._last is None or self._last[0] != commit:
            known = self._taken_over(commit)
            self._last = commit, known or declarations_at(self._repository, commit, cache=self._cache)
        return self._last[1]

    def _taken_over(self, commit: CommitId) -> Declarations | None:
        """Return what the commit before declares, if no file that tells anything differs."""
        if self._last is None:
            return None
        before, declared = self._last
        try:
            changed = self._repository.changed_paths(before, commit)
        except DiffscopeError:
            return None
        if any(_tells(each.path) for each in changed):
            return None
        if all(each.old_blob and each.new_blob for each in changed):
            return declared
        repository = self._repository  # not this object, which would then hold itself
        return declared.in_tree(lambda: (entry.path for entry in repository.entries(commit)))


def _tells(path: str) -> bool:
    """Say whether declarations hold anything of a file but that it is there; any job file may be named by a configuration."""
    return declares(path) or path.endswith(".yaml") or _INSTALLS.match(path) is not None


def declarations_at(repository: GitRepository, revision: str, *, cache: Cache) -> Declarations:
    """Return the declarations at a revision. Raises ``NotFoundError`` or ``RepositoryError`` where there is no such tree."""
    commit = repository.resolve(revision)
    trees = repository.tree_ids(commit, (*_FOLDERS, *(folder.rstrip("/") for folder in places().tests)))
    text = "\n".join([_profile(), *(f"{folder} {tree}" for folder, tree in sorted(trees.items()))])
    key = hashlib.blake2b(text.encode(), digest_size=20).hexdigest()

    @functools.cache
    def entries() -> tuple[TreeEntry, ...]:
        return repository.entries(commit)

    project = _project(key, cache, lambda: collect_project_files(entries(), repository))

    return Declarations(
        project,
        paths=lambda: (entry.path for entry in entries()),
        requirements=functools.cache(lambda: requirements_of(entries(), repository)),
        knows_tests=True,
        job_files=functools.cache(lambda: _job_files(entries(), repository)),
        installing=functools.cache(lambda: _installing(entries(), repository)),
        steps=functools.cache(lambda: _steps(key, cache, project)),
    )


def declarations_from(entries: tuple[TreeEntry, ...], blobs: BlobReader, *, cache: Cache) -> Declarations:
    """Return the declarations of a tree that lies elsewhere than in a clone; blobs that are not available are left out."""
    wanted = sorted(f"{entry.path} {entry.blob}" for entry in wanted_entries(entries))
    key = hashlib.blake2b("\n".join([_profile(), *wanted]).encode(), digest_size=20).hexdigest()
    project = _project(key, cache, lambda: collect_project_files(entries, blobs))
    return Declarations(
        project,
        paths=lambda: (entry.path for entry in entries),
        requirements=lambda: requirements_of(entries, blobs),
        job_files=lambda: _job_files(entries, blobs),
        installing=lambda: _installing(entries, blobs),
    )


def _job_files(entries: Iterable[TreeEntry], blobs: BlobReader) -> dict[RepoPath, bytes]:
    """Return the bytes of what declares the steps, by path; what the repository does not have is left out."""
    return read_entries((one for one in wanted_entries(entries) if declares_steps(one.path)), blobs)


def _installing(entries: Iterable[TreeEntry], blobs: BlobReader) -> dict[RepoPath, bytes]:
    """Return the bytes of what makes images and installs packages, by path; what the repository does not have is left out."""
    return read_entries((one for one in entries if _INSTALLS.match(one.path)), blobs)


def _project(key: str, cache: Cache, collect: Callable[[], ProjectFiles]) -> Project:
    return _kept(_SPACE, key, cache, Project, lambda: read_project(collect()), _is_whole)


def _steps(key: str, cache: Cache, project: Project) -> tuple[StepTests, ...]:
    def make() -> tuple[StepTests, ...]:
        return step_tests(step_calls(project))

    return _kept(_STEPS, key, cache, tuple[StepTests, ...], make, lambda _: _is_whole(project))


def _kept(
    space: str, key: str, cache: Cache, kind: type[T], make: Callable[[], T], is_whole: Callable[[T], bool]
) -> T:
    kept = cache.get(space, key)
    if kept is not None:
        # A cache of another time: what it holds is read again.
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.msgpack.decode(kept, type=kind)
    made = make()
    if is_whole(made):
        cache.put_many(space, {key: msgspec.msgpack.encode(made)})
    return made


def _is_whole(project: Project) -> bool:
    """Say whether nothing is missing: it may be available another time, or in another clone."""
    return all(problem.kind != "missing" for problem in project.problems)


def requirements_of(entries: Iterable[TreeEntry], blobs: BlobReader) -> tuple[Requirement, ...]:
    """Return the requirements of a tree, by file and line; what the repository does not have is left out."""
    wanted = (entry for entry in entries if is_requirements_file(entry.path))
    return read_dependencies(read_entries(wanted, blobs))[0]


def _profile() -> str:
    return f"{places().digest} {profile().workspace} {profile().ci}"
