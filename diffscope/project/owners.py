r"""CODEOWNERS, as GitHub reads it: the last line that matches a path decides, alone.

A pattern is much like one of gitignore, with these differences: ``!``, ``[`` and a leading ``\#`` make the line
invalid, and GitHub skips it; a last segment that is exactly ``*`` matches files of that folder but nothing below
its subfolders. A pattern without a slash, or with none but a last one, matches at any depth; others are anchored
at the root. A pattern that names a folder owns all that lies below. A backslash makes the next character literal
(a space in a path). ``#`` after white space starts a comment. A line without owners clears ownership.

pathspec is not used here: it lets ``docs/*`` reach below ``docs/a/``, and runs in a backtracking engine. It is the
oracle of the tests for the patterns where both must agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Final

from diffscope.patterns import Regex, compile_regex, lazy_regex
from diffscope.project.model import Codeowners, OwnerRule, Ownership
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath
from diffscope.source.text import split_lines

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
