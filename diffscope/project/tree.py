"""An index of the paths of a tree: existence, contents of folders, and near matches of a path that does not exist."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from diffscope.errors import InputError
from diffscope.patterns import compile_glob
from diffscope.source.model import RepoPath

_MAX_CANDIDATES = 400


class TreeIndex:
    """Answers about the files of a tree; folders exist where a file lies below them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths: tuple[RepoPath, ...] = tuple(sorted(map(RepoPath, paths)))
        self._files = frozenset(self.paths)

    def is_file(self, path: str) -> bool:
        """Say whether a file has exactly this path."""
        return path in self._files

    def is_folder(self, path: str) -> bool:
        """Say whether a file lies below this path; the root (``""``) is a folder."""
        return path in self._folders

    def exists(self, path: str) -> bool:
        """Say whether a file or folder has this path."""
        return path in self._files or path in self._folders

    def below(self, folder: str) -> tuple[RepoPath, ...]:
        """Return every file below a folder, sorted; all files for the root (``""``)."""
        return self.starting_with(f"{folder}/") if folder else self.paths

    def starting_with(self, prefix: str) -> tuple[RepoPath, ...]:
        """Return every file whose path starts with this text, sorted."""
        if not prefix:
            return self.paths
        first = bisect_left(self.paths, prefix)
        last = bisect_left(self.paths, prefix[:-1] + chr(ord(prefix[-1]) + 1), lo=first)
        return self.paths[first:last]

    def nearest(self, path: str) -> str | None:
        """Return the existing path that a dead one most likely meant, ``None`` where nothing is near.

        In this order: the same name with ``.py``; the same file or folder name elsewhere, the one that shares most
        folders first; a similar name (difflib, 0.8) in the deepest folder that exists. A name with ``*`` or ``?`` is
        looked for deeper in its own folder alone.
        """
        path = path.strip("/")
        if not path:
            return None
        if self.is_file(f"{path}.py"):
            return f"{path}.py"
        name = path.rpartition("/")[2]
        if "*" in name or "?" in name:
            return self._like(path)
        return self._same_name(path) or self._same_name(f"{path}.py") or self._similar_name(path)

    def _same_name(self, path: str) -> str | None:
        name = path.rpartition("/")[2]
        candidates = self._by_name.get(name, ())
        if not 0 < len(candidates) <= _MAX_CANDIDATES or name == "__init__.py":
            return None
        parts = path.split("/")
        best = min(candidates, key=lambda other: (-_shared(parts, other.split("/")), other))
        shared = _shared(parts, best.split("/"))
        is_kin = parts[0] == best.split("/")[0] or shared > 2
        return best if len(parts) == 1 or (2 * shared > len(parts) and is_kin) else None

    def _like(self, pattern: str) -> str | None:
        """The first file below a pattern's folder whose name its last segment matches."""
        folder, _, name = pattern.rpartition("/")
        try:
            glob = compile_glob(name)
        except InputError:
            return None
        below = self.below(folder) if name.strip("*?.") and not set(folder) & set("*?[") else ()
        return next((path for path in below if glob.matches(path.rpartition("/")[2])), None)

    def _similar_name(self, path: str) -> str | None:
        folder, _, name = path.rpartition("/")
        rest = ""
        while folder and folder not in self._folders:
            rest = f"/{name}{rest}"
            folder, _, name = folder.rpartition("/")
        siblings = self._children.get(folder, ())
        import difflib  # noqa: PLC0415 - only where a name is missing

        close = difflib.get_close_matches(name, siblings, n=1, cutoff=0.8)
        found = "/".join(filter(None, (folder, close[0]))) + rest if close else ""
        return found if found and self.exists(found) else None

    @cached_property
    def _folders(self) -> frozenset[str]:
        folders = {""}
        for path in self.paths:
            folder = path.rpartition("/")[0]
            while folder not in folders:
                folders.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(folders)

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        children: dict[str, set[str]] = defaultdict(set)
        for path in (*self.paths, *self._folders):
            folder, _, name = path.rpartition("/")
            if name:
                children[folder].add(name)
        return {folder: tuple(sorted(names)) for folder, names in children.items()}

    @cached_property
    def _by_name(self) -> dict[str, tuple[str, ...]]:
        named: dict[str, list[str]] = defaultdict(list)
        for path in (*self.paths, *sorted(self._folders)):
            named[path.rpartition("/")[2]].append(path)
        return {name: tuple(paths) for name, paths in named.items()}


def _shared(left: list[str], right: list[str]) -> int:
    """How many segments two paths have in common, in the same order (the longest common subsequence)."""
    row = [0] * (len(right) + 1)
    for segment in left:
        before = row[:]
        for at, other in enumerate(right, start=1):
            row[at] = before[at - 1] + 1 if segment == other else max(before[at], row[at - 1])
    return row[-1]
