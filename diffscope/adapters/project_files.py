"""The files of one tree that declare something, read out of a repository in two reads at most."""

from __future__ import annotations

from collections.abc import Iterable

from diffscope.project.model import ProjectFiles
from diffscope.project.read import wanted_entries
from diffscope.source.model import RepoPath, TreeEntry
from diffscope.source.ports import BlobReader


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
