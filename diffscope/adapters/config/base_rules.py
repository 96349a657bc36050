"""Settings and rules for a change in CI: those of its base, or the packaged ones; never those that the change brings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from diffscope.adapters.config.settings import FILE_NAME, Settings, parse_settings
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.output import make_folder, write_own_file
from diffscope.assessment.document import Assessment
from diffscope.diff.model import unsafe
from diffscope.errors import ConfigurationError, RepositoryError
from diffscope.source.model import CommitId, RepoPath, TreeEntry, TreeReader

_MOST_RULE_FILES = 2000
_LONGEST_PATH = 300


class BaseRules(NamedTuple):
    """Settings of the base, and the folders with its own rules, written out where the loader can read them."""

    settings: Settings
    folders: tuple[Path, ...] = ()
    profile: str | None = None
    """The name of a profile, or its folder."""


class CloneTree:
    """One commit of a clone as a ``TreeReader``."""

    def __init__(self, repository: GitRepository, commit: CommitId) -> None:
        self._repository = repository
        self._commit = commit

    def entries(self) -> tuple[TreeEntry, ...]:
        """Return every file of the commit, sorted by path."""
        return self._repository.entries(self._commit)

    def read(self, path: RepoPath) -> bytes | None:
        """Return the bytes of a file; ``None`` where the commit has none.

        Raises ``RepositoryError`` for one whose content the clone lacks: what the base demands is not to be taken for nothing.
        """
        data = self._repository.read(self._commit, path)
        if data is None and self._repository.tree_ids(self._commit, [path]):
            raise RepositoryError(
                f"the clone does not have the content of {path} at the base",
                at=str(self._repository.path),
                hint="check out without a filter: fetch-depth: 0 of actions/checkout does",
            )
        return data


def read_base(tree: TreeReader | None, folder: Path) -> BaseRules:
    """Return the settings and rule folders at ``tree``, the latter written below ``folder``; defaults where there are none.

    Raises ``ConfigurationError`` for settings that are wrong: they are the base's, so the base must be corrected.
    """
    data = tree.read(RepoPath(FILE_NAME)) if tree is not None else None
    if tree is None or data is None:
        return BaseRules(Settings())
    at = f"{FILE_NAME} of the base"
    try:
        settings = parse_settings(data.decode(), at=at)
    except UnicodeDecodeError:
        raise ConfigurationError(
            "the file is not UTF-8", at=at, hint="save it as UTF-8 on the base branch"
        ) from None
    wanted = settings.rules.folders
    entries = tree.entries() if wanted or settings.profile else ()
    folders = tuple(_write_out(tree, entries, one, folder) for one in wanted)
    named = settings.profile
    is_folder = named is not None and any(entry.path.startswith(f"{named.rstrip('/')}/") for entry in entries)
    profile = str(_write_out(tree, entries, named, folder)) if named and is_folder else named
    return BaseRules(settings, folders, profile)


def edited_settings(assessment: Assessment, settings: Settings) -> tuple[str, ...]:
    """Return the files of diffscope's own configuration that the change touches, sorted."""
    folders = tuple(f"{folder}/" for folder in (*settings.rules.folders, *filter(None, [settings.profile])))
    paths = {path for file in assessment.files for path in (file.path, file.old_path) if path}
    return tuple(sorted(path for path in paths if path == FILE_NAME or path.startswith(folders)))


def _write_out(tree: TreeReader, entries: Iterable[TreeEntry], name: str, folder: Path) -> Path:
    root = folder / name
    make_folder(root, what="the rules of the base")
    chosen = [
        entry for entry in entries if entry.path.startswith(f"{name}/") and entry.mode.startswith("100")
    ]
    if len(chosen) > _MOST_RULE_FILES:
        raise ConfigurationError(
            f"more than {_MOST_RULE_FILES} rule files", at=name, hint="name the folder of the rules alone"
        )
    for entry in chosen:
        if unsafe(entry.path, longest=_LONGEST_PATH) is None and "\\" not in entry.path:
            path = folder / entry.path
            make_folder(path.parent, what="the rules of the base")
            write_own_file(path, tree.read(entry.path) or b"", what="the rules of the base")
    return root
