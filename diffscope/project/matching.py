"""How job files match changed paths: dependencies, exclusions, ``run_all`` patterns, and the paths that CI sees."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from functools import lru_cache

from diffscope.errors import InputError
from diffscope.patterns import Regex, compile_regex, lazy_regex
from diffscope.project.model import Dialect, Listed, Mirror, Step
from diffscope.source.model import RepoPath
from diffscope.source.profile import profile

_START = lazy_regex(r"(?P<flags>\(\?[a-z]+\))?\^(?=\(\?[!=])")


class GuardedRegex:
    """A regular expression with guards at its start; made by ``compile_guarded``."""

    __slots__ = ("_body", "_guards", "anchor", "prefix")

    def __init__(self, body: Regex, guards: tuple[tuple[bool, Regex], ...], text: str) -> None:
        self._body = body
        self._guards = guards
        self.prefix = _literal(text.removeprefix("^"))
        """What every text that ``match`` covers starts with; it narrows a sorted list of paths."""
        self.anchor = self.prefix if text.startswith("^") else ""
        """The same for ``search``."""

    def search(self, text: str) -> bool:
        """Say whether the pattern is found anywhere in the text."""
        return self._body.search(text) and all(guard.search(text) is wanted for wanted, guard in self._guards)

    def match(self, text: str) -> bool:
        """Say whether the pattern is found at the start of the text."""
        return self._body.match(text) and all(guard.search(text) is wanted for wanted, guard in self._guards)


@lru_cache(maxsize=1024)
def compile_guarded(text: str) -> GuardedRegex:
    """Return the matcher of a regex.

    Raises:
        InputError: the expression is wrong, or needs what RE2 cannot match in linear time.
    """
    found = _START.match(text)
    if found is None:
        return GuardedRegex(compile_regex(text), (), text)
    flags, at = found["flags"] or "", found.end()
    guards: list[tuple[bool, Regex]] = []
    while text[at : at + 3] in {"(?!", "(?="}:
        end = _closing(text, at)
        if end is None:
            return GuardedRegex(compile_regex(text), (), text)
        guards.append((text[at + 2] == "=", compile_regex(f"{flags}^(?:{text[at + 3 : end]})")))
        at = end + 1
    if text[at : at + 1] in {"*", "+", "?", "{", "|"} or _has_top_level_bar(text[at:]):
        return GuardedRegex(compile_regex(text), (), text)
    body = f"{flags}^{text[at:]}"
    return GuardedRegex(compile_regex(body), tuple(guards), body)


def _literal(text: str) -> str:
    """The plain characters that a pattern starts with; none where ``|`` or flags may change what they mean."""
    if "|" in text or text.startswith("(?"):
        return ""
    out: list[str] = []
    for piece in re.findall(r"\\[^A-Za-z0-9]|[A-Za-z0-9/_-]|.", text, flags=re.DOTALL):
        if piece in {"*", "?", "{"}:
            return "".join(out[:-1])
        if len(piece) == 1 and not re.fullmatch(r"[A-Za-z0-9/_-]", piece):
            break
        out.append(piece[-1])
    return "".join(out)


def _closing(text: str, start: int) -> int | None:
    """Index of the bracket that closes the group at ``start``; ``None`` where none does."""
    depth = 0
    for at, char in _significant(text, start):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return at
    return None


def _has_top_level_bar(text: str) -> bool:
    depth = 0
    for _, char in _significant(text, 0):
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            return True
    return False


def _significant(text: str, start: int) -> list[tuple[int, str]]:
    """The characters that are neither escaped nor in a character class, with their index."""
    pieces = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
    return [(found.start(), found[0]) for found in pieces.finditer(text, start) if len(found[0]) == 1]


_LETTERS = dict(zip(b'\a\b\t\n\v\f\r"\\', 'abtnvfr"\\', strict=True))


def visible_paths(changed: Iterable[RepoPath]) -> tuple[RepoPath, ...]:
    """Return new paths as CI sees them: to Buildkite's generator one that is not plain ASCII arrives in git's quotes."""
    if profile().ci == "github":
        return tuple(changed)
    return tuple(path if _is_plain(path) else RepoPath(_quote(path)) for path in changed)


def matches_dependency(entry: str, path: str, dialect: Dialect = Dialect.GENERATOR) -> bool:
    """Say whether one entry, its ``!`` taken off, covers a changed path."""
    if dialect is Dialect.GITHUB:
        pattern = workflow_pattern(entry)
        return pattern is not None and pattern.fullmatch(path)
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
    if dialect is Dialect.GITHUB:
        return _first_by_order(listed, paths)
    bare = [each.text.rstrip("/") for each in listed if not each.text.startswith("!")]
    if not bare:
        return None
    excludes = [each.text[1:].rstrip("/") for each in listed if each.text.startswith("!")]
    for path in paths:
        folders = _with_folders(path)
        if folders.isdisjoint(bare) or not folders.isdisjoint(excludes):
            continue
        return next(each for each in listed if each.text.rstrip("/") in folders and each.text[0] != "!"), path
    return None


def _first_with_start(
    listed: tuple[Listed, ...], paths: Iterable[RepoPath]
) -> tuple[Listed, RepoPath] | None:
    starts = tuple(each.text for each in listed)
    for path in paths:
        if path.startswith(starts):
            return next(each for each in listed if path.startswith(each.text)), path
    return None


def _first_by_order(listed: tuple[Listed, ...], paths: Iterable[RepoPath]) -> tuple[Listed, RepoPath] | None:
    for path in paths:
        matching = (
            each
            for each in reversed(listed)
            if matches_dependency(each.text.removeprefix("!"), path, Dialect.GITHUB)
        )
        last = next(matching, None)
        if last is not None and not last.text.startswith("!"):
            return last, path
    return None


_PATTERN = lazy_regex(r"(\*\*/)|(\*\*)|(\*)|(?<=.)([?+])|(\[[A-Za-z0-9-]+\])|\\(.)|(.)", re.DOTALL)
_AS_REGEX = {1: "(?:.+/)?", 2: ".*", 3: "[^/]*"}


@lru_cache(maxsize=1024)
def workflow_pattern(text: str) -> Regex | None:
    """Return the matcher of a pattern of GitHub's workflows, its ``!`` taken off; ``None`` for one that is wrong.

    ``*`` stays within a folder and ``**`` does not, ``?`` and ``+`` repeat the character before them, ``[a-z]`` is one of a range, and a
    backslash makes the next character plain. It covers the whole path.
    """
    parts = (
        _AS_REGEX.get(found.lastindex or 0) or found[4] or found[5] or re.escape(found[6] or found[7])
        for found in _PATTERN.finditer(text)
    )
    try:
        return compile_regex(f"(?s){''.join(parts)}")
    except InputError:
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
    escaped = (
        f"\\{_LETTERS[byte]}" if byte in _LETTERS else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
        for byte in path.encode("utf-8", "surrogateescape")
    )
    return f'"{"".join(escaped)}"'
