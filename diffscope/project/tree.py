"""An index of the paths of a tree: existence, contents of folders, and near matches of a path that does not exist; who owns them, by CODEOWNERS."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Final

from diffscope.errors import InputError
from diffscope.patterns import Regex, compile_glob, compile_regex, lazy_regex
from diffscope.project.model import Codeowners, OwnerRule, Ownership
from diffscope.source.model import RepoPath
from diffscope.source.text import split_lines

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


PLACES: Final = (RepoPath(".github/CODEOWNERS"), RepoPath("CODEOWNERS"), RepoPath("docs/CODEOWNERS"))
"""Where GitHub looks, in its order; the first that exists is the only one read."""

MAX_BYTES: Final = 3_000_000
"""GitHub does not load a larger file."""

_TOKEN = lazy_regex(r"((?:\\.|[^\s\\]|\\$)+)")
_OWNER = lazy_regex(r"@[A-Za-z0-9](?:[A-Za-z0-9_-]*)(?:/[A-Za-z0-9_.-]+)?|[^@\s]+@[^@\s]+\.[^@\s]+")


def parse_codeowners(text: str, path: RepoPath) -> Codeowners:
    """Return the lines of a CODEOWNERS file; a line that GitHub would skip carries the reason."""
    lines = ((number, _words(line)) for number, line in enumerate(split_lines(text), start=1))
    return Codeowners(path=path, rules=tuple(_rule(words, number) for number, words in lines if words))


def owners_of(codeowners: Codeowners, paths: Iterable[RepoPath]) -> tuple[Ownership, ...]:
    """Return who owns each path, in the order given; a path that no line matches has no owners and no line."""
    rules = [rule for rule in reversed(codeowners.rules) if rule.defect is None]
    return tuple(_owner_of(rules, path) for path in paths)


def matched_paths(rule: OwnerRule, tree: TreeIndex) -> tuple[RepoPath, ...]:
    """Return the files of a tree that a line's pattern matches, sorted; none for a line that is skipped."""
    if rule.defect is not None:
        return ()
    matcher = _matcher(rule.pattern)
    return tuple(path for path in tree.starting_with(matcher.prefix) if matcher.matches(path))


class _Matcher:
    def __init__(self, segments: list[str]) -> None:
        self._segments = segments
        # The literal beginning that every match has; it spares most paths the regex.
        literal: list[str] = []
        for segment in segments:
            if segment == "**" or "\\" in segment:
                break
            plain = re.split(r"[*?]", segment, maxsplit=1)[0]
            literal.append(plain)
            if plain != segment:
                break
        self.prefix = "/".join(literal)

    def matches(self, path: str) -> bool:
        return path.startswith(self.prefix) and self._regex.fullmatch(path)

    @cached_property
    def _regex(self) -> Regex:
        # Of some hundred lines a path has the prefix of two or three.
        out = ["(?s)"]
        last = len(self._segments) - 1
        needs_slash = False
        for at, segment in enumerate(self._segments):
            if segment == "**":
                piece, needs_slash = _double_star(is_first=at == 0, is_last=at == last)
                out.append(piece)
                continue
            out.append("/" if needs_slash else "")
            out.append("[^/]+" if segment == "*" else _segment(segment))
            if at == last and segment != "*":
                out.append("(?:/.*)?")
            needs_slash = True
        return compile_regex("".join(out))


def _owner_of(rules: list[OwnerRule], path: RepoPath) -> Ownership:
    for rule in rules:
        if _matcher(rule.pattern).matches(path):
            return Ownership(path=path, owners=rule.owners, line=rule.line, pattern=rule.pattern)
    return Ownership(path=path, owners=(), line=None, pattern=None)


def _words(line: str) -> list[str]:
    return list(takewhile(lambda word: not word.startswith("#"), _TOKEN.findall(line)))


def _rule(words: list[str], line: int) -> OwnerRule:
    pattern, *owners = words
    return OwnerRule(pattern=pattern, owners=tuple(owners), line=line, defect=_defect(pattern, owners))


def _defect(pattern: str, owners: list[str]) -> str | None:
    if pattern.startswith("!"):
        return "'!' cannot negate a pattern in CODEOWNERS"
    if pattern.startswith("\\#"):
        return "a pattern that starts with '#' cannot be escaped in CODEOWNERS"
    if "[" in re.sub(r"\\.", "", pattern):
        return "'[ ]' ranges do not work in CODEOWNERS"
    if len(pattern) > 1_000:
        return "the pattern is longer than 1,000 characters and was not read"
    if "***" in pattern:
        return "'***' is not a pattern"
    wrong = next((owner for owner in owners if not _OWNER.fullmatch(owner)), None)
    return f"{wrong!r} is neither @user, @org/team nor an e-mail address" if wrong else None


@lru_cache(maxsize=4096)
def _matcher(pattern: str) -> _Matcher:
    segments = pattern.split("/")
    if segments[0] == "" and len(segments) > 1:
        segments = segments[1:]
    elif len(segments) == 1 or (len(segments) == 2 and segments[1] == ""):
        segments = ["**", *segments] if segments[0] != "**" else segments
    if len(segments) > 1 and segments[-1] == "":
        segments[-1] = "**"
    return _Matcher(segments)


def _double_star(*, is_first: bool, is_last: bool) -> tuple[str, bool]:
    if is_first:
        return (".+", False) if is_last else ("(?:.+/)?", False)
    return ("/.*", False) if is_last else ("(?:/.+)?", True)


def _segment(segment: str) -> str:
    wild = {"*": "[^/]*", "?": "[^/]"}
    pieces = re.findall(r"\\.|.", segment, flags=re.DOTALL)
    return "".join(
        re.escape(each[-1]) if len(each) == 2 else wild.get(each, re.escape(each)) for each in pieces
    )
