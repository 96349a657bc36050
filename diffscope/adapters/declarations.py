"""What the target declares of itself at a commit, kept in the cache by the trees that it is read from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from diffscope.adapters.cache import Cache
from diffscope.adapters.git import GitRepository
from diffscope.adapters.project_files import collect_project_files, read_entries
from diffscope.facts.steps import Declarations
from diffscope.project.answers import Collecting
from diffscope.project.collection import collect_tests, step_calls
from diffscope.project.read import read_dependencies, read_project, wanted_entries
from diffscope.project.requirements import is_requirements_file
from diffscope.project.tree import TreeIndex
from diffscope.project.values import Project, ProjectFiles, Requirement
from diffscope.source.ports import BlobReader
from diffscope.source.values import RepoPath, TreeEntry
from diffscope.version import VERSION

_FOLDERS: Final = (
    ".buildkite",
    ".github",
    "docker",
    "requirements",
    "tests",
    "tools",
    "docs",
    "CODEOWNERS",
    ".mergify.yml",
)
_SPACE: Final = f"project-{VERSION}"
_COLLECTED: Final = f"collected-{VERSION}"
_ENCODER: Final = msgspec.msgpack.Encoder()


def project_at(repository: GitRepository, revision: str, *, cache: Cache) -> Project:
    """Return the declarations at a revision. Raises ``NotFoundError`` or ``RepositoryError`` where there is no such tree."""
    commit = repository.resolve(revision)
    return _kept(
        _key(repository, commit), cache, lambda: collect_project_files(repository.entries(commit), repository)
    )


def declarations_from(entries: tuple[TreeEntry, ...], blobs: BlobReader, *, cache: Cache) -> Declarations:
    """Return the declarations of a tree that lies elsewhere than in a clone; blobs that cannot be had are left out."""
    wanted = sorted(f"{entry.path} {entry.blob}" for entry in wanted_entries(entries))
    key = hashlib.blake2b("\n".join(wanted).encode(), digest_size=20).hexdigest()
    project = _kept(key, cache, lambda: collect_project_files(entries, blobs))
    return Declarations(project, (entry.path for entry in entries), requirements_of(entries, blobs))


def _kept(key: str, cache: Cache, collect: Callable[[], ProjectFiles]) -> Project:
    kept = cache.get(_SPACE, key)
    if kept is not None:
        try:
            return msgspec.msgpack.decode(kept, type=Project)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # a cache of another time: what it holds is read again
    project = read_project(collect())
    cache.put_many(_SPACE, {key: _ENCODER.encode(project)})
    return project


def collected_at(
    repository: GitRepository, revision: str, project: Project, *, cache: Cache
) -> Mapping[RepoPath, tuple[Collecting, ...]]:
    """Return which commands of which steps collect each test file of the tree at a revision."""
    commit = repository.resolve(revision)
    key = _key(repository, commit)
    kept = cache.get(_COLLECTED, key)
    if kept is not None:
        try:
            return msgspec.msgpack.decode(kept, type=dict[RepoPath, tuple[Collecting, ...]])
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # as above
    tree = TreeIndex(entry.path for entry in repository.entries(commit))
    collected = collect_tests(step_calls(project), tree)
    cache.put_many(_COLLECTED, {key: _ENCODER.encode(collected)})
    return collected


def requirements_of(entries: Iterable[TreeEntry], blobs: BlobReader) -> tuple[Requirement, ...]:
    """Return the requirements of a tree, by file and line; what the repository does not have is left out."""
    wanted = (entry for entry in entries if is_requirements_file(entry.path))
    return read_dependencies(read_entries(wanted, blobs))[0]


def _key(repository: GitRepository, commit: str) -> str:
    trees = repository.tree_ids(commit, _FOLDERS)
    text = "\n".join(f"{folder} {tree}" for folder, tree in sorted(trees.items()))
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
