"""Find the owners of a path: globs, words of folder names and words of file names, the most specific first.

Precedence of the main owner: an owning glob (the one with the most literal characters), an owning folder (the outermost), a word of the
file's name (the longest), a home (the one that covers most of the path), a word of a folder's name. Every other match makes a further owner,
homes left out: a file that is claimed has left home.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from diffscope.patterns import Glob, compile_glob, lazy_regex
from diffscope.taxonomy.declared_words import WordTable, tokens_of

_SPECIAL = lazy_regex(r"[*?{}\\]")
_MARK = lazy_regex(r"[/.*?{]")
_MAX_OWNERS = 4

_Triple = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


class Claims(NamedTuple):
    """What one owner declares: entries as in ``AreaRule``."""

    name: str
    own: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    home: tuple[str, ...] = ()


class PlaceTable:
    """The owners of paths."""

    def __init__(self, claims: Iterable[Claims], ignore: Iterable[str] = ()) -> None:
        """Take the claims in the order that breaks ties, and phrases that say nothing though they hold a claimed word."""
        every = tuple(claims)
        nothing = [("", text) for text in ignore]
        self._closed = GlobTable((each.name, text) for each in every for text in each.closed)
        self._own = GlobTable(
            (each.name, text)
            for each in every
            for text in (*each.closed, *(text for text in each.own if is_glob(text)))
        )
        self._own_folders = WordTable(
            (each.name, text) for each in every for text in each.own if not is_glob(text)
        )
        self._files = WordTable([*nothing, *((each.name, text) for each in every for text in each.files)])
        self._home = GlobTable((each.name, text) for each in every for text in each.home if is_glob(text))
        self._home_folders = WordTable(
            (each.name, text) for each in every for text in each.home if not is_glob(text)
        )
        self._folders: dict[str, _Claimed] = {}
        self._segments: dict[str, _Triple] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    def owners_of(self, path: str) -> tuple[str, ...]:
        """Return the owners of a path, the main one first, at most four; empty when nothing claims it."""
        folder, _, name = path.rpartition("/")
        globs = self._own.owners_of(path)
        if globs and self._closed.owners_of(path):
            return globs[:_MAX_OWNERS]
        known = self._of_folder(folder)
        named = (*globs, *known.owning, *self._of_name(name))
        every = (*named, *known.words) if named else (*self._at_home(path, known), *known.words)
        return tuple(dict.fromkeys(every))[:_MAX_OWNERS]

    def _at_home(self, path: str, known: _Claimed) -> tuple[str, ...]:
        homes = (*self._home.ranked(path)[:1], *known.homes[:1])
        return (max(homes, key=lambda each: each[0])[1],) if homes else ()

    def _of_folder(self, folder: str) -> _Claimed:
        known = self._folders.get(folder)
        if known is None:
            segments = folder.split("/") if folder else []
            rows = [self._of_segment(segment) for segment in segments]
            owning = dict.fromkeys(owner for row in rows for owner in row[0])
            words = dict.fromkeys(owner for row in rows for owner in row[1])
            ends = [sum(map(len, segments[: at + 1])) + at + 1 for at in range(len(segments))]
            homes = [(end, owner) for end, row in zip(ends, rows, strict=True) for owner in row[2]]
            known = _Claimed(tuple(owning), tuple(words), sorted(homes, key=lambda each: -each[0]))
            self._folders[folder] = known
        return known

    def _of_segment(self, segment: str) -> _Triple:
        known = self._segments.get(segment)
        if known is None:
            row = tokens_of(segment)
            known = (
                self._own_folders.owners_in(row),
                self._files.owners_in(row),
                self._home_folders.owners_in(row),
            )
            self._segments[segment] = known
        return known

    def _of_name(self, name: str) -> tuple[str, ...]:
        known = self._names.get(name)
        if known is None:
            found = self._files.find(tokens_of(name))
            if len(found) > 1:
                # The longest word first: `linear_attn` says more than `attn`. Sorting is stable, so the left one wins a tie.
                found = tuple(sorted(found, key=lambda each: -each.length))
            known = tuple(dict.fromkeys([owner for each in found for owner in each.owners]))
            self._names[name] = known
        return known


class _Claimed(NamedTuple):
    """Who claims every file of a folder, by owning folder words (outermost first), by file words, and by home words with what they cover."""

    owning: tuple[str, ...]
    words: tuple[str, ...]
    homes: list[tuple[int, str]]


class GlobTable:
    """Owners of globs. Folders (``a/b/**``), paths, names (``**/name``) and endings (``**/*.py``) are looked up.

    Any other glob is tried only on the folders that it may match in, and there only where its longest literal stands in the path.
    """

    def __init__(self, globs: Iterable[tuple[str, str]]) -> None:
        self._trees: defaultdict[str, list[str]] = defaultdict(list)
        self._paths: defaultdict[str, list[str]] = defaultdict(list)
        self._names: defaultdict[str, list[str]] = defaultdict(list)
        self._endings: defaultdict[str, list[str]] = defaultdict(list)
        self._rest: list[_Pattern] = []
        self._folders: dict[str, _Folder] = {}
        for owner, text in globs:
            for each in _without_braces(text):
                self._add(owner, each)

    def owners_of(self, path: str) -> tuple[str, ...]:
        """Return the owners whose glob matches, the most specific first."""
        ranked = self.ranked(path)
        return tuple(dict.fromkeys([owner for _, owner in ranked])) if ranked else ()

    def ranked(self, path: str) -> list[tuple[int, str]]:
        """Return the owners whose glob matches with the number of literal characters of the glob, the most specific first."""
        folder, _, name = path.rpartition("/")
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = self._of_folder(folder)
        more = self._by_name(path, name) if name else []
        for each in known.patterns:
            if each.matches(path):
                more.append((each.literals, each.owner))
        return sorted((*known.ranked, *more), key=lambda each: -each[0]) if more else known.ranked

    def _by_name(self, path: str, name: str) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        if owners := self._paths.get(path):
            found.extend((len(path), owner) for owner in owners)
        if owners := self._names.get(name):
            found.extend((len(name) + 1, owner) for owner in owners)
        _, dot, ending = name.rpartition(".")
        if dot and (owners := self._endings.get(ending)):
            found.extend((len(ending) + 2, owner) for owner in owners)
        return found

    def _add(self, owner: str, text: str) -> None:
        folder = text.removesuffix("/**")
        if not _SPECIAL.search(text):
            self._paths[text].append(owner)
        elif folder != text and not _SPECIAL.search(folder):
            self._trees[folder].append(owner)
        elif re.fullmatch(r"\*\*/\*\.\w+", text):
            self._endings[text[5:]].append(owner)
        elif re.fullmatch(r"\*\*/[^*?{}\\/]+", text):
            self._names[text[3:]].append(owner)
        else:
            self._rest.append(_Pattern(owner, text))

    def _of_folder(self, folder: str) -> _Folder:
        ranked: list[tuple[int, str]] = []
        rest = folder
        while rest:
            ranked.extend((len(rest) + 1, owner) for owner in self._trees.get(rest, ()))
            rest = rest.rpartition("/")[0]
        return _Folder(ranked, [each for each in self._rest if each.may_match_in(folder)])


class _Folder(NamedTuple):
    """What is known of every path of one folder."""

    ranked: list[tuple[int, str]]
    patterns: list[_Pattern]


class _Pattern:
    """A glob that cannot be looked up. It is compiled when it is first needed: most runs touch few folders."""

    __slots__ = ("_folder", "_glob", "_needle", "_text", "literals", "owner")

    def __init__(self, owner: str, text: str) -> None:
        self.owner = owner
        self.literals = sum(char not in "*?{}" for char in text)
        self._text = text
        self._glob: Glob | None = None
        special = _SPECIAL.search(text)
        self._folder = (text[: special.start()] if special else text).rpartition("/")[0]
        self._needle = _needle(text)

    def may_match_in(self, folder: str) -> bool:
        """Return whether a path right in a folder may match."""
        if "/" not in self._text:
            return not folder
        if self._text.endswith("/**") and self._needle not in folder:
            return False
        return not self._folder or f"{folder}/".startswith(f"{self._folder}/")

    def matches(self, path: str) -> bool:
        """Return whether the glob matches a path."""
        if self._needle not in path:
            return False
        if self._glob is None:
            self._glob = compile_glob(self._text)
        return self._glob.matches(path)


def is_glob(text: str) -> bool:
    """Return whether an entry is a glob over paths, not words of a folder's name."""
    return _MARK.search(text.removesuffix("*")) is not None


def _needle(text: str) -> str:
    """Return the longest run of characters that every match of a glob contains; the slash beside a ``**`` may be missing in a match."""
    if "{" in text or "\\" in text:
        return ""
    return max((piece.strip("/") for piece in re.split(r"[*?]+", text)), key=len)


def _without_braces(text: str) -> tuple[str, ...]:
    """Return a glob as several without its first plain ``{a,b}``, and so on; nested or escaped braces are left alone."""
    found = None if "\\" in text else re.search(r"\{([^{}]*)\}", text)
    if found is None or "{" in text[: found.start()]:
        return (text,)
    ways = (text[: found.start()] + way + text[found.end() :] for way in found[1].split(","))
    return tuple(plain for way in ways for plain in _without_braces(way))
