"""How job files match changed paths: dependencies, exclusions, ``run_all`` patterns, and the paths that CI sees."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from diffscope.errors import InputError
from diffscope.project.matching.guarded_regex import compile_guarded
from diffscope.project.model import Dialect, Listed, Mirror, Step
from diffscope.source.model import RepoPath

_LETTERS = dict(zip(b'\a\b\t\n\v\f\r"\\', 'abtnvfr"\\', strict=True))


def visible_paths(changed: Iterable[RepoPath]) -> tuple[RepoPath, ...]:
    """Return new paths as the generator sees them: one that is not plain ASCII arrives in git's quotes."""
    return tuple(path if _is_plain(path) else RepoPath(_quote(path)) for path in changed)


def matches_dependency(entry: str, path: str, dialect: Dialect = Dialect.GENERATOR) -> bool:
    """Say whether one entry, its ``!`` taken off, covers a changed path."""
    if dialect is Dialect.AMD_TEMPLATE:
        return path.startswith(entry)
    return entry.rstrip("/") in _with_folders(path)


@functools.lru_cache(maxsize=4096)
def _with_folders(path: str) -> frozenset[str]:
    """A path and the folders above it: one look-up tells whether an entry covers it."""
    parts = path.split("/")
    return frozenset("/".join(parts[:depth]) for depth in range(1, len(parts) + 1)) - {""}


def dependencies_of(step: Step, mirror: Mirror | None = None) -> tuple[Listed, ...]:
    """Return the entries that decide for a step or its mirror, with what the generator adds."""
    own = list(mirror.dependencies or ()) if mirror else []
    texts = {each.text for each in own}
    own += [each for each in step.dependencies or () if each.text not in texts]
    if step.watches_own_file:
        own.append(Listed(text=step.file, line=step.line))
    return tuple(own)


def first_match(
    dependencies: Iterable[Listed], paths: Iterable[RepoPath], dialect: Dialect = Dialect.GENERATOR
) -> tuple[Listed, RepoPath] | None:
    """Return the first changed path that the entries select, with the entry."""
    listed = tuple(dependencies)
    if dialect is Dialect.AMD_TEMPLATE:
        return _first_with_start(listed, paths)
    bare = [each.text.rstrip("/") for each in listed if not each.text.startswith("!")]
    if not bare:
        return None
    excludes = [each.text[1:].rstrip("/") for each in listed if each.text.startswith("!")]
    for path in paths:
        folders = _with_folders(path)
        if folders.isdisjoint(bare) or not folders.isdisjoint(excludes):
            continue
        entry = next(
            each for each in listed if each.text.rstrip("/") in folders and not each.text.startswith("!")
        )
        return entry, path
    return None


def _first_with_start(
    listed: tuple[Listed, ...], paths: Iterable[RepoPath]
) -> tuple[Listed, RepoPath] | None:
    starts = tuple(each.text for each in listed)
    for path in paths:
        if path.startswith(starts):
            return next(each for each in listed if path.startswith(each.text)), path
    return None


def first_regex(patterns: tuple[Listed, ...], path: str) -> str | None:
    """Return the first pattern that matches at the start of a path, as ``re.match`` does; broken ones are passed over."""
    for pattern in patterns:
        try:
            if compile_guarded(pattern.text).match(path):
                return pattern.text
        except InputError:
            continue
    return None


def _is_plain(path: str) -> bool:
    return path.isascii() and path.isprintable() and '"' not in path and "\\" not in path


def _quote(path: str) -> str:
    """A path as git's C-style quoting writes it."""
    out = []
    for byte in path.encode("utf-8", "surrogateescape"):
        if byte in _LETTERS:
            out.append(f"\\{_LETTERS[byte]}")
        else:
            out.append(chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}")
    return f'"{"".join(out)}"'
