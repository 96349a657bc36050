"""Links by changed lines: which pull request of a window changes lines that an earlier one wrote, and which later fixes do."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from diffscope.diff.model import Diff, FileDiff, Hunk
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places

_SHORT: Final = 16
"""Shorter lines (characters) stand in many places: nobody is taken for their author."""
_LONG: Final = 40
"""A fix counts for the author of lines only if it removes at least so many characters of them."""
_PART: Final = 0.3
"""A pull request is linked to an earlier one if at least this share of what it removes (by characters) is the earlier one's."""
_MOSTLY: Final = 0.4
"""A later fix is told as a fix of an earlier one if at least this share of what it removes (by characters) is the earlier one's; below that it only touched it."""
_FIX: Final = lazy_regex(
    r"(?i)\b(?:bug ?fix(?:es)?|fix(?:es|ing)?|hot ?fix)\b|^(?:\s*\[[^\]]*\])*:?\s*fixed\b|^(?:\s*\[[^\]]*\])*?\s*\[security\]"
)
"""Titles of fixes, of security faults too; "fixed" counts only at the beginning ("for fixed sizes" is no fix)."""
STYLE: Final = lazy_regex(
    r"(?i)\b(?:pre-?commit|mypy|lint\w*|typos?|typing|(?:type )?annotations?|formatting|docs|docstrings?)\b"
)
"""Titles of fixes that change nothing for users."""
_LAYOUT: Final = lazy_regex(r"[\s(),]")
"""What another layout of the same code adds or leaves out."""
_NUMBER: Final = lazy_regex(r"#(\d{2,9})\b")
_NO_CODE: Final = lazy_regex(r"^(?:#|//|\*|/\*|\"\"\"|import |from |@|\)|\]|\})")
_REMARK: Final = lazy_regex(r"(?:^|\s)(?:#|//|/\*).*$|^\s*\*(?:\s.*)?$")
"""A comment to the end of a line."""
ABILITY: Final = lazy_regex(
    r"(?i)^(?:\s*\[[^\]]*\])*:?\s*(?:\w+(?:\([^)]*\))?!?:)?\s*(?:support|allow|enable|implement|introduce)s?\b"
)
"""Titles of new abilities, even where a tag calls them a fix."""
_LEAST_PART: Final = 0.05
"""No link is made if what it removes of the earlier one's is less than this share of all that it adds and removes (by characters)."""
_SWEEP: Final = 30
"""A fix of at least so many product files is a sweep over the tree, and is linked to none."""


class Patch(NamedTuple):
    """A pull request with what it changes."""

    number: int
    title: str
    diff: Diff

    @property
    def is_fix(self) -> bool:
        """Say whether its title speaks of a fix that users may meet."""
        return is_fix(self.title)

    @property
    def files(self) -> list[FileDiff]:
        """Return its files of product code."""
        return [
            file
            for file in self.diff.files
            if file.path.startswith(places().product) and not places().is_test(file.path)
        ]


def is_fix(title: str) -> bool:
    """Return whether a title speaks of a fix that users may meet."""
    return _FIX.search(title) is not None and STYLE.search(title) is None


def is_repair(title: str) -> bool:
    """Return whether a title speaks of a fix of what was there, and not of something more that works now."""
    return is_fix(title) and ABILITY.search(title) is None


class Brought(NamedTuple):
    """What pull requests bring, each by who brought it first: names of settings and values, of classes and functions, and by module the class that is a default now."""

    names: Mapping[str, int]
    symbols: Mapping[str, int]
    classes: Mapping[str, tuple[int, str]]


class Mended(NamedTuple):
    """A pull request that replaces lines that an earlier one of the window added, or handles a setting or value that it brought."""

    source: int
    target: int
    names: tuple[str, ...]
    """The path of the lines, or the names handled."""


class Worked(NamedTuple):
    """Who works on what pull requests of a window wrote."""

    mended: tuple[Mended, ...] = ()
    """Of the window, and of fixes after it those that change mostly such lines."""
    touched: tuple[tuple[int, int], ...] = ()
    """Fixes that change at least a line of an earlier one, or what it brought, as (fix, earlier one)."""
    repaired: tuple[tuple[int, int], ...] = ()
    """Of these the fixes that name an earlier one or what it brought, or of whose removed code much is the earlier one's."""


def find_worked(patches: Sequence[Patch], later: Iterable[Patch], brought: Brought) -> Worked:
    """Return who works on whose lines; ``patches`` are of the window and ``later`` are fixes after it, both oldest first."""
    trail = _Trail(brought)
    mended, touched, repaired = list[Mended](), dict[tuple[int, int], None](), dict[tuple[int, int], None]()
    for patch in patches:
        mended += trail.replaced_by(patch)
        touched |= dict.fromkeys(trail.touched_by(patch))
        repaired |= dict.fromkeys(trail.repaired_by(patch))
        trail.record(patch)
    for patch in later:
        mended += trail.mended_by(patch)
        touched |= dict.fromkeys(trail.touched_by(patch))
        repaired |= dict.fromkeys(trail.repaired_by(patch))
    return Worked(tuple(mended), tuple(touched), tuple(repaired))


class _Trail:
    """Who wrote which line of the window, kept up to date while patches go by."""

    def __init__(self, brought: Brought) -> None:
        self._owners: dict[tuple[str, str], int] = {}
        self._seen: set[int] = set()
        self._paths: dict[int, set[str]] = {}
        self._brought = brought
        self._named, self._symbols = (
            re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(names)) or r"(?!)")
            for names in (brought.names, brought.symbols)
        )

    def record(self, patch: Patch) -> None:
        """Keep who wrote the lines that a patch adds; a line that it takes away elsewhere is moved, and stays whose it was."""
        self._seen.add(patch.number)
        self._paths[patch.number] = {file.path for file in patch.files}
        gone = {
            line.text.strip(): self._owner(file, line.text.strip())
            for file in patch.files
            for hunk in file.hunks
            for line in hunk.removed
        }
        for file, hunk in ((each, hunk) for each in patch.files for hunk in each.hunks):
            # What is only set in other lines stays nobody's: who wrote it is not told by its text.
            author = None if _is_laid_out(hunk) else patch.number
            for text in (line.text.strip() for line in hunk.added):
                owner = gone.get(text, author)
                if len(text) >= _SHORT and owner is not None:
                    self._owners[file.path, text] = owner
                else:
                    self._owners.pop((file.path, text), None)

    def replaced_by(self, patch: Patch) -> Iterator[Mended]:
        """Yield whose lines a patch of the window replaces, where they are a word on it, and who brought the names that it handles."""
        known = list(self.mended_by(patch, _PART))
        yield from known
        if self._titled(patch):
            return
        handled: defaultdict[int, dict[str, None]] = defaultdict(dict)
        for _, hunk in _hunks(patch):
            for name in (name for line in hunk.added for name in self._named.findall(line.text)):
                handled[self._brought.names[name]][name] = None
        for target in sorted((handled.keys() & self._seen) - {each.target for each in known}):
            yield Mended(patch.number, target, tuple(handled[target]))

    def mended_by(self, patch: Patch, part: float = _MOSTLY) -> Iterator[Mended]:
        """Yield whose code a patch takes away, where that is at least a part of all that it takes away.

        What it only puts between lines mends nothing of theirs, nor does what it moves or indents anew.
        """
        titled = self._titled(patch)
        for target, names in sorted(titled.items()):
            yield Mended(patch.number, target, tuple(names))
        own, whole, added = defaultdict[int, Counter[str]](Counter), 0, 0
        kept = {line.text.strip() for _, hunk in _hunks(patch) for line in hunk.added}
        for file, hunk in _hunks(patch):
            added += sum(len(line.text.strip()) for line in hunk.added)
            gone = [text for line in hunk.removed if (text := line.text.strip()) not in kept]
            whole += sum(len(text) for text in gone if not _NO_CODE.search(text))
            for text in _taken(hunk):
                if text not in kept:
                    owner = self._owner(file, text)
                    if owner is not None:
                        own[owner][file.path] += len(text)
        least = max(part * whole, _LEAST_PART * (whole + added))
        for mended, paths in sorted(own.items()) if not titled else ():
            if mended != patch.number and paths.total() >= least:
                yield Mended(patch.number, mended, tuple(path for path, _ in paths.most_common()))

    def _titled(self, patch: Patch) -> dict[int, list[str]]:
        """Return who brought the functions and classes that the title of a fix names, which says more than whose lines it changes."""
        found: dict[int, list[str]] = {}
        paths = {file.path for file in patch.files}
        for name in self._symbols.findall(patch.title) if patch.is_fix else ():
            target = self._brought.symbols[name]
            # Titles name classes, as models, for what users meet: whose fault it was they do not say.
            if name[:1].isupper() and paths.isdisjoint(self._paths.get(target, ())):
                continue
            is_plain = name[1:].isalpha() and name[1:].islower()
            if target != patch.number and target in self._seen and not is_plain:
                found.setdefault(target, []).append(name)
        return found

    def touched_by(self, patch: Patch) -> Iterator[tuple[int, int]]:
        """Yield who wrote a line of code that a fix changes, or brought the setting or class that it works on, or made the class a default whose declarations it changes."""
        if not patch.is_fix or len(patch.files) >= _SWEEP:
            return
        titled = self._titled(patch)
        found: set[int | None] = {*titled}
        own = defaultdict[int | None, list[int]](list)
        for file, hunk in _hunks(patch) if not titled else ():
            gone = [line.text.strip() for line in hunk.removed]
            for text in _taken(hunk):
                own[self._owner(file, text)].append(len(text))
            texts = [hunk.section, *gone, *(line.text for line in hunk.added)]
            found |= {self._brought.names[name] for text in texts for name in self._named.findall(text)}
            found |= {self._brought.symbols[name] for name in self._symbols.findall(hunk.section)}
            number, name = self._brought.classes.get(file.path, (None, ""))
            if name and f"class {name}" in hunk.section:
                found.add(number)
        # One line that is not long may stand in a file more than once.
        found |= {one for one, sizes in own.items() if sum(sizes) >= _LONG * (1 + (len(sizes) == 1) / 2)}
        for target in sorted(one for one in found if one is not None):
            if target != patch.number and target in self._seen:
                yield patch.number, target

    def repaired_by(self, patch: Patch) -> Iterator[tuple[int, int]]:
        """Yield what a fix repairs so that who reads both sees it: its title or its new lines name the earlier one or what that brought, or much of the code that it takes away is the earlier one's."""
        if not is_repair(patch.title) or len(patch.files) >= _SWEEP:
            return
        found = {
            *self._titled(patch),
            *(self._brought.names[name] for name in self._named.findall(patch.title)),
        }
        texts = [patch.title, *(line.text for _, hunk in _hunks(patch) for line in hunk.added)]
        found |= {int(number) for text in texts for number in _NUMBER.findall(text)}
        own, whole = Counter[int | None](), 0
        for file, hunk in _hunks(patch):
            for text in _taken(hunk):
                own[self._owner(file, text)] += len(text)
                whole += len(text)
            number, name = self._brought.classes.get(file.path, (patch.number, ""))
            if name and f"class {name}" in hunk.section:
                found.add(number)
        found |= {one for one, size in own.items() if one is not None and size >= max(_LONG, _MOSTLY * whole)}
        for target in sorted(found):
            if target != patch.number and target in self._seen:
                yield patch.number, target

    def _owner(self, file: FileDiff, text: str) -> int | None:
        return self._owners.get((file.old_path or file.path, text))


def _taken(hunk: Hunk) -> Iterator[str]:
    """Yield the lines of code that a hunk takes away: not those that still stand in it with more behind, as a call with one more argument."""
    whole = {line.text.strip() for line in hunk.added}
    stays = "".join("".join(line.text for line in hunk.added).split())
    for text in (line.text.strip() for line in hunk.removed):
        begun = "".join(text.split()).rstrip(")]},")
        is_longer = text not in whole and any(f"{begun}{end}" in stays for end in ",)")
        if not _NO_CODE.search(text) and not is_longer:
            yield text


def _is_laid_out(hunk: Hunk) -> bool:
    """Return whether a hunk only sets the same code in other lines."""
    was, now = (_LAYOUT.sub("", "".join(line.text for line in side)) for side in (hunk.removed, hunk.added))
    return was == now


def _hunks(patch: Patch) -> Iterator[tuple[FileDiff, Hunk]]:
    """Yield the hunks that change more than comments."""
    for file in patch.files:
        for hunk in file.hunks:
            was, now = (
                [text for line in side if (text := _REMARK.sub("", line.text).strip())]
                for side in (hunk.removed, hunk.added)
            )
            if was != now:
                yield file, hunk
